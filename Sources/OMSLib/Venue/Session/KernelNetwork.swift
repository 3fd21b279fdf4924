/// The real network: TCP, and TLS where a host wants it, by the kernel's readiness. Names of hosts are looked up elsewhere,
/// by a thread that may wait for it.
///
/// Owner: one thread.
package struct KernelNetwork: ~Copyable, WireNetwork {
  private final class Wire {
    let number: UInt32
    var connection: Connection?
    var isOpen = false
    var isEnding = false
    var watched: Readiness = []

    init(_ number: UInt32, _ connection: consuming Connection) {
      self.number = number
      self.connection = consume connection
    }
  }

  /// A peer that acknowledges nothing for so long is gone; what was handed to the kernel may or may not have arrived.
  private static let silenceMilliseconds: UInt32 = 2_000
  /// Of one look: what a busy stream brings in a few milliseconds.
  private static let readsPerLook = 4

  private var poll: PollLoop
  private let tls: TLSContext
  private let local: NetworkAddress?
  private var wires: [UInt32: Wire] = [:]
  private var news = WaitingLine<WireNews>()
  private var hasLooked = false
  private var book: [WireHost: [NetworkAddress]] = [:]
  /// Which address of a host is next: one that fails gives way to another.
  private var turns: [WireHost: Int] = [:]
  /// Hosts that somebody wanted and nobody has looked up yet.
  package private(set) var wantedHosts: Set<WireHost> = []
  private let lookup: HostLookup?
  /// No wire has such a number.
  private static let lookupToken = UInt64.max

  /// `from`: the local address that all connections have, where a host has several. Without a `lookup` the owner reads
  /// `wantedHosts` and learns what it finds.
  package init(
    tls: TLSContext, from local: NetworkAddress? = nil, lookup: HostLookup? = nil
  ) throws(SystemError) {
    let poll = try PollLoop()
    if let lookup { try poll.watch(lookup.descriptor, for: .read, token: Self.lookupToken) }
    self.poll = poll
    self.tls = tls
    self.local = local
    self.lookup = lookup
  }

  /// Readable when `next` may have something.
  package var descriptor: Int32 { poll.descriptor }

  /// What was found for a host. An empty list leaves the last one: name servers fail more often than addresses move.
  package mutating func learn(_ host: WireHost, _ addresses: [NetworkAddress]) {
    wantedHosts.remove(host)
    if !addresses.isEmpty { book[host] = addresses }
  }

  package mutating func open(_ wire: UInt32, to host: WireHost, now: EngineTime) {
    precondition(wires[wire] == nil, "the number of a wire is used once")
    guard let address = address(of: host) else {
      wantedHosts.insert(host)
      lookup?.want(host)
      return news.push(.ended(wire, "the address of \(host.name) is not known"))
    }
    do throws(ConnectionError) {
      let secured = host.isEncrypted ? (context: tls, host: host.name) : nil
      let connection = try Connection(to: address, from: local, tls: secured)
      connection.setTimeout(milliseconds: Self.silenceMilliseconds)
      let fresh = Wire(wire, connection)
      wires[wire] = fresh
      watch(fresh)
    } catch {
      news.push(.ended(wire, "\(error)"))
    }
  }

  package mutating func send(_ number: UInt32, _ bytes: borrowing ByteBuffer) -> Bool {
    guard let wire = wires[number], wire.isOpen, !wire.isEnding else { return false }
    do throws(ConnectionError) {
      guard let outcome = try wire.connection?.write(bytes), outcome != .full else { return false }
      if outcome == .queued { watch(wire) }
      return true
    } catch {
      // A part may have left: the end of the wire says so to whoever waits for an answer.
      end(wire, "\(error)")
      return true
    }
  }

  package func unsent(_ wire: UInt32) -> Int {
    guard let wire = wires[wire] else { return 0 }
    return (wire.connection?.queuedBytes ?? 0) + (wire.connection?.unacknowledgedBytes ?? 0)
  }

  package mutating func receive(_ number: UInt32, into bytes: inout ByteQueue) -> Bool {
    guard let wire = wires[number], wire.isOpen else { return false }
    do throws(ConnectionError) {
      for _ in 0..<Self.readsPerLook {
        switch try wire.connection?.read(into: &bytes) {
        case .bytes: continue
        case .nothing, nil:
          watch(wire)
          return false
        case .ended(let isClean):
          end(wire, isClean ? "the venue ended the connection" : "the connection was cut")
          return false
        }
      }
      return true
    } catch {
      end(wire, "\(error)")
      return false
    }
  }

  package mutating func close(_ number: UInt32) {
    guard let wire = wires[number] else { return }
    guard wire.isOpen, (try? wire.connection?.finish()) != nil, wire.connection?.hasFinished == false else {
      return forget(wire)
    }
    // What is queued goes first; a peer that takes nothing is left when the kernel gives it up.
    wire.isEnding = true
    watch(wire)
  }

  package mutating func abort(_ number: UInt32) {
    guard let wire = wires[number] else { return }
    poll.forget(wire.connection?.descriptor ?? -1)
    wires[number] = nil
    wire.connection.take()?.abort()
  }

  package mutating func next(now: EngineTime) -> WireNews? {
    if let told = news.pop() { return told }
    // What is ready stays so until it is received: one look tells of it, the next begins behind a `nil`.
    guard !hasLooked, (try? poll.wait(now: now, atMost: 0)) != nil else {
      hasLooked = false
      return nil
    }
    hasLooked = true
    while let report = poll.nextReport() {
      if report.token == Self.lookupToken, let lookup {
        for (host, addresses) in lookup.take() { learn(host, addresses) }
        continue
      }
      guard let wire = wires[UInt32(truncatingIfNeeded: report.token)] else { continue }
      advance(wire, report.readiness)
    }
    guard let told = news.pop() else {
      hasLooked = false
      return nil
    }
    return told
  }

  // MARK: Inside

  private mutating func address(of host: WireHost) -> NetworkAddress? {
    if let numeric = NetworkAddress(host.name, port: host.port) { return numeric }
    guard let known = book[host], !known.isEmpty else { return nil }
    let turn = turns[host, default: 0]
    turns[host] = turn + 1
    return known[turn % known.count]
  }

  private mutating func advance(_ wire: Wire, _ readiness: Readiness) {
    do throws(ConnectionError) {
      guard try wire.connection?.advance() == true else { return watch(wire) }
    } catch {
      return end(wire, "\(error)")
    }
    if wire.isEnding {
      if wire.connection?.hasFinished == true || readiness.contains(.hangup) { return forget(wire) }
      return watch(wire)
    }
    if !wire.isOpen {
      wire.isOpen = true
      news.push(.opened(wire.number))
    }
    // Of TLS, bytes that came with the handshake's last ones are not told of by the kernel.
    if readiness.contains(.read) || readiness.contains(.hangup) || wire.connection?.hasUnread == true {
      news.push(.readable(wire.number))
    }
    watch(wire)
  }

  private mutating func watch(_ wire: Wire) {
    guard let wants = wire.connection?.wants(reads: !wire.isEnding), let descriptor = wire.connection?.descriptor,
      wants != wire.watched
    else { return }
    do throws(SystemError) {
      try poll.watch(descriptor, for: wants, token: UInt64(wire.number))
      wire.watched = wants
    } catch {
      end(wire, "\(error.call) failed with error \(error.errno)")
    }
  }

  private mutating func end(_ wire: Wire, _ reason: String) {
    let isSilent = wire.isEnding
    forget(wire)
    if !isSilent { news.push(.ended(wire.number, reason)) }
  }

  private mutating func forget(_ wire: Wire) {
    poll.forget(wire.connection?.descriptor ?? -1)
    wires[wire.number] = nil
    wire.connection = nil
  }
}
