// Two readers of decimals. The shell's takes plain numbers only, so that nothing is guessed about an order; the wire's
// takes whatever a venue may write.

extension Decimal {
  /// DECIMAL of the command line and the configuration: up to 18 digits, and up to 18 more behind a point.
  package init(shell text: String) throws(NumberError) {
    var text = text
    let parsed = text.withUTF8 { unsafe ShellDecimal.parse($0) }
    switch parsed {
    case .success(let value): self = value
    case .failure(let problem): throw .malformed(text: text, rule: problem.rule(for: text))
    }
  }

  package init(shell bytes: UnsafeBufferPointer<UInt8>) throws(NumberError) {
    switch unsafe ShellDecimal.parse(bytes) {
    case .success(let value): self = value
    case .failure(let problem):
      let text = unsafe String(decoding: bytes, as: UTF8.self)
      throw .malformed(text: text, rule: problem.rule(for: text))
    }
  }

  /// A number as venues write it: sign, leading or trailing point and exponent allowed. `nil` for anything else and
  /// beyond 38 digits.
  package init?(wire bytes: UnsafeBufferPointer<UInt8>) {
    guard let value = unsafe WireDecimal.parse(bytes) else { return nil }
    self = value
  }

  package init?(wire text: String) {
    var text = text
    guard let value = text.withUTF8({ unsafe WireDecimal.parse($0) }) else { return nil }
    self = value
  }

  /// A number as the results print it: digits and at most one point between them, perhaps behind a minus. `nil` for
  /// all else, so that a name such as `1e5` stays a name.
  package init?(plain text: String) {
    guard Self.isPlain(text.utf8) else { return nil }
    self.init(wire: text)
  }

  /// The same, in bytes.
  package init?(plain bytes: UnsafeBufferPointer<UInt8>) {
    guard unsafe Self.isPlain(bytes) else { return nil }
    unsafe self.init(wire: bytes)
  }

  private static func isPlain(_ bytes: some Collection<UInt8>) -> Bool {
    let digits = bytes.first == UInt8(ascii: "-") ? bytes.dropFirst() : bytes[...]
    guard let first = digits.first, first.isDigit else { return false }
    var last = first
    for byte in digits {
      guard byte.isDigit || byte == UInt8(ascii: ".") else { return false }
      last = byte
    }
    return last.isDigit
  }

  /// The integer at `scale` of a wire decimal; `nil` when it is none, has more decimals than that, or leaves 64 bits.
  @inline(__always)
  package static func mantissa(wire bytes: UnsafeBufferPointer<UInt8>, scale: Int) -> Int64? {
    if let plain = unsafe WireDecimal.plainMantissa(bytes, scale: scale) { return plain }
    guard let value = unsafe Decimal(wire: bytes), let wide = value.exactMantissa(scale: scale) else { return nil }
    return Int64(exactly: wide)
  }
}

private enum ShellDecimal {
  static let digitsMax = 18

  enum Problem: Error {
    case empty
    case sign
    case exponent
    case separator
    case leadingPoint
    case trailingPoint
    case secondPoint
    case tooManyWhole
    case tooManyDecimals
    case unit
    case notANumber

    func rule(for text: String) -> String {
      switch self {
      case .empty: "is not a decimal; write a number such as 0.01"
      case .sign: "has a sign; write the number without it"
      case .exponent: "is not a plain decimal; write \(Self.plain(text) ?? "it without an exponent")"
      case .separator: "has a separator; write \(text.filter { $0.isASCII && $0.isNumber || $0 == "." })"
      case .leadingPoint: "begins with a point; write 0\(text)"
      case .trailingPoint: "ends with a point; write \(text.dropLast())"
      case .secondPoint: "has two points; write one"
      case .tooManyWhole: "has more than 18 digits before the point"
      case .tooManyDecimals: "has more than 18 digits behind the point"
      case .unit: "has a unit where a plain number belongs"
      case .notANumber: "is not a decimal; write digits and at most one point"
      }
    }

    private static func plain(_ text: String) -> String? { Decimal(wire: text)?.canonicalText }
  }

  static func parse(_ bytes: UnsafeBufferPointer<UInt8>) -> Result<Decimal, Problem> {
    guard let first = unsafe bytes.first, let last = unsafe bytes.last else { return .failure(.empty) }
    if first == 0x2B || first == 0x2D { return .failure(.sign) }
    var mantissa: Int128 = 0
    var whole = 0
    var decimals = 0
    var hasPoint = false
    for index in 0..<bytes.count {
      let byte = unsafe bytes[index]
      if byte == 0x2E {
        guard !hasPoint else { return .failure(.secondPoint) }
        hasPoint = true
        continue
      }
      guard byte >= 0x30, byte <= 0x39 else { return .failure(problem(of: byte, afterDigits: whole > 0)) }
      if hasPoint { decimals += 1 } else { whole += 1 }
      guard whole <= digitsMax else { return .failure(.tooManyWhole) }
      guard decimals <= digitsMax else { return .failure(.tooManyDecimals) }
      mantissa = mantissa &* 10 &+ Int128(byte - 0x30)
    }
    if first == 0x2E { return .failure(bytes.count == 1 ? .notANumber : .leadingPoint) }
    if last == 0x2E { return .failure(.trailingPoint) }
    return .success(Decimal(unchecked: mantissa, scale: UInt8(decimals)))
  }

