import OMSLib
import Testing

@testable import OMSVenue

/// Weights, order counts, and the faults of the door.
@Suite struct VenueLimitTests {
  @Test func weightsAreCountedByAddressAndMinute() {
    var driver = VenueDriver()
    #expect(driver.send("GET", "/api/v3/time").field("x-mbx-used-weight-1m") == "1")
    #expect(driver.call("GET", "/api/v3/account").field("x-mbx-used-weight-1m") == "21")
    // Placing costs nothing when it succeeds, and its weight when it fails.
    #expect(driver.limit("BUY", "0.1", at: "59000").field("x-mbx-used-weight-1m") == "21")
    #expect(driver.limit("BUY", "90", at: "59000").field("x-mbx-used-weight-1m") == "22")
    // The other product counts by itself.
    #expect(driver.send("GET", "/fapi/v1/time", .usdm).field("x-mbx-used-weight-1m") == "1")
    driver.pass(milliseconds: 60_000)
    #expect(driver.send("GET", "/api/v3/time").field("x-mbx-used-weight-1m") == "1")
  }

  @Test func whoAsksTooMuchWaitsAndWhoDoesNotWaitIsBanned() {
    var driver = VenueDriver()
    let link = driver.open("/ws-api/v3")
    for _ in 0..<74 { _ = driver.call("GET", "/api/v3/openOrders") }
    let over = driver.call("GET", "/api/v3/openOrders")
    #expect(over.status == 429 && over.code == -1003)
    // The window ends on the minute.
    let left = 60 - driver.milliseconds / 1_000 % 60
    #expect(over.field("retry-after") == "\(left)")
    var last = over
    for _ in 0..<10 { last = driver.call("GET", "/api/v3/openOrders") }
    #expect(last.status == 418)
    #expect(last.field("retry-after") == "120")
    // A banned address loses its connections too.
    #expect(driver.ends[link] == "closed 1008")
    driver.pass(milliseconds: 121_000)
    #expect(driver.call("GET", "/api/v3/openOrders").status == 200)
  }

  @Test func ordersAreCountedByAccount() {
    var driver = VenueDriver()
    for number in 1...100 {
      let answer = driver.limit("BUY", "0.001", at: "59000")
      #expect(answer.field("x-mbx-order-count-10s") == "\(number)")
    }
    let over = driver.limit("BUY", "0.001", at: "59000")
    #expect(over.status == 429 && over.code == -1015)
    #expect(over.field("retry-after") == "10")
    #expect(driver.limit("BUY", "0.001", at: "59000", as: 2).status == 200)
    // A first fill gives room.
    driver.limit("SELL", "0.001", at: "59000", as: 2)
    #expect(driver.limit("BUY", "0.001", at: "59000").field("x-mbx-order-count-10s") == "96")
    let rates = driver.call("GET", "/api/v3/rateLimit/order").body.elements.map { $0.words("interval", "count") }
    #expect(rates == ["SECOND 96", "DAY 96"])
    driver.pass(milliseconds: 10_000)
    #expect(driver.limit("BUY", "0.001", at: "59000").field("x-mbx-order-count-10s") == "1")
  }

  @Test func windowsNeverSaveUp() {
    let rule = RateDesk().orderRules(.spot)[0]
    var count = RateCount()
    let time = UTCTime(nanoseconds: VenueDriver.start)
    count.add(-5, rule, at: time)
    #expect(count.used(rule, at: time) == 0)
    count.add(2, rule, at: time)
    #expect(count.used(rule, at: UTCTime(nanoseconds: rule.end(at: time).nanoseconds - 1)) == 2)
    #expect(count.used(rule, at: rule.end(at: time)) == 0)
  }

  // MARK: - Faults

