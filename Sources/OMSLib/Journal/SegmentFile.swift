/// The segment that is being written: knows its file, how far it is filled, and its digest.
///
/// Owner: ``JournalWriter``. Every call may fail; a segment that failed once is never touched again.
@safe struct SegmentFile<FS: FileSystem>: ~Copyable {
  let fileSystem: FS
  let file: FS.File
  let path: String
  let header: SegmentHeader
  let identity: FileIdentity
  private(set) var offset = SegmentHeader.bytes
  private var slotCount: UInt64 = 0
  private var digest: SHA256
  private var digestOffset = SegmentHeader.bytes
  private let scratch: UnsafeMutableRawBufferPointer

  /// Room that must stay for a Durable mark and the Close record.
  static var tailBytes: Int { 2 * MarkBody.recordBytes }
  private static var digestStep: Int { 1 << 18 }

  /// Gives the prepared file its header and its name, and syncs both: afterwards it may get its first record.
  ///
  /// - Precondition: the file is zero-filled to `header.segmentBytes`.
  init(
    _ fileSystem: FS, naming file: FS.File, prepared: String, directory: String, header: SegmentHeader
  ) throws(SystemError) {
    let target = directory + "/" + header.name
    let scratch = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.digestStep, alignment: 4_096)
    let page = unsafe UnsafeMutableRawBufferPointer(rebasing: scratch[0..<SegmentHeader.bytes])
    unsafe header.encode(into: page)
    var digest = SHA256()
    unsafe digest.add(UnsafeRawBufferPointer(rebasing: scratch[0..<SegmentHeader.fixedBytes]))
    do throws(SystemError) {
      try unsafe fileSystem.write(file, UnsafeRawBufferPointer(page), at: 0)
      try fileSystem.synchronize(file)
      try fileSystem.rename(prepared, to: target)
      try fileSystem.synchronizeDirectory(directory)
      identity = try fileSystem.identity(file)
    } catch {
      unsafe scratch.deallocate()
      throw error
    }
    self.fileSystem = fileSystem
    self.file = file
    self.header = header
    self.digest = digest
    path = target
    unsafe self.scratch = scratch
  }

  deinit {
    unsafe scratch.deallocate()
    // Nothing hangs on the answer: what matters was synced, or the file is given up.
    do throws(SystemError) { try fileSystem.close(file) } catch {}
  }

  /// Bytes of records that still fit.
  var room: Int { Int(header.segmentBytes) - offset - Self.tailBytes }

  var unhashedBytes: Int { offset - digestOffset }

  mutating func write(_ records: UnsafeRawBufferPointer) throws(SystemError) {
    precondition(offset + records.count <= Int(header.segmentBytes), "a segment never grows")
    try unsafe fileSystem.write(file, records, at: Int64(offset))
    offset += records.count
  }

  /// Appends a Durable mark or the Close record behind the last record.
  mutating func writeMark(
    _ type: RecordType, durable: JournalEnd, behind end: JournalEnd, epoch: UInt32, isOrderly: Bool = false
  ) throws(SystemError) {
    guard let base = unsafe scratch.baseAddress else { preconditionFailure("scratch was allocated") }
    unsafe MarkBody.encode(
      type, durable: durable, behind: end, epoch: epoch, instance: header.identity.number, ordinal: header.ordinal,
      offset: UInt64(offset), isOrderly: isOrderly, at: base)
    try unsafe write(UnsafeRawBufferPointer(rebasing: scratch[0..<MarkBody.recordBytes]))
  }

  func synchronize() throws(SystemError) { try fileSystem.synchronize(file) }

  /// Writes the next slot of the header. It becomes durable with the sync after, or by itself.
  mutating func writeSlot(_ durable: JournalEnd) throws(SystemError) {
    precondition(durable.lsn >= header.previous.lsn, "a mark covers what its segment follows")
    let slot = DurableSlot(lsn: durable.lsn, chain: durable.chain, ordinal: header.ordinal, count: slotCount)
    let sector = unsafe UnsafeMutableRawBufferPointer(rebasing: scratch[0..<DurableSlot.bytes])
    unsafe slot.encode(into: sector)
    try unsafe fileSystem.write(
      file, UnsafeRawBufferPointer(sector), at: Int64(DurableSlot.offset(count: slotCount)))
    slotCount += 1
  }

  /// Hashes a piece of what was written and not hashed yet, read back from the page cache. Returns what is left.
  ///
  /// Behind the syncs and in pieces, so that nobody who waits for a sync waits for SHA-256.
  mutating func hashBehind() throws(SystemError) -> Int {
    let count = min(offset - digestOffset, Self.digestStep)
    guard count > 0 else { return 0 }
    let piece = unsafe UnsafeMutableRawBufferPointer(rebasing: scratch[0..<count])
    let read = try unsafe fileSystem.read(file, into: piece, at: Int64(digestOffset))
    guard read == count else { throw SystemError(errno: 5, call: "pread(\(path)): \(read) of \(count) bytes") }
    unsafe digest.add(UnsafeRawBufferPointer(piece))
    digestOffset += count
    return offset - digestOffset
  }

  /// Digest of the whole segment: the fixed part of its header and all records.
  mutating func finishDigest() throws(SystemError) -> SHA256Digest {
    while try hashBehind() > 0 {}
    return digest.digest()
  }

  /// Cuts the unused rest off a closed segment.
  func trim() throws(SystemError) {
    try fileSystem.truncate(file, to: Int64(offset))
    try fileSystem.synchronize(file)
  }
}
