import Testing

@testable import OMSLib

/// A journal on a disk in memory, with an appender and a writer that a test moves by hand.
final class JournalKit {
  static let identity = JournalIdentity(
    id: (11, 22), name: Text64("unit") ?? Text64(), tag: Text32("unit0") ?? Text32())
  static let other = JournalIdentity(id: (33, 44), name: Text64("other") ?? Text64(), tag: Text32("other") ?? Text32())
  static let directory = "/state/journal"
  static let fallback = "/spare/journal"

  let disk: MemoryFileSystem
  var options: JournalOptions
  var memory: JournalRingMemory
  var ring: JournalRing
  var appender: JournalAppender
  var writer: JournalWriter<MemoryFileSystem>?
  var now: Int64 = 1_000

  init(
    disk: MemoryFileSystem = JournalKit.makeDisk(), segmentBytes: Int = 1 << 15, capacity: Int = 1 << 16,
    epoch: UInt32 = 1, start: JournalStart = JournalStart(), mode: DurabilityMode = .group
  ) throws {
    self.disk = disk
    options = Self.options(segmentBytes: segmentBytes)
    options.mode = mode
    memory = JournalRingMemory(capacity: capacity)
    ring = memory.makeRing(identity: Self.identity, epoch: epoch, end: start.end)
    appender = JournalAppender(ring: ring, end: start.end)
    writer = try JournalWriter(fileSystem: disk, options: options, ring: ring, start: start, utc: .zero)
    now = max(now, start.end.time.nanoseconds)
  }

  static func options(segmentBytes: Int = 1 << 15) -> JournalOptions {
    var options = JournalOptions(directory: directory, fallback: fallback, identity: identity)
    options.segmentBytes = segmentBytes
    options.coreVersion = 1
    return options
  }

  static func makeDisk(tracing: Bool = false) -> MemoryFileSystem {
    let disk = MemoryFileSystem(tracing: tracing)
    for path in ["/state", "/state/journal", "/spare"] { try? disk.makeDirectory(path) }
    return disk
  }

  /// What record `lsn` holds: 8 to 120 bytes that depend on its number.
  static func body(_ lsn: UInt64) -> [UInt8] { bodies[Int(lsn % 1_021)] }

  private static let bodies: [[UInt8]] = (0..<1_021).map { number in
    var random = SplitMix64(seed: UInt64(number))
    return (0..<Int(8 + random.below(113))).map { _ in UInt8(truncatingIfNeeded: random.next() | 1) }
  }

  @discardableResult
  func append(_ count: Int = 1) -> Bool {
    for _ in 0..<count {
      now += 10
      let lsn = Self.body(appender.nextLsn).withUnsafeBytes {
        appender.append(
          RecordType.mark.rawValue, time: EngineTime(nanoseconds: now), utc: UTCTime(nanoseconds: now), body: $0)
      }
      if lsn == nil { return false }
    }
    appender.publish()
    return true
  }

  @discardableResult
  func poll(_ rounds: Int = 1) -> Int {
    var work = 0
    for _ in 0..<rounds {
      now += 10
      work += writer?.poll(now: EngineTime(nanoseconds: now), utc: UTCTime(nanoseconds: now)) ?? 0
    }
    return work
  }

  /// Appends and makes durable, a few records at a time.
  func fill(_ count: Int, step: Int = 7) {
    var left = count
    while left > 0 {
      append(min(step, left))
      left -= step
      poll()
    }
  }

  func close() -> JournalStart? {
    guard let writer = writer.take() else { return nil }
    return writer.close(now: EngineTime(nanoseconds: now), utc: .zero)
  }

  func segments() throws -> [String] {
    try disk.list(Self.directory).filter { $0.hasPrefix("SEGMENT") }.map { Self.directory + "/" + $0 }
  }
}

/// What a recovery delivered: numbers that were right, and the report or the refusal.
struct Recovered {
  var lsns: [UInt64] = []
  var report = JournalReport()
  var start = JournalStart()
  var error: JournalError?
  /// A record whose content is not what was appended under its number.
  var altered: UInt64?

  init(
    _ disk: MemoryFileSystem, ring: JournalRing? = nil, options: JournalOptions = JournalKit.options(),
    after: JournalEnd = JournalEnd(), finishes: Bool = true
  ) {
    do throws(JournalError) {
      var recovery = try JournalRecovery(fileSystem: disk, options: options, ring: ring, after: after)
      while let record = try recovery.next() {
        lsns.append(record.lsn)
        let body = JournalKit.body(record.lsn)
        let isSame =
          record.header.typeRaw != RecordType.mark.rawValue
          || (record.body.count >= body.count && record.body.starts(with: body)
            && record.body.dropFirst(body.count).allSatisfy { $0 == 0 })
        if !isSame { altered = record.lsn }
      }
      if finishes {
        (start, report) = try recovery.finish(utc: .zero)
      } else {
        report = recovery.report
      }
    } catch {
      self.error = error
    }
  }
}
