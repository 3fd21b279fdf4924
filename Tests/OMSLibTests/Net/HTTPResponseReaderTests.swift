import OMSLib
import Testing

@Suite struct HTTPResponseReaderTests {
  private static func read(
    _ pieces: [ArraySlice<UInt8>], asked: [String], limits: HTTPLimits = .response
  ) -> [String] {
    var reader = HTTPResponseReader(limits: limits)
    for method in asked { reader.expect(method) }
    var told: [String] = []
    do throws(HTTPError) {
      for piece in pieces {
        reader.append(piece)
        while let response = try reader.next() { told.append(tell(response)) }
      }
      if let last = try reader.end() { told.append(tell(last)) }
    } catch {
      told.append("\(error)")
    }
    return told
  }

  private static func tell(_ response: HTTPResponse) -> String {
    "\(response.status) \(response.keepsAlive ? "on" : "off") [\(String(decoding: response.body, as: UTF8.self))]"
  }

  private static let cut = "the stream ended inside a message"
  private static let stories: [(String, String, [String])] = [
    ("GET", "HTTP/1.1 200 OK\nContent-Length: 2\n\nok", ["200 on [ok]"]),
    (
      "GET GET", "HTTP/1.1 200 \nContent-Length: 1\n\naHTTP/1.1 404\nContent-Length: 1\n\nb",
      ["200 on [a]", "404 on [b]"]
    ),
    ("GET", "HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n2\nok\n0\n\n", ["200 on [ok]"]),
    ("GET", "HTTP/1.1 200 OK\nConnection: close\nContent-Length: 2\n\nok", ["200 off [ok]"]),
    ("GET", "HTTP/1.0 200 OK\nContent-Length: 2\n\nok", ["200 off [ok]"]),
    ("GET", "HTTP/1.0 200 OK\nConnection: Keep-Alive\nContent-Length: 2\n\nok", ["200 on [ok]"]),
    // Without a length the end of the stream is the end of the body.
    ("GET", "HTTP/1.1 200 OK\n\nup to the end", ["200 off [up to the end]"]),
    ("GET", "HTTP/1.1 200 OK\n\n", ["200 off []"]),
    // Answers without a body, whatever their head says.
    ("HEAD GET", "HTTP/1.1 200 OK\nContent-Length: 5\n\nHTTP/1.1 204 No\n\n", ["200 on []", "204 on []"]),
    (
      "GET GET", "HTTP/1.1 304 No\nContent-Length: 5\n\nHTTP/1.1 204 No\nTransfer-Encoding: chunked\n\n",
      ["304 on []", "204 on []"]
    ),
    // Those on the way are passed over.
    (
      "GET", "HTTP/1.1 100 Continue\n\nHTTP/1.1 103 Early\nLink: x\n\nHTTP/1.1 200 OK\nContent-Length: 0\n\n",
      ["200 on []"]
    ),
    ("GET", "HTTP/1.1 101 Switching\nUpgrade: websocket\n\n\u{1}\u{2}", ["101 on []"]),
    // Behind an answer that closes nothing is read.
    ("GET", "HTTP/1.1 200 OK\nConnection: close\nContent-Length: 1\n\naHTTP/1.1 500 X\n\n", ["200 off [a]"]),
    // What is cut is never an answer.
    ("GET", "", []),
    ("GET", "HTTP/1.1 200 OK\nContent-Le", [cut]),
    ("GET", "HTTP/1.1 200 OK\nContent-Length: 3\n\nok", [cut]),
    ("GET", "HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n2\nok\n", [cut]),
    ("GET", "HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n2\nok\n0\n", [cut]),
    ("GET GET", "HTTP/1.1 200 OK\nContent-Length: 1\n\naHTTP/1.1 2", ["200 on [a]", cut]),
    // What is refused.
    ("", "HTTP/1.1 408 Timeout\n\n", ["an answer came that no request asked for"]),
    ("GET", "HTTP/1.1 200 OK\nContent-Length: 1\n\nab", ["200 on [a]", "an answer came that no request asked for"]),
    (
      "GET", "HTTP/1.1 200 OK\nContent-Length: 1\nTransfer-Encoding: chunked\n\n",
      ["both content-length and transfer-encoding are given"]
    ),
    (
      "GET", "HTTP/1.1 200 OK\nContent-Length: 1\nContent-Length: 2\n\n",
      ["content-length is given twice, differently"]
    ),
    ("GET", "HTTP/1.1 200 OK\nTransfer-Encoding: gzip\n\n", ["the transfer coding is not chunked"]),
    ("GET", "HTTP/1.1 200 OK\nA: b\n c\n\n", ["a field continues on a second line"]),
    ("GET", "HTTP/1.1 20 OK\n\n", ["the first line is none of HTTP"]),
    ("GET", "HTTP/1.1 2000 OK\n\n", ["the first line is none of HTTP"]),
    ("GET", "HTTP/1.1 099 OK\n\n", ["the first line is none of HTTP"]),
    ("GET", "HTTP/2.0 200 OK\n\n", ["the version is neither HTTP/1.1 nor HTTP/1.0"]),
    ("GET", "\u{16}\u{3}\u{1} not http at all\n\n", ["the first line is none of HTTP"]),
    ("GET", "SSH-2.0-OpenSSH_9\n\n", ["the first line is none of HTTP"]),
  ]

