/// The grammar of single words (`oms help syntax`). No number passes through binary floating point.
package enum Shapes {
  /// `[0-9]{1,18}(\.[0-9]{1,18})?`
  package static func isDecimal(_ text: some StringProtocol) -> Bool {
    let parts = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    guard (1...2).contains(parts.count) else { return false }
    return parts.allSatisfy { (1...18).contains($0.count) && $0.allSatisfy(\.isDigit) }
  }

  static func decimalComplaint(_ text: String) -> String? {
    if isDecimal(text) { return nil }
    let plain = String(text.filter { $0 != "," && $0 != "_" && $0 != "+" })
    if plain != text, isDecimal(plain) { return "'\(text)' is not a decimal; write \(plain)" }
    if let written = writtenOut(text) { return "'\(text)' is not a decimal; write \(written)" }
    return "'\(text)' is not a decimal: 1 to 18 digits, then at most a point and 1 to 18 digits"
  }

  /// `1e5` as `100000`, `.5` as `0.5`: what was probably meant. `nil` when that is not plain.
  private static func writtenOut(_ text: String) -> String? {
    if text.hasPrefix("."), isDecimal("0" + text) { return "0" + text }
    if text.hasSuffix("."), isDecimal(text.dropLast()) { return String(text.dropLast()) }
    let parts = text.lowercased().split(separator: "e", omittingEmptySubsequences: false)
    guard parts.count == 2, isDecimal(parts[0]), !parts[0].contains("."), let zeros = Int(parts[1]),
      (0...17).contains(zeros)
    else { return nil }
    let written = parts[0] + String(repeating: "0", count: zeros)
    return isDecimal(written) ? String(written) : nil
  }

  static func quantityComplaint(_ text: String) -> String? {
    if text == "all" { return nil }
    if text.hasSuffix("%") {
      guard let share = ExactDecimal(text.dropLast()), isDecimal(text.dropLast()), share <= ExactDecimal(100) else {
        return "'\(text)' is not a share: write 0.1% to 100%"
      }
      return nil
    }
    if isDecimal(text) { return nil }
    return (decimalComplaint(text) ?? "") + "; or a share like 50%, or all"
  }

  static func unitComplaint(_ text: String, unit: String, example: String) -> String? {
    if text.hasSuffix(unit), isDecimal(text.dropLast(unit.count)) { return nil }
    if isDecimal(text) { return "'\(text)' needs its unit: write \(text)\(unit)" }
    return "'\(text)' is not of the form \(example)"
  }

  /// `250ms 5s 10m 2h 30d`, as nanoseconds.
  package static func nanoseconds(_ text: some StringProtocol) -> Int64? {
    let digits = text.utf8.prefix { $0.isDigit }
    guard (1...18).contains(digits.count), let number = Int64(text.prefix(digits.count)) else { return nil }
    let unit: Int64
    switch String(text.dropFirst(digits.count)) {
    case "ns": unit = 1
    case "us": unit = 1_000
    case "ms": unit = 1_000_000
    case "s": unit = 1_000_000_000
    case "m": unit = 60_000_000_000
    case "h": unit = 3_600_000_000_000
    case "d": unit = 86_400_000_000_000
    default: return nil
    }
    let (product, overflow) = number.multipliedReportingOverflow(by: unit)
    return overflow ? nil : product
  }

  /// RFC 3339, `YYYY-MM-DD` (UTC), `now`, `today`, `-15m`, `@EPOCHSECONDS`.
  package static func time(_ text: String, now: UTCTime) -> UTCTime? {
    switch text {
    case "now": return now
    case "today":
      let day: Int64 = 86_400_000_000_000
      return UTCTime(nanoseconds: now.nanoseconds / day * day)
    default: break
    }
    if text.hasPrefix("-") {
      guard let back = nanoseconds(text.dropFirst()) else { return nil }
      let (instant, overflow) = now.nanoseconds.subtractingReportingOverflow(back)
      return overflow ? nil : UTCTime(nanoseconds: instant)
    }
    if text.hasPrefix("@") {
      guard text.dropFirst().utf8.allSatisfy(\.isDigit), let seconds = Int64(text.dropFirst()) else { return nil }
      let (instant, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
      return overflow ? nil : UTCTime(nanoseconds: instant)
    }
    if text.utf8.count == 10 { return UTCTime(rfc3339: (text + "T00:00:00Z").utf8) }
    return UTCTime(rfc3339: text.utf8)
  }

  static func timeComplaint(_ text: String) -> String? {
    // Which "now" is meant does not change whether the text is a time.
    if time(text, now: UTCTime(nanoseconds: 1 << 60)) != nil { return nil }
    return "'\(text)' is not a time; write 2026-11-20T11:36:29Z, 2026-11-20, now, today, -15m or @EPOCHSECONDS"
  }

  static func countComplaint(_ text: String) -> String? {
    guard (1...15).contains(text.utf8.count), text.utf8.allSatisfy(\.isDigit) else {
      return "'\(text)' is not a whole number"
    }
    return nil
  }

  static func rateComplaint(_ text: String) -> String? {
    let number = text.hasSuffix("/s") ? String(text.dropLast(2)) : ""
    guard let rate = Int(number), (1...1_000_000).contains(rate) else {
      return "'\(text)' is not a rate; write 50/s"
    }
    return nil
  }

  static func isSymbol(_ text: String) -> Bool {
    (1...64).contains(text.utf8.count)
      && text.utf8.allSatisfy { $0.isNameByte || $0 == UInt8(ascii: "/") }
  }

  /// `[A-Za-z0-9._:-]{1,64}`
  package static func isName(_ text: String) -> Bool {
    (1...64).contains(text.utf8.count) && text.utf8.allSatisfy(\.isNameByte)
  }

  static func idComplaint(_ text: String) -> String? {
    isName(text) ? nil : "'\(text.prefix(80))' is not an id: 1 to 64 of A-Z a-z 0-9 . _ : -"
  }

  static func accountComplaint(_ text: String) -> String? {
    if text == "auto" || isName(text) { return nil }
    return "'\(text)' is not one account; write venue.name"
  }

  static func selectionComplaint(_ text: String) -> String? {
    firstComplaint(text) { part in
      let isFine =
        (1...64).contains(part.utf8.count)
        && part.utf8.allSatisfy { $0.isNameByte || "*?[]@!".utf8.contains($0) }
      return isFine ? nil : "'\(part)' is no account, glob or @group"
    }
  }

  static func sortComplaint(_ text: String) -> String? {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    let isFine = !parts[0].isEmpty && (parts.count == 1 || (parts.count == 2 && ["asc", "desc"].contains(parts[1])))
    return isFine ? nil : "'\(text)' is not FIELD, FIELD:asc or FIELD:desc"
  }

  static func isPair(_ text: String) -> Bool {
    guard let sign = text.utf8.firstIndex(of: UInt8(ascii: "=")) else { return false }
    return sign > text.startIndex
  }

  static func isAddress(_ text: String) -> Bool {
    guard let colon = text.lastIndex(of: ":"), UInt16(text[text.index(after: colon)...]) != nil else { return false }
    return colon > text.startIndex
  }

  /// Minutes east of UTC.
  package static func offsetMinutes(_ text: String) -> Int? {
    if text == "UTC" || text == "Z" { return 0 }
    let bytes = Array(text.utf8)
    guard bytes.count == 6, bytes[0] == UInt8(ascii: "+") || bytes[0] == UInt8(ascii: "-"),
      bytes[3] == UInt8(ascii: ":"),
      let hours = Int(text.dropFirst().prefix(2)), let minutes = Int(text.suffix(2)), hours <= 18, minutes < 60
    else { return nil }
    return (bytes[0] == UInt8(ascii: "-") ? -1 : 1) * (hours * 60 + minutes)
  }

  static func firstComplaint(_ list: String, _ complaint: (String) -> String?) -> String? {
    for part in list.split(separator: ",", omittingEmptySubsequences: false) {
      if let found = complaint(String(part)) { return found }
    }
    return nil
  }

  static func choiceComplaint(_ text: String, _ words: [String]) -> String {
    let guess = Spelling.nearest(to: text, among: words).map { "; did you mean \($0)?" } ?? ""
    return "'\(text)' is not one of \(words.joined(separator: ", "))\(guess)"
  }
}

extension UInt8 {
  var isNameByte: Bool {
    switch self {
    case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x3A, 0x5F: true
    default: false
    }
  }
}
