// What the text of a value means. Each reader reports what it cannot read and gives nil; the caller keeps its default.

extension YAMLNode {
  func text(_ problems: inout ProblemList) -> String? {
    if problems.describes(self, .text) { return nil }
    guard case .scalar(let text, _) = content else {
      problems.error("config.type", at: place, "\(kindName) where a single value belongs")
      return nil
    }
    if SecretText.isSecret(text) {
      problems.error("config.secret", at: place, SecretText.advice)
      return nil
    }
    return text
  }

  func list(_ problems: inout ProblemList) -> [YAMLNode]? {
    if problems.describes(self, .list) { return [.probe(path, "[]", place)] }
    guard case .sequence(let items) = content else {
      problems.error("config.type", at: place, "\(kindName) where a list belongs; write [a, b]")
      return nil
    }
    return items
  }

  func texts(_ problems: inout ProblemList) -> [String]? {
    guard let items = list(&problems) else { return nil }
    return items.compactMap { $0.text(&problems) }
  }

  /// `true` or `false`, and no other spelling of them.
  func flag(_ problems: inout ProblemList) -> Bool? {
    if problems.describes(self, .flag) { return nil }
    guard let text = text(&problems) else { return nil }
    switch text {
    case "true": return true
    case "false": return false
    default:
      problems.error("config.type", at: place, "'\(text)' is neither true nor false")
      return nil
    }
  }

  /// One of the words of an enumeration.
  func word<Words: RawRepresentable & CaseIterable>(_ problems: inout ProblemList) -> Words?
  where Words.RawValue == String {
    if problems.describes(self, .word(Words.allCases.map(\.rawValue))) { return Words.allCases.first }
    guard let text = text(&problems) else { return nil }
    if let value = Words(rawValue: text) { return value }
    let words = Words.allCases.map(\.rawValue)
    let near = Spelling.nearest(to: text, among: words).map { "did you mean '\($0)'?" }
    problems.error(
      "config.value", at: place, "'\(text)' is not known; " + (near ?? "one of " + words.joined(separator: ", ")))
    return nil
  }

