import Testing

@testable import OMSLib

/// Any one call to the disk fails, whichever and whenever: it is named, nothing is made up, and once the disk works again
/// all that was durable is there.
@Suite struct JournalCallFaultTests {
  typealias Call = MemoryFileSystem.Call

  private static let count: UInt64 = 240

  /// A journal of several segments, half of them compressed, on a disk of its own.
  private static func makeKit() throws -> JournalKit {
    let kit = try JournalKit(segmentBytes: 1 << 14)
    kit.fill(Int(count))
    let retention = JournalRetention(fileSystem: kit.disk, options: kit.options)
    for _ in 0..<2 { _ = try retention.compressNext() }
    return kit
  }

  /// Runs `body` on a copy of the disk with one fault, for each of the first calls, until the fault no longer comes.
  private static func eachFault(
    of call: Call, on disk: MemoryFileSystem, _ body: (MemoryFileSystem) throws -> Void
  ) rethrows -> Int {
    var skip = 0
    while skip < 40 {
      let copy = disk.copy()
      copy.inject(.init(call, errno: 5, skip: skip, count: 1))
      try body(copy)
      if copy.faultCount == 0 { break }
      skip += 1
    }
    return skip
  }

  private static func expectWhole(_ disk: MemoryFileSystem, _ options: JournalOptions, from first: UInt64 = 1) {
    disk.clearFaults()
    let tailed = Result {
      var tailer = JournalTailer(fileSystem: disk, options: options, after: first - 1)
      return try JournalTailerTests.drain(&tailer)
    }
    #expect((try? tailed.get()) == Array(first...count))
  }

  private static func isOfDisk(_ error: JournalError) -> Bool { if case .system = error { true } else { false } }

  @Test(arguments: [Call.open, .read, .list]) func readersNameTheFault(call: Call) throws {
    let kit = try Self.makeKit()
    let options = kit.options
    let met = Self.eachFault(of: call, on: kit.disk) { disk in
      let found = Recovered(disk, options: options, finishes: false)
      #expect(found.error.map(Self.isOfDisk) ?? (found.lsns.count == Int(Self.count)))
      #expect(found.lsns == Array(1..<(UInt64(found.lsns.count) + 1)) && found.altered == nil)
      Self.expectWhole(disk, options)
    }
    #expect(met > 0, "the fault was met")
    _ = Self.eachFault(of: call, on: kit.disk) { disk in
      var tailer = JournalTailer(fileSystem: disk, options: options, after: 7)
      var next: UInt64 = 8
      do throws(JournalError) {
        while let record = try tailer.next() {
          #expect(record.lsn == next)
          next += 1
        }
      } catch {
        #expect(Self.isOfDisk(error), "\(error)")
      }
      Self.expectWhole(disk, options)
    }
    _ = Self.eachFault(of: call, on: kit.disk) { disk in
      let report = JournalVerify.run(fileSystem: disk, options: options)
      #expect(report.recordCount <= Self.count)
      #expect(disk.faultCount == 0 || !report.findings.isEmpty || report.recordCount == Self.count)
      Self.expectWhole(disk, options)
    }
  }

  /// A tail that was half on the disk is cut: at the first go, or at the next.
  @Test(arguments: Call.allCases) func aRepairThatFailsCanBeRepeated(call: Call) throws {
    let (disk, path, durableEnd, _) = try JournalDamageTests.halfDurable()
    disk.flip(path, bit: (durableEnd + 300) * 8)
    let options = JournalKit.options()
    let expected = Recovered(disk.copy(), options: options).lsns
    #expect(!expected.isEmpty)
    _ = Self.eachFault(of: call, on: disk) { disk in
      _ = Recovered(disk, options: options)
      disk.clearFaults()
      let again = Recovered(disk, options: options)
      #expect(again.error == nil)
      #expect(again.lsns == expected && again.altered == nil)
    }
  }

  @Test(arguments: Call.allCases) func compressingAndPruningLoseNothing(call: Call) throws {
    let kit = try Self.makeKit()
    let options = kit.options
    _ = Self.eachFault(of: call, on: kit.disk) { disk in
      let retention = JournalRetention(fileSystem: disk, options: options)
      do throws(JournalError) {
        while try retention.compressNext() != nil {}
      } catch {
        #expect(Self.isOfDisk(error), "\(error)")
      }
      Self.expectWhole(disk, options)
      // What was left half done is done at the next go.
      while (try? retention.compressNext()) ?? nil != nil {}
      Self.expectWhole(disk, options)
      #expect(JournalVerify.run(fileSystem: disk, options: options).isSound)
    }
    let rule = RetentionRule(
      snapshotLsn: 100, cursorLsn: 200, indexLsn: 200, oldestOpenLsn: 0, madeBefore: UTCTime(nanoseconds: .max))
    _ = Self.eachFault(of: call, on: kit.disk) { disk in
      do throws(JournalError) {
        _ = try JournalRetention(fileSystem: disk, options: options).prune(rule)
      } catch {
        #expect(Self.isOfDisk(error), "\(error)")
      }
      Self.expectWhole(disk, options, from: 101)
    }
  }