  @Test func aDroppedAnswerIsNoAnswer() {
    var driver = VenueDriver()
    driver.server.venue.inject(.dropAcknowledgements(1), now: driver.time.now)
    let link = driver.connect()
    let payload =
      "symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC&quantity=0.1&price=59000&newClientOrderId=lost"
      + "&timestamp=\(driver.milliseconds)"
    let key = HTTPField(name: "x-mbx-apikey", value: driver.credential(1).key)
    let request = HTTPRequest(
      method: "POST", target: "/api/v3/order?\(payload)&signature=\(driver.signature(payload))", fields: [key])
    #expect(driver.send(request, on: link) == nil)
    // It was placed all the same.
    let found = driver.call("GET", "/api/v3/order", "symbol=BTCUSDT&origClientOrderId=lost")
    #expect(found.body.words("status") == "NEW" && found["orderId"] != "0")
    #expect(driver.call("GET", "/api/v3/openOrders").body.elements.map { $0.words("orderId") } == [found["orderId"]])
    driver.now += 600_000_000
    driver.server.turn(at: driver.time)
    driver.now += 9_400_000_000
    driver.server.turn(at: driver.time)
    var late: HTTPResponse?
    while let item = driver.server.nextOutput() {
      if case .response(link, let response) = item { late = response }
    }
    #expect(late?.status == 504)
    #expect(late.map { String(decoding: $0.body, as: UTF8.self).contains("-1007") } == true)
  }

  @Test func answersLeaveInTheOrderOfTheRequests() {
    var driver = VenueDriver()
    driver.server.venue.setLatency(nanoseconds: 5_000_000, jitterNanoseconds: 0)
    let link = driver.connect()
    let payload = "timestamp=\(driver.milliseconds)"
    let key = HTTPField(name: "x-mbx-apikey", value: driver.credential(1).key)
    let slow = HTTPRequest(
      method: "GET", target: "/api/v3/account?\(payload)&signature=\(driver.signature(payload))", fields: [key])
    #expect(driver.send(slow, on: link) == nil)
    // This one is answered at once, and waits.
    #expect(driver.send(HTTPRequest(method: "GET", target: "/api/v3/ping"), on: link) == nil)
    driver.now += 20_000_000
    driver.server.turn(at: driver.time)
    var bodies: [Int] = []
    while let item = driver.server.nextOutput() {
      if case .response(_, let response) = item { bodies.append(response.body.count) }
    }
    #expect(bodies.count == 2 && bodies[0] > 100 && bodies[1] == 2)
  }

  @Test func faultsOfTheDoorAreAnswers() {
    var driver = VenueDriver()
    driver.server.venue.inject(.rateLimit(1), now: driver.time.now)
    let throttled = driver.limit("BUY", "0.1", at: "59000")
    #expect(throttled.status == 429 && throttled.field("retry-after") == "1")
    driver.server.venue.inject(.reject(code: -1013, count: 1), now: driver.time.now)
    #expect(driver.limit("BUY", "0.1", at: "59000").code == -1013)
    driver.server.venue.inject(.refuseKey, now: driver.time.now)
    #expect(driver.call("GET", "/api/v3/account").code == -2015)
    #expect(driver.call("GET", "/fapi/v2/balance").status == 401)
    driver.server.venue.inject(.clear, now: driver.time.now)
    #expect(driver.limit("BUY", "0.1", at: "59000").status == 200)
  }

  @Test func aBrokenLinkEndsAllConnections() {
    var driver = VenueDriver()
    let link = driver.open("/ws-api/v3")
    driver.server.venue.inject(.disconnect(nanoseconds: 1_000_000_000), now: driver.time.now)
    driver.pass(milliseconds: 1)
    #expect(driver.ends[link] == "aborted")
    let next = driver.open("/ws-api/v3")
    #expect(driver.ends[next] == "aborted")
    driver.pass(milliseconds: 2_000)
    #expect(driver.limit("BUY", "0.1", at: "59000").status == 200)
  }

