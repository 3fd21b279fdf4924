import OMSLib

/// What a client has sent.
enum VenuePeerInput {
  case request(HTTPRequest)
  case message([UInt8])
  case pong([UInt8])
  /// Nothing more will come.
  case gone
}

/// How long a client is waited for, and how much is kept for it.
enum VenuePatience {
  /// Pages and streams that a client has not read. Who is further behind is cut off.
  static let queueBytesMax = 4 << 20
  /// The same of those who steer: all books are one answer.
  static let booksBytesMax = 64 << 20
  /// A connection without a request is kept for so long.
  static let idleNanoseconds: Int64 = 60_000_000_000
  /// How long the other side may take to end what is over.
  static let leavingNanoseconds: Int64 = 3_000_000_000
}

/// One connection of a client, from its first byte to its last: HTTP, then perhaps WebSocket.
///
/// Owner: the runner.
final class VenuePeer<Wire: PeerWire & ~Copyable> {
  typealias Input = VenuePeerInput

  private enum Stage {
    case http
    /// The request for an upgrade is under way: what follows it is not read as HTTP.
    case upgrading
    case socket
    /// All was said. What still comes is thrown away: closing with bytes unread would reset the connection, and our last
    /// words with it.
    case leaving
    case over
  }

  /// A request without its answer.
  private struct Asked {
    var isHead: Bool
    var keepsAlive: Bool
    var version: HTTPVersion
  }

  /// A client that does not read its answers is not read either.
  private static var queueBytesToRead: Int { 1 << 16 }
  /// Requests under way on one wire.
  private static var askedMax: Int { 64 }
  /// Pieces that one peer is read in a turn, so that others have theirs.
  private static var readsPerTurn: Int { 16 }
  private static var lateBytesMax: Int { 1 << 20 }

  let link: VenueLink
  private var wire: Wire
  private var requests = HTTPRequestReader()
  private var session = WebSocketSession(role: .server, limits: .server, masks: SplitMix64(seed: 0))
  private var stage = Stage.http
  private var asked: [Asked] = []
  private var isLastAsked = false
  /// Answered when the requests before it are.
  private var refusal: HTTPError?
  private var scratch = ByteBuffer(capacity: 4_096)
  private var late = ByteQueue(capacity: 4_096)
  private var lateBytes = 0
  private var peerHasEnded = false
  /// The surface was told that the link is gone, or said so itself.
  private var isGone = false
  /// Read until the bound of a turn: there may be more.
  private(set) var hasMore = false
  /// Something happened that a deadline begins anew with.
  private var wasActive = true

  init(_ wire: consuming Wire, link: VenueLink) {
    self.wire = wire
    self.link = link
  }

  var remote: String { wire.remote }
  var isOver: Bool { stage == .over }

  /// How long nothing may happen before the connection is given up; `nil`: for ever.
  var patience: Int64? {
    switch stage {
    case .http: asked.isEmpty ? VenuePatience.idleNanoseconds : nil
    case .upgrading: nil
    case .socket: session.isOpen ? nil : VenuePatience.leavingNanoseconds
    case .leaving, .over: VenuePatience.leavingNanoseconds
    }
  }

  func takeActivity() -> Bool {
    defer { wasActive = false }
    return wasActive
  }

  private var mayRead: Bool {
    guard !peerHasEnded, wire.queuedBytes <= Self.queueBytesToRead else { return false }
    return stage != .http && stage != .upgrading || mayAsk
  }

  private var mayAsk: Bool { stage == .http && !isLastAsked && refusal == nil && asked.count < Self.askedMax }

  /// The deadline has passed.
  func giveUp(_ deliver: (Input) -> Void) {
    wire.resetWhenClosed()
    end(deliver)
  }

  /// Does what can be done without waiting, and delivers what came.
  func advance(_ deliver: (Input) -> Void) {
    hasMore = false
    do throws(ConnectionError) {
      guard try wire.advance() else { return }
      try understand(deliver)
      var reads = 0
      while stage != .over, mayRead {
        guard reads < Self.readsPerTurn else {
          hasMore = true
          return
        }
        reads += 1
        guard try read(deliver) else { break }
      }
      if stage == .leaving, peerHasEnded, wire.hasFinished { end(deliver) }
    } catch {
      end(deliver)
    }
  }

  // MARK: - What the surface says

  func send(_ response: HTTPResponse) {
    guard stage == .http || stage == .upgrading, !asked.isEmpty else { return }
    let request = asked.removeFirst()
    var response = response
    response.version = request.version
    if !request.keepsAlive { response.keepsAlive = false }
    if stage == .upgrading { stage = .http }
    write(response, toHead: request.isHead)
    if !response.keepsAlive || peerHasEnded && asked.isEmpty { leave() } else { refuse() }
  }

  /// The client gets its WebSocket.
  func upgrade(_ request: HTTPRequest) {
    guard stage == .upgrading, !asked.isEmpty else { return }
    asked.removeFirst()
    do throws(WebSocketHandshake.ServerError) {
      write(try WebSocketHandshake.answer(to: request), toHead: false)
    } catch {
      preconditionFailure("what is handed on has been checked")
    }
    stage = .socket
    unsafe requests.takeRest { unsafe session.append($0) }
  }

