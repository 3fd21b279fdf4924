// Numbers as people and venues read them: digits and a point, never an exponent, a `+` or `-0`.

extension Price {
  /// At its instrument's scale, with all its decimals.
  package func write(scale: Int, into sink: inout some ByteSink & ~Copyable) {
    sink.append(decimal: mantissa, scale: scale)
  }

  package func text(scale: Int) -> String { printed { (sink: inout ByteBuffer) in write(scale: scale, into: &sink) } }
}

extension Quantity {
  package func write(scale: Int, into sink: inout some ByteSink & ~Copyable) {
    sink.append(decimal: mantissa, scale: scale)
  }

  package func text(scale: Int) -> String { printed { (sink: inout ByteBuffer) in write(scale: scale, into: &sink) } }
}

extension Money: CustomStringConvertible {
  /// Exact, without trailing zeros.
  package func write(into sink: inout some ByteSink & ~Copyable) {
    sink.append(trimmedDecimal: units, scale: Money.decimals)
  }

  /// Exact, with at least `decimals` decimals: nothing is rounded away.
  package func write(atLeast decimals: Int, into sink: inout some ByteSink & ~Copyable) {
    sink.append(trimmedDecimal: units, scale: Money.decimals, minimumScale: decimals)
  }

  /// Exactly `decimals` decimals.
  package func write(scale decimals: Int, _ rounding: Rounding, into sink: inout some ByteSink & ~Copyable) {
    precondition(decimals >= 0 && decimals <= Money.decimals, "money has 0 to 18 decimals")
    let steps = units.divided(by: PowerOfTen.unsigned(Money.decimals - decimals), rounding)
    sink.append(decimal: steps, scale: decimals)
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
    sink.append(trimmedDecimal: e8, scale: 8)
  }

  /// In basis points, without trailing zeros: a fraction of 0.001 is `10`.
  package func writeBps(into sink: inout some ByteSink & ~Copyable) {
    sink.append(trimmedDecimal: e8, scale: 4)
  }

  package var description: String { printed { (sink: inout ByteBuffer) in write(into: &sink) } }
  package var bpsText: String { printed { (sink: inout ByteBuffer) in writeBps(into: &sink) } }
}

extension Decimal: CustomStringConvertible {
  /// As it was written, trailing zeros included.
  package func write(into sink: inout some ByteSink & ~Copyable) {
    sink.append(decimal: mantissa, scale: Int(scale))
  }

  package var description: String { printed { (sink: inout ByteBuffer) in write(into: &sink) } }

  /// Without trailing zeros behind the point.
  package var canonicalText: String {
    printed { (sink: inout ByteBuffer) in
      sink.append(trimmedDecimal: mantissa, scale: Int(scale))
    }
  }
}

/// What `write` prints, as a string; for cold paths.
package func printed(_ write: (inout ByteBuffer) -> Void) -> String {
  var buffer = ByteBuffer(capacity: 64)
  write(&buffer)
  return buffer.text
}
