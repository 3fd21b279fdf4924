import OMSLib

/// One end of a WebSocket that sends every message back, from the handshake to the end of the connection.
final class EchoPeer {
  private enum Stage {
    case handshake
    case talking
    /// Both sides have said what they had to say. What still comes is thrown away: closing with bytes unread would reset
    /// the connection, and our last words with it.
    case leaving
    case over
  }

  private enum Side {
    case server
    /// With the key that it sent.
    case client(key: String)
  }

  /// Larger than a message and its echo: the kernel may take none of it at first.
  static let queueBytes = 2 * WebSocketEchoCommand.limits.messageBytes
  /// What a peer may still send before its connection is dropped: more than the largest check does.
  private static let lateBytesMax = 512 << 20

  private var connection: Connection
  private let side: Side
  private var requests = HTTPRequestReader()
  private var responses = HTTPResponseReader()
  private var session: WebSocketSession
  private var stage = Stage.handshake
  private var scratch = ByteBuffer(capacity: 4_096)
  private var late = ByteQueue()
  private var lateBytes = 0
  private var peerHasEnded = false
  /// Why a client did not open; `nil` when it did.
  private(set) var refusal: String? = "the connection ended during the handshake"

  init(accepted connection: consuming Connection) {
    self.connection = connection
    side = .server
    session = WebSocketSession(
      role: .server, limits: WebSocketEchoCommand.limits, masks: SplitMix64(seed: 0))
  }

  init(to address: NetworkAddress, host: String, target: String, random: SplitMix64) throws {
    var random = random
    connection = try Connection(to: address, queueBytesMax: Self.queueBytes)
    let key = WebSocketHandshake.key((random.next(), random.next()))
    side = .client(key: key)
    session = WebSocketSession(
      role: .client, limits: WebSocketEchoCommand.limits, masks: SplitMix64(seed: random.next()))
    let request = WebSocketHandshake.request(host: host, target: target, key: key)
    try HTTPWriter.append(request, to: &scratch)
    responses.expect(request.method)
    try send()
  }

  var descriptor: Int32 { connection.descriptor }
  var isOver: Bool { stage == .over }
  /// Whether somebody has to look after it: the other side may do nothing any more.
  var needsDeadline: Bool { stage != .talking }

  /// While answers wait, nothing is read: who does not listen is not listened to.
  var wants: Readiness { connection.wants(reads: mayRead) }

  private var mayRead: Bool { !peerHasEnded && (stage == .leaving || connection.queuedBytes == 0) }

  func giveUp() {
    if stage == .handshake { refusal = "the handshake was not finished in time" }
    stage = .over
  }

  /// Does what can be done without waiting.
  func advance() {
    do throws(ConnectionError) {
      guard try connection.advance() else { return }
      while stage != .over, mayRead, try read() {}
      if stage == .leaving, peerHasEnded, connection.hasFinished { stage = .over }
    } catch {
      if stage == .handshake { refusal = "\(error)" }
      stage = .over
    }
  }

  /// Whether there may be more to read.
  private func read() throws(ConnectionError) -> Bool {
    let got: Connection.Read
    switch (stage, side) {
    case (.handshake, .server): got = try connection.read(into: &requests.input)
    case (.handshake, .client): got = try connection.read(into: &responses.input)
    case (.talking, _): got = try connection.read(into: &session.input)
    case (.leaving, _), (.over, _):
      got = try connection.read(into: &late)
      lateBytes += late.count
      late.removeAll()
      if lateBytes > Self.lateBytesMax { stage = .over }
    }
    switch got {
    case .nothing: return false
    case .bytes:
      if stage == .handshake { try shakeHands() }
      if stage == .talking { try answer() }
      return true
    case .ended:
      peerHasEnded = true
      _ = session.end()
      if stage != .over { try leave() }
      return false
    }
  }

  private func shakeHands() throws(ConnectionError) {
    switch side {
    case .server: try serveHandshake()
    case .client(let key): try checkHandshake(key)
    }
  }

  private func serveHandshake() throws(ConnectionError) {
    var response: HTTPResponse
    do throws(HTTPError) {
      guard let request = try requests.next() else { return }
      do throws(WebSocketHandshake.ServerError) {
        response = try WebSocketHandshake.answer(to: request)
      } catch {
        response = error.answer
      }
    } catch {
      response = HTTPResponse(status: error.status, body: Array("\(error)\n".utf8), keepsAlive: false)
    }
    do throws(HTTPError) { try HTTPWriter.append(response, to: &scratch) } catch {
      preconditionFailure("an answer of ours is well formed: \(error)")
    }
    try send()
    guard response.status == 101 else { return try leave() }
    // Frames may have come along with the handshake.
    stage = .talking
    unsafe requests.takeRest { unsafe session.append($0) }
  }

  private func checkHandshake(_ key: String) throws(ConnectionError) {
    do {
      guard let response = try responses.next() else { return }
      try WebSocketHandshake.check(response, key: key)
    } catch {
      refusal = "\(error)"
      return try leave()
    }
    refusal = nil
    stage = .talking
    unsafe responses.takeRest { unsafe session.append($0) }
  }

  private func answer() throws(ConnectionError) {
    while let event = session.next(&scratch) {
      switch event {
      case .text: _ = session.echo(.text, to: &scratch)
      case .binary: _ = session.echo(.binary, to: &scratch)
      case .ping, .pong, .closed, .failed: break
      }
      try send()
    }
    if session.isOver { try leave() }
  }

  private func send() throws(ConnectionError) {
    guard !scratch.isEmpty else { return }
    let outcome = try connection.write(scratch)
    scratch.removeAll()
    if outcome == .full { stage = .over }
  }

  private func leave() throws(ConnectionError) {
    guard stage != .leaving else { return }
    stage = .leaving
    try connection.finish()
  }
}
