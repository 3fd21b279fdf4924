/// Rows of the core's tables. Whole 64-bit words, padding spelled out, zero means "none".

/// What exists once.
package struct GlobalRow: Sendable, BitwiseCopyable {
  package var tag = Text32()
  package var total = ExposureRow()
  package var totalLive = ExposureRow()
  package var nextSeq: UInt64 = 1
  package var nextOrderNumber: UInt64 = 1
  package var nextEngineOrder: UInt64 = 1
  package var nextRequestID: UInt64 = 1
  package var inputCount: UInt64 = 0
  package var limitsVersion: UInt64 = 1
  package var openAlarm: UInt64 = 0
  package var alarmSince = EngineTime.zero
  package var lastTime = EngineTime.zero
  package var lastUTC = UTCTime.zero
  package var dayStart = UTCTime.zero
  /// Next row of the fill window to overwrite.
  package var fillHand: UInt64 = 0
  package var orderHand: UInt64 = 0
  /// All user ids up to this record are in the on-disk index: their orders may leave the table.
  package var idIndexLsn: UInt64 = 0
  package var epoch: UInt32 = 0
  package var assetCount: UInt32 = 0
  package var venueCount: UInt32 = 0
  package var instrumentCount: UInt32 = 0
  package var accountCount: UInt32 = 0
  package var strategyCount: UInt32 = 0
  package var positionCount: UInt32 = 0
  package var balanceCount: UInt32 = 0
  package var virtualCount: UInt32 = 0
  package var assetLimitCount: UInt32 = 0
  package var openOrderCount: UInt32 = 0
  package var orderHighWater: UInt32 = 0
  package var reportAsset = AssetID.none
  package var tradingRaw: UInt8 = 0
  package var strictRaw: UInt8 = 0
  package var clockAlarm: UInt8 = 0
  package var modeRaw: UInt8 = 0
  package var roleCount: UInt16 = 0
  /// Texts above this number were never set.
  package var textHighWater: UInt64 = 0
  /// No order with an id of a user that ended in a later record has left the table.
  package var forgottenLsn: UInt64 = 0
  /// One more than ``idIndexLsn`` when the table was last found full; 0 once a row may be free again.
  package var fullAt: UInt64 = 0
  /// The last start behind which records may be missing: when it was, and the first order number since.
  package var lossTime = EngineTime.zero
  package var firstSinceLoss: UInt64 = 0
}

/// Exposure of one scope: what limits are held against. Amounts in the report currency, worst case of working orders
/// included.
package struct ExposureRow: Sendable, BitwiseCopyable {
  /// Sum over positions of the larger of its two worst cases.
  package var gross = Money.zero
  /// Sum of signed position notionals.
  package var net = Money.zero
  package var valueAtRisk = Money.zero
  /// Margin that worst-case positions need at their leverage.
  package var margin = Money.zero
  package var openOrders: Int64 = 0
  /// Theoretical arrival time of the order rate (GCRA).
  package var rateTime = EngineTime.zero
  package init() {}
}

package struct AssetRow: Sendable, BitwiseCopyable {
  package var name = Text32()
  /// One unit in the report currency; zero while unknown.
  package var value = Money.zero
  package var id = AssetID.none
  package var scale: UInt8 = 0
  package var reserved: UInt8 = 0
  package var reserved2: UInt32 = 0
  package var tail: UInt64 = 0
}

package struct VenueRow: Sendable, BitwiseCopyable {
  package var name = Text32()
  package var exposure = ExposureRow()
  package var exposureLive = ExposureRow()
  package var fence: Int64 = 0
  package var visibility: Int64 = 0
  package var id = VenueID.none
  package var tradingRaw: UInt8 = 0
  package var isConnected: UInt8 = 0
  package var ordersPerTenSeconds: UInt32 = 0
  /// By its own clock, when the last order ended that it told of: what has left the table was placed before.
  package var endedAt = UTCTime.zero
  /// ``endedAt`` at the last loss of records: what they sent was placed since.
  package var historyFrom = UTCTime.zero
  package var reserved: UInt64 = 0
}