  func send(message: [UInt8]) {
    guard stage == .socket else { return }
    if session.send(.text, message, to: &scratch) { flush() }
  }

  func send(ping payload: [UInt8]) {
    guard stage == .socket else { return }
    if session.send(.ping, payload, to: &scratch) { flush() }
  }

  /// The surface has let go of the link.
  func close(_ code: UInt16) {
    isGone = true
    switch stage {
    case .socket:
      session.close(WebSocketClose(code: code), to: &scratch)
      flush()
    case .http, .upgrading: leave()
    case .leaving, .over: break
    }
  }

  func abort() {
    isGone = true
    wire.resetWhenClosed()
    stage = .over
  }

  // MARK: - What the client says

  /// Whether there may be more to read.
  private func read(_ deliver: (Input) -> Void) throws(ConnectionError) -> Bool {
    let got: Connection.Read
    switch stage {
    case .http, .upgrading: got = try wire.read(into: &requests.input)
    case .socket: got = try wire.read(into: &session.input)
    case .leaving, .over:
      got = try wire.read(into: &late)
      lateBytes += late.count
      late.removeAll()
      if lateBytes > Self.lateBytesMax { end(deliver) }
    }
    switch got {
    case .nothing: return false
    case .bytes:
      try understand(deliver)
      return true
    case .ended:
      peerHasEnded = true
      // Who has sent all its requests may still read the answers.
      if stage == .http, !asked.isEmpty { return false }
      tellGone(deliver)
      if stage != .over { leave() }
      return false
    }
  }

  private func understand(_ deliver: (Input) -> Void) throws(ConnectionError) {
    if stage == .http { takeRequests(deliver) }
    if stage == .socket { takeMessages(deliver) }
  }

  private func takeRequests(_ deliver: (Input) -> Void) {
    do throws(HTTPError) {
      while mayAsk, let request = try requests.next() {
        wasActive = true
        if WebSocketHandshake.isAsked(by: request) {
          guard accepts(request) else { return }
          stage = .upgrading
        }
        asked.append(
          Asked(isHead: request.method == "HEAD", keepsAlive: request.keepsAlive, version: request.version))
        isLastAsked = !request.keepsAlive
        deliver(.request(request))
      }
      if requests.takeContinue() {
        HTTPWriter.appendContinue(to: &scratch)
        flush()
      }
    } catch {
      refusal = error
      refuse()
    }
  }

  /// A handshake that is wrong never reaches the surface. Behind other requests it is not waited for: no client does that.
  private func accepts(_ request: HTTPRequest) -> Bool {
    do throws(WebSocketHandshake.ServerError) {
      _ = try WebSocketHandshake.answer(to: request)
      return true
    } catch {
      write(error.answer, toHead: false)
      leave()
      return false
    }
  }

  private func refuse() {
    guard let refusal, asked.isEmpty, stage == .http else { return }
    write(
      HTTPResponse(
        status: refusal.status, fields: [HTTPField(name: "content-type", value: "text/plain;charset=UTF-8")],
        body: Array("\(refusal)\n".utf8), keepsAlive: false), toHead: false)
    leave()
  }

  private func takeMessages(_ deliver: (Input) -> Void) {
    while stage == .socket, wire.queuedBytes <= Self.queueBytesToRead, let event = session.next(&scratch) {
      wasActive = true
      switch event {
      case .text: deliver(.message(session.payload))
      case .pong: deliver(.pong(session.payload))
      case .ping: break
      case .binary: session.close(WebSocketClose(code: 1_003, reason: "only text is understood"), to: &scratch)
      case .closed, .failed: tellGone(deliver)
      }
      flush()
    }
    if stage == .socket, session.isOver { leave() }
  }

  // MARK: - Out

  private func write(_ response: HTTPResponse, toHead: Bool) {
    do throws(HTTPError) {
      try HTTPWriter.append(response, toHead: toHead, to: &scratch)
    } catch {
      preconditionFailure("the surface answers what can be written: \(error)")
    }
    wasActive = true
    flush()
  }

  private func flush() {
    guard !scratch.isEmpty, stage != .over else { return }
    defer { scratch.removeAll() }
    do throws(ConnectionError) {
      guard try wire.write(scratch) == .full else { return }
    } catch {}
    // Broken, or further behind than anybody may be: the next look at it ends it.
    wire.resetWhenClosed()
    stage = .over
  }

  private func leave() {
    guard stage != .leaving, stage != .over else { return }
    stage = .leaving
    wasActive = true
    do throws(ConnectionError) {
      try wire.finish()
    } catch {
      stage = .over
    }
  }

  private func end(_ deliver: (Input) -> Void) {
    tellGone(deliver)
    stage = .over
  }

  /// Whatever the reason: the surface hears once that a link is gone.
  func tellGone(_ deliver: (Input) -> Void) {
    guard !isGone else { return }
    isGone = true
    deliver(.gone)
  }
}

extension VenuePeer where Wire == TroubledConnection {
  var descriptor: Int32 { wire.descriptor }
  /// What to watch the descriptor for.
  var wants: Readiness { wire.wants(reads: mayRead) }
}
