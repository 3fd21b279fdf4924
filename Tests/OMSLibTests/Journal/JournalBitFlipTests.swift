import Testing

@testable import OMSLib

/// Every bit of a journal of 1,000 records, flipped one at a time: each is found (JRN-02).
///
/// A whole recovery per bit would read the journal a million times. It need not: recovery is one walk through each
/// segment, whose state behind a record is a ``JournalEnd`` and nothing else, and which looks at no byte behind the record
/// that it checks. So up to the record with the flipped bit it does what it did without the flip, and the walk may begin
/// there, with the state it had: `SegmentScan.next`, the very code. Found means that it stops there with a flaw. What
/// recovery makes of a flaw (corrupt, or torn) depends on marks elsewhere, and is compared with whole recoveries at every
/// record. Headers are read whole for each of their bits.
@Suite struct JournalBitFlipTests {
  static let records = 1_000

  /// A closed segment that another follows, and a last one that is closed too.
  static func makeDisk() throws -> (disk: MemoryFileSystem, options: JournalOptions) {
    let kit = try JournalKit(segmentBytes: 1 << 17)
    kit.fill(records)
    #expect(kit.close() != nil)
    #expect(try kit.segments().count == 2)
    return (kit.disk, kit.options)
  }

  /// One record or mark: where it stands, the state in front of it, and where the walk gets from there.
  struct Stop {
    let offset: Int
    let length: Int
    let before: JournalEnd
    let after: Int
    let isClose: Bool
  }

  static func scan(
    _ disk: MemoryFileSystem, _ entry: SegmentEntry
  ) throws -> SegmentScan<MemoryFileSystem> {
    SegmentScan(
      source: try SegmentSource.open(disk, path: entry.path, name: entry.name), header: entry.header)
  }

