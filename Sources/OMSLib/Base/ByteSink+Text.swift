extension ByteSink where Self: ~Copyable {
  package mutating func append(bytes source: some Collection<UInt8>) {
    for byte in source { append(byte) }
  }

  /// The integer in base ten.
  package mutating func append(integer value: some FixedWidthInteger) {
    append(decimal: value, scale: 0)
  }

  /// `mantissa` times 10^-`scale`, with exactly `scale` digits after the point. Zero never has a sign.
  package mutating func append(decimal mantissa: some FixedWidthInteger, scale: Int) {
    append(trimmedDecimal: mantissa, scale: scale, minimumScale: scale)
  }

  /// As `append(decimal:scale:)`, without zeros at the end beyond `minimumScale` digits.
  package mutating func append(trimmedDecimal mantissa: some FixedWidthInteger, scale: Int, minimumScale: Int = 0) {
    precondition((0...38).contains(scale), "a decimal has 0 to 38 digits after the point")
    if mantissa < 0 { append(UInt8(ascii: "-")) }
    var digits = InlineArray<40, UInt8>(repeating: UInt8(ascii: "0"))
    var first = 40
    var wide = UInt128(mantissa.magnitude)
    // 128-bit division is a library call: one takes off nineteen digits, until the rest fits a word.
    while wide > UInt128(UInt64.max) {
      let (quotient, remainder) = wide.quotientAndRemainder(dividingBy: 10_000_000_000_000_000_000)
      var group = UInt64(remainder)
      for place in stride(from: first - 1, through: first - 19, by: -1) {
        digits[place] = UInt8(ascii: "0") + UInt8(group % 10)
        group /= 10
      }
      first -= 19
      wide = quotient
    }
    var rest = UInt64(wide)
    while rest > 0 {
      first -= 1
      digits[first] = UInt8(ascii: "0") + UInt8(rest % 10)
      rest /= 10
    }
    var end = 40
    while 40 - end < scale - minimumScale, digits[end - 1] == UInt8(ascii: "0") { end -= 1 }
    let point = 40 - scale
    for index in min(first, point - 1)..<max(end, point) {
      if index == point { append(UInt8(ascii: ".")) }
      append(digits[index])
    }
  }

  /// `text` as a JSON string with its quotes: quotes, backslashes and controls are escaped.
  package mutating func append(quoted text: some Collection<UInt8>) {
    append(UInt8(ascii: "\""))
    for byte in text { append(escaped: byte) }
    append(UInt8(ascii: "\""))
  }

  package mutating func append(quoted text: String) { append(quoted: text.utf8) }

  package mutating func append(quoted text: some InlineText) {
    append(UInt8(ascii: "\""))
    unsafe text.withUTF8 { bytes in
      for index in 0..<bytes.count { unsafe append(escaped: bytes[index]) }
    }
    append(UInt8(ascii: "\""))
  }

  private mutating func append(escaped byte: UInt8) {
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"):
      append(UInt8(ascii: "\\"))
      append(byte)
    case 0x0A: append(literal: "\\n")
    case 0x0D: append(literal: "\\r")
    case 0x09: append(literal: "\\t")
    case 0..<0x20, 0x7F:
      append(literal: "\\u00")
      append(hex: CollectionOfOne(byte))
    default: append(byte)
    }
  }

  /// Lower-case hexadecimal, two digits per byte.
  package mutating func append(hex source: some Collection<UInt8>) {
    for byte in source {
      append(hexDigit: byte >> 4)
      append(hexDigit: byte & 15)
    }
  }

  private mutating func append(hexDigit value: UInt8) {
    append(value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10)
  }
}

extension ByteBuffer {
  /// A copy of the bytes.
  package var bytes: [UInt8] {
    borrowing get { unsafe withBytes { unsafe Array($0) } }
  }
}
