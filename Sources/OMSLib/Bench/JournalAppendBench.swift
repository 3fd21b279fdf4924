internal import CCore
internal import CReference

// An event of 256 bytes into the journal.
//
// `journal.append` is what it costs the hot thread, against one write() for each event. `journal.strict` is the time
// until the disk has it, through the ring and the writer, against pwrite and fdatasync.

enum JournalAppendBench {
  static let eventBytes = 256
  /// An event's body: the header makes it 256 bytes.
  fileprivate struct Body: BitwiseCopyable {
    var a = (Text64(), Text64(), Text64())
  }

  static let append = Benchmark("journal.append", "append of an event, on the hot thread") {
    (setup: borrowing BenchSetup) throws(BenchError) -> [BenchRow] in
    var journal = HotJournal(ringBytes: setup.size == .small ? 1 << 18 : JournalRing.defaultCapacity)
    let file = try PlainFile(setup.directory + "/writes")
    defer { file.remove() }
    let batch = setup.count(small: 64, real: 512)
    let samples = try setup.alternate(
      { () throws(BenchError) -> Int in
        journal.append(batch)
        return batch
      },
      { () throws(BenchError) -> Int in
        try file.check(cr_file_write_each(file.descriptor, eventBytes, UInt64(batch)), "write")
        return batch
      })
    var row = BenchRow("journal.append", bar: .speedMin(10_000), moonshot: .speedMin(20_000))
    row.take(samples, "write() per event", setup)
    row.durability = "group"
    row.checksum = setup.size == .small ? UInt64(journal.appender.chain) : 0
    return [row]
  }

  static let strict = Benchmark("journal.strict", "time until an event is on the disk") {
    (setup: borrowing BenchSetup) throws(BenchError) -> [BenchRow] in
    var options = JournalOptions(directory: setup.directory + "/journal", identity: BenchDesk.identity)
    options.mode = .strict
    options.segmentBytes = setup.count(small: 1 << 20, real: JournalOptions.segmentBytesDefault)
    var journal = HotJournal(ringBytes: 1 << 20)
    let file = try PlainFile(setup.directory + "/syncs")
    defer { file.remove() }
    var writer: JournalWriter<KernelFileSystem>
    do throws(JournalError) {
      writer = try JournalWriter(
        fileSystem: KernelFileSystem(), options: options, ring: journal.appender.ring, start: JournalStart(),
        utc: .zero)
    } catch { throw .journal(error) }
    try file.allocate(1 << 22)
    let batch = setup.count(small: 2, real: 4)
    var offset: Int64 = 0
    let samples = try setup.alternate(
      { () throws(BenchError) -> Int in
        for _ in 0..<batch {
          let lsn = journal.appendOne()
          // Bounded: a disk that does not answer makes the writer's state something else than healthy.
          while writer.durableLsn < lsn, writer.journalState != .dead {
            _ = writer.poll(now: EngineTime(nanoseconds: journal.now), utc: .zero)
          }
        }
        return batch
      },
      { () throws(BenchError) -> Int in
        for _ in 0..<batch {
          try file.check(cr_file_write_synced(file.descriptor, eventBytes, offset), "fdatasync")
          offset = (offset + Int64(eventBytes)) & (1 << 22 - 1)
        }
        return batch
      })
    guard writer.close(now: EngineTime(nanoseconds: journal.now), utc: .zero) != nil else {
      throw .unavailable("the journal of the benchmark died")
    }
    // What the disk does is its own; the writer may add half of it.
    var row = BenchRow("journal.strict", bar: .ratioMax(1_500), moonshot: .ratioMax(1_150))
    row.take(samples, "pwrite() and fdatasync()", setup)
    row.durability = "strict"
    return [row]
  }
}

/// The hot side alone: slots are freed as a journal thread would, a batch at a time.
private struct HotJournal: ~Copyable {
  private let memory: JournalRingMemory
  var appender: JournalAppender
  private(set) var now: Int64 = 1_000
  private var body = JournalAppendBench.Body()

  init(ringBytes: Int) {
    memory = JournalRingMemory(capacity: ringBytes)
    appender = JournalAppender(ring: memory.makeRing(identity: BenchDesk.identity, epoch: 1), end: JournalEnd())
  }

  @inline(__always)
  mutating func appendOne() -> UInt64 {
    now += 10
    body.a.0 = Text64()
    guard let lsn = appender.append(.mark, time: EngineTime(nanoseconds: now), utc: .zero, body) else {
      preconditionFailure("the ring is freed before it is full")
    }
    appender.publish()
    return lsn
  }

  mutating func append(_ count: Int) {
    for _ in 0..<count { _ = appendOne() }
    unsafe cc_journal_durable_publish(appender.ring.header, appender.ring.appendedPosition, appender.lsn)
  }
}

/// A file for the reference to write to.
private struct PlainFile {
  private let path: String
  let descriptor: Int32

  init(_ path: String) throws(BenchError) {
    self.path = path
    do throws(SystemError) {
      descriptor = try KernelFileSystem().open(path, [.write, .create, .truncate]).descriptor
    } catch { throw .system(error) }
  }

  func allocate(_ bytes: Int64) throws(BenchError) {
    do throws(SystemError) {
      try KernelFileSystem().allocate(KernelFile(descriptor: descriptor), to: bytes)
      try KernelFileSystem().synchronize(KernelFile(descriptor: descriptor))
    } catch { throw .system(error) }
  }

  func check(_ status: Int32, _ call: String) throws(BenchError) {
    guard status == 0 else { throw .system(SystemError(errno: -status, call: call)) }
  }

  func remove() {
    try? KernelFileSystem().close(KernelFile(descriptor: descriptor))
    try? KernelFileSystem().remove(path)
  }
}
