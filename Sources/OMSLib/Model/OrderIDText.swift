/// The grammar of order ids.
///
/// Users give `[A-Za-z0-9._:-]{1,64}`; the engine makes `eEPOCH.N`, which no user may. Commands of rings make
/// `ROLE/SEQUENCE`. Attempts of one order are told apart by a suffix with a slash and a letter; no slash is in a user's id.
package enum OrderIDText {
  package enum Verdict: Sendable, Equatable {
    case valid
    case empty
    case tooLong
    case badByte(UInt8)
    /// Of the form that the engine makes.
    case reserved
  }

  package static func judge(_ id: some Collection<UInt8>) -> Verdict {
    if id.isEmpty { return .empty }
    if id.count > Limits.orderIDBytes { return .tooLong }
    for byte in id where !isAllowed(byte) { return .badByte(byte) }
    return isEngineMade(id) ? .reserved : .valid
  }

  /// The id of a command, or what is wrong with it.
  package static func parse(_ text: String) throws(MalformedText) -> Text64 {
    switch judge(text.utf8) {
    case .valid: break
    case .empty: throw MalformedText(text, "is empty; an order id has 1 to 64 characters")
    case .tooLong: throw MalformedText(text, "has \(text.utf8.count) bytes; an order id has at most 64")
    case .badByte: throw MalformedText(text, "is not an order id; use letters, digits and . _ : -")
    case .reserved: throw MalformedText(text, "has the form of ids that the engine makes; choose another")
    }
    guard let id = Text64(text) else { preconditionFailure("64 bytes without NUL fit") }
    return id
  }

  /// `e`, digits, a point, digits.
  package static func isEngineMade(_ id: some Collection<UInt8>) -> Bool {
    guard id.first == UInt8(ascii: "e") else { return false }
    let rest = id.dropFirst()
    guard let point = rest.firstIndex(of: UInt8(ascii: ".")) else { return false }
    let epoch = rest[..<point]
    let number = rest[point...].dropFirst()
    return !epoch.isEmpty && !number.isEmpty && epoch.allSatisfy(\.isDigit) && number.allSatisfy(\.isDigit)
  }

  /// `eEPOCH.N`: at most 32 bytes.
  package static func engineMade(epoch: UInt32, number: UInt64) -> Text64 {
    var sink = Text64Sink()
    sink.append(UInt8(ascii: "e"))
    sink.append(decimal: UInt64(epoch))
    sink.append(UInt8(ascii: "."))
    sink.append(decimal: number)
    precondition(!sink.isFull, "an engine-made id has at most 32 bytes")
    return sink.text
  }

  /// Numbers above are of orders that left without a record: no run makes as many of its own.
  package static let recordedNumbers: UInt64 = 1_000_000_000

  package static func unrecorded(epoch: UInt32, number: UInt64) -> Text64 {
    engineMade(epoch: epoch, number: recordedNumbers + number)
  }

  /// `ROLE/SEQUENCE`: 24 + 1 + 20 bytes at most, so that suffixes fit behind it.
  package static func ofRole(_ name: Text32, _ sequence: UInt64) -> Text64 {
    var sink = Text64Sink()
    sink.append(text: name)
    sink.append(UInt8(ascii: "/"))
    sink.append(decimal: sequence)
    precondition(!sink.isFull, "a role's order has an id of at most 53 bytes")
    return sink.text
  }

  /// Names that a role may have.
  package static func isRole(_ name: some Collection<UInt8>) -> Bool {
    !name.isEmpty && name.count <= Limits.roleNameBytes && name.allSatisfy { isAllowed($0) }
  }

  /// `ID/cN`, the id of a child or slice; `nil` when 64 bytes do not hold it.
  package static func child(of id: Text64, number: UInt32) -> Text64? {
    var sink = Text64Sink()
    sink.append(text: id)
    sink.append(literal: "/c")
    sink.append(decimal: UInt64(number))
    return sink.isFull ? nil : sink.text
  }

  @inline(__always)
  private static func isAllowed(_ byte: UInt8) -> Bool {
    byte.isLetter || byte.isDigit || byte == 0x2E || byte == 0x5F || byte == 0x3A || byte == 0x2D
  }
}

/// Collects up to 64 bytes in place.
private struct Text64Sink: ByteSink {
  var text = Text64()
  var count = 0
  /// Something did not fit.
  var isFull = false

  mutating func append(_ byte: UInt8) {
    guard count < Text64.capacity, byte != 0 else {
      isFull = true
      return
    }
    let place = count
    unsafe withUnsafeMutableBytes(of: &text) { unsafe $0[place] = byte }
    count += 1
  }
}
