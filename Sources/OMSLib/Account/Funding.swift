/// Funding of perpetual contracts.
package enum Funding {
  /// Cash flow of the holder of `quantity` (negative: short): longs pay a positive rate. Rounded once, half-even at 18;
  /// `nil` on overflow.
  @inline(__always)
  package static func payment(quantity: Money, mark: Price, scale: Int, rate: Rate) -> Money? {
    precondition(scale >= 0 && scale <= Money.decimals, "a price has 0 to 18 decimals")
    // Two 64-bit integers: the product fits 128 bits.
    let factor = -(Int128(mark.mantissa) * Int128(rate.e8))
    return Wide(quantity.units, times: factor).dividedByPowerOfTen(scale + 8, .halfEven).map { Money(units: $0) }
  }

  /// Mean of rates as a fraction; `nil` for none and on overflow.
  package static func meanRate(_ rates: [Rate]) -> Money? {
    guard !rates.isEmpty else { return nil }
    let sum = rates.reduce(Int128(0)) { $0 + Int128($1.e8) }
    return Money(mantissa: sum, scale: 8)?.over(Money(Int64(rates.count)))
  }

  /// Mean rate times the payments of a year; `nil` for no rates and on overflow. One rounding.
  package static func annualSimple(_ rates: [Rate], intervalsPerDay: Int) -> Money? {
    guard !rates.isEmpty, intervalsPerDay > 0 else { return nil }
    let sum = rates.reduce(Int128(0)) { $0 + Int128($1.e8) }
    let (product, overflow) = sum.multipliedReportingOverflow(by: Int128(intervalsPerDay * 365))
    guard !overflow else { return nil }
    return Money(mantissa: product, scale: 8)?.over(Money(Int64(rates.count)))
  }

  /// A statistic: what the mean rate comes to when every payment is put back in. `nil` for no rates.
  package static func annualCompounded(_ rates: [Rate], intervalsPerDay: Int) -> Double? {
    guard !rates.isEmpty, intervalsPerDay > 0 else { return nil }
    let sum = rates.reduce(Int128(0)) { $0 + Int128($1.e8) }
    var base = 1 + Double(sum) / 1e8 / Double(rates.count)
    var power = 1.0
    var exponent = intervalsPerDay * 365
    while exponent > 0 {
      if exponent & 1 == 1 { power *= base }
      base *= base
      exponent >>= 1
    }
    return power - 1
  }
}

/// Long spot and short perpetual of the same size, both opened and closed once as taker at these prices.
package struct CashAndCarry: Sendable {
  package let basis: Money
  package let basisBps: Money
  package let fundingIncome: Money
  package let roundTripCost: Money
  /// With the basis unchanged at the end.
  package let netFlatBasis: Money
  /// With the basis gone at the end.
  package let netConverged: Money
  /// Payments until the costs are earned; `nil` when funding earns nothing.
  package let breakEvenIntervals: Int64?

  /// `nil` on overflow and for a spot price that is not positive.
  package init?(
    spot: Money, perp: Money, quantity: Money, fundingRate: Rate, intervals: Int64, spotFee: Rate, perpFee: Rate
  ) {
    guard spot.units > 0, intervals >= 0, let difference = perp.subtracting(spot), let basis = difference.over(spot),
      let basisBps = difference.times(Money(10_000))?.over(spot),
      let spotNotional = quantity.times(spot), let perpNotional = quantity.times(perp),
      let perInterval = perpNotional.times(fundingRate), let income = perInterval.times(Money(intervals)),
      let spotCost = spotNotional.times(spotFee), let perpCost = perpNotional.times(perpFee),
      let oneWay = spotCost.adding(perpCost), let cost = oneWay.adding(oneWay), let flat = income.subtracting(cost),
      let gain = quantity.times(difference), let converged = flat.adding(gain)
    else { return nil }
    self.basis = basis
    self.basisBps = basisBps
    fundingIncome = income
    roundTripCost = cost
    netFlatBasis = flat
    netConverged = converged
    guard perInterval.units > 0 else {
      breakEvenIntervals = nil
      return
    }
    breakEvenIntervals = Int64(exactly: cost.units.divided(by: perInterval.units.magnitude, .ceil))
  }
}
