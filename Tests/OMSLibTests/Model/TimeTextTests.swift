import Testing

@testable import OMSLib

@Suite struct TimeTextTests {
  /// 2026-11-20T11:36:29.123456789Z
  static let now = UTCTime(nanoseconds: 1_795_174_589_123_456_789)

  @Test(arguments: [
    ("now", "2026-11-20T11:36:29.123456789Z"), ("today", "2026-11-20T00:00:00.000000000Z"),
    ("-15m", "2026-11-20T11:21:29.123456789Z"), ("-30d", "2026-10-21T11:36:29.123456789Z"),
    ("2024-02-29", "2024-02-29T00:00:00.000000000Z"), ("@0", "1970-01-01T00:00:00.000000000Z"),
    ("@1767225600", "2026-01-01T00:00:00.000000000Z"), ("@1.5", "1970-01-01T00:00:01.500000000Z"),
    ("2026-11-20T11:36:29Z", "2026-11-20T11:36:29.000000000Z"),
    ("2026-11-20T11:36:29.5+02:00", "2026-11-20T09:36:29.500000000Z"),
  ])
  func reads(text: String, printed: String) throws {
    #expect(try TimeText.parse(text, now: Self.now).rfc3339 == printed)
  }

  @Test(arguments: [
    "", "2026-02-29", "2026-13-01", "2026-11-20 ", "yesterday", "-15", "15m", "@", "@-1", "@1e9", "@99999999999999",
    "2026-11-20T11:36:29", "2026-11-20T25:00:00Z", "-999999999999999999d",
  ])
  func refusesAllElse(text: String) {
    #expect(throws: MalformedText.self) { try TimeText.parse(text, now: Self.now) }
  }

  @Test func aDayBeginsAtMidnightBefore1970Too() {
    #expect(TimeText.day(of: UTCTime(nanoseconds: -1)).rfc3339 == "1969-12-31T00:00:00.000000000Z")
    #expect(TimeText.day(of: .zero) == .zero)
  }
}

@Suite struct DurationTextTests {
  @Test(arguments: [
    ("250ms", 250_000_000), ("5s", 5_000_000_000), ("10m", 600_000_000_000), ("2h", 7_200_000_000_000),
    ("30d", 2_592_000_000_000_000), ("106751d", 9_223_286_400_000_000_000),
  ])
  func readsAndPrints(text: String, nanoseconds: Int64) throws {
    #expect(try DurationText.parse(text) == nanoseconds)
    #expect(DurationText.text(nanoseconds: nanoseconds) == text)
  }

  @Test(arguments: [
    ("", "is not a duration"), ("5", "has no unit"), ("5x", "unknown unit"), ("106752d", "too long"),
    ("1.5s", "unknown unit"), ("-5s", "is not a duration"), ("5 s", "unknown unit"), ("5S", "unknown unit"),
    ("99999999999999999999s", "too long"),
  ])
  func saysWhatIsWrong(text: String, part: String) {
    let error = #expect(throws: MalformedText.self) { try DurationText.parse(text) }
    #expect(error?.rule.contains(part) == true)
  }

  @Test func printsPartsOfAMillisecondAsDecimals() {
    #expect(DurationText.text(nanoseconds: 1_500_000) == "1.5ms")
    #expect(DurationText.text(nanoseconds: 0) == "0s")
    #expect(DurationText.text(nanoseconds: 90_000_000_000) == "90s")
  }
}
