internal import CCore

/// What a closed segment must be, besides old, before it may go.
package struct RetentionRule: Equatable, Sendable {
  /// Lsn of the oldest snapshot that was verified: replay needs what follows it. 0: there is none.
  package var snapshotLsn: UInt64
  /// Lowest cursor of all tailers.
  package var cursorLsn: UInt64
  /// The index of used ids is complete to here: ids of later records are nowhere else.
  package var indexLsn: UInt64
  /// First record of any open order or unsettled transfer; 0: there is none.
  package var oldestOpenLsn: UInt64
  /// Segments made before this instant are old enough.
  package var madeBefore: UTCTime

  package init(
    snapshotLsn: UInt64, cursorLsn: UInt64, indexLsn: UInt64, oldestOpenLsn: UInt64, madeBefore: UTCTime
  ) {
    self.snapshotLsn = snapshotLsn
    self.cursorLsn = cursorLsn
    self.indexLsn = indexLsn
    self.oldestOpenLsn = oldestOpenLsn
    self.madeBefore = madeBefore
  }

  /// Whether a segment may go that ends with record `lastLsn` and whose successor was made at `closed`.
  package func allows(lastLsn: UInt64, closed: UTCTime) -> Bool {
    lastLsn <= snapshotLsn && lastLsn <= cursorLsn && lastLsn <= indexLsn
      && (oldestOpenLsn == 0 || lastLsn < oldestOpenLsn)
      && closed < madeBefore
  }
}

/// Compresses and removes closed segments. Runs at idle priority, beside the writer: it touches no open segment.
package struct JournalRetention<FS: FileSystem> {
  private let fileSystem: FS
  private let options: JournalOptions

  package init(fileSystem: FS, options: JournalOptions) {
    self.fileSystem = fileSystem
    self.options = options
  }

  private var directories: [String] { [options.directory] + (options.fallback.map { [$0] } ?? []) }

  /// Compresses the oldest closed segment that is not. Returns its new path, or `nil` when there is nothing to do.
  package func compressNext() throws(JournalError) -> String? {
    let entries = try SegmentSet.load(fileSystem, directories: directories, identity: options.identity)
    // Only what another segment follows, and did not supersede, is closed for good.
    for (entry, following) in zip(entries, entries.dropFirst())
    where !entry.name.isCompressed && !following.header.followsFailure {
      return try compress(entry, digest: following.header.previousDigest)
    }
    return nil
  }

  /// Removes segments from the oldest on, as far as `rule` allows. Returns their paths.
  package func prune(_ rule: RetentionRule) throws(JournalError) -> [String] {
    let entries = try SegmentSet.load(fileSystem, directories: directories, identity: options.identity)
    var removed: [String] = []
    for (entry, following) in zip(entries, entries.dropFirst()) {
      guard rule.allows(lastLsn: following.header.previous.lsn, closed: following.header.created) else { break }
      do throws(SystemError) {
        try fileSystem.remove(entry.path)
        try fileSystem.synchronizeDirectory(parentPath(entry.path))
      } catch {
        throw .system(file: entry.path, error)
      }
      removed.append(entry.path)
    }
    return removed
  }

  // MARK: Compression

  /// Writes the compressed form, reads it back, and only then removes the plain one: there is always one that is whole.
  private func compress(_ entry: SegmentEntry, digest: SHA256Digest) throws(JournalError) -> String {
    var name = entry.name
    name.isCompressed = true
    let directory = parentPath(entry.path)
    let target = directory + "/" + name.file
    let temporary = target + ".tmp"
    try writePacked(entry, to: temporary)
    do throws(SystemError) {
      try fileSystem.rename(temporary, to: target)
      try fileSystem.synchronizeDirectory(directory)
    } catch {
      throw .system(file: target, error)
    }
    let packed = SegmentEntry(path: target, name: name, header: entry.header, slots: entry.slots)
    let found = try JournalRecovery.digest(fileSystem, packed, byteCount: nil)
    guard found == digest else {
      throw .corruptHeader(file: target, why: "SHA-256 after compression is \(found.hex), recorded is \(digest.hex)")
    }
    do throws(SystemError) {
      try fileSystem.remove(entry.path)
      try fileSystem.synchronizeDirectory(directory)
    } catch {
      throw .system(file: entry.path, error)
    }
    return target
  }

  private func writePacked(_ entry: SegmentEntry, to path: String) throws(JournalError) {
    let file: FS.File
    do throws(SystemError) {
      file = try fileSystem.open(path, [.read, .write, .create, .truncate])
    } catch {
      throw .system(file: path, error)
    }
    do throws(JournalError) {
      try pack(entry, into: file, path: path)
      do throws(SystemError) { try fileSystem.synchronize(file) } catch { throw .system(file: path, error) }
    } catch {
      do throws(SystemError) { try fileSystem.close(file) } catch {}
      throw error
    }
    do throws(SystemError) { try fileSystem.close(file) } catch { throw .system(file: path, error) }
  }

  private func pack(_ entry: SegmentEntry, into file: FS.File, path: String) throws(JournalError) {
    let source = try SegmentSource.open(fileSystem, path: entry.path, name: entry.name)
    var scan = SegmentScan(source: source, header: entry.header)
    var plain = try SegmentSource.open(fileSystem, path: entry.path, name: entry.name)
    var packer = SegmentPacker(fileSystem: fileSystem, file: file, path: path)
    var start = 0
    var behind = SegmentHeader.bytes
    var firstLsn = entry.header.firstLsn
    while true {
      switch try scan.next() {
      case .record(let record):
        let next = Int(scan.place.offset)
        if next - start > CompressedIndex.blockBytes {
          try packer.add(&plain, from: start, to: behind, firstLsn: firstLsn)
          start = behind
          firstLsn = record.lsn
        }
        behind = next
      case .stop(.closed):
        let end = Int(scan.place.offset)
        if end - start > CompressedIndex.blockBytes {
          try packer.add(&plain, from: start, to: behind, firstLsn: firstLsn)
          start = behind
        }
        try packer.add(&plain, from: start, to: end, firstLsn: firstLsn)
        return try packer.finish()
      case .stop(.flaw(let flaw)): throw .corrupt(scan.place, flaw)
      case .stop(.superseded): preconditionFailure("a closed segment is read to its end")
      }
    }
  }
}

