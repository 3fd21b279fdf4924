import Testing

@testable import OMSLib

@Suite struct PlainDecimalTests {
  @Test(arguments: [
    ("0.1", "0.2", "0.3"), ("1", "-1", "0"), ("0.00000001", "99999999999.99999999", "100000000000.00000000"),
    ("-0.5", "0.25", "-0.25"),
  ])
  func addsExactly(a: String, b: String, sum: String) throws {
    let first = try #require(Decimal(plain: a))
    let second = try #require(Decimal(plain: b))
    let total = try #require(first.adding(second))
    #expect(total == Decimal(plain: sum))
    #expect(Decimal(plain: total.description) == total)
  }

  @Test(arguments: ["", "-", ".", "1.", ".5", "1e5", "1 ", "--1", "1.2.3", String(repeating: "9", count: 40)])
  func refuses(text: String) {
    #expect(Decimal(plain: text) == nil)
  }

  @Test func comparesAcrossScales() throws {
    let ordered = ["-10.5", "-10.4999", "0", "0.0001", "0.001", "1.0", "1.01", "2", "10"].compactMap {
      Decimal(plain: $0)
    }
    #expect(ordered.count == 9)
    for (a, b) in zip(ordered, ordered.dropFirst()) { #expect(a < b) }
    #expect(Decimal(plain: "1.0") == Decimal(plain: "1"))
    let huge = try #require(Decimal(plain: "99999999999999999999999999999999999999"))
    let fine = try #require(Decimal(plain: "0.000000000000000000000001"))
    #expect(fine < huge)
    #expect(!(huge < fine))
  }

  @Test func aSumThatDoesNotFitIsNoSum() throws {
    let huge = try #require(Decimal(plain: "99999999999999999999999999999999999999"))
    #expect(huge.adding(huge) == nil)
  }
}
