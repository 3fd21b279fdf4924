import OMSLib

/// The messages of the market streams, member by member in the order in which they are documented.
struct StreamWriter {
  let unit: TimeUnit
  let now: ServerTime

  private func object(capacity: Int = 256, _ body: (inout JSONWriter) -> Void) -> [UInt8] {
    var json = JSONWriter(capacity: capacity)
    json.beginObject()
    body(&json)
    json.endObject()
    return json.bytes
  }

  private func begin(_ type: String, _ json: inout JSONWriter) {
    json.member("e", type)
    json.member("E", now.utc.nanoseconds, in: unit)
  }

  /// Which market of the house a symbol is of: one engine runs several.
  private func end(_ symbol: MarketSymbol, pair: Bool = false, _ json: inout JSONWriter) {
    guard symbol.product == .usdm else { return }
    if pair { json.member("ps", symbol.name) }
    json.member("st", 1)
  }

  // MARK: - Books

  /// On futures an update begins with the number the one before ended with, so that a snapshot taken between two always
  /// lies within one.
  func depth(_ update: BookFeed.Update, of symbol: MarketSymbol, at time: Int64) -> [UInt8] {
    object(capacity: 2_048) { json in
      begin("depthUpdate", &json)
      if symbol.product == .usdm { json.member("T", time, in: unit) }
      json.member("s", symbol.name)
      json.member("U", symbol.product == .usdm ? update.previous : update.first)
      json.member("u", update.last)
      if symbol.product == .usdm { json.member("pu", update.previous) }
      json.levels("b", update.bids, of: symbol)
      json.levels("a", update.asks, of: symbol)
      end(symbol, pair: true, &json)
    }
  }

  func partialDepth(_ book: BookFeed, _ count: Int, of symbol: MarketSymbol, at time: Int64) -> [UInt8] {
    object(capacity: 2_048) { json in
      if symbol.product == .spot {
        json.member("lastUpdateId", book.id)
        json.levels("bids", book.bids.prefix(count), of: symbol)
        json.levels("asks", book.asks.prefix(count), of: symbol)
        return
      }
      begin("depthUpdate", &json)
      json.member("T", time, in: unit)
      json.member("s", symbol.name)
      json.member("U", book.id)
      json.member("u", book.id)
      json.member("pu", book.id)
      json.levels("b", book.bids.prefix(count), of: symbol)
      json.levels("a", book.asks.prefix(count), of: symbol)
      end(symbol, pair: true, &json)
    }
  }

  func bookTicker(_ book: BookFeed, of symbol: MarketSymbol, at time: Int64) -> [UInt8] {
    object { json in
      if symbol.product == .usdm { json.member("e", "bookTicker") }
      json.member("u", book.topID)
      if symbol.product == .usdm {
        json.member("E", now.utc.nanoseconds, in: unit)
        json.member("T", time, in: unit)
      }
      json.member("s", symbol.name)
      json.member("b", price: book.top.bid, of: symbol)
      json.member("B", quantity: book.top.bidQuantity, of: symbol)
      json.member("a", price: book.top.ask, of: symbol)
      json.member("A", quantity: book.top.askQuantity, of: symbol)
      end(symbol, pair: true, &json)
    }
  }

  // MARK: - Trades

  func trade(_ trade: PublicTrade, of symbol: MarketSymbol) -> [UInt8] {
    object { json in
      begin("trade", &json)
      if symbol.product == .usdm { json.member("T", trade.time.nanoseconds, in: unit) }
      json.member("s", symbol.name)
      json.member("t", trade.number)
      json.member("p", price: trade.price, of: symbol)
      json.member("q", quantity: trade.quantity, of: symbol)
      if symbol.product == .usdm {
        json.member("X", "MARKET")
      } else {
        json.member("T", trade.time.nanoseconds, in: unit)
      }
      json.member("m", trade.sideRaw == UInt64(Side.sell.rawValue))
      if symbol.product == .spot { json.member("M", true) }
      end(symbol, &json)
    }
  }

