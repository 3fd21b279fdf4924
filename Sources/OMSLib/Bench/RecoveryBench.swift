internal import CCore
internal import CReference

/// Recovery: reading, checking and replaying a journal of a million events, against a scan of its files that only adds
/// up checksums. The files are warm.
enum RecoveryBench {
  static let benchmark = Benchmark("recovery", "recovery of a million events, replayed") {
    (setup: borrowing BenchSetup) throws(BenchError) -> [BenchRow] in
    var options = JournalOptions(directory: setup.directory + "/recovery", identity: BenchDesk.identity)
    options.coreVersion = Core.version
    options.segmentBytes = setup.count(small: 1 << 20, real: JournalOptions.segmentBytesDefault)
    let written = try write(options, events: UInt64(setup.count(small: 300, real: 1_000_000)), setup)
    let files = try segments(options.directory)
    var samples = (subject: Samples(), reference: Samples())
    var bytes: Int64 = 0
    for _ in 0..<(setup.size == .small ? 1 : 3) {
      let begin = setup.now()
      let replayed = try replay(options, setup)
      samples.subject.add(nanoseconds: setup.now() - begin, operations: 1)
      samples.subject.close()
      guard replayed.digest == written.digest, replayed.seq == written.seq else {
        throw .unequal("the replay of \(replayed.seq) events ends in another state than the \(written.seq) written")
      }
      let scanBegin = setup.now()
      bytes = try scan(files)
      samples.reference.add(nanoseconds: setup.now() - scanBegin, operations: 1)
      samples.reference.close()
    }
    BenchFiles.removeAll(options.directory)
    var row = BenchRow("recovery", bar: .nanosecondsMax(1_000_000_000), moonshot: .nanosecondsMax(100_000_000))
    row.take(samples, "scan of the same files with CRC", setup)
    row.durability = "group"
    row.checksum = written.digest.low
    row.details = [("events", Int64(written.seq)), ("bytes", bytes)]
    return [row]
  }

  private static func capacity(_ setup: borrowing BenchSetup) -> CoreCapacity {
    setup.size == .small ? .small : .standard
  }

  /// Whole lives of orders, until there are so many exported events.
  private static func write(
    _ options: JournalOptions, events: UInt64, _ setup: borrowing BenchSetup
  ) throws(BenchError) -> (digest: StateDigest, seq: UInt64) {
    var desk = try BenchDesk(
      accounts: setup.count(small: 8, real: 200), instruments: setup.count(small: 4, real: 100),
      capacity: capacity(setup), ringBytes: 1 << 23, writesTo: options)
    var lives = OrderLives(accounts: desk.accountCount, instruments: desk.instrumentCount)
    while desk.appender.seq < events {
      lives.live(&desk)
      desk.fireTimers()
    }
    try desk.close()
    return (desk.core.state.digest, desk.appender.seq)
  }

  private static func replay(
    _ options: JournalOptions, _ setup: borrowing BenchSetup
  ) throws(BenchError) -> (digest: StateDigest, seq: UInt64) {
    var core = Core(capacity: capacity(setup))
    var output = StepOutput()
    do throws(JournalError) {
      var recovery = try JournalRecovery(fileSystem: KernelFileSystem(), options: options)
      while let record = try recovery.next() {
        guard let type = record.header.type, type.isInput, let body = unsafe record.body.baseAddress else { continue }
        output.clear()
        let stamp = StepStamp(time: record.header.time, utc: record.header.utc, lsn: record.lsn)
        unsafe core.step(type, body, at: stamp, into: &output)
      }
      return (core.state.digest, recovery.report.end.seq)
    } catch { throw .journal(error) }
  }

  private static func segments(_ directory: String) throws(BenchError) -> [String] {
    do throws(SystemError) {
      return try KernelFileSystem().list(directory).sorted().map { directory + "/" + $0 }
    } catch { throw .system(error) }
  }

  private static func scan(_ paths: [String]) throws(BenchError) -> Int64 {
    var (sum, bytes) = (UInt32(0), Int64(0))
    do throws(SystemError) {
      for path in paths {
        let file = try KernelFileSystem().open(path, [.read])
        let count = unsafe cr_file_scan(file.descriptor, cc_crc32c, &sum)
        try KernelFileSystem().close(file)
        guard count >= 0 else { throw SystemError(errno: Int32(-count), call: "pread") }
        bytes += count
      }
    } catch { throw .system(error) }
    return bytes
  }
}
