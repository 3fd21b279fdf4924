/// The shared memory of one run: it survives the run's death, unless the machine dies too.
final class RingBox {
  static let capacity = 1 << 20
  private let memory: JournalRingMemory

  init() { memory = JournalRingMemory(capacity: Self.capacity) }

  func makeRing(identity: JournalIdentity, epoch: UInt32, end: JournalEnd) -> JournalRing {
    memory.makeRing(identity: identity, epoch: epoch, end: end)
  }

  func join(identity: JournalIdentity) throws(JournalRing.Flaw) -> JournalRing {
    try unsafe JournalRing(unsafeJoining: memory.bytes, identity: identity)
  }

  /// The memory as it is now: what a run that dies in this instant leaves.
  func copy() -> RingBox {
    let other = RingBox()
    unsafe other.memory.bytes.copyMemory(from: UnsafeRawBufferPointer(memory.bytes))
    return other
  }
}

extension EngineRun.Settings {
  /// Where a start begins.
  func newestSnapshot(_ disk: WorldDisk) throws(EngineFailure) -> LoadedCore {
    var passed: [SnapshotError] = []
    do throws(SnapshotError) {
      return try SnapshotLoad.newest(store(disk), capacity: capacity, passing: &passed)
    } catch {
      throw EngineFailure(10, "snapshot", "\(error)")
    }
  }

  func store(_ disk: WorldDisk) -> SnapshotStore<WorldDisk> {
    SnapshotStore(fileSystem: disk, directory: snapshots, identity: options.identity)
  }
}

/// One life of the engine, from recovery to its death.
final class EngineRun {
  typealias Agent = CoreAgent<Core, WorldDoor, WorldGate>

  struct Settings {
    var options: JournalOptions
    var snapshots: String
    var mode: DurabilityMode
    var capacity = CoreCapacity.small
    var tag: Text32
    var keepsIDs = false
    var hasGateFile = false
  }

  let box: RingBox
  let ring: JournalRing
  let report: JournalReport
  let missingCount: Int
  /// Of the snapshot that the start began from; 0: from the first record.
  let startLsn: UInt64
  var agent: Agent
  var writer: JournalWriter<WorldDisk>
  private var tail: DurableTail
  /// The index of used ids, where the world has one, and what keeps it behind the journal.
  let ids: IDIndex<WorldDisk>?
  var follower: IDFollower<WorldDisk>?
  private var gateVersion: UInt64 = 0
  /// What recovery found that nobody had seen as durable.
  let recovered: [[UInt8]]

