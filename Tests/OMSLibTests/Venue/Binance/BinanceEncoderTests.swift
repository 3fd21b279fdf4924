import Testing

@testable import OMSLib

/// Orders in the venue's words.
@Suite struct BinanceEncoderTests {
  private typealias Fixture = BinanceFixture
  private let wire = "1abcde0123456789abcdefghijklmnop"

  private func spot(_ request: VenueRequest) throws -> [String: String] {
    var call = BinanceCall(SpotEndpoint.ping)
    try SpotEncoder.place(request, Fixture.bitcoin, into: &call)
    #expect(call.endpoint == SpotEndpoint.place)
    let names = call.parameters.entries.map(\.name)
    #expect(names == names.sorted(), "in the order they are signed in")
    return call.pairs
  }

  private func futures(_ request: VenueRequest) throws -> (BinanceEndpoint, [String: String]) {
    var call = BinanceCall(FuturesEndpoint.ping)
    try FuturesEncoder.place(request, Fixture.perpetual, into: &call)
    let names = call.parameters.entries.map(\.name)
    #expect(names == names.sorted(), "in the order they are signed in")
    return (call.endpoint, call.pairs)
  }

  @Test func aLimitOrderOfSpot() throws {
    #expect(
      try spot(Fixture.order())
        == [
          "symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "price": "31000",
          "quantity": "0.02", "newClientOrderId": wire, "newOrderRespType": "FULL", "selfTradePreventionMode": "NONE",
        ])
  }

  @Test(arguments: [(TimeInForce.ioc, "IOC"), (.fok, "FOK")])
  func immediateOrders(force: TimeInForce, word: String) throws {
    #expect(try spot(Fixture.order(timeInForce: force))["timeInForce"] == word)
    #expect(try futures(Fixture.order(timeInForce: force)).1["timeInForce"] == word)
  }

  @Test func postOnlyIsAKindOnSpotAndATimeInForceOnFutures() throws {
    let order = Fixture.order(flags: .postOnly)
    let pairs = try spot(order)
    #expect(pairs["type"] == "LIMIT_MAKER" && pairs["timeInForce"] == nil)
    #expect(try futures(order).1["timeInForce"] == "GTX")
    var both = order
    both.timeInForceRaw = TimeInForce.gtd.rawValue
    both.expiresAt = UTCTime(nanoseconds: 1_800_000_000_000_000_000)
    #expect(throws: BinanceEncodingError.postOnly) { try futures(both) }
  }

  @Test(arguments: [
    (OrderKind.stopMarket, "STOP_LOSS", "STOP_MARKET"), (.stopLimit, "STOP_LOSS_LIMIT", "STOP"),
    (.takeProfitMarket, "TAKE_PROFIT", "TAKE_PROFIT_MARKET"), (.takeProfitLimit, "TAKE_PROFIT_LIMIT", "TAKE_PROFIT"),
  ])
  func stopsGoToTheAlgoServiceOfFutures(kind: OrderKind, onSpot: String, onFutures: String) throws {
    var order = Fixture.order(kind, .sell)
    #expect(throws: BinanceEncodingError.noStopPrice) { try spot(order) }
    order.stopPrice = 2_900_050
    let pairs = try spot(order)
    #expect(pairs["type"] == onSpot && pairs["stopPrice"] == "29000.5" && pairs["side"] == "SELL")
    #expect((pairs["price"] != nil) == kind.hasLimitPrice)
    let (endpoint, algo) = try futures(order)
    #expect(endpoint == FuturesEndpoint.placeAlgo)
    #expect(algo["type"] == onFutures && algo["triggerPrice"] == "29000.5" && algo["algoType"] == "CONDITIONAL")
    #expect(algo["clientAlgoId"] == wire && algo["newClientOrderId"] == nil && algo["stopPrice"] == nil)
  }

  @Test func trailingStopsInTheStepsOfTheVenue() throws {
    var order = Fixture.order(.trailingStop, .sell)
    order.trailPpm = 15_000
    #expect(try spot(order)["trailingDelta"] == "150")
    #expect(try futures(order).1["callbackRate"] == "1.5")
    order.stopPrice = 3_000_000
    #expect(try futures(order).1["activatePrice"] == "30000")
    order.trailPpm = 150
    #expect(throws: BinanceEncodingError.trailStep) { try spot(order) }
    #expect(throws: BinanceEncodingError.trailStep) { try futures(order) }
  }

  @Test func whatAProductDoesNotHaveIsRefusedHere() throws {
    #expect(throws: BinanceEncodingError.reduceOnly) { try spot(Fixture.order(flags: .reduceOnly)) }
    #expect(throws: BinanceEncodingError.closePosition) { try spot(Fixture.order(flags: .closePosition)) }
    #expect(throws: BinanceEncodingError.goodTillDate) { try spot(Fixture.order(timeInForce: .gtd)) }
    #expect(throws: BinanceEncodingError.goodTillDate) { try futures(Fixture.order(timeInForce: .gtd)) }
    #expect(throws: BinanceEncodingError.hidden) { try futures(Fixture.order(flags: .hidden)) }
    #expect(throws: BinanceEncodingError.noPrice) { try spot(Fixture.order(price: 0)) }
    #expect(throws: BinanceEncodingError.noQuantity) { try spot(Fixture.order(quantity: 0)) }
    var iceberg = Fixture.order()
    iceberg.displayQuantity = 500
    #expect(try spot(iceberg)["icebergQty"] == "0.005")
    #expect(throws: BinanceEncodingError.iceberg) { try futures(iceberg) }
    var hedged = Fixture.order(flags: .reduceOnly)
    hedged.positionSideRaw = PositionSide.long.rawValue
    #expect(throws: BinanceEncodingError.reduceOnly) { try futures(hedged) }
    hedged.flagsRaw = 0
    #expect(try futures(hedged).1["positionSide"] == "LONG")
    #expect(throws: BinanceEncodingError.positionSide) { try spot(hedged) }
    var broken = Fixture.order()
    broken.orderKindRaw = 99
    #expect(throws: BinanceEncodingError.malformed) { try spot(broken) }
  }

  @Test func aDateIsKeptInWholeSeconds() throws {
    var order = Fixture.order(timeInForce: .gtd)
    order.expiresAt = UTCTime(nanoseconds: 1_800_000_000_999_000_000)
    let pairs = try futures(order).1
    #expect(pairs["goodTillDate"] == "1800000000000" && pairs["timeInForce"] == "GTD")
  }

  @Test func aStopThatClosesThePositionNamesNoQuantity() throws {
    var order = Fixture.order(.stopMarket, .sell, quantity: 0, flags: .closePosition)
    order.stopPrice = 2_800_000
    let pairs = try futures(order).1
    #expect(pairs["closePosition"] == "true" && pairs["quantity"] == nil)
    order.quantity = 5
    #expect(throws: BinanceEncodingError.closePosition) { try futures(order) }
  }

  @Test func cancelsNameTheVenuesNumberWhereItIsKnown() throws {
    var request = VenueRequest(.cancelOrder)
    request.wireID = Text32(wire) ?? Text32()
    var call = BinanceCall(SpotEndpoint.ping)
    try SpotEncoder.cancel(request, Fixture.bitcoin, into: &call)
    #expect(call.pairs == ["symbol": "BTCUSDT", "origClientOrderId": wire])
    request.venueOrder = VenueReference(987)
    try SpotEncoder.cancel(request, Fixture.bitcoin, into: &call)
    #expect(call.pairs == ["symbol": "BTCUSDT", "orderId": "987"])
    try FuturesEncoder.cancel(request, Fixture.perpetual, isAlgo: true, into: &call)
    #expect(call.endpoint == FuturesEndpoint.cancelAlgo && call.pairs == ["algoId": "987"])
    #expect(throws: BinanceEncodingError.noOrder) {
      try SpotEncoder.cancel(VenueRequest(.cancelOrder), Fixture.bitcoin, into: &call)
    }
  }

  @Test func anAmendKeepsThePlaceInTheQueueWhereItCan() throws {
    let placed = BinancePlaced(Fixture.order(), filled: 300)
    var amend = VenueRequest(.amendOrder)
    amend.wireID = placed.request.wireID
    amend.sideRaw = placed.request.sideRaw
    amend.quantity = 1_500
    amend.price = placed.request.price
    var call = BinanceCall(SpotEndpoint.ping)
    try SpotEncoder.amend(amend, of: placed, Fixture.bitcoin, into: &call)
    #expect(call.endpoint == SpotEndpoint.reduce)
    #expect(
      call.pairs == ["symbol": "BTCUSDT", "origClientOrderId": wire, "newClientOrderId": wire, "newQty": "0.015"])
    // At another price it is another order, for what is left.
    amend.price = 3_050_050
    #expect(throws: BinanceEncodingError.needsReplacementID) {
      try SpotEncoder.amend(amend, of: placed, Fixture.bitcoin, into: &call)
    }
    amend.newWireID = Text32("1abcdeREPLACEMENT") ?? Text32()
    try SpotEncoder.amend(amend, of: placed, Fixture.bitcoin, into: &call)
    #expect(call.endpoint == SpotEndpoint.replace)
    #expect(call.pairs["cancelOrigClientOrderId"] == wire && call.pairs["newClientOrderId"] == "1abcdeREPLACEMENT")
    #expect(call.pairs["quantity"] == "0.012" && call.pairs["price"] == "30500.5")
    #expect(call.pairs["cancelReplaceMode"] == "STOP_ON_FAILURE")
    // Futures change in place, and say both.
    try FuturesEncoder.amend(amend, of: placed, Fixture.perpetual, into: &call)
    #expect(
      call.pairs
        == ["symbol": "BTCUSDT", "side": "BUY", "origClientOrderId": wire, "quantity": "1.5", "price": "30500.5"])
  }

  @Test func settingsOfFutures() {
    let symbol = Fixture.perpetual.native
    var call = BinanceCall(FuturesEndpoint.ping)
    FuturesEncoder.setLeverage(20, symbol, into: &call)
    #expect(call.pairs == ["symbol": "BTCUSDT", "leverage": "20"])
    FuturesEncoder.setMarginMode(.cross, symbol, into: &call)
    #expect(call.pairs["marginType"] == "CROSSED")
    FuturesEncoder.setPositionMode(isHedged: true, into: &call)
    #expect(call.pairs == ["dualSidePosition": "true"])
    FuturesEncoder.countdown(milliseconds: 120_000, symbol, into: &call)
    #expect(call.pairs == ["symbol": "BTCUSDT", "countdownTime": "120000"])
    var said = FuturesEncoder.moveMargin(Money(-25), .net, symbol, into: &call)
    #expect(said && call.pairs == ["symbol": "BTCUSDT", "amount": "25", "type": "2"])
    said = FuturesEncoder.moveMargin(.zero, .net, symbol, into: &call)
    #expect(!said)
    FuturesEncoder.income("FUNDING_FEE", symbol: symbol, since: UTCTime(nanoseconds: 5_000_000), into: &call)
    #expect(
      call.pairs == ["symbol": "BTCUSDT", "incomeType": "FUNDING_FEE", "startTime": "5", "limit": "1000"])
  }

  @Test func historyIsAskedForByNumberOrByTime() {
    let symbol = Fixture.bitcoin.native
    var call = BinanceCall(SpotEndpoint.ping)
    let time = UTCTime(nanoseconds: 1_700_000_000_000_000_000)
    SpotEncoder.myTrades(symbol, from: VenueReference(5), since: time, into: &call)
    #expect(call.pairs == ["symbol": "BTCUSDT", "fromId": "5", "limit": "1000"])
    SpotEncoder.myTrades(symbol, since: time, limit: 50, into: &call)
    #expect(call.pairs == ["symbol": "BTCUSDT", "startTime": "1700000000000", "limit": "50"])
    SpotEncoder.openOrders(nil, into: &call)
    #expect(call.pairs.isEmpty && call.endpoint == SpotEndpoint.openOrders)
  }
}
