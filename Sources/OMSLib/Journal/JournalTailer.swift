/// Reads a journal from a position on, while it is written: what bridges, logs, reports and follows stand on.
///
/// Owner: one reader, in any thread or process. Never waits, and never shows a record beyond the durable lsn (with
/// ``Bound/appended``, in the engine's own process, replies are made from records that are not durable yet). Records
/// come from the ring while they are there, else from segments; both give the same bytes.
@safe package struct JournalTailer<FS: FileSystem>: ~Copyable {
  package enum Bound: Sendable { case durable, appended }

  /// Of the last record delivered.
  package private(set) var cursor: UInt64
  private let fileSystem: FS
  private let directories: [String]
  private let identity: JournalIdentity
  private let ring: JournalRing?
  private let bound: Bound
  private var scan: SegmentScan<FS>?
  private var scanOrdinal: UInt64 = 0
  /// From this record on a newer segment holds: what stands here behind it was given up by a failed write.
  private var scanEnd = UInt64.max
  /// Position of the next record in the ring, and what it must look like; `nil` while reading segments.
  private var ringPosition: UInt64?
  private var ringCheck: RecordCheck?
  private var durableSeen: UInt64 = 0
  private let copy: UnsafeMutableRawBufferPointer

  /// Starts behind record `cursor`: 0 is the beginning. Without `ring`, as in another process, the marks in the newest
  /// segment tell what is durable.
  package init(
    fileSystem: FS, options: JournalOptions, ring: JournalRing? = nil, after cursor: UInt64 = 0,
    bound: Bound = .durable
  ) {
    precondition(bound == .durable || ring != nil, "only the ring tells what was appended")
    self.fileSystem = fileSystem
    directories = [options.directory] + (options.fallback.map { [$0] } ?? [])
    identity = options.identity
    self.ring = ring
    self.bound = bound
    self.cursor = cursor
    scan = nil
    unsafe copy = .allocate(byteCount: JournalFormat.recordBytes, alignment: 64)
  }

  /// Starts with the first record of the run that `ring` was made for: the ring has it, so that no segment is read
  /// unless the reader falls behind. `end` is what that run began behind.
  package init(
    fileSystem: FS, options: JournalOptions, ring: JournalRing, startingAt end: JournalEnd, bound: Bound = .durable
  ) {
    precondition(ring.firstLsn == end.nextLsn, "a ring begins behind the journal's end at that time")
    self.init(fileSystem: fileSystem, options: options, ring: ring, after: end.lsn, bound: bound)
    ringPosition = 0
    ringCheck = RecordCheck(end: end, instance: options.identity.number)
  }

  deinit { unsafe copy.deallocate() }

  /// The next record, `nil` when there is none yet. The body is valid until the next call.
  package mutating func next() throws(JournalError) -> JournalRecord? {
    if ringPosition != nil {
      if let record = nextOfRing() { return record }
      if ringPosition != nil { return nil }
    }
    try refreshDurable()
    guard cursor < durableSeen else {
      enterRing()
      return ringPosition == nil ? nil : nextOfRing()
    }
    return try nextOfSegments()
  }

  // MARK: Ring

  /// Goes over to the ring when the record behind the cursor begins at its durable point.
  private mutating func enterRing() {
    guard let ring, let check = scan?.check, check.end.lsn == cursor else { return }
    let point = ring.durablePoint
    guard point.lsn == cursor else { return }
    ringPosition = point.position
    ringCheck = check
  }

  /// Copies a record out of the ring. Its slot may be taken again while that happens: number, chain and checksum of the
  /// copy then do not match, and segments have it.
  private mutating func nextOfRing() -> JournalRecord? {
    guard let ring, var position = ringPosition else { return nil }
    let limit = ring.appendedPosition
    guard position <= limit, limit - position <= UInt64(ring.capacity) else { return leaveRing() }
    if bound == .durable, cursor >= ring.durableLsn { return nil }
    while position < limit {
      let header = unsafe ring.place(position).loadUnaligned(as: RecordHeader.self)
      let length = Int(header.length)
      guard length >= JournalFormat.step, length <= JournalFormat.recordBytes, length <= ring.lapRest(position),
        let target = unsafe copy.baseAddress
      else { return leaveRing() }
      if header.typeRaw == 0 {
        guard length == ring.lapRest(position) else { return leaveRing() }
        position += UInt64(length)
        continue
      }
      unsafe target.copyMemory(from: ring.place(position), byteCount: length)
      guard unsafe ringCheck?.accept(target, available: length) == nil else { return leaveRing() }
      ringPosition = position + UInt64(length)
      cursor += 1
      let bytes = unsafe UnsafeRawBufferPointer(rebasing: copy[JournalFormat.headerBytes..<length])
      return unsafe JournalRecord(header: target.loadUnaligned(as: RecordHeader.self), body: bytes)
    }
    return nil
  }

  private mutating func leaveRing() -> JournalRecord? {
    ringPosition = nil
    ringCheck = nil
    scan = nil
    return nil
  }

  // MARK: Segments

  private mutating func refreshDurable() throws(JournalError) {
    if let ring {
      durableSeen = ring.durableLsn
      return
    }
    guard cursor >= durableSeen, let newest = try newestSegment(atMost: .max) else { return }
    let entry = try SegmentEntry.load(fileSystem, path: newest.path, name: newest.name)
    durableSeen = max(durableSeen, entry.header.previous.lsn, entry.coveredLsn)
    if scanOrdinal == newest.name.ordinal { scan?.source.forget() } else { scanEnd = try firstLsn(behind: scanOrdinal) }
  }

  private mutating func nextOfSegments() throws(JournalError) -> JournalRecord? {
    var hasRetried = false
    while true {
      if scan == nil { try openSegment() }
      let step: SegmentScan<FS>.Step?
      do throws(JournalError) { step = try scan?.next() } catch { throw error }
      switch step {
      case .record(let record):
        hasRetried = false
        guard record.lsn > cursor else { continue }
        if record.lsn >= scanEnd {
          scan = nil
          continue
        }
        cursor = record.lsn
        return record
      case .stop(let stop):
        // The window may be older than the record.
        if !hasRetried, case .flaw = stop {
          hasRetried = true
          scan?.source.forget()
          continue
        }
        try leaveSegment(stop)
        hasRetried = false
      case nil: return nil
      }
    }
  }

  /// The record behind the cursor is durable and does not stand here: then another segment has it.
  private mutating func leaveSegment(_ stop: SegmentScan<FS>.Stop) throws(JournalError) {
    guard let place = scan?.place else { preconditionFailure("a scan stopped, so there is one") }
    guard let next = try newestSegment(atMost: place.lsn), next.name.ordinal != scanOrdinal else {
      if case .flaw(let flaw) = stop { throw .corrupt(place, flaw) }
      throw .missing(first: place.lsn, last: durableSeen, before: "the durable end")
    }
    scan = nil
  }

  private mutating func openSegment() throws(JournalError) {
    let wanted = cursor + 1
    var triesLeft = 2
    while true {
      guard let found = try newestSegment(atMost: wanted) else {
        guard let oldest = try oldestSegment() else { return }
        throw .pruned(lsn: wanted, oldest: oldest.firstLsn)
      }
      do throws(JournalError) {
        try openSegment(found.path, found.name)
        return
      } catch {
        // Compressed or pruned between the listing and the opening: the next listing knows.
        triesLeft -= 1
        guard triesLeft > 0, case .system(_, let cause) = error, cause.errno == Self.noSuchFile else { throw error }
      }
    }
  }

  /// ENOENT: a number of the kernel's interface, which never changes.
  private static var noSuchFile: Int32 { 2 }

  private mutating func openSegment(_ path: String, _ name: SegmentName) throws(JournalError) {
    let entry = try SegmentEntry.load(fileSystem, path: path, name: name)
    guard entry.header.identity.id == identity.id else {
      throw .otherInstance(file: path, found: entry.header.identity.name.description)
    }
    let source = try SegmentSource.open(fileSystem, path: path, name: name)
    scan = SegmentScan(source: source, header: entry.header)
    scanOrdinal = name.ordinal
    scanEnd = try firstLsn(behind: scanOrdinal)
  }

  /// Where the segments that came after `ordinal` begin.
  private func firstLsn(behind ordinal: UInt64) throws(JournalError) -> UInt64 {
    var first = UInt64.max
    for directory in directories {
      for name in try SegmentSet.names(fileSystem, in: directory) where name.ordinal > ordinal {
        first = min(first, name.firstLsn)
      }
    }
    return first
  }

  /// The newest segment that begins at or before `lsn`: of several, the one that superseded the others.
  private func newestSegment(atMost lsn: UInt64) throws(JournalError) -> (path: String, name: SegmentName)? {
    var best: (path: String, name: SegmentName)?
    for directory in directories {
      for name in try SegmentSet.names(fileSystem, in: directory) where name.firstLsn <= lsn {
        if name.ordinal > best?.name.ordinal ?? 0 { best = (directory + "/" + name.file, name) }
      }
    }
    return best
  }

  private func oldestSegment() throws(JournalError) -> SegmentName? {
    var best: SegmentName?
    for directory in directories {
      guard let first = try SegmentSet.names(fileSystem, in: directory).first else { continue }
      if first.firstLsn < best?.firstLsn ?? .max { best = first }
    }
    return best
  }
}
