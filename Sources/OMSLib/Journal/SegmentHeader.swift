internal import CCore

/// The first 4 KiB of a segment: what it is, what it continues, and two slots for Durable marks.
///
/// Bytes 0..<1024 never change once written; the slots stand in sectors of their own, so that writing one can tear
/// neither the other nor the header. The rest is zero.
package struct SegmentHeader: Equatable, Sendable {
  static let magic: UInt64 = 0x4F4D_534A_5345_4731
  package static let bytes = 4_096
  static let fixedBytes = 1_024
  static let slotOffsets = (1_024, 1_536)

  var coreVersion: UInt32 = 0
  var segmentBytes: UInt64 = 0
  /// Rises by one with every segment that an instance opens.
  var ordinal: UInt64 = 0
  var epoch: UInt32 = 0
  /// The segment before failed: records from here on supersede those it may hold.
  var followsFailure = false
  /// Records may have been lost in front of it, and no run has said so in a Start record yet.
  var followsLoss = false
  var created = UTCTime.zero
  var identity: JournalIdentity
  /// The end of the journal in front of this segment.
  var previous = JournalEnd()
  /// SHA-256 of the segment before; zero when there is none or it failed.
  var previousDigest = SHA256Digest()

  var firstLsn: UInt64 { previous.lsn + 1 }
  var name: String { SegmentName(firstLsn: firstLsn, ordinal: ordinal).file }

  init(identity: JournalIdentity) { self.identity = identity }

  /// Fills the 4 KiB at `bytes`, slots empty.
  func encode(into bytes: UnsafeMutableRawBufferPointer) {
    precondition(bytes.count == Self.bytes, "a header is 4 KiB")
    unsafe bytes.initializeMemory(as: UInt8.self, repeating: 0)
    unsafe bytes.storeBytes(of: Self.magic, toByteOffset: 0, as: UInt64.self)
    unsafe bytes.storeBytes(of: JournalFormat.version, toByteOffset: 8, as: UInt32.self)
    unsafe bytes.storeBytes(of: coreVersion, toByteOffset: 12, as: UInt32.self)
    unsafe bytes.storeBytes(of: segmentBytes, toByteOffset: 16, as: UInt64.self)
    unsafe bytes.storeBytes(of: ordinal, toByteOffset: 24, as: UInt64.self)
    unsafe bytes.storeBytes(of: epoch, toByteOffset: 32, as: UInt32.self)
    unsafe bytes.storeBytes(of: (followsFailure ? 1 : 0) | (followsLoss ? 2 : 0), toByteOffset: 36, as: UInt32.self)
    unsafe bytes.storeBytes(of: created.nanoseconds, toByteOffset: 40, as: Int64.self)
    unsafe bytes.storeBytes(of: identity.id.high, toByteOffset: 48, as: UInt64.self)
    unsafe bytes.storeBytes(of: identity.id.low, toByteOffset: 56, as: UInt64.self)
    unsafe bytes.storeBytes(of: identity.name, toByteOffset: 64, as: Text64.self)
    unsafe bytes.storeBytes(of: identity.tag, toByteOffset: 128, as: Text32.self)
    unsafe bytes.storeBytes(of: previous.lsn, toByteOffset: 160, as: UInt64.self)
    unsafe bytes.storeBytes(of: previous.chain, toByteOffset: 168, as: UInt32.self)
    unsafe bytes.storeBytes(of: previous.epoch, toByteOffset: 172, as: UInt32.self)
    unsafe bytes.storeBytes(of: previous.seq, toByteOffset: 176, as: UInt64.self)
    unsafe bytes.storeBytes(of: previous.time.nanoseconds, toByteOffset: 184, as: Int64.self)
    unsafe bytes.storeBytes(of: previous.utc.nanoseconds, toByteOffset: 192, as: Int64.self)
    unsafe bytes.storeBytes(of: previousDigest.words, toByteOffset: 200, as: (UInt64, UInt64, UInt64, UInt64).self)
    let crc = unsafe cc_crc32c(0, bytes.baseAddress, Self.fixedBytes - 4)
    unsafe bytes.storeBytes(of: crc, toByteOffset: Self.fixedBytes - 4, as: UInt32.self)
  }

  /// Reads a header; `file` is named in errors.
  init(decoding bytes: UnsafeRawBufferPointer, file: String) throws(JournalError) {
    guard bytes.count >= Self.bytes else { throw .corruptHeader(file: file, why: "file ends inside it") }
    guard unsafe bytes.loadUnaligned(fromByteOffset: 0, as: UInt64.self) == Self.magic else {
      throw .corruptHeader(file: file, why: "this is no segment")
    }
    let crc = unsafe cc_crc32c(0, bytes.baseAddress, Self.fixedBytes - 4)
    guard unsafe bytes.loadUnaligned(fromByteOffset: Self.fixedBytes - 4, as: UInt32.self) == crc else {
      throw .corruptHeader(file: file, why: "checksum does not match")
    }
    let version = unsafe bytes.loadUnaligned(fromByteOffset: 8, as: UInt32.self)
    guard version <= JournalFormat.version else {
      throw .newerFormat(file: file, found: version, known: JournalFormat.version)
    }
    for offset in stride(from: DurableSlot.end, to: Self.bytes, by: 8) {
      guard unsafe bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self) == 0 else {
        throw .corruptHeader(file: file, why: "bytes from \(offset) on are not zero")
      }
    }
    identity = unsafe JournalIdentity(
      id: (
        bytes.loadUnaligned(fromByteOffset: 48, as: UInt64.self),
        bytes.loadUnaligned(fromByteOffset: 56, as: UInt64.self)
      ),
      name: bytes.loadUnaligned(fromByteOffset: 64, as: Text64.self),
      tag: bytes.loadUnaligned(fromByteOffset: 128, as: Text32.self))
    coreVersion = unsafe bytes.loadUnaligned(fromByteOffset: 12, as: UInt32.self)
    segmentBytes = unsafe bytes.loadUnaligned(fromByteOffset: 16, as: UInt64.self)
    ordinal = unsafe bytes.loadUnaligned(fromByteOffset: 24, as: UInt64.self)
    epoch = unsafe bytes.loadUnaligned(fromByteOffset: 32, as: UInt32.self)
    let flags = unsafe bytes.loadUnaligned(fromByteOffset: 36, as: UInt32.self)
    followsFailure = flags & 1 != 0
    followsLoss = flags & 2 != 0
    created = UTCTime(nanoseconds: unsafe bytes.loadUnaligned(fromByteOffset: 40, as: Int64.self))
    previous.lsn = unsafe bytes.loadUnaligned(fromByteOffset: 160, as: UInt64.self)
    previous.chain = unsafe bytes.loadUnaligned(fromByteOffset: 168, as: UInt32.self)
    previous.epoch = unsafe bytes.loadUnaligned(fromByteOffset: 172, as: UInt32.self)
    previous.seq = unsafe bytes.loadUnaligned(fromByteOffset: 176, as: UInt64.self)
    previous.time = EngineTime(nanoseconds: unsafe bytes.loadUnaligned(fromByteOffset: 184, as: Int64.self))
    previous.utc = UTCTime(nanoseconds: unsafe bytes.loadUnaligned(fromByteOffset: 192, as: Int64.self))
    previousDigest.words = unsafe bytes.loadUnaligned(
      fromByteOffset: 200, as: (UInt64, UInt64, UInt64, UInt64).self)
  }
}

