import Testing

@testable import OMSLib

@Suite struct InstrumentRulesTests {
  static let instrument: Instrument = {
    var instrument = Instrument()
    instrument.priceScale = 2
    instrument.quantityScale = 5
    instrument.tick = 5
    instrument.lot = 10
    instrument.minQuantity = 25
    instrument.maxQuantity = 1_000_005
    instrument.minNotional = Money(5)
    return instrument
  }()

  static let rows: [(Int64, Int64, RuleViolations)] = [
    (6_400_010, 25, []), (6_400_011, 35, .price), (6_400_010, 30, .lot), (6_400_010, 15, .lot),
    (6_400_010, 1_000_005, []), (6_400_010, 1_000_015, .lot), (100, 25, .notional),
    (0, 0, [.price, .lot, .notional]), (-5, 25, [.price, .notional]), (Int64.max, Int64.max, [.price, .lot]),
  ]

  @Test(arguments: rows)
  func namesEveryBrokenRule(price: Int64, quantity: Int64, broken: RuleViolations) {
    let found = Self.instrument.violations(price: Price(mantissa: price), quantity: Quantity(mantissa: quantity))
    #expect(found == broken)
  }

  @Test(arguments: [(25, 25), (34, 25), (35, 35), (24, 0), (0, 0), (-5, 0), (2_000_000, 1_000_005)])
  func flooredIsValidOrNothing(quantity: Int64, floored: Int64) {
    let found = Self.instrument.floored(Quantity(mantissa: quantity))
    #expect(found == Quantity(mantissa: floored))
    #expect(floored == 0 || Self.instrument.isValid(found))
  }

  @Test func roundingOverTheEdgeIsRefused() {
    #expect(Price(mantissa: .max).rounded(to: 10, .ceil) == nil)
    #expect(Price(mantissa: .min).rounded(to: 10, .floor) == nil)
    #expect(Price(mantissa: .max).rounded(to: 10, .floor) == Price(mantissa: .max - 7))
  }
}
