import OMSLib

/// What the public pages of both products are about.
enum MarketPage: Sendable {
  case ping, time, exchangeInfo, executionRules, referencePrice
  case depth, retailDepth, trades, aggregateTrades
  case klines, continuousKlines, markKlines, indexKlines, premiumKlines, averagePrice
  case dayTicker, tradingDayTicker, rollingTicker, priceTicker, priceTickerOld, bookTicker
  case premiumIndex, fundingRate, fundingInfo, openInterest, deleveraging, tradingSchedule
}

/// One public address of the exchange: what is behind it and which parameters it knows.
struct MarketRoute: Sendable {
  let page: MarketPage
  let parameters: [String]

  static func of(_ path: String, _ product: VenueProduct) -> MarketRoute? {
    product == .spot ? spot[path] : usdm[path]
  }

  private static let klineParameters = ["symbol", "interval", "startTime", "endTime", "limit"]
  private static let symbolParameters = ["symbol", "symbols", "symbolStatus"]

  private static let spot: [String: MarketRoute] = [
    "/api/v3/ping": MarketRoute(page: .ping, parameters: []),
    "/api/v3/time": MarketRoute(page: .time, parameters: []),
    "/api/v3/exchangeInfo": MarketRoute(
      page: .exchangeInfo, parameters: symbolParameters + ["permissions", "showPermissionSets"]),
    "/api/v3/executionRules": MarketRoute(page: .executionRules, parameters: symbolParameters),
    "/api/v3/referencePrice": MarketRoute(page: .referencePrice, parameters: ["symbol"]),
    "/api/v3/depth": MarketRoute(page: .depth, parameters: ["symbol", "limit", "symbolStatus"]),
    "/api/v3/trades": MarketRoute(page: .trades, parameters: ["symbol", "limit"]),
    "/api/v3/historicalTrades": MarketRoute(page: .trades, parameters: ["symbol", "limit", "fromId"]),
    "/api/v3/aggTrades": MarketRoute(
      page: .aggregateTrades, parameters: ["symbol", "fromId", "startTime", "endTime", "limit"]),
    "/api/v3/klines": MarketRoute(page: .klines, parameters: klineParameters + ["timeZone"]),
    "/api/v3/uiKlines": MarketRoute(page: .klines, parameters: klineParameters + ["timeZone"]),
    "/api/v3/avgPrice": MarketRoute(page: .averagePrice, parameters: ["symbol"]),
    "/api/v3/ticker/24hr": MarketRoute(page: .dayTicker, parameters: symbolParameters + ["type"]),
    "/api/v3/ticker/tradingDay": MarketRoute(
      page: .tradingDayTicker, parameters: symbolParameters + ["timeZone", "type"]),
    "/api/v3/ticker": MarketRoute(page: .rollingTicker, parameters: symbolParameters + ["windowSize", "type"]),
    "/api/v3/ticker/price": MarketRoute(page: .priceTicker, parameters: symbolParameters),
    "/api/v3/ticker/bookTicker": MarketRoute(page: .bookTicker, parameters: symbolParameters),
  ]

  private static let usdm: [String: MarketRoute] = [
    "/fapi/v1/ping": MarketRoute(page: .ping, parameters: []),
    "/fapi/v1/time": MarketRoute(page: .time, parameters: []),
    "/fapi/v1/exchangeInfo": MarketRoute(page: .exchangeInfo, parameters: []),
    "/fapi/v1/depth": MarketRoute(page: .depth, parameters: ["symbol", "limit"]),
    "/fapi/v1/rpiDepth": MarketRoute(page: .retailDepth, parameters: ["symbol", "limit"]),
    "/fapi/v1/trades": MarketRoute(page: .trades, parameters: ["symbol", "limit"]),
    "/fapi/v1/historicalTrades": MarketRoute(page: .trades, parameters: ["symbol", "limit", "fromId"]),
    "/fapi/v1/aggTrades": MarketRoute(
      page: .aggregateTrades, parameters: ["symbol", "fromId", "startTime", "endTime", "limit"]),
    "/fapi/v1/klines": MarketRoute(page: .klines, parameters: klineParameters),
    "/fapi/v1/continuousKlines": MarketRoute(
      page: .continuousKlines, parameters: klineParameters + ["pair", "contractType"]),
    "/fapi/v1/markPriceKlines": MarketRoute(page: .markKlines, parameters: klineParameters),
    "/fapi/v1/indexPriceKlines": MarketRoute(page: .indexKlines, parameters: klineParameters + ["pair"]),
    "/fapi/v1/premiumIndexKlines": MarketRoute(page: .premiumKlines, parameters: klineParameters),
    "/fapi/v1/premiumIndex": MarketRoute(page: .premiumIndex, parameters: ["symbol"]),
    "/fapi/v1/fundingRate": MarketRoute(
      page: .fundingRate, parameters: ["symbol", "startTime", "endTime", "limit"]),
    "/fapi/v1/fundingInfo": MarketRoute(page: .fundingInfo, parameters: []),
    "/fapi/v1/ticker/24hr": MarketRoute(page: .dayTicker, parameters: ["symbol"]),
    "/fapi/v1/ticker/price": MarketRoute(page: .priceTickerOld, parameters: ["symbol"]),
    "/fapi/v2/ticker/price": MarketRoute(page: .priceTicker, parameters: ["symbol"]),
    "/fapi/v1/ticker/bookTicker": MarketRoute(page: .bookTicker, parameters: ["symbol"]),
    "/fapi/v1/openInterest": MarketRoute(page: .openInterest, parameters: ["symbol"]),
    "/fapi/v1/symbolAdlRisk": MarketRoute(page: .deleveraging, parameters: ["symbol"]),
    "/fapi/v1/tradingSchedule": MarketRoute(page: .tradingSchedule, parameters: []),
  ]

  /// The address whose answer is the result of a method of the WebSocket API.
  static func address(ofMethod method: String, _ product: VenueProduct) -> String? {
    product == .spot ? spotMethods[method] : usdmMethods[method]
  }

  private static let spotMethods: [String: String] = [
    "ping": "/api/v3/ping", "time": "/api/v3/time", "exchangeInfo": "/api/v3/exchangeInfo",
    "executionRules": "/api/v3/executionRules", "referencePrice": "/api/v3/referencePrice", "depth": "/api/v3/depth",
    "trades.recent": "/api/v3/trades", "trades.historical": "/api/v3/historicalTrades",
    "trades.aggregate": "/api/v3/aggTrades", "klines": "/api/v3/klines", "uiKlines": "/api/v3/uiKlines",
    "avgPrice": "/api/v3/avgPrice", "ticker.24hr": "/api/v3/ticker/24hr",
    "ticker.tradingDay": "/api/v3/ticker/tradingDay", "ticker": "/api/v3/ticker",
    "ticker.price": "/api/v3/ticker/price",
    "ticker.book": "/api/v3/ticker/bookTicker",
  ]

  private static let usdmMethods: [String: String] = [
    "depth": "/fapi/v1/depth", "ticker.price": "/fapi/v2/ticker/price", "ticker.book": "/fapi/v1/ticker/bookTicker",
  ]
}
