/// What the core asks of a venue: one fixed-size message through the ring to the venue's agent.
///
/// Numbers (account, instrument) are the engine's; a door that speaks to a party with other numbers translates.
package struct VenueRequest: Sendable, BitwiseCopyable {
  package enum Kind: UInt8, Sendable, CaseIterable {
    case newOrder = 1
    case cancelOrder = 2
    /// Changes quantity or price in place (`VenueFeatures.amend`).
    case amendOrder = 3
    /// Asks for one order by its wire id. Answered by `orderReport` or `orderAbsent`.
    case queryOrder = 4
    /// Asks for all open orders of an account, and with `expiresAt` for those that have ended and were placed at that time
    /// or later: `orderReport`s, then `reportEnd`. One that names a place in `trade` is not the last: the asker goes on
    /// from there, in `venueOrder`.
    case queryOpenOrders = 5
    /// Asks for fills of an account after trade number `venueOrder`: `fill`s flagged as replayed, then `reportEnd`.
    case queryFills = 6
    /// Asks for balances and positions: `balance` and `position`, then `reportEnd`.
    case queryAccount = 7
    case setLeverage = 8
    case setMarginMode = 9
    /// All orders of the account fall when `signBy` passes without another of these; `.never` disarms.
    case deadman = 10
  }

  /// Our id on the wire. For cancel, amend and query: the order meant.
  package var wireID = Text32()
  /// For an amend that the venue performs as cancel-replace: the id of the new order.
  package var newWireID = Text32()
  package var venueOrder = VenueReference.none
  /// Chosen by the core, comes back in the answer.
  package var requestID: UInt64 = 0
  package var price: Int64 = 0
  package var stopPrice: Int64 = 0
  package var quantity: Int64 = 0
  package var displayQuantity: Int64 = 0
  package var trailPpm: Int64 = 0
  /// No frame may be signed or written after this; the answer is then `notSent`.
  package var signBy = EngineTime.never
  package var expiresAt = UTCTime.zero
  /// The token of the risk check that allowed it (limits version and order row); 0 for anything that cannot open risk.
  package var riskToken: UInt64 = 0
  /// The record that must be durable first, in `strict`.
  package var intentLsn: UInt64 = 0
  package var account = AccountID.none
  package var instrument = InstrumentID.none
  package var venue = VenueID.none
  package var flagsRaw: UInt16 = 0
  package var leverage: UInt16 = 0
  package var kindRaw: UInt8
  package var sideRaw: UInt8 = 0
  package var orderKindRaw: UInt8 = 0
  package var timeInForceRaw: UInt8 = 0
  package var positionSideRaw: UInt8 = 0
  package var preventionRaw: UInt8 = 0
  /// 1: this can open risk; the gate lets it pass only while trading is on.
  package var opensRisk: UInt8 = 0
  package var marginModeRaw: UInt8 = 0
  package var reserved: UInt16 = 0
  package var reserved2: UInt32 = 0

  package init(_ kind: Kind) { self.kindRaw = kind.rawValue }

  package var kind: Kind? { Kind(rawValue: kindRaw) }
  package var flags: OrderFlags { OrderFlags(rawValue: flagsRaw) }
}

