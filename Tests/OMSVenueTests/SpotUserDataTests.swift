import OMSLib
import Testing

@testable import OMSVenue

/// The spot WebSocket API: calls for many accounts on one connection, and what accounts are told.
@Suite struct SpotUserDataTests {
  private static let order = [
    ("symbol", "BTCUSDT"), ("side", "BUY"), ("type", "LIMIT"), ("timeInForce", "GTC"), ("quantity", "0.2"),
    ("price", "59000"), ("newClientOrderId", "one"),
  ]

  @Test func oneConnectionServesManyAccounts() {
    var driver = VenueDriver()
    let link = driver.open("/ws-api/v3")
    #expect(driver.ask("userDataStream.subscribe.signature", on: link)?["result"]?.words("subscriptionId") == "0")
    #expect(
      driver.ask("userDataStream.subscribe.signature", as: 2, on: link)?["result"]?.words("subscriptionId") == "1")
    let twice = driver.ask("userDataStream.subscribe.signature", on: link)
    #expect(twice?["error"]?.words("code") == "-2035")
    let placed = driver.ask("order.place", Self.order, on: link, id: "17")
    #expect(placed?.words("id", "status") == "17 200")
    #expect(placed?["result"]?.words("status", "clientOrderId") == "NEW one")
    #expect(
      placed?["rateLimits"]?.elements.map { $0.words("rateLimitType", "interval", "count") } == [
        "ORDERS SECOND 1", "ORDERS DAY 1", "REQUEST_WEIGHT MINUTE 8",
      ])
    let told = driver.take(link)
    #expect(told.map { $0.words("subscriptionId") } == ["0", "0"])
    #expect(told.map { $0["event"]?.words("e") } == ["executionReport", "outboundAccountPosition"])
    driver.limit("SELL", "0.2", at: "59000", as: 2)
    let events = driver.take(link).map {
      "\($0.words("subscriptionId")) \($0["event"]?.words("e", "x", "X", "m") ?? "")"
    }
    #expect(
      events == [
        "1 executionReport NEW NEW false", "1 executionReport TRADE FILLED false",
        "0 executionReport TRADE FILLED true",
        "0 outboundAccountPosition - - -", "1 outboundAccountPosition - - -",
      ])
  }

  @Test func reportsAgreeWithAnswers() throws {
    var driver = VenueDriver()
    let link = driver.open("/ws-api/v3")
    _ = driver.ask("userDataStream.subscribe.signature", on: link)
    driver.limit("SELL", "0.1", at: "60000", as: 2)
    driver.limit("SELL", "0.1", at: "60001", as: 2)
    let placed = driver.limit("BUY", "0.3", at: "60001", "&newClientOrderId=mine&strategyId=9&strategyType=1000001")
    let reports = driver.events(link).filter { $0.words("e") == "executionReport" }
    #expect(
      reports.map { $0.words("x", "X", "l", "z", "Z") } == [
        "NEW NEW 0.00000000 0.00000000 0.00000000", "TRADE PARTIALLY_FILLED 0.10000000 0.10000000 6000.00000000",
        "TRADE PARTIALLY_FILLED 0.10000000 0.20000000 12000.10000000",
      ])
    #expect(
      Set(reports.map { $0.words("c", "C", "i", "q", "p", "j", "J") }) == [
        "mine  \(placed["orderId"]) 0.30000000 60001.00000000 9 1000001"
      ])
    let fills = placed.body["fills"]?.elements.map {
      $0.words("tradeId", "price", "qty", "commission", "commissionAsset")
    }
    #expect(reports.dropFirst().map { $0.words("t", "L", "l", "n", "N") } == fills)
    #expect(
      reports.first?.words("n", "N", "t", "w", "m", "O", "T")
        == "0 null -1 true false \(placed["transactTime"]) \(placed["transactTime"])")
    let numbers = reports.compactMap { $0["I"]?.integer(as: Int64.self) }
    #expect(numbers == numbers.sorted() && Set(numbers).count == 3)
    driver.call("DELETE", "/api/v3/order", "symbol=BTCUSDT&origClientOrderId=mine&newClientOrderId=bye")
    let last = driver.events(link)
    // The cancel has an id of its own; the order's is in another member.
    #expect(last.first?.words("x", "X", "c", "C", "z") == "CANCELED CANCELED bye mine 0.20000000")
    #expect(last.last?.words("e") == "outboundAccountPosition")
    let account = driver.call("GET", "/api/v3/account").body["balances"]?.elements.map {
      $0.words("asset", "free", "locked")
    }
    #expect(last.last?["B"]?.elements.map { $0.words("a", "f", "l") } == account)
  }

  @Test func changesAndEndsAreTold() {
    var driver = VenueDriver()
    let link = driver.open("/ws-api/v3")
    _ = driver.ask("userDataStream.subscribe.signature", on: link)
    driver.limit("BUY", "0.3", at: "59000", "&newClientOrderId=big")
    driver.call(
      "PUT", "/api/v3/order/amend/keepPriority",
      "symbol=BTCUSDT&origClientOrderId=big&newQty=0.2&newClientOrderId=small")
    driver.spot("BUY", "LIMIT", "timeInForce=IOC&quantity=0.1&price=58000")
    let reports = driver.events(link).filter { $0.words("e") == "executionReport" }
    #expect(
      reports.map { $0.words("x", "X", "c", "C", "q") }.prefix(2) == [
        "NEW NEW big  0.30000000", "REPLACED NEW small big 0.20000000",
      ])
    #expect(reports.last?.words("x", "X", "eR") == "EXPIRED EXPIRED UNFILLED_IOC_QUANTITY_EXPIRED")
  }

  @Test func subscriptionsEnd() {
    var driver = VenueDriver()
    let link = driver.open("/ws-api/v3")
    _ = driver.ask("userDataStream.subscribe.signature", on: link)
    _ = driver.ask("userDataStream.subscribe.signature", as: 2, on: link)
    driver.say("{\"id\":1,\"method\":\"session.subscriptions\"}", on: link)
    #expect(driver.take(link).first?["result"]?.elements.map { $0.words("subscriptionId") } == ["0", "1"])
    driver.say("{\"id\":2,\"method\":\"userDataStream.unsubscribe\",\"params\":{\"subscriptionId\":5}}", on: link)
    #expect(driver.take(link).first?["error"]?.words("code") == "-2036")
    driver.say("{\"id\":3,\"method\":\"userDataStream.unsubscribe\",\"params\":{\"subscriptionId\":0}}", on: link)
    let told = driver.take(link)
    #expect(told.first?.words("id", "status") == "3 200")
    #expect(told.last?["event"]?.words("e") == "eventStreamTerminated")
    driver.limit("BUY", "0.1", at: "59000")
    #expect(driver.take(link).count == 0)
    driver.limit("BUY", "0.1", at: "59000", as: 2)
    #expect(driver.take(link).count == 2)
  }

  @Test func callsAreRefusedInTheSameWords() {
    var driver = VenueDriver()
    let link = driver.open("/ws-api/v3")
    #expect(
      driver.ask("session.logon", on: link)?["error"]?.words("code", "msg")
        == "-4056 HMAC_SHA256 API key is not supported.")
    let gone = driver.ask("order.cancel", [("symbol", "BTCUSDT"), ("orderId", "5")], on: link)
    #expect(gone?.words("status") == "400" && gone?["error"]?.words("code") == "-2011")
    driver.say("{\"id\":\"x\",\"method\":\"order.dance\"}", on: link)
    #expect(driver.take(link).first?.words("id", "status") == "x 400")
    driver.say("no json", on: link)
    #expect(driver.take(link).first?.words("id", "status") == "null 400")
    driver.say("{\"id\":1,\"method\":\"account.status\",\"params\":{\"timestamp\":1}}", on: link)
    #expect(driver.take(link).first?["error"]?.words("code") == "-1102")
    driver.say("{\"id\":1,\"method\":\"userDataStream.subscribe\"}", on: link)
    #expect(driver.take(link).first?.words("status") == "401")
    driver.say("{\"id\":1,\"method\":\"v3/time\"}", on: link)
    #expect(driver.take(link).first?["result"]?.words("serverTime") == "\(driver.milliseconds)")
  }

  @Test func everyQuestionCanBeAskedHereToo() {
    var driver = VenueDriver()
    let link = driver.open("/ws-api/v3?returnRateLimits=false&timeUnit=MICROSECOND")
    let placed = driver.ask("order.place", Self.order, on: link)
    #expect(placed?["rateLimits"] == nil)
    #expect(placed?["result"]?.words("transactTime").count == 16)
    let symbol = [("symbol", "BTCUSDT")]
    for method in [
      "openOrders.status", "allOrders", "myTrades", "account.status", "account.commission", "account.rateLimits.orders",
      "openOrderLists.status", "allOrderLists",
    ] {
      let needsSymbol = !method.hasPrefix("account.s") && !method.hasPrefix("account.r") && !method.contains("Lists")
      let answer = driver.ask(method, needsSymbol ? symbol : [], on: link)
      #expect(answer?.words("status") == "200", "\(method)")
    }
    let status = driver.ask("order.status", symbol + [("origClientOrderId", "one")], on: link)
    #expect(status?["result"]?.words("status") == "NEW")
    let replaced = driver.ask(
      "order.cancelReplace",
      Self.order.dropLast() + [("cancelReplaceMode", "STOP_ON_FAILURE"), ("cancelOrigClientOrderId", "one")], on: link)
    #expect(replaced?["result"]?.words("cancelResult", "newOrderResult") == "SUCCESS SUCCESS")
    #expect(driver.ask("openOrders.cancelAll", symbol, on: link)?["result"]?.count == 1)
    let test = driver.ask("order.test", Self.order, on: link)
    #expect(test?["result"]?.count == 0)
  }

  @Test func clientsThatDoNotAnswerPingsAreLetGo() {
    var driver = VenueDriver()
    let link = driver.open("/ws-api/v3")
    driver.pass(milliseconds: 19_000)
    #expect(driver.pings.isEmpty)
    driver.pass(milliseconds: 2_000)
    #expect(driver.pings == [link])
    // A day is the longest life of a connection.
    driver.pass(milliseconds: 86_400_000)
    #expect(driver.ends[link] == "closed 1001")
  }
}
