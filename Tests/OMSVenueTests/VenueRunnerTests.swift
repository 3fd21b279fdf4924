import OMSLib
import Testing

@testable import OMSVenue

/// A surface that answers with what it was asked, so that all that is seen is the runner's.
private struct Mirror: VenueSurface, ~Copyable {
  private(set) var heard: [String] = []
  private var output: [VenueOutput] = []
  private var taken = 0
  private(set) var links: Set<VenueLink> = []
  var nextDue: EngineTime { .never }

  mutating func accept(_ link: VenueLink, product: VenueProduct, peer: String, at time: ServerTime) {
    heard.append("accept \(product) \(peer)")
    links.insert(link)
  }

  mutating func take(_ request: HTTPRequest, on link: VenueLink, at time: ServerTime) {
    heard.append("\(request.method) \(request.target)")
    if request.field("upgrade") != nil, request.target == "/ws" {
      output.append(.upgrade(link, request))
      output.append(.message(link, Array("welcome".utf8)))
    } else {
      output.append(.response(link, HTTPResponse(status: 200, body: Array(request.target.utf8) + request.body)))
    }
  }

  mutating func take(message: [UInt8], on link: VenueLink, at time: ServerTime) {
    switch String(decoding: message, as: UTF8.self) {
    case "ping me": output.append(.ping(link, Array("7".utf8)))
    case "close": output.append(.closeSocket(link, 1_008))
    case "abort": output.append(.abort(link))
    case "flood":
      let piece = [UInt8](repeating: UInt8(ascii: "x"), count: 1 << 20)
      for _ in 0..<32 { output.append(.message(link, piece)) }
    default: output.append(.message(link, message))
    }
  }

  mutating func take(pong payload: [UInt8], on link: VenueLink, at time: ServerTime) {
    heard.append("pong \(String(decoding: payload, as: UTF8.self))")
  }

  mutating func close(_ link: VenueLink, at time: ServerTime) {
    heard.append("close")
    links.remove(link)
  }

  mutating func announceShutdown(at time: ServerTime) {
    for link in links { output.append(.message(link, Array("goodbye".utf8))) }
  }

  mutating func turn(at time: ServerTime) {}

  mutating func nextOutput() -> VenueOutput? {
    guard taken < output.count else { return nil }
    taken += 1
    return output[taken - 1]
  }
}

/// Time that only the test moves.
private final class HandClock: Clock {
  var now: Int64 = 1_000
  func boottime() -> Int64 { now }
  func realtime() -> Int64 { now }
}

/// One client and the runner, moved on in turn by one thread.
private struct Stage: ~Copyable {
  struct Stuck: Error {}

  var runner: VenueRunner<Mirror, HandClock>
  var client: Connection
  var got = ByteQueue()
  var end: Connection.Read?
  var failure: ConnectionError?
  let clock: HandClock

  init(serverTLS: TLSContext? = nil, clientTLS: (context: TLSContext, host: String)? = nil) throws {
    let clock = HandClock()
    var runner = try VenueRunner(Mirror(), clock: clock)
    let address = try runner.listen(.usdm, at: .loopback(port: 0), tls: serverTLS)
    client = try Connection(to: address, tls: clientTLS)
    self.runner = runner
    self.clock = clock
  }

  /// Until the client has so many bytes, or the end.
  mutating func run(until isDone: (borrowing Stage) -> Bool) throws {
    for _ in 0..<20_000 {
      if isDone(self) { return }
      try runner.turn(atMost: 1_000_000)
      guard end == nil, failure == nil else { continue }
      do throws(ConnectionError) {
        guard try client.advance() else { continue }
        while case .bytes = try readOnce() {}
      } catch {
        failure = error
      }
    }
    throw Stuck()
  }

  private mutating func readOnce() throws(ConnectionError) -> Connection.Read {
    let read = try client.read(into: &got)
    if case .ended = read { end = read }
    return read
  }

