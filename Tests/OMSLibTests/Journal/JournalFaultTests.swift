import Testing

@testable import OMSLib

/// A disk that fails: the file is given up, everything above the durable mark goes into another, or the journal is dead.
@Suite struct JournalFaultTests {
  struct Story: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let fault: MemoryFileSystem.Fault
    let state: JournalState
  }

  static let stories = [
    Story(
      testDescription: "one write fails", fault: .init(.write, path: "SEGMENT", errno: 5, count: 1), state: .replaced),
    Story(
      testDescription: "one sync fails", fault: .init(.synchronize, path: "SEGMENT", errno: 5, count: 1),
      state: .replaced),
    Story(
      testDescription: "the state directory fails", fault: .init(.write, path: "/state/", errno: 28), state: .fallback),
    Story(
      testDescription: "no sync of the state directory works", fault: .init(.synchronize, path: "/state/", errno: 5),
      state: .fallback),
    Story(testDescription: "every disk fails", fault: .init(.write, errno: 5), state: .dead),
    Story(testDescription: "no new file can be made", fault: .init(.synchronize, errno: 5), state: .dead),
  ]

  @Test(arguments: stories)
  func nothingAboveTheDurableMarkIsLost(_ story: Story) throws {
    for skip in 0..<6 {
      let kit = try JournalKit(segmentBytes: 1 << 14)
      kit.fill(20)
      var fault = story.fault
      fault.skip = skip
      kit.disk.inject(fault)
      kit.fill(60, step: 4)
      #expect(kit.disk.faultCount > 0, "the fault fired")
      #expect(kit.ring.state == story.state)
      if story.state == .dead {
        let accepts = kit.appender.canAcceptNewRisk
        #expect(!accepts)
        #expect(kit.ring.durableLsn < 80)
      } else {
        #expect(kit.ring.durableLsn == 80)
      }
      kit.disk.clearFaults()
      let durable = kit.ring.durableLsn
      let found = Recovered(kit.disk, ring: kit.ring, options: kit.options)
      #expect(found.error == nil)
      #expect(found.lsns == Array(1...80), "what the disk did not take, the ring has")
      #expect(found.altered == nil)
      #expect(durable <= 80)
    }
  }

  @Test func aFileThatFailedIsNeverTouchedAgain() throws {
    let disk = JournalKit.makeDisk()
    let kit = try JournalKit(disk: disk)
    kit.fill(20)
    let dead = try #require(try kit.segments().first)
    disk.inject(.init(.synchronize, path: "SEGMENT", errno: 5, count: 1))
    kit.append(3)
    kit.poll()
    #expect(disk.faultCount == 1 && kit.ring.state == .replaced)
    let before = try #require(disk.contents(dead))
    kit.fill(50)
    #expect(disk.contents(dead) == before)
    #expect(Recovered(disk, options: kit.options).lsns == Array(1...73))
  }

  @Test func aFullDiskIsSeenBeforeARecordNeedsTheRoom() throws {
    let kit = try JournalKit(segmentBytes: 1 << 14)
    kit.disk.inject(.init(.allocate, path: "/state/", errno: 28))
    kit.fill(300)
    #expect(kit.disk.faultCount > 0)
    #expect(kit.ring.state == .fallback)
    #expect(kit.ring.durableLsn == 300)
    #expect(Recovered(kit.disk, options: kit.options).lsns == Array(1...300))
  }

  @Test func aDeadJournalKeepsAQuarterOfItsRingForCancels() throws {
    let kit = try JournalKit(capacity: 1 << 14)
    kit.disk.inject(.init(.write, errno: 5))
    kit.append()
    kit.poll()
    #expect(kit.ring.state == .dead)
    let accepts = kit.appender.canAcceptNewRisk
    #expect(!accepts)
    var taken = 0
    while kit.append() { taken += 1 }
    #expect(taken > 50, "cancels and venue events still enter")
    let durable = kit.ring.durableLsn
    kit.poll(10)
    #expect(kit.ring.durableLsn == durable)
  }

  /// The disk comes back: all that the ring has kept is written, in one chain with what was there before.
  @Test func aDeadJournalComesBackWithTheDisk() throws {
    let kit = try JournalKit(capacity: 1 << 16)
    kit.fill(50)
    kit.disk.inject(.init(.write, errno: 5))
    kit.disk.inject(.init(.open, errno: 30))
    for _ in 0..<100 {
      kit.append()
      kit.now += 6_000_000_000
      kit.poll()
    }
    #expect(kit.ring.state == .dead && kit.ring.durableLsn == 50)
    let calls = kit.disk.faultCount
    kit.poll(50)
    #expect(kit.disk.faultCount == calls, "a dead disk is asked once a second, not all the time")
    kit.disk.clearFaults()
    kit.now += JournalOptions.watchInterval
    kit.poll(3)
    #expect(kit.ring.state == .replaced && kit.ring.durableLsn == 150)
    kit.fill(20)
    let accepts = kit.appender.canAcceptNewRisk
    #expect(accepts)
    let found = Recovered(kit.disk, options: kit.options)
    #expect(found.error == nil && found.altered == nil)
    #expect(found.lsns == Array(1...170))
  }

  @Test func newRiskStopsWhenThreeQuartersOfTheRingAreTaken() throws {
    let kit = try JournalKit(capacity: 1 << 16)
    var bytes = 0
    while kit.appender.canAcceptNewRisk {
      let taken = kit.append()
      #expect(taken)
      bytes = Int(kit.ring.appendedPosition)
    }
    #expect(bytes > 3 << 14 && bytes < 3 << 14 + 256)
    let free = kit.appender.freeBytes
    #expect(free > (1 << 14) - 256 - JournalFormat.recordBytes)
    kit.poll()
    let accepts = kit.appender.canAcceptNewRisk
    #expect(accepts)
  }

  @Test func startFailsWhereNoDirectoryCanBeWritten() {
    let disk = JournalKit.makeDisk()
    disk.inject(.init(.open, errno: 13))
    #expect(throws: JournalError.self) { try JournalKit(disk: disk) }
  }

  @Test(arguments: [
    (JournalAlarms.segmentMissing, 0), (.segmentTruncated, 1), (.segmentReplaced, 2), (.ringUnlinked, 3),
  ])
  func filesThatChangeBehindOurBackAreNoticed(alarm: JournalAlarms, what: Int) throws {
    let disk = JournalKit.makeDisk()
    disk.overwrite("/state/ring", with: [0])
    let kit = try JournalKit(disk: disk)
    var options = kit.options
    options.ringPath = "/state/ring"
    kit.writer = nil
    kit.writer = try JournalWriter(
      fileSystem: disk, options: options, ring: kit.ring, start: JournalStart(), utc: .zero)
    let path = try #require(try kit.segments().last)
    kit.now += JournalOptions.watchInterval
    kit.poll()
    #expect(kit.ring.alarms.isEmpty)
    switch what {
    case 0: try disk.remove(path)
    case 1: disk.overwrite(path, with: [1, 2, 3])
    case 2:
      try disk.remove(path)
      disk.overwrite(path, with: [])
    default: try disk.remove("/state/ring")
    }
    kit.now += JournalOptions.watchInterval
    kit.poll()
    #expect(kit.ring.alarms == alarm)
    let accepts = kit.appender.canAcceptNewRisk
    #expect(accepts == (alarm == .ringUnlinked))
  }

  @Test func theLossWindowIsTheAgeOfTheOldestRecordThatIsNotDurable() throws {
    let kit = try JournalKit(mode: .async)
    kit.append(3)
    let appended = kit.now
    kit.poll()
    #expect(kit.ring.durableLsn == 0)
    let later = EngineTime(nanoseconds: appended - 20 + 5_000_000)
    #expect(kit.ring.lossWindowMicroseconds(now: later) == 5_000)
    kit.now += JournalOptions.asyncInterval
    kit.poll()
    #expect(kit.ring.durableLsn == 3)
    #expect(kit.ring.lossWindowMicroseconds(now: later) == 0)
  }

  @Test func timeThatGoesBackTraps() async {
    await #expect(processExitsWith: .failure) {
      let kit = try JournalKit()
      _ = kit.appender.append(.mark, time: EngineTime(nanoseconds: 10), utc: .zero, 1 as UInt64)
      _ = kit.appender.append(.mark, time: EngineTime(nanoseconds: 9), utc: .zero, 1 as UInt64)
    }
  }
}
