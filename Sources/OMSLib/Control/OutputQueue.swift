/// Bytes on their way to one client. What was sent is dropped in large pieces, so that a long answer costs no moving.
struct OutputQueue: Sendable {
  private var bytes: [UInt8] = []
  private var start = 0

  var count: Int { bytes.count - start }
  var isEmpty: Bool { count == 0 }

  mutating func append(_ more: [UInt8]) { bytes.append(contentsOf: more) }

  /// Lends what goes next.
  func withFront<R>(_ body: (UnsafeRawBufferPointer) -> R) -> R {
    unsafe bytes.withUnsafeBytes { unsafe body(UnsafeRawBufferPointer(rebasing: $0[start...])) }
  }

  mutating func removeFirst(_ sent: Int) {
    precondition(sent >= 0 && sent <= count, "more was sent than there was")
    start += sent
    if start == bytes.count {
      bytes.removeAll(keepingCapacity: bytes.capacity <= 1 << 16)
      start = 0
    } else if start >= 1 << 20 {
      bytes.removeFirst(start)
      start = 0
    }
  }
}
