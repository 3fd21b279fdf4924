package import OMSLib

/// A network in memory: clients open wires through their ``MemoryNetwork``, a ``MemoryRunner`` has the other ends.
/// Whatever happens on the way is drawn from one seed, and time is what it is told.
///
/// Owner: one thread, that of both ends.
package final class MemoryHub {
  /// Of a wire's one way.
  enum Load {
    case bytes([UInt8])
    case finish
    case reset
  }

  private enum Event {
    case opened(MemoryWireID)
    case accepted(MemoryWireID)
    case refused(MemoryWireID, String)
    case arrived(MemoryWireID, WireDirection, Load)
    /// Whether the client's kernel has waited long enough for an acknowledgement.
    case judged(MemoryWireID)
  }

  private struct Door {
    var product: VenueProduct
    var mood = HostMood.open
    var faults = WireFaults()
  }

  private struct Client {
    var address: String
    var news = WaitingLine<WireNews>()
    var hasLooked = false
  }

  /// What the other ends hear.
  enum Served {
    case accepted(MemoryWireID)
    case touched(MemoryWireID)
  }

  /// A kernel gives up a peer that acknowledges nothing for so long.
  static let silenceNanoseconds: Int64 = 2_000_000_000
  /// Bytes that wait for a reader before the writer has to keep them.
  static let windowBytes = 1 << 18

  package private(set) var now: EngineTime
  private var random: SplitMix64
  private var doors: [WireHost: Door] = [:]
  private var clients: [Client] = []
  private var wires: [MemoryWireID: MemoryWire] = [:]
  private var events: [UInt64: Event] = [:]
  private var eventCount: UInt64 = 0
  private var due = TimerQueue()
  private var served = WaitingLine<Served>()

  package init(seed: SplitMix64, now: EngineTime) {
    random = seed
    self.now = now
  }

  // MARK: What there is

  /// From now on a host can be connected to.
  package func listen(_ product: VenueProduct, at host: WireHost, _ faults: WireFaults = WireFaults()) {
    doors[host] = Door(product: product, faults: faults)
  }

  /// A client's side of the network. Its address is what the venue sees.
  package func network(address: String = "10.0.0.1") -> MemoryNetwork {
    clients.append(Client(address: address))
    return MemoryNetwork(hub: self, client: UInt32(clients.count - 1))
  }

  package func setMood(_ mood: HostMood, of host: WireHost) { doors[host]?.mood = mood }

  /// How the wires of a host behave from now on, also those that are open.
  package func setFaults(_ faults: WireFaults, of host: WireHost) { doors[host]?.faults = faults }

  /// Wires that are open or on the way to it, the oldest of each client first.
  package func wires(to host: WireHost, path: String = "") -> [MemoryWireID] {
    wires.values.filter { $0.host == host && $0.path.hasPrefix(path) && !$0.client.isGone && !$0.venue.isGone }
      .map(\.id).sorted()
  }

  // MARK: What can happen to a wire

  /// Both ends find it broken.
  package func reset(_ id: MemoryWireID) {
    guard let wire = wires[id] else { return }
    fail(wire, wire.client, SystemError(errno: Self.connectionReset, call: "recv"))
    fail(wire, wire.venue, SystemError(errno: Self.connectionReset, call: "recv"))
    tellEnd(wire)
    served.push(.touched(id))
  }

  /// It breaks when so many more bytes have passed.
  package func cut(_ id: MemoryWireID, _ direction: WireDirection, behindBytes count: Int) {
    guard let sender = wires[id]?.sender(direction) else { return }
    sender.breaksAt = sender.written + count
  }

  /// Nothing passes any more, and neither end is told.
  package func freeze(_ id: MemoryWireID, _ direction: WireDirection) { wires[id]?.sender(direction).isFrozen = true }

  package func thaw(_ id: MemoryWireID, _ direction: WireDirection) {
    guard let wire = wires[id] else { return }
    let sender = wire.sender(direction)
    sender.isFrozen = false
    let held = sender.held
    sender.held = []
    for load in held { carry(load, wire, direction) }
  }

  // MARK: Time

  /// When something comes to either end of its own accord.
  package var nextDue: EngineTime {
    served.isEmpty && clients.allSatisfy { $0.news.isEmpty } ? due.nextDue : now
  }

  package func advance(to time: EngineTime) {
    now = max(now, time)
    while let number = due.takeDue(now), let event = events.removeValue(forKey: number) { perform(event) }
  }

  private func plan(_ event: Event, at time: EngineTime) {
    eventCount += 1
    events[eventCount] = event
    due.set(eventCount, at: time)
  }

  private func perform(_ event: Event) {
    switch event {
    case .opened(let id):
      guard let wire = wires[id], wire.client.failure == nil, !wire.client.isGone else { return }
      wire.isOpen = true
      clients[Int(id.client)].news.push(.opened(id.number))
    case .accepted(let id): if wires[id] != nil { served.push(.accepted(id)) }
    case .refused(let id, let reason):
      guard wires.removeValue(forKey: id) != nil else { return }
      clients[Int(id.client)].news.push(.ended(id.number, reason))
    case .arrived(let id, let direction, let load): if let wire = wires[id] { arrive(load, wire, direction) }
    case .judged(let id):
      guard let wire = wires[id], wire.client.isFrozen, !wire.client.held.isEmpty, !wire.client.isGone else { return }
      fail(wire, wire.client, SystemError(errno: Self.timedOut, call: "recv"))
      tellEnd(wire)
    }
  }

  private func arrive(_ load: Load, _ wire: MemoryWire, _ direction: WireDirection) {
    let (sender, receiver) = (wire.sender(direction), wire.receiver(direction))
    switch load {
    case .bytes(let bytes):
      sender.underWay -= bytes.count
      guard receiver.failure == nil, !receiver.isGone else { return }
      receiver.arrived.append(bytes)
    case .finish: receiver.hasEnd = true
    case .reset:
      fail(wire, receiver, SystemError(errno: Self.connectionReset, call: "recv"))
      if direction == .toClient { tellEnd(wire) }
    }
    if direction == .toVenue { served.push(.touched(wire.id)) }
    forgetIfOver(wire)
  }

  /// What was not read by then is lost.
  private func fail(_ wire: MemoryWire, _ end: MemoryWire.End, _ error: SystemError) {
    guard end.failure == nil else { return }
    end.failure = error
    end.arrived.removeAll()
  }

  private func tellEnd(_ wire: MemoryWire) {
    guard !wire.client.isGone, let error = wire.client.failure else { return }
    wire.client.isGone = true
    clients[Int(wire.id.client)].news.push(.ended(wire.id.number, "\(ConnectionError.system(error))"))
    forgetIfOver(wire)
  }

  private func forgetIfOver(_ wire: MemoryWire) {
    if wire.client.isGone, wire.venue.isGone { wires[wire.id] = nil }
  }

  // MARK: Sending

  private func write(_ bytes: [UInt8], _ wire: MemoryWire, _ direction: WireDirection) {
    let sender = wire.sender(direction)
    if direction == .toVenue, wire.firstLine.count < Self.firstLineMax {
      wire.firstLine += bytes.prefix(Self.firstLineMax - wire.firstLine.count)
    }
    var rest = bytes[...]
    while !rest.isEmpty {
      let most = faults(of: wire).pieceBytes
      let count = most == .max ? rest.count : min(rest.count, Int(random.below(UInt64(max(1, most)))) + 1)
      let room = sender.breaksAt - sender.written
      let piece = Array(rest.prefix(min(count, room)))
      sender.written += piece.count
      sender.underWay += piece.count
      if !piece.isEmpty { carry(.bytes(piece), wire, direction) }
      guard count <= room else { return breakOff(wire, direction) }
      rest = rest.dropFirst(count)
    }
  }

  /// What has left still arrives; then both ends learn that it was the last.
  private func breakOff(_ wire: MemoryWire, _ direction: WireDirection) {
    carry(.reset, wire, direction)
    carry(.reset, wire, direction == .toVenue ? .toClient : .toVenue)
  }

  private func carry(_ load: Load, _ wire: MemoryWire, _ direction: WireDirection) {
    let sender = wire.sender(direction)
    guard !sender.isFrozen else {
      sender.held.append(load)
      if direction == .toVenue { plan(.judged(wire.id), at: now.advanced(byNanoseconds: Self.silenceNanoseconds)) }
      return
    }
    let faults = faults(of: wire)
    var arrival = now.advanced(byNanoseconds: oneWay(faults))
    if faults.lostPerMillion > 0, random.chance(faults.lostPerMillion, in: 1_000_000) {
      arrival = arrival.advanced(byNanoseconds: faults.retransmissionNanoseconds)
    }
    arrival = max(arrival, sender.lastArrival)
    if faults.bytesPerSecond != .max, case .bytes(let bytes) = load {
      arrival = arrival.advanced(byNanoseconds: Int64(bytes.count) * 1_000_000_000 / max(1, faults.bytesPerSecond))
    }
    sender.lastArrival = arrival
    plan(.arrived(wire.id, direction, load), at: arrival)
  }

  private func faults(of wire: MemoryWire) -> WireFaults { doors[wire.host]?.faults ?? WireFaults() }

  private func oneWay(_ faults: WireFaults) -> Int64 {
    guard faults.jitterNanoseconds > 0 else { return faults.delayNanoseconds }
    return faults.delayNanoseconds + Int64(random.below(UInt64(faults.jitterNanoseconds)))
  }

  private static let firstLineMax = 256
  private static let connectionReset: Int32 = 104
  private static let timedOut: Int32 = 110
}

