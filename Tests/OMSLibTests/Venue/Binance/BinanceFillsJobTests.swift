import Testing

@testable import OMSLib

/// What an account has traded, read behind a time.
@Suite struct BinanceFillsJobTests {
  private static let now = JobDriver.start

  private struct Trade {
    var id: Int
    var order: Int
    var time: Int64
    var isBuy = true
    var symbol = "BTCUSDT"
    var quantity = "0.00100"
    var fee = "USDT"

    var text: String {
      """
      {"symbol":"\(symbol)","id":\(id),"orderId":\(order),"price":"60000.00","qty":"\(quantity)",\
      "commission":"0.06","commissionAsset":"\(fee)","time":\(time),"isBuyer":\(isBuy),"isMaker":false,\
      "side":"\(isBuy ? "BUY" : "SELL")","maker":true,"positionSide":"BOTH"}
      """
    }
  }

  /// An account's trades and orders, answered as the venue does.
  private struct House {
    var trades: [Trade] = []
    /// Client ids by the engine's numbers.
    var orders: [Int: String] = [:]
    var pages = 0

    func answer(_ path: String, _ pairs: [String: String]) -> String {
      let symbol = pairs["symbol"] ?? ""
      func number(_ name: String) -> Int64? { pairs[name].flatMap { Int64($0) } }
      if path.hasSuffix("/order") {
        let id = Int(number("orderId") ?? 0)
        return orders[id].map { order(id, $0, symbol) } ?? #"{"code":-2013,"msg":"Order does not exist."}"#
      }
      if path.hasSuffix("/allOrders") {
        let first = Int(number("orderId") ?? 0)
        let rows = orders.keys.filter { $0 >= first }.sorted().prefix(1_000)
        return "[" + rows.map { order($0, orders[$0] ?? "", symbol) }.joined(separator: ",") + "]"
      }
      let rows = trades.filter { trade in
        trade.symbol == symbol && trade.time >= number("startTime") ?? 0 && trade.time <= number("endTime") ?? .max
          && trade.id >= number("fromId") ?? 0
      }
      let isForward = pairs["startTime"] != nil || pairs["fromId"] != nil
      let shown = isForward ? rows.prefix(1_000) : rows.suffix(1_000)
      return "[" + shown.map(\.text).joined(separator: ",") + "]"
    }

    private func order(_ id: Int, _ client: String, _ symbol: String) -> String {
      """
      {"symbol":"\(symbol)","orderId":\(id),"clientOrderId":"\(client)","price":"60000.0","origQty":"0.002",\
      "executedQty":"0.001","status":"PARTIALLY_FILLED","timeInForce":"GTC","type":"LIMIT","side":"BUY",\
      "time":\(BinanceFillsJobTests.now - 5_000),"updateTime":\(BinanceFillsJobTests.now)}
      """
    }
  }

  private func driver(since milliseconds: Int64, _ products: [BinanceProduct] = [.spot]) throws -> JobDriver {
    var request = JobDriver.request(.queryFills)
    request.venueOrder = VenueReference(UInt64(milliseconds))
    return try #require(JobDriver(request, products))
  }

  private func ids(_ events: [VenueEvent]) -> [UInt64] { events.map(\.trade.low) }

  @Test func tradesOfAllSymbolsAreToldInTheOrderOfTheirTimes() throws {
    var house = House(orders: [9: "1abcOURS"])
    house.trades = [
      Trade(id: 11, order: 9, time: Self.now - 400_000), Trade(id: 12, order: 9, time: Self.now - 200_000),
      Trade(id: 7, order: 9, time: Self.now - 300_000, symbol: "ETHUSDT", quantity: "0.1"),
      Trade(id: 8, order: 9, time: Self.now - 100_000, symbol: "ETHUSDT", quantity: "0.1"),
    ]
    var driver = try driver(since: Self.now - 500_000)
    #expect(driver.run(house.answer) == .done)
    #expect(ids(driver.told(.fill)) == [11, 7, 12, 8])
    #expect(driver.told(.fill).allSatisfy { $0.isReplay == 1 && $0.requestID == 0x42 && $0.account.number == 7 })
    #expect(driver.told(.fill).map { "\($0.wireID)" } == Array(repeating: "1abcOURS", count: 4))
    let end = try #require(driver.events.last)
    #expect(end.kind == .reportEnd && end.requestID == 0x42 && end.quantity == 4)
    #expect(driver.problems.isEmpty)
  }

