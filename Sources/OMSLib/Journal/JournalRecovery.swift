/// What recovery found out about a journal.
package struct JournalReport: Equatable, Sendable {
  package var segmentCount = 0
  /// Delivered, of segments and ring.
  package var recordCount: UInt64 = 0
  package var ringRecordCount: UInt64 = 0
  /// Of the first segment kept; 0 when there is none.
  package var firstLsn: UInt64 = 0
  package var end = JournalEnd()
  /// What was cut from the last segment: the torn batch of a power cut.
  package var torn: TornRange?
  /// Slots of the last segment that were torn while being written.
  package var badSlots: [JournalPlace] = []
  /// The last run ended in good order.
  package var isOrderly = false
  /// The ring of the last run was there and joined the segments.
  package var hasJoinedRing = false
  /// Records may have been lost: other boot, ring missing or not joining, or a loss that no run has recorded yet.
  package var mayHaveLost = false
  /// Values of the last run that were begun and never took effect.
  package var droppedBlobs: [DroppedBlob] = []
  /// Of the last segment's writer.
  package var coreVersion: UInt32 = 0
  /// The highest of any record, segment or ring: a new run takes a higher one.
  package var epoch: UInt32 = 0

  package struct TornRange: Equatable, Sendable {
    package var place: JournalPlace
    /// Bytes cut, up to the last one that was not zero.
    package var byteCount: Int
    package var flaw: RecordFlaw
  }

  package init() {}
}