// MARK: - The client's end

extension MemoryHub {
  func open(_ id: MemoryWireID, to host: WireHost, now time: EngineTime) {
    advance(to: time)
    precondition(wires[id] == nil, "the number of a wire is used once")
    guard let door = doors[host], door.mood != .nameless else {
      return clients[Int(id.client)].news.push(.ended(id.number, "the address of \(host.name) is not known"))
    }
    let wire = MemoryWire(id, host, door.product)
    wires[id] = wire
    // One round for TCP, another one for what is said before an encrypted connection is open.
    var arrival = now
    for _ in 0..<(host.isEncrypted ? 4 : 2) { arrival = arrival.advanced(byNanoseconds: oneWay(door.faults)) }
    switch door.mood {
    case .silent, .nameless: break
    case .refusing(let error):
      let failure = ConnectionError.system(SystemError(errno: error, call: "connect(\(host.name):\(host.port))"))
      plan(.refused(id, "\(failure)"), at: arrival)
    case .open:
      plan(.opened(id), at: arrival)
      wire.client.lastArrival = arrival.advanced(byNanoseconds: oneWay(door.faults))
      plan(.accepted(id), at: wire.client.lastArrival)
    }
  }

  func send(_ id: MemoryWireID, _ bytes: [UInt8]) -> Bool {
    guard let wire = wires[id], wire.isOpen, !wire.client.isGone else { return false }
    let waiting = wire.client.underWay + wire.venue.arrived.count
    guard waiting + bytes.count <= Connection.queueBytesMax else { return false }
    write(bytes, wire, .toVenue)
    return true
  }

