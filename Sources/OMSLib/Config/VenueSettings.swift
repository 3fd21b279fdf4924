/// An exchange by the name the files give it, and what speaks for it.
package struct VenueSetting: Equatable, Sendable {
  package enum Adapter: String, Sendable, CaseIterable {
    /// The built-in exchange.
    case simulated = "sim"
    case binance
    case bybit
    case okx
    case upbit

    /// The adapters this build has.
    package var isAvailable: Bool { self == .simulated || self == .binance }
  }

  /// Which of a real exchange's installations is spoken to where `endpoints` says nothing else.
  package enum Environment: String, Sendable, CaseIterable { case production, testnet, demo }

  package var name: String
  package var adapter: Adapter
  package var environment = Environment.production
  package var endpoints: [EndpointSetting] = []
  /// PEM file of those whose certificates are believed; empty: whom the system believes.
  package var authorityFile = ""
  package var entersOrdersByWebSocket = true
  package var receiveWindowNanoseconds: Int64 = 1_000_000_000
  package var visibilityWindowNanoseconds: Int64 = 10_000_000_000
  /// Share of every rate budget that only cancels may use.
  package var cancelReserve = Rate(e8: 20_000_000)
  /// Used until the account's own rates are known; the built-in exchange charges them. `nil`: what is usual, 10 basis
  /// points on spot, 2 and 5 on perpetuals.
  package var maker: Rate?
  package var taker: Rate?
  package var deadman: [DeadmanSetting] = []
  /// Of the built-in exchange: its seed and what it lists.
  package var seed: UInt64 = 1
  package var instruments: [InstrumentSetting] = []
  /// Of a real exchange: what is traded of all that it lists.
  package var markets: [String] = []
  /// The built-in exchange in place of a real one, for its paper accounts.
  package var standsIn = false

  /// What the built-in exchange has room for, over all exchanges that it stands for.
  static let builtInSymbolCount = 60

  package static let spotFee = Rate(e8: 100_000)
  package static let perpMaker = Rate(e8: 20_000)
  package static let perpTaker = Rate(e8: 50_000)

  /// What its markets charge, as long as nothing better is known.
  package func fees(of kind: InstrumentClass) -> (maker: Rate, taker: Rate) {
    kind == .spot
      ? (maker ?? Self.spotFee, taker ?? Self.spotFee) : (maker ?? Self.perpMaker, taker ?? Self.perpTaker)
  }

  package init(name: String, adapter: Adapter) {
    self.name = name
    self.adapter = adapter
  }
}

/// Addresses of one product of an exchange; an empty one is not used.
package struct EndpointSetting: Hashable, Sendable {
  package var product: String
  package var rest = ""
  package var orderSocket = ""
  package var streams = ""
}

package struct DeadmanSetting: Hashable, Sendable {
  package var product: String
  package var nanoseconds: Int64
}

/// What the built-in exchange lists, in decimals as a person writes them.
package struct InstrumentSetting: Hashable, Sendable {
  package var name: String
  package var native: String
  package var base: String
  package var quote: String
  package var instrumentClass: InstrumentClass
  package var tick: Decimal
  package var lot: Decimal
  package var maxQuantity: Decimal
  package var minNotional: Decimal
  package var maxLeverage: Int
  /// Where its price begins.
  package var startPrice: Decimal
}
