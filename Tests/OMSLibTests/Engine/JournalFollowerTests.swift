import Testing

@testable import OMSLib

@Suite struct JournalFollowerTests {
  static func drain(_ follower: inout JournalFollower<MemoryFileSystem>, now: Int64 = 0, limit: Int = .max) -> [UInt64]
  {
    var lsns: [UInt64] = []
    while lsns.count < limit, let record = follower.next(now: EngineTime(nanoseconds: now)) {
      #expect(record.body.starts(with: JournalKit.body(record.lsn)))
      lsns.append(record.lsn)
    }
    return lsns
  }

  static func follow(
    _ kit: JournalKit, _ bound: JournalTailer<MemoryFileSystem>.Bound, end: JournalEnd = JournalEnd()
  ) -> JournalFollower<MemoryFileSystem> {
    JournalFollower(fileSystem: kit.disk, options: kit.options, ring: kit.ring, startingAt: end, bound: bound)
  }

  @Test func theFirstRecordsComeFromTheRingWithoutASegment() throws {
    let kit = try JournalKit()
    var follower = Self.follow(kit, .appended)
    kit.append(5)
    #expect(Self.drain(&follower) == Array(1...5))
    #expect(kit.ring.durableLsn == 0)
  }

  /// Both bounds, readers that take a few records while many laps of a tiny ring go by.
  @Test(arguments: [JournalTailer<MemoryFileSystem>.Bound.durable, .appended], [1, 7, 90])
  func aSlowReaderOfATinyRingLosesNothing(bound: JournalTailer<MemoryFileSystem>.Bound, step: Int) throws {
    let kit = try JournalKit(segmentBytes: 1 << 14, capacity: 1 << 14)
    var follower = Self.follow(kit, bound)
    var seen: [UInt64] = []
    for round in 0..<20 {
      kit.fill(round % 3 == 0 ? 3 : 200)
      seen += Self.drain(&follower, limit: step)
    }
    #expect(kit.ring.appendedPosition > UInt64(kit.ring.capacity) * 10)
    seen += Self.drain(&follower)
    #expect(seen == Array(1...kit.ring.durableLsn))
    // It has caught up, and what is new comes from the ring again.
    kit.append(2)
    seen += Self.drain(&follower)
    #expect(seen.count == Int(bound == .appended ? kit.ring.appendedLsn : kit.ring.durableLsn))
  }

  @Test func aRunThatContinuesAJournalIsFollowedFromItsFirstRecord() throws {
    let first = try JournalKit(segmentBytes: 1 << 14)
    first.fill(40)
    let start = try #require(first.close())
    let kit = try JournalKit(
      disk: first.disk, segmentBytes: 1 << 14, capacity: 1 << 14, epoch: 2, start: start)
    var follower = Self.follow(kit, .durable, end: start.end)
    kit.fill(1)
    #expect(Self.drain(&follower) == [41])
    kit.fill(600)
    #expect(Self.drain(&follower) == Array(42...641))
  }

  /// A disk that cannot be read is no end: the reader says so, waits, and goes on where it was.
  @Test func aJournalThatCannotBeReadIsTriedAgain() throws {
    let kit = try JournalKit(segmentBytes: 1 << 14, capacity: 1 << 14)
    var follower = Self.follow(kit, .durable)
    kit.fill(10)
    #expect(Self.drain(&follower) == Array(1...10))
    kit.fill(500)
    kit.disk.inject(.init(.open, path: "SEGMENT", errno: 5, count: 1))
    #expect(Self.drain(&follower, now: 1_000) == [])
    let hadTrouble = follower.trouble != nil
    #expect(hadTrouble)
    let retry = JournalFollower<MemoryFileSystem>.retryNanoseconds
    #expect(Self.drain(&follower, now: 999 + retry) == [])
    #expect(Self.drain(&follower, now: 1_000 + retry) == Array(11...510))
    let hasTrouble = follower.trouble != nil
    #expect(!hasTrouble)
  }
}
