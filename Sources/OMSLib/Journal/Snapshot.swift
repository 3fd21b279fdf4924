internal import CCore

/// One table of a state as it is stored: its rows' bytes, one behind the other.
@safe package struct SnapshotSection {
  /// Number of the table, fixed for ever.
  package let id: UInt32
  package let rowBytes: UInt32
  package let bytes: UnsafeRawBufferPointer

  /// - Precondition: `bytes` holds whole rows, and stays valid while the section is used.
  package init(id: UInt32, rowBytes: Int, unsafeBytes bytes: UnsafeRawBufferPointer) {
    precondition(rowBytes > 0 && bytes.count % rowBytes == 0, "a section holds whole rows")
    self.id = id
    self.rowBytes = UInt32(rowBytes)
    unsafe self.bytes = bytes
  }

  package var count: Int { unsafe bytes.count / Int(rowBytes) }
}

/// What a snapshot is of. `end` is the journal's end that its state stands behind.
package struct SnapshotHeader: Equatable, Sendable {
  package var identity: JournalIdentity
  package var coreVersion: UInt32
  package var end: JournalEnd
  package var created: UTCTime

  package init(identity: JournalIdentity, coreVersion: UInt32, end: JournalEnd, created: UTCTime) {
    self.identity = identity
    self.coreVersion = coreVersion
    self.end = end
    self.created = created
  }
}

/// Why a snapshot cannot be used. All but the last two mean: take the one before.
package enum SnapshotError: Error, Equatable, Sendable, CustomStringConvertible {
  case damaged(file: String, what: String)
  case otherInstance(file: String, found: String)
  case newerFormat(file: String, found: UInt32, known: UInt32)
  case system(file: String, SystemError)

  package var description: String {
    switch self {
    case .damaged(let file, let what): "\(file): \(what); remove it, the one before is used"
    case .otherInstance(let file, let found): "\(file): belongs to instance \"\(found)\"; remove it"
    case .newerFormat(let file, let found, let known):
      "\(file): format \(found) is newer than \(known); start the version that wrote it"
    case .system(let file, let error): "\(file): \(error.call) failed with errno \(error.errno)"
    }
  }
}

/// Numbers and places of the snapshot format.
enum SnapshotFormat {
  static let magic: UInt64 = 0x4F4D_5353_4E41_5031
  static let version: UInt32 = 1
  static let headerBytes = 512
  static let entryBytes = 32
  static let digestBytes = 32
  static let alignment = 64
  static let sectionCountMax = 1_024
  static let byteCountMax = 1 << 36

  static func aligned(_ offset: Int) -> Int { (offset + alignment - 1) & ~(alignment - 1) }

  /// Where the checksum of the directory stands; zero in files of older programs.
  private static let directoryChecksum = 192

