import Testing

@testable import OMSLib

@Suite struct ExchangeTests {
  @Test func aMarketOrderFillsFromTheFlowAndTheLedgerBalances() {
    var driver = ExchangeDriver()
    let events = driver.order("sim.main", "m1", .buy, 5_000).map(line)
    #expect(events.first == "m1 accepted")
    #expect(events.count == 2)
    #expect(events.last?.hasPrefix("m1 fill 5000@60") == true)
    let btc = driver.balance("sim.main", "BTC")
    #expect(btc.total == 1_050_000_000_000_000_000)
    let isSound = driver.exchange.isSound()
    #expect(isSound)
  }

  @Test func aRestingLimitOrderLocksItsWorstCostAndACancelGivesItBack() {
    var driver = ExchangeDriver()
    let placed = driver.order("sim.main", "l1", .buy, 1_000, 5_500_000).map(line)
    #expect(placed == ["l1 accepted"])
    // 0.01 BTC at 55,000 and a fee of 10 bps.
    let locked = driver.balance("sim.main", "USDT").locked
    #expect(locked == 550_550_000_000_000_000_000)
    let cancel = driver.request(.cancelOrder, "sim.main", "l1")
    let cancelled = driver.send(cancel).map(line)
    #expect(cancelled == ["l1 cancelled asked after 0"])
    let after = driver.balance("sim.main", "USDT")
    #expect(after.locked == 0)
    #expect(after.total == 100_000_000_000_000_000_000_000)
  }

  @Test func aMinuteOfTheMarketKeepsTheBooksAndTheBalance() {
    var driver = ExchangeDriver()
    _ = driver.pass(60_000_000_000)
    let isSound = driver.exchange.isSound()
    #expect(isSound)
    let last = driver.exchange.markets[1].last
    #expect(last > 5_900_000 && last < 6_100_000)
    let (bid, ask) = driver.exchange.books[1].bestLevels
    #expect(bid < ask)
    #expect((ask - bid) * 10_000 < bid)
  }

  /// Whoever has lost its records reads what it placed since: open orders and those that have ended, in portions.
  @Test func endedOrdersAreToldOfFromATimeOn() {
    var driver = ExchangeDriver(ExchangeDriver.quiet())
    _ = driver.order("a", "before", .buy, 1_000, 5_000_000)
    _ = driver.send(driver.request(.cancelOrder, "a", "before"))
    _ = driver.pass(1_000_000)
    let since = UTCTime(nanoseconds: driver.now)
    let count = Exchange.orderReportMax + 5
    for number in 0..<count {
      _ = driver.pass(20_000_000)
      _ = driver.order("a", "o\(number)", .buy, 1_000, 5_000_000)
      _ = driver.send(driver.request(.cancelOrder, "a", "o\(number)"))
    }
    _ = driver.order("b", "another's", .buy, 1_000, 5_000_000)
    _ = driver.order("a", "open", .buy, 1_000, 5_000_000)
    var query = driver.request(.queryOpenOrders, "a")
    let open = driver.send(query)
    #expect(open.filter { $0.kind == .orderReport }.map(\.wireID.description) == ["open"])
    query.expiresAt = since
    var told: [String] = []
    for _ in 0..<2 {
      let events = driver.send(query)
      told += events.filter { $0.kind == .orderReport }.map(\.wireID.description)
      #expect(events.allSatisfy { $0.kind != .orderReport || $0.placedAt >= since })
      query.venueOrder = events.last?.trade ?? .none
    }
    #expect(query.venueOrder.isNone, "that was all")
    #expect(told == ["open"] + (0..<count).map { "o\($0)" })
  }
}
