import OMSLib

/// What a question costs of the weight that an address has per minute.
extension MarketPages {
  /// 0 for a path that is no page of these.
  package static func weight(_ path: String, _ query: VenueQuery, _ product: VenueProduct) -> Int {
    guard let route = MarketRoute.of(path, product) else { return 0 }
    return product == .spot ? spotWeight(route.page, query) : usdmWeight(route.page, query)
  }

  private static func spotWeight(_ page: MarketPage, _ query: VenueQuery) -> Int {
    let count = symbolCount(query)
    switch page {
    case .exchangeInfo: return 20
    case .depth:
      switch limit(query, 100) {
      case ...100: return 5
      case ...500: return 25
      case ...1_000: return 50
      default: return 250
      }
    case .trades: return 25
    case .aggregateTrades: return 4
    case .dayTicker:
      guard let count else { return 80 }
      return count <= 20 ? 2 : count <= 100 ? 40 : 80
    // Each symbol by itself, up to fifty of them.
    case .rollingTicker, .tradingDayTicker: return min(4 * max(count ?? 1, 1), 200)
    case .priceTicker, .bookTicker: return isOne(query) ? 2 : 4
    case .executionRules: return count.map { min(2 * max($0, 1), 40) } ?? 40
    case .klines, .averagePrice, .referencePrice: return 2
    default: return 1
    }
  }

  private static func usdmWeight(_ page: MarketPage, _ query: VenueQuery) -> Int {
    switch page {
    case .depth:
      switch limit(query, 500) {
      case ...50: return 2
      case ...100: return 5
      case ...500: return 10
      default: return 20
      }
    case .retailDepth: return 20
    case .klines, .continuousKlines, .markKlines, .indexKlines, .premiumKlines:
      switch limit(query, 500) {
      case ..<100: return 1
      case ..<500: return 2
      case ...1_000: return 5
      default: return 10
      }
    case .trades: return query["fromId"] == nil ? 5 : 20
    case .aggregateTrades: return 20
    case .premiumIndex: return isOne(query) ? 1 : 10
    case .dayTicker: return isOne(query) ? 1 : 40
    case .priceTicker, .priceTickerOld: return isOne(query) ? 1 : 2
    case .bookTicker: return isOne(query) ? 2 : 5
    case .tradingSchedule: return 5
    default: return 1
    }
  }

  private static func limit(_ query: VenueQuery, _ standard: Int) -> Int {
    query["limit"].flatMap { Int($0) } ?? standard
  }

  private static func isOne(_ query: VenueQuery) -> Bool { !(query["symbol"] ?? "").isEmpty }

  /// `nil`: all there are.
  private static func symbolCount(_ query: VenueQuery) -> Int? {
    if isOne(query) { return 1 }
    return query["symbols"].flatMap { try? PageParameters.names($0).count }
  }
}
