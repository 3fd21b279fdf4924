import OMSLib

/// `exchangeInfo`: what the exchange enforces, and nothing else.
extension MarketPages {
  func infoPage(
    _ parameters: PageParameters, in exchange: borrowing Exchange, at now: ServerTime, _ unit: TimeUnit
  ) throws(VenueError) -> [UInt8] {
    let chosen = parameters.product == .spot ? try chosenSymbols(parameters, in: exchange) : parameters.symbols
    let showsSets = parameters.text("showPermissionSets") != "false"
    var json = JSONWriter(capacity: 16_384)
    json.beginObject()
    json.member("timezone", "UTC")
    json.member("serverTime", now.utc.nanoseconds, in: unit)
    if parameters.product == .usdm { json.member("futuresType", "U_MARGINED") }
    writeRateLimits(parameters.product, to: &json)
    json.name("exchangeFilters")
    json.beginArray()
    Self.filter("EXCHANGE_MAX_NUM_ORDERS", to: &json) { $0.member("maxNumOrders", Exchange.openOrdersPerAccount) }
    json.endArray()
    if parameters.product == .usdm { Self.writeAssets(parameters.symbols, to: &json) }
    json.name("symbols")
    json.beginArray()
    for symbol in chosen {
      // Rules may have changed since the symbol was first seen.
      let symbol = MarketSymbol(symbol.number, in: exchange)
      let status = Self.status(symbol, in: exchange)
      let openOrders = Int(exchange.options.openOrders)
      if symbol.product == .spot {
        writeSpot(symbol, status, openOrders, showsSets: showsSets, to: &json)
      } else {
        Self.writeContract(symbol, status, openOrders, to: &json)
      }
    }
    json.endArray()
    json.endObject()
    return json.bytes
  }

  private func chosenSymbols(
    _ parameters: PageParameters, in exchange: borrowing Exchange
  ) throws(VenueError) -> [MarketSymbol] {
    let choice = try parameters.choice()
    let (permissions, status) = (parameters.text("permissions"), parameters.text("symbolStatus"))
    if choice != nil && (permissions != nil || status != nil) { throw .badCombination }
    _ = try self.status(parameters, [], in: exchange)
    if let permissions {
      let names = permissions.hasPrefix("[") ? try PageParameters.names(permissions) : [permissions]
      guard names.contains("SPOT") else { return [] }
    }
    var chosen = choice?.symbols ?? parameters.symbols
    if let status { chosen = chosen.filter { Self.status($0, in: exchange) == status } }
    return chosen
  }

  private func writeRateLimits(_ product: VenueProduct, to json: inout JSONWriter) {
    json.name("rateLimits")
    json.beginArray()
    for limit in claims.limits(product) {
      json.beginObject()
      json.member("rateLimitType", limit.kind.rawValue)
      json.member("interval", limit.unit.rawValue)
      json.member("intervalNum", limit.count)
      json.member("limit", limit.limit)
      json.endObject()
    }
    json.endArray()
  }

  private static func writeAssets(_ symbols: [MarketSymbol], to json: inout JSONWriter) {
    json.name("assets")
    json.beginArray()
    for asset in Set(symbols.map(\.quote)).sorted() {
      json.beginObject()
      json.member("asset", asset)
      json.member("marginAvailable", true)
      json.member("autoAssetExchange", "0")
      json.endObject()
    }
    json.endArray()
  }

  // MARK: - Spot

