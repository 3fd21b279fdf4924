import OMSLib

/// The exchange's words for what orders are.
enum OrderNames {
  static let spotTypes = [
    "LIMIT", "LIMIT_MAKER", "MARKET", "STOP_LOSS", "STOP_LOSS_LIMIT", "TAKE_PROFIT", "TAKE_PROFIT_LIMIT",
  ]
  static let futuresTypes = ["LIMIT", "MARKET"]
  static let algoTypes = ["STOP_MARKET", "TAKE_PROFIT_MARKET", "STOP", "TAKE_PROFIT", "TRAILING_STOP_MARKET"]

  static func kind(_ type: String) -> OrderKind {
    switch type {
    case "MARKET": .market
    case "STOP_LOSS", "STOP_MARKET": .stopMarket
    case "STOP_LOSS_LIMIT", "STOP": .stopLimit
    case "TAKE_PROFIT_MARKET": .takeProfitMarket
    case "TAKE_PROFIT_LIMIT": .takeProfitLimit
    case "TRAILING_STOP_MARKET": .trailingStop
    default: .limit
    }
  }

  /// `TAKE_PROFIT` is a market order for one product and a limit order for the other.
  static func kind(_ type: String, _ product: VenueProduct) -> OrderKind {
    guard type == "TAKE_PROFIT" else { return kind(type) }
    return product == .spot ? .takeProfitMarket : .takeProfitLimit
  }

  static func type(of kind: OrderKind, _ product: VenueProduct, isPostOnly: Bool) -> String {
    switch (kind, product) {
    case (.limit, .spot): isPostOnly ? "LIMIT_MAKER" : "LIMIT"
    case (.limit, .usdm): "LIMIT"
    case (.market, _): "MARKET"
    case (.stopMarket, .spot), (.trailingStop, .spot): "STOP_LOSS"
    case (.stopLimit, .spot): "STOP_LOSS_LIMIT"
    case (.takeProfitMarket, .spot): "TAKE_PROFIT"
    case (.takeProfitLimit, .spot): "TAKE_PROFIT_LIMIT"
    case (.stopMarket, .usdm): "STOP_MARKET"
    case (.stopLimit, .usdm): "STOP"
    case (.takeProfitMarket, .usdm): "TAKE_PROFIT_MARKET"
    case (.takeProfitLimit, .usdm): "TAKE_PROFIT"
    case (.trailingStop, .usdm): "TRAILING_STOP_MARKET"
    }
  }

  /// What a futures order is called once it works.
  static func workingType(_ type: String) -> String {
    kind(type, .usdm).hasLimitPrice ? "LIMIT" : "MARKET"
  }

  static func timeInForce(_ facts: ExchangeOrderFacts, _ product: VenueProduct) -> String {
    if product == .usdm && facts.flags.contains(.postOnly) { return "GTX" }
    return switch facts.timeInForce {
    case .gtc: "GTC"
    case .ioc: "IOC"
    case .fok: "FOK"
    case .gtd: "GTD"
    }
  }

  static func prevention(_ prevention: SelfTradePrevention) -> String {
    switch prevention {
    case .none: "NONE"
    case .expireTaker: "EXPIRE_TAKER"
    case .expireMaker: "EXPIRE_MAKER"
    case .expireBoth: "EXPIRE_BOTH"
    }
  }

  static func prevention(_ text: String) -> SelfTradePrevention? {
    SelfTradePrevention.allCases.first { prevention($0) == text }
  }

  static func side(_ side: Side) -> String { side == .buy ? "BUY" : "SELL" }

  static func positionSide(_ side: PositionSide) -> String {
    switch side {
    case .net: "BOTH"
    case .long: "LONG"
    case .short: "SHORT"
    }
  }
}

extension OrderRecord {
  /// What the exchange is asked to do for it.
  var request: VenueRequest {
    var request = VenueRequest(.newOrder)
    let kind = trailPpm > 0 ? .trailingStop : OrderNames.kind(type, product)
    request.account = AccountID(number: account)
    request.instrument = InstrumentID(number: symbol.number)
    request.wireID = wireID
    request.sideRaw = side.rawValue
    request.orderKindRaw = kind.rawValue
    request.price = kind.hasLimitPrice ? price : 0
    request.stopPrice = stopPrice
    request.quantity = quantity
    request.displayQuantity = display
    request.trailPpm = trailPpm
    request.preventionRaw = (OrderNames.prevention(prevention) ?? .none).rawValue
    request.positionSideRaw = positionSide.rawValue
    request.timeInForceRaw = exchangeTimeInForce.rawValue
    if goodTillDate != 0 {
      // The latest date that a client may name is behind the end of this calendar.
      let (nanoseconds, overflow) = goodTillDate.multipliedReportingOverflow(by: 1_000_000)
      request.expiresAt = UTCTime(nanoseconds: overflow ? .max : nanoseconds)
    }
    var flags = OrderFlags()
    if type == "LIMIT_MAKER" || timeInForce == "GTX" { flags.insert(.postOnly) }
    if isReduceOnly { flags.insert(.reduceOnly) }
    if closesPosition { flags.insert(.closePosition) }
    request.flagsRaw = flags.rawValue
    return request
  }

  private var exchangeTimeInForce: TimeInForce {
    switch timeInForce {
    case "IOC": .ioc
    case "FOK": .fok
    case "GTD": .gtd
    default: .gtc
    }
  }

  /// A request about it, as the exchange has it.
  func request(_ kind: VenueRequest.Kind) -> VenueRequest {
    var request = VenueRequest(kind)
    request.account = AccountID(number: account)
    request.instrument = InstrumentID(number: symbol.number)
    request.wireID = wireID
    return request
  }
}
