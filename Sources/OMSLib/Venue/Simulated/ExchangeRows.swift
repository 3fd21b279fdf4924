/// Rows of the exchange's tables. All of them are valid as zero bytes.

struct ExchangeAsset: BitwiseCopyable {
  var name = Text32()
  var deposits = Int128(0)
  var isDefined: UInt8 = 0
  var scale: UInt8 = 0
  var padding: (UInt16, UInt32, UInt64) = (0, 0, 0)
}

struct ExchangeAccount: BitwiseCopyable {
  var name = Text64()
  /// Volume in quote assets, by day of the last 30 and today.
  var volumeToday = Int128(0)
  var volumeMonth = Int128(0)
  var firstOrder: UInt32 = 0
  var lastOrder: UInt32 = 0
  var openOrders: UInt32 = 0
  var tier: UInt16 = 0
  var group: UInt16 = 0
  var kindRaw: UInt8 = 0
  /// 1: a long and a short position in each perpetual, side by side.
  var isHedged: UInt8 = 0
  /// Instrument number of the first position of the account; positions are chained.
  var firstPosition: UInt16 = 0
  var ordersInWindow: UInt32 = 0
  var ordersToday: UInt32 = 0
  var window: Int64 = 0
  var day: Int64 = 0
  /// Market time at which all orders fall; 0: not armed.
  var deadman: Int64 = 0
  /// 1: the account has been told that its margin runs out.
  var isCalled: UInt64 = 0

  var isCustomer: Bool { kindRaw == ExchangeAccountKind.customer.rawValue }
}

struct ExchangeBalance: BitwiseCopyable {
  var total = Int128(0)
  var locked = Int128(0)
}

/// What one account has in one instrument. Spot uses only the count of orders.
struct ExchangeHolding: BitwiseCopyable {
  /// Signed sum of price x quantity of what is held: positive for a long position.
  var cost = Int128(0)
  var isolatedWallet = Int128(0)
  /// Limit notional of open orders that may add to the position, by side.
  var buyNotional = Int128(0)
  var sellNotional = Int128(0)
  /// Contracts: positive long, negative short.
  var quantity: Int64 = 0
  var openOrders: UInt32 = 0
  var reduceOnlyOrders: UInt32 = 0
  var leverage: UInt16 = 0
  /// Instrument number of the next position of the account.
  var next: UInt16 = 0
  var marginModeRaw: UInt8 = 0
  var isChained: UInt8 = 0
  /// In the list of holdings whose reduce-only orders must be looked at.
  var needsTrim: UInt8 = 0
  var padding: (UInt8, UInt64) = (0, 0)
}

struct ExchangeOrder: BitwiseCopyable {
  var wireID = Text32()
  /// Spot: locked in the wallet. Perpetual: notional counted in the holding.
  var locked = Int128(0)
  var number: UInt64 = 0
  var price: Int64 = 0
  var stopPrice: Int64 = 0
  var quantity: Int64 = 0
  var filled: Int64 = 0
  var display: Int64 = 0
  var trailPpm: Int64 = 0
  /// Best price seen by a trailing stop.
  var extreme: Int64 = 0
  var expires: Int64 = 0
  var created: Int64 = 0
  var updated: Int64 = 0
  /// Neighbours in the account's list of open orders; for a finished order, the next finished one.
  var next: UInt32 = 0
  var previous: UInt32 = 0
  /// Neighbours in the instrument's list of waiting orders.
  var waitingNext: UInt32 = 0
  var waitingPrevious: UInt32 = 0
  var account: UInt16 = 0
  var instrument: UInt16 = 0
  var flagsRaw: UInt16 = 0
  var sideRaw: UInt8 = 0
  var kindRaw: UInt8 = 0
  var timeInForceRaw: UInt8 = 0
  var preventionRaw: UInt8 = 0
  var stateRaw: UInt8 = 0
  var isForced: UInt8 = 0
  /// Which of the two positions of a hedged account it is about.
  var positionSideRaw: UInt8 = 0
  /// Why it ended, for whoever asks later (`VenueEvent.EndReason`).
  var endReasonRaw: UInt8 = 0
  var padding: (UInt16, UInt64) = (0, 0)

  enum State: UInt8 {
    case free = 0
    case working = 1
    case waiting = 2
    case filled = 3
    case cancelled = 4
    case expired = 5
  }

  var state: State { State(rawValue: stateRaw) ?? .free }
  var isOpen: Bool { stateRaw == State.working.rawValue || stateRaw == State.waiting.rawValue }
  var side: Side { sideRaw == Side.buy.rawValue ? .buy : .sell }
  var kind: OrderKind { OrderKind(rawValue: kindRaw) ?? .limit }
  var timeInForce: TimeInForce { TimeInForce(rawValue: timeInForceRaw) ?? .gtc }
  var prevention: SelfTradePrevention { SelfTradePrevention(rawValue: preventionRaw) ?? .none }
  var flags: OrderFlags { OrderFlags(rawValue: flagsRaw) }
  var remaining: Int64 { quantity - filled }
  /// The holding that it changes: the second one is that of short positions of hedged accounts.
  var lane: Int { positionSideRaw == PositionSide.short.rawValue ? 1 : 0 }
}

/// One side of a trade of a customer.
struct ExchangeFill: BitwiseCopyable {
  var wireID = Text32()
  var fee = Int128(0)
  var trade: UInt64 = 0
  var order: UInt64 = 0
  var price: Int64 = 0
  var quantity: Int64 = 0
  var cumulative: Int64 = 0
  var time: Int64 = 0
  var account: UInt16 = 0
  var other: UInt16 = 0
  var instrument: UInt16 = 0
  var feeAsset: UInt16 = 0
  var sideRaw: UInt8 = 0
  var isMaker: UInt8 = 0
  var isForced: UInt8 = 0
  var isBust: UInt8 = 0
  var kindRaw: UInt8 = 0
  var timeInForceRaw: UInt8 = 0
  var flagsRaw: UInt16 = 0
  var positionSideRaw: UInt8 = 0
  var padding: (UInt8, UInt16, UInt32, UInt64) = (0, 0, 0, 0)
}

/// One trade as everybody sees it.
package struct PublicTrade: Sendable, BitwiseCopyable {
  package var number: UInt64 = 0
  package var price: Int64 = 0
  package var quantity: Int64 = 0
  package var time = UTCTime.zero
  /// Side of the taker.
  package var sideRaw: UInt64 = 0
  package init() {}
}