  mutating func send(_ text: String) throws {
    _ = try client.write(Array(text.replacing("\n", with: "\r\n").utf8))
  }

  mutating func send(_ opcode: WebSocketOpcode, _ text: String) throws { try send(opcode, Array(text.utf8)) }

  mutating func send(_ opcode: WebSocketOpcode, _ payload: [UInt8]) throws {
    var out = ByteBuffer()
    WebSocketWriter.append(opcode, payload, mask: 7, to: &out)
    _ = try client.write(out)
  }

  var text: String { got.withBytes { String(decoding: $0, as: UTF8.self) } }

  /// Opens a WebSocket; what came behind the answer is left in `got`.
  mutating func open() throws {
    let key = WebSocketHandshake.key((1, 2))
    var out = ByteBuffer()
    try HTTPWriter.append(WebSocketHandshake.request(host: "x", target: "/ws", key: key), to: &out)
    _ = try client.write(out)
    try run { $0.text.contains("welcome") }
    var reader = HTTPResponseReader()
    reader.expect("GET")
    got.withBytes { reader.input.append($0) }
    try WebSocketHandshake.check(#require(try reader.next()), key: key)
    got.removeAll()
    reader.takeRest { got.append($0) }
  }

  /// What came as frames since the last time.
  mutating func frames() throws -> [String] {
    var reader = WebSocketReader(role: .client, limits: .client)
    got.withBytes { reader.append($0) }
    var told: [String] = []
    while let event = try reader.next() {
      if case .close(let close) = event {
        told.append("close \(close.code ?? 0)")
      } else {
        told.append("\(event) \(String(decoding: reader.payload, as: UTF8.self))")
      }
    }
    got.removeAll()
    return told
  }
}

@Suite struct VenueRunnerTests {
  @Test func requestsAreAnsweredInTheirOrder() throws {
    var stage = try Stage()
    try stage.send(
      "GET /1 HTTP/1.1\nHost: x\n\nPOST /2 HTTP/1.1\nHost: x\nContent-Length: 1\n\n!HEAD /3 HTTP/1.1\nHost: x\n\n")
    try stage.send("GET /4 HTTP/1.1\nHost: x\nConnection: close\n\nGET /5 HTTP/1.1\nHost: x\n\n")
    try stage.run { $0.end != nil }
    let head = "HTTP/1.1 200 OK\r\ncontent-length: "
    let expected = "\(head)2\r\n\r\n/1\(head)3\r\n\r\n/2!\(head)2\r\n\r\n\(head)2\r\nconnection: close\r\n\r\n/4"
    #expect(stage.text == expected)
    #expect(stage.end == .ended(isClean: true))
    try stage.client.finish()
    try stage.run { $0.runner.connectionCount == 0 }
    let heard = stage.runner.surface.heard
    #expect(heard == ["accept usdm 127.0.0.1", "GET /1", "POST /2", "HEAD /3", "GET /4", "close"])
  }

  @Test func whatCannotBeReadIsRefusedBehindTheAnswers() throws {
    var stage = try Stage()
    try stage.send("GET /1 HTTP/1.1\nHost: x\n\nGET /2 HTTP/1.1\n\n")
    try stage.run { $0.end != nil }
    #expect(stage.text.hasPrefix("HTTP/1.1 200 OK\r\n"))
    #expect(stage.text.contains("HTTP/1.1 400 Bad Request\r\n") && stage.text.hasSuffix("the request names no host\n"))
  }

  @Test func aClientThatExpectsItIsToldToGoOn() throws {
    var stage = try Stage()
    try stage.send("POST / HTTP/1.1\nHost: x\nContent-Length: 1\nExpect: 100-continue\n\n")
    try stage.run { $0.text.hasSuffix("\r\n\r\n") }
    #expect(stage.text == "HTTP/1.1 100 Continue\r\n\r\n")
    try stage.send("!")
    try stage.run { $0.text.hasSuffix("/!") }
  }

