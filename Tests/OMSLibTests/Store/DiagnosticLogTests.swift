import Testing

@testable import OMSLib

@Suite struct DiagnosticLogTests {
  private static let today = "/logs/engine-20261120.jsonl"
  private static let tomorrow = "/logs/engine-20261121.jsonl"

  private let disk: MemoryFileSystem
  private var log: DiagnosticLog<MemoryFileSystem>

  init() {
    disk = MemoryFileSystem()
    try? disk.makeDirectory("/logs")
    log = DiagnosticLog(disk, directory: "/logs")
  }

  private static func utc(days: Int64) -> UTCTime {
    UTCTime(nanoseconds: 1_795_132_800_000_000_000 + days * 86_400_000_000_000)
  }

  private mutating func say(_ text: String, days: Int64 = 0) {
    log.add(DiagnosticLine(level: .warn, component: .journal, message: text, process: 7, utc: Self.utc(days: days)))
  }

  private mutating func flush(seconds: Int64 = 0) {
    log.flush(process: 7, utc: UTCTime(nanoseconds: Self.utc(days: 0).nanoseconds + seconds * 1_000_000_000))
  }

  private func messages(_ path: String) -> [String] {
    (disk.contents(path) ?? []).split(separator: 0x0A).map { line in
      (try? JSONReader.read(Array(line)))?.root["message"]?.string ?? "torn"
    }
  }

  @Test mutating func eachDayHasItsFile() {
    say("one")
    say("two")
    say("three", days: 1)
    flush()
    #expect(messages(Self.today) == ["one", "two"])
    #expect(messages(Self.tomorrow) == ["three"])
    let object = String(decoding: (disk.contents(Self.today) ?? []).prefix { $0 != 0x0A }, as: UTF8.self)
    #expect(
      object == #"{"type":"log","v":1,"ts":"2026-11-20T00:00:00.000000000Z","level":"warn","component":"journal","#
        + #""message":"one","pid":7}"#)
  }

  @Test mutating func linesOfAFullDiskWaitAndAreWrittenOnce() {
    say("before")
    flush()
    disk.inject(MemoryFileSystem.Fault(.write, errno: 28))
    say("meanwhile")
    flush()
    flush(seconds: 1)
    #expect(messages(Self.today) == ["before"])
    #expect(log.failure != nil)
    disk.clearFaults()
    say("after")
    flush(seconds: 2)
    #expect(messages(Self.today) == ["before", "meanwhile", "after"])
    #expect(log.failure == nil)
  }

  /// Housekeeping comes by fifty times a second: a disk that is full is left alone meanwhile. The process at its end
  /// does not come again, and a clock that was put back is no reason to wait.
  @Test(arguments: [(0, false, false), (1, false, true), (-3_600, false, true), (0, true, true)])
  mutating func aFullDiskIsAskedOnceASecond(_ seconds: Int64, _ isLast: Bool, _ isAsked: Bool) {
    disk.inject(MemoryFileSystem.Fault(.write, errno: 28))
    say("first")
    flush()
    disk.clearFaults()
    log.flush(
      process: 7, utc: UTCTime(nanoseconds: Self.utc(days: 0).nanoseconds + seconds * 1_000_000_000), isLast: isLast)
    #expect(messages(Self.today) == (isAsked ? ["first"] : []))
  }

  /// What never fits is counted: nobody takes the log for whole.
  @Test mutating func whatIsLostIsSaid() {
    for number in 0..<1_003 { say("\(number)") }
    flush()
    let said = messages(Self.today)
    #expect(said.count == 1_001 && said.last == "3 lines of this log could not be kept")
    flush()
    #expect(messages(Self.today).count == 1_001)
  }

  @Test mutating func aTornLineIsLeftAndEnded() {
    disk.overwrite(Self.today, with: Array(#"{"type":"lo"#.utf8))
    say("next")
    flush()
    #expect(messages(Self.today) == ["torn", "next"])
  }

  @Test mutating func oldFilesGo() throws {
    say("old")
    say("new", days: 1)
    flush()
    let gone = try log.prune(before: Self.utc(days: 1))
    #expect(gone == ["engine-20261120.jsonl"])
    #expect(disk.contents(Self.today) == nil && messages(Self.tomorrow) == ["new"])
  }

  @Test func levelsAreInOrder() {
    #expect(DiagnosticLevel.error.reaches(.warn) && DiagnosticLevel.warn.reaches(.warn))
    #expect(!DiagnosticLevel.info.reaches(.warn))
  }
}
