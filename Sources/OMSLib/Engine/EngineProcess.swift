internal import CCore

/// The engine's own process: boots, runs its threads, ends in good order.
///
/// Owner: the main thread. Returns the exit code.
struct EngineProcess {
  private static let term: Int32 = 15
  private static let interrupt: Int32 = 2
  private static let hangup: Int32 = 1
  private static let user1: Int32 = 10

  let options: EngineOptions

  /// `ready` is called once, when the engine answers.
  func run(ready: () -> Void) -> UInt8 {
    // Where this fails, starting does, and says so.
    try? Files.makeDirectories(options.logDirectory)
    Diagnostics.begin(in: options.logDirectory)
    defer { Diagnostics.flush(isLast: true) }
    do throws(EngineFailure) {
      let status = try start(ready)
      Diagnostics.note(.engine, "ended in good order")
      return status
    } catch {
      Diagnostics.error(.engine, "\(error.message) [\(error.code), exit \(error.exit)]")
      return error.exit
    }
  }

  private func start(_ ready: () -> Void) throws(EngineFailure) -> UInt8 {
    let signals = cc_signal_open()
    guard signals >= 0 else { throw EngineFailure(1, "io.signals", "signals cannot be read (errno \(-signals))") }
    try Files.makeDirectories(options.runDirectory)
    let lock = try takeLock()
    defer { _ = cc_sys_close(lock) }
    let service = ServiceManager(environment: options.environment)
    var boot = try openBoot()
    let shared = EngineSignals()
    guard let coreWriter = boot.journal.writer.take() else { preconditionFailure("recovery opened the writer") }
    let exchangeWriter = boot.exchangeJournal?.writer.take()
    let exchangeShadow = boot.exchangeShadow
    let keepers = boot.ringKeepers
    let ring = boot.journal.ring
    let clock = boot.clock
    var facts = EngineFacts()
    facts.version = options.version
    facts.process = cc_process_id()
    facts.epoch = ring.epoch
    facts.startedAt = clock.now
    facts.durability = options.durability
    facts.gatePath = options.gatePath
    facts.keepsState = options.throwAwayDirectory == nil
    facts.logDirectory = options.logDirectory
    facts.configDirectory = options.configDirectory
    facts.exitPolicy = options.exitPolicy
    facts.snapshotDirectory = options.stateDirectory + "/snapshots"
    let lastText = CoreNames.lastText(of: boot.agent.machine)
    facts.indexLsn = boot.agent.machine.state.global.idIndexLsn
    let publisher = try makePublisher(tag: boot.view.names.tag, epoch: ring.epoch)
    boot.agent.machine.state.followTouched()
    facts.tablesDescriptor = publisher.tables.clientDescriptor
    facts.latencies = publisher.latencies
    facts.hasOwnExchange = options.simulatorDoor == nil
    let parts = try makeParts()
    let hotBell = parts.hotBell.ringer
    let controlBell = parts.controlBell.ringer
    let wake = parts.controlBell.descriptor
    let server = try makeServer(wake)
    let names = boot.view.names
    let housekeeping = Housekeeping(
      log: boot.log, logged: facts.loggedSeq, loggedLsn: facts.loggedLsn,
      tail: boot.journal.follower(.durable), names: names, clock: clock,
      signals: shared, service: service, retention: options.settings.log.retention, echoes: options.echoesEvents)
    let journalLoop = JournalLoop(
      core: coreWriter, exchange: exchangeWriter, ring: ring, clock: clock, signals: shared,
      bells: [hotBell, controlBell], keepers: keepers)
    let hot = HotLoop(
      agent: boot.agent, commands: parts.commandEnd, replies: parts.replyStart, bell: parts.hotBell,
      controlBell: controlBell, publisher: publisher, clock: clock, signals: shared, idle: .park(afterTurns: 500),
      lag: facts.loopLag)
    let keeper = IDKeeper(
      index: boot.ids, options: boot.journal.options, ring: ring, orderCapacity: options.orderCapacity, clock: clock,
      signals: shared, bell: controlBell)
    let shadow = Shadow(
      options: boot.journal.options, ring: ring, directory: facts.snapshotDirectory, capacity: options.capacity,
      core: options.core,
      every: options.settings.snapshot.everyNanoseconds,
      exchange: exchangeShadow,
      upkeep: Upkeep(
        journal: boot.journal.options, exchange: exchangeShadow?.options,
        journalRetention: options.settings.journal.retention, snapshotRetention: options.settings.snapshot.retention,
        loggedLsn: facts.loggedLsn, indexedLsn: { [ids = boot.ids] in ids.completeLsn }),
      clock: clock, signals: shared)
    let control = ControlAgent(
      settings: options.settings, timedLimits: boot.timedLimits, gateNames: boot.gateNames, facts: facts,
      shadow: shadow, ids: boot.ids, clock: clock,
      view: boot.view,
      ring: ring,
      tail: boot.journal.follower(.appended), server: server, bell: parts.controlBell, commands: parts.commandStart,
      replies: parts.replyEnd, hotBell: hotBell)
    control.continueTexts(after: lastText)
    control.begin(TimedLimitJob(control))
    Diagnostics.note(
      .engine,
      "started: oms \(options.version), instance \(options.settings.instance), epoch \(ring.epoch), \(facts.durability), "
        + "behind record \(ring.durableLsn), state in \(options.stateDirectory)")
    let main = MainThread(options: options, shared: shared, signals: signals, service: service, bell: controlBell)
    try main.run(hot, journalLoop, control, housekeeping, shadow, keeper, clock, ready)
    if let writer = journalLoop.takeExchange(), let journal = boot.exchangeJournal.take() {
      journal.close(writer, now: clock.now, utc: clock.utc)
    }
    if let writer = journalLoop.takeCore() { boot.journal.close(writer, now: clock.now, utc: clock.utc) }
    for name in ["pid", "ready", "state"] { Files.remove(options.runDirectory + "/" + name) }
    return 0
  }

