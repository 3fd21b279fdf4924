/// Walks the records of one segment and checks each against the one before.
///
/// Owner: one reader.
struct SegmentScan<FS: FileSystem>: ~Copyable {
  enum Stop: Equatable {
    /// The segment's Close record; `isOrderly` as in it.
    case closed(isOrderly: Bool)
    /// Here the next segment supersedes what follows.
    case superseded
    /// No valid record: torn, corrupt or simply the end. The caller knows what covers it.
    case flaw(RecordFlaw)
  }

  enum Step {
    case record(JournalRecord)
    case stop(Stop)
  }

  var source: SegmentSource<FS>
  let header: SegmentHeader
  /// Of the next record.
  private(set) var offset = SegmentHeader.bytes
  private(set) var check: RecordCheck
  /// Last record that counts.
  private let lastLsn: UInt64

  init(source: consuming SegmentSource<FS>, header: SegmentHeader, lastLsn: UInt64 = .max) {
    self.source = source
    self.header = header
    self.lastLsn = lastLsn
    check = RecordCheck(end: header.previous, instance: header.identity.number)
  }

  var end: JournalEnd { check.end }
  var place: JournalPlace { JournalPlace(file: source.path, offset: Int64(offset), lsn: check.end.nextLsn) }

  /// The next record; Durable marks are checked and passed over.
  @inline(__always)
  mutating func next() throws(JournalError) -> Step {
    while true {
      if check.end.lsn >= lastLsn { return .stop(.superseded) }
      let view = try unsafe source.view(at: offset, atLeast: JournalFormat.recordBytes)
      guard let place = view.baseAddress, view.count >= JournalFormat.headerBytes else {
        return .stop(.flaw(view.count == 0 ? .blank : .cut))
      }
      if let flaw = unsafe check.accept(place, available: view.count) { return .stop(.flaw(flaw)) }
      let header = unsafe place.loadUnaligned(as: RecordHeader.self)
      let length = Int(header.length)
      if header.isMark {
        let found = unsafe MarkBody.find(
          at: place, available: length, instance: header.instance, ordinal: self.header.ordinal,
          offset: UInt64(offset))
        guard let mark = found else { return .stop(.flaw(.mark)) }
        offset += length
        if header.typeRaw == RecordType.close.rawValue {
          return .stop(.closed(isOrderly: mark.body.isOrderly != 0))
        }
        continue
      }
      offset += length
      let body = unsafe UnsafeRawBufferPointer(rebasing: view[JournalFormat.headerBytes..<length])
      return unsafe .record(JournalRecord(header: header, body: body))
    }
  }

  /// Goes on at another place, as if `end` stood in front of it.
  mutating func move(to offset: Int, after end: JournalEnd) {
    precondition(offset >= SegmentHeader.bytes && offset % JournalFormat.step == 0, "records stand in steps")
    self.offset = offset
    check = RecordCheck(end: end, instance: header.identity.number)
  }

  /// What stands behind the place where the scan stopped.
  struct Rest: Equatable {
    /// End of the last byte that is not zero; the scan's offset when all are.
    var usedEnd: Int
    /// The highest lsn that a whole mark in the rest says to be durable.
    var coveredLsn: UInt64 = 0
  }

  /// Reads everything behind the offset: what was written there, and whether any of it proves more to be durable.
  mutating func scanRest() throws(JournalError) -> Rest {
    var rest = Rest(usedEnd: offset)
    var at = offset
    while at < source.byteCount {
      let view = try unsafe source.view(at: at, atLeast: MarkBody.recordBytes)
      guard let base = view.baseAddress, view.count > 0 else { break }
      let isLast = at + view.count >= source.byteCount
      // A mark at the window's end is looked at in the next window.
      let whole = isLast ? view.count : max(JournalFormat.step, view.count - MarkBody.recordBytes)
      let count = isLast ? whole : whole / JournalFormat.step * JournalFormat.step
      var step = 0
      while step < count {
        let size = min(JournalFormat.step, count - step)
        if let last = unsafe Self.lastByte(base + step, count: size) {
          rest.usedEnd = at + step + last + 1
          if size == JournalFormat.step, let lsn = unsafe covered(base + step, view.count - step, at + step) {
            rest.coveredLsn = max(rest.coveredLsn, lsn)
          }
        }
        step += size
      }
      at += count
    }
    return rest
  }

  private func covered(_ place: UnsafeRawPointer, _ available: Int, _ offset: Int) -> UInt64? {
    let found = unsafe MarkBody.find(
      at: place, available: available, instance: check.instance, ordinal: header.ordinal, offset: UInt64(offset))
    guard let found else { return nil }
    // A Close record is written when all before it is synced.
    let isClose = found.header.typeRaw == RecordType.close.rawValue
    return isClose ? found.header.lsn : found.body.durableLsn
  }

  /// Index of the last byte that is not zero, of at most one step.
  @inline(__always)
  private static func lastByte(_ place: UnsafeRawPointer, count: Int) -> Int? {
    if count == JournalFormat.step {
      var all: UInt64 = 0
      for word in 0..<8 { all |= unsafe place.loadUnaligned(fromByteOffset: word * 8, as: UInt64.self) }
      if all == 0 { return nil }
    }
    var index = count - 1
    while index >= 0 {
      if unsafe place.load(fromByteOffset: index, as: UInt8.self) != 0 { return index }
      index -= 1
    }
    return nil
  }
}
