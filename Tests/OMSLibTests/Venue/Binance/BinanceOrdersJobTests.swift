import Testing

@testable import OMSLib

/// What is open at the venue, and what has ended there.
@Suite struct BinanceOrdersJobTests {
  private static let now = JobDriver.start

  private func order(
    _ id: Int, _ client: String, _ status: String = "NEW", symbol: String = "BTCUSDT", at time: Int64 = now - 1_000,
    filled: String = "0", type: String = "LIMIT"
  ) -> String {
    """
    {"symbol":"\(symbol)","orderId":\(id),"clientOrderId":"\(client)","price":"60000.0","origQty":"0.002",\
    "executedQty":"\(filled)","status":"\(status)","timeInForce":"GTC","type":"LIMIT","origType":"\(type)",\
    "side":"SELL","isWorking":true,"time":\(time),"updateTime":\(time + 50)}
    """
  }

  private func algo(
    _ id: Int, _ client: String, _ status: String = "NEW", engine: String = "", at time: Int64 = now - 2_000
  ) -> String {
    """
    {"algoId":\(id),"clientAlgoId":"\(client)","algoType":"CONDITIONAL","orderType":"STOP_MARKET","symbol":"BTCUSDT",\
    "side":"SELL","positionSide":"BOTH","timeInForce":"GTC","quantity":"0.002","algoStatus":"\(status)",\
    "actualOrderId":"\(engine)","triggerPrice":"59000.0","price":"0","createTime":\(time),"updateTime":\(time)}
    """
  }

  private func list(_ rows: String...) -> String { "[" + rows.joined(separator: ",") + "]" }

  /// Answers by path; a path that is not named has nothing.
  private func answers(_ bodies: [String: String]) -> (String, [String: String]) -> String {
    return { path, pairs in
      if let number = pairs["orderId"], path.hasSuffix("/order") {
        return bodies["/order \(number)"] ?? #"{"code":-2013,"msg":"Order does not exist."}"#
      }
      return bodies["\(path) \(pairs["symbol"] ?? "")"] ?? bodies[path] ?? "[]"
    }
  }

  private func driver(_ products: [BinanceProduct], since time: Int64 = 0) throws -> JobDriver {
    var request = JobDriver.request(.queryOpenOrders)
    if time > 0 { request.expiresAt = UTCTime(nanoseconds: time * 1_000_000) }
    return try #require(JobDriver(request, products))
  }

  private func words(_ reports: [VenueEvent]) -> [String] {
    reports.map { "\($0.wireID) \($0.venueOrder.low) \($0.status.map { "\($0)" } ?? "-")" }
  }

