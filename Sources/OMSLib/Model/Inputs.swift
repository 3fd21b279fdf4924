/// Bodies of the input records: everything `step` reads beside its own state. Fixed size, no references, padding
/// spelled out as zero bytes, so that equal inputs are equal bytes.

/// A run of the engine begins.
package struct StartInput: Sendable, BitwiseCopyable {
  /// Of this run: above every epoch before, the first part of engine-made order ids.
  package var epoch: UInt32 = 0
  /// 1: records may have been lost (other boot, ring missing, restore): accounts stay closed to new risk until read.
  package var mayHaveLost: UInt32 = 0
  /// The five characters of the instance tag.
  package var tag = Text32()
  package var coreVersion: UInt32 = 0
  package var modeRaw: UInt8 = Mode.paper.rawValue
  package var strict: UInt8 = 0
  package var reserved: UInt16 = 0
  package var reserved2: UInt64 = 0
  package var reserved3: UInt64 = 0
  package init() {}
}

package struct DefineAssetInput: Sendable, BitwiseCopyable {
  package var name = Text32()
  package var id = AssetID.none
  /// Decimals shown for amounts of it.
  package var scale: UInt8 = 8
  /// 1: the report currency, in which everything is valued.
  package var isReport: UInt8 = 0
  package var reserved: UInt32 = 0
  package init() {}
}

package struct DefineVenueInput: Sendable, BitwiseCopyable {
  package var name = Text32()
  /// Send fence (`DESIGN.md` 4): receive window + clock error bound + margin, and how long a venue may take to show it.
  package var fenceNanoseconds: Int64 = 0
  package var visibilityNanoseconds: Int64 = 0
  package var id = VenueID.none
  package var reserved: UInt16 = 0
  /// Orders and amendments of one account that the venue takes in ten seconds; 0: no such limit.
  package var ordersPerTenSeconds: UInt32 = 0
  package init() {}
}

package struct DefineStrategyInput: Sendable, BitwiseCopyable {
  package var name = Text32()
  package var id = StrategyID.none
  package var reserved: UInt16 = 0
  package var reserved2: UInt32 = 0
  package init() {}
}

package enum AccountType: UInt8, Sendable, CaseIterable {
  case main = 1
  case sub = 2
  case strategy = 3
}

package struct DefineAccountInput: Sendable, BitwiseCopyable {
  /// `venue.name` as on the command line.
  package var name = Text64()
  package var id = AccountID.none
  package var parent = AccountID.none
  package var venue = VenueID.none
  package var typeRaw: UInt8 = AccountType.main.rawValue
  package var modeRaw: UInt8 = Mode.paper.rawValue
  package var spotEnabled: UInt8 = 1
  package var futuresEnabled: UInt8 = 1
  /// 1: removed from the configuration; stays defined and refuses orders.
  package var isRemoved: UInt8 = 0
  package var hedgeMode: UInt8 = 0
  package var reserved: UInt32 = 0
  package init() {}
}

/// A command to place an order. 0 or none means "not given".
package struct NewOrderInput: Sendable, BitwiseCopyable {
  /// User id or engine-made id. Empty: the core makes one.
  package var id = Text64()
  /// The order whose end (OCO) or fill (OTO) concerns this one; see `linkRaw`.
  package var linked = Text64()
  /// Prices as read when the command was taken.
  package var market = TopOfBook()
  package var price: Int64 = 0
  package var stopPrice: Int64 = 0
  package var quantity: Int64 = 0
  package var displayQuantity: Int64 = 0
  package var trailPpm: Int64 = 0
  package var slippageMaxPpm: Int64 = 0
  package var collarPpm: Int64 = 0
  /// Attached exits, sent when the order fills.
  package var takeProfit: Int64 = 0
  package var stopLoss: Int64 = 0
  package var expiresAt = UTCTime.zero
  /// The caller's number for this command: comes back in the reply.
  package var token: UInt64 = 0
  /// The connection or guard the order belongs to.
  package var session: UInt64 = 0
  /// Nanoseconds spent at the gate before the core saw it.
  package var gateNanoseconds: UInt32 = 0
  /// Tags in a `setText` record before this one.
  package var textID: UInt32 = 0
  package var account = AccountID.none
  package var instrument = InstrumentID.none
  package var strategy = StrategyID.none
  package var flagsRaw: UInt16 = 0
  package var sideRaw: UInt8 = 0
  package var kindRaw: UInt8 = 0
  package var timeInForceRaw: UInt8 = TimeInForce.gtc.rawValue
  package var positionSideRaw: UInt8 = 0
  package var preventionRaw: UInt8 = 0
  package var linkRaw: UInt8 = 0
  /// 1: validate and judge only; the reply carries the verdict, nothing is kept.
  package var isDryRun: UInt8 = 0
  package var reserved: UInt8 = 0
  /// The index of ids was asked, and had no order with this id that ended up to this record.
  package var absentLsn: UInt64 = 0
  package init() {}
}

package enum OrderLink: UInt8, Sendable, CaseIterable {
  case none = 0
  /// One cancels the other.
  case oco = 1
  /// Sent when `linked` has filled.
  case oto = 2
  /// A slice of the parent `linked`.
  case child = 3
}

package struct CancelOrderInput: Sendable, BitwiseCopyable {
  package var id = Text64()
  package var token: UInt64 = 0
  /// `cancelledBySession`: the session of the order has ended. Anything else: a user asked.
  package var reasonRaw: UInt16 = 0
  package var reserved: UInt16 = 0
  package var reserved2: UInt32 = 0
  package init() {}
}

