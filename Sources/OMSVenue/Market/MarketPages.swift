package import OMSLib

/// Everything public that can be asked for: what was observed of the exchange, and the answers in Binance's words.
///
/// Whoever drives the exchange calls `look` after each of its turns: the tape of trades is bounded, and what nobody
/// read in time is in no candle.
package struct MarketPages {
  package var claims: MarketClaims
  private(set) var symbols: [MarketSymbol] = []
  /// By number of the instrument, less one.
  var histories: [MarketHistory] = []
  var books: [BookFeed] = []

  package init(claims: MarketClaims) { self.claims = claims }

  /// Reads what is new since the last look.
  package mutating func look(in exchange: borrowing Exchange) {
    while symbols.count < Int(exchange.instrumentTotal) {
      let number = UInt16(symbols.count + 1)
      symbols.append(MarketSymbol(number, in: exchange))
      histories.append(MarketHistory())
      books.append(BookFeed(number))
    }
    for index in symbols.indices { histories[index].look(at: symbols[index], in: exchange) }
  }

  /// Takes an event of the exchange, with the exchange's own numbers: rates of funding that accounts were charged.
  package mutating func note(_ event: VenueEvent) {
    guard event.kind == .funding, case let index = event.instrument.index - 1, histories.indices.contains(index) else {
      return
    }
    let time = Int64(clamping: event.trade.low) * Exchange.fundingInterval
    histories[index].note(FundingPayment(time: time, rate: Rate(e8: event.cumulative), mark: event.price))
  }

  // MARK: - Answers

  /// `true`: the path is one of these pages.
  package static func has(_ path: String, _ product: VenueProduct) -> Bool { MarketRoute.of(path, product) != nil }

  /// The page whose answer is the result of a method of the WebSocket API; `nil`: the method is no public one.
  package static func path(ofMethod method: String, _ product: VenueProduct) -> String? {
    MarketRoute.address(ofMethod: method, product)
  }

  /// The answer of a page. What is asked for is what the exchange is now: it is looked at first.
  package mutating func answer(
    _ path: String, _ query: VenueQuery, _ product: VenueProduct, in exchange: borrowing Exchange, at now: ServerTime,
    unit: TimeUnit = .millisecond
  ) -> Result<[UInt8], VenueError> {
    look(in: exchange)
    do throws(VenueError) {
      return .success(try page(path, query, product, in: exchange, at: now, unit: unit))
    } catch {
      return .failure(error)
    }
  }

  private mutating func page(
    _ path: String, _ query: VenueQuery, _ product: VenueProduct, in exchange: borrowing Exchange, at now: ServerTime,
    unit: TimeUnit
  ) throws(VenueError) -> [UInt8] {
    guard let route = MarketRoute.of(path, product) else {
      throw VenueError(-1000, "Path '\(path)' is not known.", status: 404)
    }
    let parameters = try PageParameters(query, product, known: route.parameters, symbols: symbols)
    switch route.page {
    case .ping: return Array("{}".utf8)
    case .time: return timePage(now, unit)
    case .exchangeInfo: return try infoPage(parameters, in: exchange, at: now, unit)
    case .executionRules: return try executionRulesPage(parameters)
    case .referencePrice: return try referencePage(parameters, in: exchange, unit)
    // Orders of retail price improvement are not known here, so the book that shows them too is the same one.
    case .depth: return try depthPage(parameters, standard: 500, in: exchange, at: now, unit)
    case .retailDepth: return try depthPage(parameters, standard: 1_000, in: exchange, at: now, unit)
    case .trades: return try tradesPage(parameters, in: exchange, unit)
    case .aggregateTrades: return try aggregatesPage(parameters, unit)
    case .klines: return try klinesPage(parameters, .trades, unit)
    case .continuousKlines: return try klinesPage(parameters, .contract, unit)
    case .markKlines: return try klinesPage(parameters, .mark, unit)
    case .indexKlines: return try klinesPage(parameters, .index, unit)
    case .premiumKlines: return try klinesPage(parameters, .premium, unit)
    case .averagePrice: return try averagePage(parameters, in: exchange, unit)
    case .dayTicker: return try tickersPage(parameters, .day, in: exchange, unit)
    case .tradingDayTicker: return try tickersPage(parameters, .tradingDay, in: exchange, unit)
    case .rollingTicker: return try tickersPage(parameters, .rolling, in: exchange, unit)
    case .priceTicker, .priceTickerOld: return try pricesPage(parameters, in: exchange, unit)
    case .bookTicker: return try bookTickersPage(parameters, in: exchange, at: now, unit)
    case .premiumIndex: return try premiumPage(parameters, in: exchange, unit)
    case .fundingRate: return try fundingRatePage(parameters, unit)
    case .fundingInfo: return fundingInfoPage()
    case .openInterest: return try openInterestPage(parameters, in: exchange, unit)
    case .deleveraging: return try deleveragingPage(parameters, in: exchange, unit)
    case .tradingSchedule: return tradingSchedulePage(in: exchange, unit)
    }
  }

  private func timePage(_ now: ServerTime, _ unit: TimeUnit) -> [UInt8] {
    var json = JSONWriter()
    json.beginObject()
    json.member("serverTime", now.utc.nanoseconds, in: unit)
    json.endObject()
    return json.bytes
  }

  /// The symbols a page is about: one as an object, others as an array.
  func write(
    _ parameters: PageParameters, in exchange: borrowing Exchange, _ body: (inout JSONWriter, MarketSymbol) -> Void
  ) throws(VenueError) -> [UInt8] {
    let choice = try parameters.choice()
    let status = try status(parameters, choice?.symbols ?? [], in: exchange)
    var json = JSONWriter(capacity: 1_024)
    if let choice, choice.isOne {
      body(&json, choice.symbols[0])
      return json.bytes
    }
    json.beginArray()
    for symbol in choice?.symbols ?? parameters.symbols
    where status == nil || Self.status(symbol, in: exchange) == status { body(&json, symbol) }
    json.endArray()
    return json.bytes
  }

  func history(_ symbol: MarketSymbol) -> MarketHistory { histories[Int(symbol.number) - 1] }
}
