internal import CCore

/// A record as readers get it: its header and a view of its body, valid until the reader's next step.
@safe package struct JournalRecord {
  package let header: RecordHeader
  package let body: UnsafeRawBufferPointer

  package init(header: RecordHeader, body: UnsafeRawBufferPointer) {
    self.header = header
    unsafe self.body = body
  }

  package var lsn: UInt64 { header.lsn }

  /// The body as a message; `nil` when it is shorter than one. Longer is fine: a newer version added to the end.
  @inline(__always)
  package func load<Body: BitwiseCopyable>(as type: Body.Type) -> Body? {
    guard unsafe body.count >= MemoryLayout<Body>.size else { return nil }
    return unsafe body.loadUnaligned(as: Body.self)
  }
}

/// What the next record of a chain must look like. One step per record, no allocation.
struct RecordCheck {
  private(set) var end: JournalEnd
  let instance: UInt32

  init(end: JournalEnd, instance: UInt32) {
    self.end = end
    self.instance = instance
  }

  /// Checks the bytes at `place`, of which `available` can be read. `nil`: the record is the next one, and the check has
  /// moved on. Marks keep the line where it is: they carry the number of the record before them.
  @inline(__always)
  mutating func accept(_ place: UnsafeRawPointer, available: Int) -> RecordFlaw? {
    guard available >= JournalFormat.headerBytes else { return .cut }
    let header = unsafe place.loadUnaligned(as: RecordHeader.self)
    if let flaw = Self.lengthFlaw(header, available: available) { return flaw }
    guard header.typeRaw != 0 else { return .type }
    guard header.instance == instance else { return .instance }
    let isMark = header.isMark
    // INV-11: each record carries the number behind that of the last, and continues its chain.
    guard header.lsn == (isMark ? end.lsn : end.lsn + 1) else { return .lsn }
    guard header.epoch >= end.epoch else { return .epoch }
    guard header.time >= end.time else { return .time }
    guard Self.chain(of: header, after: end.chain) == header.chain else { return .chain }
    let bodyBytes = Int(header.length) - JournalFormat.headerBytes
    guard unsafe cc_crc32c(0, place + JournalFormat.headerBytes, bodyBytes) == header.bodyCRC else { return .body }
    if isMark { return nil }
    end.note(header)
    return nil
  }

  /// What would have to stand in front of the record at `place`, if it is whole by itself: body and place in the line.
  /// The chain before it is found by trying what the header says: a CRC has one predecessor for each value.
  func before(_ place: UnsafeRawPointer, available: Int) -> JournalEnd? {
    let header = unsafe place.loadUnaligned(as: RecordHeader.self)
    guard Self.lengthFlaw(header, available: available) == nil, header.typeRaw != 0, !header.isMark,
      header.instance == instance, header.lsn > end.lsn, header.epoch >= end.epoch, header.time >= end.time
    else { return nil }
    let bodyBytes = Int(header.length) - JournalFormat.headerBytes
    guard unsafe cc_crc32c(0, place + JournalFormat.headerBytes, bodyBytes) == header.bodyCRC else { return nil }
    var before = end
    before.lsn = header.lsn - 1
    before.chain = Self.chainBefore(header)
    return before
  }

  /// The chain that leads to `header.chain`. A CRC is linear in its seed: each bit of the seed flips a fixed pattern of
  /// the result, and the patterns are independent, so elimination finds the one seed.
  private static func chainBefore(_ header: RecordHeader) -> UInt32 {
    let zero = chain(of: header, after: 0)
    var rows = (0..<32).map { bit in
      (pattern: chain(of: header, after: 1 << UInt32(bit)) ^ zero, seed: UInt32(1) << bit)
    }
    var target = header.chain ^ zero
    var seed: UInt32 = 0
    for bit in (0..<32).reversed() {
      guard let pivot = rows.firstIndex(where: { $0.pattern >> UInt32(bit) & 1 == 1 }) else { continue }
      let row = rows.remove(at: pivot)
      for index in rows.indices where rows[index].pattern >> UInt32(bit) & 1 == 1 {
        rows[index].pattern ^= row.pattern
        rows[index].seed ^= row.seed
      }
      if target >> UInt32(bit) & 1 == 1 {
        target ^= row.pattern
        seed ^= row.seed
      }
    }
    precondition(target == 0, "the patterns span all values")
    return seed
  }

