package import OMSLib

/// Carries bytes between the clients of an exchange and its surface: one thread, one loop.
///
/// Owner: the thread that runs it.
package struct VenueRunner<Surface: VenueSurface & ~Copyable, Time: Clock>: ~Copyable {
  private final class Door {
    let listener: Listener
    /// `nil`: for those who steer the exchange.
    let product: VenueProduct?

    init(_ listener: consuming Listener, _ product: VenueProduct?) {
      self.listener = listener
      self.product = product
    }
  }

  /// Connections at one time: beyond it a new one is dropped.
  private static var peersMax: Int { 1_024 }
  /// How long a full machine is left alone before the next connection is accepted.
  private static var restNanoseconds: Int64 { 100_000_000 }
  private static var signalToken: UInt64 { 0 }
  /// Doors have the numbers below, links those from here on.
  private static var linkTokens: UInt64 { 1_024 }

  package var surface: Surface
  private let clock: Time
  private let signals: Int32
  private var loop: PollLoop
  private var doors: [Door] = []
  private var peers = VenuePeers<TroubledConnection>()
  /// Peers that something was sent to, or that have more to read.
  private var touched: [UInt64] = []
  private var isStopping = false
  /// Bytes were held back in the last turn.
  private var wereTroubled = false

  /// `signals`: a descriptor that tells of them, or -1.
  package init(_ surface: consuming Surface, clock: Time, signals: Int32 = -1) throws(SystemError) {
    let loop = try PollLoop()
    if signals >= 0 { try loop.watch(signals, for: .read, token: Self.signalToken) }
    self.surface = surface
    self.clock = clock
    self.signals = signals
    self.loop = loop
  }

  /// Lets clients in, or without a product those who steer the exchange; answers the address with the port that was
  /// chosen.
  package mutating func listen(
    _ product: VenueProduct?, at address: NetworkAddress, tls: TLSContext? = nil
  ) throws(SystemError) -> NetworkAddress {
    let door = Door(try Listener(at: address, tls: tls), product)
    doors.append(door)
    try loop.watch(door.listener.descriptor, for: .read, token: UInt64(doors.count))
    return door.listener.address
  }

  package var connectionCount: Int { peers.count }
  /// Nobody is let in any more, and everybody has left.
  package var isDone: Bool { isStopping && peers.count == 0 }

  /// Runs until a signal asks for the end, and then until the clients have heard of it.
  package mutating func run() throws(SystemError) {
    while !isDone { try turn() }
  }

  /// One turn: waits for something to do, at most `nanoseconds`, and does it.
  package mutating func turn(atMost nanoseconds: Int64 = .max) throws(SystemError) {
    let before = time.now
    let due = surface.nextDue
    var left = due == .never ? Int64.max : max(0, due.nanoseconds - before.nanoseconds)
    if surface.wireTroubles?.areAny == true { left = min(left, WireTroubles.paceNanoseconds) }
    try loop.wait(now: before, atMost: touched.isEmpty ? min(nanoseconds, left) : 0)
    let time = time
    surface.wireTroubles?.now = time.now
    lookAtTroubled(at: time)
    let again = touched
    touched = []
    for link in again { advance(link, at: time) }
    while let report = loop.nextReport() { take(report.token, at: time) }
    while let token = loop.timers.takeDue(time.now) { takeDeadline(token, at: time) }
    surface.turn(at: time)
    send(at: time)
  }

  /// Lets nobody in any more and says goodbye to who is there.
  package mutating func stop() {
    guard !isStopping else { return }
    isStopping = true
    let time = time
    for door in doors { loop.forget(door.listener.descriptor) }
    doors = []
    surface.announceShutdown(at: time)
    send(at: time)
    for link in peers.linksInOrder {
      guard let peer = peers[link] else { continue }
      surface.close(peer.link, at: time)
      peer.close(1_001)
      settle(link, at: time)
    }
  }

  private var time: ServerTime {
    ServerTime(now: EngineTime(nanoseconds: clock.boottime()), utc: UTCTime(nanoseconds: clock.realtime()))
  }

  /// What is held back goes on without news of the kernel, once more when nothing is held back any longer.
  private mutating func lookAtTroubled(at time: ServerTime) {
    let areAny = surface.wireTroubles?.areAny == true
    if areAny || wereTroubled { for link in peers.linksInOrder { advance(link, at: time) } }
    wereTroubled = areAny
  }

  private mutating func take(_ token: UInt64, at time: ServerTime) {
    if token >= Self.linkTokens { return advance(token - Self.linkTokens, at: time) }
    if token > 0 { return accept(Int(token) - 1, at: time) }
    if SignalSource.ending(signals) != nil { stop() }
  }

  private mutating func accept(_ number: Int, at time: ServerTime) {
    guard number < doors.count else { return }
    let door = doors[number]
    let queueBytesMax = door.product == nil ? VenuePatience.booksBytesMax : VenuePatience.queueBytesMax
    while true {
      switch door.listener.accept(queueBytesMax: queueBytesMax) {
      case .nothing: return
      case .exhausted:
        loop.forget(door.listener.descriptor)
        loop.timers.set(UInt64(number + 1), at: time.now.advanced(byNanoseconds: Self.restNanoseconds))
        return
      case .connection(let connection):
        guard peers.count < Self.peersMax else { continue }
        add(connection, door.product, at: time)
      }
    }
  }

  private mutating func add(_ connection: consuming Connection, _ product: VenueProduct?, at time: ServerTime) {
    let wire = TroubledConnection(connection, product == nil ? nil : surface.wireTroubles)
    advance(peers.add(wire, product, &surface, at: time), at: time)
  }

  private mutating func takeDeadline(_ token: UInt64, at time: ServerTime) {
    if token < Self.linkTokens {
      let door = Int(token) - 1
      guard door < doors.count else { return }
      do throws(SystemError) {
        try loop.watch(doors[door].listener.descriptor, for: .read, token: token)
      } catch {
        loop.timers.set(token, at: time.now.advanced(byNanoseconds: Self.restNanoseconds))
      }
      return
    }
    peers.giveUp(token - Self.linkTokens, &surface, at: time)
    settle(token - Self.linkTokens, at: time)
  }

  private mutating func advance(_ link: UInt64, at time: ServerTime) {
    peers.advance(link, &surface, at: time)
    settle(link, at: time)
  }

  /// Peers that were spoken to are looked at in the next turn, which does not wait.
  private mutating func send(at time: ServerTime) { touched += peers.send(from: &surface) }

  /// Watches a peer for what it wants now, or lets go of it.
  private mutating func settle(_ link: UInt64, at time: ServerTime) {
    guard let peer = peers[link] else { return }
    let token = Self.linkTokens + link
    var isOver = peer.isOver
    if !isOver {
      do throws(SystemError) { try loop.watch(peer.descriptor, for: peer.wants, token: token) } catch { isOver = true }
    }
    guard !isOver else {
      loop.forget(peer.descriptor)
      loop.timers.cancel(token)
      return peers.remove(link, &surface, at: time)
    }
    if peer.hasMore { touched.append(link) }
    guard let patience = peer.patience.map({ min($0, surface.wireTroubles?.idleNanoseconds ?? .max) }) else {
      return loop.timers.cancel(token)
    }
    guard peer.takeActivity() || !loop.timers.isSet(token) else { return }
    loop.timers.set(token, at: time.now.advanced(byNanoseconds: patience))
  }
}
