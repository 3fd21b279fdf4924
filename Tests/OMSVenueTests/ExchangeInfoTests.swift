import Testing

@testable import OMSLib
@testable import OMSVenue

@Suite struct ExchangeInfoTests {
  private static let openOrders: UInt32 = 6

  /// Two instruments whose every rule differs from its neighbours.
  private static func setup() -> ExchangeSetup {
    var setup = ExchangeSetup()
    for name in ["USDT", "BTC"] { setup.addAsset(name) }
    for kind in [InstrumentClass.spot, .perp] {
      var rules = Instrument()
      rules.name = Text32(kind == .spot ? "BTC-USDT" : "BTC-USDT-PERP") ?? Text32()
      rules.native = Text32("BTCUSDT") ?? Text32()
      rules.classRaw = kind.rawValue
      rules.priceScale = 2
      rules.tick = 5
      rules.quantityScale = 3
      rules.lot = 4
      rules.minQuantity = 12
      rules.maxQuantity = 8_000
      rules.bandPpm = 50_000
      rules.minNotional = Money(units: 20 * Exchange.one)
      rules.maxLeverage = 100
      rules.featuresRaw = ExchangeSetup.features.union(.reduceOnly).rawValue
      setup.addInstrument(rules, base: "BTC", quote: "USDT", settle: "USDT", start: 100_000, hasFlow: false)
    }
    let account = setup.addAccount("a")
    setup.deposit("100000000", "USDT", into: account)
    setup.deposit("100000", "BTC", into: account)
    setup.deposit("100000000", "USDT", into: account, .futures)
    return setup
  }

  private static func filters(_ driver: inout MarketDriver, _ product: VenueProduct) throws -> [String: JSONValue] {
    let path = product == .spot ? "/api/v3/exchangeInfo" : "/fapi/v1/exchangeInfo"
    let info = try driver.answer(path, "", product)
    let symbol = try #require(info["symbols"]?.elements.first)
    #expect(symbol.text("symbol") == "BTCUSDT")
    return Dictionary(uniqueKeysWithValues: (symbol["filters"]?.elements ?? []).map { ($0.text("filterType"), $0) })
  }

  /// What a client that believes the filters expects, with prices and quantities in hundred-millionths.
  private static func passes(
    _ filters: [String: JSONValue], price: Int128, quantity: Int128, reference: Int128
  ) throws -> Bool {
    let one: Int128 = 100_000_000
    let priceFilter = try #require(filters["PRICE_FILTER"])
    let (least, most) = (e8(priceFilter.text("minPrice")), e8(priceFilter.text("maxPrice")))
    if price < least || (most != 0 && price > most) || price % e8(priceFilter.text("tickSize")) != 0 { return false }
    for name in ["LOT_SIZE", "MARKET_LOT_SIZE"] {
      let lots = try #require(filters[name])
      if quantity < e8(lots.text("minQty")) || quantity > e8(lots.text("maxQty")) { return false }
      if quantity % e8(lots.text("stepSize")) != 0 { return false }
    }
    let band = try #require(filters["PERCENT_PRICE"])
    if price * one > reference * e8(band.text("multiplierUp")) { return false }
    if price * one < reference * e8(band.text("multiplierDown")) { return false }
    let notional = filters["NOTIONAL"]?.text("minNotional") ?? filters["MIN_NOTIONAL"]?.text("notional")
    return price * quantity / one >= e8(notional)
  }

  /// Orders on, just off and far off every bound: the exchange takes those, and only those, that its filters allow.
  @Test(arguments: VenueProduct.allCases) func filtersAreWhatIsRefused(_ product: VenueProduct) throws {
    var driver = MarketDriver(Self.setup(), seed: 3)
    let filters = try Self.filters(&driver, product)
    let name = product == .spot ? "BTC-USDT" : "BTC-USDT-PERP"
    var random = SplitMix64(seed: 77)
    let prices: [Int64] = [
      1, 4, 5, 94_995, 95_000, 95_005, 99_999, 100_000, 100_001, 104_995, 105_000, 105_005, 1 << 40,
    ]
    let quantities: [Int64] = [1, 4, 8, 11, 12, 13, 16, 19, 20, 24, 7_996, 8_000, 8_004, 1 << 40]
    var verdicts = (passed: 0, refused: 0)
    for step in 0..<600 {
      let price =
        step % 2 == 0 ? prices[Int(random.below(UInt64(prices.count)))] : 94_000 + Int64(random.below(12_000))
      let quantity =
        step % 3 == 0 ? Int64(random.below(9_000)) + 1 : quantities[Int(random.below(UInt64(quantities.count)))]
      let reference = driver.exchange.markets[product == .spot ? 1 : 2].mark
      let expected = try Self.passes(
        filters, price: Int128(price) * 1_000_000, quantity: Int128(quantity) * 100_000,
        reference: Int128(reference) * 1_000_000)
      let events = driver.order("a", name, .buy, quantity, price) { $0.timeInForceRaw = TimeInForce.ioc.rawValue }
      let isTaken = events.contains { $0.kind == .accepted }
      #expect(isTaken == expected, "\(quantity) at \(price), reference \(reference): \(events.map(\.code))")
      if isTaken { verdicts.passed += 1 } else { verdicts.refused += 1 }
    }
    #expect(verdicts.passed > 30 && verdicts.refused > 100, "\(verdicts)")
  }