  private func writeSpot(
    _ symbol: MarketSymbol, _ status: String, _ openOrders: Int, showsSets: Bool, to json: inout JSONWriter
  ) {
    let features = symbol.rules.features
    json.beginObject()
    json.member("symbol", symbol.name)
    json.member("status", status)
    json.member("baseAsset", symbol.base)
    json.member("baseAssetPrecision", symbol.shownQuantityScale)
    json.member("quoteAsset", symbol.quote)
    json.member("quotePrecision", symbol.shownPriceScale)
    json.member("quoteAssetPrecision", symbol.shownPriceScale)
    json.member("baseCommissionPrecision", 8)
    json.member("quoteCommissionPrecision", 8)
    json.strings("orderTypes", Self.spotOrderTypes(features))
    json.member("icebergAllowed", features.contains(.iceberg))
    json.member("ocoAllowed", claims.hasOCO)
    json.member("otoAllowed", claims.hasOTO)
    json.member("opoAllowed", claims.hasOPO)
    json.member("quoteOrderQtyMarketAllowed", claims.hasQuoteQuantity)
    json.member("allowTrailingStop", features.contains(.trailing))
    json.member("cancelReplaceAllowed", claims.hasCancelReplace)
    json.member("amendAllowed", claims.hasAmend)
    json.member("pegInstructionsAllowed", false)
    json.member("isSpotTradingAllowed", true)
    json.member("isMarginTradingAllowed", false)
    json.name("filters")
    json.beginArray()
    Self.writePriceFilter(symbol, to: &json)
    for name in ["LOT_SIZE", "MARKET_LOT_SIZE"] { Self.writeLotSize(name, symbol, to: &json) }
    if features.contains(.trailing) {
      Self.filter("TRAILING_DELTA", to: &json) {
        $0.member("minTrailingAboveDelta", 1)
        $0.member("maxTrailingAboveDelta", Self.trailMax)
        $0.member("minTrailingBelowDelta", 1)
        $0.member("maxTrailingBelowDelta", Self.trailMax)
      }
    }
    if symbol.rules.bandPpm != 0 {
      Self.filter("PERCENT_PRICE", to: &json) {
        Self.writeBand(symbol.rules.bandPpm, to: &$0)
        $0.member("avgPriceMins", 0)
      }
    }
    Self.filter("NOTIONAL", to: &json) {
      $0.member("minNotional", trimmedDecimal: symbol.rules.minNotional.units, scale: Money.decimals, minimumScale: 8)
      $0.member("applyMinToMarket", true)
      $0.member("maxNotional", decimal: Exchange.notionalMax * PowerOfTenWide.value(8), scale: 8)
      $0.member("applyMaxToMarket", true)
      $0.member("avgPriceMins", 0)
    }
    Self.filter("MAX_NUM_ORDERS", to: &json) { $0.member("maxNumOrders", openOrders) }
    json.endArray()
    json.strings("permissions", [])
    json.name("permissionSets")
    json.beginArray()
    if showsSets {
      json.beginArray()
      json.string("SPOT")
      json.endArray()
    }
    json.endArray()
    json.member("defaultSelfTradePreventionMode", "NONE")
    json.strings(
      "allowedSelfTradePreventionModes", ["NONE", "EXPIRE_TAKER", "EXPIRE_MAKER", "EXPIRE_BOTH"])
    json.endObject()
  }

  /// A trailing stop is less than its whole price away: in hundredths of a percent.
  private static let trailMax = 9_999

  private static func spotOrderTypes(_ features: VenueFeatures) -> [String] {
    var types = ["LIMIT"]
    if features.contains(.postOnly) { types.append("LIMIT_MAKER") }
    types.append("MARKET")
    if features.contains(.stop) { types += ["STOP_LOSS", "STOP_LOSS_LIMIT"] }
    if features.contains(.takeProfit) { types += ["TAKE_PROFIT", "TAKE_PROFIT_LIMIT"] }
    return types
  }

  // MARK: - Contracts

  /// Far behind everything: the delivery of what is never delivered.
  private static let never: Int64 = 4_133_404_800_000
  private static let onboardDate: Int64 = 1_569_398_400_000

