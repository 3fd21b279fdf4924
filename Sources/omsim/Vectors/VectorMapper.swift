import OMSLib

/// What a call of the other client is in ours.
struct VectorMapper {
  enum Result {
    case made
    case skip(String)
    case refused(BinanceEncodingError)
  }

  let product: BinanceProduct
  let btc: Instrument
  let eth: Instrument

  private var isSpot: Bool { product == .spot }

  func map(
    _ method: String, _ input: [JSONValue], _ verb: String, _ path: String, into call: inout BinanceCall
  ) -> Result {
    do throws(BinanceEncodingError) {
      switch method {
      case "createOrder": return try createOrder(input, into: &call)
      case "editOrder": return try editOrder(input, into: &call)
      case "cancelOrder", "fetchOrder", "fetchOpenOrder": return try oneOrder(method, input, into: &call)
      case let name where name.hasPrefix("implicit:"): return implicit(input, verb, path, into: &call)
      default: return question(method, input, into: &call)
      }
    } catch {
      return .refused(error)
    }
  }

  private func instrument(_ value: JSONValue?) -> Instrument? {
    guard let text = value?.string else { return nil }
    if text.hasPrefix("BTC/USDT") { return btc }
    return text.hasPrefix("ETH/USDT") ? eth : nil
  }

  // MARK: Orders

  /// Options of an order that orders here do not have.
  private static let foreign = [
    "priceMatch", "workingType", "priceProtect", "quoteOrderQty", "cost", "stopLossOrTakeProfit", "hedged",
  ]

  private func createOrder(_ input: [JSONValue], into call: inout BinanceCall) throws(BinanceEncodingError) -> Result {
    guard input.count >= 4, let instrument = instrument(input[0]) else { return .skip("a symbol without a table") }
    let params = input.count > 5 ? input[5] : nil
    let names = params?.members.map(\.name) ?? []
    if let name = names.first(where: Self.foreign.contains), !(name == "hedged" || name == "stopLossOrTakeProfit") {
      return .skip("orders here have no \(name)")
    }
    guard let request = request(input, params, instrument) else { return .skip("a shape that orders here do not have") }
    if isSpot {
      try SpotEncoder.place(request, instrument, into: &call)
    } else {
      try FuturesEncoder.place(request, instrument, into: &call)
    }
    if params?["test"]?.bool ?? false {
      if !isSpot { return .skip("asks for a test and places the order") }
      call.endpoint = SpotEndpoint.tryPlace
    }
    return .made
  }

  private func request(_ input: [JSONValue], _ params: JSONValue?, _ instrument: Instrument) -> VenueRequest? {
    var request = VenueRequest(.newOrder)
    let isLimit = input[1].string == "limit"
    let side: Side = input[2].string == "buy" ? .buy : .sell
    request.sideRaw = side.rawValue
    request.instrument = instrument.id
    request.timeInForceRaw = timeInForce(params).rawValue
    let id = params?["newClientOrderId"]?.string ?? params?["clientAlgoId"]?.string ?? "vector"
    guard let wire = Text32(id) else { return nil }
    request.wireID = wire
    var kind: OrderKind = isLimit ? .limit : .market
    if let stop = price(params?["stopLossPrice"] ?? params?["stopPrice"] ?? params?["triggerPrice"], instrument) {
      kind = isLimit ? .stopLimit : .stopMarket
      request.stopPrice = stop
    }
    if let stop = price(params?["takeProfitPrice"], instrument) {
      kind = isLimit ? .takeProfitLimit : .takeProfitMarket
      request.stopPrice = stop
    }
    if let percent = vectorDecimal(params?["trailingPercent"]) {
      guard let trail = percent.exactMantissa(scale: 4).flatMap({ Int64(exactly: $0) }) else { return nil }
      kind = .trailingStop
      request.trailPpm = trail
      // With a distance their stop price is no trigger.
      request.stopPrice = price(params?["trailingTriggerPrice"], instrument) ?? 0
    }
    request.orderKindRaw = kind.rawValue
    request.flagsRaw = flags(params).rawValue
    if input.count > 4, let price = price(input[4], instrument) { request.price = price }
    if let quantity = quantity(input[3], instrument), params?["closePosition"]?.bool != true {
      request.quantity = quantity
    }
    if let display = quantity(params?["icebergQty"], instrument) { request.displayQuantity = display }
    switch params?["selfTradePreventionMode"]?.string {
    case "EXPIRE_TAKER": request.preventionRaw = SelfTradePrevention.expireTaker.rawValue
    case "EXPIRE_MAKER": request.preventionRaw = SelfTradePrevention.expireMaker.rawValue
    case "EXPIRE_BOTH": request.preventionRaw = SelfTradePrevention.expireBoth.rawValue
    default: break
    }
    request.positionSideRaw = positionSide(params, side).rawValue
    return request
  }

