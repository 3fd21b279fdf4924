/// The members of one request line: a flat JSON object whose values are strings, numbers, booleans, lists of strings or
/// one level of names with strings.
///
/// Strict and bounded: duplicate names, deeper nesting, control characters, broken UTF-8 and anything behind the closing
/// brace are errors. Numbers keep their source text, so a decimal never passes through a double. Whoever decodes takes
/// the members it knows; what is left over is an error (``finish()``).
package struct RequestMembers: Sendable {
  package enum Value: Equatable, Sendable {
    case text(String)
    case number(String)
    case flag(Bool)
    case list([String])
    case names([Pair])
  }

  package struct Pair: Equatable, Sendable {
    package var name: String
    package var value: String
    package init(name: String, value: String) {
      self.name = name
      self.value = value
    }
  }

  package static let memberCountMax = 64
  package static let listCountMax = 4_096

  private static let limits = JSONLimits(
    byteCount: Limits.requestLineBytes, depth: 2, nodeCount: 2 * (memberCountMax + listCountMax))

  private var members: [(name: String, value: Value)] = []

  /// Takes one line without its newline.
  package init(line: [UInt8]) throws(RequestError) {
    let document: JSONDocument
    do throws(JSONError) {
      document = try JSONReader.read(line, limits: Self.limits)
    } catch {
      throw .usage("json", "the request is not valid: \(error)")
    }
    guard document.root.isObject else { throw .usage("json", "a request is one JSON object") }
    guard document.root.count <= Self.memberCountMax else {
      throw .usage("json", "a request has at most \(Self.memberCountMax) members")
    }
    for (name, value) in document.root.members where !value.isNull {
      members.append((name, try Self.value(value, of: name)))
    }
  }

  /// `req` of a line whose other members may be anything; 0 when there is none.
  static func number(in line: [UInt8]) -> UInt64 {
    guard let document = try? JSONReader.read(line, limits: limits), let value = document.root["req"],
      let number = (value.numberText ?? value.string).flatMap({ Int64($0) }), number >= 0
    else { return 0 }
    return UInt64(number)
  }

  private static func value(_ value: JSONValue, of name: String) throws(RequestError) -> Value {
    if let flag = value.bool { return .flag(flag) }
    if value.isObject {
      var pairs: [Pair] = []
      for (key, value) in value.members {
        pairs.append(Pair(name: try printable(key, in: name), value: try scalar(value, of: name)))
      }
      return .names(pairs)
    }
    if value.isArray {
      var list: [String] = []
      for element in value.elements { list.append(try scalar(element, of: name)) }
      return .list(list)
    }
    let text = try scalar(value, of: name)
    return value.isNumber ? .number(text) : .text(text)
  }

  /// A string, or a number's source text.
  private static func scalar(_ value: JSONValue, of name: String) throws(RequestError) -> String {
    if let text = value.string { return try printable(text, in: name) }
    guard let text = value.numberText else {
      throw .usage("json", "member '\(name)' may hold strings and numbers only")
    }
    guard !text.utf8.contains(where: { $0 == 0x65 || $0 == 0x45 }) else {
      throw .usage("decimal", "'\(text)' in member '\(name)' has an exponent; write it out in plain digits")
    }
    return text
  }

  /// Line breaks, tabs and escape sequences have no place in ids, names, reasons and tags.
  private static func printable(_ text: String, in name: String) throws(RequestError) -> String {
    guard text.unicodeScalars.allSatisfy({ $0.value >= 0x20 && !(0x7F...0x9F).contains($0.value) }) else {
      throw .usage("json", "member '\(name)' holds a control character")
    }
    return text
  }

  package var names: [String] { members.map(\.name) }

  package mutating func take(_ name: String) -> Value? {
    guard let index = members.firstIndex(where: { $0.name == name }) else { return nil }
    return members.remove(at: index).value
  }

  package mutating func text(_ name: String) throws(RequestError) -> String? {
    switch take(name) {
    case nil: return nil
    case .text(let text): return text
    default: throw .usage("type", "member '\(name)' must be a string")
    }
  }

  /// A plain decimal, written as a string or as a JSON number; the source text is kept.
  package mutating func decimal(_ name: String) throws(RequestError) -> String? {
    switch take(name) {
    case nil: return nil
    case .text(let text), .number(let text): return text
    default: throw .usage("type", "member '\(name)' must be a decimal in a string")
    }
  }

  package mutating func flag(_ name: String) throws(RequestError) -> Bool {
    switch take(name) {
    case nil: return false
    case .flag(let flag): return flag
    default: throw .usage("type", "member '\(name)' must be true or false")
    }
  }

  package mutating func integer(_ name: String) throws(RequestError) -> Int64? {
    switch take(name) {
    case nil: return nil
    case .number(let text), .text(let text):
      guard let value = Int64(text), value >= 0 else {
        throw .usage("type", "member '\(name)' is '\(text)', must be a whole number from 0")
      }
      return value
    default: throw .usage("type", "member '\(name)' must be a whole number")
    }
  }

  /// A list of strings; a single string counts as its comma list.
  package mutating func list(_ name: String) throws(RequestError) -> [String] {
    switch take(name) {
    case nil: return []
    case .list(let list): return list
    case .text(let text): return text.isEmpty ? [] : text.split(separator: ",").map(String.init)
    default: throw .usage("type", "member '\(name)' must be a list of strings")
    }
  }

  package mutating func pairs(_ name: String) throws(RequestError) -> [Pair] {
    switch take(name) {
    case nil: return []
    case .names(let pairs): return pairs
    default: throw .usage("type", "member '\(name)' must be an object of strings")
    }
  }

  /// One of the cases of an enumeration; `nil` when absent.
  package mutating func choice<C: RawRepresentable & CaseIterable>(_ name: String, _: C.Type) throws(RequestError) -> C?
  where C.RawValue == String {
    guard let text = try text(name) else { return nil }
    guard let choice = C(rawValue: text) else {
      let known = C.allCases.map(\.rawValue).joined(separator: ", ")
      throw .usage("value", "member '\(name)' is '\(text)'; it can be \(known)")
    }
    return choice
  }

  /// A duration of the shell's grammar (`250ms 5s 10m 2h 30d`) in nanoseconds.
  package mutating func duration(_ name: String) throws(RequestError) -> Int64? {
    guard let text = try text(name) else { return nil }
    do { return try DurationText.parse(text) } catch { throw .usage("duration", error.description) }
  }

  /// Ends decoding: a member that nobody took is an error.
  package func finish() throws(RequestError) {
    guard let first = members.first else { return }
    throw .usage("member", "unknown member '\(first.name)'")
  }
}