/// What a venue says: an answer to a request, or news of its own accord.
package struct VenueEvent: Sendable, BitwiseCopyable {
  package enum Kind: UInt8, Sendable, CaseIterable {
    // Answers.
    case accepted = 1
    case rejected = 2
    case cancelRejected = 3
    case amended = 4
    case amendRejected = 5
    /// Provably nothing left this machine.
    case notSent = 6
    /// It left, or may have, and no answer came.
    case outcomeUnknown = 7
    /// One order as the venue knows it: `quantity`, `cumulative`, `status`.
    case orderReport = 8
    /// The venue does not know this wire id (evidence only behind the fence).
    case orderAbsent = 9
    /// The end of the answer to a query.
    case reportEnd = 10

    // News about orders.
    case fill = 20
    case cancelled = 21
    case expired = 22
    /// A conditional order was triggered and works now.
    case triggered = 23
    /// A trade was undone by the venue; fields as the fill's.
    case bust = 24

    // News about money.
    case balance = 30
    case position = 31
    case funding = 32
    case marginCall = 33

    // The link.
    case connected = 40
    case disconnected = 41
  }

  /// What an `orderReport` says about the order.
  package enum ReportedStatus: UInt8, Sendable, CaseIterable {
    case open = 1
    case filled = 2
    case cancelled = 3
    case expired = 4
    case rejected = 5
    /// Conditional and not triggered yet.
    case waiting = 6
  }

  /// Why an order ended: in `statusRaw` of `cancelled` and `expired`.
  package enum EndReason: UInt8, Sendable, CaseIterable {
    case asked = 0
    case timeInForce = 1
    case selfTrade = 2
    case goodTillDate = 3
    case reduceOnly = 4
    case liquidation = 5
    case deadman = 6
    /// More counterparties than one request may have.
    case fillLimit = 7
    case wouldTake = 8
    /// Not enough money when the trigger fired.
    case insufficient = 9
    case closed = 10
  }

  /// Sorted by what must be done (`STYLE.md` 10): a rejection's meaning beside the venue's own number.
  package enum Remedy: UInt8, Sendable, CaseIterable {
    case none = 0
    case refused = 1
    case throttled = 2
    case banned = 3
    case key = 4
    case closed = 5
    case clock = 6
    /// The order was not there (any more): filled, cancelled or never placed.
    case unknownOrder = 7
  }

  package var wireID = Text32()
  package var venueOrder = VenueReference.none
  package var trade = VenueReference.none
  /// Fee of a fill (positive: paid), funding paid (negative: received), change of a balance that the venue itself made
  /// (`isForced`), exact entry cost of a position.
  package var fee = Money.zero
  /// Balance: total. Position: wallet balance of an isolated one.
  package var amount = Money.zero
  /// Balance: the part that open orders lock.
  package var locked = Money.zero
  package var requestID: UInt64 = 0
  package var price: Int64 = 0
  package var quantity: Int64 = 0
  /// Filled so far, by the venue's count.
  package var cumulative: Int64 = 0
  package var venueTime = UTCTime.zero
  package var retryAfterNanoseconds: Int64 = 0
  package var account = AccountID.none
  package var instrument = InstrumentID.none
  package var venue = VenueID.none
  package var asset = AssetID.none
  /// The venue's own number for a rejection.
  package var code: Int32 = 0
  package var kindRaw: UInt8
  package var sideRaw: UInt8 = 0
  package var statusRaw: UInt8 = 0
  package var remedyRaw: UInt8 = 0
  /// 1: the fill added liquidity.
  package var isMaker: UInt8 = 0
  /// 1: answer to a history query, may be known already.
  package var isReplay: UInt8 = 0
  /// 1: a liquidation or auto-deleveraging the account did not ask for; a balance that changed from outside.
  package var isForced: UInt8 = 0
  package var walletRaw: UInt8 = 0
  package var positionSideRaw: UInt8 = 0
  package var marginModeRaw: UInt8 = 0
  package var leverage: UInt16 = 0
  package var orderKindRaw: UInt8 = 0
  package var timeInForceRaw: UInt8 = 0
  package var flagsRaw: UInt16 = 0
  package var reserved: UInt32 = 0
  /// Of an order that is reported: when the venue took it, by its own clock; zero if it does not say.
  package var placedAt = UTCTime.zero
  package var reserved3: UInt64 = 0

  package init(_ kind: Kind) { self.kindRaw = kind.rawValue }

  /// What every answer repeats of its request.
  @inline(__always)
  package init(_ kind: Kind, to request: VenueRequest) {
    self.kindRaw = kind.rawValue
    wireID = request.wireID
    requestID = request.requestID
    account = request.account
    instrument = request.instrument
    venue = request.venue
  }

  package var kind: Kind? { Kind(rawValue: kindRaw) }
  package var side: Side? { Side(rawValue: sideRaw) }
  package var status: ReportedStatus? { ReportedStatus(rawValue: statusRaw) }
  package var endReason: EndReason? { EndReason(rawValue: statusRaw) }
  package var remedy: Remedy { Remedy(rawValue: remedyRaw) ?? .refused }
}