  private static func problem(of byte: UInt8, afterDigits: Bool) -> Problem {
    switch byte {
    case 0x45, 0x65: afterDigits ? .exponent : .notANumber
    case 0x2C, 0x5F, 0x27, 0x20: .separator
    case 0x25, 0x62: afterDigits ? .unit : .notANumber
    default: .notANumber
    }
  }
}

private enum WireDecimal {
  /// Beyond this no exponent gives 38 digits, whatever the mantissa.
  static let exponentMax = 76

  static func parse(_ bytes: UnsafeBufferPointer<UInt8>) -> Decimal? {
    var index = 0
    var isNegative = false
    if let first = unsafe bytes.first, first == 0x2B || first == 0x2D {
      isNegative = first == 0x2D
      index = 1
    }
    var magnitude: UInt128 = 0
    var hasDigit = false
    var digits = 0
    var decimals = 0
    var hasPoint = false
    while index < bytes.count {
      let byte = unsafe bytes[index]
      if byte == 0x2E, !hasPoint {
        hasPoint = true
      } else if byte >= 0x30, byte <= 0x39 {
        hasDigit = true
        // Zeros in front of everything are no digits of the number.
        if hasPoint || byte != 0x30 || digits > 0 { digits += 1 }
        guard digits <= Decimal.digitsMax else { return nil }
        magnitude = magnitude &* 10 &+ UInt128(byte - 0x30)
        if hasPoint { decimals += 1 }
      } else {
        break
      }
      index += 1
    }
    guard hasDigit else { return nil }
    var exponent = 0
    if index < bytes.count {
      guard let value = unsafe parseExponent(bytes, from: index) else { return nil }
      exponent = value
    }
    return scaled(magnitude, isNegative: isNegative, scale: decimals - exponent)
  }

  /// `e`, an optional sign and one to three digits, to the end.
  private static func parseExponent(_ bytes: UnsafeBufferPointer<UInt8>, from start: Int) -> Int? {
    guard unsafe bytes[start] | 0x20 == 0x65 else { return nil }
    var index = start + 1
    var sign = 1
    if index < bytes.count, unsafe bytes[index] == 0x2B || bytes[index] == 0x2D {
      sign = unsafe bytes[index] == 0x2D ? -1 : 1
      index += 1
    }
    guard index < bytes.count, bytes.count - index <= 3 else { return nil }
    var value = 0
    while index < bytes.count {
      let byte = unsafe bytes[index]
      guard byte >= 0x30, byte <= 0x39 else { return nil }
      value = value * 10 + Int(byte - 0x30)
      index += 1
    }
    return value <= exponentMax ? sign * value : nil
  }

  private static func scaled(_ magnitude: UInt128, isNegative: Bool, scale: Int) -> Decimal? {
    var magnitude = magnitude
    var scale = scale
    if magnitude == 0 { return Decimal(mantissa: 0, scale: min(max(scale, 0), Decimal.digitsMax)) }
    while scale > Decimal.digitsMax {
      let (quotient, remainder) = magnitude.dividedQuickly(by: 10)
      guard remainder == 0 else { return nil }
      magnitude = quotient
      scale -= 1
    }
    if scale < 0 {
      guard scale >= -Decimal.digitsMax else { return nil }
      let (product, overflow) = magnitude.multipliedReportingOverflow(by: PowerOfTen.unsigned(-scale))
      guard !overflow else { return nil }
      magnitude = product
      scale = 0
    }
    guard let mantissa = Int128(magnitude: magnitude, isNegative: isNegative) else { return nil }
    return Decimal(mantissa: mantissa, scale: scale)
  }

  /// The everyday case: at most 18 digits and a point. `nil` says nothing about the number.
  @inline(__always)
  static func plainMantissa(_ bytes: UnsafeBufferPointer<UInt8>, scale: Int) -> Int64? {
    guard bytes.count > 0, bytes.count <= 19 else { return nil }
    var mantissa: Int64 = 0
    var digits = 0
    var decimals = -1
    for index in 0..<bytes.count {
      let byte = unsafe bytes[index]
      let digit = byte &- 0x30
      if digit <= 9 {
        mantissa = mantissa &* 10 &+ Int64(digit)
        digits += 1
        if decimals >= 0 { decimals += 1 }
      } else if byte == 0x2E, decimals < 0 {
        decimals = 0
      } else {
        return nil
      }
    }
    guard digits > 0, digits <= 18 else { return nil }
    let shift = scale - max(decimals, 0)
    guard shift >= 0, shift <= 18 else { return nil }
    let (product, overflow) = mantissa.multipliedReportingOverflow(by: PowerOfTen.int64(shift))
    return overflow ? nil : product
  }
}