  @inline(__always)
  static func lengthFlaw(_ header: RecordHeader, available: Int) -> RecordFlaw? {
    let length = Int(header.length)
    if length == 0 { return .blank }
    guard length % JournalFormat.step == 0, length <= JournalFormat.recordBytes else { return .length }
    return length <= available ? nil : .cut
  }

  @inline(__always)
  static func chain(of header: RecordHeader, after previous: UInt32) -> UInt32 {
    var plain = header
    plain.chain = 0
    return unsafe withUnsafeBytes(of: &plain) { unsafe cc_crc32c(previous, $0.baseAddress, $0.count) }
  }
}

extension RecordHeader {
  /// Durable marks and Close records belong to the file and not to the line of records: they have no number of their
  /// own, and no record is chained to them.
  @inline(__always)
  package var isMark: Bool { typeRaw == RecordType.durable.rawValue || typeRaw == RecordType.close.rawValue }
}

/// Body of a Durable mark or Close record: complete enough to be believed when what stands before it cannot be read.
struct MarkBody: Sendable, BitwiseCopyable {
  static let magic: UInt64 = 0x4F4D_534A_4D41_524B

  var magic: UInt64 = Self.magic
  /// Everything up to here was synced when the mark was written.
  var durableLsn: UInt64 = 0
  var durableChain: UInt32 = 0
  /// The chain that the mark's own header continues.
  var chainBefore: UInt32 = 0
  /// Where it stands: segment, and offset in it.
  var ordinal: UInt64 = 0
  var offset: UInt64 = 0
  /// 1 in a Close record that an orderly stop wrote: nothing was left in the ring.
  var isOrderly: UInt64 = 0
  var reserved: (UInt64, UInt64) = (0, 0)

  static let recordBytes = JournalFormat.headerBytes + MemoryLayout<MarkBody>.size

  /// Writes a mark as a record to `place`.
  static func encode(
    _ type: RecordType, durable: JournalEnd, behind end: JournalEnd, epoch: UInt32, instance: UInt32, ordinal: UInt64,
    offset: UInt64, isOrderly: Bool = false, at place: UnsafeMutableRawPointer
  ) {
    var body = MarkBody()
    body.durableLsn = durable.lsn
    body.durableChain = durable.chain
    body.chainBefore = end.chain
    body.ordinal = ordinal
    body.offset = offset
    body.isOrderly = isOrderly ? 1 : 0
    var header = RecordHeader()
    header.length = UInt32(recordBytes)
    header.typeRaw = type.rawValue
    header.lsn = end.lsn
    header.time = end.time
    header.utc = end.utc
    header.epoch = max(epoch, end.epoch)
    header.instance = instance
    header.bodyCRC = unsafe withUnsafeBytes(of: body) { unsafe cc_crc32c(0, $0.baseAddress, $0.count) }
    header.chain = RecordCheck.chain(of: header, after: end.chain)
    precondition(header.isMark, "only marks are written by the journal thread")
    unsafe place.storeBytes(of: header, as: RecordHeader.self)
    unsafe place.storeBytes(of: body, toByteOffset: JournalFormat.headerBytes, as: MarkBody.self)
  }

  /// The mark at `place` if it is whole and was made for that place, whatever stands around it.
  static func find(
    at place: UnsafeRawPointer, available: Int, instance: UInt32, ordinal: UInt64, offset: UInt64
  ) -> (header: RecordHeader, body: MarkBody)? {
    guard available >= recordBytes else { return nil }
    let header = unsafe place.loadUnaligned(as: RecordHeader.self)
    guard header.isMark, Int(header.length) == recordBytes, header.instance == instance else { return nil }
    let body = unsafe place.loadUnaligned(fromByteOffset: JournalFormat.headerBytes, as: MarkBody.self)
    guard body.magic == magic, body.ordinal == ordinal, body.offset == offset else { return nil }
    let crc = unsafe cc_crc32c(0, place + JournalFormat.headerBytes, MemoryLayout<MarkBody>.size)
    guard crc == header.bodyCRC, RecordCheck.chain(of: header, after: body.chainBefore) == header.chain else {
      return nil
    }
    return (header, body)
  }
}