  @Test func whoHasAskedAllMayStillRead() throws {
    var stage = try Stage()
    try stage.send("GET /1 HTTP/1.1\nHost: x\n\n")
    try stage.client.finish()
    try stage.run { $0.runner.connectionCount == 0 && $0.end != nil }
    #expect(stage.text.hasSuffix("/1"))
  }

  @Test func aWebSocketLivesAndIsClosed() throws {
    var stage = try Stage()
    try stage.open()
    #expect(try stage.frames() == ["text welcome"])
    try stage.send(.text, "hello")
    try stage.send(.ping, "p")
    try stage.send(.text, "ping me")
    try stage.run { $0.got.count >= 7 + 3 + 3 }
    #expect(Set(try stage.frames()) == ["text hello", "pong p", "ping 7"])
    try stage.send(.pong, "7")
    try stage.send(.text, "close")
    try stage.run { $0.got.count >= 4 }
    #expect(try stage.frames() == ["close 1008"])
    try stage.send(.close, [0x03, 0xE8])
    try stage.run { $0.end != nil }
    try stage.client.finish()
    try stage.run { $0.runner.connectionCount == 0 }
    let heard = stage.runner.surface.heard
    #expect(heard == ["accept usdm 127.0.0.1", "GET /ws", "pong 7"], "who closed need not be told")
  }

  @Test func whoOnlyGoesIsGone() throws {
    var stage = try Stage()
    try stage.open()
    try stage.client.finish()
    try stage.run { $0.runner.connectionCount == 0 }
    #expect(stage.runner.surface.heard.last == "close")
  }

  @Test func bytesThatAreNoMessageAreRefused() throws {
    var stage = try Stage()
    try stage.open()
    _ = try stage.frames()
    try stage.send(.binary, "x")
    try stage.run { $0.got.count > 4 }
    #expect(try stage.frames() == ["close 1003"])
    var other = try Stage()
    try other.open()
    _ = try other.frames()
    _ = try other.client.write([0x81, 0x01, 0x61])
    try other.run { $0.end != nil }
    #expect(try other.frames() == ["close 1002"])
  }

  @Test func aBadHandshakeNeverReachesTheSurface() throws {
    var stage = try Stage()
    try stage.send("GET /ws HTTP/1.1\nHost: x\nUpgrade: websocket\nConnection: Upgrade\nSec-WebSocket-Version: 8\n\n")
    try stage.run { $0.end != nil }
    #expect(stage.text.hasPrefix("HTTP/1.1 426 Upgrade Required\r\nsec-websocket-version: 13\r\n"))
    #expect(stage.runner.surface.heard == ["accept usdm 127.0.0.1", "close"] || stage.runner.surface.heard.count == 1)
  }

  @Test func anUpgradeMayBeRefused() throws {
    var stage = try Stage()
    var out = ByteBuffer()
    try HTTPWriter.append(
      WebSocketHandshake.request(host: "x", target: "/no", key: WebSocketHandshake.key((1, 2))), to: &out)
    _ = try stage.client.write(out)
    try stage.send("GET /next HTTP/1.1\nHost: x\n\n")
    try stage.run { $0.text.hasSuffix("/next") }
    #expect(stage.text.contains("\r\n\r\n/no"))
  }

  /// A client that asks for more than it reads is reset, and costs no more than its bound.
  @Test func aSlowReaderIsCutOff() throws {
    var stage = try Stage()
    try stage.open()
    try stage.send(.text, "flood")
    for _ in 0..<200 where stage.runner.connectionCount > 0 { try stage.runner.turn(atMost: 1_000_000) }
    let (count, last) = (stage.runner.connectionCount, stage.runner.surface.heard.last)
    #expect(count == 0 && last == "close")
  }

