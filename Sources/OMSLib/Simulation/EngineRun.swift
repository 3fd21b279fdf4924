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

/// Replays a journal into a new core: every input again, every event byte for byte as recorded.
struct JournalReplay: ~Copyable {
  var core: Core
  private var output = StepOutput()
  /// Events of the last input that the journal has.
  private var met = 0
  /// What is wrong with the journal, or with the core.
  private(set) var flaw: String?
  private(set) var inputCount = 0
  private(set) var wireIDs: [Text32] = []
  private(set) var lastTime = EngineTime.zero
  private(set) var lastUTC = UTCTime.zero

  init(capacity: CoreCapacity) { core = Core(capacity: capacity) }

  mutating func take(_ record: JournalRecord) {
    guard flaw == nil, let type = record.header.type else { return }
    if type.isInput {
      input(type, record)
    } else if type.isEvent {
      event(record)
    } else if type == .stateHash {
      let hash = unsafe record.body.loadUnaligned(as: StateHashRecord.self)
      let digest = core.stateDigest
      if hash.high != digest.high || hash.low != digest.low || hash.inputCount != core.inputCount {
        flaw = "state at record \(record.lsn) is not the recorded one"
      }
    }
  }

  private mutating func input(_ type: RecordType, _ record: JournalRecord) {
    if met != output.eventCount {
      flaw = "input \(record.lsn) comes before \(output.eventCount - met) events of the one before it"
      return
    }
    output.clear()
    met = 0
    lastTime = record.header.time
    lastUTC = record.header.utc
    inputCount += 1
    guard let body = unsafe record.body.baseAddress else { return }
    unsafe core.step(
      type, body, at: StepStamp(time: lastTime, utc: lastUTC, lsn: record.lsn), into: &output)
    for index in 0..<output.requestCount {
      let request = output.request(at: index)
      if request.kind == .newOrder { wireIDs.append(request.wireID) }
      if request.kind == .amendOrder, !request.newWireID.isEmpty { wireIDs.append(request.newWireID) }
    }
  }

  private mutating func event(_ record: JournalRecord) {
    guard met < output.eventCount else {
      flaw = "event \(record.lsn) does not follow from its input"
      return
    }
    let made = output.event(met)
    let body = unsafe output.body(met)
    guard made.typeRaw == record.header.typeRaw, made.seq == record.header.seq,
      unsafe body.elementsEqual(record.body)
    else {
      flaw = "event \(record.lsn) is not the one that its input makes"
      return
    }
    met += 1
  }

  /// Events of the last input that were lost with the end of the journal: the new run records them first.
  var missingCount: Int { output.eventCount - met }

  func missing(_ index: Int) -> (event: StepEvent, body: UnsafeRawBufferPointer) {
    unsafe (output.event(met + index), output.body(met + index))
  }
}

/// One life of the engine, from recovery to its death.
final class EngineRun {
  typealias Agent = CoreAgent<Core, WorldDoor, WorldGate>

  struct Settings {
    var options: JournalOptions
    var mode: DurabilityMode
    var capacity = CoreCapacity.small
    var tag: Text32
  }

  let box: RingBox
  let ring: JournalRing
  let report: JournalReport
  let missingCount: Int
  var agent: Agent
  var writer: JournalWriter<WorldDisk>
  private var tail: DurableTail
  /// What recovery found that nobody had seen as durable.
  let recovered: [[UInt8]]

  /// The start sequence: recover, replay, complete, record the start.
  init(
    _ settings: Settings, disk: WorldDisk, oldRing: RingBox?, door: consuming WorldDoor, gate: consuming WorldGate,
    seenLsn: UInt64, verdict: WorldVerdict, now: EngineTime, utc: UTCTime
  ) throws(JournalError) {
    var old: JournalRing?
    if let oldRing {
      do throws(JournalRing.Flaw) { old = try oldRing.join(identity: settings.options.identity) } catch {}
    }
    var recovery = try JournalRecovery(fileSystem: disk, options: settings.options, ring: old)
    var replay = JournalReplay(capacity: settings.capacity)
    var recovered: [[UInt8]] = []
    while let record = try recovery.next() {
      replay.take(record)
      if record.lsn >= seenLsn { recovered.append(EngineRun.bytes(record)) }
    }
    if let flaw = replay.flaw { verdict.fail("AUD-01", flaw) }
    let (start, report) = try recovery.finish(utc: utc)
    if report.end.lsn < seenLsn {
      verdict.fail("AUD-04", "records \(report.end.lsn + 1) to \(seenLsn) were durable and are lost")
    }
    box = RingBox()
    ring = box.makeRing(identity: settings.options.identity, epoch: max(report.epoch, 1) + 1, end: start.end)
    var appender = JournalAppender(ring: ring, end: start.end)
    missingCount = replay.missingCount
    for index in 0..<replay.missingCount {
      let (event, body) = unsafe replay.missing(index)
      let appended = unsafe appender.append(
        event.typeRaw, time: max(replay.lastTime, appender.time), utc: replay.lastUTC, seq: event.seq, body: body)
      precondition(appended != nil, "a new ring has room for the rest of one input")
    }
    appender.publish()
    var options = settings.options
    options.mode = settings.mode
    writer = try JournalWriter(fileSystem: disk, options: options, ring: ring, start: start, utc: utc)
    tail = DurableTail(ring: ring, firstLsn: start.end.lsn + 1)
    self.report = report
    self.recovered = recovered
    let ids = replay.wireIDs
    agent = CoreAgent(
      machine: replay.finish(), journal: appender, door: door, gate: gate, durability: settings.mode,
      writtenCapacity: 1 << 14)
    for id in ids { agent.noteWritten(id) }
    var input = StartInput()
    input.epoch = ring.epoch
    input.mayHaveLost = report.mayHaveLost ? 1 : 0
    input.tag = settings.tag
    input.coreVersion = Core.version
    input.strict = settings.mode == .strict ? 1 : 0
    agent.submit(.start, input, now: now, utc: utc)
    agent.publish()
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

extension JournalReplay {
  /// The core as the journal left it.
  consuming func finish() -> Core { core }
}
