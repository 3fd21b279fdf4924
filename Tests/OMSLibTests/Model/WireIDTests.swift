import Testing

@testable import OMSLib

@Suite struct WireIDTests {
  struct Vector: Sendable, CustomTestStringConvertible {
    let id: String
    var replacement: UInt16 = 0
    let tag: String
    let wire: String
    let high: UInt64
    let low: UInt64
    var testDescription: String { id }
  }

  /// Computed with Python's hashlib.
  static let vectors = [
    Vector(
      id: "rebal-1", tag: "k7q2m", wire: "1k7q2mu40md7kvqsooee311v2liqpigm", high: 0xf101_669e_9fd7_3187,
      low: 0x3861_0fc5_596b_3285),
    Vector(
      id: "a", tag: "00000", wire: "100000pabo24ma3euslum266ppk8us9m", high: 0xca97_8112_ca1b_bdca,
      low: 0xfac2_31b3_9a23_dc4d),
    Vector(
      id: "e1.1", tag: "vvvvv", wire: "1vvvvvar0vrc85c5dkt3nctjilkt6v5d", high: 0x56c1_fdb1_0561_5b4e,
      low: 0x8eec_ece5_5a74_df2b),
    Vector(
      id: "twap-demo/c17", tag: "prod1", wire: "1prod169form6h1i7gg5pbit5hcsfvtr", high: 0x325f_8dd8_d10c_8f08,
      low: 0x172b_974b_1671_ffee),
    Vector(
      id: String(repeating: "x", count: 64), tag: "00000", wire: "100000fjgg15ovcjjg07kfsmihisvcrv",
      high: 0x7ce1_0097_1f64_e700, low: 0x1e8f_e5a5_1973_ecdf),
    Vector(
      id: "A._:-z", tag: "0a1b2", wire: "10a1b2q69u4la2ed80o1dsbkf7evihs4", high: 0xd193_e255_4273_500c,
      low: 0x05bc_5d1e_777e_51e1),
    Vector(
      id: "e208656000.42", replacement: 3, tag: "k7q2m", wire: "1k7q2ml530gp5ofm8e21nm4b1qm21d1s",
      high: 0xa946_0864_b87d_90e1, low: 0x06f6_22c3_ab08_2d0f),
  ]

  @Test(arguments: vectors)
  func isAPureFunctionOfTheIDAndTheTag(vector: Vector) throws {
    let id = try #require(Text64(vector.id))
    let tag = try #require(InstanceTag(vector.tag))
    let wire = WireID(id, replacement: vector.replacement, tag: tag)
    #expect(wire.text.description == vector.wire)
    #expect(wire.key == WireID.Key(high: vector.high, low: vector.low))
    #expect(WireID.key(id, replacement: vector.replacement) == wire.key)
    let read = try #require(WireID(wire.text))
    #expect(read == wire)
    #expect(read.tag == tag)
  }

  @Test(arguments: [
    "", "1k7q2mu40md7kvqsooee311v2liqpig", "2k7q2mu40md7kvqsooee311v2liqpigm", "1K7q2mu40md7kvqsooee311v2liqpigm",
    "1k7q2mu40md7kvqsooee311v2liqpigw", "web_1234567890",
  ])
  func aForeignIDIsNone(text: String) throws {
    let short = try #require(Text32(text))
    #expect(WireID(short) == nil)
  }

  @Test(arguments: ["", "abcd", "abcdef", "ABCDE", "ab-de"])
  func aTagIsFiveSmallLettersOrDigits(text: String) {
    #expect(InstanceTag(text) == nil)
  }

  @Test func attemptsHaveIDsOfTheirOwn() throws {
    let id = try #require(Text64("x"))
    let keys = [0, 1, 9, 10, 65_535].map { WireID.key(id, replacement: $0) }
    #expect(Set(keys).count == keys.count)
    #expect(WireID.key(id, replacement: 10) == WireID.key(try #require(Text64("x/r10"))))
    #expect(
      WireID.make(tag: try #require(Text32("k7q2m")), id: id)
        == WireID(id, tag: try #require(InstanceTag("k7q2m"))).text)
  }
}

@Suite struct OrderIDTextTests {
  @Test(arguments: [
    ("a", OrderIDText.Verdict.valid), ("A-z_0.9:x", .valid), ("", .empty), (String(repeating: "x", count: 64), .valid),
    (String(repeating: "x", count: 65), .tooLong), ("a b", .badByte(0x20)), ("a/r1", .badByte(0x2F)),
    ("é", .badByte(0xC3)), ("e1.2", .reserved), ("e208656000.18446744073709551615", .reserved), ("e1.", .valid),
    ("e.1", .valid), ("e1.2.3", .valid), ("E1.2", .valid), ("e1x.2", .valid),
  ])
  func judges(id: String, verdict: OrderIDText.Verdict) {
    #expect(OrderIDText.judge(id.utf8) == verdict)
  }

  @Test func engineMadeIDsAreOfTheReservedForm() {
    let id = OrderIDText.engineMade(epoch: .max, number: .max)
    #expect(id.description == "e4294967295.18446744073709551615")
    #expect(OrderIDText.judge(id.description.utf8) == .reserved)
  }

  @Test func aChildThatDoesNotFitIsRefused() throws {
    let id = try #require(Text64(String(repeating: "x", count: 61)))
    #expect(OrderIDText.child(of: id, number: 7)?.description == "\(id)/c7")
    #expect(OrderIDText.child(of: id, number: 17) == nil)
  }
}
