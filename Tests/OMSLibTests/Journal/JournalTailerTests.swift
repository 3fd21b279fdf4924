import Testing

@testable import OMSLib

@Suite struct JournalTailerTests {
  static func drain(_ tailer: inout JournalTailer<MemoryFileSystem>) throws -> [UInt64] {
    var lsns: [UInt64] = []
    while let record = try tailer.next() {
      #expect(record.body.starts(with: JournalKit.body(record.lsn)))
      lsns.append(record.lsn)
    }
    return lsns
  }

  /// Records are never shown before they are durable, from the ring as from segments, and over rollovers.
  @Test(arguments: [true, false])
  func followsTheDurableEnd(withRing: Bool) throws {
    let kit = try JournalKit(segmentBytes: 1 << 14, capacity: 1 << 15)
    var tailer = JournalTailer(fileSystem: kit.disk, options: kit.options, ring: withRing ? kit.ring : nil)
    var random = SplitMix64(seed: 3)
    var seen: [UInt64] = []
    for round in 0..<120 {
      kit.append(Int(random.below(9)))
      seen += try Self.drain(&tailer)
      #expect(seen.count == Int(kit.ring.durableLsn), "published is not durable")
      kit.poll()
      if round % 3 != 0 { continue }
      seen += try Self.drain(&tailer)
      #expect(seen.count == Int(kit.ring.durableLsn))
    }
    seen += try Self.drain(&tailer)
    #expect(seen == Array(1...kit.ring.durableLsn))
    #expect(try kit.segments().count > 2)
  }

  @Test func aReaderThatFellBehindALapComesBackThroughSegments() throws {
    let kit = try JournalKit(segmentBytes: 1 << 14, capacity: 1 << 14)
    var tailer = JournalTailer(fileSystem: kit.disk, options: kit.options, ring: kit.ring)
    kit.fill(20)
    #expect(try Self.drain(&tailer) == Array(1...20))
    kit.fill(1)
    #expect(try Self.drain(&tailer) == [21])
    kit.fill(400)
    #expect(try Self.drain(&tailer) == Array(22...421))
    kit.fill(3)
    #expect(try Self.drain(&tailer) == [422, 423, 424])
  }

  @Test func startsBehindAnyRecord() throws {
    let kit = try JournalKit(segmentBytes: 1 << 14)
    kit.fill(300)
    for cursor in [0, 1, 99, 150, 299, 300] as [UInt64] {
      var tailer = JournalTailer(fileSystem: kit.disk, options: kit.options, ring: kit.ring, after: cursor)
      #expect(try Self.drain(&tailer) == (cursor < 300 ? Array(cursor + 1...300) : []))
    }
  }

  @Test func anAppendedBoundShowsWhatIsPublished() throws {
    let kit = try JournalKit()
    var tailer = JournalTailer(fileSystem: kit.disk, options: kit.options, ring: kit.ring, bound: .appended)
    kit.fill(5)
    #expect(try Self.drain(&tailer) == Array(1...5))
    kit.append(4)
    #expect(try Self.drain(&tailer) == Array(6...9))
    kit.poll()
    #expect(try Self.drain(&tailer).isEmpty)
  }

  @Test func survivesASegmentThatFailed() throws {
    let kit = try JournalKit(segmentBytes: 1 << 14)
    var tailer = JournalTailer(fileSystem: kit.disk, options: kit.options)
    kit.fill(30)
    #expect(try Self.drain(&tailer) == Array(1...30))
    kit.disk.inject(.init(.synchronize, path: "/state/", errno: 5))
    kit.fill(60)
    #expect(kit.ring.state == .fallback)
    #expect(try Self.drain(&tailer) == Array(31...90))
  }