  /// With `--adopt`, a record that this engine cannot go on from is put aside first.
  private func openBoot() throws(EngineFailure) -> EngineBoot {
    do throws(EngineFailure) {
      return try EngineBoot.open(options)
    } catch {
      guard options.adopts, Restoration.helps(against: error) else { throw error }
      Diagnostics.warn(.journal, error.message)
    }
    let desk = RestoreDesk(
      stateDirectory: options.stateDirectory, logDirectory: options.logDirectory,
      instance: options.settings.instance, fallback: options.settings.journal.fallback, capacity: options.capacity,
      core: options.core)
    let report = try desk.adopt(utc: UTCTime(nanoseconds: SystemClock().realtime()))
    for finding in report.findings { Diagnostics.warn(.journal, finding) }
    Diagnostics.warn(
      .journal,
      "adopted: the journal up to record \(report.highest.lsn) is kept as \(report.aside); \(report.burntCount) ids stay "
        + "burnt; every account waits for its venue")
    return try EngineBoot.open(options)
  }

  // MARK: Parts

  private struct Parts: ~Copyable {
    var hotBell: Doorbell
    var controlBell: Doorbell
    var commandStart: RingProducer<HotMessage>
    var commandEnd: RingConsumer<HotMessage>
    var replyStart: RingProducer<Reply>
    var replyEnd: RingConsumer<Reply>
  }

  private func makeParts() throws(EngineFailure) -> Parts {
    let commands = SharedRing<HotMessage>(capacity: 1 << 10)
    let replies = SharedRing<Reply>(capacity: 1 << 13)
    do throws(SystemError) {
      return Parts(
        hotBell: try Doorbell(.parked), controlBell: try Doorbell(.event), commandStart: commands.takeProducer(),
        commandEnd: commands.takeConsumer(), replyStart: replies.takeProducer(), replyEnd: replies.takeConsumer())
    } catch {
      throw EngineFailure(1, "io.wake", "\(error.call) failed with errno \(error.errno)")
    }
  }

  private func makePublisher(tag: String, epoch: UInt32) throws(EngineFailure) -> TablePublisher {
    let capacities = TableCapacities()
    do throws(SystemError) {
      let tables = try SharedTables(capacities, tag: tag, epoch: UInt64(epoch))
      return TablePublisher(tables, capacities, orderSlots: options.orderCapacity)
    } catch {
      throw EngineFailure(1, "io.tables", "the shared tables: \(error.call) failed with errno \(error.errno)")
    }
  }

  private func makeServer(_ wake: Int32) throws(EngineFailure) -> ControlServer {
    do throws(SystemError) {
      return try ControlServer(
        path: options.socketPath, readOnlyPath: options.readOnlySocketPath, wake: wake)
    } catch {
      let exit: UInt8 = error.errno == 98 ? 17 : 10
      throw EngineFailure(exit, "config.socket", "\(error.call) failed with errno \(error.errno)")
    }
  }

  /// The instance lock, held as long as the process lives.
  private func takeLock() throws(EngineFailure) -> Int32 {
    let descriptor = try InstanceLock.take(options.runDirectory, instance: options.settings.instance)
    do throws(SystemError) {
      try Files.write(Array("\(cc_process_id())\n".utf8), to: options.runDirectory + "/pid")
    } catch {
      throw EngineFailure(10, "config.directory", "\(error.call) failed with errno \(error.errno)")
    }
    _ = unsafe cc_process_link(options.stateDirectory, options.runDirectory + "/state")
    return descriptor
  }

  static func say(_ text: String) {
    let bytes = Array(text.utf8)
    unsafe bytes.withUnsafeBytes { _ = unsafe cc_sys_write(2, $0.baseAddress, $0.count) }
  }

  /// The main thread's loop: signals, and the end.
  struct MainThread {
    let options: EngineOptions
    let shared: EngineSignals
    let signals: Int32
    let service: ServiceManager
    let bell: Doorbell.Ringer

