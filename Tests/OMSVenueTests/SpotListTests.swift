import OMSLib
import Testing

@testable import OMSVenue

/// Order lists, which the exchange itself does not have.
@Suite struct SpotListTests {
  private static let oco =
    "symbol=BTCUSDT&side=SELL&quantity=10&aboveType=LIMIT_MAKER&abovePrice=61000&belowType=STOP_LOSS_LIMIT"
    + "&belowStopPrice=59000&belowPrice=58900&belowTimeInForce=GTC&aboveClientOrderId=up&belowClientOrderId=down"
    + "&listClientOrderId=pair"

  private func states(_ driver: inout VenueDriver) -> [String] {
    driver.call("GET", "/api/v3/allOrders", "symbol=BTCUSDT").body.elements.map { $0.words("clientOrderId", "status") }
      .sorted()
  }

  @Test func theBaseIsLockedOnce() {
    var driver = VenueDriver()
    let placed = driver.call("POST", "/api/v3/orderList/oco", Self.oco)
    #expect(placed.status == 200)
    #expect(
      placed.body.words("contingencyType", "listStatusType", "listOrderStatus", "listClientOrderId")
        == "OCO EXEC_STARTED EXECUTING pair")
    #expect(placed.body["orders"]?.elements.map { $0.words("clientOrderId") } == ["up", "down"])
    #expect(
      placed.body["orderReports"]?.elements.map { $0.words("clientOrderId", "status", "type") } == [
        "up NEW LIMIT_MAKER", "down NEW STOP_LOSS_LIMIT",
      ])
    let base = driver.call("GET", "/api/v3/account").body["balances"]?.elements.last
    #expect(base?.words("asset", "free", "locked") == "BTC 0.00000000 10.00000000")
    #expect(driver.call("GET", "/api/v3/openOrders").body.count == 2)
    let id = placed["orderListId"]
    let gone = driver.call("DELETE", "/api/v3/orderList", "symbol=BTCUSDT&orderListId=\(id)")
    #expect(gone.body.words("listStatusType", "listOrderStatus") == "ALL_DONE ALL_DONE")
    #expect(gone.body["orderReports"]?.elements.map { $0.words("status") } == ["CANCELED", "CANCELED"])
    #expect(driver.call("GET", "/api/v3/openOrders").body.count == 0)
    #expect(driver.call("GET", "/api/v3/orderList", "orderListId=\(id)")["listOrderStatus"] == "ALL_DONE")
    #expect(driver.call("DELETE", "/api/v3/orderList", "symbol=BTCUSDT&orderListId=\(id)").code == -2011)
  }

  @Test func theFillOfOneLegEndsTheOther() {
    var driver = VenueDriver()
    let link = driver.open("/ws-api/v3")
    _ = driver.ask("userDataStream.subscribe.signature", on: link)
    driver.call("POST", "/api/v3/orderList/oco", Self.oco)
    #expect(
      driver.events(link).map { $0.words("e", "x", "c") }.prefix(3) == [
        "listStatus - OCO", "executionReport NEW down", "executionReport NEW up",
      ])
    driver.limit("BUY", "1", at: "61000", as: 2)
    let told = driver.events(link).map { $0.words("e", "x", "X", "eR") }
    #expect(
      told.prefix(2) == ["executionReport TRADE PARTIALLY_FILLED -", "executionReport EXPIRED EXPIRED OCO_TRIGGER"])
    #expect(told.contains("listStatus - - -"))
    #expect(states(&driver) == ["down EXPIRED", "up PARTIALLY_FILLED"])
  }

  @Test func theStopTakesTheLimitsPlace() {
    var driver = VenueDriver()
    driver.call("POST", "/api/v3/orderList/oco", Self.oco)
    let id = driver.call("GET", "/api/v3/order", "symbol=BTCUSDT&origClientOrderId=down")["orderId"]
    driver.limit("BUY", "0.01", at: "58950", as: 2)
    driver.limit("SELL", "0.01", at: "58950", as: 3)
    #expect(states(&driver) == ["down NEW", "up EXPIRED"])
    let stop = driver.call("GET", "/api/v3/order", "symbol=BTCUSDT&orderId=\(id)")
    #expect(stop.body.words("clientOrderId", "isWorking") == "down true")
    #expect(driver.call("GET", "/api/v3/openOrderList").body.count == 0)
    driver.limit("BUY", "1", at: "58900", as: 2)
    // It trades under the number that it had from the beginning.
    #expect(
      driver.call("GET", "/api/v3/myTrades", "symbol=BTCUSDT&orderId=\(id)").body.elements.map {
        $0.words("orderId", "qty")
      } == ["\(id) 1.00000000"])
    #expect(driver.isSound == true)
  }

  @Test func theCancelOfALegEndsTheList() {
    var driver = VenueDriver()
    driver.call("POST", "/api/v3/orderList/oco", Self.oco)
    #expect(driver.call("DELETE", "/api/v3/order", "symbol=BTCUSDT&origClientOrderId=down")["status"] == "CANCELED")
    #expect(states(&driver) == ["down CANCELED", "up CANCELED"])
    let second = Self.oco.replacing("=up", with: "=up2").replacing("=down", with: "=down2")
    driver.call("POST", "/api/v3/orderList/oco", second)
    #expect(
      driver.call("DELETE", "/api/v3/openOrders", "symbol=BTCUSDT").body.elements.map { $0.words("listOrderStatus") }
        == ["ALL_DONE"])
    #expect(states(&driver) == ["down CANCELED", "down2 CANCELED", "up CANCELED", "up2 CANCELED"])
  }

  @Test func pricesStandOnBothSidesOfTheMarket() {
    var driver = VenueDriver()
    let bad = driver.call(
      "POST", "/api/v3/orderList/oco", Self.oco.replacing("StopPrice=59000", with: "StopPrice=60500"))
    #expect(bad.code == -2010 && bad.message == "The relationship of the prices for the orders is not correct.")
    #expect(driver.call("GET", "/api/v3/allOrders", "symbol=BTCUSDT").body.count == 0)
    #expect(
      driver.call("POST", "/api/v3/orderList/oco", Self.oco.replacing("STOP_LOSS_LIMIT", with: "TAKE_PROFIT_LIMIT"))
        .code == -1014)
  }

  @Test func thePendingLegFollowsTheWorkingOne() {
    var driver = VenueDriver()
    let link = driver.open("/ws-api/v3")
    _ = driver.ask("userDataStream.subscribe.signature", on: link)
    let placed = driver.call(
      "POST", "/api/v3/orderList/oto",
      "symbol=BTCUSDT&workingType=LIMIT&workingSide=BUY&workingPrice=59000&workingQuantity=0.5&workingTimeInForce=GTC"
        + "&pendingType=LIMIT&pendingSide=SELL&pendingPrice=62000&pendingQuantity=0.4&pendingTimeInForce=GTC"
        + "&workingClientOrderId=in&pendingClientOrderId=out")
    #expect(
      placed.body["orderReports"]?.elements.map { $0.words("clientOrderId", "status") } == [
        "in NEW", "out PENDING_NEW",
      ])
    driver.limit("SELL", "0.2", at: "59000", as: 2)
    #expect(states(&driver) == ["in PARTIALLY_FILLED", "out PENDING_NEW"])
    driver.limit("SELL", "0.3", at: "59000", as: 2)
    #expect(states(&driver) == ["in FILLED", "out NEW"])
    driver.limit("BUY", "0.4", at: "62000", as: 2)
    #expect(states(&driver) == ["in FILLED", "out FILLED"])
    let lists = driver.events(link).filter { $0.words("e") == "listStatus" }.map { $0.words("c", "l", "L") }
    #expect(lists == ["OTO EXEC_STARTED EXECUTING", "OTO ALL_DONE ALL_DONE"])
  }

  @Test func aPendingLegEndsWithTheWorkingOne() {
    var driver = VenueDriver()
    driver.call(
      "POST", "/api/v3/orderList/oto",
      "symbol=BTCUSDT&workingType=LIMIT&workingSide=BUY&workingPrice=59000&workingQuantity=0.5&workingTimeInForce=IOC"
        + "&pendingType=MARKET&pendingSide=SELL&pendingQuantity=0.4&workingClientOrderId=in&pendingClientOrderId=out")
    #expect(states(&driver) == ["in EXPIRED", "out EXPIRED"])
    let out = driver.call("GET", "/api/v3/order", "symbol=BTCUSDT&origClientOrderId=out")
    #expect(out["expiryReason"] == "OTO_PHASE_ONE_EXPIRED")
  }

  @Test func aPairMayBePending() {
    var driver = VenueDriver()
    driver.call(
      "POST", "/api/v3/orderList/otoco",
      "symbol=BTCUSDT&workingType=LIMIT&workingSide=BUY&workingPrice=59900&workingQuantity=0.5&workingTimeInForce=GTC"
        + "&pendingSide=SELL&pendingQuantity=0.4&pendingAboveType=LIMIT_MAKER&pendingAbovePrice=61000"
        + "&pendingBelowType=STOP_LOSS&pendingBelowStopPrice=59000&workingClientOrderId=in"
        + "&pendingAboveClientOrderId=up&pendingBelowClientOrderId=down")
    #expect(states(&driver) == ["down PENDING_NEW", "in NEW", "up PENDING_NEW"])
    driver.limit("SELL", "0.5", at: "59900", as: 2)
    #expect(states(&driver) == ["down NEW", "in FILLED", "up NEW"])
    // The stop sells at the market.
    driver.limit("BUY", "0.5", at: "58000", as: 2)
    driver.limit("SELL", "0.1", at: "58000", as: 3)
    #expect(states(&driver) == ["down FILLED", "in FILLED", "up EXPIRED"])
    #expect(driver.isSound == true)
  }

  @Test func whatABrokenLinkHidWasFollowedAfterIt() {
    var driver = VenueDriver()
    driver.call(
      "POST", "/api/v3/orderList/oto",
      "symbol=BTCUSDT&workingType=LIMIT&workingSide=BUY&workingPrice=59000&workingQuantity=0.5&workingTimeInForce=GTC"
        + "&pendingType=LIMIT&pendingSide=SELL&pendingPrice=62000&pendingQuantity=0.4&pendingTimeInForce=GTC"
        + "&workingClientOrderId=in&pendingClientOrderId=out")
    // The order fills while nobody hears of it.
    driver.server.venue.inject(.disconnect(nanoseconds: 1_000_000_000), now: driver.time.now)
    var control = ExchangeControl(.addLevel)
    (control.instrument, control.price, control.quantity) = (1, 5_900_000, 60_000)
    control.sideRaw = Side.sell.rawValue
    driver.steer(control)
    driver.pass(milliseconds: 2_000)
    driver.pass(milliseconds: 1)
    #expect(states(&driver) == ["in FILLED", "out NEW"])
  }
}
