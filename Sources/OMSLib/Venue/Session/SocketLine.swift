/// One line of WebSocket links to an address: opened, upgraded, kept alive, replaced before the venue cuts them.
///
/// Pure but for the network that is handed in: a simulation drives it byte by byte. Pull events until there are none; a
/// message's bytes are lent until the next one is asked for.
///
/// Owner: one thread.
package final class SocketLine {
  package enum Event: Equatable, Sendable {
    /// Open, and not used yet: whoever has to log on or subscribe does so, and then calls `confirm`.
    case opened(UInt32)
    /// From now on this is the link in use.
    case up(UInt32)
    /// Whatever was under way on it may have been carried out, or not.
    case down(UInt32, String)
    case message(UInt32)
  }

  private final class Wire {
    let number: UInt32
    let link: UInt32
    let key: String
    var upgrade = HTTPResponseReader()
    var session: WebSocketSession
    var isUpgraded = false
    var isConfirmed = false
    var hasMore = false
    /// Why nothing more comes, once it does not.
    var end: String?

    init(_ number: UInt32, link: UInt32, key: String, masks: SplitMix64) {
      self.number = number
      self.link = link
      self.key = key
      session = WebSocketSession(role: .client, limits: .client, masks: masks)
    }
  }

  /// Of the numbers of wires: the rest is the link's.
  package static let lineShift: UInt32 = 20

  private let host: WireHost
  /// Path and query. May change with the next link: a listen key, other streams.
  package var target: String
  private let line: UInt32
  private let waitsForConfirmation: Bool
  private var links: LinkSession
  private var random: SplitMix64
  private var wires: [Wire] = []
  private var events = WaitingLine<Event>()
  private var out = ByteBuffer(capacity: 4_096)
  private var lent: Wire?
  /// When the last message or pong came.
  package private(set) var heardAt = EngineTime.zero
  /// Why the last link ended, or did not come up; empty until one has.
  package private(set) var lastEnd = ""

  /// `line`: below 2^12, and another for each line of one network.
  package init(
    _ host: WireHost, target: String, line: UInt32, settings: LinkSettings, waitsForConfirmation: Bool,
    seed: SplitMix64, now: EngineTime
  ) {
    precondition(line < 1 << 12, "lines have small numbers")
    self.host = host
    self.target = target
    self.line = line
    self.waitsForConfirmation = waitsForConfirmation
    random = seed.stream(1)
    links = LinkSession(settings, seed: seed.stream(2), now: now)
  }

  /// The wire that is in use.
  package var inUse: UInt32? { links.inUse.map { wireNumber($0) } }
  package var losses: Int { links.losses }
  package var nextDue: EngineTime {
    if !events.isEmpty || wires.contains(where: \.hasMore) { return .zero }
    return links.nextDue
  }

  /// Whether a wire is one of this line's.
  package func owns(_ wire: UInt32) -> Bool { wire >> Self.lineShift == line }

  // MARK: Turns

  package func take<Network: WireNetwork & ~Copyable>(_ news: WireNews, _ network: inout Network, now: EngineTime) {
    switch news {
    case .opened(let number):
      if let wire = find(number) { upgrade(wire, &network, now) }
    case .readable(let number): find(number)?.hasMore = true
    case .ended(let number, let reason):
      guard let wire = find(number) else { return }
      // What was received before is told first.
      wire.end = reason
      wire.hasMore = true
    }
  }

  /// What came is told before anything is judged by its absence: call with the network's news taken.
  package func next<Network: WireNetwork & ~Copyable>(_ network: inout Network, now: EngineTime) -> Event? {
    lent = nil
    if let event = events.pop() { return event }
    while let wire = wires.first(where: \.hasMore) {
      if let event = read(wire, &network, now) { return event }
      guard let reason = wire.end, !wire.hasMore, wires.contains(where: { $0 === wire }) else { continue }
      drop(wire)
      lose(wire, reason, now)
      if let event = events.pop() { return event }
    }
    perform(links.turn(at: now), &network, now)
    return events.pop()
  }

  /// Lends the message that was told of last.
  package func withPayload<R, E: Error>(
    _ body: (UnsafeBufferPointer<UInt8>) throws(E) -> R
  ) throws(E) -> R {
    guard let lent else { preconditionFailure("a message is lent until the next event") }
    return try unsafe lent.session.withPayload(body)
  }

  /// The link is logged on and subscribed: it may be used.
  package func confirm<Network: WireNetwork & ~Copyable>(_ number: UInt32, _ network: inout Network, now: EngineTime) {
    guard let wire = find(number), wire.isUpgraded, !wire.isConfirmed else { return }
    wire.isConfirmed = true
    perform(links.opened(wire.link, at: now), &network, now)
  }

  /// The venue will end this link soon.
  package func announceEnd(_ number: UInt32, now: EngineTime) { links.announcedEnd(number & Self.linkMask, at: now) }

  /// It says what it must not, or is silent where it must speak.
  package func give<Network: WireNetwork & ~Copyable>(
    up number: UInt32, _ reason: String, _ network: inout Network, now: EngineTime
  ) {
    guard let wire = find(number) else { return }
    network.abort(number)
    drop(wire)
    lose(wire, reason, now)
  }

  /// Sends one text message. `false`: nothing of it was taken; the link is not open, or has no room.
  package func send<Network: WireNetwork & ~Copyable>(
    _ number: UInt32, text: borrowing ByteBuffer, _ network: inout Network
  ) -> Bool {
    guard let wire = find(number), wire.isUpgraded else { return false }
    out.removeAll()
    let isWritten = unsafe text.withBytes { unsafe wire.session.send(.text, $0, to: &out) }
    return isWritten && network.send(number, out)
  }

  package func unsent<Network: WireNetwork & ~Copyable>(_ number: UInt32, _ network: borrowing Network) -> Int {
    network.unsent(number)
  }

  // MARK: Inside

  private static let linkMask: UInt32 = (1 << lineShift) - 1

  private func wireNumber(_ link: UInt32) -> UInt32 { line << Self.lineShift | link & Self.linkMask }

  private func find(_ number: UInt32) -> Wire? { wires.first { $0.number == number } }

  private func drop(_ wire: Wire) {
    wires.removeAll { $0 === wire }
    if lent === wire { lent = nil }
  }

  private func lose(_ wire: Wire, _ reason: String, _ now: EngineTime) {
    links.ended(wire.link, at: now)
    note(wire, reason)
  }

  private func note(_ wire: Wire, _ reason: String) {
    lastEnd = reason
    if wire.isUpgraded { events.push(.down(wire.number, reason)) }
  }

  private func upgrade<Network: WireNetwork & ~Copyable>(_ wire: Wire, _ network: inout Network, _ now: EngineTime) {
    let request = WebSocketHandshake.request(host: host.authority, target: target, key: wire.key)
    out.removeAll()
    do throws(HTTPError) {
      try HTTPWriter.append(request, to: &out)
    } catch {
      preconditionFailure("the address of a venue was checked when it was read: \(error)")
    }
    wire.upgrade.expect("GET")
    if !network.send(wire.number, out) { give(up: wire.number, "no room for the first request", &network, now: now) }
  }

  private func read<Network: WireNetwork & ~Copyable>(
    _ wire: Wire, _ network: inout Network, _ now: EngineTime
  ) -> Event? {
    guard wire.isUpgraded else { return readUpgrade(wire, &network, now) }
    if let event = nextMessage(wire, &network, now) { return event }
    guard wires.contains(where: { $0 === wire }) else { return events.pop() }
    wire.hasMore = network.receive(wire.number, into: &wire.session.input)
    return nextMessage(wire, &network, now)
  }

  private func readUpgrade<Network: WireNetwork & ~Copyable>(
    _ wire: Wire, _ network: inout Network, _ now: EngineTime
  ) -> Event? {
    wire.hasMore = network.receive(wire.number, into: &wire.upgrade.input)
    do throws(HTTPError) {
      guard let response = try wire.upgrade.next() else { return nil }
      do throws(WebSocketHandshake.ClientError) {
        try WebSocketHandshake.check(response, key: wire.key)
      } catch {
        give(up: wire.number, "\(error)", &network, now: now)
        return events.pop()
      }
    } catch {
      give(up: wire.number, "\(error)", &network, now: now)
      return events.pop()
    }
    unsafe wire.upgrade.takeRest { unsafe wire.session.append($0) }
    wire.isUpgraded = true
    // What followed the answer in one piece is here already.
    wire.hasMore = true
    heardAt = now
    links.heard(wire.link, at: now)
    events.push(.opened(wire.number))
    if !waitsForConfirmation { confirm(wire.number, &network, now: now) }
    return events.pop()
  }

  private func nextMessage<Network: WireNetwork & ~Copyable>(
    _ wire: Wire, _ network: inout Network, _ now: EngineTime
  ) -> Event? {
    while true {
      out.removeAll()
      guard let event = wire.session.next(&out) else { return nil }
      if !out.isEmpty, !network.send(wire.number, out) {
        give(up: wire.number, "it does not read what it asks for", &network, now: now)
        return events.pop()
      }
      heardAt = now
      links.heard(wire.link, at: now)
      switch event {
      case .text, .binary:
        wire.hasMore = true
        lent = wire
        return .message(wire.number)
      case .ping, .pong: continue
      case .closed(let close):
        let said = close.reason.isEmpty ? "" : ": \(close.reason)"
        give(up: wire.number, "the venue closed it (\(close.code ?? 1_005))\(said)", &network, now: now)
        return events.pop()
      case .failed(let error):
        give(up: wire.number, "\(error)", &network, now: now)
        return events.pop()
      }
    }
  }

  private func perform<Network: WireNetwork & ~Copyable>(
    _ actions: [LinkSession.Action], _ network: inout Network, _ now: EngineTime
  ) {
    for action in actions {
      switch action {
      case .open(let link):
        let wire = Wire(
          wireNumber(link), link: link, key: WebSocketHandshake.key((random.next(), random.next())),
          masks: random.stream(UInt64(link)))
        wires.append(wire)
        network.open(wire.number, to: host, now: now)
      case .ping(let link):
        guard let wire = find(wireNumber(link)) else { continue }
        out.removeAll()
        if wire.session.send(.ping, EmptyCollection<UInt8>(), to: &out) { _ = network.send(wire.number, out) }
      case .use(let link): events.push(.up(wireNumber(link)))
      case .close(let link):
        guard let wire = find(wireNumber(link)) else { continue }
        out.removeAll()
        wire.session.close(WebSocketClose(code: 1_000), to: &out)
        _ = network.send(wire.number, out)
        network.close(wire.number)
        drop(wire)
        events.push(.down(wire.number, "another link has taken its place"))
      case .abort(let link, let reason):
        guard let wire = find(wireNumber(link)) else { continue }
        network.abort(wire.number)
        drop(wire)
        note(wire, reason == .silent ? "nothing came from it any more" : "it did not come up in time")
      }
    }
  }
}