  @Test func openOrdersOfBothServicesAndThenTheEnd() throws {
    var driver = try driver([.spot, .usdm])
    let step = driver.run(
      answers([
        "/api/v3/openOrders BTCUSDT": list(order(5, "1abcA", filled: "0.001"), order(6, "web_1")),
        "/fapi/v1/openOrders": list(order(7, "1abcB")), "/fapi/v1/openAlgoOrders": list(algo(3, "1abcC")),
      ]))
    #expect(step == .done)
    #expect(
      words(driver.told(.orderReport)).sorted() == ["1abcA 5 open", "1abcB 7 open", "1abcC 3 waiting", "web_1 6 open"])
    #expect(driver.told(.orderReport).allSatisfy { $0.requestID == 0x42 && $0.account.number == 7 })
    let end = try #require(driver.events.last)
    #expect(end.kind == .reportEnd && end.quantity == 4 && end.trade.isNone && end.requestID == 0x42)
    // Two symbols of spot cost less one by one than all of them at once.
    #expect(driver.weight == 6 + 6 + 1 + 1)
    #expect(driver.orders.find(VenueReference(5), InstrumentID(number: 1))?.wireID == Text32("1abcA"))
  }

  @Test func manySymbolsAreAskedForAtOnce() throws {
    var symbols = JobDriver.spot
    for number in 20..<60 {
      symbols.append(BinanceFixture.instrument("S\(number)", number: UInt16(number), prices: 2, quantities: 5))
    }
    var driver = try #require(
      JobDriver(JobDriver.request(.queryOpenOrders), symbols: [.spot: symbols]))
    // One of a symbol that is not configured says nothing here.
    driver.run(answers(["/api/v3/openOrders": list(order(5, "1abcA"), order(8, "mine", symbol: "XYZUSDT"))]))
    #expect(driver.asked == ["/api/v3/openOrders"] && driver.weight == 80)
    #expect(words(driver.told(.orderReport)) == ["1abcA 5 open"])
  }

  @Test func oneInstrumentMayBeMeant() throws {
    var request = JobDriver.request(.queryOpenOrders)
    request.instrument = InstrumentID(number: 2)
    var driver = try #require(JobDriver(request))
    driver.run(answers([:]))
    #expect(driver.asked == ["/api/v3/openOrders?symbol=ETHUSDT"])
  }

  // MARK: Triggers

  @Test func aTriggeredOrderIsToldOnceUnderTheIdItWasPlacedWith() throws {
    var driver = try driver([.usdm])
    driver.run(
      answers([
        "/fapi/v1/openAlgoOrders": list(algo(3, "1abcC", "TRIGGERED", engine: "71")),
        "/fapi/v1/openOrders": list(order(71, "made-by-the-venue", filled: "0.001", type: "STOP_MARKET")),
      ]))
    #expect(words(driver.told(.orderReport)) == ["1abcC 71 open"])
    #expect(
      driver.told(.orderReport)[0].cumulative == 1
        && driver.told(.orderReport)[0].placedAt.milliseconds == Self.now - 2_000)
    #expect(driver.orders.find(VenueReference(71), InstrumentID(number: 3))?.wireID == Text32("1abcC"))
  }

  @Test func theLinkMayBeKnownFromTheStream() throws {
    var driver = try driver([.usdm])
    driver.orders.note(VenueReference(71), InstrumentID(number: 3), Text32("1abcC") ?? Text32())
    driver.run(answers(["/fapi/v1/openOrders": list(order(71, "made-by-the-venue", type: "STOP_MARKET"))]))
    #expect(words(driver.told(.orderReport)) == ["1abcC 71 open"])
  }

  /// What became of it is the engine's to say: the service only knows that it is over.
  @Test func aTriggeredOrderThatIsInNoListIsAskedFor() throws {
    for (body, word, filled) in [
      (order(71, "x", "FILLED", filled: "0.002"), "1abcC 71 filled", Int64(2)),
      (#"{"code":-2013,"msg":"Order does not exist."}"#, "1abcC 71 cancelled", 0),
    ] {
      var driver = try driver([.usdm], since: Self.now - 5_000)
      driver.run(
        answers(["/fapi/v1/allAlgoOrders": list(algo(3, "1abcC", "FINISHED", engine: "71")), "/order 71": body]))
      #expect(words(driver.told(.orderReport)) == [word] && driver.told(.orderReport)[0].cumulative == filled)
    }
  }

  @Test func aTriggeredOrderWithoutALinkEndsTheReading() throws {
    var driver = try driver([.usdm])
    let step = driver.run(answers(["/fapi/v1/openAlgoOrders": list(algo(3, "1abcC", "TRIGGERED"))]))
    #expect(step == .failed(BinanceVerdict(.outcomeUnknown, code: 0)) && driver.told(.reportEnd).isEmpty)
    #expect(driver.problems.allSatisfy { $0 == .member("actualOrderId") })
  }

  // MARK: History

  @Test func endedOrdersThatWerePlacedSinceATime() throws {
    let since = Self.now - 60_000
    var driver = try driver([.spot], since: since)
    driver.run(
      answers([
        "/api/v3/openOrders BTCUSDT": list(order(5, "1abcA"), order(6, "1abcB")),
        "/api/v3/allOrders BTCUSDT": list(
          order(3, "1abcOLD", "FILLED", at: since - 1, filled: "0.002"), order(4, "1abcC", "EXPIRED", at: since),
          order(5, "1abcA"), order(6, "1abcB", "CANCELED")),
        "/api/v3/allOrders ETHUSDT": list(order(4, "1abcD", "FILLED", symbol: "ETHUSDT", filled: "0.002")),
      ]))
    // The later reading of 6 counts, which ended between both.
    #expect(
      Set(words(driver.told(.orderReport))) == [
        "1abcA 5 open", "1abcB 6 cancelled", "1abcC 4 expired", "1abcD 4 filled",
      ])
    #expect(driver.events.last?.quantity == 4)
    #expect(driver.asked.contains { $0.contains("allOrders") && $0.contains("startTime=\(since)") })
  }

  @Test func theHistoryIsReadPageByPage() throws {
    let since = Self.now - 60_000
    var driver = try driver([.spot], since: since)
    let test = self
    driver.run { path, pairs in
      guard path.hasSuffix("/allOrders"), pairs["symbol"] == "BTCUSDT" else { return "[]" }
      let first = pairs["startTime"].flatMap { Int64($0) } ?? 0
      let last = pairs["endTime"].flatMap { Int64($0) } ?? 0
      let rows = (0..<1_010).map { (id: 100 + $0, time: since + Int64($0) * 5) }
        .filter { $0.time >= first && $0.time <= last }.prefix(1_000)
      return "[" + rows.map { test.order($0.id, "1abc\($0.id)", "FILLED", at: $0.time) }.joined(separator: ",") + "]"
    }
    #expect(driver.told(.orderReport).count == 1_010 && driver.events.last?.quantity == 1_010)
  }

  /// Before the first end that is recorded lies the account's whole past.
  @Test func aHistoryWithoutABeginningReachesBackThreeMonths() throws {
    var request = JobDriver.request(.queryOpenOrders)
    request.expiresAt = UTCTime(nanoseconds: 1)
    var driver = try #require(JobDriver(request, [.spot, .usdm]))
    #expect(driver.run(answers([:])) == .done)
    #expect(driver.asked.filter { $0.hasPrefix("/api/v3/allOrders") }.count == 2, "the newest pages are empty")
    #expect(driver.asked.filter { $0.hasPrefix("/fapi/v1/allOrders") }.count == 13)
    #expect(driver.asked.filter { $0.hasPrefix("/fapi/v1/allAlgoOrders") }.count == 13)
  }

  @Test func algoOrdersThatEndedWithoutATrigger() throws {
    var driver = try driver([.usdm], since: Self.now - 5_000)
    driver.run(
      answers([
        "/fapi/v1/openAlgoOrders": list(algo(3, "1abcC")),
        "/fapi/v1/allAlgoOrders": list(
          algo(2, "1abcB", "EXPIRED"), algo(3, "1abcC", "CANCELED"), algo(4, "1abcE", "REJECTED")),
      ]))
    #expect(Set(words(driver.told(.orderReport))) == ["1abcC 3 cancelled", "1abcB 2 expired", "1abcE 4 rejected"])
  }

  @Test func whatWasReadIsToldAndTheEndIsNot() throws {
    var driver = try driver([.spot, .usdm])
    let banned = #"{"code":-1003,"msg":"Way too many requests; IP(1.2.3.4) banned until 1790000060000."}"#
    let step = driver.run(
      answers(["/api/v3/openOrders": banned, "/fapi/v1/openAlgoOrders": list(algo(3, "1abcC"))]))
    guard case .failed(let verdict) = step else {
      Issue.record("\(step)")
      return
    }
    #expect(verdict.meaning == .banned && verdict.retryAfterNanoseconds > 0)
    #expect(words(driver.told(.orderReport)) == ["1abcC 3 waiting"] && driver.told(.reportEnd).isEmpty)
    #expect(driver.events.last?.kind == .rejected && driver.events.last?.remedy == .banned)
  }
}
