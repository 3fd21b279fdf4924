/// A price and all that rests there.
package struct BinanceLevel: Equatable, Sendable, BitwiseCopyable {
  package var price: Int64
  /// 0: nothing rests there any more.
  package var quantity: Int64

  package init(price: Int64, quantity: Int64) {
    self.price = price
    self.quantity = quantity
  }
}

/// Changed levels of a book, or a whole one. Emptied and filled again it does not allocate.
package struct BinanceDepth: Equatable, Sendable {
  package var symbol = BinanceSymbol()
  /// `U`: the first update in it. In a snapshot both are its number.
  package var first: Int64 = 0
  /// `u`
  package var last: Int64 = 0
  /// `pu`: the last update of the message before, on futures.
  package var previous: Int64 = 0
  /// Milliseconds since 1970 by the venue's clock.
  package var eventTime: Int64 = 0
  package var bids: [BinanceLevel] = []
  package var asks: [BinanceLevel] = []

  /// More than any snapshot has.
  package static let levelMax = 10_000

  package init() {}

  mutating func clear() {
    symbol = BinanceSymbol()
    (first, last, previous, eventTime) = (0, 0, 0, 0)
    bids.removeAll(keepingCapacity: true)
    asks.removeAll(keepingCapacity: true)
  }
}

/// `depthUpdate` straight from its bytes, behind its name. `false`: something is not as usual, and the full reader decides.
enum DepthScan {
  static let begin: StaticString = "{\"e\":\"depthUpdate\",\"E\":"

  static func read(_ scan: inout FlatScan, _ names: borrowing BinanceNames, into depth: inout BinanceDepth) -> Bool {
    guard let time = scan.integer() else { return false }
    if scan.take(",\"T\":") {
      guard scan.integer() != nil else { return false }
    }
    guard scan.take(",\"s\":"), let range = scan.string(), let name = scan.text(range),
      let symbol = names.symbol(name)
    else { return false }
    // Pair and market stand here or at the end.
    let place = scan.position
    guard scan.skipMarket() else { return false }
    let namesMarket = scan.position > place
    guard scan.take(",\"U\":"), let first = scan.integer(), scan.take(",\"u\":"), let last = scan.integer(), first > 0,
      last >= first
    else { return false }
    depth.clear()
    if scan.take(",\"pu\":") {
      guard let previous = scan.integer(), previous > 0 else { return false }
      depth.previous = previous
    }
    depth.symbol = symbol
    (depth.first, depth.last, depth.eventTime) = (first, last, time)
    guard scan.take(",\"b\":["), levels(&scan, symbol, &depth.bids), scan.take(",\"a\":["),
      levels(&scan, symbol, &depth.asks), namesMarket || scan.skipMarket()
    else { return false }
    return scan.take(UInt8(ascii: "}"))
  }

  @inline(__always)
  private static func levels(_ scan: inout FlatScan, _ symbol: BinanceSymbol, _ levels: inout [BinanceLevel]) -> Bool {
    if scan.take(UInt8(ascii: "]")) { return true }
    let (prices, quantities) = (Int(symbol.priceScale), Int(symbol.quantityScale))
    while levels.count < BinanceDepth.levelMax {
      guard scan.take(UInt8(ascii: "[")), let price = scan.quotedDecimal(scale: prices), scan.take(UInt8(ascii: ",")),
        let quantity = scan.quotedSize(scale: quantities), price > 0, scan.take(UInt8(ascii: "]"))
      else { return false }
      levels.append(BinanceLevel(price: price, quantity: quantity))
      if scan.take(UInt8(ascii: "]")) { return true }
      guard scan.take(UInt8(ascii: ",")) else { return false }
    }
    return false
  }
}

extension FlatScan {
  /// Pair and market, which streams of futures name since both kinds of contracts share an engine: 1 is USD-M.
  mutating func skipMarket() -> Bool {
    if take(",\"ps\":") {
      guard string() != nil else { return false }
    }
    guard take(",\"st\":") else { return true }
    return take("1")
  }
}

/// The same through the full reader, and snapshots.
enum DepthReader {
  /// 5,000 levels of each side, and room.
  static let limits = JSONLimits(byteCount: 2 << 20, depth: 8, nodeCount: 6 * BinanceDepth.levelMax + 64)

  static func read(
    _ event: JSONValue, _ names: borrowing BinanceNames, into depth: inout BinanceDepth
  ) throws(BinanceProblem) {
    guard try event.word("e") == "depthUpdate" else { throw .unknownEvent("e") }
    depth.clear()
    depth.symbol = try event.symbol("s", names)
    depth.eventTime = try event.number("E")
    depth.first = try event.number("U")
    depth.last = try event.number("u")
    guard depth.first > 0, depth.last >= depth.first else { throw .number("u") }
    if event["pu"] != nil {
      depth.previous = try event.number("pu")
      guard depth.previous > 0 else { throw .number("pu") }
    }
    try levels(event, "b", depth.symbol, &depth.bids)
    try levels(event, "a", depth.symbol, &depth.asks)
  }

  static func snapshot(
    _ body: JSONValue, _ symbol: BinanceSymbol, into depth: inout BinanceDepth
  ) throws(BinanceProblem) {
    depth.clear()
    depth.symbol = symbol
    depth.last = try body.number("lastUpdateId")
    guard depth.last > 0 else { throw .number("lastUpdateId") }
    depth.first = depth.last
    try levels(body, "bids", symbol, &depth.bids)
    try levels(body, "asks", symbol, &depth.asks)
  }

  private static func levels(
    _ event: JSONValue, _ name: String, _ symbol: BinanceSymbol, _ levels: inout [BinanceLevel]
  ) throws(BinanceProblem) {
    guard let rows = event[name], rows.isArray, rows.count <= BinanceDepth.levelMax else { throw .member(name) }
    for row in rows.elements {
      let parts = row.elements
      guard parts.count == 2, let price = parts[0].string, let quantity = parts[1].string else { throw .member(name) }
      guard let price = mantissa(price, symbol.priceScale), let quantity = Self.size(quantity, symbol.quantityScale),
        price > 0
      else { throw .number(name) }
      levels.append(BinanceLevel(price: price, quantity: quantity))
    }
  }

  /// A size, cut off at the scale as the fast reader does.
  static func size(_ event: JSONValue, _ name: String, _ scale: UInt8) throws(BinanceProblem) -> Int64 {
    guard let size = size(try event.word(name), scale) else { throw .number(name) }
    return size
  }

  static func size(_ text: String, _ scale: UInt8) -> Int64? {
    guard let decimal = Decimal(wire: text), !decimal.isNegative,
      let whole = decimal.mantissa(scale: Int(scale), .floor),
      let size = Int64(exactly: whole)
    else { return nil }
    return size == 0 && !decimal.isZero ? 1 : size
  }

  private static func mantissa(_ text: String, _ scale: UInt8) -> Int64? {
    Decimal(wire: text)?.exactMantissa(scale: Int(scale)).flatMap { Int64(exactly: $0) }
  }
}
