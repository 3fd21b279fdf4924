import Testing

@testable import OMSLib

/// Orders in a market where nobody trades but the test: each story says what everybody is told.
@Suite struct ExchangeOrderTests {
  @Test func priceComesBeforeTimeAndTimeBeforeNothing() {
    var driver = ExchangeDriver(ExchangeDriver.quiet())
    _ = driver.order("a", "a1", .sell, 100, 6_000_000)
    _ = driver.order("b", "b1", .sell, 100, 6_000_000)
    _ = driver.order("b", "b2", .sell, 100, 5_999_900)
    let told = driver.order("c", "c1", .buy, 250, 6_000_000).map(line)
    #expect(
      told == [
        "c1 accepted", "c1 fill 100@5999900", "b2 fill 100@5999900 maker", "c1 fill 100@6000000",
        "a1 fill 100@6000000 maker", "c1 fill 50@6000000", "b1 fill 50@6000000 maker",
      ])
  }

  @Test func anImmediateOrderExpiresWithItsRestAndAnAllOrNoneOneWithAll() {
    var driver = ExchangeDriver(ExchangeDriver.quiet())
    _ = driver.order("a", "a1", .sell, 100, 6_000_000)
    let fok = driver.order("b", "b1", .buy, 200, 6_000_000) { $0.timeInForceRaw = TimeInForce.fok.rawValue }
    #expect(fok.map(line) == ["b1 accepted", "b1 expired timeInForce after 0"])
    let ioc = driver.order("b", "b2", .buy, 200, 6_000_000) { $0.timeInForceRaw = TimeInForce.ioc.rawValue }
    #expect(ioc.map(line).last == "b2 expired timeInForce after 100")
    let locked = driver.balance("b", "USDT").locked
    #expect(locked == 0)
  }

  @Test func aPostOnlyOrderNeverTakes() {
    var driver = ExchangeDriver(ExchangeDriver.quiet())
    _ = driver.order("a", "a1", .sell, 100, 6_000_000)
    let taking = driver.order("b", "b1", .buy, 100, 6_000_000) { $0.flagsRaw = OrderFlags.postOnly.rawValue }
    #expect(taking.map(line) == ["b1 rejected wouldTake"])
    let resting = driver.order("b", "b2", .buy, 100, 5_999_999) { $0.flagsRaw = OrderFlags.postOnly.rawValue }
    #expect(resting.map(line) == ["b2 accepted"])
  }

  @Test func anOrderWithADateExpiresAtIt() {
    var driver = ExchangeDriver(ExchangeDriver.quiet())
    let expiry = UTCTime(nanoseconds: driver.now + 1_000_000_000)
    _ = driver.order("a", "a1", .buy, 100, 5_900_000) {
      $0.timeInForceRaw = TimeInForce.gtd.rawValue
      $0.expiresAt = expiry
    }
    expect(driver.pass(900_000_000).map(line), is: [])
    expect(driver.pass(200_000_000).map(line), is: ["a1 expired goodTillDate after 0"])
  }

  @Test func anIcebergShowsASliceAndEachSliceQueuesAnew() {
    var driver = ExchangeDriver(ExchangeDriver.quiet())
    _ = driver.order("a", "a1", .sell, 300, 6_000_000) { $0.displayQuantity = 100 }
    _ = driver.order("b", "b1", .sell, 100, 6_000_000)
    let shown = driver.exchange.top(of: 1, at: .zero).askQuantity
    #expect(shown == 200)
    let told = driver.order("c", "c1", .buy, 350, 6_000_000).map(line)
    #expect(
      told == [
        "c1 accepted", "c1 fill 100@6000000", "a1 fill 100@6000000 maker", "c1 fill 100@6000000",
        "b1 fill 100@6000000 maker", "c1 fill 100@6000000", "a1 fill 100@6000000 maker", "c1 fill 50@6000000",
        "a1 fill 50@6000000 maker",
      ])
    let rest = driver.exchange.top(of: 1, at: .zero).askQuantity
    #expect(rest == 50)
  }

  @Test func aSmallerOrderKeepsItsPlaceAndAnyOtherChangeLosesIt() {
    var driver = ExchangeDriver(ExchangeDriver.quiet())
    for id in ["a1", "a2", "a3"] { _ = driver.order("a", id, .sell, 100, 6_000_000) }
    var amend = driver.request(.amendOrder, "a", "a1")
    amend.quantity = 50
    expect(driver.send(amend).map(line), is: ["a1 amended 50@6000000"])
    amend = driver.request(.amendOrder, "a", "a2")
    amend.quantity = 150
    expect(driver.send(amend).map(line), is: ["a2 amended 150@6000000"])
    let makers = driver.order("b", "b1", .buy, 300, 6_000_000).filter { $0.isMaker == 1 }.map(line)
    #expect(makers == ["a1 fill 50@6000000 maker", "a3 fill 100@6000000 maker", "a2 fill 150@6000000 maker"])
  }

  @Test func anAmendThatCannotBeIsRefusedAndChangesNothing() {
    var driver = ExchangeDriver(ExchangeDriver.quiet())
    _ = driver.order("a", "a1", .buy, 100_000, 5_000_000)
    let before = driver.balance("a", "USDT").locked
    var amend = driver.request(.amendOrder, "a", "a1")
    amend.quantity = 300_000
    expect(driver.send(amend).map(line), is: ["a1 amendRejected insufficientBalance"])
    expect(driver.balance("a", "USDT").locked, is: before)
    amend = driver.request(.amendOrder, "a", "nobody")
    expect(driver.send(amend).map(line), is: ["nobody amendRejected unknownOrder"])
  }

  @Test(arguments: [
    (OrderKind.stopMarket, Side.sell, Int64(5_990_000), Int64(0), [Int64(6_000_000), 5_990_000]),
    (.stopLimit, .buy, 6_010_000, 6_020_000, [6_000_000, 6_010_000]),
    (.takeProfitMarket, .sell, 6_010_000, 0, [6_000_000, 6_010_000]),
    (.takeProfitLimit, .buy, 5_990_000, 5_990_000, [6_000_000, 5_990_000]),
    (.trailingStop, .sell, 0, 0, [6_000_000, 6_060_000, 5_999_000]),
  ])
  func aConditionalOrderWaitsForItsPrice(
    kind: OrderKind, side: Side, stop: Int64, limit: Int64, prints: [Int64]
  ) {
    var driver = ExchangeDriver(ExchangeDriver.quiet())
    print(6_000_000, &driver)
    let placed = driver.order("a", "s1", side, 100, limit) {
      $0.orderKindRaw = kind.rawValue
      $0.timeInForceRaw = TimeInForce.gtc.rawValue
      $0.stopPrice = stop
      $0.trailPpm = kind == .trailingStop ? 10_000 : 0
    }
    #expect(placed.map(line) == ["s1 accepted"])
    for price in prints.dropLast() { expect(print(price, &driver).contains("s1 triggered"), is: false) }
    expect(print(prints[prints.count - 1], &driver).contains("s1 triggered"), is: true)
    expect(driver.exchange.isSound(), is: true)
  }

  /// Makes one trade at `price` between b and c.
  @discardableResult
  private func print(_ price: Int64, _ driver: inout ExchangeDriver) -> [String] {
    let number = driver.exchange.orderNumber
    _ = driver.order("b", "m\(number)", .sell, 10, price)
    return driver.order("c", "t\(number)", .buy, 10, price).map(line)
  }

  @Test(arguments: [
    (SelfTradePrevention.none, ["t fill 100@6000000", "m fill 100@6000000 maker"]),
    (.expireTaker, ["t expired selfTrade after 0"]),
    (.expireMaker, ["m expired selfTrade after 0"]),
    (.expireBoth, ["m expired selfTrade after 0", "t expired selfTrade after 0"]),
  ])
  func aSelfTradeIsPreventedAsTheOrderSays(mode: SelfTradePrevention, told: [String]) {
    var driver = ExchangeDriver(ExchangeDriver.quiet())
    _ = driver.order("a", "m", .sell, 100, 6_000_000)
    let events = driver.order("b", "t", .buy, 100, 6_000_000) { $0.preventionRaw = mode.rawValue }
    #expect(events.dropFirst().map(line) == told)
  }

  @Test func aBadOrderIsRefusedWithItsReason() {
    let stories: [(String, ExchangeRefusal, (inout VenueRequest) -> Void)] = [
      ("price nil", .filterPrice, { $0.price = 0 }),
      ("price negative", .filterPrice, { $0.price = -1 }),
      ("quantity nil", .filterQuantity, { $0.quantity = 0 }),
      ("quantity negative", .filterQuantity, { $0.quantity = -5 }),
      ("quantity too large", .filterQuantity, { $0.quantity = .max }),
      ("notional too small", .filterNotional, { $0.quantity = 1 }),
      ("instrument unknown", .unknownInstrument, { $0.instrument = InstrumentID(number: 7) }),
      ("side unknown", .malformed, { $0.sideRaw = 9 }),
      ("no id", .malformed, { $0.wireID = Text32() }),
      ("hidden", .unsupported, { $0.flagsRaw = OrderFlags.hidden.rawValue }),
      ("reduce-only in spot", .unsupported, { $0.flagsRaw = OrderFlags.reduceOnly.rawValue }),
      ("too much", .insufficientBalance, { $0.quantity = 1_000_000 }),
      ("date in the past", .malformed, { $0.timeInForceRaw = TimeInForce.gtd.rawValue }),
      ("slice larger than the order", .filterQuantity, { $0.displayQuantity = 101 }),
    ]
    var driver = ExchangeDriver(ExchangeDriver.quiet())
    for (index, story) in stories.enumerated() {
      let events = driver.order("a", "x\(index)", .buy, 100, 6_000_000) {
        story.2(&$0)
      }
      #expect(events.map(\.code) == [story.1.rawValue], "\(story.0)")
    }
  }

  @Test func anIdIsRefusedWhileItsOrderIsOpenAndTakenAgainAfterwards() {
    var driver = ExchangeDriver(ExchangeDriver.quiet())
    _ = driver.order("a", "x", .buy, 100, 5_000_000)
    expect(driver.order("a", "x", .buy, 100, 5_000_000).map(line), is: ["x rejected duplicateID"])
    let cancel = driver.request(.cancelOrder, "a", "x")
    _ = driver.send(cancel)
    expect(driver.order("a", "x", .buy, 100, 5_000_000).map(line), is: ["x accepted"])
  }

  @Test func ordersBeyondTheRateWaitUntilTheWindowEnds() {
    var options = ExchangeDriver.small
    options.ordersPerTenSeconds = 2
    var driver = ExchangeDriver(ExchangeDriver.quiet(), options)
    _ = driver.order("a", "1", .buy, 100, 5_000_000)
    _ = driver.order("a", "2", .buy, 100, 5_000_000)
    let refused = driver.order("a", "3", .buy, 100, 5_000_000)
    #expect(refused.map(line) == ["3 rejected tooManyOrders"])
    #expect(refused[0].remedy == .throttled)
    _ = driver.pass(refused[0].retryAfterNanoseconds)
    expect(driver.order("a", "3", .buy, 100, 5_000_000).map(line), is: ["3 accepted"])
  }

  @Test func allOrdersFallWithTheDeadManSwitch() {
    var driver = ExchangeDriver(ExchangeDriver.quiet())
    _ = driver.order("a", "1", .buy, 100, 5_000_000)
    _ = driver.order("a", "2", .buy, 100, 5_100_000)
    var arm = driver.request(.deadman, "a")
    arm.signBy = EngineTime(nanoseconds: driver.now + 500_000_000)
    _ = driver.send(arm)
    expect(driver.pass(400_000_000).count, is: 0)
    expect(driver.pass(200_000_000).map(line), is: ["1 cancelled deadman after 0", "2 cancelled deadman after 0"])
  }

  @Test func aBandKeepsPricesNearTheMark() {
    var setup = ExchangeSetup()
    var rules = ExchangeDriver.quiet().allInstruments[0]
    rules.bandPpm = 50_000
    setup.addInstrument(rules, base: "BTC", quote: "USDT", settle: "USDT", start: 6_000_000, hasFlow: false)
    let account = setup.addAccount("a")
    setup.deposit("100000", "USDT", into: account)
    var driver = ExchangeDriver(setup)
    expect(driver.order("a", "1", .buy, 100, 5_700_000).map(line), is: ["1 accepted"])
    expect(driver.order("a", "2", .buy, 100, 5_699_999).map(line), is: ["2 rejected filterBand"])
  }
}
