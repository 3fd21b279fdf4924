package import OMSLib

/// Carries bytes between the clients of a network in memory and an exchange's surface: a ``VenueRunner`` without
/// sockets.
///
/// Owner: one thread, that of the hub.
package struct MemoryRunner<Surface: VenueSurface & ~Copyable>: ~Copyable {
  package var surface: Surface
  package let hub: MemoryHub
  private var peers = VenuePeers<MemoryEnd>()
  private var links: [MemoryWireID: UInt64] = [:]
  private var wires: [UInt64: MemoryWireID] = [:]
  private var timers = TimerQueue()
  /// Peers that something was sent to, or that have more to read.
  private var touched: [UInt64] = []

  package init(_ surface: consuming Surface, hub: MemoryHub) {
    self.surface = surface
    self.hub = hub
  }

  package var connectionCount: Int { peers.count }

  package var nextDue: EngineTime {
    guard touched.isEmpty else { return hub.now }
    return min(surface.nextDue, hub.nextDue, timers.nextDue)
  }

  /// Does all that there is to do at a time.
  package mutating func turn(at time: ServerTime) {
    hub.advance(to: time.now)
    while let link = timers.takeDue(time.now) {
      peers.giveUp(link, &surface, at: time)
      settle(link, at: time)
    }
    repeat {
      let again = touched
      touched = []
      for link in again { advance(link, at: time) }
      while let news = hub.nextServed() {
        switch news {
        case .accepted(let id): accept(id, at: time)
        case .touched(let id): if let link = links[id] { advance(link, at: time) }
        }
      }
      surface.turn(at: time)
      touched += peers.send(from: &surface)
    } while !touched.isEmpty
  }

  private mutating func accept(_ id: MemoryWireID, at time: ServerTime) {
    guard let end = hub.end(of: id) else { return }
    let product = end.product
    let link = peers.add(end, product, &surface, at: time)
    links[id] = link
    wires[link] = id
    advance(link, at: time)
  }

  private mutating func advance(_ link: UInt64, at time: ServerTime) {
    peers.advance(link, &surface, at: time)
    settle(link, at: time)
  }

  private mutating func settle(_ link: UInt64, at time: ServerTime) {
    guard let peer = peers[link] else { return }
    guard !peer.isOver else {
      timers.cancel(link)
      if let id = wires.removeValue(forKey: link) { links[id] = nil }
      return peers.remove(link, &surface, at: time)
    }
    if peer.hasMore { touched.append(link) }
    guard let patience = peer.patience else { return timers.cancel(link) }
    guard peer.takeActivity() || !timers.isSet(link) else { return }
    timers.set(link, at: time.now.advanced(byNanoseconds: patience))
  }
}
