package import OMSLib

/// A client's side of a network in memory.
///
/// Owner: one thread, that of the hub.
package struct MemoryNetwork: WireNetwork {
  let hub: MemoryHub
  let client: UInt32

  private func id(_ wire: UInt32) -> MemoryWireID { MemoryWireID(client: client, number: wire) }

  package mutating func open(_ wire: UInt32, to host: WireHost, now: EngineTime) {
    hub.open(id(wire), to: host, now: now)
  }

  package mutating func send(_ wire: UInt32, _ bytes: borrowing ByteBuffer) -> Bool { hub.send(id(wire), bytes.bytes) }

  package func unsent(_ wire: UInt32) -> Int { hub.unsent(id(wire)) }

  package mutating func receive(_ wire: UInt32, into bytes: inout ByteQueue) -> Bool {
    hub.receive(id(wire), into: &bytes)
  }

  package mutating func close(_ wire: UInt32) { hub.close(id(wire)) }

  package mutating func abort(_ wire: UInt32) { hub.abort(id(wire)) }

  package mutating func next(now: EngineTime) -> WireNews? { hub.next(client, now: now) }
}
