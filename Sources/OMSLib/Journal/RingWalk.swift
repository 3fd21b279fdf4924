/// Walks what a dead owner left in its ring, from where the segments end.
struct RingWalk {
  let ring: JournalRing
  private(set) var position: UInt64
  /// Position of the first record that the segments do not have.
  private(set) var joinPosition: UInt64
  private let limit: UInt64
  private var check: RecordCheck?
  /// The ring's records continue the segments' chain, up to its last.
  private(set) var hasJoined = false
  private(set) var isJoining = true

  init(_ ring: JournalRing) {
    self.ring = ring
    position = ring.durablePosition
    joinPosition = position
    limit = ring.appendedPosition
    precondition(limit - position <= UInt64(ring.capacity), "a joined ring has sane positions")
  }

  var end: JournalEnd? { check?.end }

  /// Finds the record behind `end` and sees whether the ring continues it.
  mutating func join(_ end: JournalEnd, instance: UInt32) {
    precondition(isJoining, "a ring joins once")
    isJoining = false
    guard ring.instance == instance, ring.epoch >= end.epoch || ring.appendedLsn > end.lsn else { return }
    while position < limit {
      guard let header = header(at: position) else { return }
      if header.typeRaw != 0, header.lsn > end.lsn { break }
      // The last record that both have must be the same one.
      if header.typeRaw != 0, header.lsn == end.lsn, header.chain != end.chain { return }
      position += UInt64(header.length)
    }
    joinPosition = position
    var check = RecordCheck(end: end, instance: instance)
    if position < limit {
      let rest = ring.lapRest(position)
      guard unsafe check.accept(ring.place(position), available: rest) == nil else { return }
      check = RecordCheck(end: end, instance: instance)
    }
    hasJoined = true
    self.check = check
  }

  /// The next record behind the segments' last. A bad one ends the walk: then the ring's tail is not whole.
  mutating func next() -> JournalRecord? {
    while position < limit, check != nil {
      guard let header = header(at: position) else { return stop() }
      if header.typeRaw == 0 {
        position += UInt64(header.length)
        continue
      }
      let place = unsafe ring.place(position)
      guard unsafe check?.accept(place, available: ring.lapRest(position)) == nil else { return stop() }
      position += UInt64(header.length)
      let bytes = unsafe UnsafeRawBufferPointer(start: place, count: Int(header.length))
      let body = unsafe UnsafeRawBufferPointer(rebasing: bytes[JournalFormat.headerBytes...])
      return unsafe JournalRecord(header: header, body: body)
    }
    return nil
  }

  private mutating func stop() -> JournalRecord? {
    hasJoined = false
    position = limit
    return nil
  }

  /// A header whose length can be followed, or `nil`.
  private func header(at position: UInt64) -> RecordHeader? {
    let header = unsafe ring.place(position).loadUnaligned(as: RecordHeader.self)
    let length = Int(header.length)
    guard length >= JournalFormat.step, length % JournalFormat.step == 0, length <= ring.lapRest(position),
      position + UInt64(length) <= limit, length <= JournalFormat.recordBytes
    else { return nil }
    if header.typeRaw == 0, length != ring.lapRest(position) { return nil }
    return header
  }
}
