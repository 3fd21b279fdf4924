internal import Glibc

/// Finds the empty line that ends a head, in bytes that come in pieces: each byte is looked at once.
struct HTTPHeadScan {
  private var lineStart = 0
  private var scanned = 0
  private var lineCount = 0

  /// How many bytes the head has with its empty line, or `nil` while it is not there.
  mutating func findEnd(
    _ bytes: UnsafeBufferPointer<UInt8>, byteMax: Int, lineMax: Int
  ) throws(HTTPError) -> Int? {
    guard let base = bytes.baseAddress else { return nil }
    while scanned < bytes.count {
      guard let found = unsafe memchr(base + scanned, 0x0A, bytes.count - scanned) else {
        scanned = bytes.count
        break
      }
      let lineFeed = unsafe found.assumingMemoryBound(to: UInt8.self) - UnsafeMutablePointer(mutating: base)
      guard lineFeed < byteMax else { throw .headTooLong }
      guard lineFeed > lineStart, unsafe base[lineFeed - 1] == 0x0D else { throw .bareLineFeed }
      scanned = lineFeed + 1
      if lineFeed == lineStart + 1 { return scanned }
      lineStart = scanned
      lineCount += 1
      guard lineCount <= lineMax else { throw .tooManyFields }
    }
    guard scanned < byteMax else { throw .headTooLong }
    return nil
  }
}

/// The fields of a head, and what they say about where the message ends.
struct HTTPFields {
  private(set) var fields: [HTTPField] = []
  private(set) var contentLength: Int?
  private(set) var isChunked = false
  private(set) var closes = false
  private(set) var keepsAlive = false
  private(set) var hostCount = 0
  private(set) var expectsContinue = false
  private(set) var expectsOther = false

  /// Lines that all end with CRLF; an empty one ends them.
  init(_ bytes: UnsafeBufferPointer<UInt8>) throws(HTTPError) {
    var at = 0
    while at + 1 < bytes.count {
      var end = at
      while end < bytes.count, unsafe bytes[end] != 0x0A { end += 1 }
      guard end < bytes.count, end > at, unsafe bytes[end - 1] == 0x0D else { throw .bareLineFeed }
      if end == at + 1 { break }
      try unsafe add(UnsafeBufferPointer(rebasing: bytes[at..<(end - 1)]))
      at = end + 1
    }
    if contentLength != nil, isChunked { throw .ambiguousLength }
  }

  private mutating func add(_ line: UnsafeBufferPointer<UInt8>) throws(HTTPError) {
    if unsafe HTTPBytes.isBlank(line[0]) { throw .foldedField }
    var name: [UInt8] = []
    var at = 0
    while at < line.count, unsafe line[at] != UInt8(ascii: ":") {
      let byte = unsafe line[at]
      if HTTPBytes.isBlank(byte) { throw .spaceBeforeColon }
      guard HTTPBytes.isToken(byte) else { throw .badFieldName }
      name.append(HTTPBytes.lower(byte))
      at += 1
    }
    guard at > 0, at < line.count else { throw .badFieldName }
    var (start, end) = (at + 1, line.count)
    while start < end, unsafe HTTPBytes.isBlank(line[start]) { start += 1 }
    while end > start, unsafe HTTPBytes.isBlank(line[end - 1]) { end -= 1 }
    let value = unsafe UnsafeBufferPointer(rebasing: line[start..<end])
    guard unsafe value.allSatisfy(HTTPBytes.isText) else { throw .badFieldValue }
    let field = HTTPField(
      name: String(decoding: name, as: UTF8.self), value: unsafe String(decoding: value, as: UTF8.self))
    try unsafe note(field, value)
    fields.append(field)
  }

  private mutating func note(_ field: HTTPField, _ value: UnsafeBufferPointer<UInt8>) throws(HTTPError) {
    switch field.name {
    case "content-length":
      let length = try unsafe Self.length(value)
      if let contentLength, contentLength != length { throw .differentContentLengths }
      contentLength = length
    case "transfer-encoding":
      // A second coding, or chunked twice, is none that we ever ask for.
      guard !isChunked, HTTPBytes.isSame(field.value, "chunked") else { throw .unsupportedTransferCoding }
      isChunked = true
    case "connection":
      if HTTPBytes.list(field.value, has: "close") { closes = true }
      if HTTPBytes.list(field.value, has: "keep-alive") { keepsAlive = true }
    case "host": hostCount += 1
    case "expect":
      if HTTPBytes.isSame(field.value, "100-continue") { expectsContinue = true } else { expectsOther = true }
    default: break
    }
  }

  private static func length(_ value: UnsafeBufferPointer<UInt8>) throws(HTTPError) -> Int {
    guard value.count > 0, value.count <= 18 else { throw .badContentLength }
    var length = 0
    for index in 0..<value.count {
      let byte = unsafe value[index]
      guard byte >= 0x30, byte <= 0x39 else { throw .badContentLength }
      length = length * 10 + Int(byte - 0x30)
    }
    return length
  }

  /// Whether the connection goes on behind a message of `version` with these fields.
  func goesOn(_ version: HTTPVersion) -> Bool { !closes && (version == .v11 || keepsAlive) }
}

/// Characters of HTTP.
enum HTTPBytes {
  static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

  /// What may stand in a value: no control character but the tabulator.
  static func isText(_ byte: UInt8) -> Bool { byte >= 0x20 && byte != 0x7F || byte == 0x09 }

  static func lower(_ byte: UInt8) -> UInt8 { byte >= 0x41 && byte <= 0x5A ? byte | 0x20 : byte }

  /// Letters, digits, and !#$%&'*+-.^_`|~
  static func isToken(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5A, 0x5E...0x7A, 0x7C, 0x7E, 0x21, 0x23...0x27, 0x2A, 0x2B, 0x2D, 0x2E: true
    default: false
    }
  }

  /// Whether both are the same but for capitals; `lowerCase` has none.
  static func isSame(_ text: some StringProtocol, _ lowerCase: String) -> Bool {
    text.utf8.elementsEqual(lowerCase.utf8) { lower($0) == $1 }
  }

  /// Whether `word` is a member of a list with commas.
  static func list(_ value: String, has word: String) -> Bool {
    value.utf8.split(separator: UInt8(ascii: ",")).contains { part in
      var part = part
      while let first = part.first, isBlank(first) { part = part.dropFirst() }
      while let last = part.last, isBlank(last) { part = part.dropLast() }
      return part.elementsEqual(word.utf8) { lower($0) == $1 }
    }
  }

  /// `HTTP/1.1` or `HTTP/1.0`.
  static func version(_ bytes: UnsafeBufferPointer<UInt8>) throws(HTTPError) -> HTTPVersion {
    let name: StaticString = "HTTP/"
    guard bytes.count == 8 else { throw .badStartLine }
    for index in 0..<5 where unsafe bytes[index] != name.utf8Start[index] { throw .badStartLine }
    let (major, point, minor) = unsafe (bytes[5], bytes[6], bytes[7])
    guard major >= 0x30, major <= 0x39, point == UInt8(ascii: "."), minor >= 0x30, minor <= 0x39 else {
      throw .badStartLine
    }
    guard major == UInt8(ascii: "1"), minor <= UInt8(ascii: "1") else { throw .unsupportedVersion }
    return minor == UInt8(ascii: "1") ? .v11 : .v10
  }
}
