import OMSLib

/// The venue's end of a wire in memory. Closed when the value goes away.
///
/// Owner: a peer.
struct MemoryEnd: ~Copyable, PeerWire {
  private let hub: MemoryHub
  private let wire: MemoryWire
  let remote: String

  init(hub: MemoryHub, wire: MemoryWire, remote: String) {
    self.hub = hub
    self.wire = wire
    self.remote = remote
  }

  deinit { hub.leave(wire) }

  private var end: MemoryWire.End { wire.venue }
  var product: VenueProduct { wire.product }

  var queuedBytes: Int { max(0, end.underWay + wire.client.arrived.count - MemoryHub.windowBytes) }
  var hasFinished: Bool { end.isFinished }

  func advance() throws(ConnectionError) -> Bool {
    if let failure = end.failure { throw .system(failure) }
    return true
  }

  func read(into buffer: inout ByteQueue) throws(ConnectionError) -> Connection.Read {
    if let failure = end.failure { throw .system(failure) }
    let count = min(end.arrived.count, Connection.readBytes)
    guard count > 0 else { return end.hasEnd ? .ended(isClean: true) : .nothing }
    unsafe end.arrived.withBytes { unsafe buffer.append(UnsafeBufferPointer(rebasing: $0[..<count])) }
    end.arrived.removeFirst(count)
    return .bytes(count)
  }

  func write(_ bytes: borrowing ByteBuffer) throws(ConnectionError) -> Connection.Write {
    precondition(!end.isFinished, "nothing is written behind the end")
    if let failure = end.failure { throw .system(failure) }
    guard queuedBytes + bytes.count <= VenuePatience.queueBytesMax else { return .full }
    hub.send(bytes.bytes, on: wire)
    return queuedBytes > 0 ? .queued : .sent
  }

  func finish() throws(ConnectionError) {
    if let failure = end.failure { throw .system(failure) }
    guard !end.isFinished else { return }
    end.isFinished = true
    hub.finish(wire)
  }

  func resetWhenClosed() { end.resetsWhenClosed = true }
}
