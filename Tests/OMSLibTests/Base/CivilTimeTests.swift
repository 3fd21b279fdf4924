import Testing

@testable import OMSLib

@Suite struct CivilTimeTests {
  static let instants: [(Int64, String)] = [
    (0, "1970-01-01T00:00:00.000000000Z"), (-1, "1969-12-31T23:59:59.999999999Z"),
    (951_782_400_000_000_000, "2000-02-29T00:00:00.000000000Z"),
    (1_795_174_589_123_456_789, "2026-11-20T11:36:29.123456789Z"),
    (4_107_542_400_000_000_000, "2100-03-01T00:00:00.000000000Z"),
  ]

  @Test(arguments: instants) func writesAndReads(_ row: (Int64, String)) {
    #expect(UTCTime(nanoseconds: row.0).rfc3339 == row.1)
    #expect(UTCTime(rfc3339: row.1.utf8)?.nanoseconds == row.0)
  }

  @Test(arguments: [
    ("2026-11-20T11:36:29Z", "2026-11-20T11:36:29.000000000Z"),
    ("2026-11-20T11:36:29.5+02:30", "2026-11-20T09:06:29.500000000Z"),
    ("2026-11-20 00:00:00-01:00", "2026-11-20T01:00:00.000000000Z"),
  ])
  func readsOtherForms(text: String, canonical: String) {
    #expect(UTCTime(rfc3339: text.utf8)?.rfc3339 == canonical)
  }

  @Test(arguments: [
    "", "2026", "2026-11-20", "2026-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z",
    "2026-01-01T24:00:00Z", "2026-01-01T00:60:00Z", "2026-01-01T00:00:60Z", "2026-01-01T00:00:00",
    "2026-01-01T00:00:00.Z",
    "2026-01-01T00:00:00.0000000001Z", "2026-01-01T00:00:00Zx", "2300-01-01T00:00:00Z", "1900-02-29T00:00:00Z",
  ])
  func refuses(text: String) {
    #expect(UTCTime(rfc3339: text.utf8) == nil)
  }

  @Test(arguments: 0..<100) func everyInstantComesBack(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    let time = UTCTime(nanoseconds: Int64(random.below(8_000_000_000_000_000_000)) - 2_000_000_000_000_000_000)
    #expect(UTCTime(rfc3339: time.rfc3339.utf8) == time)
  }
}
