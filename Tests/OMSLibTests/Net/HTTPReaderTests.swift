import OMSLib
import Testing

/// What a reader makes of bytes does not depend on how they are cut.
enum Pieces {
  /// Whole, in two pieces at every place, and byte by byte.
  static func cuts(_ bytes: [UInt8]) -> [[ArraySlice<UInt8>]] {
    var cuts: [[ArraySlice<UInt8>]] = [[bytes[...]], bytes.indices.map { bytes[$0...$0] }]
    for place in bytes.indices.dropFirst() { cuts.append([bytes[..<place], bytes[place...]]) }
    return cuts
  }
}

@Suite struct HTTPRequestReaderTests {
  /// Lines become CRLF; what was read is told in a line for each request.
  private static func read(_ pieces: [ArraySlice<UInt8>], limits: HTTPLimits = .request) -> [String] {
    var reader = HTTPRequestReader(limits: limits)
    var told: [String] = []
    do throws(HTTPError) {
      for piece in pieces {
        reader.append(piece)
        while let request = try reader.next() { told.append(tell(request)) }
      }
      try reader.end()
    } catch {
      told.append("\(error.status) \(error)")
    }
    return told
  }

  private static func tell(_ request: HTTPRequest) -> String {
    let fields = request.fields.filter { $0.name != "host" }.map { "\($0.name)=\($0.value)" }
    let body = String(decoding: request.body, as: UTF8.self)
    return ([request.method, request.target] + fields + [request.keepsAlive ? "on" : "off", "[\(body)]"])
      .joined(separator: " ")
  }

