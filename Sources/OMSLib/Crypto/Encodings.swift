/// Base 16, read. It is written by `append(hex:)` of every sink.
package enum Hex {
  /// The bytes of an even number of digits, in either case; `nil` for anything else.
  package static func decoded(_ digits: some Collection<UInt8>) -> [UInt8]? {
    guard digits.count % 2 == 0 else { return nil }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(digits.count / 2)
    var high: UInt8?
    for digit in digits {
      guard let value = value(of: digit) else { return nil }
      if let first = high {
        bytes.append(first << 4 | value)
        high = nil
      } else {
        high = value
      }
    }
    return bytes
  }

  private static func value(of digit: UInt8) -> UInt8? {
    switch digit {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
    default: nil
    }
  }
}

/// Base 64 of RFC 4648, section 4: with `+`, `/` and padding.
package enum Base64 {
  /// `nil` for everything that encoding would not have written: other letters, missing padding, bits behind the end.
  package static func decoded(_ letters: some Collection<UInt8>) -> [UInt8]? {
    guard letters.count % 4 == 0 else { return nil }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(letters.count / 4 * 3)
    var bits: UInt32 = 0
    var count = 0
    var padding = 0
    for letter in letters {
      if letter == UInt8(ascii: "=") {
        padding += 1
        bits <<= 6
      } else {
        guard padding == 0, let value = value(of: letter) else { return nil }
        bits = bits << 6 | UInt32(value)
      }
      count += 1
      guard count == 4 else { continue }
      guard padding <= 2, bits & (UInt32(1) << UInt32(8 * padding) - 1) == 0 else { return nil }
      for place in 0..<(3 - padding) { bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(16 - 8 * place))) }
      bits = 0
      count = 0
    }
    return padding > 0 && letters.count < 4 ? nil : bytes
  }

  private static func value(of letter: UInt8) -> UInt8? {
    switch letter {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"): letter - UInt8(ascii: "A")
    case UInt8(ascii: "a")...UInt8(ascii: "z"): letter - UInt8(ascii: "a") + 26
    case UInt8(ascii: "0")...UInt8(ascii: "9"): letter - UInt8(ascii: "0") + 52
    case UInt8(ascii: "+"): 62
    case UInt8(ascii: "/"): 63
    default: nil
    }
  }

  fileprivate static func letter(of value: UInt32) -> UInt8 {
    let value = UInt8(truncatingIfNeeded: value & 63)
    switch value {
    case 0..<26: return UInt8(ascii: "A") + value
    case 26..<52: return UInt8(ascii: "a") + value - 26
    case 52..<62: return UInt8(ascii: "0") + value - 52
    case 62: return UInt8(ascii: "+")
    default: return UInt8(ascii: "/")
    }
  }
}

extension ByteSink where Self: ~Copyable {
  /// In base 64, padded.
  package mutating func append(base64 source: some Collection<UInt8>) {
    var bits: UInt32 = 0
    var held = 0
    for byte in source {
      bits = bits << 8 | UInt32(byte)
      held += 1
      guard held == 3 else { continue }
      append(Base64.letter(of: bits >> 18))
      append(Base64.letter(of: bits >> 12))
      append(Base64.letter(of: bits >> 6))
      append(Base64.letter(of: bits))
      bits = 0
      held = 0
    }
    guard held > 0 else { return }
    bits <<= UInt32(8 * (3 - held))
    append(Base64.letter(of: bits >> 18))
    append(Base64.letter(of: bits >> 12))
    append(held == 2 ? Base64.letter(of: bits >> 6) : UInt8(ascii: "="))
    append(UInt8(ascii: "="))
  }

  /// As a value of a query: everything but letters, digits and `-._~` as `%XX` (RFC 3986). What is signed is what is
  /// sent, so both take this form.
  package mutating func append(percentEncoded source: some Collection<UInt8>) {
    for byte in source {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
        UInt8(ascii: "~"):
        append(byte)
      default:
        append(UInt8(ascii: "%"))
        append(upperHexDigit: byte >> 4)
        append(upperHexDigit: byte & 15)
      }
    }
  }

  private mutating func append(upperHexDigit value: UInt8) {
    append(value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "A") + value - 10)
  }
}
