import Testing

@testable import OMSLib

@Suite struct DecimalTests {
  @Test func comparesByValueWhateverTheScale() throws {
    let coarse = try #require(Decimal(wire: "1.5"))
    let fine = try #require(Decimal(wire: "1.500"))
    let large = try #require(Decimal(wire: "99999999999999999999999999999999999999"))
    let small = try #require(Decimal(wire: "1e-38"))
    #expect(coarse == fine)
    #expect(coarse.hashValue == fine.hashValue)
    #expect(small < coarse && coarse < large && !(large < small))
  }

  @Test func aPriceOffTheTickNamesItsNeighbours() throws {
    let value = try Decimal(shell: "64000.07")
    let error = #expect(throws: NumberError.self) { try value.price(scale: 2, tick: 5) }
    #expect(error?.description == "64000.07 is not a multiple of 0.05; nearest are 64000.05 and 64000.10")
    #expect(try Decimal(shell: "64000.1").price(scale: 2, tick: 5) == Price(mantissa: 6_400_010))
    #expect(throws: NumberError.overflow) { try Decimal(shell: "999999999999999999").price(scale: 2, tick: 1) }
  }

  @Test(arguments: [
    (Rounding.floor, "0.00000000000000000000000000049999", 0), (.ceil, "0.00000000000000000000000000000001", 5),
    (.halfEven, "7.5", 10), (.halfEven, "2.5", 0), (.halfEven, "2.50000000000000000000000000001", 5),
    (.halfUp, "2.5", 5), (.halfUp, "2.4999999999999999999999999999999", 0), (.truncate, "-7.5", -5),
    (.floor, "-7.5", -10),
    (.ceil, "-7.5", -5), (.halfUp, "-7.5", -10), (.halfEven, "-2.5", 0),
  ])
  func roundsToTheTickInOneStep(rounding: Rounding, text: String, expected: Int64) throws {
    let value = try #require(Decimal(wire: text))
    #expect(value.price(scale: 0, tick: 5, rounding) == Price(mantissa: expected))
  }

  @Test func aProductIsExactOrRefused() throws {
    let a = try #require(Decimal(wire: "18059428386.8782017450336165"))
    let rate = try #require(Decimal(wire: "0.00017"))
    #expect(a.times(rate)?.canonicalText == "3070102.825769294296655714805")
    #expect(a.times(a) == nil)
  }

  /// What was printed reads back as the same value, and a price reads back as the same integer.
  @Test(arguments: 0..<40 as Range<UInt64>)
  func printingAndReadingAreInverse(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    for _ in 0..<100 {
      let bits = Int128(truncatingIfNeeded: UInt128(random.next()) << 64 | UInt128(random.next()))
      let mantissa = bits >> Int128(random.below(127))
      let scale = Int(random.below(39))
      guard let value = Decimal(mantissa: mantissa, scale: scale) else { continue }
      let back = try #require(Decimal(wire: value.description))
      #expect(back == value)
      #expect(back.scale == value.scale)
      let short = try #require(Decimal(wire: value.canonicalText))
      #expect(short == value)
      #expect(!value.description.contains("e") && value.description != "-0")

      let price = Price(mantissa: Int64(truncatingIfNeeded: bits))
      let priceScale = Int(random.below(19))
      var text = price.text(scale: priceScale)
      let mantissaBack = text.withUTF8 { Decimal.mantissa(wire: $0, scale: priceScale) }
      #expect(mantissaBack == price.mantissa)
      let money = Money(units: bits)
      let units = money.decimalString.replacing("-", with: "")
      #expect(units.hasSuffix("0") == false || !units.contains("."))
    }
  }
}
