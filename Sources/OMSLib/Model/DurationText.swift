/// DUR of the command line, the configuration and the socket: a whole number and a unit, `250ms 5s 10m 2h 30d`. Faults
/// and benchmarks need the finer `us` and `ns` too; they are read and never printed.
package enum DurationText {
  private static let units: [(name: String, nanoseconds: Int64)] = [
    ("ns", 1), ("us", 1_000), ("ms", 1_000_000), ("s", 1_000_000_000), ("m", 60_000_000_000),
    ("h", 3_600_000_000_000), ("d", 86_400_000_000_000),
  ]
  private static let printedUnits = units.dropFirst(2)

  /// Nanoseconds.
  package static func parse(_ text: String) throws(MalformedText) -> Int64 {
    let digits = text.utf8.prefix { $0 >= 0x30 && $0 <= 0x39 }
    let unit = text.dropFirst(digits.count)
    guard !digits.isEmpty else { throw MalformedText(text, "is not a duration; write 250ms, 5s, 10m, 2h or 30d") }
    guard !unit.isEmpty else { throw MalformedText(text, "has no unit; write ms, s, m, h or d behind it") }
    guard let scale = units.first(where: { $0.name == unit }) else {
      throw MalformedText(text, "has an unknown unit; write 250ms, 5s, 10m, 2h or 30d")
    }
    guard digits.count <= 18, let count = Int64(text.prefix(digits.count)) else {
      throw MalformedText(text, "is too long; at most 106751d fit")
    }
    let (product, overflow) = count.multipliedReportingOverflow(by: scale.nanoseconds)
    guard !overflow else { throw MalformedText(text, "is too long; at most 106751d fit") }
    return product
  }

  /// In the largest unit that keeps it whole; below a millisecond as a decimal of them.
  package static func text(nanoseconds: Int64) -> String {
    guard nanoseconds != 0 else { return "0s" }
    for unit in printedUnits.reversed() where nanoseconds % unit.nanoseconds == 0 {
      return "\(nanoseconds / unit.nanoseconds)\(unit.name)"
    }
    return printed { (sink: inout ByteBuffer) in
      sink.append(trimmedDecimal: nanoseconds, scale: 6)
      sink.append(literal: "ms")
    }
  }
}

/// TIME of the command line: RFC 3339, `YYYY-MM-DD`, `now`, `today`, `-15m`, `@EPOCHSECONDS`; all in UTC.
package enum TimeText {
  package static func parse(_ text: String, now: UTCTime) throws(MalformedText) -> UTCTime {
    switch text.utf8.first {
    case UInt8(ascii: "-"): return try before(now, text)
    case UInt8(ascii: "@"): return try epoch(text)
    default: break
    }
    if text == "now" { return now }
    if text == "today" { return day(of: now) }
    if let time = UTCTime(rfc3339: text.utf8) { return time }
    if text.utf8.count == 10, let time = UTCTime(rfc3339: "\(text)T00:00:00Z".utf8) { return time }
    throw malformed(text)
  }

  /// Midnight, UTC, of the day that holds `time`.
  package static func day(of time: UTCTime) -> UTCTime {
    let length: Int64 = 86_400_000_000_000
    let rest = time.nanoseconds % length
    let start = time.nanoseconds.subtractingReportingOverflow(rest < 0 ? rest + length : rest)
    return UTCTime(nanoseconds: start.overflow ? .min : start.partialValue)
  }

  private static func before(_ now: UTCTime, _ text: String) throws(MalformedText) -> UTCTime {
    let interval: Int64
    do { interval = try DurationText.parse(String(text.dropFirst())) } catch { throw malformed(text) }
    let (time, overflow) = now.nanoseconds.subtractingReportingOverflow(interval)
    guard !overflow else { throw MalformedText(text, "is before the year 1678, where time begins here") }
    return UTCTime(nanoseconds: time)
  }

  /// Whole seconds since 1970, or with up to nine decimals.
  private static func epoch(_ text: String) throws(MalformedText) -> UTCTime {
    guard let seconds = try? Decimal(shell: String(text.dropFirst())),
      let nanoseconds = seconds.exactMantissa(scale: 9).flatMap({ Int64(exactly: $0) })
    else { throw MalformedText(text, "is not a time; write @ and the seconds since 1970, as in @1767225600") }
    return UTCTime(nanoseconds: nanoseconds)
  }

  private static func malformed(_ text: String) -> MalformedText {
    MalformedText(
      text, "is not a time; write 2026-11-20T11:36:29Z, 2026-11-20, now, today, -15m or @1767225600")
  }
}
