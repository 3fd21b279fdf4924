/// What a market did in one interval of time, exactly.
struct Candle: Equatable {
  let start: UTCTime
  private(set) var open: Int64
  private(set) var high: Int64
  private(set) var low: Int64
  private(set) var close: Int64
  private(set) var quantity: Int128 = 0
  /// Sum of price times quantity.
  private(set) var turnover: Int128 = 0
  private(set) var count = 0

  /// An interval that begins at the price at which the one before it ended.
  init(start: UTCTime, at price: Int64) {
    self.start = start
    open = price
    high = price
    low = price
    close = price
  }

  mutating func add(_ trade: PublicTrade) {
    if count == 0 { (open, high, low) = (trade.price, trade.price, trade.price) }
    high = max(high, trade.price)
    low = min(low, trade.price)
    close = trade.price
    quantity += Int128(trade.quantity)
    turnover += Int128(trade.price) * Int128(trade.quantity)
    count += 1
  }
}

/// Trades become candles: every interval from the first one on has its own, also when nothing was traded in it.
struct CandleMaker {
  let interval: Int64
  /// The interval that has not ended.
  private(set) var current: Candle?

  /// - Precondition: the interval is above zero.
  init(interval: Int64) {
    precondition(interval > 0, "candles have a length")
    self.interval = interval
  }

  func start(of time: UTCTime) -> UTCTime {
    UTCTime(nanoseconds: time.nanoseconds - time.nanoseconds % interval)
  }

  /// Takes the next trade; candles that end before it go to `closed`.
  mutating func add(_ trade: PublicTrade, closed: (Candle) -> Void) {
    advance(to: trade.time, closed: closed)
    if current == nil { current = Candle(start: start(of: trade.time), at: trade.price) }
    current?.add(trade)
  }

  /// The time is `now`: what has ended is closed.
  mutating func advance(to now: UTCTime, closed: (Candle) -> Void) {
    while let candle = current, candle.start.nanoseconds + interval <= now.nanoseconds {
      closed(candle)
      current = Candle(start: UTCTime(nanoseconds: candle.start.nanoseconds + interval), at: candle.close)
    }
  }
}
