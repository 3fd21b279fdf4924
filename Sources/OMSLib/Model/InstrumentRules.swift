// Tick, lot and notional: the rules of a venue for the numbers of an order.

/// Which rules an order's numbers break; the names are those venues use.
package struct RuleViolations: OptionSet, Hashable, Sendable, BitwiseCopyable {
  package let rawValue: UInt8
  package init(rawValue: UInt8) { self.rawValue = rawValue }
  /// Not positive, or not a multiple of the tick.
  package static let price = RuleViolations(rawValue: 1)
  /// Below the least, above the greatest, or between two lots.
  package static let lot = RuleViolations(rawValue: 2)
  package static let notional = RuleViolations(rawValue: 4)
}

extension Price {
  /// Moved to a multiple of `tick`; `nil` when that leaves 64 bits.
  @inline(__always)
  package func rounded(to tick: Int64, _ rounding: Rounding) -> Price? {
    mantissa.rounded(toMultipleOf: tick, rounding).map { Price(mantissa: $0) }
  }
}

extension Quantity {
  /// Moved to a multiple of `lot`; `nil` when that leaves 64 bits.
  @inline(__always)
  package func rounded(to lot: Int64, _ rounding: Rounding) -> Quantity? {
    mantissa.rounded(toMultipleOf: lot, rounding).map { Quantity(mantissa: $0) }
  }
}

extension Int64 {
  @inline(__always)
  func rounded(toMultipleOf step: Int64, _ rounding: Rounding) -> Int64? {
    precondition(step > 0, "a tick or lot is positive")
    let remainder = self % step
    guard remainder != 0 else { return self }
    let toZero = self - remainder
    let away = rounding.roundsAway(
      isNegative: self < 0, isOdd: (self / step) & 1 != 0, remainder: UInt128(remainder.magnitude),
      divisor: UInt128(step.magnitude))
    guard away else { return toZero }
    let (moved, overflow) = toZero.addingReportingOverflow(self < 0 ? -step : step)
    return overflow ? nil : moved
  }
}

extension Instrument {
  /// The value of an order in the quote asset; `nil` on overflow.
  @inline(__always)
  package func notional(_ price: Price, _ quantity: Quantity) -> Money? {
    Money.notional(price, scale: Int(priceScale), quantity, scale: Int(quantityScale))
  }

  /// Every rule that these numbers break. A notional that overflows breaks none: it is large.
  package func violations(price: Price, quantity: Quantity) -> RuleViolations {
    precondition(tick > 0 && lot > 0, "an instrument has a tick and a lot")
    var broken: RuleViolations = []
    if price.mantissa <= 0 || price.mantissa % tick != 0 { broken.insert(.price) }
    if !isValid(quantity) { broken.insert(.lot) }
    if let notional = notional(price, quantity), notional < minNotional { broken.insert(.notional) }
    return broken
  }

  /// Within the bounds and a whole number of lots above the least quantity.
  @inline(__always)
  package func isValid(_ quantity: Quantity) -> Bool {
    let mantissa = quantity.mantissa
    return mantissa > 0 && mantissa >= minQuantity && (maxQuantity == 0 || mantissa <= maxQuantity)
      && (mantissa - minQuantity) % lot == 0
  }

  /// The largest valid quantity that is not above this one; zero when there is none.
  package func floored(_ quantity: Quantity) -> Quantity {
    precondition(lot > 0 && minQuantity >= 0, "an instrument has a lot")
    let bound = maxQuantity == 0 ? quantity.mantissa : Swift.min(quantity.mantissa, maxQuantity)
    guard bound >= minQuantity, bound > 0 else { return .zero }
    return Quantity(mantissa: bound - (bound - minQuantity) % lot)
  }

  package func text(_ price: Price) -> String { price.text(scale: Int(priceScale)) }
  package func text(_ quantity: Quantity) -> String { quantity.text(scale: Int(quantityScale)) }
}