  /// A segment was given up by a failed write, and a record stands behind what counts of it. The next run has made
  /// another one under that number.
  @Test(arguments: [true, false])
  func aRecordThatWasGivenUpIsNotRead(withRing: Bool) throws {
    let first = try JournalKit()
    first.fill(10)
    let start = Recovered(first.disk).start
    first.fill(1)
    let next = try JournalKit(disk: first.disk, epoch: 2, start: start)
    let body = JournalKit.body(11)
    let lsn = body.withUnsafeBytes {
      next.appender.append(
        RecordType.timer.rawValue, time: EngineTime(nanoseconds: next.now + 10), utc: .zero, body: $0)
    }
    next.appender.publish()
    next.poll()
    #expect(lsn == 11 && next.ring.durableLsn == 11)
    var tailer = JournalTailer(fileSystem: next.disk, options: next.options, ring: withRing ? next.ring : nil)
    for _ in 0..<10 { _ = try tailer.next() }
    let last = try tailer.next()
    #expect(last?.lsn == 11 && last?.header.type == .timer)
  }

  @Test func aSegmentThatIsCompressedWhileItIsOpenedIsFoundAgain() throws {
    let kit = try JournalKit(segmentBytes: 1 << 14)
    kit.fill(300)
    var tailer = JournalTailer(fileSystem: kit.disk, options: kit.options, ring: kit.ring)
    kit.disk.inject(.init(.open, path: "SEGMENT", errno: 2, count: 1))
    #expect(try Self.drain(&tailer) == Array(1...300))
    #expect(kit.disk.faultCount == 1)
  }

  @Test func compressedSegmentsReadAsPlainOnes() throws {
    let kit = try JournalKit(segmentBytes: 1 << 14)
    kit.fill(500)
    let before = try kit.segments()
    let retention = JournalRetention(fileSystem: kit.disk, options: kit.options)
    var compressed = 0
    while try retention.compressNext() != nil { compressed += 1 }
    #expect(compressed == before.count - 1)
    #expect(try kit.segments().filter { $0.hasSuffix(".zst") }.count == compressed)
    var tailer = JournalTailer(fileSystem: kit.disk, options: kit.options, after: 42)
    #expect(try Self.drain(&tailer) == Array(43...500))
    #expect(Recovered(kit.disk, finishes: false).lsns == Array(1...500))
    #expect(JournalVerify.run(fileSystem: kit.disk, options: kit.options).findings.isEmpty)
    let packed = try kit.segments()[1]
    kit.disk.flip(packed, bit: 8 * 100)
    guard case .corrupt = Recovered(kit.disk, finishes: false).error else {
      Issue.record("a damaged block was expanded")
      return
    }
  }

  @Test func pruningKeepsWhatAnybodyNeeds() throws {
    let kit = try JournalKit(segmentBytes: 1 << 14)
    kit.fill(500)
    let retention = JournalRetention(fileSystem: kit.disk, options: kit.options)
    let old = UTCTime(nanoseconds: .max)
    func rule(
      snapshot: UInt64 = 500, cursor: UInt64 = 500, index: UInt64 = 500, open: UInt64 = 0, before: UTCTime = old
    ) -> RetentionRule {
      RetentionRule(snapshotLsn: snapshot, cursorLsn: cursor, indexLsn: index, oldestOpenLsn: open, madeBefore: before)
    }
    for kept in [rule(snapshot: 0), rule(cursor: 3), rule(index: 4), rule(open: 5), rule(before: .zero)] {
      #expect(try retention.prune(kept).isEmpty)
    }
    let count = try kit.segments().count
    let removed = try retention.prune(rule(snapshot: 300))
    #expect(!removed.isEmpty && removed.count < count - 1)
    var tailer = JournalTailer(fileSystem: kit.disk, options: kit.options)
    #expect(throws: JournalError.self) { try tailer.next() }
    let first = Recovered(kit.disk, finishes: false).error
    guard case .pruned(lsn: 1, let oldest) = first else {
      Issue.record("a pruned journal was replayed from zero")
      return
    }
    #expect(oldest <= 301)
  }
}
