internal import CCore

/// The housekeeping thread: writes the JSONL log behind the durable record, follows the calendar, feeds the watchdog.
///
/// Owner: its thread, from `run` on.
final class Housekeeping: @unchecked Sendable {
  // Unchecked: made by one thread, run by another, never by both.
  private var log: EventLog<KernelFileSystem>?
  private var tail: JournalFollower<KernelFileSystem>?
  private var lastTrouble: JournalError?
  private var lastFailure: SystemError?
  private var prunedOn = UTCTime.zero
  private let retention: Retention
  private var names: NameDirectory
  /// Up to here lines are in the log's files.
  private let logged: SharedGauge
  /// The record behind which everything is in the log's files.
  private let loggedLsn: SharedGauge
  private let clock: EngineClock
  private let signals: EngineSignals
  private let service: ServiceManager
  /// Also every object on standard output (`--events`).
  private let echoes: Bool
  private static let restNanoseconds: Int64 = 20_000_000

  init(
    log: consuming EventLog<KernelFileSystem>, logged: SharedGauge, loggedLsn: SharedGauge,
    tail: consuming JournalFollower<KernelFileSystem>,
    names: NameDirectory, clock: EngineClock, signals: EngineSignals, service: ServiceManager, retention: Retention,
    echoes: Bool
  ) {
    logged.set(Int64(clamping: log.writtenSeq))
    self.log = consume log
    self.logged = logged
    self.loggedLsn = loggedLsn
    self.tail = consume tail
    self.names = names
    self.clock = clock
    self.signals = signals
    self.service = service
    self.retention = retention
    self.echoes = echoes
  }

  func run() {
    guard var log = log.take(), var tail = tail.take() else { preconditionFailure("housekeeping runs once") }
    var park = cc_park()
    var nextSecond = clock.now
    while true {
      let ends = signals.isDrained
      write(&log, &tail)
      Diagnostics.flush()
      if clock.now >= nextSecond {
        nextSecond = clock.now.advanced(byNanoseconds: 1_000_000_000)
        _ = clock.follow()
        service.feedWatchdog()
        // Lines that wait for a full disk; the journal keeps what is not read meanwhile.
        log.flush()
        prune(&log)
      }
      if ends { break }
      _ = unsafe cc_park_wait(&park, 0, Self.restNanoseconds)
    }
    write(&log, &tail)
    Diagnostics.flush(isLast: true)
  }

  private func write(_ log: inout EventLog<KernelFileSystem>, _ tail: inout JournalFollower<KernelFileSystem>) {
    let now = clock.now
    while !log.isFull, let record = tail.next(now: now) {
      guard let type = record.header.type else { continue }
      unsafe names.apply(type, record.body)
      guard type.isEvent, record.header.seq > 0 else { continue }
      add(record, type, &log)
    }
    if log.failure == nil { log.flush() }
    logged.set(Int64(clamping: log.writtenSeq))
    if log.failure == nil { loggedLsn.set(Int64(clamping: tail.cursor)) }
    tell(log.failure)
    guard tail.trouble != lastTrouble else { return }
    lastTrouble = tail.trouble
    if let lastTrouble { Diagnostics.warn(.events, "the event log waits for the journal: \(lastTrouble)") }
  }

  /// Once a day, old files go.
  private func prune(_ log: inout EventLog<KernelFileSystem>) {
    let today = TimeText.day(of: clock.utc)
    guard today != prunedOn else { return }
    prunedOn = today
    guard let before = retention.limit(today) else { return }
    do throws(SystemError) {
      _ = try log.prune(before: before)
      try Diagnostics.prune(before: before)
    } catch {
      Diagnostics.warn(.events, "old logs stay: \(error.call) failed with errno \(error.errno)")
    }
  }

  private func tell(_ failure: SystemError?) {
    guard failure != lastFailure else { return }
    lastFailure = failure
    guard let failure else { return Diagnostics.info(.events, "the event log is written again") }
    Diagnostics.warn(
      .events, "the event log cannot be written (\(failure.call), errno \(failure.errno)); its lines wait")
  }

  private func add(_ record: JournalRecord, _ type: RecordType, _ log: inout EventLog<KernelFileSystem>) {
    var json = JSONWriter()
    let header = record.header
    guard
      unsafe EventJSON(names: names).write(
        type: type, body: record.body, seq: header.seq, utc: header.utc, to: &json)
    else { return }
    log.add(json.bytes, seq: header.seq, utc: header.utc)
    guard echoes else { return }
    json.endLine()
    // A reader that left is no reason to stop trading.
    unsafe json.bytes.withUnsafeBytes { _ = unsafe cc_sys_write(1, $0.baseAddress, $0.count) }
  }
}

/// Readiness and life signs for systemd (`NOTIFY_SOCKET`); does nothing when nobody listens.
struct ServiceManager: Sendable {
  private let path: String?
  private let feeds: Bool

  init(environment: Environment) {
    path = environment["NOTIFY_SOCKET"]
    feeds = environment["WATCHDOG_USEC"] != nil
  }

  func tellReady() { tell("READY=1\n") }
  func tellStopping() { tell("STOPPING=1\n") }
  func feedWatchdog() { if feeds { tell("WATCHDOG=1\n") } }

  private func tell(_ text: String) {
    guard let path else { return }
    let bytes = Array(text.utf8)
    // The manager may be gone; nothing depends on it.
    unsafe bytes.withUnsafeBytes { _ = unsafe cc_net_datagram(path, $0.baseAddress, $0.count) }
  }
}
