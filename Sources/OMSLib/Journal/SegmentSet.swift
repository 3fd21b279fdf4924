/// A segment as its name and header tell it.
struct SegmentEntry: Sendable {
  var path: String
  var name: SegmentName
  var header: SegmentHeader
  var slots: (DurableSlot.Content, DurableSlot.Content)

  /// What the slots say to be durable.
  var coveredLsn: UInt64 {
    var lsn: UInt64 = 0
    if case .mark(let slot) = slots.0 { lsn = max(lsn, slot.lsn) }
    if case .mark(let slot) = slots.1 { lsn = max(lsn, slot.lsn) }
    return lsn
  }

  var badSlots: [Int] {
    (slots.0 == .bad ? [SegmentHeader.slotOffsets.0] : []) + (slots.1 == .bad ? [SegmentHeader.slotOffsets.1] : [])
  }

  static func load<FS: FileSystem>(
    _ fileSystem: FS, path: String, name: SegmentName
  ) throws(JournalError) -> SegmentEntry {
    var source = try SegmentSource.open(fileSystem, path: path, name: name)
    let bytes = try unsafe source.view(at: 0, atLeast: SegmentHeader.bytes)
    guard bytes.count >= SegmentHeader.bytes else { throw .corruptHeader(file: path, why: "file ends inside it") }
    let page = unsafe UnsafeRawBufferPointer(rebasing: bytes[0..<SegmentHeader.bytes])
    let header = try unsafe SegmentHeader(decoding: page, file: path)
    let (first, second) = SegmentHeader.slotOffsets
    return SegmentEntry(
      path: path, name: name, header: header,
      slots: unsafe (
        DurableSlot.decode(page, at: first, ordinal: header.ordinal),
        DurableSlot.decode(page, at: second, ordinal: header.ordinal)
      ))
  }
}

/// The segments of an instance, in order, from all its directories.
enum SegmentSet {
  /// Names of segments in `directory`, in order; the plain form where both are there (compression was interrupted).
  static func names<FS: FileSystem>(_ fileSystem: FS, in directory: String) throws(JournalError) -> [SegmentName] {
    guard fileSystem.exists(directory) else { return [] }
    let files: [String]
    do throws(SystemError) { files = try fileSystem.list(directory) } catch { throw .system(file: directory, error) }
    var names: [SegmentName] = []
    for file in files {
      guard let name = SegmentName(file: file) else { continue }
      if let last = names.last, last.firstLsn == name.firstLsn, last.ordinal == name.ordinal {
        // ".oms" sorts before ".oms.zst".
        precondition(!last.isCompressed, "names are sorted")
        continue
      }
      names.append(name)
    }
    return names
  }

  /// Reads all headers; refuses what is of another instance, under a wrong name, or there twice.
  static func load<FS: FileSystem>(
    _ fileSystem: FS, directories: [String], identity: JournalIdentity
  ) throws(JournalError) -> [SegmentEntry] {
    var entries: [SegmentEntry] = []
    for directory in directories {
      for name in try names(fileSystem, in: directory) {
        let path = directory + "/" + name.file
        let entry = try SegmentEntry.load(fileSystem, path: path, name: name)
        try check(entry, identity)
        entries.append(entry)
      }
    }
    entries.sort { ($0.header.ordinal, $0.path) < ($1.header.ordinal, $1.path) }
    for index in entries.indices.dropFirst() where entries[index].header.ordinal == entries[index - 1].header.ordinal {
      throw .duplicate(file: entries[index].path, other: entries[index - 1].path)
    }
    return entries
  }

  private static func check(_ entry: SegmentEntry, _ identity: JournalIdentity) throws(JournalError) {
    let found = entry.header.identity
    guard found.id == identity.id, found.name == identity.name else {
      throw .otherInstance(file: entry.path, found: found.name.description)
    }
    guard entry.header.firstLsn == entry.name.firstLsn, entry.header.ordinal == entry.name.ordinal else {
      throw .misplaced(file: entry.path, why: "its header names it \(entry.header.name)")
    }
  }
}
