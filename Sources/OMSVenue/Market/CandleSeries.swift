import OMSLib

/// What a market did in one interval, with what the exchange's clients are told about it.
package struct MarketCandle: Equatable, Sendable {
  /// Nanoseconds of UTC.
  package var start: Int64
  package var open: Int64
  package var high: Int64
  package var low: Int64
  package var close: Int64
  package var quantity: Int128 = 0
  /// Sum of price times quantity.
  package var turnover: Int128 = 0
  /// The parts in which the taker bought.
  package var takerQuantity: Int128 = 0
  package var takerTurnover: Int128 = 0
  package var count = 0
  /// Numbers of the first and the last trade; 0 without trades.
  package var first: UInt64 = 0
  package var last: UInt64 = 0

  /// An interval in which nothing was traded yet.
  init(start: Int64, at price: Int64) {
    self.start = start
    open = price
    high = price
    low = price
    close = price
  }

  mutating func add(_ trade: PublicTrade) {
    if count == 0 {
      (open, high, low) = (trade.price, trade.price, trade.price)
      first = trade.number
    }
    let value = Int128(trade.price) * Int128(trade.quantity)
    high = max(high, trade.price)
    low = min(low, trade.price)
    close = trade.price
    quantity += Int128(trade.quantity)
    turnover += value
    if trade.sideRaw == UInt64(Side.buy.rawValue) {
      takerQuantity += Int128(trade.quantity)
      takerTurnover += value
    }
    count += 1
    last = trade.number
  }

  /// A price without a trade: marks and indices.
  mutating func sample(_ price: Int64) {
    if count == 0 { (open, high, low) = (price, price, price) }
    high = max(high, price)
    low = min(low, price)
    close = price
    count += 1
  }

  /// What comes behind it, as one longer candle.
  mutating func append(_ other: MarketCandle) {
    if count == 0 && other.count > 0 {
      (open, high, low, first) = (other.open, other.high, other.low, other.first)
    } else if other.count > 0 {
      high = max(high, other.high)
      low = min(low, other.low)
    }
    close = other.close
    quantity += other.quantity
    turnover += other.turnover
    takerQuantity += other.takerQuantity
    takerTurnover += other.takerTurnover
    count += other.count
    if other.count > 0 { last = other.last }
  }
}

/// The newest candles of one length, without gaps: what had no trade is flat.
struct CandleSeries {
  let interval: KlineInterval
  private let capacity: Int
  private var candles: [MarketCandle] = []

  init(_ interval: KlineInterval, capacity: Int) {
    precondition(capacity > 1)
    self.interval = interval
    self.capacity = capacity
  }

  /// Oldest first; the last one has not ended.
  var all: ArraySlice<MarketCandle> { candles.suffix(capacity) }
  var current: MarketCandle? { candles.last }

  /// Makes sure that the candle of `time` exists; the very first one stands at `price`.
  mutating func roll(to time: Int64, price: Int64) {
    guard let last = candles.last else {
      candles.append(MarketCandle(start: interval.start(of: time), at: price))
      return
    }
    var (start, end) = (last.start, interval.end(of: last.start))
    guard end <= time else { return }
    var missing: [Int64] = []
    while end <= time {
      (start, end) = (end, interval.end(of: end))
      missing.append(start)
      // A long silence: only what would be kept is made.
      if missing.count >= 2 * capacity { missing.removeFirst(capacity) }
    }
    candles.append(contentsOf: missing.map { MarketCandle(start: $0, at: last.close) })
    if candles.count >= 2 * capacity { candles.removeFirst(candles.count - capacity) }
  }

  mutating func add(_ trade: PublicTrade) {
    roll(to: trade.time.nanoseconds, price: trade.price)
    candles[candles.count - 1].add(trade)
  }

  mutating func sample(_ price: Int64, at time: Int64) {
    roll(to: time, price: price)
    candles[candles.count - 1].sample(price)
  }
}

/// The candles of one instrument in all lengths, from the moment somebody began to look.
struct CandleStore {
  /// As many as the largest answer holds.
  static let kept = 1_500
  /// Minutes of a week: the longest window of a rolling statistic is made of them.
  static let minutesKept = 7 * 24 * 60 + 1

  private var series: [CandleSeries]

  init() {
    series = KlineInterval.allCases.map {
      CandleSeries($0, capacity: $0 == .minute1 ? Self.minutesKept : Self.kept)
    }
  }

  mutating func roll(to time: Int64, price: Int64) {
    for index in series.indices { series[index].roll(to: time, price: price) }
  }

  mutating func add(_ trade: PublicTrade) {
    for index in series.indices { series[index].add(trade) }
  }

  mutating func sample(_ price: Int64, at time: Int64) {
    for index in series.indices { series[index].sample(price, at: time) }
  }

  subscript(interval: KlineInterval) -> CandleSeries {
    guard let place = KlineInterval.allCases.firstIndex(of: interval) else {
      preconditionFailure("every interval has a series")
    }
    return series[place]
  }

  /// Candles of a clock that is `offset` ahead of UTC. Where that makes a difference they are put together from
  /// minutes, so they reach back a week.
  func candles(_ interval: KlineInterval, offset: Int64) -> [MarketCandle] {
    guard let current = self[interval].current else { return [] }
    if interval.start(of: current.start, offset: offset) == current.start { return Array(self[interval].all) }
    var result: [MarketCandle] = []
    for minute in self[.minute1].all {
      let start = interval.start(of: minute.start, offset: offset)
      if let last = result.last, last.start == start {
        result[result.count - 1].append(minute)
      } else {
        var candle = minute
        candle.start = start
        result.append(candle)
      }
    }
    return result
  }

  /// What happened in the last so many whole minutes and the one that runs.
  func window(minutes: Int) -> MarketCandle? {
    let all = self[.minute1].all.suffix(minutes + 1)
    guard var sum = all.first else { return nil }
    for candle in all.dropFirst() { sum.append(candle) }
    return sum
  }

  /// Price at which the minute before such a window ended.
  func close(before start: Int64) -> Int64? {
    self[.minute1].all.last { $0.start < start }?.close
  }
}
