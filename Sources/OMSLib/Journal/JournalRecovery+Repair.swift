extension JournalRecovery {
  /// Puts the end of the journal right, so that a new run can go on behind it: cuts what was torn, closes the last
  /// segment, saves the ring's tail in a segment, removes files of dead runs.
  ///
  /// In an order that makes it harmless to be killed anywhere and to do it all again: zeros are durable before the
  /// Close record, and the ring keeps its records until they are.
  package consuming func finish(utc: UTCTime) throws(JournalError) -> (start: JournalStart, report: JournalReport) {
    precondition(isDone, "all records are read before the journal is changed")
    var start = JournalStart()
    start.end = report.end
    start.end.epoch = report.epoch
    start.ordinal = entries.last?.header.ordinal ?? 0
    start.mayHaveLost = report.mayHaveLost
    if let last = entries.last { start.digest = try closeLast(last) }
    try removeLeftovers()
    if report.ringRecordCount > 0, let walk = ringWalk { start = try saveTail(of: walk, behind: start, utc: utc) }
    return (start, report)
  }

  // MARK: Last segment

  private func closeLast(_ entry: SegmentEntry) throws(JournalError) -> SHA256Digest {
    if entry.name.isCompressed { return try Self.digest(fileSystem, entry, byteCount: nil) }
    do throws(SystemError) {
      let file = try fileSystem.open(entry.path, [.read, .write])
      do throws(SystemError) {
        try mend(entry, file)
        try fileSystem.close(file)
      } catch {
        do throws(SystemError) { try fileSystem.close(file) } catch {}
        throw error
      }
    } catch {
      throw .system(file: entry.path, error)
    }
    return try Self.digest(fileSystem, entry, byteCount: nil)
  }

  private func mend(_ entry: SegmentEntry, _ file: FS.File) throws(SystemError) {
    let size = try Int(fileSystem.size(file))
    if !lastIsClosed {
      if let torn = report.torn { try zero(file, from: Int(torn.place.offset), byteCount: torn.byteCount) }
      for slot in entry.badSlots { try zero(file, from: slot, byteCount: DurableSlot.bytes) }
      try fileSystem.synchronize(file)
      try writeClose(entry, file)
      try fileSystem.synchronize(file)
    } else {
      for slot in entry.badSlots { try zero(file, from: slot, byteCount: DurableSlot.bytes) }
      // Whoever wrote the Close record may have died before its sync: it is read from memory then, and a power cut
      // would take it from in front of the segment that follows.
      try fileSystem.synchronize(file)
    }
    let used = lastIsClosed ? lastOffset : lastOffset + MarkBody.recordBytes
    if size > used {
      try fileSystem.truncate(file, to: Int64(used))
      try fileSystem.synchronize(file)
    }
  }

  private func zero(_ file: FS.File, from offset: Int, byteCount: Int) throws(SystemError) {
    let zeros = [UInt8](repeating: 0, count: min(byteCount, 1 << 16))
    var done = 0
    while done < byteCount {
      let count = min(zeros.count, byteCount - done)
      try writeAll(file, zeros, count: count, at: offset + done)
      done += count
    }
  }

  private func writeClose(_ entry: SegmentEntry, _ file: FS.File) throws(SystemError) {
    var bytes = [UInt8](repeating: 0, count: MarkBody.recordBytes)
    let end = segmentEnd
    unsafe bytes.withUnsafeMutableBytes { bytes in
      guard let base = bytes.baseAddress else { return }
      unsafe MarkBody.encode(
        .close, durable: end, behind: end, epoch: max(end.epoch, entry.header.epoch),
        instance: entry.header.identity.number, ordinal: entry.header.ordinal, offset: UInt64(lastOffset), at: base)
    }
    try writeAll(file, bytes, count: bytes.count, at: lastOffset)
  }

  private func writeAll(_ file: FS.File, _ bytes: [UInt8], count: Int, at offset: Int) throws(SystemError) {
    var failure: SystemError?
    unsafe bytes.withUnsafeBytes { bytes in
      do throws(SystemError) {
        try unsafe fileSystem.write(file, UnsafeRawBufferPointer(rebasing: bytes[0..<count]), at: Int64(offset))
      } catch { failure = error }
    }
    if let failure { throw failure }
  }

  // MARK: Ring

  /// Writes the ring's tail as the dead run would have: through a writer of its own, closed at once.
  private func saveTail(
    of walk: RingWalk, behind start: JournalStart, utc: UTCTime
  ) throws(JournalError) -> JournalStart {
    var before = start
    before.end = segmentEnd
    let writer = try JournalWriter(
      fileSystem: fileSystem, options: options, ring: walk.ring, start: before, position: walk.joinPosition,
      limit: walk.position, utc: utc)
    let closed = writer.close(now: start.end.time, utc: utc, isOrderly: false)
    guard var saved = closed else {
      throw .system(
        file: options.directory, SystemError(errno: walk.ring.lastErrno, call: "saving the journal ring's tail"))
    }
    precondition(saved.end.lsn == start.end.lsn && saved.end.chain == start.end.chain, "the whole tail was saved")
    saved.end.epoch = start.end.epoch
    saved.mayHaveLost = start.mayHaveLost
    return saved
  }

  // MARK: Files

  /// Segments in the making of dead runs, and plain forms whose compression was interrupted.
  private func removeLeftovers() throws(JournalError) {
    for directory in [options.directory] + (options.fallback.map { [$0] } ?? []) where fileSystem.exists(directory) {
      do throws(SystemError) {
        for name in try fileSystem.list(directory) where name.hasSuffix(".tmp") {
          try fileSystem.remove(directory + "/" + name)
        }
      } catch {
        throw .system(file: directory, error)
      }
    }
  }

  /// SHA-256 over the fixed part of the header and all records.
  static func digest(
    _ fileSystem: FS, _ entry: SegmentEntry, byteCount: Int?
  ) throws(JournalError) -> SHA256Digest {
    var source = try SegmentSource.open(fileSystem, path: entry.path, name: entry.name)
    let end = byteCount ?? source.byteCount
    var hash = SHA256()
    let header = try unsafe source.view(at: 0, atLeast: SegmentHeader.bytes)
    unsafe hash.add(UnsafeRawBufferPointer(rebasing: header[0..<SegmentHeader.fixedBytes]))
    var at = SegmentHeader.bytes
    while at < end {
      let view = try unsafe source.view(at: at, atLeast: 1)
      let count = min(view.count, end - at)
      guard count > 0 else { break }
      unsafe hash.add(UnsafeRawBufferPointer(rebasing: view[0..<count]))
      at += count
    }
    return hash.digest()
  }
}
