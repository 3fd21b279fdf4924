import Testing

@testable import OMSLib

/// Damaged files: what is durable is refused by name and place, what is not is cut; nothing altered comes out.
@Suite struct JournalDamageTests {
  /// 20 durable records and 5 that were written and not synced, in one segment.
  static func halfDurable() throws -> (
    disk: MemoryFileSystem, path: String, durableEnd: Int, usedEnd: Int
  ) {
    let kit = try JournalKit(mode: .async)
    kit.append(20)
    kit.now += JournalOptions.asyncInterval
    kit.poll()
    #expect(kit.ring.durableLsn == 20)
    let path = try #require(try kit.segments().first)
    let before = usedEnd(try #require(kit.disk.contents(path)))
    kit.append(5)
    kit.poll()
    #expect(kit.ring.durableLsn == 20)
    return (kit.disk.copy(), path, before, usedEnd(try #require(kit.disk.contents(path))))
  }

  /// End of the last record, by its length field.
  static func usedEnd(_ bytes: [UInt8]) -> Int {
    recordOffsets(bytes).last.map { $0.offset + $0.length } ?? 4_096
  }

  /// Where a record ends that is followed by zeros: the zeros at its own end cannot be told from them.
  static func end(
    of record: (offset: Int, length: Int, lsn: UInt64, type: UInt16), in bytes: [UInt8],
    _ isTruncated: Bool
  ) -> Int {
    var end = record.offset + record.length
    while !isTruncated, bytes[end - 1] == 0 { end -= 1 }
    return end
  }

  static func recordOffsets(_ bytes: [UInt8]) -> [(
    offset: Int, length: Int, lsn: UInt64, type: UInt16
  )] {
    var result: [(offset: Int, length: Int, lsn: UInt64, type: UInt16)] = []
    var at = 4_096
    bytes.withUnsafeBytes { raw in
      while at + 64 <= raw.count {
        let header = raw.loadUnaligned(fromByteOffset: at, as: RecordHeader.self)
        if header.length == 0 { break }
        result.append((at, Int(header.length), header.lsn, header.typeRaw))
        at += Int(header.length)
      }
    }
    return result
  }

  @Test func aTornTailIsCutAtEachByte() throws {
    let (disk, path, durableEnd, usedEnd) = try Self.halfDurable()
    let whole = try #require(disk.contents(path))
    let records = Self.recordOffsets(whole).filter { $0.type != 200 }
    for cut in durableEnd..<usedEnd {
      for isTruncated in [false, true] {
        let expected = try #require(
          records.last { Self.end(of: $0, in: whole, isTruncated) <= cut }?.lsn)
        let image = disk.copy()
        let rest = isTruncated ? [] : [UInt8](repeating: 0, count: whole.count - cut)
        image.overwrite(path, with: Array(whole[..<cut]) + rest)
        let found = Recovered(image)
        #expect(found.error == nil, "cut at \(cut)")
        #expect(found.lsns == Array(1...expected), "cut at \(cut)")
        #expect(found.altered == nil)
        let again = Recovered(image)
        #expect(again.lsns == found.lsns && again.error == nil && again.report.torn == nil)
      }
    }
  }

  @Test func aCutInsideWhatIsDurableIsRefusedByPlace() throws {
    let (disk, path, durableEnd, _) = try Self.halfDurable()
    let whole = try #require(disk.contents(path))
    for cut in stride(from: 4_096, to: durableEnd - 64, by: 37) {
      let image = disk.copy()
      image.overwrite(
        path, with: Array(whole[..<cut]) + [UInt8](repeating: 0, count: whole.count - cut))
      let records = Self.recordOffsets(whole)
      let bad = try #require(records.first { Self.end(of: $0, in: whole, false) > cut })
      guard case .corrupt(let place, _) = Recovered(image).error else {
        Issue.record("a cut at \(cut) was not refused")
        continue
      }
      #expect(place.file == path && place.offset == Int64(bad.offset))
      #expect(place.lsn == (bad.type == 200 ? bad.lsn + 1 : bad.lsn))
      #expect(image.contents(path)?[..<cut] == whole[..<cut], "a refused journal is not touched")
    }
  }

  /// Every bit of 1,000 records: the record that holds it is not accepted in its place any more.
  @Test func noRecordSurvivesTheFlipOfAnyBit() throws {
    let kit = try JournalKit(segmentBytes: 1 << 20)
    kit.fill(1_000)
    let path = try #require(try kit.segments().first)
    var bytes = try #require(kit.disk.contents(path))
    bytes.append(contentsOf: [UInt8](repeating: 0, count: 4_096))
    let offsets = Self.recordOffsets(bytes)
    #expect(offsets.filter { $0.type != 200 }.count == 1_000)
    var check = RecordCheck(end: JournalEnd(), instance: JournalKit.identity.number)
    var accepted = 0
    bytes.withUnsafeMutableBytes { raw in
      for (offset, length, _, _) in offsets {
        let place = raw.baseAddress! + offset
        for bit in 0..<length * 8 {
          (place + bit / 8).storeBytes(
            of: place.load(fromByteOffset: bit / 8, as: UInt8.self) ^ (1 << UInt8(bit % 8)),
            as: UInt8.self)
          var trial = check
          if trial.accept(UnsafeRawPointer(place), available: 4_096) == nil { accepted += 1 }
          (place + bit / 8).storeBytes(
            of: place.load(fromByteOffset: bit / 8, as: UInt8.self) ^ (1 << UInt8(bit % 8)),
            as: UInt8.self)
        }
        let flaw = check.accept(UnsafeRawPointer(place), available: 4_096)
        #expect(flaw == nil)
      }
    }
    #expect(accepted == 0)
  }

  /// Every bit of a segment's header: refused, or a torn slot that is reported; records are never altered.
  @Test func noBitOfAHeaderFlipsUnseen() throws {
    let kit = try JournalKit()
    kit.fill(20)
    let path = try #require(try kit.segments().first)
    let disk = kit.disk.copy()
    let name = try #require(
      SegmentName(file: String(path.dropFirst(JournalKit.directory.count + 1))))
    var unseen = 0
    for bit in 0..<4_096 * 8 {
      disk.flip(path, bit: bit)
      do throws(JournalError) {
        let entry = try SegmentEntry.load(disk, path: path, name: name)
        let isSlot = (1_024..<2_048).contains(bit / 8)
        if !isSlot || entry.badSlots.isEmpty { unseen += 1 }
      } catch {}
      disk.flip(path, bit: bit)
    }
    #expect(unseen == 0)
  }

  /// Whole recoveries of a journal of several segments with one bit flipped, over all of its used bytes.
  @Test func aFlipIsRefusedByPlaceOrCutInTheOpenTail() throws {
    let kit = try JournalKit()
    kit.fill(1_000)
    let segments = try kit.segments()
    let last = try #require(segments.last)
    var refused = 0
    for path in segments {
      let bytes = try #require(kit.disk.contents(path))
      let end = Self.usedEnd(bytes)
      for bit in stride(from: 3, to: end * 8, by: 9_973) {
        let disk = kit.disk.copy()
        disk.flip(path, bit: bit)
        let found = Recovered(disk, finishes: false)
        #expect(found.altered == nil)
        if found.error != nil {
          refused += 1
          #expect("\(found.error!)".hasPrefix(path), "the refusal names the file")
        } else {
          // Not covered by any mark: the slot itself, or what was written since the last one.
          #expect(path == last)
          #expect(found.report.torn != nil || !found.report.badSlots.isEmpty)
          #expect(found.lsns == Array(1...UInt64(found.lsns.count)))
          #expect(found.report.torn == nil || found.report.torn!.place.offset <= Int64(bit / 8))
        }
      }
    }
    #expect(refused > 60)
  }

  /// Pages reach the disk in any order: the first hole ends the journal, valid records behind it are cut.
  @Test func aHoleInTheOpenTailCutsWhatFollows() throws {
    let (disk, path, durableEnd, usedEnd) = try Self.halfDurable()
    var bytes = try #require(disk.contents(path))
    let records = Self.recordOffsets(bytes).filter { $0.offset >= durableEnd && $0.type != 200 }
    #expect(records.count == 5)
    for offset in records[1].offset..<records[1].offset + records[1].length { bytes[offset] = 0 }
    disk.overwrite(path, with: bytes)
    let found = Recovered(disk)
    #expect(found.lsns == Array(1...21))
    #expect(
      found.report.torn?.place
        == JournalPlace(file: path, offset: Int64(records[1].offset), lsn: 22))
    let torn = try #require(found.report.torn)
    #expect(torn.byteCount > records[1].length && torn.byteCount <= usedEnd - records[1].offset)
    let after = try #require(disk.contents(path))
    #expect(
      Self.recordOffsets(after).map(\.lsn).last == 21,
      "what was cut is gone, and the segment is closed")
  }

  /// A durable record that is a hole is corruption, by the mark in the next batch alone.
  @Test func aMarkInALaterBatchCoversAHole() throws {
    let kit = try JournalKit()
    kit.fill(30, step: 5)
    let path = try #require(try kit.segments().first)
    var bytes = try #require(kit.disk.contents(path))
    let record = try #require(Self.recordOffsets(bytes).first { $0.lsn == 12 && $0.type != 200 })
    for offset in record.offset..<record.offset + record.length { bytes[offset] = 0 }
    for offset in 1_024..<2_048 { bytes[offset] = 0 }
    kit.disk.overwrite(path, with: bytes)
    #expect(
      Recovered(kit.disk).error
        == .corrupt(JournalPlace(file: path, offset: Int64(record.offset), lsn: 12), .blank))
  }

  @Test func staleRecordsBehindTheTailAreNotPartOfIt() throws {
    let kit = try JournalKit()
    kit.fill(10)
    let path = try #require(try kit.segments().first)
    var bytes = try #require(kit.disk.contents(path))
    let end = Self.usedEnd(bytes)
    // What an earlier life of the file may have held: the same instance, whole records, other numbers.
    let old = try JournalKit(epoch: 1)
    old.now += 1
    old.fill(40)
    let oldPath = try #require(try old.segments().first)
    let oldBytes = try #require(old.disk.contents(oldPath))
    let stale = try #require(Self.recordOffsets(oldBytes).first { $0.offset >= end })
    for offset in stale.offset..<stale.offset + 512 {
      bytes[end + offset - stale.offset] = oldBytes[offset]
    }
    kit.disk.overwrite(path, with: bytes)
    let found = Recovered(kit.disk)
    #expect(found.error == nil && found.lsns == Array(1...10))
    #expect(found.report.torn?.byteCount ?? 0 > 0)
  }

  /// A write that landed elsewhere: a whole, valid record, in the wrong place. And what it missed: the old content stays.
  @Test func aMisdirectedOrLostWriteIsFoundByNumberAndChain() throws {
    let kit = try JournalKit()
    kit.fill(40)
    let path = try #require(try kit.segments().first)
    let whole = try #require(kit.disk.contents(path))
    let records = Self.recordOffsets(whole).filter { $0.type != 200 }
    let target = try #require(
      records.first { record in
        record.lsn > 10 && records.contains { $0.lsn < record.lsn && $0.length == record.length }
      })
    let source = try #require(records.first { $0.length == target.length })
    var bytes = whole
    for offset in 0..<target.length {
      bytes[target.offset + offset] = whole[source.offset + offset]
    }
    kit.disk.overwrite(path, with: bytes)
    #expect(
      Recovered(kit.disk, finishes: false).error
        == .corrupt(JournalPlace(file: path, offset: Int64(target.offset), lsn: target.lsn), .lsn))
    // The same number from another life of the file: only the chain tells.
    let other = try JournalKit()
    other.now += 7
    other.fill(40)
    let otherPath = try #require(try other.segments().first)
    let otherBytes = try #require(other.disk.contents(otherPath))
    bytes = whole
    for offset in 0..<target.length {
      bytes[target.offset + offset] = otherBytes[target.offset + offset]
    }
    kit.disk.overwrite(path, with: bytes)
    guard case .corrupt(let place, let flaw) = Recovered(kit.disk, finishes: false).error else {
      Issue.record("stale content was read")
      return
    }
    #expect(place.lsn == target.lsn && (flaw == .chain || flaw == .time))
  }

  @Test func aLengthOfFourGigabytesIsAFlawAndNotAnAllocation() throws {
    let kit = try JournalKit()
    kit.fill(10)
    let path = try #require(try kit.segments().first)
    var bytes = try #require(kit.disk.contents(path))
    let record = Self.recordOffsets(bytes)[4]
    for byte in 0..<4 { bytes[record.offset + byte] = 0xFF }
    kit.disk.overwrite(path, with: bytes)
    guard case .corrupt(let place, .length) = Recovered(kit.disk).error else {
      Issue.record("an impossible length was taken")
      return
    }
    #expect(place.offset == Int64(record.offset))
  }

  // MARK: Segments

  static func several() throws -> (disk: MemoryFileSystem, segments: [String]) {
    let kit = try JournalKit()
    kit.fill(600)
    return (kit.disk, try kit.segments())
  }

  @Test func segmentsUnderEachOthersNamesAreNamed() throws {
    let (disk, segments) = try Self.several()
    let first = try #require(disk.contents(segments[0]))
    let second = try #require(disk.contents(segments[1]))
    disk.overwrite(segments[0], with: second)
    disk.overwrite(segments[1], with: first)
    guard case .misplaced(let file, _) = Recovered(disk).error else {
      Issue.record("swapped segments were read")
      return
    }
    #expect(file == segments[0])
  }

  @Test func aMissingSegmentIsNamedByItsRecords() throws {
    let (disk, segments) = try Self.several()
    let next = try #require(SegmentName(file: String(segments[2].split(separator: "/").last ?? "")))
    let gone = try #require(SegmentName(file: String(segments[1].split(separator: "/").last ?? "")))
    try disk.remove(segments[1])
    #expect(
      Recovered(disk).error
        == .missing(first: gone.firstLsn, last: next.firstLsn - 1, before: segments[2]))
  }

  @Test func theOldestSegmentMissingIsPruned() throws {
    let (disk, segments) = try Self.several()
    try disk.remove(segments[0])
    guard case .pruned(lsn: 1, _) = Recovered(disk).error else {
      Issue.record("a journal without its beginning was replayed from zero")
      return
    }
  }

  @Test func aCopyOfASegmentIsADuplicate() throws {
    let (disk, segments) = try Self.several()
    try disk.makeDirectory(JournalKit.fallback)
    let name = String(segments[1].dropFirst(JournalKit.directory.count))
    let bytes = try #require(disk.contents(segments[1]))
    disk.overwrite(JournalKit.fallback + name, with: bytes)
    guard case .duplicate = Recovered(disk).error else {
      Issue.record("a duplicate was read")
      return
    }
  }

  @Test func anotherInstanceIsRefusedByName() throws {
    let (disk, segments) = try Self.several()
    var options = JournalKit.options()
    options.identity = JournalKit.other
    #expect(
      Recovered(disk, options: options).error == .otherInstance(file: segments[0], found: "unit"))
  }

  @Test func aNewerFormatIsRefusedWithItsVersion() throws {
    let (disk, segments) = try Self.several()
    var bytes = try #require(disk.contents(segments[0]))
    bytes[8] = 9
    let crc = CRC32C.of(Array(bytes[..<1_020]))
    withUnsafeBytes(of: crc) {
      for (index, byte) in $0.enumerated() { bytes[1_020 + index] = byte }
    }
    disk.overwrite(segments[0], with: bytes)
    #expect(Recovered(disk).error == .newerFormat(file: segments[0], found: 9, known: 1))
  }

  @Test func anUnreadableSectorIsNamed() throws {
    let (disk, segments) = try Self.several()
    disk.inject(.init(.read, path: segments[1], errno: 5, skip: 1))
    guard case .system(let file, let error) = Recovered(disk).error else {
      Issue.record("a read error was passed over")
      return
    }
    #expect(file == segments[1] && error.errno == 5 && error.call.contains("offset"))
  }
}
