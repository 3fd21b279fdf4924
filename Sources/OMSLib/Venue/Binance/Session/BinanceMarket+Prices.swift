/// Best prices, trades and marks.
extension BinanceMarket {
  /// Nothing came from a line for so long: its best prices are asked for elsewhere.
  static let quiet: Int64 = 1_500_000_000
  /// And for so long without an answer: they are not known any more.
  static let silence: Int64 = 15_000_000_000
  /// Marks come every second.
  static let markSilence: Int64 = 10_000_000_000
  /// A trade beyond the best prices without news of these: they are asked for, and then not known.
  static let divergenceAsks: Int64 = 1_000_000_000
  static let divergenceMax: Int64 = 3_000_000_000
  /// The venue said that best prices are others, and the stream did not for so long: it is dead.
  static let contradictionMax: Int64 = 1_000_000_000
  /// News that are older than what is known are believed behind so long a pause: the venue counts anew.
  static let restart: Int64 = 5_000_000_000
  /// Steps of the time at which quiet prices were last vouched for, so that not every message changes all of them.
  static let step: Int64 = 250_000_000

  // MARK: Reading

  /// Best prices as they stand; empty while they are not known for sure.
  package func top(of instrument: InstrumentID) -> TopOfBook {
    let row = rows[instrument.index]
    guard isKnown(row) else { return TopOfBook() }
    var top = row.top
    // As long as others come over the same link, one that has not changed is as new as they are.
    let proven = EngineTime(nanoseconds: lines[.book].provenAt.nanoseconds / Self.step * Self.step)
    top.updatedAt = max(top.updatedAt, proven)
    if row.markAt != .zero, now.nanoseconds - row.markAt.nanoseconds > Self.markSilence {
      (top.mark, top.index) = (0, 0)
    }
    top.isValid = 1
    return top
  }

  private func isKnown(_ row: MarketRow) -> Bool {
    row.hasTicker != 0 && !row.isCrossed && isProven
      && (row.divergedAt == .zero || now.nanoseconds - row.divergedAt.nanoseconds < Self.divergenceMax)
  }

  /// Whether the line of best prices and books is heard.
  var isProven: Bool {
    let proven = lines[.book].provenAt
    return proven != .zero && now.nanoseconds - proven.nanoseconds < Self.silence
  }

  /// The next payment of a contract, with the rate as it stands. An interval of 0 is not known yet; `nil`: no payment is.
  package func funding(of instrument: InstrumentID) -> (next: UTCTime, rate: Rate, intervalNanoseconds: Int64)? {
    let row = rows[instrument.index]
    guard row.next != .zero, now.nanoseconds - row.markAt.nanoseconds <= Self.markSilence else { return nil }
    return (row.next, row.rate, row.interval)
  }

  /// Calls `body` with at most `count` trades behind the place `behind`, the oldest first. Places that are passed over
  /// are of trades that never came, or have left the tape.
  package func forEachTrade(
    of instrument: InstrumentID, behind: UInt64, count: Int, _ body: (UInt64, PublicTrade) -> Void
  ) {
    let row = rows[instrument.index]
    let window = UInt64(Self.tradeWindow)
    var place = max(behind, row.tapeEnd > window ? row.tapeEnd - window : 0)
    var left = count
    while place < row.tapeEnd, left > 0 {
      place += 1
      let trade = tape[instrument.index * Self.tradeWindow + Int(place % window)]
      guard trade.number > 0, Int64(bitPattern: trade.number) == row.tapeBase &+ Int64(place) else { continue }
      body(place, trade)
      left -= 1
    }
  }

  // MARK: News

  func take(_ ticker: BinanceTicker) {
    let index = ticker.symbol.instrument.index
    guard rows[index].isOurs != 0 else { return }
    if rows[index].hasTicker != 0, UInt64(ticker.update) <= rows[index].top.bookSequence {
      // The other of two links brings it too, or has it still to bring.
      guard now.nanoseconds - rows[index].top.updatedAt.nanoseconds > Self.restart else { return }
    }
    set(ticker, index, at: now)
    rows[index].top.bookSequence = UInt64(ticker.update)
    rows[index].tickerAt = now
    (rows[index].divergedAt, rows[index].contradictedAt) = (.zero, .zero)
  }

