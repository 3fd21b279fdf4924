/// Reads the JSON of one request line, byte by byte, without looking ahead further than one byte.
struct RequestScanner {
  private let bytes: [UInt8]
  private var position = 0

  init(bytes: [UInt8]) { self.bytes = bytes }

  mutating func object(
    _ member: (String, inout RequestScanner) throws(RequestError) -> Void
  ) throws(RequestError) {
    try expect(0x7B)
    if skip(0x7D) { return }
    repeat {
      let name = try string()
      try expect(0x3A)
      try member(name, &self)
    } while skip(0x2C)
    try expect(0x7D)
  }

  /// `nil` for JSON null, which means the same as an absent member.
  mutating func value() throws(RequestError) -> RequestMembers.Value? {
    switch peek() {
    case 0x22: return .text(try string())
    case 0x5B: return .list(try list())
    case 0x7B: return .names(try names())
    case 0x74:
      try word("true")
      return .flag(true)
    case 0x66:
      try word("false")
      return .flag(false)
    case 0x6E:
      try word("null")
      return nil
    case .some(0x2D), .some(0x30...0x39): return .number(try number())
    default: throw broken("a value")
    }
  }

  mutating func end() throws(RequestError) {
    guard peek() == nil else { throw broken("the end of the line") }
  }

  private mutating func list() throws(RequestError) -> [String] {
    try expect(0x5B)
    var items: [String] = []
    if skip(0x5D) { return items }
    repeat {
      guard items.count < RequestMembers.listCountMax else {
        throw .usage("json", "a list has at most \(RequestMembers.listCountMax) entries")
      }
      items.append(try string())
    } while skip(0x2C)
    try expect(0x5D)
    return items
  }

  private mutating func names() throws(RequestError) -> [RequestMembers.Pair] {
    var pairs: [RequestMembers.Pair] = []
    try object { (name, scanner) throws(RequestError) in
      guard pairs.count < RequestMembers.memberCountMax else {
        throw .usage("json", "an object has at most \(RequestMembers.memberCountMax) members")
      }
      guard !pairs.contains(where: { $0.name == name }) else {
        throw .usage("json", "member '\(name)' is there twice")
      }
      pairs.append(.init(name: name, value: try scanner.scalar()))
    }
    return pairs
  }

  /// A string, or a number's source text.
  private mutating func scalar() throws(RequestError) -> String {
    peek() == 0x22 ? try string() : try number()
  }

  private mutating func number() throws(RequestError) -> String {
    _ = peek()
    let start = position
    if position < bytes.count && bytes[position] == 0x2D { position += 1 }
    let whole = digits()
    guard whole > 0, whole == 1 || bytes[position - whole] != 0x30 else { throw broken("a number") }
    if position < bytes.count && bytes[position] == 0x2E {
      position += 1
      guard digits() > 0 else { throw broken("a digit behind the point") }
    }
    if position < bytes.count && (bytes[position] == 0x65 || bytes[position] == 0x45) {
      throw .usage("decimal", "a number with an exponent is refused; write it out in plain digits")
    }
    return String(decoding: bytes[start..<position], as: UTF8.self)
  }

  private mutating func digits() -> Int {
    let start = position
    while position < bytes.count, bytes[position] >= 0x30, bytes[position] <= 0x39 { position += 1 }
    return position - start
  }

  private mutating func string() throws(RequestError) -> String {
    try expect(0x22)
    var text: [UInt8] = []
    while position < bytes.count {
      let byte = bytes[position]
      position += 1
      switch byte {
      case 0x22:
        guard let string = String(validating: text, as: UTF8.self) else { throw broken("valid UTF-8") }
        return string
      case 0x5C: try escape(into: &text)
      case 0..<0x20, 0x7F: throw broken("a string without control characters")
      default: text.append(byte)
      }
    }
    throw broken("the end of a string")
  }

  private mutating func escape(into text: inout [UInt8]) throws(RequestError) {
    guard position < bytes.count else { throw broken("an escape") }
    let byte = bytes[position]
    position += 1
    switch byte {
    case 0x22, 0x5C, 0x2F: text.append(byte)
    // Line breaks and tabs have no place in ids, names, reasons and tags.
    case 0x75:
      var code = try hex()
      if code >= 0xD800 && code < 0xDC00 {
        guard position + 1 < bytes.count, bytes[position] == 0x5C, bytes[position + 1] == 0x75 else {
          throw broken("the second half of a surrogate pair")
        }
        position += 2
        let low = try hex()
        guard low >= 0xDC00 && low < 0xE000 else { throw broken("the second half of a surrogate pair") }
        code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00)
      }
      guard code >= 0x20, code != 0x7F, let scalar = Unicode.Scalar(code) else {
        throw broken("a printable character")
      }
      text.append(contentsOf: String(Character(scalar)).utf8)
    default: throw broken("a known escape of a printable character")
    }
  }

  private mutating func hex() throws(RequestError) -> UInt32 {
    guard position + 4 <= bytes.count else { throw broken("four hexadecimal digits") }
    var value: UInt32 = 0
    for byte in bytes[position..<position + 4] {
      switch byte {
      case 0x30...0x39: value = value << 4 | UInt32(byte - 0x30)
      case 0x41...0x46: value = value << 4 | UInt32(byte - 0x37)
      case 0x61...0x66: value = value << 4 | UInt32(byte - 0x57)
      default: throw broken("four hexadecimal digits")
      }
    }
    position += 4
    return value
  }

  private mutating func word(_ word: StaticString) throws(RequestError) {
    let text = word.description
    guard bytes[position...].starts(with: text.utf8) else { throw broken(text) }
    position += text.utf8.count
  }

  /// The next byte that is not white space, not consumed.
  private mutating func peek() -> UInt8? {
    while position < bytes.count, bytes[position] == 0x20 || bytes[position] == 0x09 || bytes[position] == 0x0D {
      position += 1
    }
    return position < bytes.count ? bytes[position] : nil
  }

  private mutating func skip(_ byte: UInt8) -> Bool {
    guard peek() == byte else { return false }
    position += 1
    return true
  }

  private mutating func expect(_ byte: UInt8) throws(RequestError) {
    guard skip(byte) else { throw broken("'\(Character(Unicode.Scalar(byte)))'") }
  }

  private func broken(_ wanted: String) -> RequestError {
    .usage("json", "byte \(position + 1) of the request is not \(wanted)")
  }
}
