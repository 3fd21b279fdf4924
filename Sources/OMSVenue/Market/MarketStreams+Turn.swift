package import OMSLib

/// What is due, and when.
extension MarketStreams {
  /// A position that the exchange closed, as far as it was told.
  struct Liquidation {
    var order: UInt64
    var sideRaw: UInt8
    /// Price of the last trade.
    var price: Int64
    var lastQuantity: Int64
    var quantity: Int128
    var turnover: Int128
    var time: Int64
  }

  /// Milliseconds between two messages; 0: with each turn that has something to tell.
  static func period(of key: FeedKey) -> Int64 {
    let isSpot = key.product == .spot
    switch key.stream.kind {
    case .depth(let speed), .partialDepth(_, let speed), .markPrice(let speed): return Int64(speed)
    case .bookTicker, .trade, .aggregateTrade, .silent: return 0
    case .kline(let interval, _): return isSpot ? (interval == .second1 ? 1_000 : 2_000) : 250
    case .continuousKline: return 250
    case .miniTicker, .ticker, .rollingTicker, .averagePrice, .referencePrice, .forceOrder: return 1_000
    }
  }

  /// When something is due of its own accord; what trades cause comes with the exchange's next turn.
  package func nextDue(at now: ServerTime) -> EngineTime {
    var next = EngineTime.never
    for (period, slot) in slots where period > 0 {
      let wait = (slot + 1) * period * 1_000_000 - now.utc.nanoseconds
      next = min(next, now.now.advanced(byNanoseconds: max(wait, 0)))
    }
    return next
  }

  /// Takes an event of the exchange, with the exchange's own numbers: liquidations are told from it.
  package mutating func note(_ event: VenueEvent) {
    guard event.kind == .fill, event.isForced == 1 else { return }
    let number = UInt16(event.instrument.index)
    var known = liquidations[number]
    if known?.order != event.venueOrder.low { known = nil }
    var next =
      known
      ?? Liquidation(
        order: event.venueOrder.low, sideRaw: event.sideRaw, price: 0, lastQuantity: 0, quantity: 0, turnover: 0,
        time: 0)
    next.price = event.price
    next.lastQuantity = event.quantity
    next.quantity += Int128(event.quantity)
    next.turnover += Int128(event.price) * Int128(event.quantity)
    next.time = event.venueTime.nanoseconds
    liquidations[number] = next
  }

  /// Tells everybody what is new and what is due. Comes after each turn of the exchange, and no later than `nextDue`.
  package mutating func turn(_ pages: inout MarketPages, in exchange: borrowing Exchange, at now: ServerTime) {
    pages.look(in: exchange)
    var due: Set<Int64> = [0]
    for (period, slot) in slots where period > 0 {
      let current = now.milliseconds / period
      guard current > slot else { continue }
      due.insert(period)
      slots[period] = current
    }
    var updates: [UpdateKey: BookFeed.Update?] = [:]
    lookAtBooks(due, &pages, in: exchange)
    for place in feeds.indices
    where due.contains(Self.period(of: feeds[place].key)) && !replayed.contains(feeds[place].key.product) {
      let messages = messages(place, &pages, &updates, in: exchange, at: now)
      let readers = feeds[place].readers
      for message in messages { tell(message, readers) }
    }
    if due.contains(1_000) { liquidations = [:] }
    pages.forgetNew()
  }

  struct UpdateKey: Hashable {
    var number: UInt16
    var speed: Int
  }

  /// Each book that some due stream is about is read once.
  private func lookAtBooks(_ due: Set<Int64>, _ pages: inout MarketPages, in exchange: borrowing Exchange) {
    var looked: Set<UInt16> = []
    for feed in feeds where feed.number != 0 && due.contains(Self.period(of: feed.key)) {
      switch feed.key.stream.kind {
      case .depth, .partialDepth:
        guard looked.insert(feed.number).inserted else { continue }
        pages.books[Int(feed.number) - 1].look(in: exchange)
      default: continue
      }
    }
  }

