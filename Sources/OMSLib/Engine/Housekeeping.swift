internal import CCore

/// The housekeeping thread: writes the JSONL log behind the durable record, follows the calendar, feeds the watchdog.
///
/// Owner: its thread, from `run` on.
final class Housekeeping: @unchecked Sendable {
  // Unchecked: made by one thread, run by another, never by both.
  private var log: EventLog?
  private var tail: JournalFollower<KernelFileSystem>?
  private var lastTrouble: JournalError?
  private var names: NameDirectory
  /// Up to here lines are in the log's files.
  private let logged: SharedGauge
  private let clock: EngineClock
  private let signals: EngineSignals
  private let service: ServiceManager
  /// Also every object on standard output (`--events`).
  private let echoes: Bool
  private static let restNanoseconds: Int64 = 20_000_000

  init(
    log: consuming EventLog, logged: SharedGauge, tail: consuming JournalFollower<KernelFileSystem>,
    names: NameDirectory, clock: EngineClock, signals: EngineSignals, service: ServiceManager, echoes: Bool
  ) {
    logged.set(Int64(clamping: log.lastSeq))
    self.log = consume log
    self.logged = logged
    self.tail = consume tail
    self.names = names
    self.clock = clock
    self.signals = signals
    self.service = service
    self.echoes = echoes
  }

  func run() {
    guard var log = log.take(), var tail = tail.take() else { preconditionFailure("housekeeping runs once") }
    var park = cc_park()
    var nextSecond = clock.now
    while true {
      let ends = signals.isDrained
      write(&log, &tail)
      if clock.now >= nextSecond {
        nextSecond = clock.now.advanced(byNanoseconds: 1_000_000_000)
        _ = clock.follow()
        service.feedWatchdog()
      }
      if ends { break }
      _ = unsafe cc_park_wait(&park, 0, Self.restNanoseconds)
    }
    write(&log, &tail)
  }

  private func write(_ log: inout EventLog, _ tail: inout JournalFollower<KernelFileSystem>) {
    var wrote = false
    let now = clock.now
    while let record = tail.next(now: now) {
      guard let type = record.header.type else { continue }
      unsafe names.apply(type, record.body)
      guard type.isEvent, record.header.seq > 0 else { continue }
      wrote = true
      add(record, type, &log)
    }
    if wrote {
      log.flush()
      logged.set(Int64(clamping: log.lastSeq))
    }
    guard tail.trouble != lastTrouble else { return }
    lastTrouble = tail.trouble
    if let lastTrouble { EngineProcess.say("oms: warning: the event log waits for the journal: \(lastTrouble)\n") }
  }

  private func add(_ record: JournalRecord, _ type: RecordType, _ log: inout EventLog) {
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
