import CCore
import OMSLib
import Testing

@Suite struct WebSocketSessionTests {
  private static func session(_ role: WebSocketRole) -> WebSocketSession {
    WebSocketSession(role: role, limits: WebSocketLimits(messageBytes: 1_000), masks: SplitMix64(seed: 7))
  }

  /// What the other end makes of bytes, event by event.
  private static func told(_ bytes: [UInt8], by role: WebSocketRole) throws -> [String] {
    var reader = WebSocketReader(role: role, limits: .client)
    reader.append(bytes)
    var told: [String] = []
    while let event = try reader.next() {
      if case .close(let close) = event {
        told.append("close \(close.code ?? 0) \(close.reason)")
      } else {
        told.append("\(event) \(String(decoding: reader.payload, as: UTF8.self))")
      }
    }
    return told
  }

  @Test(arguments: WebSocketReaderTests.roles) func pingsAreAnsweredAndMessagesAreDelivered(role: WebSocketRole) throws
  {
    var session = Self.session(role)
    var out = ByteBuffer()
    session.append(Frames.frame(0x89, Array("p".utf8), to: role) + Frames.frame(0x81, Array("m".utf8), to: role))
    #expect(session.next(&out) == .ping)
    #expect(session.next(&out) == .text)
    let payload = session.payload
    let isEchoed = session.echo(.text, to: &out)
    #expect(payload == Array("m".utf8) && isEchoed)
    #expect(session.next(&out) == nil)
    let other: WebSocketRole = role == .client ? .server : .client
    #expect(try Self.told(out.bytes, by: other) == ["pong p", "text m"])
  }

  @Test(arguments: WebSocketReaderTests.roles) func aCloseIsAnsweredWithItsCode(role: WebSocketRole) throws {
    var session = Self.session(role)
    var out = ByteBuffer()
    session.append(Frames.frame(0x88, [0x0F, 0xA0, 0x61], to: role) + Frames.frame(0x89, [], to: role))
    #expect(session.next(&out) == .closed(WebSocketClose(code: 4_000, reason: "a")))
    #expect(session.next(&out) == nil)
    let sent = session.send(.text, [0x61], to: &out)
    let isOver = session.isOver
    #expect(!sent && isOver)
    #expect(session.end() == nil, "it was closed by both")
    #expect(try Self.told(out.bytes, by: role == .client ? .server : .client) == ["close 4000 "])
  }

  /// Messages that were on the way still count; pings are no longer answered.
  @Test func afterOurCloseTheirsIsAwaited() throws {
    var session = Self.session(.client)
    var out = ByteBuffer()
    session.close(WebSocketClose(code: 1_000, reason: "bye"), to: &out)
    let sent = session.send(.text, [0x61], to: &out)
    #expect(!sent)
    session.append(Frames.frame(0x81, [0x62], to: .client) + Frames.frame(0x89, [], to: .client))
    #expect(session.next(&out) == .text)
    #expect(session.next(&out) == .ping)
    var isOver = session.isOver
    #expect(!isOver)
    session.append(Frames.frame(0x88, [0x03, 0xE8], to: .client))
    #expect(session.next(&out) == .closed(WebSocketClose(code: 1_000)))
    isOver = session.isOver
    #expect(isOver)
    #expect(try Self.told(out.bytes, by: .server) == ["close 1000 bye"])
  }

  @Test func aStreamThatJustEndsIsAnAbnormalClosure() {
    var session = Self.session(.client)
    #expect(session.end() == .closed(WebSocketClose(code: 1_006)))
    #expect(session.end() == nil)
  }

  @Test func aBrokenPeerIsToldWhy() throws {
    var session = Self.session(.server)
    var out = ByteBuffer()
    session.append(Frames.frame(0x81, [0xFF], to: .server) + Frames.frame(0x81, [0x61], to: .server))
    #expect(session.next(&out) == .failed(.invalidText))
    #expect(session.next(&out) == nil)
    #expect(try Self.told(out.bytes, by: .client) == ["close 1007 a text is not UTF-8"])
  }

  @Test func masksDifferFromFrameToFrame() {
    var session = Self.session(.client)
    let masks = Set((0..<100).compactMap { _ in session.drawMask() })
    #expect(masks.count == 100)
    var server = Self.session(.server)
    let none = server.drawMask()
    #expect(none == nil)
  }

  @Test func aReasonThatIsTooLongIsCutBetweenCharacters() throws {
    var out = ByteBuffer()
    WebSocketWriter.append(
      WebSocketClose(code: 1_000, reason: String(repeating: "주", count: 60)), mask: nil, to: &out)
    #expect(try Self.told(out.bytes, by: .client) == ["close 1000 " + String(repeating: "주", count: 41)])
  }
}

@Suite struct WebSocketHandshakeTests {
  private static let key = "dGhlIHNhbXBsZSBub25jZQ=="
  private static let accept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="