/// Writes blocks one behind the other, and the index behind them.
private struct SegmentPacker<FS: FileSystem> {
  let fileSystem: FS
  let file: FS.File
  let path: String
  var index = CompressedIndex()
  var offset = 0
  var plain: [UInt8] = []
  var packed: [UInt8] = []

  init(fileSystem: FS, file: FS.File, path: String) {
    self.fileSystem = fileSystem
    self.file = file
    self.path = path
  }

  mutating func add(
    _ source: inout SegmentSource<FS>, from start: Int, to end: Int, firstLsn: UInt64
  ) throws(JournalError) {
    precondition(end > start && end - start <= CompressedIndex.blockBytes, "a block has a size")
    plain.removeAll(keepingCapacity: true)
    while plain.count < end - start {
      let view = try unsafe source.view(at: start + plain.count, atLeast: 1)
      guard view.count > 0 else { throw .system(file: path, SystemError(errno: 5, call: "pread: file ends early")) }
      unsafe plain.append(contentsOf: view.prefix(end - start - plain.count))
    }
    let bound = cc_zstd_bound(plain.count)
    if packed.count < bound { packed = [UInt8](repeating: 0, count: bound) }
    let used = unsafe plain.withUnsafeBytes { plain in
      unsafe packed.withUnsafeMutableBytes { packed in
        unsafe cc_zstd_compress(
          plain.baseAddress, plain.count, packed.baseAddress, packed.count, CompressedIndex.level)
      }
    }
    guard used > 0 else { throw .system(file: path, SystemError(errno: Int32(-used), call: "zstd")) }
    try write(packed, count: Int(used))
    index.blocks.append(
      CompressedIndex.Block(
        firstLsn: firstLsn, offset: UInt64(start), byteCount: UInt32(plain.count),
        compressedOffset: UInt64(offset), compressedBytes: UInt32(used)))
    offset += Int(used)
  }

  mutating func finish() throws(JournalError) {
    let frame = index.encode()
    try write(frame, count: frame.count)
  }

  private func write(_ bytes: [UInt8], count: Int) throws(JournalError) {
    var failure: SystemError?
    unsafe bytes.withUnsafeBytes { bytes in
      do throws(SystemError) {
        try unsafe fileSystem.write(file, UnsafeRawBufferPointer(rebasing: bytes[0..<count]), at: Int64(offset))
      } catch { failure = error }
    }
    if let failure { throw .system(file: path, failure) }
  }
}
