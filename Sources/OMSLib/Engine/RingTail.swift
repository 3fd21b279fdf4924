/// Follows the journal ring from inside the process: every published record once, in order.
///
/// A tail that falls behind by most of a lap is told so (``Step/lost``) and goes on from the journal's files. It never
/// slows the appender down.
///
/// Owner: one thread of its own choice, never the appender's.
@safe struct RingTail: ~Copyable {
  enum Step {
    case record(JournalRecord)
    case none
    /// Records from this lsn on may have been overwritten.
    case lost(UInt64)
  }

  private let ring: JournalRing
  private var position: UInt64 = 0
  private(set) var nextLsn: UInt64
  private let copy: UnsafeMutableRawPointer

  /// Starts at the ring's first record.
  init(ring: JournalRing, firstLsn: UInt64) {
    self.ring = ring
    nextLsn = firstLsn
    unsafe copy = .allocate(byteCount: JournalFormat.recordBytes, alignment: 64)
  }

  deinit { unsafe copy.deallocate() }

  /// The next record up to `limit`, copied; valid until the next call.
  mutating func next(durableOnly: Bool = false) -> Step {
    while true {
      let limit = durableOnly ? ring.durablePoint.position : ring.appendedPosition
      guard position < limit else { return .none }
      guard isSafe else { return .lost(nextLsn) }
      let place = unsafe ring.place(position)
      let header = unsafe place.loadUnaligned(as: RecordHeader.self)
      let length = Int(header.length)
      guard length >= JournalFormat.step, length <= ring.lapRest(position) else { return .lost(nextLsn) }
      if header.typeRaw == 0 {
        position += UInt64(length)
        continue
      }
      guard length <= JournalFormat.recordBytes else { return .lost(nextLsn) }
      unsafe copy.copyMemory(from: place, byteCount: length)
      // What was copied counts only if the appender cannot have come around meanwhile.
      guard isSafe else { return .lost(nextLsn) }
      let stable = unsafe copy.loadUnaligned(as: RecordHeader.self)
      precondition(stable.lsn == nextLsn, "the ring's records are numbered without gaps (INV-11)")
      position += UInt64(length)
      nextLsn += 1
      let body = unsafe UnsafeRawBufferPointer(
        start: copy + JournalFormat.headerBytes, count: length - JournalFormat.headerBytes)
      return unsafe .record(JournalRecord(header: stable, body: body))
    }
  }

  /// A quarter of the ring is left to what was appended and not published yet.
  private var isSafe: Bool {
    ring.appendedPosition <= position + UInt64(ring.capacity / 4 * 3)
  }
}