  @Test(arguments: stories) func story(_ asked: String, _ lines: String, _ expected: [String]) {
    let asked = asked.split(separator: " ").map(String.init)
    for pieces in Pieces.cuts(Array(lines.replacing("\n", with: "\r\n").utf8)) {
      let told = Self.read(pieces, asked: asked)
      guard told != expected else { continue }
      Issue.record("\(pieces.count) pieces, the first of \(pieces.first?.count ?? 0): \(told)")
      return
    }
  }

  @Test func aBodyUpToTheEndHasItsBound() {
    let limits = HTTPLimits(headBytes: 64, fieldCount: 2, bodyBytes: 4)
    #expect(Self.read([Array("HTTP/1.1 200 OK\r\n\r\nabcd".utf8)[...]], asked: ["GET"], limits: limits).count == 1)
    let told = Self.read([Array("HTTP/1.1 200 OK\r\n\r\nabcde".utf8)[...]], asked: ["GET"], limits: limits)
    #expect(told == ["the body is longer than allowed"])
  }

  @Test func whatFollowsAnUpgradeIsHandedOver() throws {
    var reader = HTTPResponseReader()
    reader.expect("GET")
    reader.append("HTTP/1.1 101 Switching Protocols\r\n\r\nframes".utf8)
    #expect(try reader.next()?.status == 101)
    var rest: [UInt8] = []
    reader.takeRest { rest = Array($0) }
    #expect(rest == Array("frames".utf8))
  }
}

@Suite struct HTTPWriterTests {
  private static func written(_ request: HTTPRequest) throws(HTTPError) -> String {
    var out = ByteBuffer()
    try HTTPWriter.append(request, to: &out)
    return out.text
  }

  private static func written(_ response: HTTPResponse, toHead: Bool = false) throws(HTTPError) -> String {
    var out = ByteBuffer()
    try HTTPWriter.append(response, toHead: toHead, to: &out)
    return out.text
  }

  @Test func writesRequests() throws {
    let host = HTTPField(name: "host", value: "x")
    #expect(
      try Self.written(HTTPRequest(method: "GET", target: "/a?b=1", fields: [host]))
        == "GET /a?b=1 HTTP/1.1\r\nhost: x\r\n\r\n")
    #expect(
      try Self.written(HTTPRequest(method: "POST", target: "/", fields: [host], keepsAlive: false))
        == "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
    #expect(
      try Self.written(HTTPRequest(method: "PUT", target: "/", fields: [host], body: [0x61]))
        == "PUT / HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\n\r\na")
  }

  @Test func writesResponses() throws {
    #expect(
      try Self.written(HTTPResponse(status: 200, fields: [HTTPField(name: "content-length", value: "9")], body: [0x61]))
        == "HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\na")
    #expect(
      try Self.written(HTTPResponse(status: 200, body: [0x61]), toHead: true)
        == "HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\n")
    #expect(try Self.written(HTTPResponse(status: 204)) == "HTTP/1.1 204 No Content\r\n\r\n")
    #expect(
      try Self.written(HTTPResponse(status: 418, keepsAlive: true, version: .v10))
        == "HTTP/1.0 418 I'm a teapot\r\ncontent-length: 0\r\nconnection: keep-alive\r\n\r\n")
  }

  /// A line end in foreign text would begin another message.
  @Test func writesNothingThatWouldBeReadAsMore() {
    let host = HTTPField(name: "host", value: "x")
    let bad: [(HTTPRequest, HTTPError)] = [
      (HTTPRequest(method: "GET", target: "/ HTTP/1.1\r\n", fields: [host]), .badTarget),
      (HTTPRequest(method: "G T", target: "/", fields: [host]), .badStartLine),
      (
        HTTPRequest(method: "GET", target: "/", fields: [host, HTTPField(name: "a", value: "b\r\nc: d")]),
        .badFieldValue
      ),
      (HTTPRequest(method: "GET", target: "/", fields: [host, HTTPField(name: "a:", value: "b")]), .badFieldName),
      (HTTPRequest(method: "GET", target: "/"), .missingHost),
    ]
    for (request, error) in bad { #expect(throws: error) { try Self.written(request) } }
    #expect(throws: HTTPError.badFieldValue) {
      try Self.written(HTTPResponse(status: 200, fields: [HTTPField(name: "a", value: "b\nc")]))
    }
  }

  /// What is written is read back as it was.
  @Test func readersReadWhatIsWritten() throws {
    var out = ByteBuffer()
    var request = HTTPRequest(
      method: "POST", target: "/api?x=%20",
      fields: [HTTPField(name: "host", value: "h"), HTTPField(name: "a", value: "b c")],
      body: Array("symbol=BTCUSDT".utf8))
    try HTTPWriter.append(request, to: &out)
    var reader = HTTPRequestReader()
    reader.append(out.bytes)
    request.fields.append(HTTPField(name: "content-length", value: "14"))
    #expect(try reader.next() == request)
  }
}
