import OMSLib

/// A network in memory whose other end a test plays: bytes wait in pipes until they are let through.
struct PipeNetwork: WireNetwork, ~Copyable {
  struct Pipe {
    var host: WireHost
    var toVenue: [UInt8] = []
    var toUs: [UInt8] = []
    var isOpen = false
    /// We have closed or aborted it.
    var isGone = false
  }

  private(set) var pipes: [UInt32: Pipe] = [:]
  private(set) var opened: [UInt32] = []
  private var news: [WireNews] = []
  var pieceBytes = Int.max
  var isFull = false

  mutating func open(_ wire: UInt32, to host: WireHost, now: EngineTime) {
    pipes[wire] = Pipe(host: host)
    opened.append(wire)
  }

  mutating func send(_ wire: UInt32, _ bytes: borrowing ByteBuffer) -> Bool {
    guard !isFull, let pipe = pipes[wire], !pipe.isGone else { return false }
    bytes.withBytes { pipes[wire]?.toVenue.append(contentsOf: $0) }
    return true
  }

  func unsent(_ wire: UInt32) -> Int { 0 }

  mutating func receive(_ wire: UInt32, into bytes: inout ByteQueue) -> Bool {
    guard let pipe = pipes[wire] else { return false }
    let count = min(pieceBytes, pipe.toUs.count)
    bytes.append(pipe.toUs[..<count])
    pipes[wire]?.toUs.removeFirst(count)
    return pipe.toUs.count > count
  }

  mutating func close(_ wire: UInt32) { pipes[wire]?.isGone = true }
  mutating func abort(_ wire: UInt32) { pipes[wire]?.isGone = true }
  mutating func next(now: EngineTime) -> WireNews? { news.isEmpty ? nil : news.removeFirst() }

  // MARK: The other end

  mutating func connect(_ wire: UInt32) {
    pipes[wire]?.isOpen = true
    news.append(.opened(wire))
  }

  mutating func deliver(_ wire: UInt32, _ bytes: [UInt8]) {
    pipes[wire]?.toUs.append(contentsOf: bytes)
    news.append(.readable(wire))
  }

  mutating func takeSent(_ wire: UInt32) -> [UInt8] {
    defer { pipes[wire]?.toVenue = [] }
    return pipes[wire]?.toVenue ?? []
  }

  mutating func end(_ wire: UInt32, _ reason: String) { news.append(.ended(wire, reason)) }
}

/// What a venue's end of a link does, by the real codecs.
struct VenueEnd: ~Copyable {
  let wire: UInt32
  private var requests = HTTPRequestReader()
  private var session = WebSocketSession(role: .server, limits: .server, masks: SplitMix64(seed: 0))
  private(set) var target = ""
  private(set) var messages: [String] = []
  private(set) var pings = 0
  private(set) var closeCode: UInt16?

  init(_ wire: UInt32) { self.wire = wire }

  mutating func accept(_ network: inout PipeNetwork) throws {
    network.connect(wire)
  }

  /// Answers the request for an upgrade.
  mutating func upgrade(_ network: inout PipeNetwork, followedBy texts: [String] = []) throws {
    requests.append(network.takeSent(wire))
    guard let request = try requests.next() else { return }
    target = request.target
    var out = ByteBuffer()
    try HTTPWriter.append(try WebSocketHandshake.answer(to: request), to: &out)
    for text in texts { _ = session.send(.text, Array(text.utf8), to: &out) }
    network.deliver(wire, out.bytes)
  }

  mutating func say(_ text: String, _ network: inout PipeNetwork) {
    var out = ByteBuffer()
    _ = session.send(.text, Array(text.utf8), to: &out)
    network.deliver(wire, out.bytes)
  }

  mutating func ping(_ network: inout PipeNetwork) {
    var out = ByteBuffer()
    _ = session.send(.ping, Array("12".utf8), to: &out)
    network.deliver(wire, out.bytes)
  }

  mutating func close(_ code: UInt16, _ network: inout PipeNetwork) {
    var out = ByteBuffer()
    session.close(WebSocketClose(code: code, reason: "bye"), to: &out)
    network.deliver(wire, out.bytes)
  }

  /// Reads what was sent to it, and answers pings.
  mutating func listen(_ network: inout PipeNetwork) {
    session.append(network.takeSent(wire))
    var out = ByteBuffer()
    while let event = session.next(&out) {
      switch event {
      case .text, .binary: messages.append(String(decoding: session.payload, as: UTF8.self))
      case .ping: pings += 1
      case .closed(let close): closeCode = close.code
      case .pong, .failed: break
      }
    }
    if !out.isEmpty { network.deliver(wire, out.bytes) }
  }
}
