import Glibc

/// Reads a message whose shape is known straight from its bytes: no white space, plain ASCII strings without escapes,
/// whole numbers of at most 18 digits. Whatever is otherwise gives `nil`, and the message goes to the full reader; what is
/// accepted here is accepted there, and means the same.
@safe struct FlatScan {
  private let base: UnsafePointer<UInt8>
  private let end: Int
  private(set) var position = 0

  init?(_ bytes: UnsafeBufferPointer<UInt8>) {
    guard let base = bytes.baseAddress else { return nil }
    unsafe self.base = base
    end = bytes.count
  }

  var isAtEnd: Bool { position == end }

  @inline(__always)
  var next: UInt8 { position < end ? unsafe base[position] : 0 }

  @inline(__always)
  mutating func take(_ byte: UInt8) -> Bool {
    guard position < end, unsafe base[position] == byte else { return false }
    position += 1
    return true
  }

  @inline(__always)
  mutating func take(_ literal: StaticString) -> Bool {
    let count = literal.utf8CodeUnitCount
    guard position + count <= end, unsafe memcmp(base + position, literal.utf8Start, count) == 0 else { return false }
    position += count
    return true
  }

  /// A JSON integer.
  @inline(__always)
  mutating func integer() -> Int64? {
    let isNegative = take(UInt8(ascii: "-"))
    let start = position
    var value: Int64 = 0
    while position < end {
      let digit = unsafe base[position] &- 0x30
      guard digit <= 9 else { break }
      value = value &* 10 &+ Int64(digit)
      position += 1
    }
    let count = position - start
    guard count > 0, count <= 18, unsafe count == 1 || base[start] != 0x30 else { return nil }
    // More would follow in a number with a point or an exponent.
    switch next {
    case UInt8(ascii: "."), UInt8(ascii: "e"), UInt8(ascii: "E"): return nil
    default: return isNegative ? -value : value
    }
  }

  /// The bytes between the quotes of a plain string.
  @inline(__always)
  mutating func string() -> Range<Int>? {
    guard take(UInt8(ascii: "\"")) else { return nil }
    let start = position
    while position < end {
      let byte = unsafe base[position]
      if byte == UInt8(ascii: "\"") {
        position += 1
        return start..<(position - 1)
      }
      guard byte >= 0x20, byte < 0x80, byte != UInt8(ascii: "\\") else { return nil }
      position += 1
    }
    return nil
  }

  /// The name of a member of at most three letters with its quotes and colon, packed into a word: the first one lowest.
  @inline(__always)
  mutating func name() -> UInt32? {
    guard take(UInt8(ascii: "\"")) else { return nil }
    var name: UInt32 = 0
    var shift: UInt32 = 0
    while position < end, shift <= 24 {
      let byte = unsafe base[position]
      position += 1
      if byte == UInt8(ascii: "\"") { return shift > 0 && take(UInt8(ascii: ":")) ? name : nil }
      guard byte > 0x20, byte < 0x80, byte != UInt8(ascii: "\\"), shift < 24 else { return nil }
      name |= UInt32(byte) << shift
      shift += 8
    }
    return nil
  }

  /// A decimal in quotes as an integer of 10^-`scale`: digits and at most one point. Behind the scale only zeros.
  @inline(__always)
  mutating func quotedDecimal(scale: Int) -> Int64? {
    guard let (value, rest) = quotedNumber(scale: scale), !rest else { return nil }
    return value
  }

  /// A size in a book, cut off at the scale: some orders are older than the present step. One of less than the least is
  /// the least, since none would mean that nothing rests there.
  @inline(__always)
  mutating func quotedSize(scale: Int) -> Int64? {
    guard let (value, rest) = quotedNumber(scale: scale) else { return nil }
    return value == 0 && rest ? 1 : value
  }

  /// A decimal in quotes that may be below zero.
  mutating func quotedSigned(scale: Int) -> Int64? {
    guard take("\"-") else { return quotedDecimal(scale: scale) }
    guard let (value, rest) = number(scale: scale), !rest else { return nil }
    return -value
  }

  /// The number, and whether it has digits other than zero behind the scale.
  @inline(__always)
  private mutating func quotedNumber(scale: Int) -> (value: Int64, rest: Bool)? {
    take(UInt8(ascii: "\"")) ? number(scale: scale) : nil
  }

  /// Up to the closing quote.
  @inline(__always)
  private mutating func number(scale: Int) -> (value: Int64, rest: Bool)? {
    let start = position
    var value: Int64 = 0
    while position < end {
      let digit = unsafe base[position] &- 0x30
      guard digit <= 9 else { break }
      value = value &* 10 &+ Int64(digit)
      position += 1
    }
    var digits = position - start
    guard digits > 0 else { return nil }
    var decimals = 0
    var rest = false
    if take(UInt8(ascii: ".")) {
      let first = position
      while position < end, decimals < scale {
        let digit = unsafe base[position] &- 0x30
        guard digit <= 9 else { break }
        value = value &* 10 &+ Int64(digit)
        position += 1
        decimals += 1
      }
      while position < end {
        let digit = unsafe base[position] &- 0x30
        guard digit <= 9 else { break }
        if digit != 0 { rest = true }
        position += 1
      }
      guard position > first else { return nil }
    }
    digits += decimals
    // As many digits as the full reader takes.
    guard digits <= 18, position - start <= Decimal.digitsMax, take(UInt8(ascii: "\"")) else { return nil }
    guard decimals < scale else { return (value, rest) }
    let (product, overflow) = value.multipliedReportingOverflow(by: PowerOfTen.int64(scale - decimals))
    return overflow ? nil : (product, rest)
  }

  /// Past a value that is of no interest.
  @inline(__always)
  mutating func skipScalar() -> Bool {
    switch next {
    case UInt8(ascii: "\""): string() != nil
    case UInt8(ascii: "t"): take("true")
    case UInt8(ascii: "f"): take("false")
    case UInt8(ascii: "n"): take("null")
    default: integer() != nil
    }
  }

  @inline(__always)
  mutating func flag() -> Bool? {
    if take("false") { return false }
    return take("true") ? true : nil
  }

  /// Lends the bytes of a range that was found.
  @inline(__always)
  func bytes(_ range: Range<Int>) -> UnsafeBufferPointer<UInt8> {
    unsafe UnsafeBufferPointer(start: base + range.lowerBound, count: range.count)
  }

  @inline(__always)
  func text(_ range: Range<Int>) -> Text32? {
    guard range.count <= Text32.capacity else { return nil }
    var text = Text32()
    unsafe withUnsafeMutableBytes(of: &text) { target in
      unsafe target.copyMemory(from: UnsafeRawBufferPointer(bytes(range)))
    }
    return text.count == range.count ? text : nil
  }

  @inline(__always)
  func wideText(_ range: Range<Int>) -> Text64? {
    guard range.count <= Text64.capacity else { return nil }
    var text = Text64()
    unsafe withUnsafeMutableBytes(of: &text) { target in
      unsafe target.copyMemory(from: UnsafeRawBufferPointer(bytes(range)))
    }
    return text.count == range.count ? text : nil
  }

  @inline(__always)
  func equals(_ range: Range<Int>, _ literal: StaticString) -> Bool {
    guard range.count == literal.utf8CodeUnitCount else { return false }
    return unsafe memcmp(base + range.lowerBound, literal.utf8Start, range.count) == 0
  }
}

/// How often the fast reader gave up.
package struct BinanceReadCounts: Equatable, Sendable {
  package var fast: UInt64 = 0
  package var full: UInt64 = 0
  package var refused: UInt64 = 0
  package init() {}
}