  @Test(arguments: VenueProduct.allCases) func asManyOrdersRestAsIsSaid(_ product: VenueProduct) throws {
    var driver = MarketDriver(Self.setup(), openOrders: Self.openOrders)
    let filter = try #require(try Self.filters(&driver, product)["MAX_NUM_ORDERS"])
    let most = product == .spot ? filter.whole("maxNumOrders") : filter.whole("limit")
    let name = product == .spot ? "BTC-USDT" : "BTC-USDT-PERP"
    for _ in 0..<most { #expect(driver.order("a", name, .buy, 40, 99_000).contains { $0.kind == .accepted }) }
    let next = driver.order("a", name, .buy, 40, 99_000)
    #expect(next.first?.code == ExchangeRefusal.openOrderMax.rawValue)
  }

  @Test func stopsTrailAsFarAsIsSaid() throws {
    var driver = MarketDriver(Self.setup())
    let filter = try #require(try Self.filters(&driver, .spot)["TRAILING_DELTA"])
    let (least, most) = (filter.whole("minTrailingBelowDelta"), filter.whole("maxTrailingBelowDelta"))
    for (delta, isTaken) in [(least - 1, false), (least, true), (most, true), (most + 1, false)] {
      let events = driver.order("a", "BTC-USDT", .sell, 40) {
        $0.orderKindRaw = OrderKind.trailingStop.rawValue
        $0.timeInForceRaw = TimeInForce.gtc.rawValue
        $0.trailPpm = delta * 100
      }
      #expect(events.contains { $0.kind == .accepted } == isTaken, "\(delta)")
    }
  }

  /// Bands and trailing are in the list where an instrument has them, and only there; so are order types.
  @Test func whatAnInstrumentDoesNotHaveIsNotListed() throws {
    var driver = MarketDriver()
    #expect(try Self.filters(&driver, .spot)["PERCENT_PRICE"] == nil)
    #expect(try Self.filters(&driver, .usdm)["PERCENT_PRICE"] == nil)
    var setup = ExchangeSetup()
    for name in ["USDT", "BTC"] { setup.addAsset(name) }
    var rules = Instrument()
    rules.name = Text32("BTC-USDT") ?? Text32()
    rules.native = Text32("BTCUSDT") ?? Text32()
    (rules.priceScale, rules.tick, rules.quantityScale, rules.lot) = (2, 1, 3, 1)
    setup.addInstrument(rules, base: "BTC", quote: "USDT", settle: "USDT", start: 100_000, hasFlow: false)
    var bare = MarketDriver(setup)
    let symbol = try #require(try bare.answer("/api/v3/exchangeInfo")["symbols"]?.elements.first)
    #expect(symbol["orderTypes"]?.elements.map(\.string) == ["LIMIT", "MARKET"])
    #expect(symbol["icebergAllowed"]?.bool == false)
    #expect(try Self.filters(&bare, .spot)["TRAILING_DELTA"] == nil)
  }

  @Test func limitsAndStatusAreThoseOfTheExchange() throws {
    var driver = MarketDriver { $0.ordersPerTenSeconds = 77 }
    let info = try driver.answer("/api/v3/exchangeInfo")
    let limits = info["rateLimits"]?.elements ?? []
    #expect(
      limits.contains {
        $0.text("rateLimitType") == "ORDERS" && $0.whole("limit") == 77 && $0.whole("intervalNum") == 10
      })
    driver.control(.setTrading) {
      $0.instrument = 1
      $0.detail = 0
    }
    let one = try driver.answer("/api/v3/exchangeInfo", "symbol=BTCUSDT")
    #expect(one["symbols"]?.elements.first?.text("status") == "BREAK")
    #expect(try driver.answer("/api/v3/exchangeInfo", "symbolStatus=TRADING")["symbols"]?.count == 1)
    #expect(try driver.answer("/api/v3/ticker/price", "symbolStatus=BREAK").count == 1)
    let sets = try driver.answer("/api/v3/exchangeInfo", "permissions=[\"SPOT\"]&showPermissionSets=false")
    #expect(sets["symbols"]?.count == 2)
    #expect(try driver.answer("/api/v3/exchangeInfo", "permissions=LEVERAGED")["symbols"]?.count == 0)
  }
}
