import OMSLib

/// Candles and averages.
extension MarketPages {
  enum KlineSource {
    case trades, contract, mark, index, premium
  }

  private static let spotKlinesMax = 1_000
  private static let usdmKlinesMax = CandleStore.kept
  static let averageMinutes = 5

  func klinesPage(
    _ parameters: PageParameters, _ source: KlineSource, _ unit: TimeUnit
  ) throws(VenueError) -> [UInt8] {
    let symbol = try parameters.symbol(source == .contract || source == .index ? "pair" : "symbol")
    if source == .contract { try Self.checkContract(parameters) }
    let interval = try parameters.interval()
    let limit = try parameters.limit(500, max: symbol.product == .spot ? Self.spotKlinesMax : Self.usdmKlinesMax)
    let (start, end) = try parameters.times()
    let offset = try parameters.timeZone()
    let candles = candles(of: symbol, source, interval, offset: offset).filter {
      $0.start >= start ?? .min && $0.start <= end ?? .max
    }
    var json = JSONWriter(capacity: 8_192)
    json.beginArray()
    for candle in start == nil ? candles.suffix(limit) : candles.prefix(limit) {
      json.kline(candle, end: interval.end(of: candle.start, offset: offset), source, of: symbol, unit)
    }
    json.endArray()
    return json.bytes
  }

  private static func checkContract(_ parameters: PageParameters) throws(VenueError) {
    guard let type = parameters.text("contractType") else { throw .missing("contractType") }
    guard type == "PERPETUAL" else { throw .invalidValue("contractType") }
  }

  func candles(
    of symbol: MarketSymbol, _ source: KlineSource, _ interval: KlineInterval, offset: Int64
  ) -> [MarketCandle] {
    let history = history(symbol)
    switch source {
    case .trades, .contract: return history.candles.candles(interval, offset: offset)
    case .mark: return history.marks.candles(interval, offset: offset)
    case .index: return history.indices.candles(interval, offset: offset)
    case .premium: return history.premiums.candles(interval, offset: offset)
    }
  }

  func averagePage(
    _ parameters: PageParameters, in exchange: borrowing Exchange, _ unit: TimeUnit
  ) throws(VenueError) -> [UInt8] {
    let symbol = try parameters.symbol()
    var json = JSONWriter()
    json.beginObject()
    json.member("mins", Self.averageMinutes)
    json.name("price")
    json.averagePrice(of: symbol, history(symbol), in: exchange)
    json.member("closeTime", history(symbol).lastTrade?.time.nanoseconds ?? exchange.time.nanoseconds, in: unit)
    json.endObject()
    return json.bytes
  }
}

extension JSONWriter {
  /// The average over the last minutes, or the last price where nothing was traded.
  mutating func averagePrice(of symbol: MarketSymbol, _ history: MarketHistory, in exchange: borrowing Exchange) {
    if let window = history.candles.window(minutes: MarketPages.averageMinutes),
      let average = symbol.average(window.turnover, over: window.quantity)
    {
      decimal(average, scale: symbol.shownAverageScale)
    } else {
      markPrice(exchange.top(of: symbol.number, at: .zero).last, of: symbol)
    }
  }

  fileprivate mutating func kline(
    _ candle: MarketCandle, end: Int64, _ source: MarketPages.KlineSource, of symbol: MarketSymbol, _ unit: TimeUnit
  ) {
    beginArray()
    integer(unit.value(candle.start))
    for price in [candle.open, candle.high, candle.low, candle.close] {
      switch source {
      case .trades, .contract: self.price(price, of: symbol)
      case .mark, .index: markPrice(price, of: symbol)
      case .premium: decimal(price, scale: 8)
      }
    }
    let isTraded = source == .trades || source == .contract
    if isTraded { quantity(candle.quantity, of: symbol) } else { string("0") }
    integer(unit.value(end) - 1)
    if isTraded { turnover(candle.turnover, of: symbol) } else { string("0") }
    integer(candle.count)
    if isTraded {
      quantity(candle.takerQuantity, of: symbol)
      turnover(candle.takerTurnover, of: symbol)
    } else {
      string("0")
      string("0")
    }
    string("0")
    endArray()
  }
}