  func integer(_ range: ClosedRange<Int>, _ problems: inout ProblemList) -> Int? {
    if problems.describes(self, .integer(range)) { return nil }
    guard let text = text(&problems) else { return nil }
    guard let value = Int(text), text.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }) else {
      problems.error("config.type", at: place, "'\(text)' is not a whole number")
      return nil
    }
    guard range.contains(value) else {
      problems.error("config.range", at: place, "\(text) is outside \(range.lowerBound) to \(range.upperBound)")
      return nil
    }
    return value
  }

  func decimal(_ problems: inout ProblemList) -> Decimal? {
    if problems.describes(self, .decimal) { return nil }
    guard let text = text(&problems) else { return nil }
    return decimal(of: text, &problems)
  }

  func money(_ problems: inout ProblemList) -> Money? {
    guard let value = decimal(&problems) else { return nil }
    return money(of: value, &problems)
  }

  /// `50000 USDT`: the currency must be said, and must be `currency`, because totals are kept in it.
  func amount(in currency: String, _ problems: inout ProblemList) -> Money? {
    if problems.describes(self, .amount) { return nil }
    guard let text = text(&problems) else { return nil }
    let words = text.split(separator: " ", maxSplits: 1)
    guard let number = words.first, words.count == 2 else {
      problems.error("config.unit", at: place, "'\(text)' has no currency; write \"\(text) \(currency)\"")
      return nil
    }
    guard words[1] == currency else {
      problems.error("config.unit", at: place, "'\(words[1])' is not the report currency; write \(currency)")
      return nil
    }
    return decimal(of: String(number), &problems).flatMap { money(of: $0, &problems) }
  }

  /// `10%` or `50bps` as a plain fraction.
  func fraction(_ problems: inout ProblemList) -> Money? {
    if problems.describes(self, .fraction) { return nil }
    guard let text = text(&problems) else { return nil }
    let decimals: Int
    let number: Substring
    if text.hasSuffix("%") {
      (number, decimals) = (text.dropLast(), 2)
    } else if text.hasSuffix("bps") {
      (number, decimals) = (text.dropLast(3), 4)
    } else {
      problems.error("config.unit", at: place, "'\(text)' has no unit; write \"\(text)%\" or \"\(text)bps\"")
      return nil
    }
    guard let value = decimal(of: String(number), &problems) else { return nil }
    guard let scaled = Decimal(mantissa: value.mantissa, scale: Int(value.scale) + decimals) else { return nil }
    return money(of: scaled, &problems)
  }

  /// `250ms`, `5s`, `10m`, `2h`, `30d` in nanoseconds; more than nothing.
  func duration(_ problems: inout ProblemList) -> Int64? {
    if problems.describes(self, .duration) { return nil }
    guard let text = text(&problems) else { return nil }
    do throws(MalformedText) {
      let value = try DurationText.parse(text)
      if value > 0 { return value }
      problems.error("config.range", at: place, "'\(text)' is no time at all")
    } catch {
      problems.error("config.unit", at: place, "\(error)")
    }
    return nil
  }

  func retention(_ problems: inout ProblemList) -> Retention? {
    if problems.describes(self, .retention) { return nil }
    if case .scalar("forever", _) = content { return .forever }
    return duration(&problems).map { .nanoseconds($0) }
  }

  /// `64MiB`: a whole number of bytes, KiB, MiB or GiB.
  func byteCount(_ range: ClosedRange<Int>, _ problems: inout ProblemList) -> Int? {
    if problems.describes(self, .size) { return nil }
    guard let text = text(&problems) else { return nil }
    let shifts = ["B": 0, "KiB": 10, "MiB": 20, "GiB": 30]
    let digits = text.prefix { $0 >= "0" && $0 <= "9" }
    guard let shift = shifts[String(text.dropFirst(digits.count))], let count = Int(digits), count < 1 << 30 else {
      problems.error("config.unit", at: place, "'\(text)' is not a size; write for example 64MiB")
      return nil
    }
    guard range.contains(count << shift) else {
      problems.error(
        "config.range", at: place,
        "\(text) is outside \(range.lowerBound >> 20)MiB to \(range.upperBound >> 20)MiB")
      return nil
    }
    return count << shift
  }

  private func decimal(of text: String, _ problems: inout ProblemList) -> Decimal? {
    do throws(NumberError) {
      return try Decimal(shell: text)
    } catch {
      problems.error("config.decimal", at: place, "\(error)")
      return nil
    }
  }

  private func money(of value: Decimal, _ problems: inout ProblemList) -> Money? {
    guard let money = try? value.money() else {
      problems.error("config.decimal", at: place, "'\(value)' has more than 18 decimals")
      return nil
    }
    return money
  }
}

extension SettingFields {
  /// Puts what `read` makes of the value of `key` into `target`; leaves the default when the key is absent or wrong.
  mutating func set<Value>(
    _ target: inout Value, _ key: String, _ problems: inout ProblemList,
    _ read: (YAMLNode, inout ProblemList) -> Value?
  ) {
    if problems.log != nil { tellDefault(key, SettingText.text(of: target, key), &problems) }
    guard let node = take(key), let value = read(node, &problems) else { return }
    target = value
  }

  mutating func set<Value>(
    _ target: inout Value?, _ key: String, _ problems: inout ProblemList,
    _ read: (YAMLNode, inout ProblemList) -> Value?
  ) {
    guard let node = take(key), let value = read(node, &problems) else { return }
    target = value
  }

  /// `version: 1`, the only one there is.
  mutating func takeVersion(_ problems: inout ProblemList) {
    guard let node = take("version") else { return }
    if problems.describes(node, .version) { return }
    if case .scalar("1", _) = node.content { return }
    problems.error("config.version", at: node.place, "this build reads version 1 of this file")
  }
}
