// Sums and products of money. `+` and `-` trap on overflow: they are for amounts whose bounds were checked when they came
// in. What comes from outside goes through the forms that return `nil`.

extension Money {
  package static let one = Money(units: 1_000_000_000_000_000_000)
  package static let max = Money(units: .max)
  package static let min = Money(units: .min)

  package init(_ whole: Int64) {
    // 2^63 x 10^18 stays below 2^123.
    units = Int128(whole) &* Money.one.units
  }

  /// `mantissa` x 10^-`scale`; `nil` when it does not fit. More than 18 decimals are rounded.
  @inline(__always)
  package init?(mantissa: Int128, scale: Int, _ rounding: Rounding = .halfEven) {
    precondition(scale >= 0 && scale <= PowerOfTen.exponentMax, "a scale is 0 to 38")
    if scale <= Money.decimals {
      let factor = Int128(truncatingIfNeeded: PowerOfTen.unsigned(Money.decimals - scale))
      let (product, overflow) = mantissa.multipliedReportingOverflow(by: factor)
      guard !overflow else { return nil }
      units = product
    } else {
      units = mantissa.divided(by: PowerOfTen.unsigned(scale - Money.decimals), rounding)
    }
  }

  @inline(__always)
  package init(_ quantity: Quantity, scale: Int) {
    // 2^63 x 10^18 stays below 2^123.
    units = Int128(quantity.mantissa) &* Int128(PowerOfTen.int64(Money.decimals - scale))
  }

  @inline(__always)
  package init(_ price: Price, scale: Int) {
    units = Int128(price.mantissa) &* Int128(PowerOfTen.int64(Money.decimals - scale))
  }

  package var isZero: Bool { units == 0 }
  /// The amount in 2^64 units, 18.4 of the asset, rounded down: for a first look that must be fast.
  @inline(__always)
  package var upperHalf: Int64 { Int64(truncatingIfNeeded: units &>> 64) }
  package var isNegative: Bool { units < 0 }
  /// -1, 0 or 1.
  package var sign: Int { units.signum() == 0 ? 0 : (units < 0 ? -1 : 1) }
  /// Traps for the one amount whose negative does not exist.
  package var magnitude: Money { units < 0 ? Money(units: -units) : self }

  @inline(__always)
  package static func + (a: Money, b: Money) -> Money { Money(units: a.units + b.units) }
  @inline(__always)
  package static func - (a: Money, b: Money) -> Money { Money(units: a.units - b.units) }
  @inline(__always)
  package static prefix func - (a: Money) -> Money { Money(units: -a.units) }
  @inline(__always)
  package static func += (a: inout Money, b: Money) { a.units += b.units }
  @inline(__always)
  package static func -= (a: inout Money, b: Money) { a.units -= b.units }

  /// `nil` on overflow.
  @inline(__always)
  package func adding(_ other: Money) -> Money? {
    let (sum, overflow) = units.addingReportingOverflow(other.units)
    return overflow ? nil : Money(units: sum)
  }

  /// `nil` on overflow.
  @inline(__always)
  package func subtracting(_ other: Money) -> Money? {
    let (difference, overflow) = units.subtractingReportingOverflow(other.units)
    return overflow ? nil : Money(units: difference)
  }

  /// Price times quantity. Exact while both scales together are at most 18, else half-even at 18; `nil` on overflow.
  @inline(__always)
  package static func notional(
    _ price: Price, scale priceScale: Int, _ quantity: Quantity, scale quantityScale: Int
  ) -> Money? {
    let product = price.mantissa.multipliedFullWidth(by: quantity.mantissa)
    let mantissa = Int128(product.high) << 64 | Int128(product.low)
    return Money(mantissa: mantissa, scale: priceScale + quantityScale)
  }

  /// Price times an amount (a position), rounded at 18 decimals; `nil` on overflow.
  @inline(__always)
  package func times(_ price: Price, scale: Int, _ rounding: Rounding = .halfEven) -> Money? {
    scaled(by: Int128(price.mantissa), over: UInt128(truncatingIfNeeded: PowerOfTen.int64(scale)), rounding)
  }

  /// A fee or funding: this times `rate`, rounded at `decimals`; `nil` on overflow.
  @inline(__always)
  package func times(_ rate: Rate, _ rounding: Rounding = .halfEven, decimals: Int = Money.decimals) -> Money? {
    if decimals == Money.decimals { return scaled(by: Int128(rate.e8), over: 100_000_000, rounding) }
    precondition(decimals >= 0 && decimals < Money.decimals, "money has 0 to 18 decimals")
    // One division for rate and decimals together: rounding twice could round a tie the wrong way.
    let step = PowerOfTen.unsigned(Money.decimals - decimals)
    guard let steps = quotient(by: Int128(rate.e8), over: 100_000_000 * step, rounding) else { return nil }
    let (units, overflow) = steps.multipliedReportingOverflow(by: Int128(truncatingIfNeeded: step))
    return overflow ? nil : Money(units: units)
  }

  /// This times another amount taken as a plain number, rounded at 18 decimals; `nil` on overflow.
  package func times(_ factor: Money, _ rounding: Rounding = .halfEven) -> Money? {
    scaled(by: factor.units, over: 1_000_000_000_000_000_000, rounding)
  }

  /// This over another amount, as a plain number at 18 decimals; `nil` on overflow and for a zero divisor.
  package func over(_ divisor: Money, _ rounding: Rounding = .halfEven) -> Money? {
    Wide(units, times: Money.one.units).divided(by: divisor.units, rounding).map { Money(units: $0) }
  }

  /// This times `part` over `whole` in one rounding: a share. `nil` on overflow and for a zero `whole`.
  package func share(_ part: Money, of whole: Money, _ rounding: Rounding = .halfEven) -> Money? {
    Wide(units, times: part.units).divided(by: whole.units, rounding).map { Money(units: $0) }
  }

  /// The same amount with at most `decimals` decimals; `nil` on overflow.
  package func rounded(to decimals: Int, _ rounding: Rounding) -> Money? {
    precondition(decimals >= 0 && decimals <= Money.decimals, "money has 0 to 18 decimals")
    let step = PowerOfTen.unsigned(Money.decimals - decimals)
    let (units, overflow) = units.divided(by: step, rounding)
      .multipliedReportingOverflow(by: Int128(truncatingIfNeeded: step))
    return overflow ? nil : Money(units: units)
  }

  /// As an integer of 10^-`scale` (0 to 18), rounded; `nil` when 64 bits do not hold it.
  package func mantissa(scale: Int, _ rounding: Rounding) -> Int64? {
    precondition(scale >= 0 && scale <= Money.decimals, "money has 0 to 18 decimals")
    return Int64(exactly: units.divided(by: PowerOfTen.unsigned(Money.decimals - scale), rounding))
  }

  @inline(__always)
  private func scaled(by factor: Int128, over divisor: UInt128, _ rounding: Rounding) -> Money? {
    quotient(by: factor, over: divisor, rounding).map { Money(units: $0) }
  }

  /// Most products fit 128 bits; only the others pay for 256.
  @inline(__always)
  private func quotient(by factor: Int128, over divisor: UInt128, _ rounding: Rounding) -> Int128? {
    let (product, overflow) = units.multipliedReportingOverflow(by: factor)
    guard overflow else { return product.divided(by: divisor, rounding) }
    return Wide(units, times: factor).divided(by: Int128(truncatingIfNeeded: divisor), rounding)
  }
}
