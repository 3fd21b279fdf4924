internal import CCore

/// The snapshots of an instance: a directory of files that are written whole or not at all.
package struct SnapshotStore<FS: FileSystem> {
  package let directory: String
  private let fileSystem: FS
  private let identity: JournalIdentity

  package init(fileSystem: FS, directory: String, identity: JournalIdentity) {
    self.fileSystem = fileSystem
    self.directory = directory
    self.identity = identity
  }

  private static var prefix: String { "SNAPSHOT-" }
  private static var suffix: String { ".oms" }

  /// Name of the snapshot behind record `lsn`: names sort by it.
  package static func name(lsn: UInt64) -> String {
    let digits = String(lsn)
    return prefix + String(repeating: "0", count: 20 - digits.count) + digits + suffix
  }

  package func path(_ name: String) -> String { directory + "/" + name }

  /// Names, oldest first.
  package func names() throws(SnapshotError) -> [String] {
    guard fileSystem.exists(directory) else { return [] }
    do throws(SystemError) {
      return try fileSystem.list(directory).filter { Self.lsn(of: $0) != nil }
    } catch {
      throw .system(file: directory, error)
    }
  }

  package static func lsn(of name: String) -> UInt64? {
    guard name.hasPrefix(prefix), name.hasSuffix(suffix) else { return nil }
    let digits = name.dropFirst(prefix.count).dropLast(suffix.count)
    return digits.count == 20 ? UInt64(digits) : nil
  }

  package func load(_ name: String) throws(SnapshotError) -> LoadedSnapshot {
    let loaded = try LoadedSnapshot.load(fileSystem, path: path(name), identity: identity)
    guard Self.name(lsn: loaded.header.end.lsn) == name else {
      throw .damaged(file: path(name), what: "its header is of record \(loaded.header.end.lsn)")
    }
    return loaded
  }

  /// What it says of itself, without its tables: `nil` where it must be loaded whole for that.
  package func head(_ name: String, sections: [UInt32]) throws(SnapshotError) -> SnapshotHead? {
    try SnapshotHead.load(fileSystem, path: path(name), identity: identity, sections: sections)
  }

  /// The newest snapshot that is whole, with the names and faults of newer ones that are not. `nil`: start at record 1.
  package func loadNewest(
    passing skipped: inout [SnapshotError]
  ) throws(SnapshotError) -> LoadedSnapshot? {
    for name in try names().reversed() {
      do throws(SnapshotError) {
        return try load(name)
      } catch {
        // Of a newer version or another instance: nobody may go back behind it unasked.
        guard case .damaged = error else { throw error }
        skipped.append(error)
      }
    }
    return nil
  }

  private func created(_ name: String) throws(SnapshotError) -> UTCTime {
    try SnapshotHead.header(fileSystem, path: path(name), identity: identity).created
  }

  /// Checks one snapshot whole. `nil`: it is sound.
  package func verify(_ name: String) -> SnapshotError? {
    do throws(SnapshotError) {
      _ = try load(name)
      return nil
    } catch {
      return error
    }
  }

  // MARK: Changes

  /// Removes what dead runs left behind half-written.
  package func removeLeftovers() throws(SnapshotError) {
    guard fileSystem.exists(directory) else { return }
    do throws(SystemError) {
      for name in try fileSystem.list(directory) where name.hasSuffix(".tmp") { try fileSystem.remove(path(name)) }
    } catch {
      throw .system(file: directory, error)
    }
  }

  /// Writes a snapshot under a temporary name, syncs it, gives it its name and syncs that. Returns the name.
  package func write(_ header: SnapshotHeader, _ sections: [SnapshotSection]) throws(SnapshotError) -> String {
    precondition(header.identity == identity, "a store keeps snapshots of its own instance")
    precondition(sections.count <= SnapshotFormat.sectionCountMax, "a snapshot has a bounded directory")
    let name = Self.name(lsn: header.end.lsn)
    let temporary = path(name) + ".tmp"
    do throws(SystemError) {
      if !fileSystem.exists(directory) { try fileSystem.makeDirectory(directory) }
      let file = try fileSystem.open(temporary, [.write, .create, .truncate])
      do throws(SystemError) {
        var sink = SnapshotSink(fileSystem: fileSystem, file: file)
        try sink.write(header, sections)
        try fileSystem.synchronize(file)
        try fileSystem.close(file)
      } catch {
        do throws(SystemError) { try fileSystem.close(file) } catch {}
        do throws(SystemError) { try fileSystem.remove(temporary) } catch {}
        throw error
      }
      try fileSystem.rename(temporary, to: path(name))
      try fileSystem.synchronizeDirectory(directory)
    } catch {
      throw .system(file: temporary, error)
    }
    return name
  }

  /// Removes snapshots made before `madeBefore`, but never the newest `keeping` sound ones. Returns their names.
  ///
  /// Of all others only the headers are read: there are hundreds of them, of tens of megabytes each.
  package func prune(madeBefore: UTCTime, keeping: Int = 2) throws(SnapshotError) -> [String] {
    precondition(keeping >= 1, "one snapshot stays")
    var sound = 0
    var removed: [String] = []
    for name in try names().reversed() {
      do throws(SnapshotError) {
        let created = try sound < keeping ? load(name).header.created : created(name)
        if sound < keeping || created >= madeBefore {
          sound += 1
          continue
        }
      } catch {
        // A damaged one is of no use, but goes only when sound ones stand in front of it.
        guard case .damaged = error, sound >= keeping else { continue }
      }
      do throws(SystemError) { try fileSystem.remove(path(name)) } catch { throw .system(file: path(name), error) }
      removed.append(name)
    }
    do throws(SystemError) {
      if !removed.isEmpty { try fileSystem.synchronizeDirectory(directory) }
    } catch {
      throw .system(file: directory, error)
    }
    return removed
  }
}

