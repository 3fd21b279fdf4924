import OMSLib
import Testing

@testable import OMSVenue

/// The life of spot orders over REST.
@Suite struct SpotTradingTests {
  @Test func anOrderRestsIsAskedForAndIsCancelled() {
    var driver = VenueDriver()
    let placed = driver.limit("BUY", "0.5", at: "59000.00", "&newClientOrderId=first")
    #expect(placed.status == 200)
    #expect(
      placed.body.words("symbol", "orderListId", "clientOrderId", "status", "type", "side")
        == "BTCUSDT -1 first NEW LIMIT BUY")
    #expect(
      placed.body.words("price", "origQty", "executedQty", "cummulativeQuoteQty")
        == "59000.00000000 0.50000000 0.00000000 0.00000000")
    #expect(placed.body["fills"]?.count == 0)
    let id = placed["orderId"]
    let found = driver.call("GET", "/api/v3/order", "symbol=BTCUSDT&orderId=\(id)")
    #expect(found.body.words("clientOrderId", "status", "isWorking", "stopPrice") == "first NEW true 0.00000000")
    #expect(found["time"] == placed["transactTime"])
    #expect(driver.call("GET", "/api/v3/order", "symbol=BTCUSDT&origClientOrderId=first")["orderId"] == id)
    #expect(driver.call("GET", "/api/v3/openOrders").body.count == 1)
    #expect(driver.call("GET", "/api/v3/openOrders", "symbol=BTCUSDT", as: 2).body.count == 0)
    let cancelled = driver.call("DELETE", "/api/v3/order", "symbol=BTCUSDT&orderId=\(id)&newClientOrderId=gone")
    #expect(
      cancelled.body.words("origClientOrderId", "clientOrderId", "orderId", "status") == "first gone \(id) CANCELED")
    let again = driver.call("DELETE", "/api/v3/order", "symbol=BTCUSDT&orderId=\(id)")
    #expect(again.status == 400 && again.code == -2011 && again.message == "Unknown order sent.")
    // It is found after its end.
    #expect(driver.call("GET", "/api/v3/order", "symbol=BTCUSDT&orderId=\(id)")["status"] == "CANCELED")
    #expect(driver.call("GET", "/api/v3/allOrders", "symbol=BTCUSDT").body.elements.map { $0.words("orderId") } == [id])
    #expect(driver.call("GET", "/api/v3/order", "symbol=BTCUSDT&orderId=99").code == -2013)
    #expect(driver.call("GET", "/api/v3/order", "symbol=BTCUSDT").code == -1102)
    let both = driver.call("GET", "/api/v3/order", "symbol=BTCUSDT&orderId=\(id)&origClientOrderId=other")
    #expect(both.code == -2039)
  }

  @Test func twoAccountsTradeAndNothingIsLost() {
    var driver = VenueDriver()
    let maker = driver.limit("SELL", "0.4", at: "60000", as: 2)
    driver.limit("SELL", "0.4", at: "60001", as: 2)
    let taker = driver.limit("BUY", "0.6", at: "60001")
    #expect(taker.body.words("status", "executedQty", "cummulativeQuoteQty") == "FILLED 0.60000000 36000.20000000")
    let fills = taker.body["fills"]?.elements ?? []
    #expect(
      fills.map { $0.words("price", "qty", "commission", "commissionAsset") } == [
        "60000.00000000 0.40000000 0.00040000 BTC", "60001.00000000 0.20000000 0.00020000 BTC",
      ])
    let sold = driver.call("GET", "/api/v3/order", "symbol=BTCUSDT&orderId=\(maker["orderId"])", as: 2)
    #expect(sold.body.words("status", "cummulativeQuoteQty") == "FILLED 24000.00000000")
    let trades = driver.call("GET", "/api/v3/myTrades", "symbol=BTCUSDT", as: 2).body.elements
    #expect(
      trades.map { $0.words("qty", "commission", "commissionAsset", "isBuyer", "isMaker") } == [
        "0.40000000 24.00000000 USDT false true", "0.20000000 12.00020000 USDT false true",
      ])
    // Both sides know a trade by the same number.
    let mine = driver.call("GET", "/api/v3/myTrades", "symbol=BTCUSDT").body.elements
    #expect(mine.map { $0.words("id") } == trades.map { $0.words("id") })
    #expect(mine.map { $0.words("id") } == fills.map { $0.words("tradeId") })
    let balances = driver.call("GET", "/api/v3/account").body["balances"]?.elements.map {
      $0.words("asset", "free", "locked")
    }
    #expect(balances == ["USDT 63999.80000000 0.00000000", "BTC 10.59940000 0.00000000"])
    #expect(driver.isSound == true)
  }

  @Test func balancesAreTheLedgersOwn() {
    var driver = VenueDriver()
    driver.limit("SELL", "1.2345", at: "60000.01", as: 2)
    driver.limit("BUY", "0.77777", at: "60000.01")
    driver.limit("BUY", "0.1", at: "55555.55")
    for account in 1...2 {
      let rows = driver.call("GET", "/api/v3/account", as: account).body["balances"]?.elements ?? []
      for row in rows {
        let (free, locked) = (Decimal(plain: row.words("free")), Decimal(plain: row.words("locked")))
        let units = (free?.exactMantissa(scale: 18) ?? 0) + (locked?.exactMantissa(scale: 18) ?? 0)
        let name = VenueOptions.name(of: account)
        let line = driver.ledger.first { $0.hasPrefix("balance \(name) spot \(row.words("asset")) total") }
        #expect(
          line
            == "balance \(name) spot \(row.words("asset")) total \(units) "
            + "locked \(locked?.exactMantissa(scale: 18) ?? 0)"
        )
      }
    }
    #expect(driver.isSound == true)
  }

  @Test func answersSayAsMuchAsWasAskedFor() {
    var driver = VenueDriver()
    driver.limit("SELL", "1", at: "60000", as: 2)
    let short = driver.limit("BUY", "0.1", at: "60000", "&newOrderRespType=ACK")
    #expect(short.body["status"] == nil && short.body["transactTime"] != nil)
    let middle = driver.limit("BUY", "0.1", at: "60000", "&newOrderRespType=RESULT")
    #expect(middle["status"] == "FILLED" && middle.body["fills"] == nil)
    let micro = driver.connect()
    let payload = "symbol=BTCUSDT&side=BUY&type=MARKET&quantity=0.1&timestamp=\(driver.milliseconds)"
    let answer = driver.send(
      HTTPRequest(
        method: "POST", target: "/api/v3/order",
        fields: [
          HTTPField(name: "x-mbx-apikey", value: driver.credential(1).key),
          HTTPField(name: "x-mbx-time-unit", value: "microsecond"),
        ], body: Array("\(payload)&signature=\(driver.signature(payload))".utf8)), on: micro)
    #expect(answer?["transactTime"].count == 16)
    #expect(answer?["status"] == "FILLED")
  }

  @Test func marketOrdersSpendWhatTheyAreGiven() {
    var driver = VenueDriver()
    driver.limit("SELL", "0.01", at: "60000", as: 2)
    driver.limit("SELL", "1", at: "60010", as: 2)
    let bought = driver.spot("BUY", "MARKET", "quoteOrderQty=1000")
    // 600 for the first level, then 399.97 of the 400 that are left.
    #expect(
      bought.body.words("status", "executedQty", "cummulativeQuoteQty", "origQuoteOrderQty")
        == "FILLED 0.01666000 999.66660000 1000.00000000")
    #expect(driver.spot("BUY", "MARKET", "quoteOrderQty=1").message == "Filter failure: NOTIONAL")
    #expect(driver.spot("BUY", "MARKET", "quantity=1&quoteOrderQty=100").code == -1128)
    #expect(driver.spot("BUY", "MARKET", "newOrderRespType=ACK").code == -1102)
    #expect(driver.spot("BUY", "MARKET", "quantity=1&price=5").code == -1106)
  }

  @Test func ordersThatMustFillAtOnceExpire() {
    var driver = VenueDriver()
    driver.limit("SELL", "0.1", at: "60000", as: 2)
    let part = driver.spot("BUY", "LIMIT", "timeInForce=IOC&quantity=0.3&price=60000")
    #expect(
      part.body.words("status", "executedQty", "expiryReason") == "EXPIRED 0.10000000 UNFILLED_IOC_QUANTITY_EXPIRED")
    driver.limit("SELL", "0.1", at: "60000", as: 2)
    let none = driver.spot("BUY", "LIMIT", "timeInForce=FOK&quantity=0.3&price=60000")
    #expect(none.body.words("status", "executedQty", "expiryReason") == "EXPIRED 0.00000000 UNFILLED_FOK_ORDER_EXPIRED")
    let maker = driver.spot("BUY", "LIMIT_MAKER", "quantity=0.3&price=60000")
    #expect(maker.code == -2010 && maker.message == "Order would immediately match and take.")
    #expect(driver.call("GET", "/api/v3/openOrders").body.count == 0)
  }

  @Test func refusalsAreTheExchangesWords() {
    var driver = VenueDriver()
    #expect(driver.limit("BUY", "100", at: "59000").message == "Account has insufficient balance for requested action.")
    #expect(driver.limit("BUY", "0.00001", at: "59000").message == "Filter failure: NOTIONAL")
    driver.limit("BUY", "0.1", at: "59000", "&newClientOrderId=twin")
    let twin = driver.limit("BUY", "0.1", at: "59000", "&newClientOrderId=twin")
    #expect(twin.code == -2010 && twin.message == "Duplicate order sent.")
    let stop = driver.spot("SELL", "STOP_LOSS", "quantity=0.1&stopPrice=61000")
    #expect(stop.code == -2010 && stop.message == "Order would trigger immediately.")
    #expect(driver.spot("SELL", "STOP_LOSS_LIMIT", "quantity=0.1&price=59000&timeInForce=GTC").code == -1102)
    #expect(driver.limit("BUY", "0.1", at: "59000", "&selfTradePreventionMode=DECREMENT").code == -1013)
    // What was refused is not counted, and not remembered.
    #expect(driver.call("GET", "/api/v3/allOrders", "symbol=BTCUSDT").body.count == 1)
    // An id is free again when its order has ended.
    driver.call("DELETE", "/api/v3/order", "symbol=BTCUSDT&origClientOrderId=twin")
    let next = driver.limit("BUY", "0.1", at: "59000", "&newClientOrderId=twin")
    #expect(next["status"] == "NEW")
    #expect(driver.call("GET", "/api/v3/order", "symbol=BTCUSDT&origClientOrderId=twin")["orderId"] == next["orderId"])
    #expect(driver.call("GET", "/api/v3/allOrders", "symbol=BTCUSDT").body.count == 2)
  }

  @Test func idsMayBeLongerThanTheExchangesOwn() {
    var driver = VenueDriver()
    let id = String(repeating: "a", count: 36)
    let placed = driver.limit("BUY", "0.1", at: "59000", "&newClientOrderId=\(id)")
    #expect(placed["clientOrderId"] == id)
    #expect(driver.call("DELETE", "/api/v3/order", "symbol=BTCUSDT&origClientOrderId=\(id)")["status"] == "CANCELED")
    #expect(driver.limit("BUY", "0.1", at: "59000", "&newClientOrderId=\(id)a").code == -1100)
    // One that was not given is made.
    #expect(driver.limit("BUY", "0.1", at: "59000")["clientOrderId"].count == 22)
  }

  @Test func aStopWaitsAndWorksWhenItsPriceComes() {
    var driver = VenueDriver()
    let stop = driver.spot("SELL", "STOP_LOSS_LIMIT", "quantity=0.1&stopPrice=59500&price=59400&timeInForce=GTC")
    #expect(stop.status == 200 && stop.body["status"] == nil)
    let query = "symbol=BTCUSDT&orderId=\(stop["orderId"])"
    #expect(
      driver.call("GET", "/api/v3/order", query).body.words("status", "isWorking", "stopPrice")
        == "NEW false 59500.00000000")
    driver.limit("BUY", "0.01", at: "59450", as: 2)
    driver.limit("SELL", "0.01", at: "59450", as: 3)
    #expect(driver.call("GET", "/api/v3/order", query).body.words("status", "isWorking") == "NEW true")
    driver.limit("BUY", "0.1", at: "59400", as: 2)
    #expect(
      driver.call("GET", "/api/v3/order", query).body.words("status", "cummulativeQuoteQty") == "FILLED 5940.00000000")
  }

  @Test func cancelReplaceHasThreeEnds() {
    var driver = VenueDriver()
    let old = driver.limit("BUY", "0.1", at: "59000", "&newClientOrderId=old")
    let order = "symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC&quantity=0.1"
    let both = driver.call(
      "POST", "/api/v3/order/cancelReplace",
      "\(order)&price=58000&cancelReplaceMode=STOP_ON_FAILURE&cancelOrderId=\(old["orderId"])&newClientOrderId=old")
    #expect(both.status == 200)
    #expect(both.body.words("cancelResult", "newOrderResult") == "SUCCESS SUCCESS")
    #expect(both.body["cancelResponse"]?.words("status", "origClientOrderId") == "CANCELED old")
    let new = both.body["newOrderResponse"]?.words("orderId") ?? ""
    #expect(both.body["newOrderResponse"]?.words("status", "clientOrderId") == "NEW old")
    // Nothing to cancel.
    let neither = driver.call(
      "POST", "/api/v3/order/cancelReplace", "\(order)&price=58000&cancelReplaceMode=STOP_ON_FAILURE&cancelOrderId=999")
    #expect(neither.status == 400 && neither.code == -2022)
    #expect(neither.body["data"]?.words("cancelResult", "newOrderResult") == "FAILURE NOT_ATTEMPTED")
    #expect(neither.body["data"]?["cancelResponse"]?.words("code") == "-2011")
    let half = driver.call(
      "POST", "/api/v3/order/cancelReplace", "\(order)&price=57000&cancelReplaceMode=ALLOW_FAILURE&cancelOrderId=999")
    #expect(half.status == 409 && half.code == -2021)
    #expect(half.body["data"]?.words("cancelResult", "newOrderResult") == "FAILURE SUCCESS")
    // The new order is refused by the exchange: the old one is gone all the same.
    let other = driver.call(
      "POST", "/api/v3/order/cancelReplace",
      "\(order.replacing("=0.1", with: "=90"))&price=57000&cancelReplaceMode=STOP_ON_FAILURE&cancelOrderId=\(new)")
    #expect(other.status == 409)
    #expect(other.body["data"]?.words("cancelResult", "newOrderResult") == "SUCCESS FAILURE")
    #expect(other.body["data"]?["newOrderResponse"]?.words("code") == "-2010")
    #expect(driver.call("GET", "/api/v3/openOrders").body.elements.map { $0.words("price") } == ["57000.00000000"])
  }

  @Test func anOrderIsMadeSmallerInItsPlace() {
    var driver = VenueDriver()
    let first = driver.limit("BUY", "0.3", at: "59000", "&newClientOrderId=big")
    driver.limit("BUY", "0.3", at: "59000", as: 2)
    let query = "symbol=BTCUSDT&orderId=\(first["orderId"])"
    let amended = driver.call("PUT", "/api/v3/order/amend/keepPriority", "\(query)&newQty=0.2&newClientOrderId=small")
    #expect(amended.status == 200)
    #expect(
      amended.body["amendedOrder"]?.words("origClientOrderId", "clientOrderId", "qty", "status")
        == "big small 0.20000000 NEW")
    let more = driver.call("PUT", "/api/v3/order/amend/keepPriority", "\(query)&newQty=0.4")
    #expect(more.code == -2038 && more.message == "Order amend (quantity increase) is not supported.")
    #expect(
      driver.call("GET", "/api/v3/order/amendments", query).body.elements.map { $0.words("origQty", "newQty") } == [
        "0.30000000 0.20000000"
      ])
    driver.limit("SELL", "0.2", at: "59000", as: 3)
    // It was still the first in the queue.
    #expect(driver.call("GET", "/api/v3/order", query).body.words("clientOrderId", "status") == "small FILLED")
  }

  @Test func allOpenOrdersOfASymbolGoAtOnce() {
    var driver = VenueDriver()
    for price in [59_000, 58_000, 57_000] { driver.limit("BUY", "0.1", at: "\(price)") }
    let cancelled = driver.call("DELETE", "/api/v3/openOrders", "symbol=BTCUSDT")
    #expect(
      cancelled.body.elements.map { $0.words("status", "price") } == [
        "CANCELED 59000.00000000", "CANCELED 58000.00000000", "CANCELED 57000.00000000",
      ])
    #expect(driver.call("DELETE", "/api/v3/openOrders", "symbol=BTCUSDT").code == -2011)
    #expect(driver.call("GET", "/api/v3/account").body["balances"]?.elements.first?.words("locked") == "0.00000000")
  }

  @Test func cancelsMayBeRestricted() {
    var driver = VenueDriver()
    let order = driver.limit("BUY", "0.2", at: "59000")
    let query = "symbol=BTCUSDT&orderId=\(order["orderId"])"
    let kept = driver.call("DELETE", "/api/v3/order", "\(query)&cancelRestrictions=ONLY_PARTIALLY_FILLED")
    #expect(kept.code == -2011 && kept.message == "Order was not canceled due to cancel restrictions.")
    #expect(driver.call("DELETE", "/api/v3/order", "\(query)&cancelRestrictions=MAYBE").code == -1145)
    #expect(driver.call("DELETE", "/api/v3/order", "\(query)&cancelRestrictions=ONLY_NEW")["status"] == "CANCELED")
  }

  @Test func anAccountDoesNotTradeWithItself() {
    var driver = VenueDriver()
    let maker = driver.limit("SELL", "0.1", at: "60000")
    let taker = driver.limit("BUY", "0.1", at: "60000", "&selfTradePreventionMode=EXPIRE_MAKER")
    #expect(taker.body.words("status", "selfTradePreventionMode") == "NEW EXPIRE_MAKER")
    let query = "symbol=BTCUSDT&orderId=\(maker["orderId"])"
    #expect(driver.call("GET", "/api/v3/order", query)["status"] == "EXPIRED_IN_MATCH")
    #expect(
      driver.limit("SELL", "0.1", at: "60000", as: 2, "&selfTradePreventionMode=EXPIRE_MAKER")["status"] == "FILLED")
  }

  @Test func aTestOrderLeavesNothing() {
    var driver = VenueDriver()
    let order = "symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC&quantity=1&price=59000"
    let answer = driver.call("POST", "/api/v3/order/test", order)
    #expect(answer.status == 200 && answer.body.count == 0)
    let rates = driver.call("POST", "/api/v3/order/test", order + "&computeCommissionRates=true")
    #expect(rates.body["standardCommissionForOrder"]?.words("maker") == "0.00100000")
    #expect(driver.call("GET", "/api/v3/openOrders").body.count == 0)
  }
}
