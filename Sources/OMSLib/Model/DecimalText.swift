// Numbers as people and venues read them: digits and a point, never an exponent, a `+` or `-0`.

extension ByteSink where Self: ~Copyable {
  /// `magnitude` x 10^-`scale`. Trailing zeros behind the point are dropped down to `keeping` decimals.
  package mutating func append(magnitude: UInt128, isNegative: Bool, scale: Int, keeping: Int) {
    precondition(scale >= 0 && scale <= 38 && keeping <= scale, "a printed scale is 0 to 38")
    // 39 digits of 128 bits; more only as zeros in front.
    var digits = InlineArray<40, UInt8>(repeating: 0x30)
    var first = 40
    var rest = magnitude
    while rest > UInt128(UInt64.max) {
      let (quotient, remainder) = rest.dividedQuickly(by: 10_000_000_000_000_000_000)
      DecimalDigits.write(UInt64(truncatingIfNeeded: remainder), before: first, into: &digits)
      first -= 19
      rest = quotient
    }
    first = DecimalDigits.write(UInt64(truncatingIfNeeded: rest), before: first, into: &digits)
    first = min(first, 39 - scale)
    var end = 40
    while end > 40 - scale + max(keeping, 0), digits[end - 1] == 0x30 { end -= 1 }

    if isNegative && magnitude != 0 { append(0x2D) }
    for index in first..<(40 - scale) { append(digits[index]) }
    guard end > 40 - scale else { return }
    append(0x2E)
    for index in (40 - scale)..<end { append(digits[index]) }
  }
}

private enum DecimalDigits {
  /// Digits of `number` so that the last one is before `end`; returns the place of the first (none for 0).
  @discardableResult
  static func write(_ number: UInt64, before end: Int, into digits: inout InlineArray<40, UInt8>) -> Int {
    var place = end
    var rest = number
    while rest != 0 {
      place -= 1
      digits[place] = 0x30 + UInt8(truncatingIfNeeded: rest % 10)
      rest /= 10
    }
    return place
  }
}

extension Price {
  /// At its instrument's scale, with all its decimals.
  package func write(scale: Int, into sink: inout some ByteSink & ~Copyable) {
    sink.append(magnitude: UInt128(mantissa.magnitude), isNegative: mantissa < 0, scale: scale, keeping: scale)
  }

  package func text(scale: Int) -> String { printed { (sink: inout ByteBuffer) in write(scale: scale, into: &sink) } }
}

extension Quantity {
  package func write(scale: Int, into sink: inout some ByteSink & ~Copyable) {
    sink.append(magnitude: UInt128(mantissa.magnitude), isNegative: mantissa < 0, scale: scale, keeping: scale)
  }

  package func text(scale: Int) -> String { printed { (sink: inout ByteBuffer) in write(scale: scale, into: &sink) } }
}

extension Money: CustomStringConvertible {
  /// Exact, without trailing zeros.
  package func write(into sink: inout some ByteSink & ~Copyable) {
    sink.append(magnitude: units.magnitude, isNegative: units < 0, scale: Money.decimals, keeping: 0)
  }

  /// Exact, with at least `decimals` decimals: nothing is rounded away.
  package func write(atLeast decimals: Int, into sink: inout some ByteSink & ~Copyable) {
    sink.append(magnitude: units.magnitude, isNegative: units < 0, scale: Money.decimals, keeping: decimals)
  }

  /// Exactly `decimals` decimals.
  package func write(scale decimals: Int, _ rounding: Rounding, into sink: inout some ByteSink & ~Copyable) {
    precondition(decimals >= 0 && decimals <= Money.decimals, "money has 0 to 18 decimals")
    let steps = units.divided(by: PowerOfTen.unsigned(Money.decimals - decimals), rounding)
    sink.append(magnitude: steps.magnitude, isNegative: steps < 0, scale: decimals, keeping: decimals)
  }

  package var decimalString: String { printed { (sink: inout ByteBuffer) in write(into: &sink) } }
  package var description: String { decimalString }

  package func text(atLeast decimals: Int) -> String {
    printed { (sink: inout ByteBuffer) in write(atLeast: decimals, into: &sink) }
  }

  package func text(scale decimals: Int, _ rounding: Rounding) -> String {
    printed { (sink: inout ByteBuffer) in write(scale: decimals, rounding, into: &sink) }
  }
}

extension Rate: CustomStringConvertible {
  /// As a fraction, without trailing zeros: 10 bps are `0.001`.
  package func write(into sink: inout some ByteSink & ~Copyable) {
    sink.append(magnitude: UInt128(e8.magnitude), isNegative: e8 < 0, scale: 8, keeping: 0)
  }

  /// In basis points, without trailing zeros: a fraction of 0.001 is `10`.
  package func writeBps(into sink: inout some ByteSink & ~Copyable) {
    sink.append(magnitude: UInt128(e8.magnitude), isNegative: e8 < 0, scale: 4, keeping: 0)
  }

  package var description: String { printed { (sink: inout ByteBuffer) in write(into: &sink) } }
  package var bpsText: String { printed { (sink: inout ByteBuffer) in writeBps(into: &sink) } }
}

extension Decimal: CustomStringConvertible {
  /// As it was written, trailing zeros included.
  package func write(into sink: inout some ByteSink & ~Copyable) {
    sink.append(magnitude: mantissa.magnitude, isNegative: isNegative, scale: Int(scale), keeping: Int(scale))
  }

  package var description: String { printed { (sink: inout ByteBuffer) in write(into: &sink) } }

  /// Without trailing zeros behind the point.
  package var canonicalText: String {
    printed { (sink: inout ByteBuffer) in
      sink.append(magnitude: mantissa.magnitude, isNegative: isNegative, scale: Int(scale), keeping: 0)
    }
  }
}

/// What `write` prints, as a string; for cold paths.
package func printed(_ write: (inout ByteBuffer) -> Void) -> String {
  var buffer = ByteBuffer(capacity: 64)
  write(&buffer)
  return buffer.text
}
