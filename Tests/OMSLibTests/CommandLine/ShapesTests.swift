import Testing

@testable import OMSLib

@Suite struct ShapesTests {
  struct Row: Sendable {
    let shape: ValueShape
    let good: [String]
    let bad: [String]

    init(_ shape: ValueShape, _ good: [String], _ bad: [String]) {
      self.shape = shape
      self.good = good
      self.bad = bad
    }
  }

  static let shapes: [Row] = [
    Row(
      .decimal, ["0", "1", "0.01", "64000.00", "123456789012345678", "0.123456789012345678"],
      [
        "", "-1", "+1", "1e5", "1.", ".5", "1,000", "1_000", "1.2.3", "1234567890123456789", "0.1234567890123456789",
        " 1", "1 ", "0x1", "١",
      ]
    ),
    Row(.quantity, ["0.01", "50%", "0.5%", "100%", "all"], ["101%", "%", "-1%", "ALL", "all%", "1e2%"]),
    Row(.basisPoints, ["25bps", "0.5bps"], ["25", "25%", "bps", "-1bps", "25 bps"]),
    Row(.percent, ["10%", "0.5%"], ["10", "10bps", "%"]),
    Row(
      .duration, ["0s", "250ms", "5s", "10m", "2h", "30d", "1ns", "7us"],
      ["", "5", "s", "-5s", "1.5s", "5 s", "5w", "9999999999999d"]
    ),
    Row(
      .time,
      [
        "now", "today", "-15m", "@0", "@1.5", "@1795174589", "2026-11-20", "2026-11-20T11:36:29Z",
        "2026-11-20T11:36:29+02:00",
      ],
      ["", "15m", "@", "2026-13-01", "yesterday", "2026-11-20T11:36:29", "-15"]
    ),
    Row(.count, ["0", "64"], ["", "-1", "1.5", "1e3", "1234567890123456"]),
    Row(.rate, ["50/s"], ["50", "0/s", "/s", "1.5/s", "50/m"]),
    Row(.symbol, ["BTC-USDT", "BTC/USDT", "binance:BTC-USDT-PERP"], ["", "BTC USDT", "BTC\u{1B}", "é"]),
    Row(.side, ["buy", "sell"], ["Buy", "long", ""]),
    Row(.account, ["sim.main", "auto"], ["", "sim main", "sim*", "@mm"]),
    Row(.selection, ["all", "sim.main,sim.sub01", "binance.sub*", "@mm"], ["", "a,,b", "a b", "$(x)"]),
    Row(.thing(.newID), ["rebal-1", "a", "A.b_c:d-9"], ["", "a b", "a/b", String(repeating: "x", count: 65), "é"]),
    Row(.ids, ["a,b", "mm/12,b/c1"], ["a,", ",a", "a, b", "a,/b"]),
    Row(.id, ["a", "mm/12", "mm/12/c1"], ["", "/", "a/", "/a", "a//b", "a b"]),
    Row(.pair, ["k=v", "k=", "k=v=w"], ["=v", "k", ""]),
    Row(.sortKey, ["price", "price:desc", "price:asc"], [":desc", "price:up", "a:b:c"]),
    Row(.timeZone, ["UTC", "+09:00", "-03:30"], ["", "+9", "KST", "+19:00", "+09:60"]),
    Row(.address, ["127.0.0.1:0", "[::1]:80"], ["", "127.0.0.1", ":80", "h:70000"]),
    Row(.choices(["a", "b"]), ["a", "a,b"], ["c", "a,", "a,c"]),
  ]

  @Test(arguments: shapes.indices) func acceptsAndRefuses(row: Int) {
    let (shape, good, bad) = (Self.shapes[row].shape, Self.shapes[row].good, Self.shapes[row].bad)
    for text in good { #expect(shape.complaint(about: text) == nil, "\(shape.label) '\(text)'") }
    for text in bad { #expect(shape.complaint(about: text) != nil, "\(shape.label) '\(text)'") }
  }

  @Test(arguments: [
    ("1e5", "write 100000"), ("64,000", "write 64000"), (".5", "write 0.5"), ("5.", "write 5"), ("1_0", "write 10"),
  ])
  func saysWhatWasProbablyMeant(text: String, hint: String) {
    #expect(ValueShape.decimal.complaint(about: text)?.contains(hint) == true)
  }

  @Test func aNumberWithoutItsUnitIsToldSo() {
    #expect(ValueShape.basisPoints.complaint(about: "25")?.contains("write 25bps") == true)
  }

  /// What the shell accepts as a decimal is what the exact arithmetic reads, digit for digit.
  @Test(arguments: 0..<200) func everyDecimalKeepsItsDigits(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    let whole = (0...random.below(18)).map { _ in String(random.below(10)) }.joined()
    let fraction = (0..<random.below(19)).map { _ in String(random.below(10)) }.joined()
    let text = fraction.isEmpty ? String(whole.prefix(18)) : "\(whole.prefix(18)).\(fraction)"
    #expect(ValueShape.decimal.complaint(about: text) == nil)
    let written = Decimal(plain: text)?.description
    let canonical = String(text.drop { $0 == "0" })
    let expected = canonical.isEmpty || canonical.hasPrefix(".") ? "0" + canonical : canonical
    #expect(written == expected)
  }
}
