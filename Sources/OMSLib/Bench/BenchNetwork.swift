/// Connections to the least of an exchange, in memory. What comes over an open WebSocket is kept and nothing more, so that
/// nothing but its sender is measured.
///
/// Owner: one thread.
final class BenchNetwork: WireNetwork {
  private final class Wire {
    let number: UInt32
    var peer = BenchPeer()
    var inbox = ByteQueue(capacity: 1 << 16)

    init(_ number: UInt32) { self.number = number }
  }

  private var wires: [Wire] = []
  private var news = WaitingLine<WireNews>()
  private var answers = ByteBuffer(capacity: 1 << 16)
  private let utcFromNow: Int64
  private var now = EngineTime.zero
  /// Sent over WebSockets.
  private(set) var frames: UInt64 = 0

  init(utcFromNow: Int64) { self.utcFromNow = utcFromNow }

  private func find(_ number: UInt32) -> Wire? {
    for wire in wires where wire.number == number { return wire }
    return nil
  }

  func open(_ number: UInt32, to host: WireHost, now: EngineTime) {
    wires.append(Wire(number))
    news.push(.opened(number))
  }

  func send(_ number: UInt32, _ bytes: borrowing ByteBuffer) -> Bool {
    guard let wire = find(number) else { return false }
    if !wire.peer.target.isEmpty { frames += 1 }
    let utc = UTCTime(nanoseconds: now.nanoseconds + utcFromNow)
    unsafe bytes.withBytes { unsafe wire.peer.take($0, at: utc, into: &answers) }
    if !answers.isEmpty { hand(to: wire) }
    return true
  }

  /// Answers everything that was kept; how many messages that were.
  func answerAll() -> Int {
    var count = 0
    for wire in wires {
      count += wire.peer.answerAll(into: &answers)
      if !answers.isEmpty { hand(to: wire) }
    }
    return count
  }

  private func hand(to wire: Wire) {
    unsafe answers.withBytes { unsafe wire.inbox.append($0) }
    answers.removeAll()
    news.push(.readable(wire.number))
  }

  func unsent(_ wire: UInt32) -> Int { 0 }

  func receive(_ number: UInt32, into bytes: inout ByteQueue) -> Bool {
    guard let wire = find(number) else { return false }
    unsafe wire.inbox.withBytes { unsafe bytes.append($0) }
    wire.inbox.removeAll()
    return false
  }

  func close(_ number: UInt32) { wires.removeAll { $0.number == number } }
  func abort(_ number: UInt32) { close(number) }

  func next(now time: EngineTime) -> WireNews? {
    now = time
    return news.pop()
  }
}

/// One account's key in locked memory.
///
/// Owner: one thread.
final class BenchKeys: BinanceKeys {
  static let secret = Array("NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j".utf8)

  private let arena: SecretArena
  private let key: HMACKey
  private let name: Text64
  /// Of the last signature where it was asked for: what was signed.
  private(set) var payload: [UInt8] = []
  private(set) var tag = [UInt8]()
  var keepsPayload = false

  /// Without words of another one the examples that Binance publishes.
  init(
    _ name: String = "vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A", secret: [UInt8] = secret
  ) throws(BenchError) {
    self.name = Text64(name) ?? Text64()
    do throws(SystemError) {
      var arena = try SecretArena(slotCount: 1, slotBytes: HMACKey.slotBytes)
      guard let key = HMACKey(secret: secret, in: &arena) else {
        throw SystemError(errno: 12, call: "a slot of the arena")
      }
      self.key = key
      self.arena = arena
    } catch { throw .system(error) }
  }

  func apiKey(of account: AccountID, _ product: BinanceProduct) -> Text64? { account.number == 1 ? name : nil }

  func sign(
    _ payload: UnsafeRawBufferPointer, of account: AccountID, _ product: BinanceProduct,
    into signature: inout ByteBuffer
  ) -> Bool {
    let tag = unsafe key.sign(payload, in: arena)
    signature.append(hex: tag)
    if keepsPayload {
      unsafe self.payload = Array(payload)
      self.tag = tag.bytes
    }
    return true
  }

  func canLogOn(_ account: AccountID, _ product: BinanceProduct) -> Bool { false }
}