package struct AmendOrderInput: Sendable, BitwiseCopyable {
  package var id = Text64()
  package var market = TopOfBook()
  /// New values; 0 leaves the old one.
  package var quantity: Int64 = 0
  package var price: Int64 = 0
  package var stopPrice: Int64 = 0
  package var token: UInt64 = 0
  /// 1: cancel and replace where the venue cannot amend in place.
  package var mayReplace: UInt8 = 0
  /// 1: only judged.
  package var isDryRun: UInt8 = 0
  package var reserved2: UInt16 = 0
  package var reserved3: UInt32 = 0
  package init() {}
}

/// A scope of accounts, instruments, strategies, venues; `none` is "any".
package struct Scope: Hashable, Sendable, BitwiseCopyable {
  package var account = AccountID.none
  package var instrument = InstrumentID.none
  package var strategy = StrategyID.none
  package var venue = VenueID.none
  package init() {}
  package init(
    account: AccountID = .none, instrument: InstrumentID = .none, strategy: StrategyID = .none, venue: VenueID = .none
  ) {
    self.account = account
    self.instrument = instrument
    self.strategy = strategy
    self.venue = venue
  }
}

package struct CancelManyInput: Sendable, BitwiseCopyable {
  package var scope = Scope()
  package var token: UInt64 = 0
  /// Only orders of this session; 0: of any.
  package var session: UInt64 = 0
  /// 0: both sides.
  package var sideRaw: UInt8 = 0
  package var includesForeign: UInt8 = 0
  package var reserved: UInt16 = 0
  package var reserved2: UInt32 = 0
  package init() {}
}

/// From loosest to strictest; the effective state is the strictest that applies.
package enum TradingState: UInt8, Comparable, Sendable, CaseIterable {
  case on = 0
  case paused = 1
  case halted = 2
  case killed = 3
  package static func < (a: TradingState, b: TradingState) -> Bool { a.rawValue < b.rawValue }
}

package struct SetTradingInput: Sendable, BitwiseCopyable {
  package var reason = Text64()
  package var scope = Scope()
  package var token: UInt64 = 0
  package var user: UInt32 = 0
  package var stateRaw: UInt8 = 0
  /// 1: cancel every own open order in scope (kill).
  package var cancelsOrders: UInt8 = 0
  package var reserved: UInt16 = 0
  package init() {}
}

package struct SetAccountInput: Sendable, BitwiseCopyable {
  package var account = AccountID.none
  /// 0: closed to new risk (key, lease, reconcile); 1: open.
  package var isOpen: UInt8 = 0
  package var marginModeRaw: UInt8 = 0
  package var leverage: UInt16 = 0
  package var instrument = InstrumentID.none
  package var token: UInt64 = 0
  package init() {}
}

package struct TriggerFireInput: Sendable, BitwiseCopyable {
  package var market = TopOfBook()
  package var orderNumber: UInt64 = 0
  package var price: Int64 = 0
  package var venueTime = UTCTime.zero
  /// Of the trigger when the watcher saw it; an older one is void.
  package var version: UInt32 = 0
  package var isLate: UInt8 = 0
  package var reserved: UInt8 = 0
  package var reserved2: UInt16 = 0
  package init() {}
}

package struct MarkInput: Sendable, BitwiseCopyable {
  package var market = TopOfBook()
  package var instrument = InstrumentID.none
  package var reserved: UInt16 = 0
  package var reserved2: UInt32 = 0
  package init() {}
}

package struct ClockOffsetInput: Sendable, BitwiseCopyable {
  /// Somebody accepts the clock as it is: new risk waits no longer.
  package static let accepted: UInt64 = 0
  /// It stepped back more than the bound: new risk waits for `resume --clock`.
  package static let alarm: UInt64 = 1
  /// It stepped, and an alarm that is open stays open.
  package static let told: UInt64 = 2

  /// Nanoseconds that it stepped.
  package var utcOffset: Int64 = 0
  package var isAlarm: UInt64 = 0
  package init() {}
}

/// Compare with the venue: the core asks for open orders, fills, balances and positions and judges the answers.
package struct ReconcileInput: Sendable, BitwiseCopyable {
  package var account = AccountID.none
  package var fixes: UInt8 = 0
  /// 1: nothing is compared yet; news of every account were missed, and no answer asked for before is whole.
  package var isGap: UInt8 = 0
  package var reserved2: UInt32 = 0
  package var token: UInt64 = 0
  package init() {}
}

package struct AlarmInput: Sendable, BitwiseCopyable {
  package var token: UInt64 = 0
  package var alarm: UInt64 = 0
  package init() {}
}

/// How far the index of ids is complete: orders that ended up to there may leave the table.
package struct IDIndexInput: Sendable, BitwiseCopyable {
  package var lsn: UInt64 = 0
  package var reserved: UInt64 = 0
  package init() {}
}

/// A text (tags) that later inputs refer to by number.
package struct SetTextInput: Sendable, BitwiseCopyable {
  package static let capacity = 448
  package var id: UInt32 = 0
  package var length: UInt32 = 0
  package var a = (Text64(), Text64(), Text64(), Text64(), Text64(), Text64(), Text64())
  package init() {}
}

/// Inputs without a body of their own: due timers, and "go on with unfinished bulk work".
package struct EmptyInput: Sendable, BitwiseCopyable {
  package var reserved: (UInt64, UInt64) = (0, 0)
  package init() {}
}

/// From here on decisions are made with this configuration; its text is the blob that was committed before. The core
/// decides by what names, rules and limits say, each an input of its own: this one is for whoever reads the record.
package struct ConfigurationInput: Sendable, BitwiseCopyable {
  package var digest = SHA256Digest()
  package var blob: UInt64 = 0
  package var byteCount: UInt64 = 0
  /// 1: of a reload, 0: of a start.
  package var isReload: UInt64 = 0
  package var reserved: UInt64 = 0
  package init() {}
}
