/// Bounds of one JSON text. Whatever comes from outside is read within them.
package struct JSONLimits: Sendable {
  package var byteCount = 1 << 20
  package var depth = 32
  /// Values and member names together.
  package var nodeCount = 1 << 16

  package init() {}
  package init(byteCount: Int, depth: Int = 32, nodeCount: Int = 1 << 16) {
    self.byteCount = byteCount
    self.depth = depth
    self.nodeCount = nodeCount
  }
}

/// Why a text is not JSON, and where.
package struct JSONError: Error, Equatable, Sendable, CustomStringConvertible {
  package enum Reason: String, Sendable {
    case tooLarge = "the text is larger than its limit"
    case tooDeep = "objects and arrays are nested deeper than the limit"
    case tooMany = "there are more values than the limit"
    case endedEarly = "the text ends in the middle of a value"
    case unexpectedByte = "this byte cannot stand here"
    case trailingBytes = "something follows the value"
    case badNumber = "this is not a JSON number"
    case badEscape = "this escape does not exist"
    case loneSurrogate = "half of a surrogate pair stands alone"
    case controlInString = "a control character must be escaped"
    case badUTF8 = "this is not UTF-8"
    case duplicateName = "the object has this member already"
  }

  package let reason: Reason
  /// Bytes before the offending one.
  package let offset: Int

  package init(_ reason: Reason, at offset: Int) {
    self.reason = reason
    self.offset = offset
  }

  package var description: String { "\(reason.rawValue) (at byte \(offset))" }
}