  func aggregate(_ trade: AggregateTrade, of symbol: MarketSymbol) -> [UInt8] {
    object { json in
      begin("aggTrade", &json)
      json.member("s", symbol.name)
      json.aggregate(trade, of: symbol, unit)
      end(symbol, &json)
    }
  }

  func kline(
    _ candle: MarketCandle, _ interval: KlineInterval, _ offset: Int64, isClosed: Bool, isContinuous: Bool,
    of symbol: MarketSymbol
  ) -> [UInt8] {
    object(capacity: 512) { json in
      begin(isContinuous ? "continuous_kline" : "kline", &json)
      if isContinuous {
        json.member("ps", symbol.name)
        json.member("ct", "PERPETUAL")
      } else {
        json.member("s", symbol.name)
      }
      json.name("k")
      json.beginObject()
      json.member("t", candle.start, in: unit)
      json.name("T")
      json.integer(unit.value(interval.end(of: candle.start, offset: offset)) - 1)
      if !isContinuous { json.member("s", symbol.name) }
      json.member("i", interval.rawValue)
      json.member("f", candle.count == 0 ? -1 : Int64(clamping: candle.first))
      json.member("L", candle.count == 0 ? -1 : Int64(clamping: candle.last))
      json.member("o", price: candle.open, of: symbol)
      json.member("c", price: candle.close, of: symbol)
      json.member("h", price: candle.high, of: symbol)
      json.member("l", price: candle.low, of: symbol)
      json.member("v", quantity: candle.quantity, of: symbol)
      json.member("n", candle.count)
      json.member("x", isClosed)
      json.member("q", turnover: candle.turnover, of: symbol)
      json.member("V", quantity: candle.takerQuantity, of: symbol)
      json.member("Q", turnover: candle.takerTurnover, of: symbol)
      json.member("B", "0")
      json.endObject()
      end(symbol, &json)
    }
  }

  // MARK: - Tickers

  /// One symbol's, or all of them in one array.
  func tickers(
    _ kind: StreamKind, _ symbol: MarketSymbol?, _ all: [MarketSymbol], _ pages: MarketPages,
    in exchange: borrowing Exchange
  ) -> [[UInt8]] {
    var json = JSONWriter(capacity: 1_024)
    if let symbol {
      ticker(kind, of: symbol, pages.history(symbol), exchange.top(of: symbol.number, at: .zero), &json)
    } else {
      json.beginArray()
      for symbol in all {
        ticker(kind, of: symbol, pages.history(symbol), exchange.top(of: symbol.number, at: .zero), &json)
      }
      json.endArray()
    }
    return [json.bytes]
  }

  private func ticker(
    _ kind: StreamKind, of symbol: MarketSymbol, _ history: MarketHistory, _ top: TopOfBook, _ json: inout JSONWriter
  ) {
    var (minutes, type, isFull, isDay) = (TickerStatistics.dayMinutes, "24hrTicker", true, true)
    if kind == .miniTicker { (type, isFull) = ("24hrMiniTicker", false) }
    if case .rollingTicker(let window) = kind {
      (minutes, isDay) = (window, false)
      type = window == 60 ? "1hTicker" : window == 240 ? "4hTicker" : "1dTicker"
    }
    let time = now.utc.nanoseconds
    guard let statistics = TickerStatistics(history, minutes: minutes, at: time) else { return }
    let window = statistics.window
    json.beginObject()
    begin(type, &json)
    json.member("s", symbol.name)
    if isFull {
      json.member("p", price: statistics.change, of: symbol)
      json.member("P", decimal: statistics.changePercent, scale: 3)
      json.name("w")
      json.average(statistics, of: symbol)
      if isDay && symbol.product == .spot { json.member("x", price: statistics.previousClose, of: symbol) }
    }
    json.member("c", price: window.close, of: symbol)
    if isFull && isDay { json.member("Q", quantity: statistics.lastQuantity, of: symbol) }
    if isFull && isDay && symbol.product == .spot {
      json.member("b", price: top.bid, of: symbol)
      json.member("B", quantity: top.bidQuantity, of: symbol)
      json.member("a", price: top.ask, of: symbol)
      json.member("A", quantity: top.askQuantity, of: symbol)
    }
    json.member("o", price: window.open, of: symbol)
    json.member("h", price: window.high, of: symbol)
    json.member("l", price: window.low, of: symbol)
    json.member("v", quantity: window.quantity, of: symbol)
    json.member("q", turnover: window.turnover, of: symbol)
    if isFull {
      json.member("O", statistics.openTime, in: unit)
      json.member("C", statistics.closeTime, in: unit)
      json.member("F", statistics.first)
      json.member("L", statistics.last)
      json.member("n", window.count)
    }
    end(symbol, &json)
    json.endObject()
  }

