/// The calendar: days and seconds since 1970 to year, month, day and back, in UTC and without a time zone database.
package struct CivilTime: Equatable, Sendable, BitwiseCopyable {
  package var year: Int
  package var month: Int
  package var day: Int
  package var hour = 0
  package var minute = 0
  package var second = 0
  package var nanosecond = 0

  package init(year: Int, month: Int, day: Int) {
    self.year = year
    self.month = month
    self.day = day
  }

  package init(_ time: UTCTime) {
    let (days, inDay) = Self.floorDivide(time.nanoseconds, 86_400_000_000_000)
    (year, month, day) = Self.civil(fromDays: days)
    let seconds = inDay / 1_000_000_000
    hour = Int(seconds / 3600)
    minute = Int(seconds % 3600 / 60)
    second = Int(seconds % 60)
    nanosecond = Int(inDay % 1_000_000_000)
  }

  /// `nil` when a field is out of its range (there is no February 30) or the instant does not fit 64 bits.
  package var time: UTCTime? {
    guard (1...12).contains(month), day >= 1, day <= Self.dayCount(year: year, month: month),
      (0...23).contains(hour), (0...59).contains(minute), (0...59).contains(second),
      (0...999_999_999).contains(nanosecond), (1678...2261).contains(year)
    else { return nil }
    let days = Self.days(year: year, month: month, day: day)
    let seconds = days * 86_400 + Int64(hour * 3600 + minute * 60 + second)
    return UTCTime(nanoseconds: seconds * 1_000_000_000 + Int64(nanosecond))
  }

  package static func dayCount(year: Int, month: Int) -> Int {
    switch month {
    case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
  }

  /// Days since 1970-01-01. Years begin in March here, so that the leap day is the last day of a year.
  private static func days(year: Int, month: Int, day: Int) -> Int64 {
    let shifted = month > 2 ? year : year - 1
    let (era, yearOfEra) = floorDivide(Int64(shifted), 400)
    let monthFromMarch = Int64((month + 9) % 12)
    let dayOfYear = (153 * monthFromMarch + 2) / 5 + Int64(day) - 1
    let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
    return era * 146_097 + dayOfEra - 719_468
  }

  private static func civil(fromDays days: Int64) -> (Int, Int, Int) {
    let (era, dayOfEra) = floorDivide(days + 719_468, 146_097)
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let monthFromMarch = (5 * dayOfYear + 2) / 153
    let day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
    let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
    let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    return (Int(year), Int(month), Int(day))
  }

  private static func floorDivide(_ a: Int64, _ b: Int64) -> (Int64, Int64) {
    let (quotient, remainder) = a.quotientAndRemainder(dividingBy: b)
    return remainder < 0 ? (quotient - 1, remainder + b) : (quotient, remainder)
  }
}

extension UTCTime {
  /// RFC 3339 with `Z` or a numeric offset, up to nine fractional digits. `nil` for anything else.
  package init?(rfc3339 text: some Collection<UInt8>) {
    var scan = DigitScan(bytes: Array(text))
    guard let year = scan.number(4), scan.skip("-"), let month = scan.number(2), scan.skip("-"),
      let day = scan.number(2), scan.skip("T") || scan.skip("t") || scan.skip(" "), let hour = scan.number(2),
      scan.skip(":"), let minute = scan.number(2), scan.skip(":"), let second = scan.number(2)
    else { return nil }
    var civil = CivilTime(year: year, month: month, day: day)
    civil.hour = hour
    civil.minute = minute
    civil.second = second
    if scan.skip(".") {
      guard let fraction = scan.fraction() else { return nil }
      civil.nanosecond = fraction
    }
    guard let offset = scan.offsetSeconds(), scan.isAtEnd, let local = civil.time else { return nil }
    self.init(nanoseconds: local.nanoseconds - Int64(offset) * 1_000_000_000)
  }

  /// `YYYY-MM-DDTHH:MM:SS.nnnnnnnnnZ`.
  package var rfc3339: String {
    var buffer = ByteBuffer(capacity: 32)
    buffer.append(time: self)
    return buffer.text
  }
}

extension ByteSink where Self: ~Copyable {
  /// `YYYY-MM-DDTHH:MM:SS.nnnnnnnnnZ`: always 30 bytes, so that sorting the text sorts the times.
  package mutating func append(time: UTCTime) {
    let civil = CivilTime(time)
    append(decimal: UInt64(civil.year), width: 4)
    append(UInt8(ascii: "-"))
    append(decimal: UInt64(civil.month), width: 2)
    append(UInt8(ascii: "-"))
    append(decimal: UInt64(civil.day), width: 2)
    append(UInt8(ascii: "T"))
    append(decimal: UInt64(civil.hour), width: 2)
    append(UInt8(ascii: ":"))
    append(decimal: UInt64(civil.minute), width: 2)
    append(UInt8(ascii: ":"))
    append(decimal: UInt64(civil.second), width: 2)
    append(UInt8(ascii: "."))
    append(decimal: UInt64(civil.nanosecond), width: 9)
    append(UInt8(ascii: "Z"))
  }
}

/// Reads fixed-width digits one after the other.
private struct DigitScan {
  let bytes: [UInt8]
  var position = 0

  init(bytes: [UInt8]) { self.bytes = bytes }

  var isAtEnd: Bool { position == bytes.count }

  mutating func skip(_ character: Unicode.Scalar) -> Bool {
    guard position < bytes.count, bytes[position] == UInt8(ascii: character) else { return false }
    position += 1
    return true
  }

  mutating func number(_ width: Int) -> Int? {
    guard position + width <= bytes.count else { return nil }
    var value = 0
    for byte in bytes[position..<position + width] {
      guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
      value = value * 10 + Int(byte - UInt8(ascii: "0"))
    }
    position += width
    return value
  }

  /// One to nine digits after the point, as nanoseconds.
  mutating func fraction() -> Int? {
    var value = 0
    var digits = 0
    while digits < 9, let digit = number(1) {
      value = value * 10 + digit
      digits += 1
    }
    guard digits > 0 else { return nil }
    for _ in digits..<9 { value *= 10 }
    return value
  }

  mutating func offsetSeconds() -> Int? {
    if skip("Z") || skip("z") { return 0 }
    let sign = skip("+") ? 1 : skip("-") ? -1 : 0
    guard sign != 0, let hours = number(2), skip(":"), let minutes = number(2), hours < 24, minutes < 60 else {
      return nil
    }
    return sign * (hours * 3600 + minutes * 60)
  }
}
