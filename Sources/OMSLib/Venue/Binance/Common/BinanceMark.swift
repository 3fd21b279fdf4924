/// What a contract is valued with, and what its holders pay each other next.
package struct BinanceMark: Equatable, Sendable {
  package var symbol = BinanceSymbol()
  /// Milliseconds since 1970 by the venue's clock.
  package var eventTime: Int64 = 0
  /// Cut off at the scale of prices: the venue's own has more decimals.
  package var mark: Int64 = 0
  /// 0: it names none.
  package var index: Int64 = 0
  package var rate = Rate.zero
  /// Zero: nothing is paid.
  package var next = UTCTime.zero

  package init() {}
}

/// `markPriceUpdate` straight from its bytes, behind its name. `nil`: something is not as usual, and the full reader
/// decides: so of contracts that pay no funding.
enum MarkScan {
  static let begin: StaticString = "{\"e\":\"markPriceUpdate\","
  /// Members that every update has, by their bits below.
  private static let required: UInt32 = 0x1F

  static func read(_ scan: inout FlatScan, _ names: borrowing BinanceNames) -> BinanceMark? {
    var mark = BinanceMark()
    var seen: UInt32 = 0
    repeat {
      guard let name = scan.name() else { return nil }
      let bit: UInt32
      switch name {
      case 0x45:  // E
        bit = 1
        guard let time = scan.integer(), time > 0 else { return nil }
        mark.eventTime = time
      case 0x73:  // s
        bit = 1 << 1
        guard let range = scan.string(), let name = scan.text(range), let symbol = names.symbol(name) else {
          return nil
        }
        mark.symbol = symbol
      case 0x70:  // p
        bit = 1 << 2
        guard seen & 1 << 1 != 0, let price = scan.quotedSize(scale: Int(mark.symbol.priceScale)), price > 0 else {
          return nil
        }
        mark.mark = price
      case 0x72:  // r
        bit = 1 << 3
        guard let rate = scan.quotedSigned(scale: 8) else { return nil }
        mark.rate = Rate(e8: rate)
      case 0x54:  // T
        bit = 1 << 4
        guard let number = scan.integer(), let time = UTCTime(milliseconds: number) else { return nil }
        mark.next = time
      case 0x69:  // i
        bit = 1 << 5
        guard seen & 1 << 1 != 0, let price = scan.quotedSize(scale: Int(mark.symbol.priceScale)) else { return nil }
        mark.index = price
      case 0x50, 0x7061, 0x7370:  // P, ap, ps
        bit = name == 0x50 ? 1 << 6 : name == 0x7061 ? 1 << 7 : 1 << 8
        guard scan.string() != nil else { return nil }
      case 0x7473:  // st
        bit = 1 << 9
        guard scan.take("1") else { return nil }
      default: return nil
      }
      guard seen & bit == 0 else { return nil }
      seen |= bit
    } while scan.take(UInt8(ascii: ","))
    return seen & required == required && scan.take(UInt8(ascii: "}")) ? mark : nil
  }
}

/// The same through the full reader.
enum MarkReader {
  static func read(_ event: JSONValue, _ names: borrowing BinanceNames) throws(BinanceProblem) -> BinanceMark {
    var mark = BinanceMark()
    mark.symbol = try event.symbol("s", names)
    mark.eventTime = try event.number("E")
    guard mark.eventTime > 0 else { throw .number("E") }
    mark.mark = try DepthReader.size(event, "p", mark.symbol.priceScale)
    guard mark.mark > 0 else { throw .number("p") }
    if event["i"] != nil { mark.index = try DepthReader.size(event, "i", mark.symbol.priceScale) }
    // Contracts with an end have an empty rate and no time.
    if try event.word("r").isEmpty { return mark }
    mark.rate = Rate(e8: try event.signedMantissa("r", scale: 8))
    mark.next = try event.time("T")
    return mark
  }
}
