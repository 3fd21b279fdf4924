internal import Synchronization

/// The far end of "tick to trade": tells a price, waits for the order that it brings, and measures how long that takes; by
/// turns with a bare client that answers as many bytes with as many. It spins.
///
/// Owner: one thread, but for the words that both sides watch.
final class TickExchange: @unchecked Sendable {
  private final class Line {
    var connection: Connection?
    var peer = BenchPeer()
    var inbox = ByteQueue(capacity: 1 << 16)

    init(_ connection: consuming Connection) { self.connection = consume connection }
  }

  /// What the client's side waits for, and tells.
  enum Phase: Int {
    case opening = 0
    /// The client can send orders and has asked for prices.
    case ready = 1
    case ended = -1
  }

  static let tickBytes = frame(update: 0).count
  /// The client has as long to be done with an answer.
  private static let pauseNanoseconds: Int64 = 20_000
  private static let patienceNanoseconds: Int64 = 10_000_000_000
  /// Digits of a tick's number.
  private static let digits = 12

  let port: UInt16
  private let listener: Listener
  private let clock: SystemClock
  private var lines: [Line] = []
  private var out = ByteBuffer(capacity: 1 << 16)
  private var updates = 0
  private let phase = Atomic<Int>(Phase.opening.rawValue)
  /// Turns that are over, of both kinds.
  private let turnsDone = Atomic<Int>(0)
  private let orderSize = Atomic<Int>(0)
  // Written by the exchange's thread, read once it has ended.
  private(set) var samples = (subject: Samples(), reference: Samples())
  private(set) var failure: BenchError?

  init(_ tls: TLSContext, _ clock: SystemClock) throws(SystemError) {
    listener = try Listener(at: .loopback(port: 0), tls: tls)
    port = listener.address.port
    self.clock = clock
  }

  // MARK: The other side

  func tellReady() { phase.store(Phase.ready.rawValue, ordering: .releasing) }
  func stop() { phase.store(Phase.ended.rawValue, ordering: .releasing) }
  var turns: Int { turnsDone.load(ordering: .acquiring) }
  /// Bytes of an order on the wire, once there was one.
  var orderBytes: Int { orderSize.load(ordering: .acquiring) }

  // MARK: Its thread

  func run(turns: Int, rounds: Int) {
    do throws(BenchError) {
      try open()
      for _ in 0..<turns {
        try tell(rounds)
        turnsDone.add(1, ordering: .acquiringAndReleasing)
        try echo(rounds)
        turnsDone.add(1, ordering: .acquiringAndReleasing)
      }
    } catch {
      failure = error
    }
    lines = []
    stop()
  }

  private func open() throws(BenchError) {
    while phase.load(ordering: .acquiring) == Phase.opening.rawValue { try serve() }
    guard phase.load(ordering: .acquiring) == Phase.ready.rawValue else { throw Self.over }
  }

  private static var over: BenchError { .unavailable("tick to trade: the other side has ended") }

  /// Takes who comes, and answers whatever is asked.
  private func serve() throws(BenchError) {
    if case .connection(let connection) = listener.accept() { lines.append(Line(connection)) }
    for line in lines where try read(line) {
      _ = line.peer.answerAll(into: &out)
      try write(line)
    }
    lines.removeAll { $0.connection == nil }
  }

  /// Hands what has come to the peer. Whether there was something.
  private func read(_ line: Line) throws(BenchError) -> Bool {
    guard try fill(line) else { return false }
    let utc = UTCTime(nanoseconds: clock.monotonic() + RingDrill.utcFromNow)
    unsafe line.inbox.withBytes { unsafe line.peer.take($0, at: utc, into: &out) }
    line.inbox.removeAll()
    return true
  }

  private func fill(_ line: Line) throws(BenchError) -> Bool {
    do throws(ConnectionError) {
      guard try line.connection?.advance() == true else { return false }
      switch try line.connection?.read(into: &line.inbox) {
      case .bytes: return true
      case .ended: line.connection = nil
      case .nothing, nil: break
      }
      return false
    } catch {
      // Whoever tries a certificate may leave during the handshake.
      line.connection = nil
      return false
    }
  }