  static func encode(
    _ header: SnapshotHeader, sectionCount: Int, totalBytes: Int, directoryCRC: UInt32
  ) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: headerBytes)
    unsafe bytes.withUnsafeMutableBytes { bytes in
      unsafe bytes.storeBytes(of: magic, toByteOffset: 0, as: UInt64.self)
      unsafe bytes.storeBytes(of: version, toByteOffset: 8, as: UInt32.self)
      unsafe bytes.storeBytes(of: header.coreVersion, toByteOffset: 12, as: UInt32.self)
      unsafe bytes.storeBytes(of: UInt64(totalBytes), toByteOffset: 16, as: UInt64.self)
      unsafe bytes.storeBytes(of: UInt32(sectionCount), toByteOffset: 24, as: UInt32.self)
      unsafe bytes.storeBytes(of: header.end.chain, toByteOffset: 28, as: UInt32.self)
      unsafe bytes.storeBytes(of: header.end.lsn, toByteOffset: 32, as: UInt64.self)
      unsafe bytes.storeBytes(of: header.end.seq, toByteOffset: 40, as: UInt64.self)
      unsafe bytes.storeBytes(of: header.end.time.nanoseconds, toByteOffset: 48, as: Int64.self)
      unsafe bytes.storeBytes(of: header.end.utc.nanoseconds, toByteOffset: 56, as: Int64.self)
      unsafe bytes.storeBytes(of: header.end.epoch, toByteOffset: 64, as: UInt32.self)
      unsafe bytes.storeBytes(of: header.created.nanoseconds, toByteOffset: 72, as: Int64.self)
      unsafe bytes.storeBytes(of: header.identity.id.high, toByteOffset: 80, as: UInt64.self)
      unsafe bytes.storeBytes(of: header.identity.id.low, toByteOffset: 88, as: UInt64.self)
      unsafe bytes.storeBytes(of: header.identity.name, toByteOffset: 96, as: Text64.self)
      unsafe bytes.storeBytes(of: header.identity.tag, toByteOffset: 160, as: Text32.self)
      unsafe bytes.storeBytes(of: directoryCRC, toByteOffset: directoryChecksum, as: UInt32.self)
      let crc = unsafe cc_crc32c(0, bytes.baseAddress, headerBytes - 4)
      unsafe bytes.storeBytes(of: crc, toByteOffset: headerBytes - 4, as: UInt32.self)
    }
    return bytes
  }

  /// Reads a header and says how many sections and bytes the file must have.
  static func decode(
    _ bytes: UnsafeRawBufferPointer, file: String
  ) throws(SnapshotError) -> (header: SnapshotHeader, sectionCount: Int, totalBytes: Int) {
    guard bytes.count >= headerBytes else { throw .damaged(file: file, what: "file ends inside its header") }
    guard unsafe bytes.loadUnaligned(fromByteOffset: 0, as: UInt64.self) == magic else {
      throw .damaged(file: file, what: "this is no snapshot")
    }
    let crc = unsafe cc_crc32c(0, bytes.baseAddress, headerBytes - 4)
    guard unsafe bytes.loadUnaligned(fromByteOffset: headerBytes - 4, as: UInt32.self) == crc else {
      throw .damaged(file: file, what: "checksum of the header does not match")
    }
    let found = unsafe bytes.loadUnaligned(fromByteOffset: 8, as: UInt32.self)
    guard found <= version else { throw .newerFormat(file: file, found: found, known: version) }
    var end = JournalEnd()
    end.chain = unsafe bytes.loadUnaligned(fromByteOffset: 28, as: UInt32.self)
    end.lsn = unsafe bytes.loadUnaligned(fromByteOffset: 32, as: UInt64.self)
    end.seq = unsafe bytes.loadUnaligned(fromByteOffset: 40, as: UInt64.self)
    end.time = EngineTime(nanoseconds: unsafe bytes.loadUnaligned(fromByteOffset: 48, as: Int64.self))
    end.utc = UTCTime(nanoseconds: unsafe bytes.loadUnaligned(fromByteOffset: 56, as: Int64.self))
    end.epoch = unsafe bytes.loadUnaligned(fromByteOffset: 64, as: UInt32.self)
    let identity = unsafe JournalIdentity(
      id: (
        bytes.loadUnaligned(fromByteOffset: 80, as: UInt64.self),
        bytes.loadUnaligned(fromByteOffset: 88, as: UInt64.self)
      ),
      name: bytes.loadUnaligned(fromByteOffset: 96, as: Text64.self),
      tag: bytes.loadUnaligned(fromByteOffset: 160, as: Text32.self))
    let header = SnapshotHeader(
      identity: identity, coreVersion: unsafe bytes.loadUnaligned(fromByteOffset: 12, as: UInt32.self), end: end,
      created: UTCTime(nanoseconds: unsafe bytes.loadUnaligned(fromByteOffset: 72, as: Int64.self)))
    let sections = Int(unsafe bytes.loadUnaligned(fromByteOffset: 24, as: UInt32.self))
    let total = unsafe bytes.loadUnaligned(fromByteOffset: 16, as: UInt64.self)
    guard sections <= sectionCountMax, total <= UInt64(byteCountMax) else {
      throw .damaged(file: file, what: "header asks for more than a snapshot can hold")
    }
    return (header, sections, Int(total))
  }

  /// Reads the directory; `bodyBytes` is where sections must end.
  static func entries(
    _ directory: [UInt8], bodyBytes: Int, file: String
  ) throws(SnapshotError) -> [Entry] {
    var entries: [Entry] = []
    var behind = UInt64(headerBytes + directory.count)
    for index in 0..<directory.count / entryBytes {
      let entry = unsafe directory.withUnsafeBytes { unsafe Entry(loading: $0, at: index * entryBytes) }
      let (end, overflow) = entry.offset.addingReportingOverflow(entry.byteCount)
      guard !overflow, entry.offset >= behind, end <= UInt64(bodyBytes), entry.rowBytes > 0,
        entry.byteCount % UInt64(entry.rowBytes) == 0
      else { throw .damaged(file: file, what: "section \(entry.id) lies outside the file") }
      behind = end
      entries.append(entry)
    }
    return entries
  }

  /// What the header says of the directory behind it; 0: nothing.
  static func directoryCRC(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
    unsafe bytes.loadUnaligned(fromByteOffset: directoryChecksum, as: UInt32.self)
  }

  /// A line of the directory: which table, its rows, where it lies, its checksum.
  struct Entry: Equatable {
    var id: UInt32
    var rowBytes: UInt32
    var offset: UInt64
    var byteCount: UInt64
    var crc: UInt32

    func store(to bytes: UnsafeMutableRawBufferPointer, at offset: Int) {
      unsafe bytes.storeBytes(of: id, toByteOffset: offset, as: UInt32.self)
      unsafe bytes.storeBytes(of: rowBytes, toByteOffset: offset + 4, as: UInt32.self)
      unsafe bytes.storeBytes(of: self.offset, toByteOffset: offset + 8, as: UInt64.self)
      unsafe bytes.storeBytes(of: byteCount, toByteOffset: offset + 16, as: UInt64.self)
      unsafe bytes.storeBytes(of: crc, toByteOffset: offset + 24, as: UInt32.self)
    }

    init(id: UInt32, rowBytes: UInt32, offset: UInt64, byteCount: UInt64, crc: UInt32) {
      self.id = id
      self.rowBytes = rowBytes
      self.offset = offset
      self.byteCount = byteCount
      self.crc = crc
    }

    init(loading bytes: UnsafeRawBufferPointer, at offset: Int) {
      id = unsafe bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self)
      rowBytes = unsafe bytes.loadUnaligned(fromByteOffset: offset + 4, as: UInt32.self)
      self.offset = unsafe bytes.loadUnaligned(fromByteOffset: offset + 8, as: UInt64.self)
      byteCount = unsafe bytes.loadUnaligned(fromByteOffset: offset + 16, as: UInt64.self)
      crc = unsafe bytes.loadUnaligned(fromByteOffset: offset + 24, as: UInt32.self)
    }
  }
}