package struct InstrumentRow: Sendable, BitwiseCopyable {
  package var rules = Instrument()
  package var exposure = ExposureRow()
  package var exposureLive = ExposureRow()
  package var market = TopOfBook()
  /// Variance of mark returns, exponentially weighted: parts per million squared, per day.
  package var variance: UInt64 = 0
  /// Loss of one day in a hundred as a fraction of 2^20: what value at risk multiplies notional with.
  package var riskQ20: Int64 = 0
  package var varianceMark: Int64 = 0
  package var varianceAt = EngineTime.zero
  /// Bounds of our own open orders: no own bid is above, no own ask below. May be too wide, never too narrow.
  package var ownBidMax: Int64 = 0
  package var ownAskMin: Int64 = .max
  package var openHead: UInt32 = 0
  package var openCount: UInt32 = 0
  package var tradingRaw: UInt8 = 0
  package var reserved8: UInt8 = 0
  package var reserved16: UInt16 = 0
  /// Open orders that take at once or end, and the same bounds for them: they are under way for a moment only.
  package var takerCount: UInt32 = 0
  package var takerBidMax: Int64 = 0
  package var takerAskMin: Int64 = .max
}

package struct StrategyRow: Sendable, BitwiseCopyable {
  package var name = Text32()
  package var exposure = ExposureRow()
  package var exposureLive = ExposureRow()
  package var realisedToday = Money.zero
  package var id = StrategyID.none
  package var tradingRaw: UInt8 = 0
  package var reserved: UInt8 = 0
  package var reserved2: UInt32 = 0
  package var tail: UInt64 = 0
}

/// Who trades through a ring, and how far its commands were taken.
package struct RoleRow: Sendable, BitwiseCopyable {
  package var name = Text32()
  package var lastSequence: UInt64 = 0
  package var id = RoleID.none
  package var reserved: UInt16 = 0
  package var reserved2: UInt32 = 0
}

package struct AccountRow: Sendable, BitwiseCopyable {
  package var name = Text64()
  package var exposure = ExposureRow()
  package var realisedToday = Money.zero
  package var feesToday = Money.zero
  package var fundingToday = Money.zero
  /// Value of all balances and positions when it was last computed.
  package var equity = Money.zero
  package var unrealisedDayStart = Money.zero
  package var equityPeak = Money.zero
  package var unrealised = Money.zero
  /// All fills up to this trade are here: what the next question for fills starts from. Only the end of an answer moves
  /// it; news may have holes.
  package var lastTrade: UInt64 = 0
  package var reconcileToken: UInt64 = 0
  package var reconciledAt = EngineTime.zero
  package var openHead: UInt32 = 0
  package var unknownOrders: UInt32 = 0
  package var positionHead: UInt32 = 0
  package var balanceHead: UInt32 = 0
  package var id = AccountID.none
  package var parent = AccountID.none
  package var venue = VenueID.none
  package var typeRaw: UInt8 = 0
  package var modeRaw: UInt8 = 0
  package var spotEnabled: UInt8 = 0
  package var futuresEnabled: UInt8 = 0
  package var isRemoved: UInt8 = 0
  package var hedgeMode: UInt8 = 0
  package var tradingRaw: UInt8 = 0
  /// 1: open to new risk; 0 until its open orders and history were read.
  package var isOpen: UInt8 = 0
  package var drawdownStage: UInt8 = 0
  /// Bits of the queries still running for a reconcile: 1 orders, 2 fills, 4 account.
  package var reconcilePending: UInt8 = 0
  package var reconcileFixes: UInt8 = 0
  package var driftCount: UInt8 = 0
  package var hasEquity: UInt8 = 0
  /// Not 0: users' ids are asked for before use, for the reasons below.
  package var asksForIDs: UInt8 = 0
  /// Requests of ten seconds, and of each of them; what has grown too old since `budgetSecond` is still in both.
  package var budgetUsed: UInt32 = 0
  package var budgetBuckets = InlineArray<11, UInt32>(repeating: 0)
  /// Until this second's end what comes new leaves the room to what was told to wait for it.
  package var budgetOwedSecond: UInt32 = 0
  package var budgetSecond: Int64 = 0
  /// When its comparison is taken up again; zero: nothing is due.
  package var dueAt = EngineTime.zero
  /// The newest question for fills whose answer is here to its end.
  package var fillsReadBy: UInt64 = 0
  /// News were missed: of questions asked before this one no answer is whole.
  package var answersFrom: UInt64 = 0

  /// Records may have been lost, and the venue was not read since the fence.
  static let lostRecords: UInt8 = 1
  /// More was found than could be taken in: the account is read once more.
  static let readAgain: UInt8 = 2
  /// There was no row for an order of ours that was found, and it may end unseen; or one that is known gave its row away
  /// before the history that shows it was read. This lasts.
  static let missedOrder: UInt8 = 4
  /// The reading for ``readAgain`` is due.
  static let rereads: UInt8 = 8

  /// Whether it has to be read (again) before it is open to risk.
  var wantsReading: Bool { asksForIDs & (Self.lostRecords | Self.readAgain | Self.rereads) != 0 }
  var mayHaveLost: Bool { asksForIDs & Self.lostRecords != 0 }

  var mode: Mode { Mode(rawValue: modeRaw) ?? .live }
  /// Realised and unrealised since the day began, after fees and funding, in the report currency.
  package var profitToday: Money {
    realisedToday + fundingToday - feesToday + unrealised - unrealisedDayStart
  }
}

