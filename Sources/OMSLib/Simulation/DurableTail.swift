/// Walks the ring of a run as far as it is durable. The appender stands still meanwhile: there is one thread.
struct DurableTail {
  private let ring: JournalRing
  private var position: UInt64 = 0
  private(set) var nextLsn: UInt64

  init(ring: JournalRing, firstLsn: UInt64) {
    self.ring = ring
    nextLsn = firstLsn
  }

  /// Calls `body` with every record that has become durable; `false` when some were overwritten before.
  mutating func read(_ body: (JournalRecord) -> Void) -> Bool {
    let (end, _) = ring.durablePoint
    guard ring.appendedPosition - position <= UInt64(ring.capacity) else { return false }
    while position < end {
      let place = unsafe ring.place(position)
      let header = unsafe place.loadUnaligned(as: RecordHeader.self)
      position += UInt64(header.length)
      if header.typeRaw == 0 { continue }
      guard header.lsn == nextLsn else { return false }
      nextLsn += 1
      let bytes = unsafe UnsafeRawBufferPointer(start: place, count: Int(header.length))
      unsafe body(
        JournalRecord(header: header, body: UnsafeRawBufferPointer(rebasing: bytes[JournalFormat.headerBytes...])))
    }
    return true
  }
}
