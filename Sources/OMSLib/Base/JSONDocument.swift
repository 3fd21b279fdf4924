package enum JSONKind: UInt8, Sendable {
  case null
  case `true`
  case `false`
  case number
  case string
  /// A string whose source has backslashes.
  case escapedString
  case array
  case object
}

/// One value or member name of a document. In an object, names and values alternate.
struct JSONNode: Sendable {
  var kind: JSONKind
  var start: UInt32
  var end: UInt32
  /// The node behind this one and all it contains.
  var next: UInt32
  /// Elements of an array, members of an object.
  var count: UInt32

  var range: Range<Int> { Int(start)..<Int(end) }
}

/// A JSON text that was read: its bytes and a flat list of where each value lies.
package struct JSONDocument: Sendable {
  package let bytes: [UInt8]
  let nodes: [JSONNode]

  package var root: JSONValue { JSONValue(document: self, index: 0) }

  static func simpleEscape(_ letter: UInt8) -> UInt8? {
    switch letter {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): letter
    case UInt8(ascii: "b"): 0x08
    case UInt8(ascii: "f"): 0x0C
    case UInt8(ascii: "n"): 0x0A
    case UInt8(ascii: "r"): 0x0D
    case UInt8(ascii: "t"): 0x09
    default: nil
    }
  }

  static func codeUnit(_ digits: ArraySlice<UInt8>) -> UInt32? {
    var value: UInt32 = 0
    for byte in digits {
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): value = value << 4 | UInt32(byte - UInt8(ascii: "0"))
      case UInt8(ascii: "a")...UInt8(ascii: "f"): value = value << 4 | UInt32(byte - UInt8(ascii: "a") + 10)
      case UInt8(ascii: "A")...UInt8(ascii: "F"): value = value << 4 | UInt32(byte - UInt8(ascii: "A") + 10)
      default: return nil
      }
    }
    return value
  }

  /// The bytes a string stands for. Its escapes were checked when it was read.
  static func unescaped(_ source: ArraySlice<UInt8>) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(source.count)
    var index = source.startIndex
    while index < source.endIndex {
      guard source[index] == UInt8(ascii: "\\") else {
        result.append(source[index])
        index += 1
        continue
      }
      if let byte = simpleEscape(source[index + 1]) {
        result.append(byte)
        index += 2
        continue
      }
      var scalar = codeUnit(source[(index + 2)..<(index + 6)]) ?? 0xFFFD
      index += 6
      if (0xD800...0xDBFF).contains(scalar), let low = codeUnit(source[(index + 2)..<(index + 6)]) {
        scalar = 0x10000 + (scalar - 0xD800) << 10 + (low - 0xDC00)
        index += 6
      }
      result.append(contentsOf: String(Unicode.Scalar(scalar) ?? "\u{FFFD}").utf8)
    }
    return result
  }
}

/// A value inside a document.
package struct JSONValue: Sendable {
  package let document: JSONDocument
  let index: Int

  init(document: JSONDocument, index: Int) {
    self.document = document
    self.index = index
  }

  private var node: JSONNode { document.nodes[index] }

  package var kind: JSONKind { node.kind }
  package var isNull: Bool { node.kind == .null }
  package var isObject: Bool { node.kind == .object }
  package var isArray: Bool { node.kind == .array }
  package var isString: Bool { node.kind == .string || node.kind == .escapedString }
  package var isNumber: Bool { node.kind == .number }
  /// Elements or members; 0 for scalars.
  package var count: Int { Int(node.count) }
  /// Where the value begins in the document, for messages.
  package var offset: Int { Int(node.start) }

  /// The source text: numbers digit by digit as written, strings with quotes and escapes.
  package var source: ArraySlice<UInt8> {
    isString ? document.bytes[(Int(node.start) - 1)..<(Int(node.end) + 1)] : document.bytes[node.range]
  }

  package var bool: Bool? {
    switch node.kind {
    case .true: true
    case .false: false
    default: nil
    }
  }

  /// The text of a string; `nil` for other kinds.
  package var string: String? {
    switch node.kind {
    case .string: String(decoding: document.bytes[node.range], as: UTF8.self)
    case .escapedString: String(decoding: JSONDocument.unescaped(document.bytes[node.range]), as: UTF8.self)
    default: nil
    }
  }

  /// The source text of a number; `nil` for other kinds.
  package var numberText: String? {
    isNumber ? String(decoding: document.bytes[node.range], as: UTF8.self) : nil
  }

  /// A whole number without point and exponent that fits; `nil` for everything else.
  package func integer<I: FixedWidthInteger>(as type: I.Type = I.self) -> I? {
    guard let text = numberText else { return nil }
    return I(text)
  }

  /// The member of an object; `nil` when it is not there or this is no object.
  package subscript(_ name: String) -> JSONValue? {
    guard isObject else { return nil }
    var index = self.index + 1
    let end = Int(node.next)
    while index < end {
      if nameMatches(index, name) { return JSONValue(document: document, index: index + 1) }
      index = Int(document.nodes[index + 1].next)
    }
    return nil
  }

  /// Members of an object in source order; none for other kinds.
  package var members: [(name: String, value: JSONValue)] {
    guard isObject else { return [] }
    var result: [(name: String, value: JSONValue)] = []
    result.reserveCapacity(count)
    var index = self.index + 1
    let end = Int(node.next)
    while index < end {
      let name = JSONValue(document: document, index: index).string ?? ""
      result.append((name, JSONValue(document: document, index: index + 1)))
      index = Int(document.nodes[index + 1].next)
    }
    return result
  }

  /// Elements of an array in order; none for other kinds.
  package var elements: [JSONValue] {
    guard isArray else { return [] }
    var result: [JSONValue] = []
    result.reserveCapacity(count)
    var index = self.index + 1
    let end = Int(node.next)
    while index < end {
      result.append(JSONValue(document: document, index: index))
      index = Int(document.nodes[index].next)
    }
    return result
  }

  private func nameMatches(_ index: Int, _ name: String) -> Bool {
    let node = document.nodes[index]
    if node.kind == .string { return document.bytes[node.range].elementsEqual(name.utf8) }
    return JSONDocument.unescaped(document.bytes[node.range]).elementsEqual(name.utf8)
  }
}