package struct OrderRow: Sendable, BitwiseCopyable {
  package var image = OrderImage()
  /// First 128 bits of SHA-256 of the user id.
  package var keyHigh: UInt64 = 0
  package var keyLow: UInt64 = 0
  /// Of what the venue has now: the id itself, or its newest replacement.
  package var wireHigh: UInt64 = 0
  package var wireLow: UInt64 = 0
  package var fingerprint: UInt64 = 0
  /// 1: goes out only when the venue has said twice that it does not know its wire id.
  package var asksFirst: UInt32 = 0
  /// 1: made from an order that is older than the last loss of records, or under an id that may be.
  package var isOlderThanLoss: UInt16 = 0
  /// Number of the replacement that ``adoptedFilled`` speaks of.
  package var adoptedReplacement: UInt16 = 0
  /// Locked for it in the account's own books.
  package var reserved = Money.zero
  /// Its unfilled part at its worst price, in the report currency.
  package var worstNotional = Money.zero
  /// Worst price it may trade at; bounds a market order.
  package var worstPrice: Int64 = 0
  /// Counted in the position row's open quantities.
  package var countedQuantity: Int64 = 0
  package var pendingPrice: Int64 = 0
  package var pendingQuantity: Int64 = 0
  package var pendingStop: Int64 = 0
  package var takeProfit: Int64 = 0
  package var stopLoss: Int64 = 0
  /// Best price seen by an emulated trailing stop.
  package var highWater: Int64 = 0
  /// Of a parent: worst case of all children (filled + open).
  package var childWorst: Int64 = 0
  /// Filled under older wire ids: what the venue counts for the newest one comes on top.
  package var filledBefore: Int64 = 0
  /// Of a wire id that was found at the venue, or traded, before it was known here: what had filled by then.
  package var adoptedFilled: Int64 = 0
  /// The question or command whose silence or failure decides about the order: its newest order or amend frame.
  package var frameRequest: UInt64 = 0
  package var parent: UInt64 = 0
  package var linked: UInt64 = 0
  package var sentAt = EngineTime.zero
  package var dueAt = EngineTime.never
  /// Nothing sent before can be accepted after this.
  package var fence = EngineTime.zero
  package var riskToken: UInt64 = 0
  /// Of the questions asked behind the fence: the first whose "not found" counts; 0: none was asked there.
  package var questionsFrom: UInt64 = 0
  package var triggerVersion: UInt32 = 0
  package var childCount: UInt32 = 0
  package var reservedAsset = AssetID.none
  package var cancelReasonRaw: UInt16 = 0
  package var negativeReads: UInt8 = 0
  package var queryCount: UInt8 = 0
  /// 1: the venue has said something about it.
  package var hasEvidence: UInt8 = 0
  package var walletRaw: UInt8 = 0
  /// Not 0: waits in the core and is not at the venue: `Core.held` for its trigger or its partner, or `heldForBudget`.
  package var isHeld: UInt8 = 0
  package var isReplacing: UInt8 = 0
  package var opensRisk: UInt8 = 0
  package var cancelRequested: UInt8 = 0
  package var seenInReconcile: UInt8 = 0
  /// 1: found at the venue with our tag, and no record of it here.
  package var adopted: UInt8 = 0
  /// 1: its id was made here and cannot come again.
  package var hasEngineID: UInt8 = 0
  /// 1: another order was linked to it.
  package var hasDependents: UInt8 = 0
  /// Of the record that began it, and once it has ended, of the one that ended it.
  package var endLsn: UInt64 = 0
  /// The question for fills asked because a report told of more than is here; 0: none was.
  package var fillsQuestion: UInt64 = 0

  var status: OrderStatus { OrderStatus(rawValue: image.statusRaw) ?? .unknown }
  var side: Side { Side(rawValue: image.sideRaw) ?? .buy }
  var kind: OrderKind { OrderKind(rawValue: image.kindRaw) ?? .limit }
  var flags: OrderFlags { OrderFlags(rawValue: image.flagsRaw) }
  var mode: Mode { Mode(rawValue: image.modeRaw) ?? .live }
  var remaining: Int64 { image.quantity - image.filled }
  /// What may still fill in the worst case: an amend under way counts as soon as it is asked for.
  var remainingWorst: Int64 { max(image.quantity, pendingQuantity) - image.filled }
  /// The order as it may be if the amend under way has been taken: the larger quantity at the worse price.
  var withPendingAmend: OrderRow {
    var worst = self
    worst.image.quantity = max(image.quantity, pendingQuantity)
    worst.worstPrice = worstPriceWithAmend
    return worst
  }
  var worstPriceWithAmend: Int64 {
    guard pendingQuantity != 0, pendingPrice > 0 else { return worstPrice }
    return side == .buy ? max(pendingPrice, worstPrice) : min(pendingPrice, worstPrice)
  }
  /// Taken over from the venue under its wire id; the user id is not known here.
  var isAdopted: Bool { image.ownerRaw == OrderOwner.foreign.rawValue || adopted != 0 }
  /// An order that gave its id up for another has no key.
  var isIndexed: Bool { keyHigh | keyLow != 0 }
  /// How often the venue has to say that it does not know an order.
  static let readsOfProof: UInt8 = 2
  /// Asked for after a loss, and not at the venue: its frame may leave.
  var isProvenUnsent: Bool { asksFirst != 0 && negativeReads >= Self.readsOfProof }
  /// Worked by the core, slice by slice.
  var isIceberg: Bool { image.emulatedRaw & Core.emulatedIceberg != 0 }
  /// An emulated trigger that has not fired.
  package var waitsForPrice: Bool {
    isOpen && isHeld == Core.held && image.emulatedRaw & Core.emulatedTrigger != 0
      && image.linkRaw != OrderLink.oto.rawValue
  }
  /// Which way its trigger price is crossed: stops by a move against the order's side, take-profits by one in favour.
  package var firesAbove: Bool {
    let isStop = kind == .stopMarket || kind == .stopLimit || kind == .trailingStop
    return (side == .buy) == isStop
  }
  package var isOpen: Bool { image.orderNumber != 0 && !status.isDone }
}