  private func timeInForce(_ params: JSONValue?) -> TimeInForce {
    switch params?["timeInForce"]?.string {
    case "IOC": .ioc
    case "FOK": .fok
    case "GTD": .gtd
    default: .gtc
    }
  }

  private func flags(_ params: JSONValue?) -> OrderFlags {
    var flags: OrderFlags = []
    let isMakerOnly = ["GTX", "PO"].contains(params?["timeInForce"]?.string ?? "")
    if params?["postOnly"]?.bool ?? false || isMakerOnly { flags.insert(.postOnly) }
    if params?["reduceOnly"]?.bool ?? false { flags.insert(.reduceOnly) }
    if params?["closePosition"]?.bool ?? false { flags.insert(.closePosition) }
    return flags
  }

  /// `hedged` without a side: an order opens, so a buy is long, unless it reduces.
  private func positionSide(_ params: JSONValue?, _ side: Side) -> PositionSide {
    switch params?["positionSide"]?.string {
    case "LONG": return .long
    case "SHORT": return .short
    default: break
    }
    guard params?["hedged"]?.bool ?? false else { return .net }
    return side == .buy ? .long : .short
  }

  private func editOrder(_ input: [JSONValue], into call: inout BinanceCall) throws(BinanceEncodingError) -> Result {
    guard input.count >= 6, let instrument = instrument(input[1]), let number = input[0].string.flatMap({ UInt64($0) })
    else { return .skip("a shape that amends here do not have") }
    let params = input.count > 6 ? input[6] : nil
    if let mode = params?["cancelReplaceMode"]?.string, mode != "STOP_ON_FAILURE" {
      return .skip("a replacement here never goes out without its cancel")
    }
    guard var placed = request(Array(input[1...5]), nil, instrument) else { return .skip("a shape without a request") }
    var amend = placed
    amend.kindRaw = VenueRequest.Kind.amendOrder.rawValue
    amend.venueOrder = VenueReference(number)
    amend.newWireID = Text32(params?["newClientOrderId"]?.string ?? "vector") ?? Text32()
    placed.price += 1
    if isSpot {
      try SpotEncoder.amend(amend, of: BinancePlaced(placed, filled: 0), instrument, into: &call)
    } else {
      try FuturesEncoder.amend(amend, of: BinancePlaced(placed, filled: 0), instrument, into: &call)
    }
    return .made
  }

  private func oneOrder(
    _ method: String, _ input: [JSONValue], into call: inout BinanceCall
  ) throws(BinanceEncodingError) -> Result {
    guard input.count >= 2, let instrument = instrument(input[1]) else { return .skip("a symbol without a table") }
    let params = input.count > 2 ? input[2] : nil
    var request = VenueRequest(.queryOrder)
    if let id = params?["clientOrderId"]?.string ?? params?["origClientOrderId"]?.string {
      request.wireID = Text32(id) ?? Text32()
    } else if let number = input[0].string.flatMap({ UInt64($0) }) {
      request.venueOrder = VenueReference(number)
    }
    let isAlgo = params?["trigger"]?.bool ?? false
    switch (method, isSpot) {
    case ("cancelOrder", true): try SpotEncoder.cancel(request, instrument, into: &call)
    case ("cancelOrder", false): try FuturesEncoder.cancel(request, instrument, isAlgo: isAlgo, into: &call)
    case (_, true): try SpotEncoder.order(request, instrument, into: &call)
    case (_, false): try FuturesEncoder.order(request, instrument, isAlgo: isAlgo, into: &call)
    }
    if method == "fetchOpenOrder", !isSpot { call.endpoint = FuturesEndpoint.openOrder }
    return .made
  }

  // MARK: Questions and settings

