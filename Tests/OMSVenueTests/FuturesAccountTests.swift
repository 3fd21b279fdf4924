import OMSLib
import Testing

@testable import OMSVenue

/// Settings, conditional orders and user data of futures accounts.
@Suite struct FuturesAccountTests {
  // MARK: - Settings

  @Test func leverageAndMarginAreSet() {
    var driver = VenueDriver()
    let link = driver.listen()
    let set = driver.call("POST", "/fapi/v1/leverage", "symbol=BTCUSDT&leverage=7")
    #expect(set.body.words("symbol", "leverage", "maxNotionalValue") == "BTCUSDT 7 230000000")
    #expect(driver.take(link).first?["ac"]?.words("s", "l") == "BTCUSDT 7")
    #expect(driver.call("POST", "/fapi/v1/leverage", "symbol=BTCUSDT&leverage=500").code == -4028)
    #expect(driver.call("POST", "/fapi/v1/marginType", "symbol=BTCUSDT&marginType=CROSSED").code == -4046)
    #expect(
      driver.call("POST", "/fapi/v1/marginType", "symbol=BTCUSDT&marginType=ISOLATED").body.words("code", "msg")
        == "200 success")
    let config = driver.call("GET", "/fapi/v1/symbolConfig", "symbol=BTCUSDT").body.elements.first
    #expect(config?.words("marginType", "leverage") == "ISOLATED 7")
    driver.perpLimit("BUY", "0.1", at: "59000")
    #expect(driver.call("POST", "/fapi/v1/marginType", "symbol=BTCUSDT&marginType=CROSSED").code == -4047)
    driver.perpLimit("SELL", "0.1", at: "59000", as: 2)
    #expect(driver.call("POST", "/fapi/v1/marginType", "symbol=BTCUSDT&marginType=CROSSED").code == -4048)
    let old = driver.call("GET", "/fapi/v2/positionRisk", "symbol=BTCUSDT").body.elements.first
    #expect(old?.words("marginType", "leverage", "positionAmt") == "isolated 7 0.100")
    let before = driver.server.venue.exchange.position(of: driver.credential(1).account, 2, lane: 0).isolatedWallet
    let added = driver.call("POST", "/fapi/v1/positionMargin", "symbol=BTCUSDT&amount=100.5&type=1")
    #expect(added.body.words("amount", "code", "type") == "100.5 200 1")
    let after = driver.server.venue.exchange.position(of: driver.credential(1).account, 2, lane: 0).isolatedWallet
    #expect((after - before).decimalString == "100.5")
    #expect(driver.call("POST", "/fapi/v1/positionMargin", "symbol=BTCUSDT&amount=5000&type=2").code == -2019)
    #expect(driver.call("POST", "/fapi/v1/positionMargin", "symbol=BTCUSDT&amount=900000&type=1").code == -2019)
    #expect(driver.call("POST", "/fapi/v1/positionMargin", "symbol=BTCUSDT&amount=50&type=2").status == 200)
    #expect(driver.isSound == true)
  }

  @Test func positionsMayLieSideBySide() {
    var driver = VenueDriver()
    #expect(driver.call("GET", "/fapi/v1/positionSide/dual")["dualSidePosition"] == "false")
    #expect(driver.call("POST", "/fapi/v1/positionSide/dual", "dualSidePosition=false").code == -4059)
    driver.perpLimit("BUY", "0.1", at: "59000")
    #expect(driver.call("POST", "/fapi/v1/positionSide/dual", "dualSidePosition=true").code == -4067)
    driver.call("DELETE", "/fapi/v1/allOpenOrders", "symbol=BTCUSDT")
    #expect(driver.call("POST", "/fapi/v1/positionSide/dual", "dualSidePosition=true")["code"] == "200")
    driver.perpLimit("SELL", "0.3", at: "60000", as: 2)
    driver.perpLimit("BUY", "0.2", at: "59990", as: 2)
    #expect(driver.perp("BUY", "MARKET", "quantity=0.3").code == -4061)
    driver.perp("BUY", "MARKET", "quantity=0.3&positionSide=LONG")
    driver.perp("SELL", "MARKET", "quantity=0.2&positionSide=SHORT")
    let held = driver.call("GET", "/fapi/v3/positionRisk").body.elements.map {
      $0.words("positionSide", "positionAmt", "entryPrice")
    }
    #expect(held == ["LONG 0.300 60000.0", "SHORT -0.200 59990.0"])
    #expect(driver.call("POST", "/fapi/v1/positionSide/dual", "dualSidePosition=false").code == -4068)
  }

  @Test func pagesAddUp() {
    var driver = VenueDriver()
    driver.perpLimit("SELL", "0.5", at: "60100", as: 2)
    driver.perp("BUY", "MARKET", "quantity=0.5")
    driver.perpLimit("BUY", "0.1", at: "59000")
    for version in ["v2", "v3"] {
      let page = driver.call("GET", "/fapi/\(version)/account").body
      let total = Decimal(plain: page.words("totalWalletBalance"))
      #expect(total?.description == "99984.97500000")
      #expect(page.words("totalUnrealizedProfit", "totalMarginBalance") == "-50.00000000 99934.97500000")
      #expect(page["positions"]?.elements.first?.words("positionAmt") == "0.500")
      #expect(page["assets"]?.elements.first?.words("walletBalance") == page.words("totalWalletBalance"))
    }
    #expect(driver.call("GET", "/fapi/v3/account", as: 3).body["positions"]?.count == 0)
    #expect(
      driver.call("GET", "/fapi/v1/commissionRate", "symbol=BTCUSDT").body.words(
        "makerCommissionRate", "takerCommissionRate") == "0.0002 0.0005")
    let brackets = driver.call("GET", "/fapi/v1/leverageBracket", "symbol=BTCUSDT").body.elements.first?["brackets"]
    #expect(
      brackets?.elements.first?.words("bracket", "initialLeverage", "notionalCap", "maintMarginRatio", "cum")
        == "1 125 50000 0.004 0.0")
    #expect(driver.call("GET", "/fapi/v1/accountConfig")["dualSidePosition"] == "false")
    #expect(driver.call("GET", "/fapi/v1/multiAssetsMargin")["multiAssetsMargin"] == "false")
    #expect(driver.call("GET", "/fapi/v1/feeBurn")["feeBurn"] == "false")
    #expect(
      driver.call("GET", "/fapi/v1/rateLimit/order").body.elements.map { $0.words("interval", "limit") } == [
        "SECOND 300", "MINUTE 1200",
      ])
  }

  // MARK: - Conditional orders

  private static let stop =
    "algoType=CONDITIONAL&symbol=BTCUSDT&side=SELL&type=STOP_MARKET&quantity=0.1&triggerPrice=59500&clientAlgoId=stop"

  @Test func aConditionalOrderWaitsOutsideTheEngine() {
    var driver = VenueDriver()
    let placed = driver.call("POST", "/fapi/v1/algoOrder", Self.stop)
    #expect(
      placed.body.words("clientAlgoId", "algoStatus", "orderType", "triggerPrice", "workingType")
        == "stop NEW STOP_MARKET 59500.0 CONTRACT_PRICE")
    #expect(driver.call("GET", "/fapi/v1/openOrders").body.count == 0)
    #expect(driver.call("GET", "/fapi/v1/allOrders", "symbol=BTCUSDT").body.count == 0)
    let open = driver.call("GET", "/fapi/v1/openAlgoOrders", "symbol=BTCUSDT").body.elements
    #expect(open.map { $0.words("algoId", "actualOrderId") } == ["\(placed["algoId"]) "])
    // All open orders are not those that wait.
    driver.call("DELETE", "/fapi/v1/allOpenOrders", "symbol=BTCUSDT")
    #expect(driver.call("GET", "/fapi/v1/openAlgoOrders").body.count == 1)
    #expect(driver.call("POST", "/fapi/v1/algoOrder", Self.stop).code == -4116)
    let gone = driver.call("DELETE", "/fapi/v1/algoOrder", "algoId=\(placed["algoId"])")
    #expect(gone.body.words("clientAlgoId", "code") == "stop 200")
    #expect(driver.call("DELETE", "/fapi/v1/algoOrder", "algoId=\(placed["algoId"])").code == -2011)
    #expect(driver.call("GET", "/fapi/v1/algoOrder", "algoId=\(placed["algoId"])")["algoStatus"] == "CANCELED")
    #expect(driver.call("POST", "/fapi/v1/algoOrder", Self.stop.replacing("59500", with: "60500")).code == -2021)
    #expect(driver.call("POST", "/fapi/v1/algoOrder", Self.stop + "&workingType=MARK_PRICE").code == -1130)
    let trailing = driver.call(
      "POST", "/fapi/v1/algoOrder",
      "algoType=CONDITIONAL&symbol=BTCUSDT&side=SELL&type=TRAILING_STOP_MARKET&quantity=0.1&callbackRate=0.5"
        + "&activatePrice=60500"
    )
    #expect(trailing.body.words("callbackRate", "activatePrice") == "0.5 60500.0")
    #expect(driver.call("DELETE", "/fapi/v1/algoOpenOrders", "symbol=BTCUSDT")["code"] == "200")
    #expect(
      driver.call("GET", "/fapi/v1/allAlgoOrders", "symbol=BTCUSDT").body.elements.map { $0.words("algoStatus") } == [
        "CANCELED", "CANCELED",
      ])
  }

  @Test func aTriggeredOrderGetsANumberOfTheEngine() {
    var driver = VenueDriver()
    let link = driver.listen()
    let placed = driver.call("POST", "/fapi/v1/algoOrder", Self.stop)
    driver.perpLimit("BUY", "0.05", at: "59400", as: 2)
    driver.perpLimit("BUY", "0.2", at: "59300", as: 2)
    driver.perpLimit("SELL", "0.05", at: "59400", as: 3)
    let told = driver.take(link)
    let states = told.compactMap { $0.words("e") == "ALGO_UPDATE" ? $0["o"]?.words("X") : nil }
    #expect(states == ["NEW", "TRIGGERING", "TRIGGERED", "FINISHED"])
    let orders = told.compactMap {
      $0.words("e") == "ORDER_TRADE_UPDATE" ? $0["o"]?.words("x", "X", "o", "ot", "L") : nil
    }
    #expect(orders == ["NEW NEW MARKET STOP_MARKET 0.0", "TRADE FILLED MARKET STOP_MARKET 59300.0"])
    let algo = driver.call("GET", "/fapi/v1/algoOrder", "algoId=\(placed["algoId"])").body
    #expect(algo.words("algoStatus", "actualPrice", "actualQty", "actualType") == "FINISHED 59300.0 0.100 MARKET")
    let order = driver.call("GET", "/fapi/v1/order", "symbol=BTCUSDT&orderId=\(algo.words("actualOrderId"))")
    #expect(order.body.words("status", "type", "origType", "clientOrderId") == "FILLED MARKET STOP_MARKET stop")
  }

  @Test func aRefusedTriggerIsTold() {
    var driver = VenueDriver()
    let link = driver.listen()
    driver.call(
      "POST", "/fapi/v1/algoOrder",
      Self.stop.replacing("=0.1&", with: "=90&").replacing("STOP_MARKET", with: "STOP") + "&price=59000")
    driver.perpLimit("BUY", "0.05", at: "59400", as: 2)
    driver.perpLimit("SELL", "0.05", at: "59400", as: 3)
    let last = driver.take(link).last
    #expect(last?["o"]?.words("X", "rm") == "REJECTED Margin is insufficient.")
    #expect(driver.call("GET", "/fapi/v1/allOrders", "symbol=BTCUSDT").body.count == 0)
  }

  // MARK: - User data

  @Test func tradesAreToldInOrder() {
    var driver = VenueDriver()
    let link = driver.listen()
    driver.perpLimit("SELL", "0.5", at: "60000", as: 2)
    let order = driver.perp("BUY", "MARKET", "quantity=0.5&newClientOrderId=mine")
    let told = driver.take(link)
    #expect(told.map { $0.words("e") } == ["ORDER_TRADE_UPDATE", "TRADE_LITE", "ACCOUNT_UPDATE", "ORDER_TRADE_UPDATE"])
    #expect(told[0]["o"]?.words("x", "X", "c", "i", "z") == "NEW NEW mine \(order["orderId"]) 0.000")
    #expect(
      told[3]["o"]?.words("x", "X", "l", "L", "ap", "n", "N", "rp", "m")
        == "TRADE FILLED 0.500 60000.0 60000.0 15.00000000 USDT 0 false")
    #expect(told[1].words("c", "S", "l", "L", "t") == "mine BUY 0.500 60000.0 \(told[3]["o"]?.words("t") ?? "")")
    #expect(told[2]["a"]?.words("m") == "ORDER")
    #expect(
      told[2]["a"]?["B"]?.elements.map { $0.words("a", "wb", "cw", "bc") } == ["USDT 99985.00000000 99985.00000000 0"])
    #expect(
      told[2]["a"]?["P"]?.elements.map { $0.words("s", "pa", "ep", "mt", "ps") } == ["BTCUSDT 0.500 60000.0 cross BOTH"]
    )
    let balance = driver.call("GET", "/fapi/v3/balance").body.elements.first
    #expect(balance?.words("balance") == "99985.00000000")
  }

  @Test func listenKeysLiveAnHour() {
    var driver = VenueDriver()
    let key = HTTPField(name: "x-mbx-apikey", value: driver.credential(1).key)
    #expect(driver.send("PUT", "/fapi/v1/listenKey", .usdm, fields: [key]).code == -1125)
    let first = driver.send("POST", "/fapi/v1/listenKey", .usdm, fields: [key])["listenKey"]
    #expect(driver.send("POST", "/fapi/v1/listenKey", .usdm, fields: [key])["listenKey"] == first)
    // Every way to it: by path, by query, by name, and with several accounts on one connection.
    let raw = driver.open("/ws/\(first)", .usdm)
    let some = driver.open("/private/ws?listenKey=\(first)&events=ORDER_TRADE_UPDATE", .usdm)
    let other = driver.send(
      "POST", "/fapi/v1/listenKey", .usdm, fields: [HTTPField(name: "x-mbx-apikey", value: driver.credential(2).key)])[
        "listenKey"]
    let both = driver.open("/private/stream?listenKey=\(first)&listenKey=\(other)", .usdm)
    let later = driver.open("/private/stream", .usdm)
    driver.say("{\"method\":\"SUBSCRIBE\",\"params\":[\"\(first)\"],\"id\":3}", on: later)
    #expect(driver.take(later).first?.words("result", "id") == "null 3")
    driver.perpLimit("SELL", "0.1", at: "60000", as: 2)
    driver.perp("BUY", "MARKET", "quantity=0.1")
    #expect(
      driver.take(raw).map { $0.words("e") } == [
        "ORDER_TRADE_UPDATE", "TRADE_LITE", "ACCOUNT_UPDATE", "ORDER_TRADE_UPDATE",
      ])
    #expect(driver.take(some).map { $0.words("e") } == ["ORDER_TRADE_UPDATE", "ORDER_TRADE_UPDATE"])
    #expect(driver.take(later).allSatisfy { $0.words("stream") == first && $0["data"] != nil })
    #expect(Set(driver.take(both).map { $0.words("stream") }) == [first, other])
    driver.pass(milliseconds: 1_800_000)
    #expect(driver.send("PUT", "/fapi/v1/listenKey", .usdm, fields: [key])["listenKey"] == first)
    _ = driver.take(raw)
    driver.pass(milliseconds: 3_599_000)
    #expect(driver.take(raw).count == 0)
    driver.pass(milliseconds: 1_000)
    #expect(driver.take(raw).map { $0.words("e", "listenKey") } == ["listenKeyExpired \(first)"])
    let second = driver.send("POST", "/fapi/v1/listenKey", .usdm, fields: [key])["listenKey"]
    #expect(second != first)
    #expect(driver.send("DELETE", "/fapi/v1/listenKey", .usdm, fields: [key]).status == 200)
  }

  @Test func aLiquidationIsToldAsOne() {
    var driver = VenueDriver()
    let link = driver.listen()
    for account in 1...2 { driver.call("POST", "/fapi/v1/leverage", "symbol=BTCUSDT&leverage=50", as: account) }
    driver.perpLimit("SELL", "50", at: "60000", as: 2)
    driver.perp("BUY", "MARKET", "quantity=50")
    _ = driver.take(link)
    var control = ExchangeControl(.setPrice)
    control.instrument = 2
    control.price = 580_000
    driver.steer(control)
    driver.pass(milliseconds: 2_000)
    let told = driver.take(link)
    let orders = told.compactMap { $0.words("e") == "ORDER_TRADE_UPDATE" ? $0["o"] : nil }
    #expect(orders.first?.words("x", "X") == "NEW NEW")
    #expect(orders.last?.words("x", "X", "S", "f") == "CALCULATED FILLED SELL IOC")
    #expect(orders.allSatisfy { $0.words("c").hasPrefix("autoclose-") })
    let forced = driver.call("GET", "/fapi/v1/forceOrders", "symbol=BTCUSDT&autoCloseType=LIQUIDATION").body.elements
    #expect(forced.map { $0.words("status") } == ["FILLED"])
    #expect(driver.call("GET", "/fapi/v3/positionRisk").body.count == 0)
    #expect(driver.isSound == true)
  }

  @Test func moneyThatComesIsTold() {
    var driver = VenueDriver()
    let link = driver.listen()
    let spot = driver.open("/ws-api/v3")
    _ = driver.ask("userDataStream.subscribe.signature", on: spot)
    var control = ExchangeControl(.transfer)
    (control.account, control.other) = (driver.credential(1).account, driver.credential(1).account)
    (control.asset, control.amount) = (1, Money(250))
    (control.walletRaw, control.otherWalletRaw) = (Wallet.spot.rawValue, Wallet.futures.rawValue)
    driver.steer(control)
    driver.pass(milliseconds: 1)
    #expect(driver.take(link).map { $0["a"]?.words("m") } == ["DEPOSIT"])
    #expect(
      driver.events(spot).map { $0.words("e", "a", "d") } == [
        "balanceUpdate USDT -250.00000000", "outboundAccountPosition - -",
      ])
    #expect(
      driver.call("GET", "/fapi/v1/income", "incomeType=TRANSFER").body.elements.map { $0.words("income") } == [
        "250.00000000"
      ])
  }
}
