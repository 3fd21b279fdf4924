/// What a market stream brought.
package enum BinanceMarketNews: Equatable, Sendable {
  /// In the reader's ``BinanceMarketReader/depth``.
  case depth
  case ticker(BinanceTicker)
  case trade(BinanceTrade)
  case mark(BinanceMark)
  /// The server goes away: connect anew at once.
  case shutdown
  /// The answer to a subscription, by its number; `false`: it was refused.
  case answer(Int64, Bool)
  /// Well-formed, and of another kind.
  case other(String)
}

/// Reads messages of market streams: those of usual shape straight from their bytes, all others through the full reader.
package struct BinanceMarketReader: ~Copyable {
  package private(set) var counts = BinanceReadCounts()
  /// The last `depthUpdate`.
  package private(set) var depth = BinanceDepth()

  package init() {
    depth.bids.reserveCapacity(1_024)
    depth.asks.reserveCapacity(1_024)
  }

  package mutating func read(
    _ bytes: UnsafeBufferPointer<UInt8>, _ names: borrowing BinanceNames
  ) throws(BinanceProblem) -> BinanceMarketNews {
    if let news = unsafe readFast(bytes, names) {
      counts.fast += 1
      return news
    }
    counts.full += 1
    do throws(BinanceProblem) {
      return try readFully(unsafe Array(bytes), names)
    } catch {
      counts.refused += 1
      throw error
    }
  }

  /// The fast reader alone: `nil` where something is not as usual.
  mutating func readFast(
    _ bytes: UnsafeBufferPointer<UInt8>, _ names: borrowing BinanceNames
  ) -> BinanceMarketNews? {
    guard var scan = unsafe FlatScan(bytes) else { return nil }
    let isWrapped = scan.take("{\"stream\":")
    if isWrapped {
      guard scan.string() != nil, scan.take(",\"data\":") else { return nil }
    }
    let news: BinanceMarketNews
    if scan.take(DepthScan.begin) {
      guard DepthScan.read(&scan, names, into: &depth) else { return nil }
      news = .depth
    } else if scan.take(TradeScan.begin) {
      guard let trade = TradeScan.read(&scan, names) else { return nil }
      news = .trade(trade)
    } else if scan.take(MarkScan.begin) {
      guard let mark = MarkScan.read(&scan, names) else { return nil }
      news = .mark(mark)
    } else {
      guard let ticker = TickerScan.read(&scan, names) else { return nil }
      news = .ticker(ticker)
    }
    return (!isWrapped || scan.take(UInt8(ascii: "}"))) && scan.isAtEnd ? news : nil
  }

  /// The full reader alone.
  package mutating func readFully(
    _ bytes: [UInt8], _ names: borrowing BinanceNames
  ) throws(BinanceProblem) -> BinanceMarketNews {
    let event = try BinanceEnvelope.event(in: bytes, limits: DepthReader.limits).event
    // Contracts of the other kind share stream names and nothing else.
    if event["st"]?.integer(as: Int64.self) ?? 1 != 1 { return .other(event["e"]?.string ?? "") }
    switch event["e"]?.string {
    case "depthUpdate":
      try DepthReader.read(event, names, into: &depth)
      return .depth
    case "bookTicker": return .ticker(try TickerReader.read(event, names))
    case "aggTrade": return .trade(try TradeReader.read(event, names))
    case "markPriceUpdate": return .mark(try MarkReader.read(event, names))
    case "serverShutdown": return .shutdown
    case nil where event["u"] != nil && event["B"] != nil: return .ticker(try TickerReader.read(event, names))
    case nil where event["id"]?.isNumber ?? false: return .answer(try event.number("id"), event["result"] != nil)
    case let kind: return .other(kind ?? "")
    }
  }

  /// A book as REST or the WebSocket API gives it.
  package mutating func readSnapshot(_ body: [UInt8], _ symbol: BinanceSymbol) throws(BinanceProblem) {
    let document: JSONDocument
    do throws(JSONError) {
      document = try JSONReader.read(body, limits: DepthReader.limits)
    } catch {
      throw .notJSON(error)
    }
    try DepthReader.snapshot(document.root["result"] ?? document.root, symbol, into: &depth)
  }
}
