/// Members of a message as the full reader takes them: strictly of the documented type.
extension JSONValue {
  /// A whole number.
  func number(_ name: String) throws(BinanceProblem) -> Int64 {
    guard let value = self[name]?.integer(as: Int64.self) else { throw .member(name) }
    return value
  }

  /// A number of the venue's: positive.
  func reference(_ name: String) throws(BinanceProblem) -> VenueReference {
    guard let value = self[name]?.integer(as: Int64.self), value > 0 else { throw .member(name) }
    return VenueReference(UInt64(value))
  }

  func word(_ name: String) throws(BinanceProblem) -> String {
    guard let value = self[name]?.string else { throw .member(name) }
    return value
  }

  func flag(_ name: String) throws(BinanceProblem) -> Bool {
    guard let value = self[name]?.bool else { throw .member(name) }
    return value
  }

  /// A decimal in a string, as an integer of 10^-`scale`. Prices and quantities are not negative.
  func mantissa(_ name: String, scale: UInt8) throws(BinanceProblem) -> Int64 {
    let value = try signedMantissa(name, scale: scale)
    guard value >= 0 else { throw .number(name) }
    return value
  }

  func signedMantissa(_ name: String, scale: UInt8) throws(BinanceProblem) -> Int64 {
    let text = try word(name)
    guard let decimal = Decimal(wire: text), let exact = decimal.exactMantissa(scale: Int(scale)),
      let value = Int64(exactly: exact)
    else { throw .number(name) }
    return value
  }

  func mantissa(_ name: String, scale: UInt8, or absent: Int64) throws(BinanceProblem) -> Int64 {
    guard let value = self[name], !value.isNull else { return absent }
    return try mantissa(name, scale: scale)
  }

  /// A decimal that has more digits than the scale, such as an average, cut off.
  func truncatedMantissa(_ name: String, scale: UInt8) throws(BinanceProblem) -> Int64 {
    let text = try word(name)
    guard let decimal = Decimal(wire: text), let whole = decimal.mantissa(scale: Int(scale), .truncate),
      let value = Int64(exactly: whole)
    else { throw .number(name) }
    return value
  }

  func money(_ name: String) throws(BinanceProblem) -> Money {
    let text = try word(name)
    guard let decimal = Decimal(wire: text), let exact = decimal.exactMantissa(scale: Money.decimals) else {
      throw .number(name)
    }
    return Money(units: exact)
  }

  func time(_ name: String) throws(BinanceProblem) -> UTCTime {
    guard let time = UTCTime(milliseconds: try number(name)) else { throw .time(name) }
    return time
  }

  func symbol(_ name: String, _ names: borrowing BinanceNames) throws(BinanceProblem) -> BinanceSymbol {
    let text = try word(name)
    guard let symbol = names.symbol(text) else { throw .unknownSymbol(text) }
    return symbol
  }

  /// A client's id that Binance knows an order by.
  func clientID(_ name: String) throws(BinanceProblem) -> Text64 {
    guard let text = Text64(try word(name)) else { throw .member(name) }
    return text
  }

  func side(_ name: String) throws(BinanceProblem) -> Side {
    switch try word(name) {
    case "BUY": .buy
    case "SELL": .sell
    default: throw .member(name)
    }
  }

  /// `BOTH`, `LONG` or `SHORT`; `BOTH` where the product has no such member.
  func positionSide(_ name: String) throws(BinanceProblem) -> PositionSide {
    guard let value = self[name] else { return .net }
    switch value.string {
    case "BOTH": return .net
    case "LONG": return .long
    case "SHORT": return .short
    default: throw .member(name)
    }
  }
}

extension UTCTime {
  /// Milliseconds since 1970, if they are of the years 2017 to 2099: seconds and microseconds are not.
  init?(milliseconds: Int64) {
    guard milliseconds >= 1_483_228_800_000, milliseconds < 4_102_444_800_000 else { return nil }
    self.init(nanoseconds: milliseconds * 1_000_000)
  }
}

extension Text64 {
  /// As the core takes it. What is longer than any id of ours gets one that is made of the venue's number.
  func wireID(_ order: VenueReference) -> Text32 {
    if high.isEmpty { return low }
    var digits = InlineArray<32, UInt8>(repeating: 0)
    var (rest, first) = (order.low, 32)
    repeat {
      first -= 1
      digits[first] = UInt8(ascii: "0") + UInt8(rest % 10)
      rest /= 10
    } while rest != 0
    first -= 1
    digits[first] = UInt8(ascii: "#")
    var text = Text32()
    unsafe withUnsafeMutableBytes(of: &text) { target in
      for index in first..<32 { unsafe target[index - first] = digits[index] }
    }
    return text
  }
}
