import OMSLib
import Testing

@testable import OMSVenue

/// What the exchange itself does wrong, as its clients see it.
@Suite struct VenueFaultTests {
  @Test func answersOfOneConnectionChangeTheirIds() {
    var driver = VenueDriver()
    let link = driver.open("/ws-api/v3")
    driver.control("fault", #""swap_answers":1"#)
    let first = driver.ask("openOrders.status", on: link, id: "2")
    let second = driver.ask("account.rateLimits.orders", on: link, id: "3")
    let third = driver.take(link).first
    #expect(first == nil)
    #expect(second?.words("id") == "3" && second?["result"]?.count == 0, "the orders under the id of the limits")
    #expect(third?.words("id") == "2" && third?["result"]?.count == 2)
    // An answer that no second one follows goes out a second later.
    driver.control("fault", #""swap_answers":1"#)
    _ = driver.ask("openOrders.status", on: link, id: "4")
    driver.pass(milliseconds: 999)
    let early = driver.take(link).count
    driver.pass(milliseconds: 1)
    let late = driver.take(link).map { $0.words("id") }
    #expect(early == 0 && late == ["4"])
  }

  // MARK: - Orders

  @Test func anOrderTradesBeforeItsCancel() {
    var driver = VenueDriver()
    driver.limit("BUY", "0.5", at: "59000", "&newClientOrderId=a")
    driver.limit("BUY", "0.5", at: "59000", "&newClientOrderId=b")
    driver.control("fault", #""race_cancel":"40%""#)
    let part = driver.call("DELETE", "/api/v3/order", "symbol=BTCUSDT&origClientOrderId=a")
    #expect(part.body.words("status", "executedQty") == "CANCELED 0.20000000")
    driver.control("fault", #""race_cancel":"100%""#)
    let whole = driver.call("DELETE", "/api/v3/order", "symbol=BTCUSDT&origClientOrderId=b")
    #expect(whole.code == -2011)
    let found = driver.call("GET", "/api/v3/order", "symbol=BTCUSDT&origClientOrderId=b")
    #expect(found["status"] == "FILLED")
  }

  @Test func anOrderGoesAstrayOrElsewhere() {
    var driver = VenueDriver()
    driver.control("fault", #""stray_order":1"#)
    #expect(driver.limit("BUY", "0.1", at: "59000").status == 200)
    let (mine, others) = (driver.call("GET", "/api/v3/openOrders"), driver.call("GET", "/api/v3/openOrders", as: 2))
    #expect(mine.body.count == 0 && others.body.count == 1)
    driver.control("fault", #""shift_price":1"#)
    #expect(driver.limit("BUY", "0.1", at: "59000")["price"] == "59000.01000000")
  }

  @Test(arguments: ["/api/v3/openOrders", "/fapi/v1/allOpenOrders"])
  func aCancelOfEverythingLeavesOne(path: String) {
    var driver = VenueDriver()
    for price in ["58000", "59000"] {
      driver.limit("BUY", "0.1", at: price)
      driver.perpLimit("BUY", "0.1", at: price)
    }
    let questions = path.replacing("allOpenOrders", with: "openOrders")
    driver.control("fault", #""leave_order":1"#)
    let said = driver.call("DELETE", path, "symbol=BTCUSDT")
    #expect(said.status == 200)
    #expect(said.body.elements.allSatisfy { $0.words("status") == "CANCELED" })
    #expect(driver.call("GET", questions, "symbol=BTCUSDT").body.count == 1)
    driver.call("DELETE", path, "symbol=BTCUSDT")
    #expect(driver.call("GET", questions, "symbol=BTCUSDT").body.count == 0)
  }

  @Test func answersOfABatchAreMissingOrTurned() {
    var driver = VenueDriver()
    func batch(_ ids: [String]) -> [String] {
      let rows = ids.map {
        "{\"symbol\":\"BTCUSDT\",\"side\":\"BUY\",\"type\":\"LIMIT\",\"timeInForce\":\"GTC\",\"quantity\":\"0.1\","
          + "\"price\":\"59000\",\"newClientOrderId\":\"\($0)\"}"
      }
      let text = "[\(rows.joined(separator: ","))]"
      let escaped = text.map { $0.isLetter || $0.isNumber ? "\($0)" : $0.asciiValue.map { "%\(hex($0))" } ?? "" }
      let answer = driver.call("POST", "/fapi/v1/batchOrders", "batchOrders=\(escaped.joined())")
      return answer.body.elements.map { $0.words("clientOrderId") }
    }
    driver.control("fault", #""turn_batch":1"#)
    let turned = batch(["a", "b", "c"])
    driver.control("fault", #""short_batch":1"#)
    let short = batch(["d", "e"])
    let open = driver.call("GET", "/fapi/v1/openOrders").body.count
    #expect(turned == ["c", "b", "a"] && short == ["d"] && open == 5)
  }

  private func hex(_ byte: UInt8) -> String {
    let digits = Array("0123456789ABCDEF")
    return "\(digits[Int(byte) / 16])\(digits[Int(byte) % 16])"
  }

  // MARK: - Questions

  @Test func orderIsSeenLaterThanItIsThere() {
    var driver = VenueDriver()
    driver.control("fault", #""query_lag":"40s""#)
    driver.limit("BUY", "0.1", at: "59000", "&newClientOrderId=a")
    driver.perpLimit("BUY", "0.1", at: "59000")
    driver.pass(milliseconds: 39_000)
    #expect(driver.call("GET", "/api/v3/order", "symbol=BTCUSDT&origClientOrderId=a").code == -2013)
    #expect(driver.call("GET", "/api/v3/openOrders").body.count == 0)
    #expect(driver.call("GET", "/fapi/v1/openOrders").body.count == 0)
    driver.pass(milliseconds: 1_001)
    #expect(driver.call("GET", "/api/v3/order", "symbol=BTCUSDT&origClientOrderId=a").status == 200)
    #expect(driver.call("GET", "/api/v3/openOrders").body.count == 1)
    #expect(driver.call("GET", "/fapi/v1/openOrders").body.count == 1)
  }

  @Test func balancesAreZeroForAMomentAndAPositionIsNotShown() {
    var driver = VenueDriver()
    driver.perpLimit("SELL", "0.5", at: "60000", as: 2)
    driver.perp("BUY", "MARKET", "quantity=0.5")
    driver.control("fault", #""zero_balances":2,"hide_position":"BTC-USDT-PERP""#)
    let spot = driver.call("GET", "/api/v3/account")
    let balances = spot.body["balances"]?.elements.map { $0.words("free", "locked") } ?? []
    #expect(Set(balances) == ["0.00000000 0.00000000"])
    #expect(driver.call("GET", "/fapi/v3/balance").body.elements.first?.words("balance") == "0.00000000")
    #expect(driver.call("GET", "/fapi/v3/balance").body.elements.first?.words("balance") != "0.00000000")
    #expect(driver.call("GET", "/fapi/v3/positionRisk").body.count == 0)
    #expect(driver.call("GET", "/fapi/v2/account").body["positions"]?.count == 0)
    driver.control("fault", #""clear":true"#)
    #expect(driver.call("GET", "/fapi/v3/positionRisk").body.count == 1)
  }

  // MARK: - Everybody

  @Test func everybodyIsBanned() {
    var driver = VenueDriver()
    let link = driver.open("/ws-api/v3")
    driver.control("fault", #""ban":"2s""#)
    #expect(driver.ends[link] == "closed 1008")
    let answer = driver.call("GET", "/api/v3/openOrders")
    #expect(answer.status == 418 && answer.code == -1003 && answer.field("retry-after") == "2")
    #expect(driver.send("GET", "/api/v3/time").status == 418)
    driver.pass(milliseconds: 2_001)
    #expect(driver.call("GET", "/api/v3/openOrders").status == 200)
  }

  @Test func othersUseTheSameAddress() {
    var driver = VenueDriver()
    driver.control("fault", #""used_weight":5990"#)
    let answer = driver.send("GET", "/api/v3/time")
    #expect(answer.field("x-mbx-used-weight-1m") == "5991")
    #expect(driver.call("GET", "/api/v3/account").status == 429)
  }

  @Test func maintenanceEndsEverythingAndNumbersBooksAnew() {
    var driver = VenueDriver()
    driver.limit("BUY", "0.1", at: "59000")
    for _ in 0..<5 { driver.limit("BUY", "0.1", at: "58000") }
    let link = driver.open("/ws-api/v3")
    func last(_ driver: inout VenueDriver) -> Int64 {
      driver.send("GET", "/api/v3/depth?symbol=BTCUSDT").body["lastUpdateId"]?.integer() ?? -1
    }
    let before = last(&driver)
    driver.control("fault", #""maintenance":"30m""#)
    #expect(driver.ends[link] == "closed 1001")
    #expect(driver.take(link).first?["event"]?.words("e") == "serverShutdown")
    let away = driver.call("GET", "/api/v3/openOrders")
    #expect(away.status == 503 && away.code == -1016)
    #expect(driver.send("GET", "/ws-api/v3", fields: [HTTPField(name: "upgrade", value: "websocket")]).status == 503)
    driver.pass(milliseconds: 1_800_000)
    let after = last(&driver)
    #expect(after < before && after >= 0)
    #expect(driver.call("GET", "/api/v3/openOrders").body.count == 6)
  }

  @Test func aMarketCloses() {
    var driver = VenueDriver()
    driver.control("fault", #""halt":"BTC-USDT""#)
    let refused = driver.limit("BUY", "0.1", at: "59000")
    #expect(refused.status == 400)
    driver.control("fault", #""clear":true"#)
    #expect(driver.limit("BUY", "0.1", at: "59000").status == 200)
  }

  @Test func aTradeWithTheMarketIsUndone() throws {
    var driver = VenueDriver(hasFlow: true)
    driver.pass(milliseconds: 1_000)
    let filled = driver.spot("BUY", "MARKET", "quantity=0.01")
    let trade = try #require(filled.body["fills"]?.elements.first?["tradeId"]?.numberText)
    let before = driver.call("GET", "/api/v3/account").body["balances"]?.elements.map { $0.words("free") }
    driver.control("fault", "\"bust\":\(trade)")
    let after = driver.call("GET", "/api/v3/account").body["balances"]?.elements.map { $0.words("free") }
    let isSound = driver.isSound
    #expect(before != after && isSound)
  }
}
