/// What an exchange is made of before the first request: assets, accounts, instruments, opening balances. A list of
/// controls, so that the exchange's own journal holds it like everything else.
package struct ExchangeSetup: Sendable {
  package private(set) var controls: [ExchangeControl] = []
  private var assets: [String] = []
  private var accounts: [String] = []
  private var instruments: [Instrument] = []
  private var starts: [Int64] = []

  /// The house: its flow, its fees, its insurance.
  package init() {
    for (name, kind) in [("flow", ExchangeAccountKind.flow), ("fees", .fees), ("insurance", .insurance)] {
      _ = addAccount(name, kind: kind)
    }
  }

  /// The market of `oms run` with nothing configured. Futures wallets are separate: 100,000 USDT for the main account,
  /// 1,000 for each sub-account.
  package static func standard() -> ExchangeSetup {
    var setup = ExchangeSetup()
    setup.addStandardMarket()
    let main = setup.addAccount("sim.main")
    setup.deposit("100000", "USDT", into: main)
    setup.deposit("1", "BTC", into: main)
    setup.deposit("10", "ETH", into: main)
    setup.deposit("100000", "USDT", into: main, .futures)
    for (name, spot) in [("sim.sub01", "1250"), ("sim.sub02", "1500"), ("sim.sub03", "1750")] {
      let account = setup.addAccount(name)
      setup.deposit(spot, "USDT", into: account)
      setup.deposit("1000", "USDT", into: account, .futures)
    }
    return setup
  }

  /// The four instruments of the built-in market.
  package mutating func addStandardMarket() {
    for name in ["USDT", "BTC", "ETH"] { _ = addAsset(name) }
    deposit("100000000", "USDT", into: Exchange.insuranceAccount, .futures)
    addSpot("BTC", "USDT", priceScale: 2, tick: 1, quantityScale: 5, lot: 1, start: 6_000_000)
    addSpot("ETH", "USDT", priceScale: 2, tick: 1, quantityScale: 4, lot: 1, start: 300_000)
    addPerpetual("BTC", "USDT", priceScale: 1, tick: 1, quantityScale: 3, lot: 1, start: 600_000)
    addPerpetual("ETH", "USDT", priceScale: 2, tick: 1, quantityScale: 3, lot: 1, start: 300_000)
  }

  /// What an exchange of the settings lists. Several are one exchange here, with markets of their own: `row` makes a name
  /// one of a kind.
  package mutating func list(_ venue: VenueSetting, named row: (_ symbol: String) -> String) {
    for listed in venue.instruments { list(listed, venue, row) }
  }

  private mutating func list(_ listed: InstrumentSetting, _ venue: VenueSetting, _ row: (String) -> String) {
    guard let tick = Int64(exactly: listed.tick.mantissa), let lot = Int64(exactly: listed.lot.mantissa),
      let start = listed.startPrice.exactMantissa(scale: Int(listed.tick.scale)).flatMap({ Int64(exactly: $0) }),
      let most = listed.maxQuantity.exactMantissa(scale: Int(listed.lot.scale)).flatMap({ Int64(exactly: $0) }),
      let least = try? listed.minNotional.money()
    else { preconditionFailure("what \(venue.name) lists was checked when it was read") }
    let isPerp = listed.instrumentClass == .perp
    var rules = Self.rules(row(listed.name), listed.native, listed.instrumentClass)
    rules.priceScale = listed.tick.scale
    rules.tick = tick
    rules.quantityScale = listed.lot.scale
    rules.lot = lot
    rules.minQuantity = lot
    rules.maxQuantity = most
    rules.minNotional = least
    (rules.maker, rules.taker) = venue.fees(of: listed.instrumentClass)
    rules.maxLeverage = isPerp ? UInt16(listed.maxLeverage) : 1
    rules.featuresRaw = (isPerp ? Self.features.union(.reduceOnly) : Self.features).rawValue
    if isPerp,
      !instruments.contains(where: { $0.instrumentClass == .perp && assets[$0.settle.index - 1] == listed.quote })
    {
      addAsset(listed.quote)
      deposit("100000000", listed.quote, into: Exchange.insuranceAccount, .futures)
    }
    let spot = row("\(listed.base)-\(listed.quote)")
    addInstrument(
      rules, base: listed.base, quote: listed.quote, settle: listed.quote, start: start,
      follows: isPerp && instrument(spot) != nil ? spot : nil)
  }

  package func asset(_ name: String) -> UInt16? { assets.firstIndex(of: name).map { UInt16($0 + 1) } }
  package func account(_ name: String) -> UInt16? { accounts.firstIndex(of: name).map { UInt16($0 + 1) } }
  /// With the exchange's own numbers.
  package func instrument(_ name: String) -> Instrument? { instruments.first { $0.name.description == name } }
  package var allInstruments: [Instrument] { instruments }
  package var assetNames: [String] { assets }
  package var accountNames: [String] { accounts }

  @discardableResult
  package mutating func addAsset(_ name: String, scale: UInt8 = 8) -> UInt16 {
    if let number = asset(name) { return number }
    guard let text = Text64(name) else { preconditionFailure("asset '\(name)' is longer than 64 bytes") }
    assets.append(name)
    var control = ExchangeControl(.defineAsset)
    control.text = text
    control.asset = UInt16(assets.count)
    control.scale = scale
    controls.append(control)
    return control.asset
  }

  /// Prevention of self-trades works across a group. All customers trade in one unless they are strangers to each other,
  /// each with a group of its own.
  @discardableResult
  package mutating func addAccount(
    _ name: String, kind: ExchangeAccountKind = .customer, isHedged: Bool = false, isStranger: Bool = false
  ) -> UInt16 {
    guard let text = Text64(name) else { preconditionFailure("account '\(name)' is longer than 64 bytes") }
    accounts.append(name)
    var control = ExchangeControl(.defineAccount)
    control.text = text
    control.account = UInt16(accounts.count)
    control.detail = kind.rawValue
    // The first three numbers are those of the house.
    control.group = kind != .customer ? 0 : isStranger ? control.account : 1
    control.sideRaw = isHedged ? 1 : 0
    controls.append(control)
    return control.account
  }

  /// Adds an instrument; its numbers are set here, everything else must be filled in. `start`: where its market begins.
  /// `follows`: a perpetual's spot. `hasFlow` false: an empty book that only customers trade in.
  package mutating func addInstrument(
    _ rules: Instrument, base: String, quote: String, settle: String, start: Int64, follows: String? = nil,
    hasFlow: Bool = true
  ) {
    var rules = rules
    rules.base = AssetID(number: addAsset(base))
    rules.quote = AssetID(number: addAsset(quote))
    rules.settle = AssetID(number: addAsset(settle))
    rules.id = InstrumentID(number: UInt16(instruments.count + 1))
    rules.isTrading = 1
    instruments.append(rules)
    starts.append(start)
    var control = ExchangeControl(.defineInstrument)
    control.rules = rules
    control.instrument = rules.id.number
    control.price = start
    control.other = follows.flatMap { instrument($0)?.id.number } ?? 0
    control.detail = hasFlow ? 1 : 0
    controls.append(control)
  }

  package mutating func addSpot(
    _ base: String, _ quote: String, priceScale: UInt8, tick: Int64, quantityScale: UInt8, lot: Int64, start: Int64,
    hasFlow: Bool = true
  ) {
    var rules = Self.rules("\(base)-\(quote)", "\(base)\(quote)", .spot)
    rules.priceScale = priceScale
    rules.tick = tick
    rules.quantityScale = quantityScale
    rules.lot = lot
    rules.minQuantity = lot
    rules.maxQuantity = 9_000 * Int64(Exchange.power(Int(quantityScale)))
    rules.minNotional = Money(units: 5 * Exchange.one)
    rules.maker = VenueSetting.spotFee
    rules.taker = VenueSetting.spotFee
    rules.featuresRaw = Self.features.rawValue
    addInstrument(rules, base: base, quote: quote, settle: quote, start: start, hasFlow: hasFlow)
  }

  package mutating func addPerpetual(
    _ base: String, _ quote: String, priceScale: UInt8, tick: Int64, quantityScale: UInt8, lot: Int64, start: Int64,
    hasFlow: Bool = true
  ) {
    var rules = Self.rules("\(base)-\(quote)-PERP", "\(base)\(quote)", .perp)
    rules.priceScale = priceScale
    rules.tick = tick
    rules.quantityScale = quantityScale
    rules.lot = lot
    rules.minQuantity = lot
    rules.maxQuantity = 10_000 * Int64(Exchange.power(Int(quantityScale)))
    rules.minNotional = Money(units: 5 * Exchange.one)
    rules.maker = VenueSetting.perpMaker
    rules.taker = VenueSetting.perpTaker
    rules.maxLeverage = 125
    rules.featuresRaw = Self.features.union(.reduceOnly).rawValue
    let spot = "\(base)-\(quote)"
    addInstrument(
      rules, base: base, quote: quote, settle: quote, start: start,
      follows: instrument(spot) == nil ? nil : spot, hasFlow: hasFlow)
  }

  /// Pays into a wallet when the exchange opens. `decimal` is a plain decimal of at most 18 decimals.
  package mutating func deposit(
    _ decimal: String, _ asset: String, into account: UInt16, _ wallet: Wallet = .spot
  ) {
    guard let number = self.asset(asset), let amount = Self.money(decimal) else {
      preconditionFailure("opening balance '\(decimal) \(asset)' names an unknown asset or is no decimal")
    }
    var control = ExchangeControl(.deposit)
    control.account = account
    control.asset = number
    control.walletRaw = wallet.rawValue
    control.amount = amount
    // Nobody is told about money that was always there.
    control.detail = 1
    controls.append(control)
  }

  /// What the exchange does by itself for every instrument; the core emulates the rest (OCO, hidden).
  package static let features: VenueFeatures = [
    .stop, .takeProfit, .trailing, .iceberg, .goodTillDate, .postOnly, .amend,
  ]

  private static func rules(_ name: String, _ native: String, _ kind: InstrumentClass) -> Instrument {
    guard let name = Text32(name), let native = Text32(native) else {
      preconditionFailure("instrument '\(name)' is longer than 32 bytes")
    }
    var rules = Instrument()
    rules.name = name
    rules.native = native
    rules.classRaw = kind.rawValue
    rules.rulesVersion = 1
    return rules
  }

  private static func money(_ text: String) -> Money? {
    var (units, decimals, seen) = (Int128(0), 0, false)
    for byte in text.utf8 {
      if byte == 46 && !seen {
        seen = true
        continue
      }
      guard byte >= 48, byte <= 57, decimals < Money.decimals else { return nil }
      units = units * 10 + Int128(byte - 48)
      if seen { decimals += 1 }
    }
    return text.isEmpty ? nil : Money(units: units * Exchange.power(Money.decimals - decimals))
  }
}