/// A Durable mark in a segment's header: written after a sync, alternating between two places.
struct DurableSlot: Equatable, Sendable {
  static let magic: UInt64 = 0x4F4D_534A_534C_4F54
  static let bytes = 512
  static let end = SegmentHeader.slotOffsets.1 + bytes

  var lsn: UInt64 = 0
  var chain: UInt32 = 0
  /// Segment it was written for.
  var ordinal: UInt64 = 0
  /// Rises with every mark of a segment: the parity tells the place.
  var count: UInt64 = 0

  enum Content: Equatable, Sendable {
    case empty
    case mark(DurableSlot)
    /// Torn by a power cut while it was written, or damaged.
    case bad
  }

  static func offset(count: UInt64) -> Int {
    count % 2 == 0 ? SegmentHeader.slotOffsets.0 : SegmentHeader.slotOffsets.1
  }

  func encode(into bytes: UnsafeMutableRawBufferPointer) {
    precondition(bytes.count == Self.bytes, "a slot is one sector")
    unsafe bytes.initializeMemory(as: UInt8.self, repeating: 0)
    unsafe bytes.storeBytes(of: Self.magic, toByteOffset: 0, as: UInt64.self)
    unsafe bytes.storeBytes(of: lsn, toByteOffset: 8, as: UInt64.self)
    unsafe bytes.storeBytes(of: ordinal, toByteOffset: 16, as: UInt64.self)
    unsafe bytes.storeBytes(of: count, toByteOffset: 24, as: UInt64.self)
    unsafe bytes.storeBytes(of: chain, toByteOffset: 32, as: UInt32.self)
    let crc = unsafe cc_crc32c(0, bytes.baseAddress, Self.bytes - 4)
    unsafe bytes.storeBytes(of: crc, toByteOffset: Self.bytes - 4, as: UInt32.self)
  }

