import Testing

@testable import OMSLib

/// Power cuts and kills: what was durable is there, what is there is a prefix, and a run can go on behind it.
@Suite struct JournalCrashTests {
  /// A run on a disk that remembers every change, and for each change the lsn that was known to be durable.
  static func tracedRun(seed: UInt64) throws -> (disk: MemoryFileSystem, durable: [(change: Int, lsn: UInt64)]) {
    var random = SplitMix64(seed: seed)
    let disk = JournalKit.makeDisk()
    disk.startTrace()
    let kit = try JournalKit(disk: disk, segmentBytes: 1 << 14, capacity: 1 << 14)
    var durable: [(change: Int, lsn: UInt64)] = []
    var seen = 0
    for _ in 0..<30 {
      kit.append(Int(random.below(9)) + 1)
      kit.poll()
      let trace = disk.trace
      let sync = trace[seen...].lastIndex { if case .synchronize = $0 { true } else { false } }
      if let sync { durable.append((sync + 1, kit.ring.durableLsn)) }
      seen = trace.count
    }
    #expect(try kit.segments().count > 1, "a rollover is part of the run")
    return (disk, durable)
  }

  /// Images of the disk at `count`: all subsets of a few open pieces, else drawn ones with torn sectors.
  static func images(
    of disk: MemoryFileSystem, after count: Int, random: inout SplitMix64, drawn: Int = 3
  ) -> [MemoryFileSystem] {
    let open = disk.openPieces(after: count)
    if open <= 2 {
      return (0..<(1 << open)).map { subset in
        disk.powerCut(after: count) { subset >> $0 & 1 == 1 ? .kept : .lost }
      }
    }
    var images = [
      disk.powerCut(after: count) { _ in .kept }, disk.powerCut(after: count) { _ in .lost },
      disk.powerCut(after: count) { $0 == open - 1 ? .kept : .lost },
      disk.powerCut(after: count) { $0 == 0 ? .lost : .kept },
    ]
    for _ in 0..<drawn {
      let fates: [SectorFate] = (0..<open).map { _ in
        switch random.below(4) {
        case 0: .kept
        case 1: .lost
        case 2: .torn(Int(random.below(512)))
        default: random.chance(1, in: 2) ? .kept : .lost
        }
      }
      images.append(disk.powerCut(after: count) { fates[$0] })
    }
    return images
  }

  @Test(arguments: [1] as [UInt64])
  func everyPowerCutLeavesAPrefixWithAllThatWasDurable(seed: UInt64) throws {
    let (disk, durable) = try Self.tracedRun(seed: seed)
    var random = SplitMix64(seed: seed ^ 77)
    var imageCount = 0
    var tornCount = 0
    let appended = try #require(durable.last?.lsn) + 7
    for count in 0...disk.trace.count {
      let promised = durable.last { $0.change <= count }?.lsn ?? 0
      for image in Self.images(of: disk, after: count, random: &random) {
        imageCount += 1
        let found = Recovered(image, options: JournalKit.options(segmentBytes: 1 << 14))
        let isPrefix = found.lsns == Array(1...max(1, UInt64(found.lsns.count))) || found.lsns.isEmpty
        let isRight = found.error == nil && found.altered == nil && isPrefix
        if !isRight || found.lsns.count < promised || found.lsns.count > appended {
          Issue.record("change \(count): \(found.lsns.count) of \(promised) records, \(found.error?.description ?? "")")
          return
        }
        if found.report.torn != nil { tornCount += 1 }
        // What was put right stays right.
        if imageCount % 5 != 0 { continue }
        let again = Recovered(image, options: JournalKit.options(segmentBytes: 1 << 14))
        if again.error != nil || again.lsns != found.lsns || again.report.torn != nil {
          Issue.record("change \(count): a second recovery found something else")
          return
        }
      }
    }
    #expect(imageCount > 300 && tornCount > 30, "\(imageCount) images, \(tornCount) torn")
  }

  /// Killed while recovery puts the end right, at every change, with every fate of what it had not synced.
  @Test func recoveryThatIsCutShortCanBeRepeated() throws {
    let (disk, durable) = try Self.tracedRun(seed: 5)
    var random = SplitMix64(seed: 99)
    let options = JournalKit.options(segmentBytes: 1 << 14)
    let crashes = durable.dropFirst(5).enumerated().filter { $0.offset % 11 == 0 }.map(\.element.change)
    for change in crashes {
      let open = disk.openPieces(after: change + 2)
      let torn = disk.powerCut(after: change + 2) { $0 == open - 1 ? .kept : .torn(100) }
      let expected = Recovered(torn.copy(), options: options)
      #expect(expected.error == nil)
      torn.startTrace()
      _ = Recovered(torn, options: options)
      for count in 0...torn.trace.count {
        for image in Self.images(of: torn, after: count, random: &random, drawn: 1) {
          let found = Recovered(image, options: options)
          #expect(found.error == nil && found.lsns == expected.lsns && found.altered == nil)
          #expect(found.report.mayHaveLost, "a repair is not an orderly end")
        }
      }
    }
  }

