/// One symbol of `exchangeInfo`: an instrument without the numbers that are given here, and its rules.
package struct BinanceListing: Equatable, Sendable {
  /// Scales, bounds and features; numbers of its own, of venue and assets are not set.
  package var instrument: Instrument
  package var base: String
  package var quote: String
  package var settle: String
  package var rules: BinanceRules

  package static func == (a: BinanceListing, b: BinanceListing) -> Bool {
    a.base == b.base && a.quote == b.quote && a.settle == b.settle && a.rules == b.rules
      && a.instrument.name == b.instrument.name && a.instrument.native == b.instrument.native
      && a.instrument.tick == b.instrument.tick && a.instrument.lot == b.instrument.lot
      && a.instrument.minQuantity == b.instrument.minQuantity && a.instrument.maxQuantity == b.instrument.maxQuantity
      && a.instrument.minNotional == b.instrument.minNotional && a.instrument.bandPpm == b.instrument.bandPpm
      && a.instrument.priceScale == b.instrument.priceScale
      && a.instrument.quantityScale == b.instrument.quantityScale
      && a.instrument.featuresRaw == b.instrument.featuresRaw && a.instrument.isTrading == b.instrument.isTrading
  }
}

/// What `exchangeInfo` says: what is traded, by which rules, and how much may be asked.
package struct BinanceExchangeInfo: Sendable {
  package var listings: [BinanceListing] = []
  package var limits: [BinanceUsage] = []
  /// Symbols that cannot be traded here, and why: a name in other letters, or numbers beyond our scales.
  package var refused: [(symbol: String, problem: BinanceProblem)] = []

  package init(_ body: [UInt8], _ product: BinanceProduct) throws(BinanceProblem) {
    let document: JSONDocument
    do throws(JSONError) {
      document = try JSONReader.read(body, limits: BinanceAnswer.limits)
    } catch {
      throw .notJSON(error)
    }
    try self.init(document.root["result"] ?? document.root, product)
  }

  package init(_ root: JSONValue, _ product: BinanceProduct) throws(BinanceProblem) {
    guard let symbols = root["symbols"], symbols.isArray else { throw .member("symbols") }
    limits = root["rateLimits"]?.elements.compactMap { BinanceUsage($0) } ?? []
    for symbol in symbols.elements {
      guard let name = symbol["symbol"]?.string, !name.isEmpty else { throw .member("symbol") }
      do throws(BinanceProblem) {
        listings.append(try BinanceListing(symbol, name, product))
      } catch {
        refused.append((name, error))
      }
    }
  }
}

extension BinanceListing {
  init(_ symbol: JSONValue, _ name: String, _ product: BinanceProduct) throws(BinanceProblem) {
    base = try symbol.word("baseAsset")
    quote = try symbol.word("quoteAsset")
    settle = product == .spot ? quote : try symbol.word("marginAsset")
    rules = BinanceRules(product)
    instrument = Instrument()
    guard let native = Text32(name) else { throw .unknownSymbol(name) }
    instrument.native = native
    let contract = try BinanceListing.contract(symbol, product)
    let canonical = Symbol(base: base, quote: quote, contract: contract)
    // What the form of names here cannot say has no name.
    guard Symbol(canonical.description) == canonical, let text = Text32(canonical.description) else {
      throw .unknownSymbol(name)
    }
    instrument.name = text
    instrument.classRaw = canonical.instrumentClass.rawValue
    let status = try symbol.word("status")
    rules.isTrading = status == "TRADING"
    rules.isCancelOnly = status == "CANCEL_ONLY"
    instrument.isTrading = rules.isTrading ? 1 : 0
    rules.types = symbol["orderTypes"]?.elements.compactMap { $0.string.map { BinanceOrderType(word: $0) } } ?? []
    rules.preventions = (symbol["allowedSelfTradePreventionModes"]?.elements ?? []).compactMap { mode in
      SelfTradePrevention.allCases.first { $0.binanceWord == mode.string }
    }
    try takeFilters(BinanceFilters(symbol))
    instrument.featuresRaw = features(symbol).rawValue
  }

