import OMSLib

/// Both ends of a connection over loopback, moved on by one loop.
struct WireEnds: ~Copyable {
  struct Stuck: Error {}

  var client: Connection
  var server: Connection
  let listener: Listener
  private var loop: PollLoop
  var clientGot = ByteQueue()
  var serverGot = ByteQueue()
  var clientError: ConnectionError?
  var serverError: ConnectionError?
  var clientEnd: Connection.Read?
  var serverEnd: Connection.Read?
  /// Whether the server takes what comes.
  var serverReads = true

  init(
    at address: NetworkAddress = .loopback(port: 0), from: NetworkAddress? = nil, serverTLS: TLSContext? = nil,
    clientTLS: (context: TLSContext, host: String)? = nil, queueBytesMax: Int = Connection.queueBytesMax
  ) throws {
    var loop = try PollLoop()
    let listener = try Listener(at: address, tls: serverTLS)
    let client = try Connection(to: listener.address, from: from, tls: clientTLS, queueBytesMax: queueBytesMax)
    try loop.watch(listener.descriptor, for: .read, token: 0)
    try loop.wait(now: .zero, atMost: 5_000_000_000)
    guard loop.nextReport() != nil, case .connection(let server) = listener.accept() else { throw Stuck() }
    loop.forget(listener.descriptor)
    self.loop = loop
    self.listener = listener
    self.client = client
    self.server = server
  }

  /// Goes on until `isDone`; seconds without anything happening are a failure.
  mutating func run(until isDone: (borrowing WireEnds) -> Bool) throws {
    while !isDone(self) {
      if clientError == nil { try loop.watch(client.descriptor, for: client.wants(reads: clientEnd == nil), token: 1) }
      if serverError == nil {
        try loop.watch(server.descriptor, for: server.wants(reads: serverReads && serverEnd == nil), token: 2)
      }
      try loop.wait(now: .zero, atMost: 5_000_000_000)
      guard let first = loop.nextReport() else { throw Stuck() }
      move(first.token)
      while let report = loop.nextReport() { move(report.token) }
    }
  }

  private mutating func move(_ token: UInt64) {
    if token == 1 {
      guard clientError == nil else { return }
      Self.move(&client, &clientGot, &clientEnd, &clientError, reads: true)
      if clientError != nil { loop.forget(client.descriptor) }
    } else {
      guard serverError == nil else { return }
      Self.move(&server, &serverGot, &serverEnd, &serverError, reads: serverReads)
      if serverError != nil { loop.forget(server.descriptor) }
    }
  }

  private static func move(
    _ connection: inout Connection, _ got: inout ByteQueue, _ end: inout Connection.Read?,
    _ failure: inout ConnectionError?, reads: Bool
  ) {
    do throws(ConnectionError) {
      guard try connection.advance(), reads else { return }
      while end == nil {
        switch try connection.read(into: &got) {
        case .bytes: continue
        case .nothing: return
        case .ended(let isClean): end = .ended(isClean: isClean)
        }
      }
    } catch {
      failure = error
    }
  }

  static func text(_ queue: borrowing ByteQueue) -> String { queue.withBytes { String(decoding: $0, as: UTF8.self) } }
}