  @Test func aKillLosesNothingThatWasPublished() throws {
    for appendedAfterSync in [0, 1, 40, 90] {
      let kit = try JournalKit(segmentBytes: 1 << 14, mode: .async)
      kit.fill(50)
      kit.now += JournalOptions.asyncInterval
      kit.poll()
      kit.append(appendedAfterSync)
      if appendedAfterSync == 40 { kit.poll() }
      let total = UInt64(50 + appendedAfterSync)
      // The process is gone, its ring is not.
      let memory = kit.memory.bytes
      let ring = try JournalRing(unsafeJoining: memory, identity: JournalKit.identity)
      let found = Recovered(kit.disk, ring: ring, options: kit.options)
      #expect(found.error == nil)
      #expect(found.lsns == Array(1...total))
      #expect(found.altered == nil)
      #expect(found.report.hasJoinedRing && !found.report.mayHaveLost)
      #expect(found.start.end.lsn == total)
      // Now without the ring: its tail is in a segment.
      let again = Recovered(kit.disk, options: kit.options)
      #expect(again.error == nil && again.lsns == Array(1...total))
      #expect(again.start.end.chain == found.start.end.chain)
      let next = try JournalKit(disk: kit.disk, segmentBytes: 1 << 14, epoch: 2, start: found.start)
      next.fill(30)
      #expect(Recovered(kit.disk, ring: next.ring, options: kit.options).lsns == Array(1...total + 30))
    }
  }

  @Test func aRingOfAnotherLineDoesNotJoin() throws {
    let kit = try JournalKit()
    kit.fill(20)
    let stranger = try JournalKit()
    stranger.now += 5
    stranger.fill(20)
    stranger.append(3)
    let found = Recovered(kit.disk, ring: stranger.ring)
    #expect(found.error == nil)
    #expect(found.lsns == Array(1...20))
    #expect(!found.report.hasJoinedRing && found.report.mayHaveLost)
  }

  @Test func segmentsThatEndBelowTheRingsDurableMarkAreRefused() throws {
    let kit = try JournalKit()
    kit.fill(20)
    let copy = kit.disk.copy()
    kit.fill(20)
    let found = Recovered(copy, ring: kit.ring)
    #expect(found.error == .missing(first: 21, last: 40, before: "journal ring"))
  }

  @Test func aLossIsRememberedUntilARunHasRecordedIt() throws {
    let kit = try JournalKit()
    kit.fill(10)
    // Power cut: no ring. Recovery, then a run that dies before its Start record, its ring still there.
    let first = Recovered(kit.disk)
    #expect(first.report.mayHaveLost)
    let second = try JournalKit(disk: kit.disk, epoch: 2, start: first.start)
    let found = Recovered(kit.disk, ring: second.ring)
    #expect(found.report.hasJoinedRing && found.report.mayHaveLost)
    let third = try JournalKit(disk: kit.disk, epoch: 3, start: found.start)
    _ = third.appender.append(.start, time: EngineTime(nanoseconds: third.now), utc: .zero, StartInput())
    third.appender.publish()
    third.poll()
    #expect(!Recovered(kit.disk, ring: third.ring).report.mayHaveLost)
  }

  @Test func anOrderlyEndNeedsNoRing() throws {
    let kit = try JournalKit()
    kit.fill(10)
    _ = kit.close()
    let found = Recovered(kit.disk)
    #expect(found.report.isOrderly && !found.report.mayHaveLost)
    let bytes = try #require(kit.disk.contents(try kit.segments()[0]))
    #expect(bytes.count == JournalDamageTests.usedEnd(bytes), "the unused rest was cut off")
  }

  /// Killed between the Close record and its sync; the next run starts behind it; then the power goes.
  @Test func aCloseRecordReadFromMemoryIsOnTheDiskBeforeTheNextSegment() throws {
    let kit = try JournalKit()
    kit.fill(10)
    _ = kit.close()
    let segment = try kit.segments()[0]
    let whole = try #require(kit.disk.contents(segment))
    let end = whole.count - MarkBody.recordBytes
    kit.disk.overwrite(segment, with: whole[..<end] + [UInt8](repeating: 0, count: MarkBody.recordBytes))
    kit.disk.startTrace()
    let file = try kit.disk.open(segment, [.read, .write])
    try whole[end...].withUnsafeBytes { try kit.disk.write(file, $0, at: Int64(end)) }
    try kit.disk.close(file)

    let found = Recovered(kit.disk)
    #expect(found.error == nil && found.lsns == Array(1...10))
    let next = try JournalKit(disk: kit.disk, epoch: 2, start: found.start)
    next.fill(5)
    let cut = kit.disk.powerCut(after: kit.disk.trace.count) { _ in .lost }
    let again = Recovered(cut)
    #expect(again.error == nil && again.lsns == Array(1...15))
  }

  @Test func replayGoesOnBehindASnapshot() throws {
    let kit = try JournalKit()
    kit.fill(300)
    var end = JournalEnd()
    var recovery = try JournalRecovery(fileSystem: kit.disk, options: kit.options)
    while let record = try recovery.next() {
      if record.lsn == 217 {
        end.lsn = 217
        end.chain = record.header.chain
      }
    }
    #expect(Recovered(kit.disk, after: end, finishes: false).lsns == Array(218...300))
    end.chain ^= 1
    guard case .misplaced = Recovered(kit.disk, after: end, finishes: false).error else {
      Issue.record("a snapshot of another line was joined")
      return
    }
    var beyond = JournalEnd()
    beyond.lsn = 400
    #expect(
      Recovered(kit.disk, after: beyond, finishes: false).error == .missing(first: 301, last: 400, before: "snapshot"))
  }
}