  private static func contract(_ symbol: JSONValue, _ product: BinanceProduct) throws(BinanceProblem) -> Symbol.Contract
  {
    guard product == .usdm else { return .spot }
    switch try symbol.word("contractType") {
    case "PERPETUAL", "TRADIFI_PERPETUAL": return .perp
    case "CURRENT_QUARTER", "NEXT_QUARTER":
      let day = CivilTime(try symbol.time("deliveryDate"))
      return .future(year: day.year, month: day.month, day: day.day)
    case let word: throw .unknownEvent(word)
    }
  }

  private mutating func takeFilters(_ filters: BinanceFilters) throws(BinanceProblem) {
    guard let price = filters["PRICE_FILTER"], let lot = filters["LOT_SIZE"] else { throw .member("filters") }
    let market = filters["MARKET_LOT_SIZE"]
    let tick = try price.decimal("tickSize")
    let step = try lot.decimal("stepSize")
    // Without a step there is no scale to count in.
    guard !tick.isZero, !step.isZero else { throw .number("tickSize") }
    let priceParts = [tick, try price.decimal("minPrice"), try price.decimal("maxPrice")]
    let quantityParts = [
      step, try lot.decimal("minQty"), try lot.decimal("maxQty"), try market?.decimal("stepSize") ?? .zero,
    ]
    instrument.priceScale = try BinanceFilters.scale(priceParts)
    instrument.quantityScale = try BinanceFilters.scale(quantityParts)
    let (prices, quantities) = (Int(instrument.priceScale), Int(instrument.quantityScale))
    guard prices + quantities <= Money.decimals else { throw .number("stepSize") }
    instrument.tick = try BinanceFilters.bound(tick, prices)
    instrument.lot = try BinanceFilters.bound(step, quantities)
    instrument.minQuantity = try BinanceFilters.bound(quantityParts[1], quantities)
    instrument.maxQuantity = try BinanceFilters.bound(quantityParts[2], quantities)
    rules.price = BinanceRules.Range(
      min: try BinanceFilters.bound(priceParts[1], prices), max: try BinanceFilters.bound(priceParts[2], prices))
    if let market {
      rules.marketStep = try BinanceFilters.bound(quantityParts[3], quantities)
      rules.marketQuantity = BinanceRules.Range(
        min: try BinanceFilters.bound(market.decimal("minQty"), quantities, .ceil),
        max: try BinanceFilters.bound(market.decimal("maxQty"), quantities))
    }
    try takeValues(filters)
    try takeBands(filters)
    try takeCounts(filters)
  }

  private mutating func takeValues(_ filters: BinanceFilters) throws(BinanceProblem) {
    if let filter = filters["NOTIONAL"] {
      rules.minNotional = try filter.money("minNotional")
      rules.maxNotional = try filter.money("maxNotional")
      rules.minAppliesToMarket = filter["applyMinToMarket"]?.bool ?? false
      rules.maxAppliesToMarket = filter["applyMaxToMarket"]?.bool ?? false
    } else if let filter = filters["MIN_NOTIONAL"] {
      let isSpot = rules.product == .spot
      rules.minNotional = try filter.money(isSpot ? "minNotional" : "notional")
      rules.minAppliesToMarket = isSpot ? filter["applyToMarket"]?.bool ?? false : true
    }
    instrument.minNotional = rules.minNotional
  }

  private mutating func takeBands(_ filters: BinanceFilters) throws(BinanceProblem) {
    if let filter = filters["PERCENT_PRICE_BY_SIDE"] {
      rules.buyBand = BinanceRules.Band(
        up: try filter.mantissa("bidMultiplierUp", scale: 8), down: try filter.mantissa("bidMultiplierDown", scale: 8))
      rules.sellBand = BinanceRules.Band(
        up: try filter.mantissa("askMultiplierUp", scale: 8), down: try filter.mantissa("askMultiplierDown", scale: 8))
      rules.averageMinutes = filter["avgPriceMins"]?.integer(as: Int64.self) ?? 0
    } else if let filter = filters["PERCENT_PRICE"] {
      rules.buyBand = BinanceRules.Band(
        up: try filter.mantissa("multiplierUp", scale: 8), down: try filter.mantissa("multiplierDown", scale: 8))
      rules.sellBand = rules.buyBand
      rules.averageMinutes = filter["avgPriceMins"]?.integer(as: Int64.self) ?? 0
    }
    let distances = [
      rules.buyBand.up - 100_000_000, 100_000_000 - rules.buyBand.down, rules.sellBand.up - 100_000_000,
      100_000_000 - rules.sellBand.down,
    ]
    if rules.buyBand.up > 0 { instrument.bandPpm = max(0, (distances.min() ?? 0) / 100) }
  }