  /// All records and marks of a segment, as a clean walk meets them.
  static func stops(_ disk: MemoryFileSystem, _ entry: SegmentEntry) throws -> [Stop] {
    let bytes = try #require(disk.contents(entry.path))
    var stops: [Stop] = []
    var walk = try scan(disk, entry)
    var offset = SegmentHeader.bytes
    while true {
      let before = walk.end
      var isClose = false
      if case .stop(let stop) = try walk.next() {
        #expect(stop == .closed(isOrderly: true) || stop == .closed(isOrderly: false))
        isClose = true
      }
      let after = Int(walk.place.offset)
      // Marks on the way stand in front of the record, behind the same state.
      while offset < after {
        let length = Int(bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: UInt32.self) })
        stops.append(Stop(offset: offset, length: length, before: before, after: after, isClose: isClose))
        offset += length
      }
      if isClose { return stops }
    }
  }

  /// Whether the walk from `stop` on, with what is on the disk now, ends with a flaw before it gets where it got.
  static func finds(_ walk: inout SegmentScan<MemoryFileSystem>, _ stop: Stop) throws -> Bool {
    walk.source.forget()
    walk.move(to: stop.offset, after: stop.before)
    if case .stop(.flaw) = try walk.next() { return true }
    return false
  }

  @Test(arguments: [0, 1]) func everyBitOfEveryRecordIsCovered(segment: Int) throws {
    let (disk, options) = try Self.makeDisk()
    let entries = try SegmentSet.load(disk, directories: [options.directory], identity: options.identity)
    let entry = entries[segment]
    let stops = try Self.stops(disk, entry)
    let bytes = try #require(disk.contents(entry.path))
    #expect(stops.first?.offset == SegmentHeader.bytes)
    let end = stops.last.map { $0.offset + $0.length } ?? 0
    var flips = 0
    for stop in stops {
      // What the walk looks at: from the record on, as much as the largest may take.
      var room = Array(bytes[stop.offset..<min(bytes.count, stop.offset + JournalFormat.recordBytes)])
      var check = RecordCheck(end: stop.before, instance: options.identity.number)
      let clean = room.withUnsafeBytes { Self.pass($0, &check, entry, stop) }
      #expect(clean, "the record at \(stop.offset) is whole")
      for bit in 0..<(stop.length * 8) {
        room[bit / 8] ^= 1 << UInt8(bit % 8)
        var check = RecordCheck(end: stop.before, instance: options.identity.number)
        let passes = room.withUnsafeBytes { Self.pass($0, &check, entry, stop) }
        room[bit / 8] ^= 1 << UInt8(bit % 8)
        flips += 1
        if passes {
          Issue.record("bit \(bit) of the record at \(stop.offset) can flip unseen")
          return
        }
      }
    }
    #expect(flips == (end - SegmentHeader.bytes) * 8)
    try everyBitBehindIsCovered(disk, entry, from: end, to: bytes.count)
  }

  /// Behind its Close record a segment is zeros, if it was not cut there: recovery refuses anything else.
  private func everyBitBehindIsCovered(
    _ disk: MemoryFileSystem, _ entry: SegmentEntry, from end: Int, to count: Int
  ) throws {
    var walk = try Self.scan(disk, entry)
    var state = JournalEnd()
    state.lsn = entry.header.firstLsn
    for bit in (end * 8)..<(count * 8) {
      disk.flip(entry.path, bit: bit)
      walk.source.forget()
      walk.move(to: end, after: state)
      let used = try walk.scanRest().usedEnd
      disk.flip(entry.path, bit: bit)
      if used <= end {
        Issue.record("bit \(bit) behind the close record can flip unseen")
        return
      }
    }
  }

  /// One step of the walk, as `SegmentScan.next` takes it: the record's own check, and for a mark that it was made for
  /// this place.
  static func pass(
    _ bytes: UnsafeRawBufferPointer, _ check: inout RecordCheck, _ entry: SegmentEntry, _ stop: Stop
  ) -> Bool {
    guard let place = bytes.baseAddress, check.accept(place, available: bytes.count) == nil else { return false }
    let header = place.loadUnaligned(as: RecordHeader.self)
    guard header.isMark else { return Int(header.length) == stop.length }
    return MarkBody.find(
      at: place, available: Int(header.length), instance: header.instance, ordinal: entry.header.ordinal,
      offset: UInt64(stop.offset)) != nil
  }

  /// The step of the test is the step of the walk: at every record, with bits of header, chain and body.
  @Test(arguments: [0, 1]) func theWalkStopsWhereTheStepFails(segment: Int) throws {
    let (disk, options) = try Self.makeDisk()
    let entries = try SegmentSet.load(disk, directories: [options.directory], identity: options.identity)
    let entry = entries[segment]
    var walk = try Self.scan(disk, entry)
    for (index, stop) in try Self.stops(disk, entry).enumerated() {
      for bit in [index % 512, 416 + index % 32, 512 + index % 64] where bit < stop.length * 8 {
        disk.flip(entry.path, bit: stop.offset * 8 + bit)
        let isFound = try Self.finds(&walk, stop)
        disk.flip(entry.path, bit: stop.offset * 8 + bit)
        #expect(isFound, "bit \(bit) of the record at \(stop.offset)")
      }
    }
  }

  /// Whole recoveries, one bit of each tenth record: refused, or cut and told, and never a record that is not the one.
  @Test func aWholeRecoveryTellsWhatTheWalkFound() throws {
    let (disk, options) = try Self.makeDisk()
    let entries = try SegmentSet.load(disk, directories: [options.directory], identity: options.identity)
    for entry in entries {
      for (index, stop) in try Self.stops(disk, entry).enumerated() where index % 10 == 3 {
        let copy = disk.copy()
        copy.flip(entry.path, bit: stop.offset * 8 + (index * 37) % (stop.length * 8))
        let found = Recovered(copy, options: options, finishes: false)
        let isTold = found.error != nil || found.report.torn != nil
        #expect(isTold && found.altered == nil, "the record at \(stop.offset)")
      }
    }
  }

  /// Each bit of both headers: refused, or a mark that is told to be damaged.
  @Test func everyBitOfEveryHeaderIsCovered() throws {
    let (disk, options) = try Self.makeDisk()
    for entry in try SegmentSet.load(disk, directories: [options.directory], identity: options.identity) {
      for bit in 0..<(SegmentHeader.bytes * 8) {
        disk.flip(entry.path, bit: bit)
        let isFound: Bool
        do throws(JournalError) {
          isFound = try !SegmentEntry.load(disk, path: entry.path, name: entry.name).badSlots.isEmpty
        } catch { isFound = true }
        disk.flip(entry.path, bit: bit)
        if !isFound {
          Issue.record("bit \(bit) of \(entry.path) can flip unseen")
          return
        }
      }
    }
  }
}
