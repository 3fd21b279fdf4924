import OMSLib

/// A wire of a network in memory: the client's number of it, and whose client that is.
package struct MemoryWireID: Hashable, Comparable, Sendable {
  let client: UInt32
  package let number: UInt32

  package static func < (a: Self, b: Self) -> Bool {
    a.client != b.client ? a.client < b.client : a.number < b.number
  }
}

/// One wire, seen from both ends.
///
/// Owner: the hub.
final class MemoryWire {
  /// One of its ends, and what is on the way from there.
  final class End {
    /// Came and was not read yet.
    var arrived = ByteQueue(capacity: 1_024)
    /// The other end sends no more, and everything it sent is here.
    var hasEnd = false
    /// The error of the kernel that it is broken with.
    var failure: SystemError?
    /// Whoever had this end has let go of it.
    var isGone = false
    var resetsWhenClosed = false
    /// It has told that it sends no more.
    var isFinished = false

    var written = 0
    var underWay = 0
    /// Nothing overtakes what was sent before.
    var lastArrival = EngineTime.zero
    /// Nothing that is sent from here arrives, for as long as this lasts.
    var isFrozen = false
    /// Sent into the ice; comes when it thaws.
    var held: [MemoryHub.Load] = []
    /// The wire breaks when so many bytes of this end have passed.
    var breaksAt = Int.max
  }

  let id: MemoryWireID
  let host: WireHost
  let product: VenueProduct
  let client = End()
  let venue = End()
  /// Bytes can be sent.
  var isOpen = false
  /// The first line of what the client sends, as far as the path.
  var firstLine: [UInt8] = []

  init(_ id: MemoryWireID, _ host: WireHost, _ product: VenueProduct) {
    self.id = id
    self.host = host
    self.product = product
  }

  func sender(_ direction: WireDirection) -> End { direction == .toVenue ? client : venue }
  func receiver(_ direction: WireDirection) -> End { direction == .toVenue ? venue : client }

  /// What the client asks for first, without method and query.
  var path: String {
    let parts = firstLine.split(separator: UInt8(ascii: " "))
    guard parts.count > 1, let path = parts[1].split(separator: UInt8(ascii: "?")).first else { return "" }
    return String(decoding: path, as: UTF8.self)
  }
}