  /// Reads the slot at `offset` of a segment's header.
  static func decode(_ header: UnsafeRawBufferPointer, at offset: Int, ordinal: UInt64) -> Content {
    let bytes = unsafe UnsafeRawBufferPointer(rebasing: header[offset..<offset + Self.bytes])
    var all: UInt64 = 0
    for word in stride(from: 0, to: Self.bytes, by: 8) {
      all |= unsafe bytes.loadUnaligned(fromByteOffset: word, as: UInt64.self)
    }
    if all == 0 { return .empty }
    var slot = DurableSlot()
    slot.lsn = unsafe bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)
    slot.ordinal = unsafe bytes.loadUnaligned(fromByteOffset: 16, as: UInt64.self)
    slot.count = unsafe bytes.loadUnaligned(fromByteOffset: 24, as: UInt64.self)
    slot.chain = unsafe bytes.loadUnaligned(fromByteOffset: 32, as: UInt32.self)
    let crc = unsafe cc_crc32c(0, bytes.baseAddress, Self.bytes - 4)
    guard unsafe bytes.loadUnaligned(fromByteOffset: Self.bytes - 4, as: UInt32.self) == crc,
      unsafe bytes.loadUnaligned(fromByteOffset: 0, as: UInt64.self) == magic,
      slot.ordinal == ordinal, Self.offset(count: slot.count) == offset
    else { return .bad }
    return .mark(slot)
  }
}

/// Name of a segment's file: sorting by name is sorting by first record, then by age.
package struct SegmentName: Equatable, Sendable {
  package static let prefix = "SEGMENT-"
  static let plain = ".oms"
  static let compressed = ".oms.zst"
  /// A segment in the making: never read, removed at start.
  static let prepared = "next.tmp"

  var firstLsn: UInt64
  var ordinal: UInt64
  var isCompressed = false

  init(firstLsn: UInt64, ordinal: UInt64, isCompressed: Bool = false) {
    self.firstLsn = firstLsn
    self.ordinal = ordinal
    self.isCompressed = isCompressed
  }

  init?(file: String) {
    guard file.hasPrefix(Self.prefix) else { return nil }
    var rest = file.dropFirst(Self.prefix.count)
    if rest.hasSuffix(Self.compressed) {
      isCompressed = true
      rest = rest.dropLast(Self.compressed.count)
    } else if rest.hasSuffix(Self.plain) {
      rest = rest.dropLast(Self.plain.count)
    } else {
      return nil
    }
    let parts = rest.split(separator: "-", omittingEmptySubsequences: false)
    guard parts.count == 2, parts[0].count == 20, parts[1].count >= 6, let lsn = UInt64(parts[0]),
      let number = UInt64(parts[1])
    else { return nil }
    firstLsn = lsn
    ordinal = number
    guard self.file == file else { return nil }
  }

  var file: String {
    Self.prefix + padded(firstLsn, to: 20) + "-" + padded(ordinal, to: 6)
      + (isCompressed ? Self.compressed : Self.plain)
  }
}

private func padded(_ number: UInt64, to width: Int) -> String {
  let digits = String(number)
  return String(repeating: "0", count: max(0, width - digits.count)) + digits
}
