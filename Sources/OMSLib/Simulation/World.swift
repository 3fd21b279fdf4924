/// One seed: an engine, its disk, an exchange, the wires between them, people who trade, and everything that goes wrong.
///
/// One thread, virtual time, no chance but the seed's. The engine inside is the real one: core, driver, journal writer,
/// recovery. What surrounds it is made here.
final class World {
  static let identity = JournalIdentity(
    id: (0x6F6D_7373, 0x696D), name: Text64("world") ?? Text64(), tag: Text32("world") ?? Text32())
  static let journalDirectory = "/state/journal"
  static let stateDirectory = "/state"
  static let gatePath = "/state/gate"
  static let snapshotDirectory = "/state/snapshots"

  let seed: UInt64
  let settings: WorldSettings
  let verdict = WorldVerdict()
  let probes = Probes()
  let observer: Observer
  let link: VenueLink
  let gate = GateBox()
  var disk = WorldDisk()
  var box: RingBox?
  var run: EngineRun?
  var now: Int64 = 1_000_000_000
  /// What the machine's calendar is off by.
  var wallOffset: Int64 = 0
  var engineSettings: EngineRun.Settings
  var phase = Phase.setup
  var steps: UInt64 = 0
  let trace: Trace?

  // Chance, one stream each.
  var chaos: SplitMix64
  var crash: SplitMix64
  var shadow: SplitMix64
  var trader: SplitMix64
  var hedger: SplitMix64
  var keeper: SplitMix64
  var guardian: SplitMix64
  var robot: SplitMix64
  /// Changes orders that have filled in part; in other worlds nobody looks for such.
  var changer: SplitMix64?
  var client: Client
  var roles = RolePrograms()
  /// The machine has died once: in other modes than `strict` records may be gone.
  var hasLostPower = false

  // When what happens next.
  var writerDue = Int64.max
  var nextCommand: Int64
  var nextChaos = Int64.max
  var nextUpkeep = Int64.max
  var toldIndexLsn: UInt64 = 0
  /// When people open again what the gate file has shut.
  var nextMend = Int64.max
  /// When frames of the last ten seconds left, by account.
  var frameTimes: [AccountID: [Int64]] = [:]
  var isGateGone = false
  var isGateOther = false
  var restartAt = Int64.max
  var checkAt: UInt64 = 0
  var compareLsn: UInt64 = 0
  /// Where a death in the middle of a call left disk and ring.
  var corpse: (disk: WorldDisk, box: RingBox?)?
  var isPowerLost = false
  var healedAt: Int64 = 0
  // What the exchange's own record of fills says.
  var venueFillCount: UInt64 = 0
  var venueFills: [Observer.PositionKey: Int64] = [:]
  var venueFillKeys: [Observer.FillKey] = []
  /// Liquidations of which the record may not tell yet.
  var forcedFills: [(place: Observer.PositionKey, key: Observer.FillKey, quantity: Int64)] = []
  var ownTrade: UInt64 = 0
  var ownOrder = Text32()
  var ownTrades: [UInt64] = []

  enum Phase: Int, Comparable {
    case setup, warm, chaos, heal, quiesce, done
    static func < (a: Phase, b: Phase) -> Bool { a.rawValue < b.rawValue }
  }

  init(seed: UInt64, faults change: (inout FaultPlan) -> Void = { _ in }, traces: Bool = false) {
    self.seed = seed
    let root = SplitMix64(seed: seed)
    settings = WorldSettings(root, change)
    var options = JournalOptions(directory: Self.journalDirectory, identity: Self.identity)
    options.segmentBytes = settings.segmentBytes
    options.coreVersion = Core.version
    engineSettings = EngineRun.Settings(
      options: options, snapshots: Self.snapshotDirectory, mode: settings.durability, tag: Self.identity.tag)
    engineSettings.capacity = settings.capacity
    engineSettings.keepsIDs = settings.keepsIDs
    engineSettings.hasGateFile = settings.hasGateFile
    observer = Observer(verdict: verdict, probes: probes)
    link = VenueLink(settings, seed: root.stream(1), probes: probes)
    chaos = root.stream(2)
    crash = root.stream(3)
    trader = root.stream(4)
    client = Client(random: root.stream(5))
    shadow = root.stream(6)
    hedger = root.stream(7)
    keeper = root.stream(8)
    guardian = root.stream(9)
    robot = root.stream(13)
    var changing = root.stream(14)
    changer = changing.chance(1, in: 3) ? changing : nil
    trace = traces ? Trace() : nil
    observer.trace = trace
    observer.quantityUnit = [0] + settings.instruments.map { Self.unit(18 - Int($0.quantityScale)) }
    nextCommand = now
    for directory in ["/state", Self.journalDirectory, Self.snapshotDirectory] {
      do throws(SystemError) { try disk.makeDirectory(directory) } catch {}
    }
    for directory in ["/", "/state"] { do throws(SystemError) { try disk.synchronizeDirectory(directory) } catch {} }
    link.inspect = { [unowned self] in inspect($0) }
  }

