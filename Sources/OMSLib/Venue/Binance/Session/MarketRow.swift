/// What is known of one instrument. All zero: nothing.
struct MarketRow: BitwiseCopyable {
  /// `updatedAt` is when the best prices changed or were confirmed by themselves.
  var top = TopOfBook()
  /// When the message with the update came that the best prices are of.
  var tickerAt = EngineTime.zero
  /// By the venue's clock, in milliseconds.
  var markTime: Int64 = 0
  var markAt = EngineTime.zero
  var next = UTCTime.zero
  var rate = Rate.zero
  /// 0: not known.
  var interval: Int64 = 0
  /// Of the first trade on the tape: number minus place.
  var tapeBase: Int64 = 0
  /// The place of the last trade on the tape. The first one stands in the second place: it is not the market's first.
  var tapeEnd: UInt64 = 0
  /// A trade was beyond the best prices, which have not changed since.
  var divergedAt = EngineTime.zero
  /// The venue said elsewhere that the best prices are others, and no message has come since.
  var contradictedAt = EngineTime.zero
  var isOurs: UInt8 = 0
  var hasTicker: UInt8 = 0
  /// Its place among the streams of the line.
  var tickerStream: UInt16 = 0
  /// What comes next on the tape is new, whatever its number is.
  var isTapeTorn: UInt8 = 0
  var padding: (UInt8, UInt16) = (0, 0)

  mutating func forgetTicker() {
    (top.bid, top.bidQuantity, top.ask, top.askQuantity) = (0, 0, 0, 0)
    top.bookSequence = 0
    hasTicker = 0
    (divergedAt, contradictedAt) = (.zero, .zero)
  }

  /// An old price is none: while nothing was heard there may have been others. The tape goes on with a hole in it.
  mutating func forgetTrades() {
    top.last = 0
    isTapeTorn = 1
  }

  mutating func forgetMark() {
    (top.mark, top.index) = (0, 0)
    (markTime, markAt) = (0, .zero)
    (next, rate) = (.zero, .zero)
  }

  var isCrossed: Bool { top.bid > 0 && top.ask > 0 && top.bid >= top.ask }
}