/// A difference between two snapshots, table by table.
package struct SnapshotDifference: Equatable, Sendable {
  package var id: UInt32
  package var countBefore: Int
  package var countAfter: Int
  /// Numbers of rows that both have and that differ; at most ``rowsMax`` of `differing`.
  package var rows: [Int]
  package var differing: Int

  package static let rowsMax = 100

  /// Tables that differ, in the order of their numbers.
  package static func between(
    _ before: borrowing LoadedSnapshot, _ after: borrowing LoadedSnapshot
  ) -> [SnapshotDifference] {
    var ids: Set<UInt32> = []
    for index in 0..<before.sectionCount { ids.insert(before.section(at: index).id) }
    for index in 0..<after.sectionCount { ids.insert(after.section(at: index).id) }
    var result: [SnapshotDifference] = []
    for id in ids.sorted() {
      let difference = compare(id, before.section(id), after.section(id))
      if difference.differing > 0 || difference.countBefore != difference.countAfter { result.append(difference) }
    }
    return result
  }

  private static func compare(_ id: UInt32, _ a: SnapshotSection?, _ b: SnapshotSection?) -> SnapshotDifference {
    var result = SnapshotDifference(
      id: id, countBefore: a?.count ?? 0, countAfter: b?.count ?? 0, rows: [], differing: 0)
    guard let a, let b else { return result }
    for row in 0..<min(a.count, b.count) {
      let left = unsafe a.bytes[row * Int(a.rowBytes)..<(row + 1) * Int(a.rowBytes)]
      let right = unsafe b.bytes[row * Int(b.rowBytes)..<(row + 1) * Int(b.rowBytes)]
      if unsafe left.elementsEqual(right) { continue }
      result.differing += 1
      if result.rows.count < rowsMax { result.rows.append(row) }
    }
    return result
  }
}

/// Writes the parts of a snapshot one behind the other and keeps the digest over all.
private struct SnapshotSink<FS: FileSystem> {
  let fileSystem: FS
  let file: FS.File
  var digest = SHA256()
  var offset = 0

  private static var chunkBytes: Int { 1 << 20 }

  init(fileSystem: FS, file: FS.File) {
    self.fileSystem = fileSystem
    self.file = file
  }

  mutating func write(_ header: SnapshotHeader, _ sections: [SnapshotSection]) throws(SystemError) {
    var at = SnapshotFormat.headerBytes + sections.count * SnapshotFormat.entryBytes
    var directory = [UInt8](repeating: 0, count: sections.count * SnapshotFormat.entryBytes)
    for (index, section) in sections.enumerated() {
      at = SnapshotFormat.aligned(at)
      let crc = unsafe cc_crc32c(0, section.bytes.baseAddress, section.bytes.count)
      let entry = unsafe SnapshotFormat.Entry(
        id: section.id, rowBytes: section.rowBytes, offset: UInt64(at), byteCount: UInt64(section.bytes.count), crc: crc
      )
      unsafe directory.withUnsafeMutableBytes { unsafe entry.store(to: $0, at: index * SnapshotFormat.entryBytes) }
      at += unsafe section.bytes.count
    }
    let crc = unsafe directory.withUnsafeBytes { unsafe cc_crc32c(0, $0.baseAddress, $0.count) }
    try add(
      SnapshotFormat.encode(
        header, sectionCount: sections.count, totalBytes: at + SnapshotFormat.digestBytes, directoryCRC: crc))
    try add(directory)
    for section in sections {
      try add([UInt8](repeating: 0, count: SnapshotFormat.aligned(offset) - offset))
      try unsafe add(section.bytes)
    }
    precondition(offset == at, "the directory names the places that were written")
    let words = digest.digest().words
    try add(unsafe withUnsafeBytes(of: words) { unsafe [UInt8]($0) })
  }

  private mutating func add(_ bytes: [UInt8]) throws(SystemError) {
    var result: Result<Void, SystemError> = .success(())
    unsafe bytes.withUnsafeBytes { bytes in
      do throws(SystemError) { try unsafe add(bytes) } catch { result = .failure(error) }
    }
    try result.get()
  }

  private mutating func add(_ bytes: UnsafeRawBufferPointer) throws(SystemError) {
    var done = 0
    while done < bytes.count {
      let count = min(Self.chunkBytes, bytes.count - done)
      let piece = unsafe UnsafeRawBufferPointer(rebasing: bytes[done..<done + count])
      try unsafe fileSystem.write(file, piece, at: Int64(offset))
      unsafe digest.add(piece)
      offset += count
      done += count
    }
  }
}