  @Test func anAbortIsSeenAsOne() throws {
    var stage = try Stage()
    try stage.open()
    try stage.send(.text, "abort")
    try stage.run { $0.failure != nil }
    #expect(stage.failure == .system(SystemError(errno: 104, call: "recv")))
  }

  @Test func whoSaysNothingIsGivenUp() throws {
    var stage = try Stage()
    try stage.send("GET /1 HTTP/1.1\nHos")
    try stage.run { $0.runner.connectionCount == 1 && $0.client.phase == .open }
    for _ in 0..<20 { try stage.runner.turn(atMost: 0) }
    stage.clock.now += VenuePatience.idleNanoseconds - 1
    for _ in 0..<20 { try stage.runner.turn(atMost: 0) }
    var count = stage.runner.connectionCount
    #expect(count == 1)
    stage.clock.now += 1
    for _ in 0..<20 { try stage.runner.turn(atMost: 0) }
    count = stage.runner.connectionCount
    #expect(count == 0)
  }

  @Test func aStopSaysGoodbye() throws {
    var stage = try Stage()
    try stage.open()
    _ = try stage.frames()
    stage.runner.stop()
    try stage.run { $0.got.count >= 9 + 4 }
    #expect(try stage.frames() == ["text goodbye", "close 1001"])
    try stage.send(.close, [0x03, 0xE9])
    try stage.run { $0.end != nil }
    try stage.client.finish()
    try stage.run { $0.runner.isDone }
  }

  @Test func aStopDoesNotWaitForEver() throws {
    var stage = try Stage()
    try stage.open()
    stage.runner.stop()
    try stage.runner.turn(atMost: 0)
    stage.clock.now += VenuePatience.leavingNanoseconds
    for _ in 0..<20 { try stage.runner.turn(atMost: 0) }
    let isDone = stage.runner.isDone
    #expect(isDone)
  }

  @Test func speaksTLS() throws {
    let now = SystemClock().realtime()
    let (from, until) = (UTCTime(nanoseconds: now - 86_400_000_000_000), UTCTime(nanoseconds: now + 86_400_000_000_000))
    let authority = try TLSIdentity.makeAuthority(named: "test", from: from, until: until)
    let identity = try authority.issue(for: ["localhost", "127.0.0.1", "::1"], from: from, until: until)
    let server = try TLSContext(chain: identity.certificate, key: identity.key)
    let client = try TLSContext(authorities: authority.certificate)
    var stage = try Stage(serverTLS: server, clientTLS: (client, "localhost"))
    try stage.open()
    try stage.send(.text, String(repeating: "long ", count: 40_000))
    try stage.run { $0.got.count > 200_000 }
    #expect(try stage.frames().last?.utf8.count == 200_005)
  }

  /// The exchange itself behind the runner, as a client sees it.
  @Test func theExchangeAnswersOverTheWire() throws {
    let clock = HandClock()
    clock.now = 1_790_000_000_000_000_000
    var options = VenueOptions()
    options.seed = 3
    let time = ServerTime(now: EngineTime(nanoseconds: clock.now), utc: UTCTime(nanoseconds: clock.now))
    let server = VenueServer.open(options, recorder: NoExchangeRecorder(), at: time)
    var runner = try VenueRunner(server, clock: clock)
    let address = try runner.listen(.spot, at: .loopback(port: 0))
    var client = try Connection(to: address)
    _ = try client.write(Array("GET /api/v3/time HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".utf8))
    var got = ByteQueue()
    var end: Connection.Read?
    for _ in 0..<10_000 where end == nil {
      try runner.turn(atMost: 1_000_000)
      guard try client.advance() else { continue }
      if case .ended(let isClean) = try client.read(into: &got) { end = .ended(isClean: isClean) }
    }
    let text = got.withBytes { String(decoding: $0, as: UTF8.self) }
    #expect(text.hasPrefix("HTTP/1.1 200 OK\r\n") && text.hasSuffix("{\"serverTime\":1790000000000}"), "\(text)")
  }
}