/// Reads one JSON text, strictly by RFC 8259: UTF-8 is checked, repeated member names and lone surrogates are refused,
/// numbers keep their source text. Pure and bounded; does not recurse.
package struct JSONReader {
  private let bytes: [UInt8]
  private let limits: JSONLimits
  private var position = 0
  private var nodes: [JSONNode] = []
  /// Indexes of the objects and arrays that are open.
  private var open: [Int] = []

  private init(_ bytes: [UInt8], limits: JSONLimits) {
    self.bytes = bytes
    self.limits = limits
  }

  /// The document in `bytes`; nothing but white space may stand around it.
  package static func read(_ bytes: [UInt8], limits: JSONLimits = JSONLimits()) throws(JSONError) -> JSONDocument {
    guard bytes.count <= limits.byteCount else { throw JSONError(.tooLarge, at: limits.byteCount) }
    var reader = JSONReader(bytes, limits: limits)
    try reader.readDocument()
    return JSONDocument(bytes: bytes, nodes: reader.nodes)
  }

  package static func read(_ text: String, limits: JSONLimits = JSONLimits()) throws(JSONError) -> JSONDocument {
    try read(Array(text.utf8), limits: limits)
  }

  private mutating func readDocument() throws(JSONError) {
    skipSpace()
    try readValue()
    while let top = open.last {
      skipSpace()
      let isObject = nodes[top].kind == .object
      let isFirst = nodes[top].count == 0
      guard let byte = peek() else { throw JSONError(.endedEarly, at: position) }
      if byte == (isObject ? UInt8(ascii: "}") : UInt8(ascii: "]")) {
        position += 1
        try closeTop()
        continue
      }
      if !isFirst {
        guard byte == UInt8(ascii: ",") else { throw JSONError(.unexpectedByte, at: position) }
        position += 1
        skipSpace()
      }
      nodes[top].count += 1
      if isObject { try readName(of: top) }
      try readValue()
    }
    skipSpace()
    guard position == bytes.count else { throw JSONError(.trailingBytes, at: position) }
  }

  private mutating func readName(of object: Int) throws(JSONError) {
    let start = position
    guard let byte = peek() else { throw JSONError(.endedEarly, at: position) }
    guard byte == UInt8(ascii: "\"") else { throw JSONError(.unexpectedByte, at: position) }
    try readString()
    if nodes[object].count <= Self.smallObjectCount, isRepeated(nodes.count - 1, in: object) {
      throw JSONError(.duplicateName, at: start)
    }
    skipSpace()
    guard let colon = peek() else { throw JSONError(.endedEarly, at: position) }
    guard colon == UInt8(ascii: ":") else { throw JSONError(.unexpectedByte, at: position) }
    position += 1
    skipSpace()
  }

  /// Reads a scalar whole; of an object or array only the bracket, the loop in `readDocument` does the rest.
  private mutating func readValue() throws(JSONError) {
    guard let byte = peek() else { throw JSONError(.endedEarly, at: position) }
    switch byte {
    case UInt8(ascii: "{"): try begin(.object)
    case UInt8(ascii: "["): try begin(.array)
    case UInt8(ascii: "\""): try readString()
    case UInt8(ascii: "t"): try readWord("true", .true)
    case UInt8(ascii: "f"): try readWord("false", .false)
    case UInt8(ascii: "n"): try readWord("null", .null)
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): try readNumber()
    default: throw JSONError(.unexpectedByte, at: position)
    }
  }

  private mutating func begin(_ kind: JSONKind) throws(JSONError) {
    guard open.count < limits.depth else { throw JSONError(.tooDeep, at: position) }
    try add(kind, from: position, to: position + 1)
    open.append(nodes.count - 1)
    position += 1
  }

  private mutating func closeTop() throws(JSONError) {
    let top = open.removeLast()
    nodes[top].end = UInt32(position)
    nodes[top].next = UInt32(nodes.count)
    if nodes[top].kind == .object, nodes[top].count > Self.smallObjectCount { try refuseRepeatedNames(in: top) }
  }

  private mutating func add(_ kind: JSONKind, from start: Int, to end: Int) throws(JSONError) {
    guard nodes.count < limits.nodeCount else { throw JSONError(.tooMany, at: start) }
    nodes.append(
      JSONNode(kind: kind, start: UInt32(start), end: UInt32(end), next: UInt32(nodes.count + 1), count: 0))
  }

  private mutating func readWord(_ word: StaticString, _ kind: JSONKind) throws(JSONError) {
    let start = position
    for index in 0..<word.utf8CodeUnitCount {
      guard let byte = peek() else { throw JSONError(.endedEarly, at: position) }
      guard unsafe byte == word.utf8Start[index] else { throw JSONError(.unexpectedByte, at: position) }
      position += 1
    }
    try add(kind, from: start, to: position)
  }

  private mutating func readNumber() throws(JSONError) {
    let start = position
    if peek() == UInt8(ascii: "-") { position += 1 }
    if peek() == UInt8(ascii: "0") {
      position += 1
    } else {
      try readDigits()
    }
    if peek() == UInt8(ascii: ".") {
      position += 1
      try readDigits()
    }
    if let byte = peek(), byte | 0x20 == UInt8(ascii: "e") {
      position += 1
      if let sign = peek(), sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") { position += 1 }
      try readDigits()
    }
    if let byte = peek(), byte.isDigit { throw JSONError(.badNumber, at: position) }
    try add(.number, from: start, to: position)
  }

  /// One digit at least.
  private mutating func readDigits() throws(JSONError) {
    guard let byte = peek() else { throw JSONError(.endedEarly, at: position) }
    guard byte.isDigit else { throw JSONError(.badNumber, at: position) }
    while let byte = peek(), byte.isDigit { position += 1 }
  }

  /// The node spans the bytes between the quotes.
  private mutating func readString() throws(JSONError) {
    position += 1
    let start = position
    var hasEscapes = false
    while true {
      guard let byte = peek() else { throw JSONError(.endedEarly, at: position) }
      if byte == UInt8(ascii: "\"") { break }
      if byte == UInt8(ascii: "\\") {
        hasEscapes = true
        try readEscape()
      } else if byte < 0x20 {
        throw JSONError(.controlInString, at: position)
      } else if byte < 0x80 {
        position += 1
      } else {
        guard let length = utf8Length(at: position) else { throw JSONError(.badUTF8, at: position) }
        position += length
      }
    }
    try add(hasEscapes ? .escapedString : .string, from: start, to: position)
    position += 1
  }

  private mutating func readEscape() throws(JSONError) {
    let start = position
    guard position + 1 < bytes.count else { throw JSONError(.endedEarly, at: bytes.count) }
    let letter = bytes[position + 1]
    guard letter == UInt8(ascii: "u") else {
      guard JSONDocument.simpleEscape(letter) != nil else { throw JSONError(.badEscape, at: start) }
      position += 2
      return
    }
    let unit = try readUnit()
    if (0xDC00...0xDFFF).contains(unit) { throw JSONError(.loneSurrogate, at: start) }
    guard (0xD800...0xDBFF).contains(unit) else { return }
    guard peek() == UInt8(ascii: "\\"), position + 1 < bytes.count, bytes[position + 1] == UInt8(ascii: "u") else {
      throw JSONError(.loneSurrogate, at: start)
    }
    guard (0xDC00...0xDFFF).contains(try readUnit()) else { throw JSONError(.loneSurrogate, at: start) }
  }

  /// `\uXXXX` at the position, which moves behind it.
  private mutating func readUnit() throws(JSONError) -> UInt32 {
    guard position + 6 <= bytes.count else { throw JSONError(.endedEarly, at: bytes.count) }
    guard let unit = JSONDocument.codeUnit(bytes[(position + 2)..<(position + 6)]) else {
      throw JSONError(.badEscape, at: position)
    }
    position += 6
    return unit
  }

  /// Length of the well-formed sequence of several bytes at `start`; `nil` for overlong forms, surrogates and the like.
  private func utf8Length(at start: Int) -> Int? {
    let lead = bytes[start]
    let (length, second): (Int, ClosedRange<UInt8>) =
      switch lead {
      case 0xC2...0xDF: (2, 0x80...0xBF)
      case 0xE0: (3, 0xA0...0xBF)
      case 0xED: (3, 0x80...0x9F)
      case 0xE1...0xEF: (3, 0x80...0xBF)
      case 0xF0: (4, 0x90...0xBF)
      case 0xF1...0xF3: (4, 0x80...0xBF)
      case 0xF4: (4, 0x80...0x8F)
      default: (0, 0x80...0xBF)
      }
    guard length > 0, start + length <= bytes.count, second.contains(bytes[start + 1]) else { return nil }
    for index in (start + 2)..<max(start + 2, start + length) where bytes[index] & 0xC0 != 0x80 { return nil }
    return length
  }

  /// Objects up to this size are compared name by name as they are read, larger ones by sorting when they end.
  private static let smallObjectCount: UInt32 = 16

  private func refuseRepeatedNames(in object: Int) throws(JSONError) {
    var names: [(bytes: [UInt8], start: Int)] = []
    var index = object + 1
    while index < nodes.count {
      names.append((JSONDocument.unescaped(bytes[nodes[index].range]), Int(nodes[index].start) - 1))
      index = Int(nodes[index + 1].next)
    }
    names.sort { a, b in
      a.bytes == b.bytes ? a.start < b.start : a.bytes.lexicographicallyPrecedes(b.bytes)
    }
    for (earlier, later) in zip(names, names.dropFirst()) where earlier.bytes == later.bytes {
      throw JSONError(.duplicateName, at: later.start)
    }
  }

  private func isRepeated(_ name: Int, in object: Int) -> Bool {
    var index = object + 1
    while index < name {
      if sameName(index, name) { return true }
      index = Int(nodes[index + 1].next)
    }
    return false
  }

  private func sameName(_ a: Int, _ b: Int) -> Bool {
    let (first, second) = (nodes[a], nodes[b])
    if first.kind == .string, second.kind == .string {
      return bytes[first.range].elementsEqual(bytes[second.range])
    }
    return JSONDocument.unescaped(bytes[first.range]) == JSONDocument.unescaped(bytes[second.range])
  }

  private func peek() -> UInt8? { position < bytes.count ? bytes[position] : nil }

  private mutating func skipSpace() {
    while position < bytes.count {
      switch bytes[position] {
      case 0x20, 0x09, 0x0A, 0x0D: position += 1
      default: return
      }
    }
  }
}

extension UInt8 {
  package var isDigit: Bool { self >= 0x30 && self <= 0x39 }
}
