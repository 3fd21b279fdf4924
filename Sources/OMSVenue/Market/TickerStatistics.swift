import OMSLib

/// What a market did in a stretch of time, as tickers tell it.
struct TickerStatistics {
  let window: MarketCandle
  /// Last price before the stretch.
  let previousClose: Int64
  let openTime: Int64
  let closeTime: Int64
  let lastQuantity: Int64

  static let dayMinutes = 24 * 60

  /// The last so many minutes; `nil` before anybody looked.
  init?(_ history: MarketHistory, minutes: Int, at time: Int64) {
    guard let window = history.candles.window(minutes: minutes) else { return nil }
    self.init(history, window, at: time, since: time - Int64(minutes) * KlineInterval.minute)
  }

  /// The day that runs at a clock `offset` ahead of UTC.
  init?(_ history: MarketHistory, dayOffset offset: Int64, at time: Int64) {
    let start = KlineInterval.day1.start(of: time, offset: offset)
    let minutes = Int((time - start) / KlineInterval.minute)
    guard let window = history.candles.window(minutes: minutes) else { return nil }
    self.init(history, window, at: time, since: start)
  }

  private init(_ history: MarketHistory, _ window: MarketCandle, at time: Int64, since openTime: Int64) {
    self.window = window
    self.openTime = openTime
    closeTime = time
    previousClose = history.candles.close(before: window.start) ?? window.open
    lastQuantity = history.lastTrade?.quantity ?? 0
  }

  var change: Int64 { window.close - window.open }

  /// In thousandths of a percent.
  var changePercent: Int64 {
    window.open == 0 ? 0 : Int64(clamping: Int128(change) * 100_000 / Int128(window.open))
  }

  /// -1 where nothing was traded.
  var first: Int64 { window.count == 0 ? -1 : Int64(clamping: window.first) }
  var last: Int64 { window.count == 0 ? -1 : Int64(clamping: window.last) }
}

extension JSONWriter {
  mutating func average(_ statistics: TickerStatistics, of symbol: MarketSymbol) {
    let window = statistics.window
    if let average = symbol.average(window.turnover, over: window.quantity) {
      decimal(average, scale: symbol.shownAverageScale)
    } else {
      markPrice(window.close, of: symbol)
    }
  }
}