  func unsent(_ id: MemoryWireID) -> Int { wires[id]?.client.underWay ?? 0 }

  func receive(_ id: MemoryWireID, into bytes: inout ByteQueue) -> Bool {
    guard let wire = wires[id], wire.isOpen, !wire.client.isGone else { return false }
    let end = wire.client
    let count = min(end.arrived.count, Connection.readBytes)
    unsafe end.arrived.withBytes { unsafe bytes.append(UnsafeBufferPointer(rebasing: $0[..<count])) }
    end.arrived.removeFirst(count)
    guard end.arrived.isEmpty else { return true }
    if count > 0 { served.push(.touched(id)) }
    if end.hasEnd {
      end.isGone = true
      clients[Int(id.client)].news.push(.ended(id.number, "the venue ended the connection"))
      carry(.finish, wire, .toVenue)
      forgetIfOver(wire)
    }
    return false
  }

  func close(_ id: MemoryWireID) { leave(id, .finish) }

  func abort(_ id: MemoryWireID) { leave(id, .reset) }

  private func leave(_ id: MemoryWireID, _ load: Load) {
    guard let wire = wires[id], !wire.client.isGone else { return }
    wire.client.isGone = true
    if wire.isOpen { carry(load, wire, .toVenue) } else { wires[id] = nil }
  }

  func next(_ client: UInt32, now time: EngineTime) -> WireNews? {
    advance(to: time)
    let place = Int(client)
    if let told = clients[place].news.pop() { return told }
    guard !clients[place].hasLooked else {
      clients[place].hasLooked = false
      return nil
    }
    clients[place].hasLooked = true
    for wire in wires.values.sorted(by: { $0.id < $1.id })
    where wire.id.client == client && wire.isOpen && !wire.client.isGone {
      if !wire.client.arrived.isEmpty || wire.client.hasEnd { clients[place].news.push(.readable(wire.id.number)) }
    }
    guard let told = clients[place].news.pop() else {
      clients[place].hasLooked = false
      return nil
    }
    return told
  }
}

// MARK: - The venue's end

extension MemoryHub {
  func nextServed() -> Served? { served.pop() }

  /// The venue's end of a wire that was told of as accepted.
  func end(of id: MemoryWireID) -> MemoryEnd? {
    guard let wire = wires[id] else { return nil }
    return MemoryEnd(hub: self, wire: wire, remote: clients[Int(id.client)].address)
  }

  func send(_ bytes: [UInt8], on wire: MemoryWire) { write(bytes, wire, .toClient) }

  func finish(_ wire: MemoryWire) { carry(.finish, wire, .toClient) }

  func leave(_ wire: MemoryWire) {
    wire.venue.isGone = true
    if wire.venue.failure == nil {
      if wire.venue.resetsWhenClosed {
        carry(.reset, wire, .toClient)
      } else if !wire.venue.isFinished {
        carry(.finish, wire, .toClient)
      }
    }
    forgetIfOver(wire)
  }
}