    func run(
      _ hot: HotLoop, _ journal: JournalLoop, _ control: ControlAgent, _ housekeeping: Housekeeping,
      _ shadow: Shadow, _ keeper: IDKeeper, _ clock: EngineClock, _ ready: () -> Void
    ) throws(EngineFailure) {
      let controlLoop = ControlLoop(control, shared)
      do throws(SystemError) {
        let first = try WorkerThread(named: "oms-journal") { journal.run() }
        let second = try WorkerThread(named: "oms-hot", cpu: options.pins ? options.cpus.first : nil) { hot.run() }
        let third = try WorkerThread(named: "oms-tail") { housekeeping.run() }
        let fourth = try WorkerThread(named: "oms-control") { controlLoop.run() }
        let fifth = try WorkerThread(named: "oms-shadow") { shadow.run() }
        let sixth = try WorkerThread(named: "oms-ids") { keeper.run() }
        service.tellReady()
        Diagnostics.note(.engine, "ready")
        ready()
        wait(clock)
        service.tellStopping()
        // In this order: no more requests, no more inputs, then what was recorded goes to the disk.
        fourth.join()
        shared.requestStop()
        second.join()
        third.join()
        fifth.join()
        sixth.join()
        first.join()
        // The hot thread writes into buffers of the control agent and rings its bell until it has ended itself: nothing
        // of a thread that ended goes before the last one has.
        withExtendedLifetime((hot, journal, controlLoop, housekeeping, shadow, keeper)) {}
      } catch {
        throw EngineFailure(1, "io.threads", "\(error.call) failed with errno \(error.errno)")
      }
    }

    /// Until a signal, a stop request or the appointed time ends the run.
    private func wait(_ clock: EngineClock) {
      let poll = cc_poll_create()
      defer { _ = cc_sys_close(poll) }
      _ = cc_poll_watch(poll, signals, UInt32(cc_ready_read), 0)
      let end = options.until.map { clock.now.advanced(byNanoseconds: $0) } ?? .never
      var report = cc_ready()
      var asked = false
      while !shared.hasEnded {
        _ = unsafe cc_poll_wait(poll, &report, 1, 200)
        while case let signal = cc_signal_next(signals), signal != 0 {
          switch signal {
          case EngineProcess.term, EngineProcess.interrupt:
            // The second time: at once. Orders stay where they are; the next start recovers.
            if asked { cc_process_leave(143) }
            asked = true
            Diagnostics.note(.engine, "stopping: signal \(signal)")
            shared.requestGracefulStop()
            _ = bell.ring()
          case EngineProcess.hangup:
            shared.requestReload()
            _ = bell.ring()
          case EngineProcess.user1:
            Diagnostics.info(
              .engine, "\(options.settings.instance) runs since \(clock.now.nanoseconds / 1_000_000_000) s")
          default: break
          }
        }
        if clock.now >= end && !asked {
          asked = true
          Diagnostics.note(.engine, "stopping: its time is over")
          shared.requestGracefulStop()
          _ = bell.ring()
        }
      }
      if !asked { Diagnostics.note(.engine, "stopping: a command asked for it") }
    }
  }
}

/// The control thread.
final class ControlLoop: @unchecked Sendable {
  // Unchecked: made by one thread, run by another.
  private let agent: ControlAgent
  private let signals: EngineSignals

  init(_ agent: ControlAgent, _ signals: EngineSignals) {
    self.agent = agent
    self.signals = signals
  }

  func run() {
    var asked = false
    while !agent.stopIsReady {
      agent.turn(timeoutMilliseconds: 200)
      if !agent.isReloading, signals.takeReload() {
        // A signal cannot be asked whether it was meant.
        agent.begin(ReloadJob(agent, nil, 0, .apply(Consent())))
      }
      if signals.wantsGracefulStop && !asked {
        asked = true
        agent.begin(StopJob(agent, nil, 0, StopRequest.bySignal))
      }
    }
    // The last answers leave before the socket does.
    for _ in 0..<5 { agent.turn(timeoutMilliseconds: 1) }
    signals.noteEnded()
  }
}

/// A ring whose memory lives as long as the process.
@safe struct SharedRing<Message: BitwiseCopyable> {
  private let layout: RingLayout<Message>
  private let base: UnsafeMutableRawPointer

  init(capacity: Int) {
    layout = RingLayout(capacity: capacity)
    unsafe base = .allocate(byteCount: layout.byteCount, alignment: 128)
    unsafe base.initializeMemory(as: UInt8.self, repeating: 0, count: layout.byteCount)
    unsafe layout.create(unsafeAt: base)
  }

  func takeProducer() -> RingProducer<Message> { unsafe RingProducer(layout, unsafeAt: base) }
  func takeConsumer() -> RingConsumer<Message> { unsafe RingConsumer(layout, unsafeAt: base) }
}
