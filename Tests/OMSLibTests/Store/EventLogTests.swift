import Testing

@testable import OMSLib

@Suite struct EventLogTests {
  private static let directory = "/logs"
  private static let day = UTCTime(nanoseconds: 1_795_132_800_000_000_000)
  private static let today = "/logs/events-20261120.jsonl"
  private static let tomorrow = "/logs/events-20261121.jsonl"

  private func makeDisk() -> MemoryFileSystem {
    let disk = MemoryFileSystem()
    try? disk.makeDirectory(Self.directory)
    return disk
  }

  private func line(_ seq: UInt64) -> [UInt8] { Array("{\"type\":\"fill\",\"v\":1,\"seq\":\(seq)}".utf8) }

  private func add(_ log: inout EventLog<MemoryFileSystem>, _ seqs: ClosedRange<UInt64>, days: Int64 = 0) {
    for seq in seqs {
      log.add(line(seq), seq: seq, utc: UTCTime(nanoseconds: Self.day.nanoseconds + days * 86_400_000_000_000))
    }
  }

  private func seqs(_ disk: MemoryFileSystem, _ path: String) -> [UInt64?] {
    (disk.contents(path) ?? []).split(separator: 0x0A).map { EventLine.seq(Array($0)) }
  }

  @Test func eachDayHasItsFile() {
    let disk = makeDisk()
    var log = EventLog(disk, directory: Self.directory)
    add(&log, 1...3)
    add(&log, 4...5, days: 1)
    log.flush()
    #expect(seqs(disk, Self.today) == [1, 2, 3])
    #expect(seqs(disk, Self.tomorrow) == [4, 5])
    let written = log.writtenSeq
    #expect(written == 5)
  }

  @Test func aLineThatIsThereIsNotWrittenTwice() {
    let disk = makeDisk()
    var first = EventLog(disk, directory: Self.directory)
    add(&first, 1...3)
    first.flush()
    var second = EventLog(disk, directory: Self.directory)
    let known = second.lastSeq
    #expect(known == 3)
    add(&second, 2...5)
    second.flush()
    #expect(seqs(disk, Self.today) == [1, 2, 3, 4, 5])
  }

  @Test func aTornLineIsCutAndWrittenAgain() {
    let disk = makeDisk()
    disk.overwrite(Self.today, with: line(1) + [0x0A] + line(2) + [0x0A] + line(3).prefix(9))
    var log = EventLog(disk, directory: Self.directory)
    let known = log.lastSeq
    #expect(known == 2)
    add(&log, 3...3)
    log.flush()
    #expect(seqs(disk, Self.today) == [1, 2, 3])
  }

  /// A full disk costs time, not lines: they wait, across midnight too, and stand in order once there is room.
  @Test func aFullDiskLosesNothing() {
    let disk = makeDisk()
    var log = EventLog(disk, directory: Self.directory)
    add(&log, 1...2)
    log.flush()
    disk.inject(MemoryFileSystem.Fault(.write, errno: 28))
    add(&log, 3...4)
    add(&log, 5...6, days: 1)
    log.flush()
    let (failure, written) = (log.failure, log.writtenSeq)
    #expect(failure?.errno == 28)
    #expect(written == 2)
    #expect(seqs(disk, Self.today) == [1, 2])
    disk.clearFaults()
    log.flush()
    let (after, last) = (log.failure, log.writtenSeq)
    #expect(after == nil)
    #expect(last == 6)
    #expect(seqs(disk, Self.today) == [1, 2, 3, 4])
    #expect(seqs(disk, Self.tomorrow) == [5, 6])
  }

  @Test func itAsksForAPauseBeforeMemoryRunsOut() {
    let disk = makeDisk()
    var log = EventLog(disk, directory: Self.directory)
    disk.inject(MemoryFileSystem.Fault(.write, errno: 28))
    var seq: UInt64 = 0
    while !log.isFull, seq < 1_000_000 {
      seq += 1
      add(&log, seq...seq)
    }
    #expect(seq > 10_000 && seq < 1_000_000)
    disk.clearFaults()
    log.flush()
    let isFull = log.isFull
    #expect(!isFull)
    #expect(seqs(disk, Self.today).count == Int(seq))
  }

  @Test func aFileThatWasMovedAwayIsBegunAnew() throws {
    let disk = makeDisk()
    var log = EventLog(disk, directory: Self.directory)
    add(&log, 1...2)
    log.flush()
    try disk.rename(Self.today, to: "/logs/old")
    add(&log, 3...3)
    log.flush()
    #expect(seqs(disk, "/logs/old") == [1, 2])
    #expect(seqs(disk, Self.today) == [3])
  }

  @Test func oldDaysGoAndTodayStays() throws {
    let disk = makeDisk()
    var log = EventLog(disk, directory: Self.directory)
    add(&log, 1...1)
    add(&log, 2...2, days: 1)
    log.flush()
    let removed = try log.prune(before: UTCTime(nanoseconds: Self.day.nanoseconds + 40 * 86_400_000_000_000))
    #expect(removed == ["events-20261120.jsonl"])
    #expect(disk.contents(Self.tomorrow) != nil)
  }
}