/// An open order's place in the lists of its account and of its instrument: row + 1, 0 at the ends. Apart from the order,
/// so that joining a list does not touch whole rows of its neighbours.
package struct OrderLinkRow: Sendable, BitwiseCopyable {
  package var nextOfAccount: UInt32 = 0
  package var previousOfAccount: UInt32 = 0
  package var nextOfInstrument: UInt32 = 0
  package var previousOfInstrument: UInt32 = 0
}

/// The first three cache lines are what the check of a new order reads.
package struct PositionRow: Sendable, BitwiseCopyable {
  /// Counted: unfilled parts of open orders.
  package var openBuy: Int64 = 0
  package var openSell: Int64 = 0
  package var next: UInt32 = 0
  package var virtualHead: UInt32 = 0
  package var account = AccountID.none
  package var instrument = InstrumentID.none
  package var leverage: UInt16 = 0
  package var positionSideRaw: UInt8 = 0
  package var marginModeRaw: UInt8 = 0
  package var liquidationPrice: Int64 = 0
  package var lastRejectAt = EngineTime.zero
  package var rejectCode: Int32 = 0
  package var rejectStreak: UInt32 = 0
  package var updatedAt = EngineTime.zero

  /// Report currency: worst case, signed notional, value at risk, margin, as counted in the scopes.
  package var worst = Money.zero
  package var net = Money.zero
  package var valueAtRisk = Money.zero
  package var margin = Money.zero

  package var openBuyNotional = Money.zero
  package var openSellNotional = Money.zero
  /// Quantity and cost by our fills, profit and funding; fees stand beside it.
  package var book = PositionBook()

  /// In the quote asset; positive: paid.
  package var fees = Money.zero
  package var isolatedWallet = Money.zero
  package var unrealised = Money.zero
  /// As the venue last reported it.
  package var venueQuantity = Money.zero
  package var venueEntry: Int64 = 0
  package var tail: (UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0, 0, 0, 0)
}