  /// The place moves over what is settled only, and rests once it is recent: who is told of a new one asks again.
  @Test func thePlaceIsATimeThatMovesOnlyOverWhatIsSettled() throws {
    let house = House(trades: [Trade(id: 11, order: 9, time: Self.now - 1_000)], orders: [9: "1abcOURS"])
    var driver = try driver(since: Self.now - 3_600_000)
    driver.run(house.answer)
    let place = try #require(driver.events.last).trade
    #expect(place == VenueReference(UInt64(Self.now - 60_000)))
    var again = try self.driver(since: Int64(place.low))
    again.run(house.answer)
    #expect(again.events.last?.trade == place, "read to its end, although the account goes on trading")
    #expect(ids(again.told(.fill)) == [11], "what is newer than the place comes again")
    var first = try self.driver(since: 0)
    first.run(house.answer)
    #expect(first.events.last?.trade == place && ids(first.told(.fill)) == [11])
    #expect(first.asked[0].contains("startTime=\(Self.now - 600_000)"), "an account begins when it is first seen")
  }

  @Test func aPageThatIsFullEndsWithinAMillisecond() throws {
    var house = House(orders: [9: "1abcOURS"])
    house.trades = (1...995).map { Trade(id: $0, order: 9, time: Self.now - 400_000 + Int64($0)) }
    house.trades += (996...1_012).map { Trade(id: $0, order: 9, time: Self.now - 300_000) }
    house.trades += (1_013...1_020).map { Trade(id: $0, order: 9, time: Self.now - 200_000) }
    var driver = try driver(since: Self.now - 400_000)
    #expect(driver.run(house.answer) == .done)
    #expect(ids(driver.told(.fill)) == Array(1...1_020), "each once")
  }

  @Test func bothSidesOfATradeMayBeTheAccountsOwn() throws {
    var house = House(orders: [9: "1abcOURS", 10: "1abcOTHER"])
    let time = Self.now - 400_000
    house.trades = [Trade(id: 5, order: 9, time: time), Trade(id: 5, order: 10, time: time, isBuy: false)]
    var driver = try driver(since: Self.now - 500_000)
    driver.run(house.answer)
    #expect(driver.told(.fill).map(\.side) == [.buy, .sell])
    #expect(driver.told(.fill).map { "\($0.wireID)" } == ["1abcOURS", "1abcOTHER"])
  }

  @Test func ordersAreAskedForOnceAndOnlyWhereTheyAreNotKnown() throws {
    var house = House(orders: [9: "1abcOURS"])
    house.trades = (1...20).map { Trade(id: $0, order: $0.isMultiple(of: 2) ? 9 : 10, time: Self.now - 400_000) }
    var driver = try driver(since: Self.now - 500_000)
    driver.orders.note(VenueReference(10), InstrumentID(number: 1), Text32("1abcSEEN") ?? Text32())
    driver.run(house.answer)
    #expect(driver.asked.filter { $0.contains("orderId=") } == ["/api/v3/order?orderId=9&symbol=BTCUSDT"])
    #expect(Set(driver.told(.fill).map { "\($0.wireID)" }) == ["1abcOURS", "1abcSEEN"])
    #expect(driver.orders.find(VenueReference(9), InstrumentID(number: 1))?.wireID == Text32("1abcOURS"))
  }

  @Test func manyOrdersAreReadFromTheirList() throws {
    var house = House()
    for order in 1...1_210 { house.orders[order] = "1abc\(order)" }
    // The list leaves one out that trades name, and the venue knows it nevertheless.
    house.trades = (1...20).map { Trade(id: $0, order: $0 * 60, time: Self.now - 400_000) }
    var driver = try driver(since: Self.now - 500_000)
    driver.run { path, pairs in
      let answer = house.answer(path, pairs)
      guard path.hasSuffix("/allOrders") else { return answer }
      return answer.replacing("\"orderId\":120,", with: "\"orderId\":119,")
    }
    #expect(driver.told(.fill).map { "\($0.wireID)" } == (1...20).map { "1abc\($0 * 60)" })
    #expect(driver.asked.filter { $0.hasPrefix("/api/v3/allOrders") }.count == 1)
    // The one that was left out, and the few behind the page.
    #expect(driver.asked.filter { $0.hasPrefix("/api/v3/order?") }.count == 1 + 3)
  }

  /// A trade without its order would be booked, and its order never credited with it.
  @Test func aNewTradeWhoseOrderIsNotFoundYetWaits() throws {
    let old = Trade(id: 1, order: 4, time: Self.now - 400_000)
    let new = Trade(id: 2, order: 5, time: Self.now - 2_000)
    let house = House(trades: [old, new])
    var driver = try driver(since: Self.now - 500_000)
    #expect(driver.run(house.answer) == .done)
    #expect(ids(driver.told(.fill)) == [1] && driver.told(.fill)[0].wireID.isEmpty)
    #expect(driver.events.last?.trade.low == UInt64(Self.now - 500_000))
  }