  /// The start sequence: load, recover, replay, complete, record the start.
  init(
    _ settings: Settings, disk: WorldDisk, oldRing: RingBox?, door: consuming WorldDoor, gate: consuming WorldGate,
    seenLsn: UInt64, verdict: WorldVerdict, now: EngineTime, utc: UTCTime
  ) throws(EngineFailure) {
    var old: JournalRing?
    if let oldRing {
      do throws(JournalRing.Flaw) { old = try oldRing.join(identity: settings.options.identity) } catch {}
    }
    let loaded = try settings.newestSnapshot(disk)
    startLsn = loaded.end.lsn
    if startLsn > seenLsn {
      verdict.fail("AUD-04", "the snapshot of record \(startLsn) holds more than was durable, \(seenLsn)")
    }
    let start: JournalStart
    let report: JournalReport
    var recovered: [[UInt8]] = []
    let end = loaded.end
    var replay = Replay(core: loaded.takeCore())
    var flaw: EngineFailure?
    do throws(JournalError) {
      var recovery = try JournalRecovery(fileSystem: disk, options: settings.options, ring: old, after: end)
      while let record = try recovery.next() {
        if flaw == nil { do throws(EngineFailure) { try replay.take(record) } catch { flaw = error } }
        if record.lsn >= seenLsn { recovered.append(EngineRun.bytes(record)) }
      }
      (start, report) = try recovery.finish(utc: utc)
    } catch {
      throw EngineFailure(10, "journal", "\(error)")
    }
    if let flaw {
      verdict.fail("AUD-01", flaw.message)
      throw flaw
    }
    if report.end.lsn < seenLsn {
      verdict.fail("AUD-04", "records \(report.end.lsn + 1) to \(seenLsn) were durable and are lost")
    }
    ids =
      settings.keepsIDs
      ? try IDIndex.open(
        disk, stateDirectory: World.stateDirectory, journal: settings.options, end: report.end) : nil
    if let damaged = ids?.damaged.first { verdict.fail("AUD-04", "\(damaged)") }
    box = RingBox()
    ring = box.makeRing(identity: settings.options.identity, epoch: max(report.epoch, 1) + 1, end: start.end)
    var appender = JournalAppender(ring: ring, end: start.end)
    missingCount = replay.missingCount
    replay.complete(&appender)
    var options = settings.options
    options.mode = settings.mode
    do throws(JournalError) {
      writer = try JournalWriter(fileSystem: disk, options: options, ring: ring, start: start, utc: utc)
    } catch {
      throw EngineFailure(10, "journal", "\(error)")
    }
    tail = DurableTail(ring: ring, firstLsn: start.end.lsn + 1)
    self.report = report
    self.recovered = recovered
    let ids = replay.written
    agent = CoreAgent(
      machine: replay.takeCore(), journal: appender, door: door, gate: gate, durability: settings.mode,
      writtenCapacity: 1 << 14)
    for id in ids { agent.noteWritten(id) }
    var input = StartInput()
    input.epoch = ring.epoch
    input.mayHaveLost = report.mayHaveLost ? 1 : 0
    input.tag = settings.tag
    input.coreVersion = Core.version
    input.strict = settings.mode == .strict ? 1 : 0
    agent.submit(.start, input, now: now, utc: utc)
    if let reading = agent.gate.file?.reader.reading { GateSync.bring(&agent, to: reading, now: now, utc: utc) }
    gateVersion = agent.gate.file?.reader.version ?? 0
    follow(settings)
    agent.publish()
  }

  /// What the gate file says, if that may have changed since it was asked for.
  func newGateReading() -> GateReading? {
    guard let version = agent.gate.file?.reader.version, version != gateVersion else { return nil }
    gateVersion = version
    return agent.gate.file?.reader.reading
  }

  /// Behind a command about trading: whoever gave it knows the file as it is.
  func lookAtGate(now: EngineTime) {
    agent.gate.file?.reader.refresh(now: now)
    gateVersion = agent.gate.file?.reader.version ?? 0
  }

  /// Begins to bring the index up to the journal.
  func follow(_ settings: Settings) {
    guard let ids else { return }
    follower = IDFollower(
      index: ids, options: settings.options, ring: ring,
      flushCount: IDFollower<WorldDisk>.flushCount(orderCapacity: settings.capacity.orders))
  }

  private static func bytes(_ record: JournalRecord) -> [UInt8] {
    var bytes = unsafe withUnsafeBytes(of: record.header) { unsafe [UInt8]($0) }
    unsafe bytes.append(contentsOf: record.body)
    return bytes
  }

  /// Hands everything that has become durable to `observer`.
  func showDurable(to observer: Observer) {
    if !tail.read({ observer.see($0) }) {
      observer.verdict.fail("INV-16", "the observer lost records from \(tail.nextLsn) on")
    }
  }

  /// Hands over what recovery found.
  func showRecovered(to observer: Observer) {
    for bytes in recovered {
      unsafe bytes.withUnsafeBytes { bytes in
        let header = unsafe bytes.loadUnaligned(as: RecordHeader.self)
        let body = unsafe UnsafeRawBufferPointer(rebasing: bytes[JournalFormat.headerBytes...])
        unsafe observer.see(JournalRecord(header: header, body: body))
      }
    }
  }
}
