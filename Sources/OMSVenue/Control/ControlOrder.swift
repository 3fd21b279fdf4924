import OMSLib

/// What somebody wants of a served exchange: a verb, and members that each can be taken once.
struct ControlOrder {
  static let limits = JSONLimits(byteCount: 1 << 16, depth: 4, nodeCount: 4_096)

  let verb: String
  private var members: [(name: String, value: JSONValue)]

  /// Members that say how the line got here.
  private static let envelope = ["req", "op", "verb"]

  init(_ bytes: [UInt8]) throws(ErrorObject) {
    let document: JSONDocument
    do throws(JSONError) {
      document = try JSONReader.read(bytes, limits: Self.limits)
    } catch {
      throw .usage("json", "the request is no JSON: \(error)")
    }
    guard document.root.isObject, let verb = document.root["verb"]?.string else {
      throw .usage("member", "member 'verb' is missing")
    }
    self.verb = verb
    members = document.root.members.filter { !Self.envelope.contains($0.name) }.map { ($0.name, $0.value) }
  }

  func has(_ name: String) -> Bool { members.contains { $0.name == name } }

  mutating func take(_ name: String) -> JSONValue? {
    guard let place = members.firstIndex(where: { $0.name == name }) else { return nil }
    return members.remove(at: place).value
  }

  /// Nothing may be left: a word that is not understood must not look as if it were obeyed.
  func finish() throws(ErrorObject) {
    if let name = members.first?.name { throw .usage("member", "'\(verb)' has no member '\(name)'") }
  }

  // MARK: - Values

  mutating func text(_ name: String) throws(ErrorObject) -> String? {
    guard let value = take(name) else { return nil }
    guard let text = value.string else { throw .usage("member", "'\(name)' is no text") }
    return text
  }

  mutating func required(_ name: String) throws(ErrorObject) -> String {
    guard let text = try text(name) else { throw .usage("member", "member '\(name)' is missing") }
    return text
  }

  mutating func count(_ name: String) throws(ErrorObject) -> Int? {
    guard let value = take(name) else { return nil }
    guard let number = value.integer(as: Int64.self), (0...1_000_000_000).contains(number) else {
      throw .usage("count", "'\(name)' is no count")
    }
    return Int(number)
  }

  mutating func flag(_ name: String) throws(ErrorObject) -> Bool {
    guard let value = take(name) else { return false }
    guard let flag = value.bool else { throw .usage("member", "'\(name)' is neither true nor false") }
    return flag
  }

  /// Nanoseconds; `mayBeNegative`: with a sign before it.
  mutating func duration(_ name: String, mayBeNegative: Bool = false) throws(ErrorObject) -> Int64? {
    guard let text = try text(name) else { return nil }
    let sign: Int64 = mayBeNegative && text.hasPrefix("-") ? -1 : 1
    let digits = mayBeNegative && (text.hasPrefix("-") || text.hasPrefix("+")) ? String(text.dropFirst()) : text
    do throws(MalformedText) {
      return sign * (try DurationText.parse(digits))
    } catch {
      throw .usage("duration", "'\(name)': \(error)")
    }
  }

  mutating func percent(_ name: String) throws(ErrorObject) -> Int64? {
    guard let text = try text(name) else { return nil }
    return try Self.partsPerMillion(text, name) / 10_000
  }

  static func partsPerMillion(_ text: String, _ name: String) throws(ErrorObject) -> Int64 {
    guard let (number, scale) = RatioText.split(text),
      let parts = Decimal(plain: number)?.mantissa(scale: scale, .halfEven), (0...1_000_000).contains(parts)
    else { throw .usage("unit", "\(name) '\(text)' is none of 25bps, 0.5%, at most 100%") }
    return Int64(parts)
  }

  /// `KIND` or `KIND:N`: the next N, one if there is no number.
  mutating func counted(_ name: String) throws(ErrorObject) -> (word: String, count: Int)? {
    guard let text = try text(name) else { return nil }
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    let count = parts.count == 2 ? Int(parts[1]) : 1
    guard parts.count <= 2, !parts[0].isEmpty, let count, count > 0 else {
      throw .usage("value", "\(name) '\(text)' is not \(name.uppercased()) or \(name.uppercased()):N")
    }
    return (String(parts[0]), count)
  }

  mutating func choice<Choice: RawRepresentable & CaseIterable>(
    _ name: String, _ type: Choice.Type
  ) throws(ErrorObject) -> (kind: Choice, left: Int)? where Choice.RawValue == String {
    guard let (word, count) = try counted(name) else { return nil }
    guard let kind = Choice(rawValue: word) else {
      let words = Choice.allCases.map(\.rawValue).joined(separator: ", ")
      throw .usage("value", "\(name) '\(word)' is none of \(words)")
    }
    return (kind, count)
  }

  static func decimal(_ text: String, _ name: String, scale: UInt8) throws(ErrorObject) -> Int64 {
    guard let wide = Decimal(plain: text)?.exactMantissa(scale: Int(scale)), let value = Int64(exactly: wide),
      value > 0
    else { throw .usage("decimal", "\(name) '\(text)' is no decimal above zero with \(scale) decimals at most") }
    return value
  }
}
