/// An exact integer of up to 256 bits and a sign: what a product of two 128-bit numbers is before a named rounding makes
/// it a number again.
///
/// Never wraps: what does not fit is `nil`.
package struct Wide: Hashable, Sendable, BitwiseCopyable {
  package private(set) var high: UInt128
  package private(set) var low: UInt128
  /// Never set for zero.
  package private(set) var isNegative: Bool

  package static let zero = Wide(high: 0, low: 0, isNegative: false)

  @inline(__always)
  package init(high: UInt128, low: UInt128, isNegative: Bool) {
    self.high = high
    self.low = low
    self.isNegative = isNegative && (high | low) != 0
  }

  @inline(__always)
  package init(_ value: Int128) {
    self.init(high: 0, low: value.magnitude, isNegative: value < 0)
  }

  /// The exact product.
  @inline(__always)
  package init(_ a: Int128, times b: Int128) {
    let product = a.magnitude.multipliedFullWidth(by: b.magnitude)
    self.init(high: product.high, low: product.low, isNegative: (a < 0) != (b < 0))
  }

  package var isZero: Bool { (high | low) == 0 }
  package var negated: Wide { Wide(high: high, low: low, isNegative: !isNegative) }

  /// `nil` when the sum needs more than 256 bits.
  package func adding(_ other: Wide) -> Wide? {
    if isNegative == other.isNegative {
      let (low, carry) = low.addingReportingOverflow(other.low)
      let (sum, over) = high.addingReportingOverflow(other.high)
      let (high, overAgain) = sum.addingReportingOverflow(carry ? 1 : 0)
      return over || overAgain ? nil : Wide(high: high, low: low, isNegative: isNegative)
    }
    let (larger, smaller) = isBelowInMagnitude(other) ? (other, self) : (self, other)
    let (low, borrow) = larger.low.subtractingReportingOverflow(smaller.low)
    let high = larger.high - smaller.high - (borrow ? 1 : 0)
    return Wide(high: high, low: low, isNegative: larger.isNegative)
  }

  /// `nil` when the difference needs more than 256 bits.
  package func subtracting(_ other: Wide) -> Wide? { adding(other.negated) }

  /// `nil` when the product needs more than 256 bits.
  package func multiplied(by factor: UInt128) -> Wide? {
    let lower = low.multipliedFullWidth(by: factor)
    let (upper, overflow) = high.multipliedReportingOverflow(by: factor)
    let (sum, carry) = upper.addingReportingOverflow(lower.high)
    return overflow || carry ? nil : Wide(high: sum, low: lower.low, isNegative: isNegative)
  }

  /// `nil` for a zero divisor, and for a quotient that leaves 128 bits.
  package func divided(by divisor: Int128, _ rounding: Rounding) -> Int128? {
    divided(by: divisor.magnitude, isNegative: isNegative != (divisor < 0), rounding)
  }

  /// `nil` when the quotient leaves 128 bits. `exponent` is 0 to 38.
  package func dividedByPowerOfTen(_ exponent: Int, _ rounding: Rounding) -> Int128? {
    divided(by: PowerOfTen.unsigned(exponent), isNegative: isNegative, rounding)
  }

  private func divided(by divisor: UInt128, isNegative: Bool, _ rounding: Rounding) -> Int128? {
    // A high half of `divisor` or more means a quotient of 2^128 or more.
    guard divisor > high else { return nil }
    var (quotient, remainder) = (UInt128(0), UInt128(0))
    if high == 0 {
      (quotient, remainder) = low.dividedQuickly(by: divisor)
    } else {
      (quotient, remainder) = divisor.dividingFullWidth((high, low))
    }
    let away = rounding.roundsAway(
      isNegative: isNegative, isOdd: quotient & 1 == 1, remainder: remainder, divisor: divisor)
    if away {
      guard quotient < .max else { return nil }
      quotient += 1
    }
    return Int128(magnitude: quotient, isNegative: isNegative)
  }

  @inline(__always)
  private func isBelowInMagnitude(_ other: Wide) -> Bool {
    high < other.high || (high == other.high && low < other.low)
  }
}

extension Wide: Comparable {
  package static func < (a: Wide, b: Wide) -> Bool {
    if a.isNegative != b.isNegative { return a.isNegative }
    return a.isNegative ? b.isBelowInMagnitude(a) : a.isBelowInMagnitude(b)
  }
}

extension UInt128 {
  /// Quotient and remainder. By a divisor of 64 bits it takes two machine divisions instead of the general routine.
  @inline(__always)
  func dividedQuickly(by divisor: UInt128) -> (quotient: UInt128, remainder: UInt128) {
    precondition(divisor != 0, "division by zero")
    guard let short = UInt64(exactly: divisor) else { return quotientAndRemainder(dividingBy: divisor) }
    let upper = UInt64(truncatingIfNeeded: self >> 64).quotientAndRemainder(dividingBy: short)
    let lower = short.dividingFullWidth((upper.remainder, UInt64(truncatingIfNeeded: self)))
    return (UInt128(upper.quotient) << 64 | UInt128(lower.quotient), UInt128(lower.remainder))
  }
}

extension Int128 {
  /// `nil` when it does not fit.
  @inline(__always)
  init?(magnitude: UInt128, isNegative: Bool) {
    let bits = Int128(truncatingIfNeeded: magnitude)
    if isNegative {
      guard magnitude <= Int128.min.magnitude else { return nil }
      self = 0 &- bits
    } else {
      guard bits >= 0 else { return nil }
      self = bits
    }
  }

  /// This over `divisor` (positive), rounded; never overflows.
  @inline(__always)
  func divided(by divisor: UInt128, _ rounding: Rounding) -> Int128 {
    let (quotient, remainder) = magnitude.dividedQuickly(by: divisor)
    let away = rounding.roundsAway(
      isNegative: self < 0, isOdd: quotient & 1 == 1, remainder: remainder, divisor: divisor)
    let rounded = Int128(truncatingIfNeeded: quotient &+ (away ? 1 : 0))
    return self < 0 ? 0 &- rounded : rounded
  }
}