  @Test func agreesWithTheExampleOfTheStandard() {
    #expect(WebSocketHandshake.accept(Self.key) == Self.accept)
    #expect(WebSocketHandshake.key((0x0706_0504_0302_0100, 0x0F0E_0D0C_0B0A_0908)) == "AAECAwQFBgcICQoLDA0ODw==")
  }

  @Test func bothEndsAgree() throws {
    let request = WebSocketHandshake.request(host: "x", target: "/ws", key: Self.key)
    #expect(WebSocketHandshake.isAsked(by: request))
    let answer = try WebSocketHandshake.answer(to: request)
    try WebSocketHandshake.check(answer, key: Self.key)
    #expect(throws: WebSocketHandshake.ClientError.badAccept) {
      try WebSocketHandshake.check(answer, key: "AAECAwQFBgcICQoLDA0ODw==")
    }
  }

  /// What is changed in a good request, and why it is refused.
  static let requests: [(@Sendable (inout HTTPRequest) -> Void, WebSocketHandshake.ServerError?)] = [
    ({ _ in }, nil),
    ({ $0.fields[1].value = "WebSocket" }, nil),
    ({ $0.fields[2].value = "keep-alive, UPGRADE" }, nil),
    ({ $0.method = "POST" }, .badMethod),
    ({ $0.version = .v10 }, .badRequest),
    ({ $0.body = [1] }, .badRequest),
    ({ $0.fields[1].value = "h2c" }, .badRequest),
    ({ $0.fields[2].value = "keep-alive" }, .badRequest),
    ({ $0.fields[4].value = "8" }, .unsupportedVersion),
    ({ $0.fields.remove(at: 4) }, .unsupportedVersion),
    ({ $0.fields[3].value = "short" }, .badKey),
    ({ $0.fields[3].value = "dGhlIHNhbXBsZSBub25jZQ=A" }, .badKey),
    ({ $0.fields[3].value = "dGhlIHNhbXBsZSBub25!ZQ==" }, .badKey),
    ({ $0.fields.append($0.fields[3]) }, .badKey),
  ]

  @Test(arguments: requests.indices) func serverRefuses(number: Int) {
    let (change, expected) = Self.requests[number]
    var request = WebSocketHandshake.request(host: "x", target: "/ws", key: Self.key)
    change(&request)
    var found: WebSocketHandshake.ServerError?
    do throws(WebSocketHandshake.ServerError) { _ = try WebSocketHandshake.answer(to: request) } catch { found = error }
    #expect(found == expected)
    if let found { #expect(found.answer.status >= 400 && !found.answer.keepsAlive) }
  }

  /// What is changed in a good answer, and why it is refused.
  static let answers: [(@Sendable (inout HTTPResponse) -> Void, WebSocketHandshake.ClientError?)] = [
    ({ _ in }, nil),
    ({ $0.fields[0].value = "WebSocket" }, nil),
    ({ $0.status = 200 }, .refused(status: 200)),
    ({ $0.status = 403 }, .refused(status: 403)),
    ({ $0.version = .v10 }, .badVersion),
    ({ $0.fields.remove(at: 0) }, .noUpgrade),
    ({ $0.fields.remove(at: 1) }, .noUpgrade),
    ({ $0.fields.remove(at: 2) }, .badAccept),
    ({ $0.fields.append($0.fields[2]) }, .badAccept),
    ({ $0.fields.append(HTTPField(name: "sec-websocket-extensions", value: "permessage-deflate")) }, .unaskedExtension),
    ({ $0.fields.append(HTTPField(name: "sec-websocket-protocol", value: "x")) }, .unaskedProtocol),
  ]

  @Test(arguments: answers.indices) func clientRefuses(number: Int) throws {
    let (change, expected) = Self.answers[number]
    let request = WebSocketHandshake.request(host: "x", target: "/ws", key: Self.key)
    var answer = try WebSocketHandshake.answer(to: request)
    change(&answer)
    var found: WebSocketHandshake.ClientError?
    do throws(WebSocketHandshake.ClientError) { try WebSocketHandshake.check(answer, key: Self.key) } catch {
      found = error
    }
    #expect(found == expected)
  }

  /// The published examples, and every length around the end of a block.
  @Test func theHashIsTheOneOfTheStandard() {
    func hex(_ text: String) -> String {
      var digest = [UInt8](repeating: 0, count: 20)
      cc_sha1(Array(text.utf8), text.utf8.count, &digest)
      var out = ByteBuffer()
      out.append(hex: digest)
      return out.text
    }
    #expect(hex("") == "da39a3ee5e6b4b0d3255bfef95601890afd80709")
    #expect(hex("abc") == "a9993e364706816aba3e25717850c26c9cd0d89d")
    #expect(
      hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq") == "84983e441c3bd26ebaae4aa1f95129e5e54670f1")
    #expect(hex(String(repeating: "a", count: 1_000)) == "291e9a6c66994949b57ba5e650361e98fc36b1ba")
  }
}
