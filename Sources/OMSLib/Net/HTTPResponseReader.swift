/// The client's side of a connection: bytes in, answers out, in the order of the requests.
///
/// Say what was asked with `expect` before the answer can come. Call `next` until it answers `nil` before adding more. A
/// reader that has thrown throws the same again: close the connection. ``HTTPError/cutShort`` means that the request may
/// have been carried out.
package struct HTTPResponseReader: ~Copyable {
  private enum Place {
    case head(HTTPHeadScan)
    case body(HTTPResponse, HTTPBody)
    /// The connection speaks another protocol, or closes behind the last answer.
    case over
    case failed(HTTPError)
  }

  private let limits: HTTPLimits
  /// May be filled from a socket directly.
  package var input = ByteQueue()
  private var place = Place.head(HTTPHeadScan())
  /// Of each request without its answer, the oldest first: whether its answer has a head alone.
  private var expected: [Bool] = []

  package init(limits: HTTPLimits = .response) { self.limits = limits }

  /// A request was written, or will be before the next byte is read.
  package mutating func expect(_ method: String) { expected.append(method == "HEAD") }

  /// Requests that have no answer yet.
  package var expectedCount: Int { expected.count }

  package mutating func append(_ bytes: some Collection<UInt8>) { input.append(bytes) }

  /// Answers of the kind 1xx are passed over, but for 101: what follows that one is another protocol.
  package mutating func next() throws(HTTPError) -> HTTPResponse? {
    do throws(HTTPError) {
      return try advance()
    } catch {
      place = .failed(error)
      throw error
    }
  }

  /// The stream ended. Answers a response whose body ends there; throws when one was cut.
  package mutating func end() throws(HTTPError) -> HTTPResponse? {
    switch place {
    case .failed(let error): throw error
    case .over: return nil
    case .head:
      place = .over
      guard input.isEmpty else {
        place = .failed(.cutShort)
        throw .cutShort
      }
      return nil
    case .body(var response, let body):
      guard body.endsWithTheStream else {
        place = .failed(.cutShort)
        throw .cutShort
      }
      place = .over
      response.body = body.bytes
      return response
    }
  }

  /// Hands over what follows the last answer: after an upgrade it is no longer HTTP.
  package mutating func takeRest(_ body: (UnsafeBufferPointer<UInt8>) -> Void) {
    unsafe input.withBytes { unsafe body($0) }
    input.removeAll()
  }

  private mutating func advance() throws(HTTPError) -> HTTPResponse? {
    while true {
      switch place {
      case .failed(let error): throw error
      case .over: return nil
      case .head(let scan):
        guard try takeHead(scan) else { return nil }
      case .body(var response, var body):
        place = .over
        guard try body.take(from: &input, limits) else {
          place = .body(response, body)
          return nil
        }
        if response.status == 101 || !response.keepsAlive {
          place = .over
        } else {
          place = .head(HTTPHeadScan())
        }
        response.body = body.bytes
        return response
      }
    }
  }

  private mutating func takeHead(_ start: HTTPHeadScan) throws(HTTPError) -> Bool {
    guard !input.isEmpty else { return false }
    guard let headOnly = expected.first else { throw .unaskedResponse }
    var scan = start
    let limits = limits
    let head = try unsafe input.withBytes { bytes throws(HTTPError) -> (end: Int, HTTPResponse, HTTPFields)? in
      let found = try unsafe scan.findEnd(bytes, byteMax: limits.headBytes, lineMax: limits.fieldCount + 1)
      guard let end = found else { return nil }
      let (response, fields) = try unsafe Self.read(UnsafeBufferPointer(rebasing: bytes[..<end]))
      return (end, response, fields)
    }
    guard let (end, found, fields) = head else {
      place = .head(scan)
      return false
    }
    var response = found
    input.removeFirst(end)
    if response.status < 200, response.status != 101 {
      place = .head(HTTPHeadScan())
      return true
    }
    expected.removeFirst()
    let framing = Self.framing(response.status, headOnly: headOnly, fields)
    if framing == .untilEnd { response.keepsAlive = false }
    place = .body(response, try HTTPBody(framing, limits))
    return true
  }

  private static func framing(_ status: Int, headOnly: Bool, _ fields: HTTPFields) -> HTTPBody.Framing {
    if headOnly || status == 101 || status == 204 || status == 304 { return .length(0) }
    if fields.isChunked { return .chunked }
    guard let length = fields.contentLength else { return .untilEnd }
    return .length(length)
  }

  /// `HTTP/1.1 200 reason`; old servers leave the reason out, with its space.
  private static func read(_ head: UnsafeBufferPointer<UInt8>) throws(HTTPError) -> (HTTPResponse, HTTPFields) {
    guard let lineEnd = unsafe head.firstIndex(of: 0x0D), lineEnd >= 12 else { throw .badStartLine }
    guard unsafe head[lineEnd + 1] == 0x0A, unsafe head[8] == 0x20 else { throw .badStartLine }
    let version = try unsafe HTTPBytes.version(UnsafeBufferPointer(rebasing: head[..<8]))
    var status = 0
    for index in 9..<12 {
      let byte = unsafe head[index]
      guard byte >= 0x30, byte <= 0x39 else { throw .badStartLine }
      status = status * 10 + Int(byte - 0x30)
    }
    guard status >= 100, status < 600 else { throw .badStartLine }
    guard unsafe lineEnd == 12 || head[12] == 0x20 else { throw .badStartLine }
    guard unsafe head[12..<lineEnd].allSatisfy(HTTPBytes.isText) else { throw .badStartLine }
    let fields = try unsafe HTTPFields(UnsafeBufferPointer(rebasing: head[(lineEnd + 2)...]))
    if fields.isChunked, version == .v10 { throw .unsupportedTransferCoding }
    let response = HTTPResponse(
      status: status, fields: fields.fields, keepsAlive: fields.goesOn(version), version: version)
    return (response, fields)
  }
}
