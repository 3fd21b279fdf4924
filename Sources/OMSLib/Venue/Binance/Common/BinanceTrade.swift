/// A trade in public: all that one taker took at one price.
package struct BinanceTrade: Equatable, Sendable {
  package var symbol = BinanceSymbol()
  /// Each follows the one before it in its symbol, without a hole.
  package var number: Int64 = 0
  package var price: Int64 = 0
  package var quantity: Int64 = 0
  package var time = UTCTime.zero
  package var taker = Side.buy

  package init() {}
}

/// `aggTrade` straight from its bytes, behind its name. `nil`: something is not as usual, and the full reader decides.
enum TradeScan {
  static let begin: StaticString = "{\"e\":\"aggTrade\","
  /// Members that every trade has, by their bits below.
  private static let required: UInt32 = 0x7F

  static func read(_ scan: inout FlatScan, _ names: borrowing BinanceNames) -> BinanceTrade? {
    var trade = BinanceTrade()
    var seen: UInt32 = 0
    repeat {
      guard let name = scan.name() else { return nil }
      let bit: UInt32
      switch name {
      case 0x45:  // E
        bit = 1
        guard scan.integer() != nil else { return nil }
      case 0x73:  // s
        bit = 1 << 1
        guard let range = scan.string(), let name = scan.text(range), let symbol = names.symbol(name) else {
          return nil
        }
        trade.symbol = symbol
      case 0x61:  // a
        bit = 1 << 2
        guard let number = scan.integer(), number > 0 else { return nil }
        trade.number = number
      case 0x70:  // p
        bit = 1 << 3
        guard seen & 1 << 1 != 0, let price = scan.quotedDecimal(scale: Int(trade.symbol.priceScale)), price > 0
        else { return nil }
        trade.price = price
      case 0x71:  // q
        bit = 1 << 4
        guard seen & 1 << 1 != 0, let size = scan.quotedSize(scale: Int(trade.symbol.quantityScale)) else {
          return nil
        }
        trade.quantity = size
      case 0x54:  // T
        bit = 1 << 5
        guard let number = scan.integer(), let time = UTCTime(milliseconds: number) else { return nil }
        trade.time = time
      case 0x6D:  // m
        bit = 1 << 6
        guard let isMaker = scan.flag() else { return nil }
        trade.taker = isMaker ? .sell : .buy
      case 0x66, 0x6C:  // f, l
        bit = name == 0x66 ? 1 << 7 : 1 << 8
        guard scan.integer() != nil else { return nil }
      case 0x716E, 0x7370:  // nq, ps
        bit = name == 0x716E ? 1 << 9 : 1 << 10
        guard scan.string() != nil else { return nil }
      case 0x4D:  // M
        bit = 1 << 11
        guard scan.flag() != nil else { return nil }
      case 0x7473:  // st
        bit = 1 << 12
        guard scan.take("1") else { return nil }
      default: return nil
      }
      guard seen & bit == 0 else { return nil }
      seen |= bit
    } while scan.take(UInt8(ascii: ","))
    return seen & required == required && scan.take(UInt8(ascii: "}")) ? trade : nil
  }
}

/// The same through the full reader.
enum TradeReader {
  static func read(_ event: JSONValue, _ names: borrowing BinanceNames) throws(BinanceProblem) -> BinanceTrade {
    var trade = BinanceTrade()
    _ = try event.number("E")
    trade.symbol = try event.symbol("s", names)
    trade.number = try event.number("a")
    guard trade.number > 0 else { throw .number("a") }
    trade.price = try event.mantissa("p", scale: trade.symbol.priceScale)
    guard trade.price > 0 else { throw .number("p") }
    trade.quantity = try DepthReader.size(event, "q", trade.symbol.quantityScale)
    trade.time = try event.time("T")
    trade.taker = try event.flag("m") ? .sell : .buy
    return trade
  }
}
