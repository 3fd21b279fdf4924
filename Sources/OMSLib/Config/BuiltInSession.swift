extension EngineSettings {
  /// What runs with nothing configured: paper, on the built-in exchange, without network.
  package static var builtIn: EngineSettings {
    var settings = EngineSettings()
    settings.venues = [.builtIn(name: "sim")]
    settings.accounts = [
      account("sim.main", [("USDT", 100_000), ("BTC", 1), ("ETH", 10)]),
      account("sim.sub01", [("USDT", 1_250)]),
      account("sim.sub02", [("USDT", 1_500)]),
      account("sim.sub03", [("USDT", 1_750)]),
    ]
    return settings
  }

  /// The funds of a simulated account that does not say otherwise.
  package static var builtInBalances: [BalanceSetting] { builtIn.accounts[0].balances }

  private static func account(_ name: String, _ funds: [(asset: String, amount: Int64)]) -> AccountSetting {
    var account = AccountSetting(name: name, venue: "sim")
    account.parent = name == "sim.main" ? nil : "sim.main"
    account.balances = funds.map { BalanceSetting(asset: $0.asset, amount: Money($0.amount)) }
    return account
  }
}

extension EngineSettings {
  /// As an engine on paper has them: real exchanges are not spoken to, and their paper accounts trade on the built-in one.
  package var onPaper: EngineSettings {
    var settings = self
    settings.mode = .paper
    settings.venues = venues.map { $0.adapter == .simulated ? $0 : $0.standIn }
    return settings
  }
}

extension VenueSetting {
  /// What is traded at a real exchange whose entry names no markets.
  static let usualMarkets = ["BTC-USDT", "ETH-USDT", "BTC-USDT-PERP", "ETH-USDT-PERP"]

  /// What paper accounts of a real exchange trade on: the built-in one, at its fees.
  var standIn: VenueSetting {
    var venue = VenueSetting.builtIn(name: name)
    venue.standsIn = true
    venue.maker = maker
    venue.taker = taker
    return venue
  }

  /// The built-in exchange under a name of its own, with the four instruments it lists by itself.
  package static func builtIn(name: String) -> VenueSetting {
    var venue = VenueSetting(name: name, adapter: .simulated)
    venue.instruments = InstrumentSetting.builtIn
    return venue
  }
}

extension InstrumentSetting {
  package static let builtIn: [InstrumentSetting] = [
    builtIn(base: "BTC", .spot, tickScale: 2, lotScale: 5, startPrice: 60_000),
    builtIn(base: "ETH", .spot, tickScale: 2, lotScale: 4, startPrice: 3_000),
    builtIn(base: "BTC", .perp, tickScale: 1, lotScale: 3, startPrice: 60_000),
    builtIn(base: "ETH", .perp, tickScale: 2, lotScale: 3, startPrice: 3_000),
  ]

  private static func builtIn(
    base: String, _ instrumentClass: InstrumentClass, tickScale: Int, lotScale: Int, startPrice: Int64
  ) -> InstrumentSetting {
    guard let tick = Decimal(mantissa: 1, scale: tickScale), let lot = Decimal(mantissa: 1, scale: lotScale) else {
      preconditionFailure("one digit at a scale below 38 is a decimal")
    }
    let isPerp = instrumentClass == .perp
    return InstrumentSetting(
      name: isPerp ? "\(base)-USDT-PERP" : "\(base)-USDT", native: "\(base)USDT", base: base, quote: "USDT",
      instrumentClass: instrumentClass, tick: tick, lot: lot, maxQuantity: Decimal(isPerp ? 10_000 : 9_000),
      minNotional: Decimal(5),
      maxLeverage: isPerp ? 125 : 1, startPrice: Decimal(startPrice))
  }
}