  private mutating func takeCounts(_ filters: BinanceFilters) throws(BinanceProblem) {
    rules.icebergParts = filters.count("ICEBERG_PARTS", "limit")
    rules.orders = max(filters.count("MAX_NUM_ORDERS", "maxNumOrders"), filters.count("MAX_NUM_ORDERS", "limit"))
    rules.algoOrders = max(
      filters.count("MAX_NUM_ALGO_ORDERS", "maxNumAlgoOrders"), filters.count("MAX_NUM_ALGO_ORDERS", "limit"))
    rules.icebergOrders = filters.count("MAX_NUM_ICEBERG_ORDERS", "maxNumIcebergOrders")
    rules.orderLists = filters.count("MAX_NUM_ORDER_LISTS", "maxNumOrderLists")
    rules.amends = filters.count("MAX_NUM_ORDER_AMENDS", "maxNumOrderAmends")
    if let filter = filters["MAX_POSITION"] {
      rules.maxPosition = try BinanceFilters.bound(filter.decimal("maxPosition"), Int(instrument.quantityScale), .floor)
    }
    if filters["TRAILING_DELTA"] != nil {
      rules.trailingAbove = BinanceRules.Range(
        min: filters.count("TRAILING_DELTA", "minTrailingAboveDelta"),
        max: filters.count("TRAILING_DELTA", "maxTrailingAboveDelta"))
      rules.trailingBelow = BinanceRules.Range(
        min: filters.count("TRAILING_DELTA", "minTrailingBelowDelta"),
        max: filters.count("TRAILING_DELTA", "maxTrailingBelowDelta"))
    }
  }

  /// What the venue itself does with orders of this symbol.
  private func features(_ symbol: JSONValue) -> VenueFeatures {
    var features: VenueFeatures = []
    let isSpot = rules.product == .spot
    if rules.types.contains(isSpot ? .stopLossLimit : .stopMarket) { features.insert(.stop) }
    if rules.types.contains(isSpot ? .takeProfitLimit : .takeProfitMarket) { features.insert(.takeProfit) }
    if isSpot {
      if rules.types.contains(.stopLoss), symbol["allowTrailingStop"]?.bool ?? false { features.insert(.trailing) }
      if rules.types.contains(.limitMaker) { features.insert(.postOnly) }
      if symbol["icebergAllowed"]?.bool ?? false { features.insert(.iceberg) }
      return features
    }
    features.formUnion([.reduceOnly, .amend])
    if rules.types.contains(.trailingStopMarket) { features.insert(.trailing) }
    let forces = symbol["timeInForce"]?.elements.compactMap { $0.string } ?? []
    if forces.contains("GTX") { features.insert(.postOnly) }
    if forces.contains("GTD") { features.insert(.goodTillDate) }
    return features
  }
}

/// Filters of one symbol by their names.
struct BinanceFilters {
  private let rows: [JSONValue]

  init(_ symbol: JSONValue) { rows = symbol["filters"]?.elements ?? [] }

  subscript(name: String) -> JSONValue? { rows.first { $0["filterType"]?.string == name } }

  /// A count, or 0 where there is no such bound.
  func count(_ name: String, _ member: String) -> Int64 {
    max(0, self[name]?[member]?.integer(as: Int64.self) ?? 0)
  }

  /// Decimals that all of these have room in.
  static func scale(_ parts: [Decimal]) throws(BinanceProblem) -> UInt8 {
    let scale = parts.map { $0.normalized.scale }.max() ?? 0
    guard Int(scale) <= Money.decimals else { throw .number("filters") }
    return scale
  }

  /// A bound as an integer; one that leaves 64 bits binds nothing.
  static func bound(
    _ value: Decimal, _ scale: Int, _ rounding: Rounding = .floor
  ) throws(BinanceProblem) -> Int64 {
    guard !value.isNegative else { throw .number("filters") }
    guard let wide = value.mantissa(scale: scale, rounding) else { return .max }
    return Int64(clamping: wide)
  }
}

extension JSONValue {
  func decimal(_ name: String) throws(BinanceProblem) -> Decimal {
    guard let value = Decimal(wire: try word(name)) else { throw .number(name) }
    return value
  }
}