  private static func writeContract(
    _ symbol: MarketSymbol, _ status: String, _ openOrders: Int, to json: inout JSONWriter
  ) {
    let features = symbol.rules.features
    json.beginObject()
    json.member("symbol", symbol.name)
    json.member("pair", symbol.name)
    json.member("contractType", "PERPETUAL")
    json.member("deliveryDate", never)
    json.member("onboardDate", onboardDate)
    json.member("status", status)
    json.member("maintMarginPercent", "0.4000")
    json.member("requiredMarginPercent", "5.0000")
    json.member("baseAsset", symbol.base)
    json.member("quoteAsset", symbol.quote)
    json.member("marginAsset", symbol.quote)
    json.member("pricePrecision", symbol.priceScale)
    json.member("quantityPrecision", symbol.quantityScale)
    json.member("baseAssetPrecision", 8)
    json.member("quotePrecision", 8)
    json.member("underlyingType", "COIN")
    json.strings("underlyingSubType", [])
    // No bound on what a market order may take, no fee of a liquidation, no distance at which triggers are held back.
    json.member("triggerProtect", "0.0000")
    json.member("liquidationFee", "0.000000")
    json.member("marketTakeBound", "1.00")
    json.name("filters")
    json.beginArray()
    writePriceFilter(symbol, to: &json)
    for name in ["LOT_SIZE", "MARKET_LOT_SIZE"] { writeLotSize(name, symbol, to: &json) }
    filter("MAX_NUM_ORDERS", to: &json) { $0.member("limit", openOrders) }
    filter("MIN_NOTIONAL", to: &json) {
      $0.member("notional", trimmedDecimal: symbol.rules.minNotional.units, scale: Money.decimals)
    }
    if symbol.rules.bandPpm != 0 {
      filter("PERCENT_PRICE", to: &json) {
        writeBand(symbol.rules.bandPpm, to: &$0)
        $0.member("multiplierDecimal", "6")
      }
    }
    json.endArray()
    json.strings("orderTypes", contractOrderTypes(features))
    var times = ["GTC", "IOC", "FOK"]
    if features.contains(.postOnly) { times.append("GTX") }
    if features.contains(.goodTillDate) { times.append("GTD") }
    json.strings("timeInForce", times)
    json.endObject()
  }

  private static func contractOrderTypes(_ features: VenueFeatures) -> [String] {
    var types = ["LIMIT", "MARKET"]
    if features.contains(.stop) { types += ["STOP", "STOP_MARKET"] }
    if features.contains(.takeProfit) { types += ["TAKE_PROFIT", "TAKE_PROFIT_MARKET"] }
    if features.contains(.trailing) { types.append("TRAILING_STOP_MARKET") }
    return types
  }

  // MARK: - Filters

  private static func filter(_ type: String, to json: inout JSONWriter, _ members: (inout JSONWriter) -> Void) {
    json.beginObject()
    json.member("filterType", type)
    members(&json)
    json.endObject()
  }

  /// A price is a whole number of ticks above zero. There is no highest one: 0 says so.
  private static func writePriceFilter(_ symbol: MarketSymbol, to json: inout JSONWriter) {
    filter("PRICE_FILTER", to: &json) {
      $0.member("minPrice", price: max(symbol.rules.tick, 1), of: symbol)
      $0.member("maxPrice", price: 0, of: symbol)
      $0.member("tickSize", price: max(symbol.rules.tick, 1), of: symbol)
    }
  }

  private static func writeLotSize(_ name: String, _ symbol: MarketSymbol, to json: inout JSONWriter) {
    let lot = max(symbol.rules.lot, 1)
    let most = symbol.rules.maxQuantity == 0 ? Int64.max / lot * lot : symbol.rules.maxQuantity
    filter(name, to: &json) {
      $0.member("minQty", quantity: max(symbol.rules.minQuantity, lot), of: symbol)
      $0.member("maxQty", quantity: most, of: symbol)
      $0.member("stepSize", quantity: lot, of: symbol)
    }
  }

  private static func writeBand(_ ppm: Int64, to json: inout JSONWriter) {
    json.member("multiplierUp", decimal: 1_000_000 + ppm, scale: 6)
    json.member("multiplierDown", decimal: max(1_000_000 - ppm, 0), scale: 6)
  }
}

extension JSONWriter {
  mutating func strings(_ name: StaticString, _ values: [String]) {
    self.name(name)
    beginArray()
    for value in values { string(value) }
    endArray()
  }
}
