/// A decimal as somebody wrote it: `mantissa` x 10^-`scale`. What the parsers give, before a scale is imposed.
///
/// At most 38 digits, before and behind the point together.
package struct Decimal: Sendable, BitwiseCopyable {
  package let mantissa: Int128
  package let scale: UInt8

  package static let digitsMax = 38
  package static let zero = Decimal(unchecked: 0, scale: 0)

  /// `nil` beyond 38 digits.
  package init?(mantissa: Int128, scale: Int) {
    guard scale >= 0, scale <= Decimal.digitsMax, mantissa.magnitude < PowerOfTen.unsigned(Decimal.digitsMax)
    else { return nil }
    self.init(unchecked: mantissa, scale: UInt8(scale))
  }

  package init(_ whole: Int64) { self.init(unchecked: Int128(whole), scale: 0) }
  package init(_ price: Price, scale: Int) { self.init(small: price.mantissa, scale: scale) }
  package init(_ quantity: Quantity, scale: Int) { self.init(small: quantity.mantissa, scale: scale) }
  package init(_ rate: Rate) { self.init(small: rate.e8, scale: 8) }

  /// `nil` above 10^20, where money has more digits than a decimal.
  package init?(_ money: Money) { self.init(mantissa: money.units, scale: Money.decimals) }

  init(unchecked mantissa: Int128, scale: UInt8) {
    self.mantissa = mantissa
    self.scale = scale
  }

  private init(small mantissa: Int64, scale: Int) {
    precondition(scale >= 0 && scale <= Decimal.digitsMax, "a scale is 0 to 38")
    self.init(unchecked: Int128(mantissa), scale: UInt8(scale))
  }

  package var isZero: Bool { mantissa == 0 }
  package var isNegative: Bool { mantissa < 0 }

  /// The same value without trailing zeros behind the point.
  package var normalized: Decimal {
    var mantissa = mantissa
    var scale = scale
    while scale > 0 {
      let (quotient, remainder) = mantissa.quotientAndRemainder(dividingBy: 10)
      guard remainder == 0 else { break }
      mantissa = quotient
      scale -= 1
    }
    return Decimal(unchecked: mantissa, scale: scale)
  }

  /// The integer at `scale`, if the value has no more decimals than that and 128 bits hold it.
  package func exactMantissa(scale target: Int) -> Int128? {
    precondition(target >= 0 && target <= PowerOfTen.exponentMax, "a scale is 0 to 38")
    let shift = target - Int(scale)
    if shift >= 0 {
      let (product, overflow) = mantissa.multipliedReportingOverflow(
        by: Int128(truncatingIfNeeded: PowerOfTen.unsigned(shift)))
      return overflow ? nil : product
    }
    let step = Int128(truncatingIfNeeded: PowerOfTen.unsigned(-shift))
    let (quotient, remainder) = mantissa.quotientAndRemainder(dividingBy: step)
    return remainder == 0 ? quotient : nil
  }

  /// The integer at `scale`, rounded where the value has more decimals; `nil` when 128 bits do not hold it.
  package func mantissa(scale target: Int, _ rounding: Rounding) -> Int128? {
    guard target < Int(scale) else { return exactMantissa(scale: target) }
    return mantissa.divided(by: PowerOfTen.unsigned(Int(scale) - target), rounding)
  }

  /// Exactly this many decimals; `nil` beyond 38 digits.
  package func rounded(to decimals: Int, _ rounding: Rounding) -> Decimal? {
    mantissa(scale: decimals, rounding).flatMap { Decimal(mantissa: $0, scale: decimals) }
  }

  /// The multiple of `step` that `rounding` picks, with as many decimals as `step`; `nil` beyond 38 digits.
  package func rounded(toMultipleOf step: Decimal, _ rounding: Rounding) -> Decimal? {
    multiple(scale: Int(step.scale), step: step.mantissa, rounding)
      .flatMap { Decimal(mantissa: $0, scale: Int(step.scale)) }
  }

  package func isMultiple(of step: Decimal) -> Bool { rounded(toMultipleOf: step, .floor) == self }

  /// The exact product; `nil` beyond 38 digits.
  package func times(_ other: Decimal) -> Decimal? {
    let (a, b) = (normalized, other.normalized)
    let (product, overflow) = a.mantissa.multipliedReportingOverflow(by: b.mantissa)
    return overflow ? nil : Decimal(mantissa: product, scale: Int(a.scale) + Int(b.scale))?.normalized
  }

  /// The exact sum; `nil` beyond 38 digits.
  package func adding(_ other: Decimal) -> Decimal? {
    let scale = max(Int(scale), Int(other.scale))
    guard let a = exactMantissa(scale: scale), let b = other.exactMantissa(scale: scale) else { return nil }
    let (sum, overflow) = a.addingReportingOverflow(b)
    return overflow ? nil : Decimal(mantissa: sum, scale: scale)
  }

  package func subtracting(_ other: Decimal) -> Decimal? {
    adding(Decimal(unchecked: -other.mantissa, scale: other.scale))
  }
}