  @Test func whoWaitsTenSecondsIsToldThatNobodyKnows() {
    var driver = VenueDriver()
    driver.server.venue.setLatency(nanoseconds: 6_000_000_000, jitterNanoseconds: 0)
    let link = driver.connect()
    let payload = "timestamp=\(driver.milliseconds)&recvWindow=60000"
    let key = HTTPField(name: "x-mbx-apikey", value: driver.credential(1).key)
    let slow = HTTPRequest(
      method: "GET", target: "/api/v3/account?\(payload)&signature=\(driver.signature(payload))", fields: [key])
    #expect(driver.send(slow, on: link) == nil)
    var statuses: [Int] = []
    for _ in 0..<13 {
      driver.now += 1_000_000_000
      driver.server.turn(at: driver.time)
      while let item = driver.server.nextOutput() {
        if case .response(_, let response) = item { statuses.append(response.status) }
      }
    }
    #expect(statuses == [504])
  }

  @Test func aRequestThatIsTooLateAtTheEngineIsRefused() {
    var driver = VenueDriver()
    driver.server.venue.setLatency(nanoseconds: 2_000_000_000, jitterNanoseconds: 0)
    let link = driver.connect()
    let payload =
      "symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC&quantity=0.1&price=59000&recvWindow=1500"
      + "&timestamp=\(driver.milliseconds)"
    let key = HTTPField(name: "x-mbx-apikey", value: driver.credential(1).key)
    let request = HTTPRequest(
      method: "POST", target: "/api/v3/order?\(payload)&signature=\(driver.signature(payload))", fields: [key])
    #expect(driver.send(request, on: link) == nil)
    driver.now += 4_000_000_000
    driver.server.turn(at: driver.time)
    var body = ""
    while let item = driver.server.nextOutput() {
      if case .response(_, let response) = item { body = String(decoding: response.body, as: UTF8.self) }
    }
    #expect(body.contains("-1021") == true)
  }

  /// What an order that is sent now and on its way for so long is answered, with a fence of 20 ms.
  private func answer(to order: String, at path: String, after milliseconds: Int64) -> String {
    var driver = VenueDriver(fence: 20_000_000)
    let placed = driver.limit("BUY", "0.1", at: "59000")
    driver.server.venue.setLatency(nanoseconds: milliseconds * 1_000_000, jitterNanoseconds: 0)
    let link = driver.connect()
    let payload = "\(order.replacing("ID", with: placed["orderId"]))&timestamp=\(driver.milliseconds)"
    let key = HTTPField(name: "x-mbx-apikey", value: driver.credential(1).key)
    let request = HTTPRequest(
      method: "POST", target: "\(path)?\(payload)&signature=\(driver.signature(payload))", fields: [key])
    _ = driver.send(request, on: link)
    var body = ""
    for _ in 0..<100 {
      driver.now += 1_000_000
      driver.server.turn(at: driver.time)
      while let item = driver.server.nextOutput() {
        if case .response(_, let response) = item { body = String(decoding: response.body, as: UTF8.self) }
      }
    }
    return body
  }

  @Test func nothingReachesTheEngineBehindTheFence() {
    let order = "symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC&quantity=0.1&price=58000"
    let early = answer(to: order, at: "/api/v3/order", after: 20)
    #expect(early.contains(#""status":"NEW""#) == true, "\(early)")
    let late = answer(to: order, at: "/api/v3/order", after: 21)
    #expect(late.contains("-1021") == true, "\(late)")
  }

  /// The cancel of a replacement is in time. Its new order comes later: under way at the fence, or not sent any more.
  @Test(arguments: [8, 12])
  func theSecondHalfOfARequestKeepsToItsFence(milliseconds: Int64) {
    let replacement =
      "symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC&quantity=0.1&price=58000&cancelReplaceMode=STOP_ON_FAILURE"
      + "&cancelOrderId=ID"
    let body = answer(to: replacement, at: "/api/v3/order/cancelReplace", after: milliseconds)
    #expect(body.contains(#""cancelResult":"SUCCESS","newOrderResult":"FAILURE""#) == true, "\(body)")
    #expect(body.contains("-1021") == true, "\(body)")
  }
}
