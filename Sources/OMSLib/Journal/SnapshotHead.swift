internal import CCore

/// What a snapshot says of itself: header, directory and small sections, each by a checksum of its own. The tables are
/// not looked at: there are hundreds of snapshots, of tens of megabytes each.
package struct SnapshotHead {
  package let header: SnapshotHeader
  package let byteCount: Int
  /// Over the whole file, as it says; only loading it shows whether that is so.
  package let digest: SHA256Digest
  private let sections: [UInt32: [UInt8]]

  /// The bytes of section `id`, if it was asked for and is there.
  package func section(_ id: UInt32) -> [UInt8]? { sections[id] }

  /// The header alone.
  static func header<FS: FileSystem>(
    _ fileSystem: FS, path: String, identity: JournalIdentity
  ) throws(SnapshotError) -> SnapshotHeader {
    try SnapshotPieces.read(fileSystem, path) { (pieces) throws(SnapshotError) in
      try pieces.header(identity).header
    }
  }

  /// Reads the head, and of the sections those of `ids`. `nil`: an older program wrote it, without a checksum of the
  /// directory.
  static func load<FS: FileSystem>(
    _ fileSystem: FS, path: String, identity: JournalIdentity, sections ids: [UInt32]
  ) throws(SnapshotError) -> SnapshotHead? {
    try SnapshotPieces.read(fileSystem, path) { (pieces) throws(SnapshotError) in
      let (header, count, totalBytes, crc) = try pieces.header(identity)
      guard crc != 0 else { return nil }
      guard totalBytes == pieces.size, totalBytes >= SnapshotFormat.headerBytes + SnapshotFormat.digestBytes else {
        throw .damaged(file: path, what: "file has \(pieces.size) bytes, its header says \(totalBytes)")
      }
      let bodyBytes = totalBytes - SnapshotFormat.digestBytes
      let directory = try pieces.bytes(
        at: SnapshotFormat.headerBytes, count: count * SnapshotFormat.entryBytes, crc: crc, "the directory")
      let entries = try SnapshotFormat.entries(directory, bodyBytes: bodyBytes, file: path)
      var sections: [UInt32: [UInt8]] = [:]
      for entry in entries where ids.contains(entry.id) {
        sections[entry.id] = try pieces.bytes(
          at: Int(entry.offset), count: Int(entry.byteCount), crc: entry.crc, "section \(entry.id)")
      }
      var digest = SHA256Digest()
      let tail = try pieces.bytes(at: bodyBytes, count: SnapshotFormat.digestBytes)
      digest.words = unsafe tail.withUnsafeBytes {
        unsafe $0.loadUnaligned(as: (UInt64, UInt64, UInt64, UInt64).self)
      }
      return SnapshotHead(header: header, byteCount: totalBytes, digest: digest, sections: sections)
    }
  }
}

/// An open snapshot of which only parts are read.
private struct SnapshotPieces<FS: FileSystem> {
  let size: Int
  private let fileSystem: FS
  private let file: FS.File
  private let path: String

  static func read<Result>(
    _ fileSystem: FS, _ path: String, _ body: (SnapshotPieces) throws(SnapshotError) -> Result
  ) throws(SnapshotError) -> Result {
    let pieces: SnapshotPieces
    do throws(SystemError) {
      let file = try fileSystem.open(path, [.read])
      do throws(SystemError) {
        pieces = SnapshotPieces(size: Int(try fileSystem.size(file)), fileSystem: fileSystem, file: file, path: path)
      } catch {
        do throws(SystemError) { try fileSystem.close(file) } catch {}
        throw error
      }
    } catch {
      throw .system(file: path, error)
    }
    defer { do throws(SystemError) { try fileSystem.close(pieces.file) } catch {} }
    return try body(pieces)
  }

  func header(
    _ identity: JournalIdentity
  ) throws(SnapshotError) -> (header: SnapshotHeader, sectionCount: Int, totalBytes: Int, directoryCRC: UInt32) {
    let bytes = try bytes(at: 0, count: min(size, SnapshotFormat.headerBytes))
    let result = unsafe bytes.withUnsafeBytes { bytes in
      Result { () throws(SnapshotError) in
        let decoded = try unsafe SnapshotFormat.decode(bytes, file: path)
        return unsafe (decoded.header, decoded.sectionCount, decoded.totalBytes, SnapshotFormat.directoryCRC(bytes))
      }
    }
    let header = try result.get()
    guard header.0.identity == identity else {
      throw .otherInstance(file: path, found: header.0.identity.name.description)
    }
    return header
  }

  func bytes(at offset: Int, count: Int, crc: UInt32, _ what: String) throws(SnapshotError) -> [UInt8] {
    let bytes = try bytes(at: offset, count: count)
    guard unsafe bytes.withUnsafeBytes({ unsafe cc_crc32c(0, $0.baseAddress, $0.count) }) == crc else {
      throw .damaged(file: path, what: "checksum of \(what) does not match")
    }
    return bytes
  }

  func bytes(at offset: Int, count: Int) throws(SnapshotError) -> [UInt8] {
    guard count >= 0, offset <= size - count else { throw .damaged(file: path, what: "file ends early") }
    var bytes = [UInt8](repeating: 0, count: count)
    let result = unsafe bytes.withUnsafeMutableBytes { buffer in
      Result { () throws(SystemError) in try unsafe fileSystem.read(file, into: buffer, at: Int64(offset)) }
    }
    do throws(SystemError) {
      guard try result.get() == count else { throw SystemError(errno: 5, call: "read(\(path)): file ends early") }
    } catch {
      throw .system(file: path, error)
    }
    return bytes
  }
}
