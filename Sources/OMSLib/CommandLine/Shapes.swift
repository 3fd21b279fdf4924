/// The grammar of single words (`oms help syntax`). No number passes through binary floating point.
package enum Shapes {
  static func decimalComplaint(_ text: String) -> String? {
    do { _ = try Decimal(shell: text) } catch { return error.description }
    return nil
  }

  static func quantityComplaint(_ text: String) -> String? {
    if text == "all" { return nil }
    if text.hasSuffix("%") {
      guard let share = try? Decimal(shell: String(text.dropLast())), share <= Decimal(100) else {
        return "'\(text)' is not a share: write 0.1% to 100%"
      }
      return nil
    }
    return decimalComplaint(text).map { $0 + "; or a share like 50%, or all" }
  }

  static func unitComplaint(_ text: String, unit: String, example: String) -> String? {
    if text.hasSuffix(unit), decimalComplaint(String(text.dropLast(unit.count))) == nil { return nil }
    if decimalComplaint(text) == nil { return "'\(text)' needs its unit: write \(text)\(unit)" }
    return "'\(text)' is not of the form \(example)"
  }

  static func durationComplaint(_ text: String) -> String? {
    do { _ = try DurationText.parse(text) } catch { return error.description }
    return nil
  }

  static func timeComplaint(_ text: String) -> String? {
    // Which "now" is meant does not change whether the text is a time.
    do { _ = try TimeText.parse(text, now: UTCTime(nanoseconds: 1 << 60)) } catch { return error.description }
    return nil
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

  static func freshIDComplaint(_ text: String) -> String? {
    isName(text) ? nil : "'\(text.prefix(80))' is not an id: 1 to 64 of A-Z a-z 0-9 . _ : -"
  }

  /// `ID`, `ID/c1` and the like, `ROLE/SEQUENCE`.
  static func idComplaint(_ text: String) -> String? {
    let isFine =
      (1...64).contains(text.utf8.count)
      && text.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        .allSatisfy { !$0.isEmpty && $0.allSatisfy(\.isNameByte) }
    return isFine ? nil : "'\(text.prefix(80))' is not the id of an order: 1 to 64 of A-Z a-z 0-9 . _ : - and / between"
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
