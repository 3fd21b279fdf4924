package enum Side: UInt8, Sendable, CaseIterable {
  case buy = 1
  case sell = 2

  package var opposite: Side { self == .buy ? .sell : .buy }
  /// +1 for buy, -1 for sell.
  package var sign: Int64 { self == .buy ? 1 : -1 }
}

package enum OrderKind: UInt8, Sendable, CaseIterable {
  case limit = 1
  case market = 2
  case stopMarket = 3
  case stopLimit = 4
  case takeProfitMarket = 5
  case takeProfitLimit = 6
  case trailingStop = 7

  /// Rests with a trigger before it becomes a market or limit order.
  package var isConditional: Bool { rawValue >= OrderKind.stopMarket.rawValue }
  package var hasLimitPrice: Bool { self == .limit || self == .stopLimit || self == .takeProfitLimit }
}

package enum TimeInForce: UInt8, Sendable, CaseIterable {
  case gtc = 1
  case ioc = 2
  case fok = 3
  case gtd = 4
}

package enum PositionSide: UInt8, Sendable, CaseIterable {
  case net = 0
  case long = 1
  case short = 2
}

package enum SelfTradePrevention: UInt8, Sendable, CaseIterable {
  case none = 0
  case expireTaker = 1
  case expireMaker = 2
  case expireBoth = 3
}

package enum MarginMode: UInt8, Sendable, CaseIterable {
  case cross = 0
  case isolated = 1
}

package enum Wallet: UInt8, Sendable, CaseIterable {
  case spot = 1
  case futures = 2
}

package enum InstrumentClass: UInt8, Sendable, CaseIterable {
  case spot = 1
  case perp = 2
  case future = 3
}

package enum Mode: UInt8, Sendable, CaseIterable {
  case paper = 1
  case live = 2
}

/// Options of an order that are on or off.
package struct OrderFlags: OptionSet, Hashable, Sendable, BitwiseCopyable {
  package let rawValue: UInt16
  package init(rawValue: UInt16) { self.rawValue = rawValue }
  package static let postOnly = OrderFlags(rawValue: 1)
  package static let reduceOnly = OrderFlags(rawValue: 2)
  package static let hidden = OrderFlags(rawValue: 4)
  /// Skip the price collar (`--no-collar`).
  package static let withoutCollar = OrderFlags(rawValue: 8)
  /// The command said `--live`.
  package static let liveAllowed = OrderFlags(rawValue: 16)
  /// Closes the whole position, whatever it is when it fires.
  package static let closePosition = OrderFlags(rawValue: 32)
}
