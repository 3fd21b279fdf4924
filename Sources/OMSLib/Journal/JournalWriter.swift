/// The journal agent: copies published records from the ring to segments, syncs them, and frees their slots.
///
/// Owner: the journal thread; sole owner of the files. ``poll(now:utc:)`` waits for the disk and for nothing else.
/// A failed write or sync makes a file dead: it is never written or synced again, and everything above the durable mark
/// is written once more, from the ring, into a new segment.
@safe package struct JournalWriter<FS: FileSystem>: ~Copyable {
  package let ring: JournalRing
  package internal(set) var options: JournalOptions
  let fileSystem: FS
  let epoch: UInt32

  /// Up to here records are in the file, and synced.
  private(set) var written: JournalEnd
  private(set) var durable: JournalEnd
  var writtenPosition: UInt64
  private var durablePosition: UInt64
  /// Copy no further: the rest of a dead owner's ring is not whole.
  private let limit: UInt64

  var segment: SegmentFile<FS>?
  var prepared: PreparedSegment<FS>
  var ordinal: UInt64
  /// Of the last closed segment.
  var previousDigest: SHA256Digest
  private(set) var state = JournalState.healthy
  var alarms: JournalAlarms = []
  /// Directory of the segment being written: an index into the candidates.
  var directoryIndex = 0
  /// For the header of the run's first segment.
  private var followsLoss: Bool

  /// Something is in the file that was not synced.
  private var isUnsynced = false
  private var needsMark = false
  private var lastSync = EngineTime.zero
  var lastWatch = EngineTime.zero
  /// A disk that refused the next segment is asked again then.
  private var nextPreparation = EngineTime.zero
  /// A journal that died asks its disks again then.
  private var nextRevival = EngineTime.never
  private var syncCount: UInt64 = 0
  private var segmentCount: UInt32 = 0

  /// Opens the first segment of a run.
  ///
  /// - Precondition: `ring` goes on behind `start.end`, and nobody else writes to the directories.
  package init(
    fileSystem: FS, options: JournalOptions, ring: JournalRing, start: JournalStart, utc: UTCTime
  ) throws(JournalError) {
    try self.init(
      fileSystem: fileSystem, options: options, ring: ring, start: start, position: ring.durablePosition, utc: utc)
  }

  /// As above, with records of the ring up to `position` already in older segments.
  init(
    fileSystem: FS, options: JournalOptions, ring: JournalRing, start: JournalStart, position: UInt64,
    limit: UInt64 = .max, utc: UTCTime
  ) throws(JournalError) {
    precondition(
      options.segmentBytes >= JournalOptions.segmentBytesMin, "a segment holds several of the largest records")
    precondition(ring.instance == options.identity.number, "the ring belongs to the instance")
    self.fileSystem = fileSystem
    self.options = options
    self.ring = ring
    epoch = ring.epoch
    written = start.end
    durable = start.end
    writtenPosition = position
    durablePosition = position
    self.limit = limit
    segment = nil
    prepared = PreparedSegment(fileSystem: fileSystem)
    ordinal = start.ordinal
    previousDigest = start.digest
    followsLoss = start.mayHaveLost
    try openFirst(utc: utc)
  }

  package var durableLsn: UInt64 { durable.lsn }
  package var journalState: JournalState { state }

  /// Does one round: copies what was published, syncs when the mode wants it. Returns how much it did.
  package mutating func poll(now: EngineTime, utc: UTCTime) -> Int {
    guard state != .dead else { return revive(now, utc: utc) }
    var work = 0
    do throws(SystemError) {
      work += try copyPublished(utc: utc)
      if isUnsynced, isSyncDue(now) { work += try synchronize(now) }
      work += try workAhead(now, isIdle: work == 0)
    } catch {
      work += 1
      fail(error, utc: utc)
    }
    watch(now)
    return work
  }

  /// Writes and syncs everything published, closes the segment and cuts its unused rest. `nil` when the disk did not
  /// let it: then recovery has something to do. `isOrderly` says that the appender has stopped for good.
  package consuming func close(now: EngineTime, utc: UTCTime, isOrderly: Bool = true) -> JournalStart? {
    while state != .dead, publishedPosition != durablePosition {
      do throws(SystemError) {
        _ = try copyPublished(utc: utc)
        if isUnsynced { _ = try synchronize(now) }
      } catch {
        fail(error, utc: utc)
      }
    }
    prepared.discard()
    guard state != .dead, segment != nil else { return nil }
    do throws(SystemError) {
      try closeSegment(isOrderly: isOrderly)
      try segment?.trim()
      var start = JournalStart()
      start.end = durable
      start.ordinal = ordinal
      start.digest = previousDigest
      return start
    } catch {
      return nil
    }
  }

  // MARK: Copy

  /// Writes records from the ring to the segment until the ring is empty or a batch is full.
  private mutating func copyPublished(utc: UTCTime) throws(SystemError) -> Int {
    var copied = 0
    let appended = publishedPosition
    precondition(appended - durablePosition <= UInt64(ring.capacity), "the appender never overtakes the durable mark")
    while writtenPosition < appended, copied < JournalOptions.batchBytes {
      let room = min(segmentRoom, JournalOptions.batchBytes - copied)
      let run = RingRun(ring, from: writtenPosition, to: appended, room: room, end: written)
      if run.byteCount == 0, run.skipped == 0 {
        // The next record does not fit into what is left of the segment, or of the batch.
        if copied > 0 { break }
        try rollOver(utc: utc)
        continue
      }
      if run.byteCount > 0 { try writeRun(run) }
      writtenPosition += UInt64(run.byteCount + run.skipped)
      copied += run.byteCount
      written = run.end
    }
    return copied
  }

  private mutating func writeRun(_ run: borrowing RingRun) throws(SystemError) {
    isUnsynced = true
    if needsMark {
      needsMark = false
      try segment?.writeMark(.durable, durable: durable, behind: written, epoch: epoch)
    }
    try unsafe segment?.write(run.bytes)
    if ring.oldestTime == .never { ring.setOldestTime(run.firstTime) }
  }

  // MARK: Sync

  private func isSyncDue(_ now: EngineTime) -> Bool {
    switch options.mode {
    case .strict, .group: true
    case .async: now.nanoseconds - lastSync.nanoseconds >= JournalOptions.asyncInterval
    }
  }

  private mutating func synchronize(_ now: EngineTime) throws(SystemError) -> Int {
    lastSync = now
    try synchronizeSegment()
    return 1
  }

  /// Syncs, then tells: durable lsn and free slots first, for whoever waits; then the marks, for recovery.
  private mutating func synchronizeSegment() throws(SystemError) {
    try segment?.synchronize()
    isUnsynced = false
    syncCount += 1
    precondition(written.lsn >= durable.lsn && writtenPosition >= durablePosition, "durability never goes back")
    let hasNew = written.lsn > durable.lsn
    durable = written
    durablePosition = writtenPosition
    ring.publishDurable(position: durablePosition, lsn: durable.lsn, syncCount: syncCount)
    if hasNew {
      needsMark = true
      try segment?.writeSlot(durable)
    }
  }

  // MARK: Segments

  /// Closes the segment and starts the next. All of the old one is durable before the new one exists by name.
  private mutating func rollOver(utc: UTCTime) throws(SystemError) {
    try closeSegment()
    segment = nil
    do throws(SystemError) {
      try openSegment(followsFailure: false, utc: utc)
    } catch {
      // Nothing was lost; the failure is that of a segment which never came to be.
      throw error
    }
  }

  /// The Close record says that all before it is durable, so it is written only once that is true.
  private mutating func closeSegment(isOrderly: Bool = false) throws(SystemError) {
    if isUnsynced { try synchronizeSegment() }
    try segment?.writeMark(.close, durable: durable, behind: written, epoch: epoch, isOrderly: isOrderly)
    needsMark = false
    try segment?.synchronize()
    if let digest = try segment?.finishDigest() { previousDigest = digest }
  }

  private mutating func openFirst(utc: UTCTime) throws(JournalError) {
    var failure = SystemError(errno: 2, call: "open")
    for (index, directory) in directories.enumerated() {
      do throws(SystemError) {
        try makeDirectory(directory)
        try openSegment(in: index, followsFailure: false, utc: utc)
        setState(index == 0 ? .healthy : .fallback)
        return
      } catch {
        failure = error
        ring.setLastErrno(error.errno)
      }
    }
    throw .system(file: options.directory, failure)
  }

  var directories: [String] { [options.directory] + (options.fallback.map { [$0] } ?? []) }

  private mutating func openSegment(followsFailure: Bool, utc: UTCTime) throws(SystemError) {
    try openSegment(in: directoryIndex, followsFailure: followsFailure, utc: utc)
  }

  private mutating func openSegment(in index: Int, followsFailure: Bool, utc: UTCTime) throws(SystemError) {
    precondition(durable == written || followsFailure, "a segment starts where the last one ended")
    let directory = directories[index]
    var header = SegmentHeader(identity: options.identity)
    header.coreVersion = options.coreVersion
    header.segmentBytes = UInt64(options.segmentBytes)
    header.ordinal = ordinal + 1
    header.epoch = max(epoch, durable.epoch)
    header.followsFailure = followsFailure
    header.followsLoss = followsLoss
    header.created = utc
    header.previous = durable
    header.previousDigest = followsFailure ? SHA256Digest() : previousDigest
    let file = try prepared.take(directory: directory, length: options.segmentBytes)
    // Counted before it can appear: a name is used once, even if it is left behind by a failure.
    ordinal += 1
    segment = try SegmentFile(
      fileSystem, naming: file, prepared: directory + "/" + SegmentName.prepared, directory: directory, header: header)
    directoryIndex = index
    followsLoss = false
    isUnsynced = false
    needsMark = false
    segmentCount += 1
    ring.setSegmentCount(segmentCount)
  }

  /// Prepares the next segment and hashes the current one, a piece per call: when there is nothing else to do, or when
  /// it cannot wait any longer.
  private mutating func workAhead(_ now: EngineTime, isIdle: Bool) throws(SystemError) -> Int {
    let used = segmentOffset
    if used > options.segmentBytes / 4 * (isIdle ? 2 : 3), now >= nextPreparation {
      // A full disk shows here, long before a record needs the room; the segment in use is not touched by it.
      do throws(SystemError) {
        if try prepared.advance(directory: directories[directoryIndex], length: options.segmentBytes) { return 1 }
      } catch {
        ring.setLastErrno(error.errno)
        nextPreparation = now.advanced(byNanoseconds: JournalOptions.watchInterval)
      }
    }
    guard isIdle || unhashedBytes > Self.unhashedBytesMax else { return 0 }
    return try segment?.hashBehind() ?? 0 > 0 ? 1 : 0
  }

  /// What may be left to hash when a segment is closed: a few milliseconds.
  private static var unhashedBytesMax: Int { 8 << 20 }

  /// Acquire: records below it are complete.
  private var publishedPosition: UInt64 { min(ring.appendedPosition, limit) }

  private var segmentOffset: Int {
    switch segment {
    case .some(let open): open.offset
    case .none: 0
    }
  }

  private var unhashedBytes: Int {
    switch segment {
    case .some(let open): open.unhashedBytes
    case .none: 0
    }
  }

  private var segmentRoom: Int {
    // A segment that is missing is a bug: without it the journal would be dead, and nothing would be copied.
    switch segment {
    case .some(let open): return open.room
    case .none: preconditionFailure("a journal that is not dead has a segment")
    }
  }

  // MARK: Failure

  /// Gives up the segment and writes everything above the durable mark into a new one, here or in the fallback.
  private mutating func fail(_ error: SystemError, utc: UTCTime) {
    ring.setLastErrno(error.errno)
    segment = nil
    prepared.discard()
    for index in directoryIndex..<directories.count {
      written = durable
      writtenPosition = durablePosition
      do throws(SystemError) {
        if index != directoryIndex { try makeDirectory(directories[index]) }
        try openSegment(in: index, followsFailure: true, utc: utc)
        try rewrite()
        setState(index == 0 ? .replaced : .fallback)
        return
      } catch {
        ring.setLastErrno(error.errno)
        segment = nil
        prepared.discard()
      }
    }
    written = durable
    writtenPosition = durablePosition
    nextRevival = .zero
    setState(.dead)
  }

  /// Asks the disks again, once a second: one that has come back gets all that the ring has kept.
  private mutating func revive(_ now: EngineTime, utc: UTCTime) -> Int {
    guard now >= nextRevival else { return 0 }
    let isFirst = nextRevival == .zero
    nextRevival = now.advanced(byNanoseconds: JournalOptions.watchInterval)
    // It has just been tried.
    guard !isFirst else { return 0 }
    directoryIndex = 0
    fail(SystemError(errno: ring.lastErrno, call: "revive"), utc: utc)
    if state == .dead { nextRevival = now.advanced(byNanoseconds: JournalOptions.watchInterval) }
    return state == .dead ? 0 : 1
  }

  /// Everything that was published, now, with its sync: a new segment that cannot even take this is no segment.
  private mutating func rewrite() throws(SystemError) {
    let appended = publishedPosition
    while writtenPosition < appended {
      let run = RingRun(ring, from: writtenPosition, to: appended, room: segmentRoom, end: written)
      if run.byteCount == 0, run.skipped == 0 { break }
      if run.byteCount > 0 { try writeRun(run) }
      writtenPosition += UInt64(run.byteCount + run.skipped)
      written = run.end
    }
    try synchronizeSegment()
  }

  private mutating func setState(_ new: JournalState) {
    state = new
    ring.setState(new)
  }

  private func makeDirectory(_ path: String) throws(SystemError) {
    guard !fileSystem.exists(path) else { return }
    try fileSystem.makeDirectory(path)
    guard let slash = path.lastIndex(of: "/"), slash != path.startIndex else { return }
    try fileSystem.synchronizeDirectory(String(path[..<slash]))
  }
}
