import OMSLib
import Testing

@testable import OMSVenue

/// The life of futures orders over REST and the WebSocket API.
@Suite struct FuturesTradingTests {
  @Test func anOrderRestsIsModifiedAndIsCancelled() {
    var driver = VenueDriver()
    let placed = driver.perp("BUY", "LIMIT", "timeInForce=GTC&quantity=0.5&price=59000&newClientOrderId=first")
    #expect(
      placed.body.words("status", "clientOrderId", "price", "origQty", "executedQty", "type", "positionSide")
        == "NEW first 59000.0 0.500 0.000 LIMIT BOTH")
    #expect(placed.body["avgPrice"] == nil && placed.body["cumQuote"] == nil)
    #expect(placed.body.words("selfTradePreventionMode", "priceMatch", "reduceOnly") == "EXPIRE_MAKER NONE false")
    #expect(placed.field("x-mbx-order-count-10s") == "1" && placed.field("x-mbx-order-count-1m") == "1")
    #expect(placed.field("x-mbx-used-weight-1m") == "0")
    let query = "symbol=BTCUSDT&orderId=\(placed["orderId"])"
    #expect(driver.call("GET", "/fapi/v1/openOrder", query)["avgPrice"] == "0.0")
    let change = "\(query)&side=BUY&quantity=0.4&price=58000"
    let modified = driver.call("PUT", "/fapi/v1/order", change + "&modifyId=77")
    #expect(
      modified.body.words("orderId", "status", "price", "origQty", "modifyId")
        == "\(placed["orderId"]) NEW 58000.0 0.400 77")
    let same = driver.call("PUT", "/fapi/v1/order", change)
    #expect(same.code == -5027)
    #expect(driver.call("PUT", "/fapi/v1/order", change + "&reduceOnly=true").code == -5047)
    #expect(driver.call("GET", "/fapi/v1/orderAmendment", query).body.count == 1)
    #expect(driver.call("DELETE", "/fapi/v1/order", query)["status"] == "CANCELED")
    #expect(driver.call("DELETE", "/fapi/v1/order", query).code == -2011)
    #expect(driver.call("GET", "/fapi/v1/openOrder", query).code == -2013)
    #expect(driver.call("GET", "/fapi/v1/order", query)["status"] == "CANCELED")
    #expect(driver.call("GET", "/fapi/v1/allOrders").body.count == 1)
    // What is one product's is not the other's.
    #expect(driver.call("GET", "/api/v3/allOrders", "symbol=BTCUSDT").body.count == 0)
  }

  @Test func aPositionIsOpenedAndClosedAtAProfit() {
    var driver = VenueDriver()
    driver.perpLimit("SELL", "0.5", at: "60000", as: 2)
    let bought = driver.perp("BUY", "MARKET", "quantity=0.5")
    #expect(bought.body.words("status", "executedQty") == "NEW 0.000")
    let found = driver.call("GET", "/fapi/v1/order", "symbol=BTCUSDT&orderId=\(bought["orderId"])")
    #expect(found.body.words("status", "avgPrice", "cumQuote", "executedQty") == "FILLED 60000.0 30000 0.500")
    let held = driver.call("GET", "/fapi/v3/positionRisk", "symbol=BTCUSDT").body.elements
    #expect(
      held.map { $0.words("positionAmt", "entryPrice", "positionSide", "notional") } == [
        "0.500 60000.0 BOTH 30000.00000000"
      ])
    #expect(held.first?.words("initialMargin", "breakEvenPrice") == "1500.00000000 60030.0")
    driver.perpLimit("BUY", "0.5", at: "61000", as: 2)
    let sold = driver.perp("SELL", "MARKET", "quantity=0.5&reduceOnly=true&newOrderRespType=RESULT")
    #expect(sold.body.words("status", "executedQty", "cumQty", "reduceOnly") == "FILLED 0.500 0.500 true")
    let trades = driver.call("GET", "/fapi/v1/userTrades", "symbol=BTCUSDT").body.elements
    #expect(
      trades.map { $0.words("side", "realizedPnl", "commission", "commissionAsset", "maker", "quoteQty") } == [
        "BUY 0.00000000 15.00000000 USDT false 30000.00", "SELL 500.00000000 15.25000000 USDT false 30500.00",
      ])
    let income = driver.call("GET", "/fapi/v1/income").body.elements.map { $0.words("incomeType", "income", "asset") }
    #expect(
      income == ["COMMISSION -15.00000000 USDT", "REALIZED_PNL 500.00000000 USDT", "COMMISSION -15.25000000 USDT"])
    #expect(driver.call("GET", "/fapi/v1/income", "incomeType=REALIZED_PNL").body.count == 1)
    let balance = driver.call("GET", "/fapi/v2/balance").body.elements.first
    #expect(balance?.words("balance", "availableBalance") == "100469.75000000 100469.75000000")
    #expect(driver.ledger.contains("balance main futures USDT total 100469750000000000000000 locked 0") == true)
    #expect(driver.isSound == true)
  }

  @Test func refusalsAreTheExchangesNumbers() {
    var driver = VenueDriver()
    driver.perpLimit("SELL", "0.5", at: "60000", as: 2)
    #expect(driver.perp("BUY", "STOP_MARKET", "quantity=1&stopPrice=61000").code == -4120)
    #expect(driver.perp("BUY", "MARKET", "quantity=0.1&reduceOnly=true").code == -2022)
    #expect(driver.perp("BUY", "LIMIT", "timeInForce=GTX&quantity=0.1&price=60000").code == -5022)
    #expect(driver.perp("BUY", "LIMIT", "timeInForce=FOK&quantity=0.9&price=60000").code == -5021)
    #expect(driver.perpLimit("BUY", "0.001", at: "2500").code == -4164)
    #expect(driver.perpLimit("BUY", "0.0001", at: "59000").code == -1111)
    #expect(driver.perpLimit("BUY", "0.1", at: "59000.05").code == -1111)
    #expect(driver.perpLimit("BUY", "0", at: "59000").code == -4003)
    #expect(driver.perpLimit("BUY", "100", at: "59000").code == -2019)
    #expect(driver.perp("BUY", "MARKET", "quantity=0.1&positionSide=LONG").code == -4061)
    #expect(driver.perp("BUY", "LIMIT", "timeInForce=GTD&quantity=0.1&price=59000&goodTillDate=1").code == -5040)
    #expect(driver.perp("BUY", "MARKET", "quantity=0.1&price=59000").code == -1106)
    driver.call("POST", "/fapi/v1/leverage", "symbol=BTCUSDT&leverage=50")
    #expect(driver.perpLimit("BUY", "900", at: "59000").code == -2027)
    // None of them left a trace.
    #expect(driver.call("GET", "/fapi/v1/allOrders", "symbol=BTCUSDT").body.count == 0)
  }

  @Test func pricesMayBeTheBooks() {
    var driver = VenueDriver()
    driver.perpLimit("SELL", "0.5", at: "60010", as: 2)
    driver.perpLimit("BUY", "0.5", at: "59990", as: 2)
    let queue = driver.perp("BUY", "LIMIT", "timeInForce=GTC&quantity=0.1&priceMatch=QUEUE")
    #expect(queue.body.words("price", "priceMatch") == "59990.0 QUEUE")
    let opponent = driver.perp(
      "BUY", "LIMIT", "timeInForce=IOC&quantity=0.1&priceMatch=OPPONENT&newOrderRespType=RESULT")
    #expect(opponent.body.words("price", "status") == "60010.0 FILLED")
    #expect(driver.perp("BUY", "LIMIT", "timeInForce=GTC&quantity=0.1&priceMatch=QUEUE_20").code == -5041)
    #expect(driver.perp("BUY", "LIMIT", "timeInForce=GTC&quantity=0.1&priceMatch=QUEUE&price=5").code == -5038)
  }

  @Test func batchesMixOrdersAndErrors() {
    var driver = VenueDriver()
    func row(_ price: String) -> String {
      "%7B%22symbol%22%3A%22BTCUSDT%22%2C%22side%22%3A%22BUY%22%2C%22type%22%3A%22LIMIT%22"
        + "%2C%22timeInForce%22%3A%22GTC%22"
        + "%2C%22quantity%22%3A%220.1%22%2C%22price%22%3A%22\(price)%22%7D"
    }
    let rows = [row("59000"), row("2"), row("58000")].joined(separator: "%2C")
    let placed = driver.call("POST", "/fapi/v1/batchOrders", "batchOrders=%5B\(rows)%5D")
    #expect(placed.body.elements.map { $0.words("status", "code") } == ["NEW -", "- -4164", "NEW -"])
    #expect(placed.field("x-mbx-order-count-10s") == "3" && placed.field("x-mbx-order-count-1m") == "1")
    let ids = placed.body.elements.compactMap { $0["orderId"]?.plain }
    let gone = driver.call(
      "DELETE", "/fapi/v1/batchOrders", "symbol=BTCUSDT&orderIdList=%5B\(ids[0])%2C5%2C\(ids[1])%5D")
    #expect(gone.body.elements.map { $0.words("status", "code") } == ["CANCELED -", "- -2011", "CANCELED -"])
    driver.perpLimit("BUY", "0.1", at: "59000")
    #expect(driver.call("DELETE", "/fapi/v1/allOpenOrders", "symbol=BTCUSDT")["code"] == "200")
    #expect(driver.call("GET", "/fapi/v1/openOrders").body.count == 0)
  }

  @Test func theCountdownCancels() {
    var driver = VenueDriver()
    driver.perpLimit("BUY", "0.1", at: "59000")
    driver.perpLimit("BUY", "0.1", at: "59000", as: 2)
    #expect(
      driver.call("POST", "/fapi/v1/countdownCancelAll", "symbol=BTCUSDT&countdownTime=5000")["countdownTime"] == "5000"
    )
    driver.pass(milliseconds: 4_000)
    driver.call("POST", "/fapi/v1/countdownCancelAll", "symbol=BTCUSDT&countdownTime=5000")
    driver.pass(milliseconds: 4_000)
    #expect(driver.call("GET", "/fapi/v1/openOrders", "symbol=BTCUSDT").body.count == 1)
    driver.pass(milliseconds: 2_000)
    #expect(driver.call("GET", "/fapi/v1/openOrders", "symbol=BTCUSDT").body.count == 0)
    #expect(driver.call("GET", "/fapi/v1/openOrders", "symbol=BTCUSDT", as: 2).body.count == 1)
  }

  @Test func callsTradeTheSame() {
    var driver = VenueDriver()
    let link = driver.open("/ws-fapi/v1", .usdm)
    let order = [
      ("symbol", "BTCUSDT"), ("side", "BUY"), ("type", "LIMIT"), ("timeInForce", "GTC"), ("quantity", "0.1"),
      ("price", "59000"), ("newClientOrderId", "ws"),
    ]
    #expect(
      driver.ask("order.place", order, on: link)?["result"]?.words("status", "selfTradePreventionMode") == "NEW NONE")
    let symbol = [("symbol", "BTCUSDT"), ("origClientOrderId", "ws")]
    let changed = driver.ask(
      "order.modify", symbol + [("side", "BUY"), ("quantity", "0.2"), ("price", "58000")], on: link)
    #expect(changed?["result"]?.words("origQty") == "0.200")
    #expect(driver.ask("order.status", symbol, on: link)?["result"]?.words("price") == "58000.0")
    #expect(driver.ask("order.cancel", symbol, on: link)?["result"]?.words("status") == "CANCELED")
    for method in ["account.position", "account.balance", "account.status"] {
      #expect(driver.ask(method, on: link)?.words("status") == "200")
      #expect(driver.ask("v2/\(method)", on: link)?.words("status") == "200")
    }
    driver.say(
      "{\"id\":1,\"method\":\"userDataStream.start\",\"params\":{\"apiKey\":\"\(driver.credential(1).key)\"}}", on: link
    )
    #expect(driver.take(link).last?["result"]?.words("listenKey").count == 64)
  }

  @Test func theLargestNumbersDoNoHarm() {
    var driver = VenueDriver()
    let dated = driver.perp("BUY", "LIMIT", "timeInForce=GTD&quantity=0.1&price=59000&goodTillDate=253402300798000")
    #expect(dated.body.words("status", "goodTillDate") == "NEW 253402300798000")
    driver.pass(milliseconds: 1_000)
    for price in ["999999999999999", "922337203685477", "1e14"] {
      #expect(driver.limit("SELL", "0.00001", at: price).status != 0)
      #expect(driver.perpLimit("SELL", "0.001", at: price).status != 0)
    }
    for number in ["99999999999999999999", "-1", "1e400", "0x1", "9223372036854775807"] {
      #expect(driver.limit("BUY", number, at: number).status == 400)
      #expect(driver.call("GET", "/api/v3/order", "symbol=BTCUSDT&orderId=\(number)").status == 400)
      #expect(driver.call("GET", "/api/v3/myTrades", "symbol=BTCUSDT&startTime=\(number)").status != 0)
      #expect(
        driver.call("POST", "/fapi/v1/countdownCancelAll", "symbol=BTCUSDT&countdownTime=\(number)").status == 400)
      #expect(driver.call("POST", "/fapi/v1/leverage", "symbol=BTCUSDT&leverage=\(number)").status == 400)
    }
    #expect(driver.isSound == true)
  }
}