  @Test(arguments: Call.allCases) func snapshotsAreOldOrNewAndNeverHalf(call: Call) throws {
    let disk = JournalKit.makeDisk()
    try SnapshotStoreTests.write(SnapshotStoreTests.makeStore(disk), lsn: 100)
    try SnapshotStoreTests.write(SnapshotStoreTests.makeStore(disk), lsn: 150)
    _ = try Self.eachFault(of: call, on: disk) { disk in
      let store = SnapshotStoreTests.makeStore(disk)
      _ = try? SnapshotStoreTests.write(store, lsn: 200)
      var skipped: [SnapshotError] = []
      do throws(SnapshotError) {
        try store.removeLeftovers()
        _ = try store.loadNewest(passing: &skipped)?.header
        _ = try store.prune(madeBefore: UTCTime(nanoseconds: .max))
      } catch {
        guard case .system = error else {
          Issue.record("\(error)")
          return
        }
      }
      disk.clearFaults()
      let newest = try SnapshotStoreTests.newestLsn(store, &skipped)
      #expect(newest == 150 || newest == 200)
      #expect(try store.names().allSatisfy { store.verify($0) == nil })
      #expect(skipped.isEmpty)
    }
  }

  @Test(arguments: Call.allCases) func theIndexOfIDsForgetsNone(call: Call) throws {
    let disk = JournalKit.makeDisk()
    var made = IDIndexWriter(try IDIndexTests.index(disk), flushCount: 4)
    try IDIndexTests.feed(1...30, &made)
    _ = try Self.eachFault(of: call, on: disk) { disk in
      do throws(IDIndexError) {
        let index = try IDIndex(
          fileSystem: disk, directory: IDIndexTests.directory, identity: JournalKit.identity)
        // An id that cannot be looked up is not absent.
        #expect(IDIndexTests.absent("o3", in: index) == nil)
        var writer = IDIndexWriter(index, flushCount: 4)
        for lsn in index.completeLsn + 1...index.completeLsn + 20 {
          IDIndexTests.take(IDIndexTests.image("o\(lsn)", filled: Int64(lsn)), lsn: lsn, &writer)
          if writer.isDue { try writer.flush() }
        }
        while try writer.compact() {}
      } catch {
        #expect(!error.description.isEmpty)
      }
      disk.clearFaults()
      let index = try IDIndexTests.index(disk)
      #expect(index.completeLsn >= 28)
      for lsn in 1...index.completeLsn { #expect(IDIndexTests.row("o\(lsn)", in: index) != nil, "o\(lsn)") }
    }
  }

  /// A compressed segment of several blocks is read from any place in it.
  @Test func aLongSegmentIsCompressedInBlocks() throws {
    let kit = try JournalKit(segmentBytes: 5 << 18, capacity: 1 << 17)
    kit.fill(11_000, step: 100)
    let retention = JournalRetention(fileSystem: kit.disk, options: kit.options)
    #expect(try retention.compressNext() != nil)
    let packed = try #require(try kit.segments().first { $0.hasSuffix(".zst") })
    let file = try kit.disk.open(packed, .read)
    let index = try CompressedIndex.load(kit.disk, file, path: packed)
    #expect(index.blocks.count > 1)
    #expect(index.block(at: index.byteCount) == nil)
    for block in index.blocks {
      #expect(index.block(at: Int(block.offset))?.firstLsn == block.firstLsn)
      #expect(index.block(at: Int(block.offset) + Int(block.byteCount) - 1)?.firstLsn == block.firstLsn)
      var tailer = JournalTailer(fileSystem: kit.disk, options: kit.options, after: block.firstLsn)
      let next = try tailer.next()?.lsn
      #expect(next == block.firstLsn + 1)
    }
    // A short file, and one whose last bytes were written over.
    let bytes = try #require(kit.disk.contents(packed))
    for damaged in [
      Array(bytes.prefix(20)), Array(bytes.dropLast(4)), bytes.dropLast(8) + [UInt8](repeating: 0, count: 8),
    ] {
      kit.disk.overwrite(packed, with: damaged)
      #expect(throws: JournalError.self) { try CompressedIndex.load(kit.disk, file, path: packed) }
    }
  }

  // MARK: What memory may hold

  @Test func memoryThatIsNoRingIsRefusedByName() throws {
    let memory = JournalRingMemory(capacity: 1 << 16)
    _ = memory.makeRing(identity: JournalKit.identity, epoch: 1)
    let bytes = memory.bytes
    func flaw(_ memory: UnsafeMutableRawBufferPointer, _ identity: JournalIdentity = JournalKit.identity) -> String {
      do throws(JournalRing.Flaw) {
        _ = try JournalRing(unsafeJoining: memory, identity: identity)
        return "a ring"
      } catch {
        return "\(error)"
      }
    }
    #expect(flaw(bytes) == "a ring")
    #expect(flaw(UnsafeMutableRawBufferPointer(rebasing: bytes[..<100])).contains("tooSmall"))
    #expect(flaw(UnsafeMutableRawBufferPointer(rebasing: bytes.dropLast(64))).contains("capacity"))
    #expect(flaw(bytes, JournalKit.other).contains("instance"))
    let blank = JournalRingMemory(capacity: 1 << 16)
    #expect(flaw(blank.bytes).contains("notARing"))
  }
}