  private func set(_ ticker: BinanceTicker, _ index: Int, at time: EngineTime) {
    rows[index].top.bid = ticker.bidQuantity > 0 ? ticker.bid : 0
    rows[index].top.bidQuantity = ticker.bid > 0 ? ticker.bidQuantity : 0
    rows[index].top.ask = ticker.askQuantity > 0 ? ticker.ask : 0
    rows[index].top.askQuantity = ticker.ask > 0 ? ticker.askQuantity : 0
    rows[index].top.updatedAt = time
    rows[index].hasTicker = 1
  }

  /// What the venue answers about best prices, as of `askedAt`; news that have come since are newer.
  func confirm(_ ticker: BinanceTicker, askedAt: EngineTime) {
    let index = ticker.symbol.instrument.index
    guard rows[index].isOurs != 0 else { return }
    let before = rows[index]
    guard before.hasTicker == 0 || before.top.updatedAt <= askedAt else { return }
    // One that does not come by itself would never change again.
    guard links.contains(where: { $0.line == .book && $0.isReady && $0.carries(Int(before.tickerStream)) }) else {
      return
    }
    set(ticker, index, at: askedAt)
    let after = rows[index].top
    rows[index].divergedAt = .zero
    guard before.hasTicker != 0,
      (before.top.bid, before.top.bidQuantity, before.top.ask, before.top.askQuantity)
        != (after.bid, after.bidQuantity, after.ask, after.askQuantity)
    else { return }
    // The message that says so may be on its way. If none comes the stream is dead, whatever else its link brings.
    count { $0.doubts += 1 }
    rows[index].contradictedAt = now
    note(ticker.symbol.instrument)
  }

  func take(_ trade: BinanceTrade) {
    let index = trade.symbol.instrument.index
    guard rows[index].isOurs != 0 else { return }
    guard record(trade, index) else { return }
    rows[index].top.last = trade.price
    let top = rows[index].top
    let isBeyond = top.ask > 0 && trade.price > top.ask || top.bid > 0 && trade.price < top.bid
    guard isBeyond, rows[index].hasTicker != 0, rows[index].divergedAt == .zero else { return }
    rows[index].divergedAt = now
    note(trade.symbol.instrument)
  }

  /// Puts a trade on the tape: its place follows from its number, so that those that never came leave holes.
  private func record(_ trade: BinanceTrade, _ index: Int) -> Bool {
    let end = Int64(rows[index].tapeEnd)
    var place = trade.number &- rows[index].tapeBase
    let isNew = rows[index].isTapeTorn != 0 && place <= end
    if end == 0 || isNew || place < end - Int64(Self.tradeWindow) || place > end + 1 << 32 {
      // The first one, or the venue counts anew.
      place = end + 2
      rows[index].tapeBase = trade.number - place
    } else if place <= end {
      // The other of two links has brought it.
      return false
    } else if place > end + 1 {
      count { $0.lostTrades += UInt64(place - end - 1) }
    }
    rows[index].tapeEnd = UInt64(place)
    rows[index].isTapeTorn = 0
    var row = PublicTrade()
    row.number = UInt64(trade.number)
    (row.price, row.quantity, row.time) = (trade.price, trade.quantity, trade.time)
    row.sideRaw = UInt64(trade.taker.rawValue)
    tape[index * Self.tradeWindow + Int(place % Int64(Self.tradeWindow))] = row
    return true
  }

  func take(_ mark: BinanceMark) {
    let index = mark.symbol.instrument.index
    guard rows[index].isOurs != 0, mark.eventTime > rows[index].markTime else { return }
    rows[index].markTime = mark.eventTime
    rows[index].markAt = now
    (rows[index].top.mark, rows[index].top.index) = (mark.mark, mark.index)
    (rows[index].next, rows[index].rate) = (mark.next, mark.rate)
  }

  private func note(_ instrument: InstrumentID) {
    if !doubted.contains(instrument.number) { doubted.append(instrument.number) }
  }
}