  private mutating func messages(
    _ place: Int, _ pages: inout MarketPages, _ updates: inout [UpdateKey: BookFeed.Update?],
    in exchange: borrowing Exchange, at now: ServerTime
  ) -> [[UInt8]] {
    let (key, number) = (feeds[place].key, feeds[place].number)
    let writer = StreamWriter(unit: key.unit, now: now)
    let all = pages.symbols.filter { $0.product == key.product }
    let symbol = number == 0 ? nil : pages.symbols[Int(number) - 1]
    guard key.stream.symbol == nil || symbol != nil else { return [] }
    switch key.stream.kind {
    case .silent: return []
    case .trade:
      guard let symbol else { return [] }
      return pages.history(symbol).newTrades.map { writer.trade($0, of: symbol) }
    case .aggregateTrade:
      guard let symbol else { return [] }
      return pages.history(symbol).newAggregates.map { writer.aggregate($0, of: symbol) }
    case .bookTicker:
      var told: [[UInt8]] = []
      for symbol in symbol.map({ [$0] }) ?? all {
        pages.books[Int(symbol.number) - 1].lookAtTop(in: exchange)
        let book = pages.books[Int(symbol.number) - 1]
        guard feeds[place].tops.updateValue(book.topID, forKey: symbol.number) != book.topID else { continue }
        told.append(writer.bookTicker(book, of: symbol, at: exchange.time.nanoseconds))
      }
      return told
    case .depth(let speed):
      guard let symbol else { return [] }
      let update = UpdateKey(number: number, speed: speed)
      if updates[update] == nil {
        updates[update] = .some(pages.books[Int(number) - 1].update(speed: speed))
      }
      guard case .some(.some(let found)) = updates[update] else { return [] }
      return [writer.depth(found, of: symbol, at: exchange.time.nanoseconds)]
    case .partialDepth(let levels, _):
      guard let symbol else { return [] }
      return [writer.partialDepth(pages.books[Int(number) - 1], levels, of: symbol, at: exchange.time.nanoseconds)]
    case .kline(let interval, let offset):
      guard let symbol else { return [] }
      return klines(place, pages, symbol, interval, offset, writer)
    case .continuousKline(let interval):
      guard let symbol else { return [] }
      return klines(place, pages, symbol, interval, 0, writer)
    case .miniTicker, .ticker, .rollingTicker:
      return writer.tickers(key.stream.kind, symbol, all, pages, in: exchange)
    case .averagePrice:
      guard let symbol else { return [] }
      return [writer.average(of: symbol, pages.history(symbol), in: exchange)]
    case .referencePrice:
      guard let symbol else { return [] }
      return [writer.reference(of: symbol, in: exchange)]
    case .markPrice: return [writer.marks(symbol, all, pages, in: exchange)]
    case .forceOrder:
      return (symbol.map { [$0] } ?? all).compactMap { symbol in
        liquidations[symbol.number].map { writer.forceOrder($0, of: symbol) }
      }
    }
  }

  /// The candle that runs, and before it each that has ended since the last message.
  private mutating func klines(
    _ place: Int, _ pages: MarketPages, _ symbol: MarketSymbol, _ interval: KlineInterval, _ offset: Int64,
    _ writer: StreamWriter
  ) -> [[UInt8]] {
    let history = pages.history(symbol)
    let candles = offset == 0 ? history.candles[interval].all : history.candles.candles(interval, offset: offset)[...]
    guard let current = candles.last else { return [] }
    let isContinuous = feeds[place].key.stream.kind == .continuousKline(interval)
    var told: [[UInt8]] = []
    if let last = feeds[place].candle, last < current.start {
      for candle in candles.suffix(Self.endedMax + 1).dropLast() where candle.start >= last {
        told.append(writer.kline(candle, interval, offset, isClosed: true, isContinuous: isContinuous, of: symbol))
      }
    }
    feeds[place].candle = current.start
    told.append(writer.kline(current, interval, offset, isClosed: false, isContinuous: isContinuous, of: symbol))
    return told
  }

  /// Candles that end between two messages: more only after a pause of the whole server.
  private static let endedMax = 64
}

extension MarketPages {
  mutating func forgetNew() {
    for index in histories.indices { histories[index].forgetNew() }
  }
}
