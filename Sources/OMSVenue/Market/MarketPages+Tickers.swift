import OMSLib

/// Prices and statistics of symbols.
extension MarketPages {
  enum TickerKind {
    case day, tradingDay, rolling
  }

  private struct TickerRequest {
    var kind: TickerKind
    var minutes = TickerStatistics.dayMinutes
    var offset: Int64 = 0
    var isMini = false
  }

  func tickersPage(
    _ parameters: PageParameters, _ kind: TickerKind, in exchange: borrowing Exchange, _ unit: TimeUnit
  ) throws(VenueError) -> [UInt8] {
    var request = TickerRequest(kind: kind)
    if let type = parameters.text("type"), parameters.product == .spot {
      guard type == "FULL" || type == "MINI" else { throw .invalidValue("type") }
      request.isMini = type == "MINI"
    }
    if kind != .day {
      // These two never tell of all symbols at once.
      guard parameters.text("symbol") != nil || parameters.text("symbols") != nil else { throw .missing("symbols") }
    }
    if kind == .tradingDay { request.offset = try parameters.timeZone() }
    if kind == .rolling, let size = parameters.text("windowSize") {
      guard let minutes = Self.minutes(ofWindow: size) else { throw .invalidValue("windowSize") }
      request.minutes = minutes
    }
    let tops = parameters.symbols.map { exchange.top(of: $0.number, at: .zero) }
    let time = exchange.time.nanoseconds
    return try write(parameters, in: exchange) { json, symbol in
      guard let place = parameters.symbols.firstIndex(where: { $0.number == symbol.number }) else { return }
      let statistics =
        kind == .tradingDay
        ? TickerStatistics(history(symbol), dayOffset: request.offset, at: time)
        : TickerStatistics(history(symbol), minutes: request.minutes, at: time)
      guard let statistics else { return }
      Self.write(statistics, of: symbol, tops[place], request, unit, to: &json)
    }
  }

  /// `1m` to `59m`, `1h` to `23h`, `1d` to `7d`.
  static func minutes(ofWindow text: String) -> Int? {
    guard let unit = text.last, let count = Int(text.dropLast()), count > 0, text.first != "+" else { return nil }
    switch unit {
    case "m" where count <= 59: return count
    case "h" where count <= 23: return count * 60
    case "d" where count <= 7: return count * 24 * 60
    default: return nil
    }
  }

  private static func write(
    _ statistics: TickerStatistics, of symbol: MarketSymbol, _ top: TopOfBook, _ request: TickerRequest,
    _ unit: TimeUnit, to json: inout JSONWriter
  ) {
    let window = statistics.window
    let (isSpot, isDay, isFull) = (symbol.product == .spot, request.kind == .day, !request.isMini)
    json.beginObject()
    json.member("symbol", symbol.name)
    if isFull {
      json.member("priceChange", price: statistics.change, of: symbol)
      json.member("priceChangePercent", decimal: statistics.changePercent, scale: 3)
      json.name("weightedAvgPrice")
      json.average(statistics, of: symbol)
      if isDay && isSpot { json.member("prevClosePrice", price: statistics.previousClose, of: symbol) }
    }
    if isFull && isDay {
      json.member("lastPrice", price: window.close, of: symbol)
      json.member("lastQty", quantity: statistics.lastQuantity, of: symbol)
      if isSpot {
        json.member("bidPrice", price: top.bid, of: symbol)
        json.member("bidQty", quantity: top.bidQuantity, of: symbol)
        json.member("askPrice", price: top.ask, of: symbol)
        json.member("askQty", quantity: top.askQuantity, of: symbol)
      }
    }
    json.member("openPrice", price: window.open, of: symbol)
    json.member("highPrice", price: window.high, of: symbol)
    json.member("lowPrice", price: window.low, of: symbol)
    if !(isFull && isDay) { json.member("lastPrice", price: window.close, of: symbol) }
    json.member("volume", quantity: window.quantity, of: symbol)
    json.member("quoteVolume", turnover: window.turnover, of: symbol)
    json.member("openTime", statistics.openTime, in: unit)
    json.member("closeTime", statistics.closeTime, in: unit)
    json.member("firstId", statistics.first)
    json.member("lastId", statistics.last)
    json.member("count", window.count)
    json.endObject()
  }

  func pricesPage(
    _ parameters: PageParameters, in exchange: borrowing Exchange, _ unit: TimeUnit
  ) throws(VenueError) -> [UInt8] {
    let time = exchange.time.nanoseconds
    return try write(parameters, in: exchange) { json, symbol in
      json.beginObject()
      json.member("symbol", symbol.name)
      json.member("price", price: history(symbol).candles[.minute1].current?.close ?? 0, of: symbol)
      if symbol.product == .usdm {
        json.member("time", history(symbol).lastTrade?.time.nanoseconds ?? time, in: unit)
      }
      json.endObject()
    }
  }

  // MARK: - Reference prices of spot

  /// The price that the band of an instrument is measured from.
  func referencePage(
    _ parameters: PageParameters, in exchange: borrowing Exchange, _ unit: TimeUnit
  ) throws(VenueError) -> [UInt8] {
    let symbol = try parameters.symbol()
    let mark = exchange.top(of: symbol.number, at: .zero).mark
    guard mark != 0 else { throw VenueError(-2043, "This symbol doesn't have a reference price.") }
    var json = JSONWriter()
    json.beginObject()
    json.member("symbol", symbol.name)
    json.member("referencePrice", price: mark, of: symbol)
    json.member("timestamp", exchange.time.nanoseconds, in: unit)
    json.endObject()
    return json.bytes
  }

  /// The exchange refuses prices, it does not end orders for them: no symbol has such a rule.
  func executionRulesPage(_ parameters: PageParameters) throws(VenueError) -> [UInt8] {
    let chosen = try parameters.choice()?.symbols ?? parameters.symbols
    var json = JSONWriter()
    json.beginObject()
    json.name("symbolRules")
    json.beginArray()
    for symbol in chosen {
      json.beginObject()
      json.member("symbol", symbol.name)
      json.name("rules")
      json.beginArray()
      json.endArray()
      json.endObject()
    }
    json.endArray()
    json.endObject()
    return json.bytes
  }
}