  private static let stories: [(String, [String])] = [
    ("GET /a?b=%5B1%5D HTTP/1.1\nHost: x\n\n", ["GET /a?b=%5B1%5D on []"]),
    ("\n\nGET / HTTP/1.1\nhOST:x\nX-MBX-APIKEY: \t k \t\n\n", ["GET / x-mbx-apikey=k on []"]),
    ("GET / HTTP/1.1\nHost: x\nConnection: foo, Close\n\n", ["GET / connection=foo, Close off []"]),
    ("GET / HTTP/1.0\n\n", ["GET / off []"]),
    ("GET / HTTP/1.0\nConnection: keep-alive\n\n", ["GET / connection=keep-alive on []"]),
    (
      "POST / HTTP/1.1\nHost: x\nContent-Length: 3\n\nabcGET /2 HTTP/1.1\nHost: x\n\n",
      ["POST / content-length=3 on [abc]", "GET /2 on []"]
    ),
    (
      "POST / HTTP/1.1\nHost: x\nContent-Length: 0\nContent-Length: 0\n\n",
      ["POST / content-length=0 content-length=0 on []"]
    ),
    (
      "POST / HTTP/1.1\nHost: x\nTransfer-Encoding: Chunked\n\n3\nabc\n00A;x=\"y\"\n0123456789\n0\nT: 1\n\nGET /2 HTTP/1.1\nHost: x\n\n",
      ["POST / transfer-encoding=Chunked on [abc0123456789]", "GET /2 on []"]
    ),
    ("POST / HTTP/1.1\nHost: x\nTransfer-Encoding: chunked\n\n0\n\n", ["POST / transfer-encoding=chunked on []"]),
    ("GET /주문 HTTP/1.1\nHost: x\n\n", ["GET /주문 on []"]),
    // What is refused.
    (
      "GET / HTTP/1.1\nHost: x\nContent-Length: 1\nTransfer-Encoding: chunked\n\n",
      ["400 both content-length and transfer-encoding are given"]
    ),
    (
      "GET / HTTP/1.1\nHost: x\nContent-Length: 1\nContent-Length: 2\n\n",
      ["400 content-length is given twice, differently"]
    ),
    ("GET / HTTP/1.1\nHost: x\nContent-Length: 1, 1\n\n", ["400 content-length is no number"]),
    ("GET / HTTP/1.1\nHost: x\nContent-Length: +1\n\n", ["400 content-length is no number"]),
    ("GET / HTTP/1.1\nHost: x\nContent-Length: \n\n", ["400 content-length is no number"]),
    ("GET / HTTP/1.1\nHost: x\nContent-Length: 999999999999999999\n\n", ["413 the body is longer than allowed"]),
    ("GET / HTTP/1.1\nHost: x\nTransfer-Encoding: gzip, chunked\n\n", ["501 the transfer coding is not chunked"]),
    (
      "GET / HTTP/1.1\nHost: x\nTransfer-Encoding: chunked\nTransfer-Encoding: chunked\n\n",
      ["501 the transfer coding is not chunked"]
    ),
    ("GET / HTTP/1.0\nTransfer-Encoding: chunked\n\n", ["501 the transfer coding is not chunked"]),
    ("GET / HTTP/1.1\nHost: x\n folded\n\n", ["400 a field continues on a second line"]),
    ("GET / HTTP/1.1\nHost : x\n\n", ["400 a field has a space between name and colon"]),
    ("GET / HTTP/1.1\nHost: x\n: y\n\n", ["400 a field has no name, or one with characters that are not allowed"]),
    (
      "GET / HTTP/1.1\nHost: x\nA\u{7F}: y\n\n",
      ["400 a field has no name, or one with characters that are not allowed"]
    ),
    ("GET / HTTP/1.1\nHost: x\nA: \u{1}\n\n", ["400 the value of a field has control characters"]),
    ("GET / HTTP/1.1\n\n", ["400 the request names no host"]),
    ("GET / HTTP/1.1\nHost: x\nHost: x\n\n", ["400 the request names several hosts"]),
    ("GET / HTTP/2.0\nHost: x\n\n", ["505 the version is neither HTTP/1.1 nor HTTP/1.0"]),
    ("GET / HTTP/1.2\nHost: x\n\n", ["505 the version is neither HTTP/1.1 nor HTTP/1.0"]),
    ("GET /\n\n", ["400 the first line is none of HTTP"]),
    ("GET  HTTP/1.1\nHost: x\n\n", ["400 the first line is none of HTTP"]),
    ("G ET / HTTP/1.1\nHost: x\n\n", ["400 the target of the request has spaces or control characters"]),
    ("GET /a b HTTP/1.1\nHost: x\n\n", ["400 the target of the request has spaces or control characters"]),
    ("GET / http/1.1\nHost: x\n\n", ["400 the first line is none of HTTP"]),
    ("GET / HTTP/1.1\nHost: x\nExpect: cake\n\n", ["417 the request expects what this server does not know"]),
    (
      "POST / HTTP/1.1\nHost: x\nTransfer-Encoding: chunked\n\nx\n",
      ["400 a chunk of the body does not follow the grammar"]
    ),
    (
      "POST / HTTP/1.1\nHost: x\nTransfer-Encoding: chunked\n\n1 \na",
      ["400 a chunk of the body does not follow the grammar"]
    ),
    (
      "POST / HTTP/1.1\nHost: x\nTransfer-Encoding: chunked\n\n1\nab",
      ["400 a chunk of the body does not follow the grammar"]
    ),
    (
      "POST / HTTP/1.1\nHost: x\nTransfer-Encoding: chunked\n\nfffffffffffffffffff\n",
      ["413 the body is longer than allowed"]
    ),
    (
      "POST / HTTP/1.1\nHost: x\nTransfer-Encoding: chunked\n\n0\nContent-Length : 1\n\n",
      ["400 a field has a space between name and colon"]
    ),
    // What is cut.
    ("GET / HTTP/1.1\nHost: x\n", ["400 the stream ended inside a message"]),
    ("POST / HTTP/1.1\nHost: x\nContent-Length: 4\n\nabc", ["400 the stream ended inside a message"]),
  ]

  @Test(arguments: stories) func story(_ lines: String, _ expected: [String]) {
    for pieces in Pieces.cuts(Array(lines.replacing("\n", with: "\r\n").utf8)) {
      let told = Self.read(pieces)
      guard told != expected else { continue }
      Issue.record("\(pieces.count) pieces, the first of \(pieces[0].count): \(told)")
      return
    }
  }

  @Test(arguments: [
    "GET / HTTP/1.1\nHost: x\r\n\r\n", "GET / HTTP/1.1\r\nHost: x\n\n", "GET / HTTP/1.1\r\nHost: x\r\n\n", "\n",
    "\r\nGET / HTTP/1.1\r\nHost: x\r\nA: b\nC: d\r\n\r\n",
  ]) func linesEndWithBoth(_ text: String) {
    for pieces in Pieces.cuts(Array(text.utf8)) {
      #expect(Self.read(pieces) == ["400 a line of the head ends without a carriage return"])
    }
  }