/// Opens a journal after a stop of any kind: checks everything, delivers every record in order, and puts the end right.
///
/// Owner: whoever starts the engine, before a writer exists. Call ``next()`` until it answers `nil`, then
/// ``finish(utc:)``. Nothing on the disk changes before that; doing it all again after a crash in between is harmless.
package struct JournalRecovery<FS: FileSystem>: ~Copyable {
  let fileSystem: FS
  let options: JournalOptions
  let entries: [SegmentEntry]
  private let start: JournalEnd
  private var scan: SegmentScan<FS>?
  private var nextEntry: Int
  private var scannedCount = 0
  private(set) var ringWalk: RingWalk?
  package private(set) var report = JournalReport()
  private(set) var isDone = false
  private var lossIsPending = false
  private var blobs = BlobReader(keepingBytes: false)
  /// Where the last segment's valid part ends, and whether a Close record stands there.
  private(set) var lastOffset = SegmentHeader.bytes
  private(set) var lastIsClosed = false
  /// The end of the journal as far as segments go.
  private(set) var segmentEnd = JournalEnd()

  /// Reads names and headers. `ring` is that of the run before, if its region is still there; with `start`, as after
  /// loading a snapshot, only what follows it is delivered.
  package init(
    fileSystem: FS, options: JournalOptions, ring: JournalRing? = nil, after start: JournalEnd = JournalEnd()
  ) throws(JournalError) {
    let directories = [options.directory] + (options.fallback.map { [$0] } ?? [])
    let entries = try SegmentSet.load(fileSystem, directories: directories, identity: options.identity)
    if let first = entries.first, first.header.firstLsn > start.nextLsn {
      throw .pruned(lsn: start.nextLsn, oldest: first.header.firstLsn)
    }
    // The last segment that begins at or before the first record wanted.
    var next = max(0, (entries.firstIndex { $0.header.firstLsn > start.nextLsn } ?? entries.count) - 1)
    while next > 0, entries[next].header.followsFailure { next -= 1 }
    if !entries.isEmpty, start.lsn > 0, entries[next].header.previous.lsn == start.lsn,
      entries[next].header.previous.chain != start.chain
    {
      throw .misplaced(
        file: entries[next].path, why: "record \(start.lsn) in front of it is not the one the snapshot was made behind")
    }
    self.fileSystem = fileSystem
    self.options = options
    self.start = start
    self.entries = entries
    nextEntry = next
    ringWalk = ring.map { RingWalk($0) }
    scan = nil
    report.segmentCount = entries.count
    report.firstLsn = entries.first?.header.firstLsn ?? 0
    report.coreVersion = entries.last?.header.coreVersion ?? 0
    report.end = entries.isEmpty ? start : entries[next].header.previous
    segmentEnd = report.end
    report.epoch = max(entries.map(\.header.epoch).max() ?? 0, ring?.epoch ?? 0, start.epoch)
  }

  /// The next record, or `nil` at the end. The body is valid until the next call.
  @inline(__always)
  package mutating func next() throws(JournalError) -> JournalRecord? {
    while !isDone {
      let step: SegmentScan<FS>.Step?
      do throws(JournalError) { step = try scan?.next() } catch { throw error }
      switch step {
      case .record(let record):
        if Self.isRare(record.header) { note(record) }
        if record.lsn > start.lsn {
          report.recordCount += 1
          return record
        }
        if record.lsn == start.lsn { try meet(record.header) }
      case .stop(let stop): try leaveSegment(stop)
      case nil:
        if try enterSegment() { continue }
        return try nextOfRing()
      }
    }
    return nil
  }

  // MARK: What few records need

  private static func isRare(_ header: RecordHeader) -> Bool {
    header.typeRaw == RecordType.start.rawValue || header.typeRaw == RecordType.blob.rawValue
      || header.typeRaw == RecordType.commit.rawValue
  }

  private mutating func note(_ record: JournalRecord) {
    let step = blobs.take(record)
    if record.header.type == .start {
      lossIsPending = false
      // Runs before the last one have told of theirs.
      report.droppedBlobs = []
      return
    }
    if case .dropped(let blob) = step { dropped(blob) }
  }

  private mutating func dropped(_ blob: DroppedBlob) {
    if report.droppedBlobs.count < 16 { report.droppedBlobs.append(blob) }
  }

  /// The core that wrote the segment which is being read, or the one that was read last.
  package var coreVersion: UInt32 { entries.isEmpty ? 0 : entries[max(nextEntry, 1) - 1].header.coreVersion }

  /// Whether any segment that is still to be read is of another core.
  package func hasSegments(ofOtherThan version: UInt32) -> Bool {
    entries[nextEntry...].contains { $0.header.coreVersion != version }
  }

  /// The snapshot's record must be the journal's.
  private func meet(_ header: RecordHeader) throws(JournalError) {
    guard header.chain == start.chain else {
      throw .misplaced(
        file: entries[nextEntry - 1].path, why: "record \(start.lsn) is not the one the snapshot was made behind")
    }
  }

  // MARK: Segments

  private mutating func enterSegment() throws(JournalError) -> Bool {
    guard nextEntry < entries.count else { return false }
    let entry = entries[nextEntry]
    let end = report.end
    let previous = entry.header.previous
    if scannedCount > 0, previous.lsn != end.lsn || previous.chain != end.chain {
      let first = entry.header.firstLsn
      if first > end.nextLsn { throw .missing(first: end.nextLsn, last: first - 1, before: entry.path) }
      if first < end.nextLsn { throw .duplicate(file: entry.path, other: entries[nextEntry - 1].path) }
      throw .misplaced(file: entry.path, why: "it does not continue \(entries[nextEntry - 1].path)")
    }
    var last = UInt64.max
    if nextEntry + 1 < entries.count, entries[nextEntry + 1].header.followsFailure {
      last = entries[nextEntry + 1].header.previous.lsn
    }
    let source = try SegmentSource.open(fileSystem, path: entry.path, name: entry.name)
    scan = SegmentScan(source: source, header: entry.header, lastLsn: last)
    if entry.header.followsLoss { lossIsPending = true }
    nextEntry += 1
    scannedCount += 1
    return true
  }

  /// Decides what the end of a segment means: the line goes on, it was torn, or it is corrupt.
  private mutating func leaveSegment(_ stop: SegmentScan<FS>.Stop) throws(JournalError) {
    guard let place = scan?.place, let end = scan?.end, let rest = try scan?.scanRest() else {
      preconditionFailure("a scan stopped, so there is one")
    }
    let entry = entries[nextEntry - 1]
    let following = nextEntry < entries.count ? entries[nextEntry] : nil
    report.end = end
    segmentEnd = end
    lastOffset = Int(place.offset)
    lastIsClosed = false
    scan = nil
    if following?.header.followsFailure != true, following != nil, let slot = entry.badSlots.first {
      throw .corruptHeader(file: entry.path, why: "durable mark at offset \(slot) is damaged")
    }
    switch stop {
    case .superseded: return
    case .closed(let isOrderly):
      if rest.usedEnd > lastOffset { throw .corrupt(place, .behindClose) }
      lastIsClosed = true
      if following == nil { report.isOrderly = isOrderly }
    case .flaw(let flaw):
      // A mark covers the missing record, or a later segment does: it was made when this one was synced.
      let covered = max(entry.coveredLsn, rest.coveredLsn, following?.header.previous.lsn ?? 0)
      if covered >= end.nextLsn { throw .corrupt(place, flaw) }
      if following != nil { throw .corrupt(place, flaw == .blank ? .unclosed : flaw) }
      if rest.usedEnd > lastOffset {
        report.torn = JournalReport.TornRange(place: place, byteCount: rest.usedEnd - lastOffset, flaw: flaw)
      }
    }
    if following == nil {
      report.badSlots = entry.badSlots.map { JournalPlace(file: entry.path, offset: Int64($0), lsn: end.nextLsn) }
    }
  }

  // MARK: Ring

  private mutating func nextOfRing() throws(JournalError) -> JournalRecord? {
    let record = try nextRingRecord()
    if let record {
      if Self.isRare(record.header) { note(record) }
      report.recordCount += 1
      report.ringRecordCount += 1
      report.end = ringWalk?.end ?? report.end
      return record
    }
    isDone = true
    if let blob = blobs.unfinished { dropped(blob) }
    report.hasJoinedRing = ringWalk?.hasJoined ?? false
    let isFresh = entries.isEmpty && ringWalk == nil && start == JournalEnd()
    report.mayHaveLost = lossIsPending || !(report.isOrderly || report.hasJoinedRing || isFresh)
    if report.end.lsn < start.lsn {
      throw .missing(first: report.end.nextLsn, last: start.lsn, before: "snapshot")
    }
    return nil
  }

  private mutating func nextRingRecord() throws(JournalError) -> JournalRecord? {
    if ringWalk?.isJoining == true {
      if let durable = ringWalk?.ring.durableLsn, durable > report.end.lsn {
        throw .missing(first: report.end.nextLsn, last: durable, before: "journal ring")
      }
      ringWalk?.join(report.end, instance: options.identity.number)
    }
    return ringWalk?.next()
  }
}