  // MARK: - Reference prices

  func average(of symbol: MarketSymbol, _ history: MarketHistory, in exchange: borrowing Exchange) -> [UInt8] {
    var json = JSONWriter()
    json.beginObject()
    begin("avgPrice", &json)
    json.member("s", symbol.name)
    json.member("i", "\(MarketPages.averageMinutes)m")
    json.name("w")
    json.averagePrice(of: symbol, history, in: exchange)
    json.member("T", history.lastTrade?.time.nanoseconds ?? exchange.time.nanoseconds, in: unit)
    json.endObject()
    return json.bytes
  }

  func reference(of symbol: MarketSymbol, in exchange: borrowing Exchange) -> [UInt8] {
    let mark = exchange.top(of: symbol.number, at: .zero).mark
    var json = JSONWriter()
    json.beginObject()
    json.member("e", "referencePrice")
    json.member("s", symbol.name)
    json.name("r")
    if mark == 0 { json.null() } else { json.price(mark, of: symbol) }
    json.member("t", exchange.time.nanoseconds, in: unit)
    json.endObject()
    return json.bytes
  }

  /// One contract's, or all of them in one array.
  func marks(
    _ symbol: MarketSymbol?, _ all: [MarketSymbol], _ pages: MarketPages, in exchange: borrowing Exchange
  ) -> [UInt8] {
    var json = JSONWriter(capacity: 512)
    if symbol == nil { json.beginArray() }
    for symbol in symbol.map({ [$0] }) ?? all {
      let top = exchange.top(of: symbol.number, at: .zero)
      json.beginObject()
      begin("markPriceUpdate", &json)
      json.member("s", symbol.name)
      json.member("p", markPrice: top.mark, of: symbol)
      json.member("ap", markPrice: average(ofMarks: pages.history(symbol)) ?? top.mark, of: symbol)
      json.member("i", markPrice: top.index, of: symbol)
      json.member("P", markPrice: top.index, of: symbol)
      json.member("r", decimal: exchange.fundingRate(of: symbol.number).e8, scale: 8)
      json.member("T", exchange.nextFundingTime.nanoseconds, in: unit)
      end(symbol, &json)
      json.endObject()
    }
    if symbol == nil { json.endArray() }
    return json.bytes
  }

  /// The mark as it moved: middle of the last closes of minutes.
  private func average(ofMarks history: MarketHistory) -> Int64? {
    let closes = history.marks[.minute1].all.suffix(MarketPages.averageMinutes).map(\.close)
    guard !closes.isEmpty else { return nil }
    return closes.reduce(0, +) / Int64(closes.count)
  }

  func forceOrder(_ liquidation: MarketStreams.Liquidation, of symbol: MarketSymbol) -> [UInt8] {
    object { json in
      begin("forceOrder", &json)
      json.name("o")
      json.beginObject()
      json.member("s", symbol.name)
      json.member("S", liquidation.sideRaw == Side.buy.rawValue ? "BUY" : "SELL")
      json.member("o", "LIMIT")
      json.member("f", "IOC")
      json.member("q", quantity: liquidation.quantity, of: symbol)
      json.member("p", price: liquidation.price, of: symbol)
      json.name("ap")
      json.decimal(
        symbol.average(liquidation.turnover, over: liquidation.quantity) ?? 0, scale: symbol.shownAverageScale)
      json.member("X", "FILLED")
      json.member("l", quantity: liquidation.lastQuantity, of: symbol)
      json.member("z", quantity: liquidation.quantity, of: symbol)
      json.member("T", liquidation.time, in: unit)
      json.endObject()
      end(symbol, &json)
    }
  }
}