  @Test(arguments: ["a\rb", "\r"]) func aCarriageReturnAloneIsNoPartOfAValue(_ value: String) {
    let told = Self.read([Array("GET / HTTP/1.1\r\nHost: x\r\nA: \(value)c\r\n\r\n".utf8)[...]])
    #expect(told == ["400 the value of a field has control characters"])
  }

  @Test func whatIsNoTextIsNoTarget() {
    let told = Self.read([(Array("GET /".utf8) + [0xC0, 0xAF] + Array(" HTTP/1.1\r\nHost: x\r\n\r\n".utf8))[...]])
    #expect(told == ["400 the target of the request has spaces or control characters"])
  }

  /// One more than each bound, also when the end never comes.
  @Test func boundsHold() {
    var limits = HTTPLimits(headBytes: 64, fieldCount: 2, bodyBytes: 8)
    limits.chunkLineBytes = 16
    limits.chunkExtensionBytes = 8
    func told(_ text: String) -> [String] {
      Self.read([Array(text.replacing("\n", with: "\r\n").utf8)[...]], limits: limits)
    }
    let head = "GET / HTTP/1.1\nHost: x\nA: "
    let longest = String(repeating: "y", count: 64 - head.utf8.count - 2 - 4)
    #expect(told(head + longest + "\n\n").count == 1 && told(head + longest + "\n\n")[0].hasPrefix("GET"))
    #expect(told(head + longest + "y\n\n") == ["431 the head is longer than allowed"])
    #expect(told(head + String(repeating: "y", count: 100)) == ["431 the head is longer than allowed"])
    #expect(told("GET / HTTP/1.1\nHost: x\nA: 1\n\n")[0].hasPrefix("GET"))
    #expect(told("GET / HTTP/1.1\nHost: x\nA: 1\nB: 2\n\n") == ["431 the head has more fields than allowed"])
    #expect(told("P / HTTP/1.1\nHost: x\nContent-Length: 8\n\n12345678")[0].hasPrefix("P"))
    #expect(told("P / HTTP/1.1\nHost: x\nContent-Length: 9\n\n") == ["413 the body is longer than allowed"])
    let chunked = "P / HTTP/1.1\nHost: x\nTransfer-Encoding: chunked\n\n"
    limits.headBytes = 128
    #expect(told(chunked + "4\n1234\n4\n5678\n0\n\n")[0].hasPrefix("P"))
    #expect(told(chunked + "4\n1234\n5\n") == ["413 the body is longer than allowed"])
    #expect(told(chunked + "1;abcdefghijklmnopq") == ["400 the lines between the chunks are longer than allowed"])
    #expect(
      told(chunked + "1;abcd\n1\n1;abcd\n1\n0\n\n") == ["400 the lines between the chunks are longer than allowed"])
    #expect(told(chunked + "0\nA: 1\nB: 2\nC: 3\n\n") == ["431 the head has more fields than allowed"])
  }

  @Test func aClientThatWaitsForPermissionIsToldToGoOn() throws {
    var reader = HTTPRequestReader()
    let head = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n"
    reader.append(head.utf8)
    #expect(try reader.next() == nil)
    let first = reader.takeContinue()
    let second = reader.takeContinue()
    #expect(first && !second, "it is told once")
    reader.append("ab".utf8)
    #expect(try reader.next()?.body == [0x61, 0x62])
    // Who sends the body at once does not wait.
    reader.append((head + "ab").utf8)
    #expect(try reader.next()?.body == [0x61, 0x62])
    let third = reader.takeContinue()
    #expect(!third)
  }

  @Test func whatFollowsAnUpgradeIsHandedOver() throws {
    var reader = HTTPRequestReader()
    reader.append("GET / HTTP/1.1\r\nHost: x\r\n\r\n\u{1}\n".utf8)
    #expect(try reader.next() != nil)
    var rest: [UInt8] = []
    reader.takeRest { rest = Array($0) }
    #expect(rest == [1, 10])
    let isIdle = reader.isIdle
    #expect(isIdle)
  }
}