  static func unit(_ exponent: Int) -> Int128 { (0..<exponent).reduce(Int128(1)) { unit, _ in unit * 10 } }

  var engineTime: EngineTime { EngineTime(nanoseconds: now) }
  var utc: UTCTime { UTCTime(nanoseconds: link.start + now + wallOffset) }

  // MARK: Life

  /// Lives from the first start to the final comparison.
  func live() {
    let warmEnd = now + settings.warmNanoseconds
    let chaosEnd = warmEnd + settings.chaosNanoseconds
    let quietEnd = chaosEnd + settings.quietNanoseconds
    boot()
    define()
    phase = .warm
    pass(until: warmEnd)
    phase = .chaos
    link.isChaos = true
    nextChaos = now
    pass(until: chaosEnd)
    heal()
    pass(until: quietEnd - 2_000_000_000)
    takeOverBalances()
    pass(until: quietEnd)
    compareAll()
    pass(until: quietEnd + 3_000_000_000)
    settle()
    finish()
    phase = .done
  }

  /// Events in the order of their times until `end`, or until something is wrong.
  func pass(until end: Int64) {
    while now < end, verdict.failures.isEmpty {
      turn()
      let next = min(
        min(engineDue, link.nextDue), min(min(writerDue, nextCommand), min(min(nextChaos, nextUpkeep), restartAt)))
      now = min(next > now ? next : now + 50_000, end)
      steps += 1
      verdict.step = steps
      verdict.time = now
      if steps > 2_000_000 { verdict.fail("INV-17", "no end of work in \(steps) steps") }
    }
  }

  private var engineDue: Int64 {
    guard let run else { return .max }
    let due = run.agent.nextDue.nanoseconds
    // Frames that wait for the disk: it says when.
    return due > now ? due : now + 1_000_000
  }

  private func turn() {
    if now >= restartAt { boot() }
    if now >= nextChaos { strike() }
    link.run(to: now)
    if now >= nextCommand { command() }
    pollEngine()
    if now >= nextUpkeep { keepUp() }
    if steps >= checkAt {
      checkAt = steps + 256
      check()
    }
  }

  func pollEngine() {
    guard let run else { return }
    let refused = run.agent.counters.gateRefusals
    _ = run.agent.poll(now: engineTime, utc: utc)
    if run.agent.counters.gateRefusals > refused { probes.hit(.gateStopped) }
    if corpse != nil { return die() }
    if writerDue == .max, run.ring.appendedLsn > run.ring.durableLsn { writerDue = now + syncDelay() }
    if now >= writerDue {
      writerDue = .max
      _ = run.writer.poll(now: engineTime, utc: utc)
      if corpse != nil { return die() }
      if run.ring.appendedLsn > run.ring.durableLsn { writerDue = now + max(syncDelay(), 1_000_000) }
      noteJournal(run)
      guard self.run === run else { return }
    }
    run.showDurable(to: observer)
    while let reply = run.agent.takeReply() { take(reply) }
  }

  private func syncDelay() -> Int64 {
    guard phase == .chaos else { return 100_000 }
    switch settings.faults[.slowSync] {
    case .off: return 100_000 + Int64(chaos.below(100_000))
    case .low: return Int64(chaos.below(50_000_000))
    case .extreme: return Int64(chaos.below(20) == 0 ? chaos.below(5_000_000_000) : chaos.below(100_000_000))
    }
  }

  private func noteJournal(_ run: EngineRun) {
    if run.ring.state == .replaced { probes.hit(.journalReplaced) }
    guard run.ring.state == .dead else { return }
    // Nobody trades on without a record: the operator stops the engine.
    probes.hit(.journalDied)
    if restartAt == .max { kill(power: false, downFor: 50_000_000) }
  }

  var takesOverBalances: Bool { settings.faults[.funding] != .off || settings.faults[.thinMargin] != .off }

  /// Funding, and what the insurance account paid, are told once: whoever missed them takes over the venue's balance by
  /// hand.
  private func takeOverBalances() {
    guard takesOverBalances else { return }
    for account in 1...settings.accountCount {
      var input = ReconcileInput()
      input.account = AccountID(number: UInt16(account))
      input.fixes = 1
      input.token = client.nextToken(.other)
      if !send(.reconcile, input) { client.forget(input.token) }
    }
  }

  func compareAll() {
    client.compared = 0
    for account in 1...settings.accountCount {
      var input = ReconcileInput()
      input.account = AccountID(number: UInt16(account))
      input.token = client.nextToken(.compare)
      if !send(.reconcile, input) { client.forget(input.token) }
    }
    compareLsn = run?.agent.journal.lsn ?? 0
  }

  // MARK: Start and death