  @Test func forcedTradesAreToldFromTheirOrdersId() throws {
    let house = House(
      trades: [Trade(id: 1, order: 4, time: Self.now - 400_000, quantity: "0.001")], orders: [4: "autoclose-1790000"])
    var driver = try driver(since: Self.now - 500_000, [.usdm])
    driver.run(house.answer)
    #expect(driver.told(.fill).map(\.isForced) == [1] && driver.told(.fill)[0].instrument.number == 3)
  }

  // MARK: Funding

  private func payment(_ id: Int, _ amount: String, at time: Int64, of symbol: String = "BTCUSDT") -> String {
    """
    {"symbol":"\(symbol)","incomeType":"FUNDING_FEE","income":"\(amount)","asset":"USDT","time":\(time),"tranId":\(id)}
    """
  }

  @Test func fundingThatWasPaidMeanwhileIsToldUnderTheStreamsName() throws {
    let hour = Self.now / 3_600_000 * 3_600_000
    let rows = [
      payment(1, "-0.25", at: hour), payment(2, "0.125", at: hour), payment(3, "-1", at: hour, of: "XYZUSDT"),
      payment(4, "-0.5", at: hour - 3_600_000),
    ]
    var driver = try driver(since: hour - 3_700_000, [.usdm])
    let step = driver.run { path, _ in path.hasSuffix("/income") ? "[" + rows.joined(separator: ",") + "]" : "[]" }
    #expect(step == .done)
    // Both positions of the symbol are one payment of the minute.
    let paid = driver.told(.funding)
    #expect(paid.map(\.fee.units) == [500_000_000_000_000_000, 125_000_000_000_000_000])
    #expect(paid.map(\.trade) == [hour - 3_600_000, hour].map { VenueReference(high: 1, low: UInt64($0 / 60_000)) })
    #expect(paid.allSatisfy { $0.isReplay == 1 && $0.instrument.number == 3 && $0.requestID == 0x42 })
    let asked = driver.asked.filter { $0.contains("income") }
    #expect(
      asked.count == 1 && asked[0].contains("incomeType=FUNDING_FEE")
        && asked[0].contains("startTime=\(hour - 4_300_000)"))
  }

  @Test func fundingIsAskedForWhereSomeMayHaveBeenPaid() throws {
    let hour = Self.now / 3_600_000 * 3_600_000
    #expect(Self.now - hour > 700_000, "between two payments")
    for (since, products, isAsked) in [
      (hour + 600_001, [BinanceProduct.usdm], false), (hour + 600_000, [.usdm], true), (hour - 1, [.spot], false),
      (0, [.usdm], false),
    ] {
      var driver = try driver(since: since, products)
      driver.run { _, _ in "[]" }
      #expect(driver.asked.contains { $0.contains("income") } == isAsked, "\(since) \(products)")
    }
  }

  @Test func aPlaceThatIsNoTimeIsNone() throws {
    var driver = try driver(since: 1_234)
    driver.run { _, _ in "[]" }
    #expect(driver.asked.count == 2 && driver.asked[0].contains("startTime=\(Self.now - 600_000)"))
  }

  /// What other symbols have traded is not read then.
  @Test func aQuestionAboutOneSymbolDoesNotMoveThePlace() throws {
    var request = JobDriver.request(.queryFills)
    request.venueOrder = VenueReference(UInt64(Self.now - 3_600_000))
    request.instrument = InstrumentID(number: 2)
    var driver = try #require(JobDriver(request))
    driver.run { _, _ in "[]" }
    #expect(driver.asked.count == 1 && driver.events.last?.trade == request.venueOrder)
  }

  @Test func longAgoIsReadInTheProductsWindows() throws {
    let house = House(
      trades: [Trade(id: 1, order: 4, time: Self.now - 20 * 86_400_000, quantity: "0.001")], orders: [4: "1abcOURS"])
    var spot = try driver(since: Self.now - 30 * 86_400_000)
    spot.run(house.answer)
    #expect(
      spot.asked.prefix(2) == [
        "/api/v3/myTrades?limit=1000&symbol=BTCUSDT", "/api/v3/myTrades?limit=1000&symbol=ETHUSDT",
      ])
    #expect(ids(spot.told(.fill)) == [1])
    var usdm = try driver(since: Self.now - 30 * 86_400_000, [.usdm])
    usdm.run(house.answer)
    #expect(usdm.asked.filter { $0.contains("userTrades") }.count == 5 && ids(usdm.told(.fill)) == [1])
    #expect(usdm.weight == 5 * 5 + 1 + 5 * 30)
  }

  // MARK: Failures

  @Test func whatWasReadIsToldAndTheEndIsNot() throws {
    var house = House(orders: [9: "1abcOURS"])
    house.trades = [
      Trade(id: 11, order: 9, time: Self.now - 400_000),
      Trade(id: 12, order: 12, time: Self.now - 300_000),
    ]
    var driver = try driver(since: Self.now - 500_000)
    driver.orders.note(VenueReference(9), InstrumentID(number: 1), Text32("1abcOURS") ?? Text32())
    let refusal = #"{"code":-2015,"msg":"Invalid API-key, IP, or permissions for action."}"#
    let step = driver.run { path, pairs in pairs["orderId"] == "12" ? refusal : house.answer(path, pairs) }
    #expect(step == .failed(BinanceVerdict(.key, code: -2015)))
    #expect(ids(driver.told(.fill)) == [11], "none without its order")
    let end = try #require(driver.events.last)
    #expect(end.kind == .rejected && end.remedy == .key && end.code == -2015 && end.requestID == 0x42)
    #expect(driver.told(.reportEnd).isEmpty)
  }

  @Test func anErrorThatPassesIsAskedAgainAndOneThatStaysEndsTheReading() throws {
    let house = House(trades: [Trade(id: 11, order: 9, time: Self.now - 400_000)], orders: [9: "1abcOURS"])
    var errors = 2
    var driver = try driver(since: Self.now - 500_000)
    let step = driver.run { path, pairs in
      if path.hasSuffix("/order"), errors > 0 {
        errors -= 1
        return #"{"code":-1008,"msg":"Server is busy."}"#
      }
      return house.answer(path, pairs)
    }
    #expect(step == .done && ids(driver.told(.fill)) == [11])
    var broken = try self.driver(since: Self.now - 500_000)
    let end = broken.run { _, _ in "<html>" }
    #expect(end == .failed(BinanceVerdict(.outcomeUnknown, code: 0)) || broken.told(.rejected).count == 1)
    #expect(broken.told(.reportEnd).isEmpty && broken.asked.count <= 9)
  }

  @Test func aSymbolThatIsNotListedAnyMoreIsLeftOut() throws {
    let house = House(trades: [Trade(id: 11, order: 9, time: Self.now - 400_000)], orders: [9: "1abcOURS"])
    var driver = try driver(since: Self.now - 500_000)
    let step = driver.run { path, pairs in
      pairs["symbol"] == "ETHUSDT" ? #"{"code":-1121,"msg":"Invalid symbol."}"# : house.answer(path, pairs)
    }
    #expect(step == .done && ids(driver.told(.fill)) == [11])
    #expect(driver.problems == [.unknownSymbol("ETHUSDT")])
  }

  @Test func anUnknownFeeAssetEndsTheReading() throws {
    let house = House(trades: [Trade(id: 11, order: 9, time: Self.now - 400_000, fee: "DOGE")])
    var driver = try driver(since: Self.now - 500_000)
    let step = driver.run(house.answer)
    #expect(step == .failed(BinanceVerdict(.outcomeUnknown, code: 0)))
    #expect(driver.problems == Array(repeating: .unknownAsset("DOGE"), count: 3))
    #expect(driver.told(.fill).isEmpty && driver.told(.reportEnd).isEmpty)
  }

  @Test func lostQuestionsAreAskedAgain() throws {
    let house = House(trades: [Trade(id: 11, order: 9, time: Self.now - 400_000)], orders: [9: "1abcOURS"])
    var driver = try driver(since: Self.now - 500_000)
    var call = BinanceCall(SpotEndpoint.ping)
    for _ in 0..<5 {
      var tokens: [UInt32] = []
      while case .ask(_, let token, _) = driver.job.next(now: .zero, into: &call, { _ in }) { tokens.append(token) }
      #expect(tokens.count == 2)
      for token in tokens { driver.job.lost(token: token) }
    }
    #expect(driver.run(house.answer) == .done && ids(driver.told(.fill)) == [11])
  }

  @Test func aFewQuestionsAtOnce() throws {
    var symbols: [Instrument] = []
    for number in 20..<60 {
      symbols.append(BinanceFixture.instrument("S\(number)", number: UInt16(number), prices: 2, quantities: 5))
    }
    var request = JobDriver.request(.queryFills)
    request.venueOrder = VenueReference(UInt64(Self.now - 1_000))
    var driver = try #require(JobDriver(request, symbols: [.spot: symbols]))
    #expect(driver.run { _, _ in "[]" } == .done)
    #expect(driver.underWayMax == 3 && driver.asked.count == 40 && driver.weight == 800)
  }

  @Test func anAccountWithoutSymbolsIsReadAtOnce() throws {
    var driver = try #require(JobDriver(JobDriver.request(.queryFills), []))
    #expect(driver.run { _, _ in "[]" } == .done)
    #expect(driver.events.map(\.kind) == [.reportEnd])
  }
}