/// A snapshot in memory, checked whole: every checksum and the digest over all.
///
/// Owner: whoever loads a state from it. Sections are valid while the value lives.
@safe package struct LoadedSnapshot: ~Copyable {
  package let header: SnapshotHeader
  package let digest: SHA256Digest
  private let entries: [SnapshotFormat.Entry]
  private let bytes: UnsafeMutableRawBufferPointer

  deinit { unsafe bytes.deallocate() }

  package var byteCount: Int { unsafe bytes.count }
  package var sectionCount: Int { entries.count }

  package func section(at index: Int) -> SnapshotSection {
    let entry = entries[index]
    let range = Int(entry.offset)..<Int(entry.offset + entry.byteCount)
    return unsafe SnapshotSection(
      id: entry.id, rowBytes: Int(entry.rowBytes), unsafeBytes: UnsafeRawBufferPointer(rebasing: bytes[range]))
  }

  /// The section of table `id`, `nil` when the snapshot has none: a table that came later.
  package func section(_ id: UInt32) -> SnapshotSection? {
    entries.firstIndex { $0.id == id }.map { section(at: $0) }
  }

  static func load<FS: FileSystem>(
    _ fileSystem: FS, path: String, identity: JournalIdentity
  ) throws(SnapshotError) -> LoadedSnapshot {
    let bytes = try unsafe read(fileSystem, path: path)
    do throws(SnapshotError) {
      return try unsafe check(bytes, path: path, identity: identity)
    } catch {
      unsafe bytes.deallocate()
      throw error
    }
  }

  private static func read<FS: FileSystem>(
    _ fileSystem: FS, path: String
  ) throws(SnapshotError) -> UnsafeMutableRawBufferPointer {
    do throws(SystemError) {
      let file = try fileSystem.open(path, [.read])
      do throws(SystemError) {
        let size = Int(try fileSystem.size(file))
        guard size <= SnapshotFormat.byteCountMax else { throw SystemError(errno: 27, call: "read(\(path))") }
        let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: max(size, 1), alignment: 4_096)
        let used = unsafe UnsafeMutableRawBufferPointer(rebasing: bytes[0..<size])
        do throws(SystemError) {
          let count = try unsafe fileSystem.read(file, into: used, at: 0)
          guard count == size else { throw SystemError(errno: 5, call: "read(\(path)): file ends early") }
        } catch {
          unsafe bytes.deallocate()
          throw error
        }
        try fileSystem.close(file)
        return unsafe used
      } catch {
        do throws(SystemError) { try fileSystem.close(file) } catch {}
        throw error
      }
    } catch {
      throw .system(file: path, error)
    }
  }

  /// Takes `bytes` over when everything in it is right.
  private static func check(
    _ bytes: UnsafeMutableRawBufferPointer, path: String, identity: JournalIdentity
  ) throws(SnapshotError) -> LoadedSnapshot {
    let view = UnsafeRawBufferPointer(bytes)
    let (header, sectionCount, totalBytes) = try unsafe SnapshotFormat.decode(view, file: path)
    guard header.identity == identity else {
      throw .otherInstance(file: path, found: header.identity.name.description)
    }
    guard totalBytes == view.count, totalBytes >= SnapshotFormat.headerBytes + SnapshotFormat.digestBytes else {
      throw .damaged(file: path, what: "file has \(view.count) bytes, its header says \(totalBytes)")
    }
    let body = unsafe UnsafeRawBufferPointer(rebasing: view[0..<totalBytes - SnapshotFormat.digestBytes])
    let digest = unsafe SHA256.of(body)
    let stored = unsafe view.loadUnaligned(fromByteOffset: body.count, as: (UInt64, UInt64, UInt64, UInt64).self)
    var expected = SHA256Digest()
    expected.words = stored
    guard digest == expected else { throw .damaged(file: path, what: "SHA-256 does not match") }
    let directoryEnd = SnapshotFormat.headerBytes + sectionCount * SnapshotFormat.entryBytes
    guard directoryEnd <= body.count else { throw .damaged(file: path, what: "file ends inside its directory") }
    let directory = unsafe [UInt8](body[SnapshotFormat.headerBytes..<directoryEnd])
    let entries = try SnapshotFormat.entries(directory, bodyBytes: body.count, file: path)
    for entry in entries {
      let range = Int(entry.offset)..<Int(entry.offset + entry.byteCount)
      let section = unsafe UnsafeRawBufferPointer(rebasing: body[range])
      guard unsafe cc_crc32c(0, section.baseAddress, section.count) == entry.crc else {
        throw .damaged(file: path, what: "checksum of section \(entry.id) does not match")
      }
    }
    return unsafe LoadedSnapshot(header: header, digest: digest, entries: entries, bytes: bytes)
  }
}
