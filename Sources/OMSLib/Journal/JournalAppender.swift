internal import CCore

/// The producing end of the journal ring: gives records their number, their time and their place in the chain.
///
/// Owner: the core thread. Several appends are followed by one ``publish()``; nobody sees them before. Allocates nothing,
/// never waits: a full ring is an answer.
@safe package struct JournalAppender: ~Copyable {
  package let ring: JournalRing
  package let epoch: UInt32
  /// Of the last record.
  package private(set) var lsn: UInt64
  package private(set) var chain: UInt32
  /// Of the last exported event.
  package private(set) var seq: UInt64
  package private(set) var time: EngineTime
  private var position: UInt64
  private var published: UInt64
  /// The journal thread's position when we last looked. Looking costs a cache miss, so we look only when we seem full.
  private var durableSeen: UInt64
  private let instance: UInt32
  /// Kept for cancels and venue events.
  private let reserve: UInt64

  /// - Precondition: `ring` was just made for this run, with the same `end`.
  package init(ring: JournalRing, end: JournalEnd) {
    precondition(ring.appendedPosition == 0, "a ring has one appender in its life")
    precondition(ring.durableLsn == end.lsn, "the ring goes on behind the journal's last record")
    self.ring = ring
    epoch = ring.epoch
    lsn = end.lsn
    chain = end.chain
    seq = end.seq
    time = end.time
    position = 0
    published = 0
    durableSeen = 0
    instance = ring.instance
    reserve = UInt64(ring.capacity / 4)
  }

  package var nextLsn: UInt64 { lsn + 1 }

  /// Bytes that can be appended now, in the worst case of where the lap ends.
  package var freeBytes: Int {
    let used = Int(position - ring.durablePosition)
    return max(0, ring.capacity - used - JournalFormat.recordBytes)
  }

  /// Whether a command that can open risk may enter: three quarters of the ring are for those, the last one is for
  /// cancels and venue events.
  package var canAcceptNewRisk: Bool {
    let open = UInt64(ring.capacity) - reserve
    guard position - durableSeen <= open || position - ring.durablePosition <= open else { return false }
    return ring.state != .dead && ring.alarms.isDisjoint(with: .segment)
  }

  /// Appends a record with the bytes of `body`, filled up with zeros. `nil` when the ring is full: nothing was written.
  ///
  /// `seq` is the event's position in the exported line, one more than the last; 0 if it is not exported.
  @inline(__always)
  package mutating func append<Body: BitwiseCopyable>(
    _ type: RecordType, version: UInt16 = 1, time: EngineTime, utc: UTCTime, seq: UInt64 = 0, _ body: Body
  ) -> UInt64? {
    unsafe withUnsafeBytes(of: body) { bytes in
      unsafe append(type.rawValue, version: version, time: time, utc: utc, seq: seq, body: bytes)
    }
  }

  /// As above, with a type number as `StepEvent` carries it and bytes that lie elsewhere.
  package mutating func append(
    _ typeRaw: UInt16, version: UInt16 = 1, time: EngineTime, utc: UTCTime, seq: UInt64 = 0,
    body: UnsafeRawBufferPointer
  ) -> UInt64? {
    let length = JournalFormat.recordLength(bodyBytes: body.count)
    precondition(length <= JournalFormat.recordBytes, "a record is 4,096 bytes at most; longer values go as blobs")
    precondition(typeRaw != 0, "type 0 marks the rest of a lap")
    // INV-12: journal time never decreases.
    precondition(time >= self.time, "journal time never decreases")
    precondition(seq == 0 || seq == self.seq + 1, "exported events are numbered without gaps")
    guard claim(length) else { return nil }

    let place = unsafe ring.place(position)
    let target = unsafe place + JournalFormat.headerBytes
    fetchAhead(length)
    let bodyCRC = unsafe copy(body, to: target, bytes: length - JournalFormat.headerBytes)
    var header = RecordHeader()
    header.length = UInt32(truncatingIfNeeded: length)
    header.typeRaw = typeRaw
    header.version = version
    // INV-11: rises by exactly 1, chained to the record before, with instance and epoch.
    header.lsn = lsn + 1
    header.time = time
    header.utc = utc
    header.seq = seq
    header.epoch = epoch
    header.instance = instance
    header.bodyCRC = bodyCRC
    unsafe place.storeBytes(of: header, as: RecordHeader.self)
    header.chain = unsafe cc_crc32c(chain, place, JournalFormat.headerBytes)
    unsafe place.storeBytes(of: header.chain, toByteOffset: RecordHeader.chainOffset, as: UInt32.self)

    lsn += 1
    chain = header.chain
    self.time = time
    if seq != 0 { self.seq = seq }
    position += UInt64(length)
    return lsn
  }

  /// Copies a body, filled up with zeros; its checksum.
  @inline(__always)
  private func copy(_ body: UnsafeRawBufferPointer, to target: UnsafeMutableRawPointer, bytes: Int) -> UInt32 {
    guard bytes > 0, let source = body.baseAddress else { return 0 }
    if body.count != bytes {
      // Zeros first, over the last step only: the body ends inside it.
      unsafe (target + bytes - JournalFormat.step).initializeMemory(
        as: UInt64.self, repeating: 0, count: JournalFormat.step / 8)
    }
    unsafe target.copyMemory(from: source, byteCount: body.count)
    // Summed up where it came from, which is in the nearest cache.
    return unsafe cc_crc32c(0, body.count == bytes ? source : UnsafeRawPointer(target), bytes)
  }

  /// The ring is larger than the caches: lines that will be written soon are on their way before they are needed.
  @inline(__always)
  private func fetchAhead(_ length: Int) {
    var ahead = position &+ Self.aheadBytes
    let end = ahead &+ UInt64(length)
    while ahead < end {
      unsafe cc_prefetch_write(ring.place(ahead))
      ahead &+= 64
    }
  }

  private static let aheadBytes: UInt64 = 2_048

  /// Shows everything appended to the journal thread, and wakes it if it sleeps.
  package mutating func publish() {
    guard position != published else { return }
    precondition(position > published, "a position never goes back")
    published = position
    // Release: the journal thread that sees the new position sees the records.
    if unsafe cc_journal_publish(ring.header, position, lsn) != 0 { unsafe cc_journal_wake(ring.header) }
  }

  /// Makes room for `length` bytes in one piece; fills the rest of a lap that is too short.
  @inline(__always)
  private mutating func claim(_ length: Int) -> Bool {
    let rest = ring.lapRest(position)
    let need = rest < length ? rest + length : length
    if position + UInt64(need) - durableSeen > UInt64(ring.capacity) {
      // Acquire: what the journal thread has freed, it has finished reading.
      durableSeen = ring.durablePosition
      if position + UInt64(need) - durableSeen > UInt64(ring.capacity) { return false }
    }
    if rest < length {
      var filler = RecordHeader()
      filler.length = UInt32(truncatingIfNeeded: rest)
      filler.typeRaw = 0
      unsafe ring.place(position).storeBytes(of: filler, as: RecordHeader.self)
      position += UInt64(rest)
    }
    return true
  }
}

extension RecordHeader {
  static var chainOffset: Int { 52 }
}