/// The part of a position that one strategy (or `manual`, or `external`) holds.
package struct VirtualRow: Sendable, BitwiseCopyable {
  /// Stands for fills nobody here ordered: foreign orders, liquidations.
  package static let external: UInt16 = .max

  package var book = PositionBook()
  package var next: UInt32 = 0
  package var position: UInt32 = 0
  package var strategy: UInt16 = 0
  package var reserved: UInt16 = 0
  package var reserved2: UInt32 = 0
}

package struct BalanceRow: Sendable, BitwiseCopyable {
  // The ledger (INV-01): total is the exact sum of what follows it.
  package var total = Money.zero
  package var opening = Money.zero
  package var fills = Money.zero
  package var fees = Money.zero
  package var funding = Money.zero
  package var realised = Money.zero
  package var transfers = Money.zero
  package var external = Money.zero
  /// Locked by our own open orders.
  package var locked = Money.zero
  package var venueTotal = Money.zero
  package var venueLocked = Money.zero
  package var updatedAt = EngineTime.zero
  package var next: UInt32 = 0
  package var account = AccountID.none
  package var asset = AssetID.none
  package var walletRaw: UInt8 = 0
  package var isKnown: UInt8 = 0
  package var reserved: UInt16 = 0
  package var reserved2: UInt32 = 0
  package var tail: UInt64 = 0
}

package struct FillIDRow: Sendable, BitwiseCopyable {
  package var key: UInt64 = 0
  package var venueTime = UTCTime.zero
}

package struct TextRow: Sendable, BitwiseCopyable {
  package var text = SetTextInput()
}

/// Work on many orders, done over several steps.
package struct BulkRow: Sendable, BitwiseCopyable {
  package var scope = Scope()
  package var token: UInt64 = 0
  package var session: UInt64 = 0
  package var cursorAccount: UInt32 = 0
  package var cursorOrder: UInt32 = 0
  package var count: UInt32 = 0
  package var reasonRaw: UInt16 = 0
  package var sideRaw: UInt8 = 0
  package var isActive: UInt8 = 0
  package var includesForeign: UInt8 = 0
  /// 1: looks through all orders after a restart; 0: cancels.
  package var isRestart: UInt8 = 0
  package var reserved: UInt16 = 0
  package var reserved2: UInt32 = 0
}

package struct AssetLimitRow: Sendable, BitwiseCopyable {
  package var value = Money.zero
  package var asset = AssetID.none
  package var account = AccountID.none
  package var modeRaw: UInt8 = 0
  package var reserved: UInt8 = 0
  package var reserved2: UInt16 = 0
  package var tail: UInt64 = 0
}
