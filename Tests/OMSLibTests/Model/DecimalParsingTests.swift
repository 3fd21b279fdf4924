import Testing

@testable import OMSLib

@Suite struct DecimalParsingTests {
  @Test(arguments: [
    ("0", "0"), ("64000.10", "64000.10"), ("00012.500", "12.500"), ("999999999999999999", "999999999999999999"),
    ("0.000000000000000001", "0.000000000000000001"),
    ("999999999999999999.999999999999999999", "999999999999999999.999999999999999999"),
  ])
  func shellReadsPlainDecimals(text: String, printed: String) throws {
    #expect(try Decimal(shell: text).description == printed)
  }

  @Test(arguments: [
    ("", "'' is not a decimal; write a number such as 0.01"),
    ("1e5", "'1e5' is not a plain decimal; write 100000"),
    ("1e", "'1e' is not a plain decimal; write it without an exponent"),
    ("-1", "'-1' has a sign; write the number without it"),
    ("+1", "'+1' has a sign; write the number without it"),
    ("1,000", "'1,000' has a separator; write 1000"),
    ("1_000", "'1_000' has a separator; write 1000"),
    (" 1", "' 1' has a separator; write 1"),
    (".5", "'.5' begins with a point; write 0.5"),
    ("5.", "'5.' ends with a point; write 5"),
    (".", "'.' is not a decimal; write digits and at most one point"),
    ("1.2.3", "'1.2.3' has two points; write one"),
    ("25bps", "'25bps' has a unit where a plain number belongs"),
    ("0.5%", "'0.5%' has a unit where a plain number belongs"),
    ("abc", "'abc' is not a decimal; write digits and at most one point"),
    ("٣", "'٣' is not a decimal; write digits and at most one point"),
    ("1234567890123456789", "'1234567890123456789' has more than 18 digits before the point"),
    ("0.1234567890123456789", "'0.1234567890123456789' has more than 18 digits behind the point"),
  ])
  func shellSaysWhatIsWrong(text: String, message: String) {
    let error = #expect(throws: NumberError.self) { try Decimal(shell: text) }
    #expect(error?.description == message)
  }

  @Test(arguments: [
    ("1e-8", "0.00000001"), ("1E3", "1000"), ("1e+3", "1000"), ("0.10", "0.1"), ("-0", "0"), ("+5", "5"), (".5", "0.5"),
    ("5.", "5"), ("-1.50e1", "-15"), ("0e76", "0"), ("1000e-40", "0.0000000000000000000000000000000000001"),
    ("99999999999999999999999999999999999999", "99999999999999999999999999999999999999"),
    ("0.00000000000000000000000000000000000001e0", "0.00000000000000000000000000000000000001"),
    ("0.000000000000000000000000000000000000001", nil), ("1e37", "10000000000000000000000000000000000000"),
    ("1e38", nil), ("1e-38", "0.00000000000000000000000000000000000001"), ("1e-39", nil), ("", nil), ("-", nil),
    ("e5", nil), (".", nil), ("1e", nil), ("1e+", nil), ("1e0x", nil), ("1e0000", nil), ("1.2.3", nil), ("NaN", nil),
    ("Infinity", nil), ("--1", nil), ("0x10", nil), (" 1", nil), ("1 ", nil), ("1e400", nil), ("1,000", nil),
    ("100000000000000000000000000000000000000", nil),
  ])
  func wireReadsWhatVenuesWrite(text: String, printed: String?) {
    #expect(Decimal(wire: text)?.canonicalText == printed)
  }

  @Test(arguments: [
    ("64000.10", 2, 6_400_010), ("64000.1", 2, 6_400_010), ("64000.100", 2, 6_400_010), ("0.001", 2, nil),
    ("-1.5", 1, -15), ("1e2", 0, 100), ("9223372036854775807", 0, Int64.max), ("9223372036854775808", 0, nil),
    ("922337203685477580.8", 1, nil), ("1", 18, 1_000_000_000_000_000_000), ("10", 18, nil), ("", 2, nil),
    (".", 2, nil),
  ])
  func wireMantissaIsExactOrNothing(text: String, scale: Int, mantissa: Int64?) {
    var text = text
    let got = text.withUTF8 { Decimal.mantissa(wire: $0, scale: scale) }
    #expect(got == mantissa)
  }
}