  private func question(_ method: String, _ input: [JSONValue], into call: inout BinanceCall) -> Result {
    let symbol = instrument(input.first)?.native
    let limit = input.dropFirst().compactMap { $0.integer(as: Int64.self) }.last { $0 < 100_000 } ?? 0
    let since = input.dropFirst().compactMap { $0.integer(as: Int64.self) }.first { $0 > 1_000_000_000_000 } ?? 0
    let time = UTCTime(nanoseconds: since * 1_000_000)
    let isAlgo = input.last?["trigger"]?.bool ?? false
    switch method {
    case "cancelAllOrders":
      guard let symbol else { return .skip("a symbol without a table") }
      if isSpot {
        SpotEncoder.cancelAll(symbol, into: &call)
      } else {
        FuturesEncoder.ask(isAlgo ? FuturesEndpoint.cancelAllAlgo : FuturesEndpoint.cancelAll, symbol, into: &call)
      }
    case "fetchOpenOrders":
      if isSpot {
        SpotEncoder.openOrders(symbol, into: &call)
      } else {
        FuturesEncoder.openOrders(symbol, isAlgo: isAlgo, into: &call)
      }
    case "fetchOrders", "fetchCanceledOrders", "fetchClosedOrders", "fetchCanceledAndClosedOrders":
      guard let symbol else { return .skip("a symbol without a table") }
      if isSpot {
        SpotEncoder.allOrders(symbol, since: time, limit: limit, into: &call)
      } else {
        FuturesEncoder.allOrders(symbol, isAlgo: isAlgo, since: time, limit: limit, into: &call)
      }
    case "fetchMyTrades":
      guard let symbol else { return .skip("a symbol without a table") }
      if isSpot {
        SpotEncoder.myTrades(symbol, since: time, limit: limit, into: &call)
      } else {
        FuturesEncoder.myTrades(symbol, since: time, limit: limit, into: &call)
      }
    case "fetchBalance" where isSpot: SpotEncoder.account(into: &call)
    case "fetchBalance": return .skip("the account is asked for by its third version")
    case "fetchOrderBook":
      guard let symbol else { return .skip("a symbol without a table") }
      if isSpot {
        SpotEncoder.depth(symbol, limit: limit, into: &call)
      } else {
        FuturesEncoder.depth(symbol, limit: limit, into: &call)
      }
    default: return setting(method, input, symbol, into: &call)
    }
    return .made
  }

  private func setting(
    _ method: String, _ input: [JSONValue], _ symbol: Text32?, into call: inout BinanceCall
  ) -> Result {
    guard !isSpot else { return .skip("\(method) is no request of an order or an account") }
    switch method {
    case "setLeverage":
      guard let leverage = input.first?.integer(as: UInt16.self), let symbol = instrument(input.last)?.native else {
        return .skip("a symbol without a table")
      }
      FuturesEncoder.setLeverage(leverage, symbol, into: &call)
    case "setMarginMode":
      guard let symbol = instrument(input.last)?.native else { return .skip("a symbol without a table") }
      FuturesEncoder.setMarginMode(input.first?.string == "isolated" ? .isolated : .cross, symbol, into: &call)
    case "setPositionMode": FuturesEncoder.setPositionMode(isHedged: input.first?.bool ?? false, into: &call)
    case "fetchPositions", "fetchPositionsRisk":
      FuturesEncoder.ask(FuturesEndpoint.positions, nil, into: &call)
    case "fetchMarginMode": FuturesEncoder.ask(FuturesEndpoint.symbolConfig, symbol, into: &call)
    case "fetchLeverageTiers": FuturesEncoder.ask(FuturesEndpoint.brackets, nil, into: &call)
    case "fetchTradingFee": FuturesEncoder.ask(FuturesEndpoint.commission, symbol, into: &call)
    case "fetchTradingFees": FuturesEncoder.ask(FuturesEndpoint.accountConfig, nil, into: &call)
    case "fetchFundingHistory":
      FuturesEncoder.income("FUNDING_FEE", symbol: symbol, since: .zero, limit: 0, into: &call)
    case "fetchFundingRate", "fetchMarkPrice": FuturesEncoder.ask(FuturesEndpoint.premiumIndex, symbol, into: &call)
    case "fetchFundingRates": FuturesEncoder.ask(FuturesEndpoint.premiumIndex, nil, into: &call)
    case "fetchOpenInterest": FuturesEncoder.ask(FuturesEndpoint.openInterest, symbol, into: &call)
    default: return .skip("\(method) is no request of an order or an account")
    }
    return .made
  }

  /// An endpoint by its own name, with its own parameters.
  private func implicit(_ input: [JSONValue], _ verb: String, _ path: String, into call: inout BinanceCall) -> Result {
    let all = isSpot ? SpotEndpoint.all : FuturesEndpoint.all
    guard let endpoint = all.first(where: { $0.method.rawValue == verb && $0.path == path }) else {
      return .skip("\(path) is not used")
    }
    call.begin(endpoint)
    for (name, value) in input.first?.members ?? [] {
      if let text = value.string {
        call.parameters.add(name, text)
      } else if let number = value.integer(as: Int64.self) {
        call.parameters.add(name, number)
      } else if let flag = value.bool {
        call.parameters.add(name, .flag(flag))
      }
    }
    return .made
  }

  // MARK: Numbers

  private func price(_ value: JSONValue?, _ instrument: Instrument) -> Int64? {
    vectorDecimal(value)?.price(scale: Int(instrument.priceScale), tick: instrument.tick, .halfUp)?.mantissa
  }

  private func quantity(_ value: JSONValue?, _ instrument: Instrument) -> Int64? {
    vectorDecimal(value)?.quantity(scale: Int(instrument.quantityScale), lot: instrument.lot, .floor)?.mantissa
  }
}
