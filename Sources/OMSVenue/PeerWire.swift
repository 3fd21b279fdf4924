import OMSLib

/// What a peer needs of the connection that it speaks over: one of the kernel's, or one in memory. Nothing waits.
protocol PeerWire: ~Copyable {
  /// Who the other side is: its address, without a port.
  var remote: String { get }
  /// Bytes that were written and that the other side has no room for yet.
  var queuedBytes: Int { get }
  /// Everything was sent, and the other side told that it was all.
  var hasFinished: Bool { get }

  /// Goes on with what was begun. Whether bytes can be exchanged.
  mutating func advance() throws(ConnectionError) -> Bool
  mutating func read(into buffer: inout ByteQueue) throws(ConnectionError) -> Connection.Read
  mutating func write(_ bytes: borrowing ByteBuffer) throws(ConnectionError) -> Connection.Write
  mutating func finish() throws(ConnectionError)
  /// What is on the way to the other side is lost when the value goes away.
  func resetWhenClosed()
}

extension Connection: PeerWire {
  var remote: String {
    let text = peer.description
    return String(text[..<(text.lastIndex(of: ":") ?? text.endIndex)])
  }
}
