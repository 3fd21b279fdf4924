import Testing

@testable import OMSLib

@Suite struct MoneyTests {
  @Test(arguments: [
    (0, 0, "0"), (1, 0, "1"), (-1, 18, "-0.000000000000000001"), (120_034_110, 3, "120034.11"), (5, 19, "0"),
    (15, 19, "0.000000000000000002"), (-25, 19, "-0.000000000000000002"),
  ])
  func fromMantissaAndScale(mantissa: Int64, scale: Int, text: String) {
    #expect(Money(mantissa: Int128(mantissa), scale: scale)?.decimalString == text)
  }

  @Test(arguments: [
    (6_400_010, 2, 150, 5, "96.00015"), (-6_400_010, 2, 150, 5, "-96.00015"), (15, 10, 1, 9, "0.000000000000000002"),
    (25, 10, 1, 9, "0.000000000000000002"), (Int64.max, 8, 1_000_000_000, 0, "92233720368547758070"),
    (Int64.max, 8, 10_000_000_000, 0, nil),
  ])
  func notionalIsTheExactProduct(price: Int64, priceScale: Int, quantity: Int64, quantityScale: Int, text: String?) {
    let notional = Money.notional(
      Price(mantissa: price), scale: priceScale, Quantity(mantissa: quantity), scale: quantityScale)
    #expect(notional?.decimalString == text)
  }

  @Test func overflowIsAnAnswer() {
    #expect(Money.max.adding(Money(units: 1)) == nil)
    #expect(Money.min.subtracting(Money(units: 1)) == nil)
    #expect(Money.max.times(Money(2)) == nil)
    #expect(Money.max.times(Rate(e8: 100_000_001)) == nil)
    #expect(Money.max.times(Rate(e8: 100_000_000)) == Money.max)
    #expect(Money(1).over(.zero) == nil)
    #expect(Money.one.times(Price(mantissa: .max), scale: 0) == Money(.max))
  }

  @Test func overflowOfTheTrappingFormsStops() async {
    await #expect(processExitsWith: .failure) { _ = Money.max + Money(units: 1) }
  }

  @Test(arguments: [
    (Rounding.floor, 8, "0.00285701"), (.ceil, 8, "0.00285702"), (.halfEven, 8, "0.00285702"), (.truncate, 3, "0.002"),
    (.halfUp, 18, "0.002857015149709912"),
  ])
  func aFeeIsRoundedOnceByTheNamedRule(rounding: Rounding, decimals: Int, text: String) throws {
    let notional = try #require(Decimal(wire: "3.8093535329465496")).money()
    #expect(notional.times(Rate(e8: 75_000), rounding, decimals: decimals)?.decimalString == text)
  }

  @Test func printsAtAScale() throws {
    let amount = try Decimal(shell: "12.3450").money()
    #expect(amount.decimalString == "12.345")
    #expect(amount.text(atLeast: 2) == "12.345")
    #expect(amount.text(atLeast: 5) == "12.34500")
    #expect(amount.text(scale: 2, .halfEven) == "12.34")
    #expect((-amount).text(scale: 2, .floor) == "-12.35")
    #expect(Money(units: -1).text(scale: 2, .halfEven) == "0.00")
    #expect(Money.min.decimalString == "-170141183460469231731.687303715884105728")
    #expect(Rate(e8: -100_000).description == "-0.001" && Rate(e8: 100_000).bpsText == "10")
  }
}
