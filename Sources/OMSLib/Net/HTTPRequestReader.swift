/// The server's side of a connection: bytes in, requests out, one behind the other.
///
/// Call `next` until it answers `nil` before adding more: then at most one head is kept besides the body under way. A
/// reader that has thrown throws the same again; answer with the error's status and close.
package struct HTTPRequestReader: ~Copyable {
  private enum Place {
    case head(HTTPHeadScan)
    case body(HTTPRequest, HTTPBody)
    case failed(HTTPError)
  }

  private let limits: HTTPLimits
  /// May be filled from a socket directly.
  package var input = ByteQueue()
  private var place = Place.head(HTTPHeadScan())
  private var owesContinue = false

  package init(limits: HTTPLimits = .request) { self.limits = limits }

  package mutating func append(_ bytes: some Collection<UInt8>) { input.append(bytes) }

  /// Between two requests, nothing of the next one is there.
  package var isIdle: Bool { if case .head = place { input.isEmpty } else { false } }

  package mutating func next() throws(HTTPError) -> HTTPRequest? {
    do throws(HTTPError) {
      return try advance()
    } catch {
      place = .failed(error)
      throw error
    }
  }

  /// Whether the client waits for `100 Continue` before it sends the body. Answers `true` once for each such request.
  package mutating func takeContinue() -> Bool {
    defer { owesContinue = false }
    return owesContinue
  }

  /// The stream ended; it may do so only between two requests.
  package mutating func end() throws(HTTPError) {
    if case .failed(let error) = place { throw error }
    guard isIdle else { throw .cutShort }
  }

  /// Hands over what follows the last request: after an upgrade it is no longer HTTP.
  package mutating func takeRest(_ body: (UnsafeBufferPointer<UInt8>) -> Void) {
    unsafe input.withBytes { unsafe body($0) }
    input.removeAll()
  }

  private mutating func advance() throws(HTTPError) -> HTTPRequest? {
    while true {
      switch place {
      case .failed(let error): throw error
      case .head(let scan):
        guard try takeHead(scan) else { return nil }
      case .body(var request, var body):
        // Neither is kept twice while it grows.
        place = .head(HTTPHeadScan())
        let isComplete = try body.take(from: &input, limits)
        guard isComplete else {
          if !body.bytes.isEmpty { owesContinue = false }
          place = .body(request, body)
          return nil
        }
        owesContinue = false
        request.body = body.bytes
        return request
      }
    }
  }

  private mutating func takeHead(_ start: HTTPHeadScan) throws(HTTPError) -> Bool {
    var scan = start
    // A client may have ended the body before with a line too many.
    while input.count >= 2, input[0] == 0x0D, input[1] == 0x0A { input.removeFirst(2) }
    guard input.count > 1 || input.count == 1 && input[0] != 0x0D else { return false }
    let limits = limits
    let head = try unsafe input.withBytes { bytes throws(HTTPError) -> (end: Int, request: HTTPRequest, HTTPFields)? in
      let found = try unsafe scan.findEnd(bytes, byteMax: limits.headBytes, lineMax: limits.fieldCount + 1)
      guard let end = found else { return nil }
      let (request, fields) = try unsafe Self.read(UnsafeBufferPointer(rebasing: bytes[..<end]))
      return (end, request, fields)
    }
    guard let (end, request, fields) = head else {
      place = .head(scan)
      return false
    }
    input.removeFirst(end)
    let body = try HTTPBody(fields.isChunked ? .chunked : .length(fields.contentLength ?? 0), limits)
    owesContinue = fields.expectsContinue && request.version == .v11 && input.isEmpty
    place = .body(request, body)
    return true
  }

  private static func read(_ head: UnsafeBufferPointer<UInt8>) throws(HTTPError) -> (HTTPRequest, HTTPFields) {
    guard let lineEnd = unsafe head.firstIndex(of: 0x0D) else { throw .badStartLine }
    let line = unsafe UnsafeBufferPointer(rebasing: head[..<lineEnd])
    guard let methodEnd = unsafe line.firstIndex(of: 0x20), let targetEnd = unsafe line.lastIndex(of: 0x20),
      methodEnd > 0, methodEnd <= 32, targetEnd > methodEnd + 1
    else { throw .badStartLine }
    guard unsafe line[..<methodEnd].allSatisfy(HTTPBytes.isToken) else { throw .badStartLine }
    let version = try unsafe HTTPBytes.version(UnsafeBufferPointer(rebasing: line[(targetEnd + 1)...]))
    let target = unsafe line[(methodEnd + 1)..<targetEnd]
    guard unsafe target.allSatisfy({ $0 > 0x20 && $0 != 0x7F }) else { throw .badTarget }
    // What is no text could not be kept as it was.
    guard let text = unsafe String(validating: target, as: UTF8.self) else { throw .badTarget }
    guard unsafe head[lineEnd + 1] == 0x0A else { throw .badStartLine }
    let fields = try unsafe HTTPFields(UnsafeBufferPointer(rebasing: head[(lineEnd + 2)...]))
    if fields.hostCount > 1 { throw .severalHosts }
    if fields.hostCount == 0, version == .v11 { throw .missingHost }
    // The old version knows no chunks: whoever sits between would see another end.
    if fields.isChunked, version == .v10 { throw .unsupportedTransferCoding }
    if fields.expectsOther, version == .v11 { throw .unknownExpectation }
    let request = HTTPRequest(
      method: unsafe String(decoding: line[..<methodEnd], as: UTF8.self), target: text, fields: fields.fields,
      keepsAlive: fields.goesOn(version), version: version)
    return (request, fields)
  }
}
