/// The best prices as the venue sends them.
package struct BinanceTicker: Equatable, Sendable {
  package var symbol = BinanceSymbol()
  package var update: Int64 = 0
  package var bid: Int64 = 0
  package var bidQuantity: Int64 = 0
  package var ask: Int64 = 0
  package var askQuantity: Int64 = 0
  /// Milliseconds since 1970 by the venue's clock; 0 on spot, where none comes.
  package var eventTime: Int64 = 0

  package init() {}
}

/// `bookTicker` straight from its bytes. `nil`: something is not as usual, and the full reader decides.
enum TickerScan {
  static func read(_ scan: inout FlatScan, _ names: borrowing BinanceNames) -> BinanceTicker? {
    var ticker = BinanceTicker()
    if scan.take("{\"e\":\"bookTicker\",") {
      guard head(&scan, &ticker) else { return nil }
    } else {
      guard scan.take("{\"u\":"), let update = scan.integer() else { return nil }
      ticker.update = update
    }
    guard ticker.update > 0, scan.take(",\"s\":"), let range = scan.string(), let name = scan.text(range),
      let symbol = names.symbol(name)
    else { return nil }
    ticker.symbol = symbol
    let (prices, quantities) = (Int(symbol.priceScale), Int(symbol.quantityScale))
    guard scan.take(",\"b\":"), let bid = scan.quotedDecimal(scale: prices), scan.take(",\"B\":"),
      let bidQuantity = scan.quotedSize(scale: quantities), scan.take(",\"a\":"),
      let ask = scan.quotedDecimal(scale: prices), scan.take(",\"A\":"),
      let askQuantity = scan.quotedSize(scale: quantities)
    else { return nil }
    (ticker.bid, ticker.bidQuantity, ticker.ask, ticker.askQuantity) = (bid, bidQuantity, ask, askQuantity)
    if ticker.eventTime == 0, scan.take(",\"T\":"), !tail(&scan, &ticker) { return nil }
    let namesMarket = scan.take(",\"st\":1")
    if scan.take(",\"ps\":") {
      guard scan.string() != nil else { return nil }
    }
    if !namesMarket { _ = scan.take(",\"st\":1") }
    return scan.take(UInt8(ascii: "}")) ? ticker : nil
  }

  /// Number and times of futures: the times stand in front or at the end.
  private static func head(_ scan: inout FlatScan, _ ticker: inout BinanceTicker) -> Bool {
    guard scan.take("\"u\":"), let update = scan.integer() else { return false }
    ticker.update = update
    guard scan.take(",\"E\":") else { return true }
    guard let time = scan.integer(), time > 0, scan.take(",\"T\":"), scan.integer() != nil else { return false }
    ticker.eventTime = time
    return true
  }

  private static func tail(_ scan: inout FlatScan, _ ticker: inout BinanceTicker) -> Bool {
    guard scan.integer() != nil, scan.take(",\"E\":"), let time = scan.integer(), time > 0 else { return false }
    ticker.eventTime = time
    return true
  }
}

/// The same through the full reader.
enum TickerReader {
  static func read(_ event: JSONValue, _ names: borrowing BinanceNames) throws(BinanceProblem) -> BinanceTicker {
    var ticker = BinanceTicker()
    if let kind = event["e"] {
      guard kind.string == "bookTicker" else { throw .unknownEvent("e") }
    }
    ticker.symbol = try event.symbol("s", names)
    ticker.update = try event.number("u")
    guard ticker.update > 0 else { throw .number("u") }
    ticker.bid = try event.mantissa("b", scale: ticker.symbol.priceScale)
    ticker.bidQuantity = try DepthReader.size(event, "B", ticker.symbol.quantityScale)
    ticker.ask = try event.mantissa("a", scale: ticker.symbol.priceScale)
    ticker.askQuantity = try DepthReader.size(event, "A", ticker.symbol.quantityScale)
    if event["E"] != nil {
      ticker.eventTime = try event.number("E")
      _ = try event.number("T")
      guard ticker.eventTime > 0 else { throw .number("E") }
    }
    return ticker
  }

  /// A row of an answer.
  static func answer(_ row: JSONValue, _ names: borrowing BinanceNames) throws(BinanceProblem) -> BinanceTicker {
    var ticker = BinanceTicker()
    ticker.symbol = try row.symbol("symbol", names)
    let symbol = ticker.symbol
    ticker.bid = try row.mantissa("bidPrice", scale: symbol.priceScale)
    ticker.bidQuantity = try DepthReader.size(row, "bidQty", symbol.quantityScale)
    ticker.ask = try row.mantissa("askPrice", scale: symbol.priceScale)
    ticker.askQuantity = try DepthReader.size(row, "askQty", symbol.quantityScale)
    return ticker
  }
}