  func boot() {
    restartAt = .max
    armRecovery()
    link.beginSession(now: now)
    var made: EngineRun?
    do throws(EngineFailure) {
      made = try EngineRun(
        engineSettings, disk: disk, oldRing: box, door: WorldDoor(link: link, session: link.session),
        gate: openGateReader(), seenLsn: observer.lastLsn, verdict: verdict, now: engineTime, utc: utc)
    } catch {
      if disk.failureCount == 0 || phase != .chaos { verdict.fail("AUD-04", "recovery refuses: \(error.message)") }
      disk.heal()
      if corpse == nil {
        restartAt = now + 10_000_000
        return
      }
    }
    disk.trap = nil
    if let dead = corpse {
      // Died while recovering: the next start finds what was left then.
      probes.hit(.killedInRecovery)
      corpse = nil
      disk = dead.disk
      box = dead.box
      losePower()
      restartAt = now + 5_000_000
      return
    }
    guard let made else { return }
    noteGateAtStart()
    noteReport(made)
    made.showRecovered(to: observer)
    run = made
    box = made.box
    toldIndexLsn = 0
    nextUpkeep = settings.keepsIDs || settings.hasGateFile ? now : .max
    checkAcknowledged(made)
    client.restarted()
    armCalls()
    trace?.add("\(now) -- engine starts, epoch \(made.ring.epoch), \(made.report.recordCount) records")
  }

  private func noteReport(_ run: EngineRun) {
    if run.report.torn != nil { probes.hit(.recoveryCutTorn) }
    if run.missingCount > 0 { probes.hit(.recoveryEndedGroup) }
    if run.startLsn > 0 { probes.hit(.startedFromSnapshot) }
    if run.report.recordCount > 0, probes.counts[Probe.segmentPacked.rawValue] > 0 { probes.hit(.startedFromPacked) }
    if run.report.recordCount > 0 { probes.hit(run.report.hasJoinedRing ? .ringJoined : .ringMissing) }
  }

  /// What a run reads before it sends anything.
  private func openGateReader() throws(EngineFailure) -> WorldGate {
    guard settings.hasGateFile else { return WorldGate(box: gate) }
    noteGateBeforeStart()
    do throws(GateError) {
      try GateFile.prepare(disk, in: Self.stateDirectory, seconds: 0)
    } catch {
      throw EngineFailure(10, "config.gate", "\(Self.gatePath): \(error)")
    }
    let reader = GateReader(fileSystem: disk, path: Self.gatePath, now: engineTime) { [settings] in
      Self.gateTarget($0, settings)
    }
    return WorldGate(box: gate, file: FileGate(reader: reader))
  }

  /// Ends the run now, between two turns.
  func kill(power: Bool, downFor interval: Int64) {
    guard run != nil else { return }
    isPowerLost = power
    probes.hit(power ? .powerLost : .killed)
    trace?.add("\(now) -- \(power ? "power cut" : "kill")")
    bury(downFor: interval)
  }

  /// The run died in the middle of a call: what the call left behind is what counts.
  func die() {
    guard let dead = corpse else { return }
    corpse = nil
    disk = dead.disk
    box = dead.box
    trace?.add("\(now) -- killed in a call")
    bury(downFor: 20_000_000)
  }

  private func bury(downFor interval: Int64) {
    disk.heal()
    run = nil
    writerDue = .max
    nextUpkeep = .max
    disk.trap = nil
    link.endSession()
    client.engineDied()
    leaveInRings()
    roles.engineDied()
    losePower()
    restartAt = now + interval
  }

  private func losePower() {
    guard isPowerLost else { return }
    isPowerLost = false
    client.powerLost = true
    frameTimes = [:]
    hasLostPower = true
    if settings.durability != .strict { gate.confirmed = [:] }
    disk = disk.copy()
    disk.cutPower(&crash)
    disk.heal()
    box = nil
  }

  /// The instant of death: disk and ring as they are.
  private func takeCorpse(power: Bool) {
    guard corpse == nil else { return }
    isPowerLost = power
    corpse = (disk.copy(), box?.copy())
    link.isDead = true
  }

  /// Some deaths come in the middle of a call to the venue or to the disk.
  private func armCalls() {
    guard phase == .chaos, run != nil else { return }
    let power = settings.faults[.powerCut] != .off && (settings.faults[.kill] == .off || crash.chance(1, in: 2))
    guard power || settings.faults[.kill] != .off else { return }
    switch crash.below(4) {
    case 0:
      link.trap = (
        link.callCount + 1 + crash.below(400),
        { [unowned self] in
          probes.hit(.killedInCall)
          takeCorpse(power: power)
        }
      )
    case 1:
      disk.trap = (
        disk.callCount + 1 + crash.below(300),
        { [unowned self] in
          probes.hit(.killedInDisk)
          takeCorpse(power: power)
        }
      )
    default: break
    }
  }

  private func armRecovery() {
    disk.trap = nil
    guard phase == .chaos, settings.faults[.kill] != .off, crash.chance(1, in: 4) else { return }
    disk.trap = (disk.callCount + 1 + crash.below(12), { [unowned self] in takeCorpse(power: false) })
  }
}
