// Values that do not fit into a record: Blob records with a part each, and a Commit record at which the value takes
// effect. No other blob may begin in between; records that are no blobs may stand anywhere.

/// What a blob is.
package enum BlobKind: UInt16, Sendable {
  /// The configuration that decisions from here on were made with, as text.
  case configuration = 1
}

/// Body of a Blob record: where its bytes belong, and the bytes.
package struct BlobPart: Sendable, BitwiseCopyable {
  package static let headBytes = 64
  /// So few that a part fits wherever a command does.
  package static let dataBytesMax = 448

  /// Numbers blobs of a run: its epoch, and a counter.
  package var blob: UInt64 = 0
  package var totalBytes: UInt64 = 0
  package var offset: UInt64 = 0
  package var part: UInt32 = 0
  package var dataBytes: UInt32 = 0
  /// Of the whole value.
  package var digest = SHA256Digest()
  package var data = (Text64(), Text64(), Text64(), Text64(), Text64(), Text64(), Text64())
}

/// Body of a Commit record.
package struct BlobCommit: Sendable, BitwiseCopyable {
  package var blob: UInt64 = 0
  package var totalBytes: UInt64 = 0
  package var partCount: UInt32 = 0
  package var kindRaw: UInt16 = 0
  package var reserved: UInt16 = 0
  package var reserved2: UInt64 = 0
  package var digest = SHA256Digest()
}

/// One value, ready to be recorded.
package struct Blob: Sendable {
  package static let bytesMax = 4 << 20

  package let parts: [BlobPart]
  package let commit: BlobCommit

  /// - Precondition: `bytes` are at most ``bytesMax``.
  package init(number: UInt64, kind: BlobKind, _ bytes: [UInt8]) {
    precondition(bytes.count <= Self.bytesMax, "a blob is 4 MiB at most")
    let digest = SHA256.of(bytes)
    var parts: [BlobPart] = []
    var offset = 0
    repeat {
      let count = min(BlobPart.dataBytesMax, bytes.count - offset)
      var part = BlobPart()
      part.blob = number
      part.totalBytes = UInt64(bytes.count)
      part.offset = UInt64(offset)
      part.part = UInt32(parts.count)
      part.dataBytes = UInt32(count)
      part.digest = digest
      unsafe withUnsafeMutableBytes(of: &part.data) { unsafe $0.copyBytes(from: bytes[offset..<offset + count]) }
      parts.append(part)
      offset += count
    } while offset < bytes.count
    var commit = BlobCommit()
    commit.blob = number
    commit.totalBytes = UInt64(bytes.count)
    commit.partCount = UInt32(parts.count)
    commit.kindRaw = kind.rawValue
    commit.digest = digest
    self.parts = parts
    self.commit = commit
  }
}

/// A blob that never took effect.
package struct DroppedBlob: Equatable, Sendable, CustomStringConvertible {
  package var blob: UInt64
  package var totalBytes: UInt64
  /// Of its first record.
  package var lsn: UInt64
  package var why: String

  package var description: String { "blob \(blob) of \(totalBytes) bytes at record \(lsn) is not in force: \(why)" }
}

/// Puts the blobs of a journal together, record by record, and says which of them never took effect. Believes nothing:
/// sizes are bounded, parts must follow each other, and the whole must have its SHA-256.
package struct BlobReader {
  package enum Step {
    case nothing
    /// A value takes effect here. `bytes` is empty when they are not kept.
    case committed(BlobCommit, bytes: [UInt8])
    case dropped(DroppedBlob)
  }

  private struct Open {
    var first: BlobPart
    var lsn: UInt64
    var nextPart: UInt32 = 0
    var byteCount: UInt64 = 0
    var hash = SHA256()
    var bytes: [UInt8] = []
  }

  private let keepsBytes: Bool
  private var open: Open?

  package init(keepingBytes: Bool) { keepsBytes = keepingBytes }

  /// The blob that is open, if the records end here.
  package var unfinished: DroppedBlob? { open.map { dropped($0, "no Commit record follows") } }

  package mutating func take(_ record: JournalRecord) -> Step {
    switch record.header.type {
    case .blob: add(record)
    case .commit: commit(record)
    // A run begins: what the one before had not committed, it never will.
    case .start: drop("its run ended")
    default: .nothing
    }
  }

  private mutating func add(_ record: JournalRecord) -> Step {
    guard unsafe record.body.count >= BlobPart.headBytes else { return drop("record \(record.lsn) is too short") }
    let part = Self.head(record)
    var before = Step.nothing
    if part.part == 0 {
      before = drop("blob \(part.blob) begins within it")
      guard part.totalBytes <= UInt64(Blob.bytesMax) else { return before }
      open = Open(first: part, lsn: record.lsn)
    }
    // What began in front of the first record read has no beginning here.
    guard var blob = open else { return before }
    guard part.blob == blob.first.blob, part.part == blob.nextPart, part.offset == blob.byteCount,
      part.totalBytes == blob.first.totalBytes, part.digest == blob.first.digest,
      unsafe Int(part.dataBytes) <= record.body.count - BlobPart.headBytes,
      part.offset + UInt64(part.dataBytes) <= part.totalBytes
    else { return drop("record \(record.lsn) is not its next part") }
    let data = unsafe UnsafeRawBufferPointer(
      rebasing: record.body[BlobPart.headBytes..<BlobPart.headBytes + Int(part.dataBytes)])
    unsafe blob.hash.add(data)
    if keepsBytes { unsafe blob.bytes.append(contentsOf: data) }
    blob.nextPart += 1
    blob.byteCount += UInt64(part.dataBytes)
    open = blob
    return before
  }

  private mutating func commit(_ record: JournalRecord) -> Step {
    guard let blob = open else { return .nothing }
    guard let commit = record.load(as: BlobCommit.self), commit.blob == blob.first.blob,
      commit.partCount == blob.nextPart, commit.totalBytes == blob.byteCount,
      blob.first.totalBytes == blob.byteCount
    else { return drop("the Commit record \(record.lsn) is not its own") }
    guard commit.digest == blob.hash.digest(), commit.digest == blob.first.digest else {
      return drop("its SHA-256 is not that of its bytes")
    }
    open = nil
    return .committed(commit, bytes: blob.bytes)
  }

  private mutating func drop(_ why: String) -> Step {
    guard let blob = open else { return .nothing }
    open = nil
    return .dropped(dropped(blob, why))
  }

  private func dropped(_ blob: Open, _ why: String) -> DroppedBlob {
    DroppedBlob(blob: blob.first.blob, totalBytes: blob.first.totalBytes, lsn: blob.lsn, why: why)
  }

  /// The fields in front of the data; other writers may have made shorter parts than ours.
  static func head(_ record: JournalRecord) -> BlobPart {
    var part = BlobPart()
    unsafe withUnsafeMutableBytes(of: &part) { target in
      unsafe target.copyBytes(from: UnsafeRawBufferPointer(rebasing: record.body[0..<BlobPart.headBytes]))
    }
    return part
  }
}