  private func write(_ line: Line) throws(BenchError) {
    guard !out.isEmpty else { return }
    do throws(ConnectionError) {
      _ = try line.connection?.write(out)
    } catch { throw .unavailable("tick to trade: \(error)") }
    out.removeAll()
  }

  private func line(for target: String) throws(BenchError) -> Line {
    guard let line = lines.last(where: { $0.connection != nil && $0.peer.target.hasPrefix(target) }) else {
      throw .unavailable("tick to trade: nobody has asked for \(target)")
    }
    return line
  }

  // MARK: Turns

  /// A price, and the order that it brings.
  private func tell(_ rounds: Int) throws(BenchError) {
    let prices = try line(for: "/public")
    let orders = try line(for: "/ws-fapi")
    for round in 0..<rounds {
      updates += 1
      out.append(bytes: Self.frame(update: updates))
      let begin = clock.monotonic()
      try write(prices)
      var size = 0
      repeat {
        while orders.inbox.isEmpty {
          guard try fill(orders) || clock.monotonic() - begin < Self.patienceNanoseconds else { throw Self.over }
          guard orders.connection != nil else { throw Self.over }
        }
        size += orders.inbox.count
        unsafe orders.inbox.withBytes { unsafe orders.peer.take($0, at: .zero, into: &out) }
        orders.inbox.removeAll()
      } while !orders.peer.hasMessage()
      samples.subject.add(nanoseconds: clock.monotonic() - begin, operations: 1)
      orderSize.store(size, ordering: .releasing)
      orders.peer.answerMessage(into: &out)
      try write(orders)
      if round & 63 == 63 { try serve() }
      rest()
    }
    samples.subject.close()
  }

  /// The same sizes, with nothing on the other side but a client that counts bytes.
  private func echo(_ rounds: Int) throws(BenchError) {
    let bare = try bareLine()
    let tick = Self.frame(update: 0)
    for _ in 0..<rounds {
      out.append(bytes: tick)
      let begin = clock.monotonic()
      try write(bare)
      while bare.inbox.count < orderBytes {
        guard try fill(bare) || clock.monotonic() - begin < Self.patienceNanoseconds else { throw Self.over }
        guard bare.connection != nil else { throw Self.over }
      }
      samples.reference.add(nanoseconds: clock.monotonic() - begin, operations: 1)
      bare.inbox.removeAll()
      rest()
    }
    samples.reference.close()
  }

  private var bare: Line?

  /// Comes once, behind everybody else.
  private func bareLine() throws(BenchError) -> Line {
    if let bare { return bare }
    let begin = clock.monotonic()
    while clock.monotonic() - begin < Self.patienceNanoseconds {
      guard case .connection(let connection) = listener.accept() else { continue }
      let line = Line(connection)
      var isOpen = false
      while !isOpen, clock.monotonic() - begin < Self.patienceNanoseconds {
        do throws(ConnectionError) { isOpen = try line.connection?.advance() == true } catch {
          throw .unavailable("tick to trade: \(error)")
        }
      }
      bare = line
      return line
    }
    throw Self.over
  }

  private func rest() {
    let begin = clock.monotonic()
    while clock.monotonic() - begin < Self.pauseNanoseconds {}
  }

  /// Best prices of the first instrument, other ones each time.
  private static func frame(update: Int) -> [UInt8] {
    let number = String(1_000_000_000_000 + update).dropFirst()
    precondition(number.count == digits, "ticks are all of one length")
    let text = """
      {"e":"bookTicker","u":4\(number),"s":"COIN1USDT","b":"6000\(update & 1).00","B":"31.21000","a":"6000\
      \((update & 1) + 1).00","A":"40.66000","T":1790000000000,"E":1790000000000}
      """
    var frame = ByteBuffer(capacity: 512)
    WebSocketWriter.append(.text, text.utf8, mask: nil, to: &frame)
    return frame.bytes
  }
}
