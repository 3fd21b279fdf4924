import OMSLib

/// What happens to the bytes of a served exchange's connections, on command.
///
/// Owner: the thread of the exchange and its connections.
package final class WireTroubles {
  /// What stands still, without anybody being told.
  enum Freeze: String, CaseIterable {
    case none
    /// What clients send is not read.
    case requests
    /// What clients are sent does not leave.
    case answers
    case both
  }

  /// How a ping of a client is answered.
  enum PongManner: String, CaseIterable {
    case right
    case none
    /// With another payload.
    case wrong
  }

  /// While bytes are held back they are looked at so often.
  static let paceNanoseconds: Int64 = 5_000_000

  /// A connection breaks behind so many bytes to the client.
  var bytesOutMax = Int.max
  /// A connection breaks behind so many bytes of the client.
  var bytesInMax = Int.max
  var bytesPerSecond = Int.max
  var freeze = Freeze.none
  /// The same of connections that were there before `oldUntil`: new ones are well.
  var oldFreeze = Freeze.none
  var oldUntil = EngineTime.zero
  var pongs = PongManner.right
  /// How long a connection without a request is kept.
  var idleNanoseconds = VenuePatience.idleNanoseconds
  /// Told by the runner.
  var now = EngineTime.zero

  package init() {}

  func freezesRequests(since opened: EngineTime) -> Bool { freezes(.requests, opened) }
  func freezesAnswers(since opened: EngineTime) -> Bool { freezes(.answers, opened) }

  private func freezes(_ part: Freeze, _ opened: EngineTime) -> Bool {
    [freeze, opened <= oldUntil ? oldFreeze : .none].contains { $0 == part || $0 == .both }
  }

  /// Every connection is to be looked at, whether the kernel has news of it or not.
  var areAny: Bool { bytesPerSecond != .max || freeze != .none || oldFreeze != .none }

  func clear() {
    (bytesOutMax, bytesInMax, bytesPerSecond) = (.max, .max, .max)
    (freeze, oldFreeze) = (.none, .none)
    (pongs, idleNanoseconds) = (.right, VenuePatience.idleNanoseconds)
  }
}

/// A connection of the kernel, with what is done to its bytes.
struct TroubledConnection: ~Copyable, PeerWire {
  private static let pong: UInt8 = 0x8A
  /// More than one bucket of time: what is left when a writer pauses.
  private static let burstNanoseconds: Int64 = 100_000_000

  private var connection: Connection
  /// `nil`: nothing is done to it.
  private let troubles: WireTroubles?
  private let opened: EngineTime
  /// Written by the exchange, and held back.
  private var held = ByteQueue(capacity: 64)
  private var (bytesOut, bytesIn) = (0, 0)
  private var lastDrop = EngineTime.zero
  private var wantsToFinish = false
  private var isCut = false

  init(_ connection: consuming Connection, _ troubles: WireTroubles?) {
    self.connection = connection
    self.troubles = troubles
    opened = troubles?.now ?? .zero
  }

  var remote: String { connection.remote }
  var descriptor: Int32 { connection.descriptor }
  var queuedBytes: Int { connection.queuedBytes + held.count }
  var hasFinished: Bool { connection.hasFinished }

  func wants(reads: Bool) -> Readiness {
    connection.wants(reads: reads && troubles?.freezesRequests(since: opened) != true)
  }

  mutating func advance() throws(ConnectionError) -> Bool {
    if isCut { throw Self.cut }
    guard try connection.advance() else { return false }
    try drop()
    return true
  }

  mutating func read(into buffer: inout ByteQueue) throws(ConnectionError) -> Connection.Read {
    guard let troubles else { return try connection.read(into: &buffer) }
    if isCut { throw Self.cut }
    if troubles.freezesRequests(since: opened) { return .nothing }
    guard troubles.bytesInMax != .max else {
      let read = try connection.read(into: &buffer)
      if case .bytes(let count) = read { bytesIn += count }
      return read
    }
    var piece = ByteQueue()
    let read = try connection.read(into: &piece)
    guard case .bytes(let count) = read else { return read }
    let taken = min(count, max(0, troubles.bytesInMax - bytesIn))
    bytesIn += count
    unsafe piece.withBytes { unsafe buffer.append(UnsafeBufferPointer(rebasing: $0[..<taken])) }
    // What came before still counts.
    if bytesIn >= troubles.bytesInMax { breakOff() }
    return .bytes(taken)
  }

  mutating func write(_ bytes: borrowing ByteBuffer) throws(ConnectionError) -> Connection.Write {
    guard let troubles else { return try connection.write(bytes) }
    guard queuedBytes + bytes.count <= VenuePatience.queueBytesMax else { return .full }
    if let pong = changedPong(bytes.bytes, troubles.pongs) {
      held.append(pong)
    } else {
      held.append(bytes.bytes)
    }
    try drop()
    return queuedBytes > 0 ? .queued : .sent
  }

  /// What is written in place of a pong; `nil`: it is none, or may go.
  private func changedPong(_ bytes: [UInt8], _ manner: WireTroubles.PongManner) -> [UInt8]? {
    guard manner != .right, bytes.count >= 2, bytes[0] == Self.pong, bytes.count == 2 + Int(bytes[1]) else {
      return nil
    }
    return manner == .none ? [] : bytes.prefix(2) + bytes.dropFirst(2).map { $0 ^ 1 }
  }

  /// Lets so much go as may.
  private mutating func drop() throws(ConnectionError) {
    guard let troubles, !troubles.freezesAnswers(since: opened), !isCut else { return }
    while !held.isEmpty {
      var count = min(held.count, allowance(troubles))
      guard count > 0 else { return }
      let isLast = bytesOut + count >= troubles.bytesOutMax
      if isLast { count = max(0, troubles.bytesOutMax - bytesOut) }
      let piece = unsafe held.withBytes { unsafe Array($0.prefix(count)) }
      held.removeFirst(count)
      bytesOut += count
      _ = try connection.write(piece)
      if isLast {
        breakOff()
        throw Self.cut
      }
    }
    if wantsToFinish { try connection.finish() }
  }

  private mutating func allowance(_ troubles: WireTroubles) -> Int {
    guard troubles.bytesPerSecond != .max else { return .max }
    let passed = min(max(0, troubles.now.nanoseconds - lastDrop.nanoseconds), Self.burstNanoseconds)
    let count = Int(passed * Int64(troubles.bytesPerSecond) / 1_000_000_000)
    if count > 0 { lastDrop = troubles.now }
    return count
  }

  private static var cut: ConnectionError { .system(SystemError(errno: 104, call: "cut")) }

  private mutating func breakOff() {
    isCut = true
    connection.resetWhenClosed()
  }

  mutating func finish() throws(ConnectionError) {
    wantsToFinish = true
    if held.isEmpty { try connection.finish() }
  }

  func resetWhenClosed() { connection.resetWhenClosed() }
}
