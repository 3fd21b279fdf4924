/// One line of the engine's answer, cut without parsing what it carries.
package struct ControlReply: Equatable, Sendable {
  package enum Body: Equatable, Sendable {
    /// A result object, byte for byte as it goes to standard output.
    case data(ArraySlice<UInt8>)
    /// An `error` object.
    case error(ArraySlice<UInt8>)
    /// A remark for standard error.
    case note(String)
    /// The last line for this request.
    case end(UInt8)
  }

  package let request: UInt64
  package let body: Body

  /// Takes `{"req":N,"data":...}` and its siblings, without the newline; `nil` for anything else.
  package init?(line: ArraySlice<UInt8>) {
    var rest = line
    guard rest.last == UInt8(ascii: "}"), Self.skip("{\"req\":", &rest) else { return nil }
    var number: UInt64 = 0
    var digits = 0
    while let byte = rest.first, byte.isDigit, digits < 19 {
      number = number * 10 + UInt64(byte - UInt8(ascii: "0"))
      rest.removeFirst()
      digits += 1
    }
    guard digits > 0 else { return nil }
    request = number
    if Self.skip(",\"data\":", &rest) {
      body = .data(rest.dropLast())
    } else if Self.skip(",\"end\":", &rest) {
      guard let exit = Self.number(after: "\"exit\":", in: rest) else { return nil }
      body = .end(exit)
    } else if Self.skip(",\"error\":", &rest) {
      body = .error(rest.dropLast())
    } else if Self.skip(",\"note\":", &rest) {
      guard let value = try? JSONReader.read(Array(rest.dropLast())), let text = value.root.string else { return nil }
      body = .note(text)
    } else {
      return nil
    }
  }

  private static func skip(_ text: StaticString, _ rest: inout ArraySlice<UInt8>) -> Bool {
    let count = text.utf8CodeUnitCount
    guard rest.count >= count else { return false }
    let matches = text.withUTF8Buffer { unsafe rest.prefix(count).elementsEqual($0) }
    if matches { rest.removeFirst(count) }
    return matches
  }

  private static func number(after name: StaticString, in bytes: ArraySlice<UInt8>) -> UInt8? {
    var rest = bytes
    guard skip("{", &rest), skip(name, &rest) else { return nil }
    return UInt8(String(decoding: rest.prefix { $0.isDigit }, as: UTF8.self))
  }
}