extension Decimal: Comparable {
  package static func == (a: Decimal, b: Decimal) -> Bool { compared(a, b) == 0 }
  package static func < (a: Decimal, b: Decimal) -> Bool { compared(a, b) < 0 }

  /// Exact for any scales: 38 digits times 10^38 stay below 2^253.
  private static func compared(_ a: Decimal, _ b: Decimal) -> Int {
    let scale = max(a.scale, b.scale)
    let left = Wide(a.mantissa, times: Int128(truncatingIfNeeded: PowerOfTen.unsigned(Int(scale - a.scale))))
    let right = Wide(b.mantissa, times: Int128(truncatingIfNeeded: PowerOfTen.unsigned(Int(scale - b.scale))))
    return left == right ? 0 : (left < right ? -1 : 1)
  }
}

extension Decimal: Hashable {
  package func hash(into hasher: inout Hasher) {
    let value = normalized
    hasher.combine(value.mantissa)
    hasher.combine(value.scale)
  }
}

extension Decimal {
  /// The price at an instrument's scale, a multiple of its tick.
  package func price(scale: Int, tick: Int64) throws(NumberError) -> Price {
    Price(mantissa: try onStep(scale: scale, step: tick))
  }

  package func quantity(scale: Int, lot: Int64) throws(NumberError) -> Quantity {
    Quantity(mantissa: try onStep(scale: scale, step: lot))
  }

  /// The price, moved to a multiple of the tick as `rounding` says; `nil` when 64 bits do not hold it.
  package func price(scale: Int, tick: Int64, _ rounding: Rounding) -> Price? {
    mantissa(scale: scale, step: tick, rounding).map { Price(mantissa: $0) }
  }

  package func quantity(scale: Int, lot: Int64, _ rounding: Rounding) -> Quantity? {
    mantissa(scale: scale, step: lot, rounding).map { Quantity(mantissa: $0) }
  }

  /// Money: exact, so at most 18 decimals.
  package func money() throws(NumberError) -> Money {
    guard let units = exactMantissa(scale: Money.decimals) else { throw .overflow }
    return Money(units: units)
  }

  /// Money, rounded at 18 decimals; `nil` when it does not fit.
  package func money(_ rounding: Rounding) -> Money? {
    mantissa(scale: Money.decimals, rounding).map { Money(units: $0) }
  }

  private func onStep(scale: Int, step: Int64) throws(NumberError) -> Int64 {
    precondition(step > 0, "a tick or lot is positive")
    let wide = exactMantissa(scale: scale)
    if let wide, wide % Int128(step) == 0 {
      guard let mantissa = Int64(exactly: wide) else { throw .overflow }
      return mantissa
    }
    guard let below = mantissa(scale: scale, step: step, .floor),
      let above = mantissa(scale: scale, step: step, .ceil)
    else { throw .overflow }
    throw .offStep(
      value: self, step: Decimal(small: step, scale: scale),
      below: Decimal(small: below, scale: scale), above: Decimal(small: above, scale: scale))
  }

  private func mantissa(scale target: Int, step: Int64, _ rounding: Rounding) -> Int64? {
    multiple(scale: target, step: Int128(step), rounding).flatMap { Int64(exactly: $0) }
  }

  /// The multiple of `step` (an integer of 10^-`scale`) that `rounding` picks; `nil` when 128 bits do not hold it.
  private func multiple(scale target: Int, step: Int128, _ rounding: Rounding) -> Int128? {
    precondition(step > 0, "a tick or lot is positive")
    // One division by 10^surplus x step: rounding to the scale first could move a tie.
    let surplus = max(0, Int(scale) - target)
    guard surplus <= 19 else {
      // More than 19 surplus decimals cannot be told from a sticky last digit.
      return trimmed(to: target + 19)?.multiple(scale: target, step: step, rounding)
    }
    guard let value = surplus > 0 ? mantissa : exactMantissa(scale: target) else { return nil }
    let divisor = PowerOfTen.unsigned(surplus).multipliedReportingOverflow(by: step.magnitude)
    guard !divisor.overflow else { return nil }
    let steps = value.divided(by: divisor.partialValue, rounding)
    let (product, overflow) = steps.multipliedReportingOverflow(by: step)
    return overflow ? nil : product
  }

  /// Fewer decimals with the lost ones kept as a last digit that is not 0 and not a tie, so that a later rounding falls
  /// to the same side.
  private func trimmed(to decimals: Int) -> Decimal? {
    let step = Int128(truncatingIfNeeded: PowerOfTen.unsigned(Int(scale) - decimals))
    let (quotient, remainder) = mantissa.quotientAndRemainder(dividingBy: step)
    let sticky = remainder != 0 && quotient % 5 == 0 ? (isNegative ? -1 : 1) : 0
    return Decimal(mantissa: quotient + Int128(sticky), scale: decimals)
  }
}
