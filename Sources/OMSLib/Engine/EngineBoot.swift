/// Everything a running engine is made of, after recovery and before its threads start.
///
/// Owner: the main thread of the engine's process.
struct EngineBoot: ~Copyable {
  var agent: EngineAgent
  var journal: JournalStore
  /// `nil`: the exchange is in another process, with its journal.
  var exchangeJournal: JournalStore?
  var log: EventLog<KernelFileSystem>
  let view: JournalView
  let ids: IDIndex<KernelFileSystem>
  let clock: EngineClock
  let gateNames: GateNames
  let timedLimits: TimedLimits
  var wires: WireBoot

  /// Of the rings that the hot thread writes to, the engine's own first.
  var ringKeepers: [RingKeeper] {
    switch exchangeJournal {
    case .some(let exchange): [journal.ringKeeper, exchange.ringKeeper]
    case .none: [journal.ringKeeper]
    }
  }

  /// Makes images of the exchange, where it is in this process.
  var exchangeShadow: ExchangeShadow? {
    switch exchangeJournal {
    case .some(let journal): ExchangeShadow(options: journal.options, ring: journal.ring)
    case .none: nil
    }
  }

  /// 2020-01-01T00:00:00Z: epochs count seconds from here.
  private static let epochStart: Int64 = 1_577_836_800

  static func open(_ options: EngineOptions) throws(EngineFailure) -> EngineBoot {
    for directory in [options.stateDirectory, options.logDirectory, options.stateDirectory + "/snapshots"] {
      try Files.makeDirectories(directory)
    }
    try Restoration.finish(options.stateDirectory)
    let utc = UTCTime(nanoseconds: SystemClock().realtime())
    try prepareGate(options, utc)
    let identity = try InstanceIdentity.load(options)
    let timedLimits = try TimedLimits(options.stateDirectory)
    let view = JournalView(orderCount: options.orderCapacity * 5 / 4)
    var log = EventLog(KernelFileSystem(), directory: options.logDirectory)
    let loaded = try Self.loadBehindOthers(options, identity)
    let start = loaded.end
    var replay = Replay(core: loaded.takeCore())
    if start.lsn > 0 { Self.lookBack(options, identity, start, replay.core, view, &log) }
    let journal = try JournalStore.open(
      directory: options.stateDirectory + "/journal",
      fallback: options.settings.journal.fallbackDirectory,
      identity: identity, purpose: "journal", mode: options.durability, core: options.core,
      ringBytes: JournalRing.defaultCapacity, segmentBytes: options.settings.journal.segmentBytes, utc: utc,
      after: start,
      epoch: { max($0 + 1, UInt32(clamping: utc.nanoseconds / 1_000_000_000 - epochStart)) }
    ) { (record) throws(EngineFailure) in
      try replay.take(record)
      Self.show(record, view, &log)
    }
    for blob in journal.report.droppedBlobs { Diagnostics.warn(.journal, "\(blob)") }
    log.flush()
    if let failure = log.failure {
      throw EngineFailure(
        1, "io.log",
        "the event log in \(options.logDirectory) cannot be written: \(failure.call) failed with errno "
          + "\(failure.errno)")
    }
    let ids = try IDIndex.open(
      KernelFileSystem(), stateDirectory: options.stateDirectory, journal: journal.options, end: journal.report.end)
    var appender = JournalAppender(ring: journal.ring, end: journal.report.end)
    replay.complete(&appender)
    let written = replay.written
    let core = replay.takeCore()
    let clock = EngineClock(after: journal.report.end.time)
    let venue = options.settings.venues.first { $0.adapter == .simulated }?.name ?? "sim"
    let number = view.names.venueID(named: venue) ?? VenueID(number: UInt16(view.names.venues.count))
    let exchange = try OpenedDoor.open(options, identity, venue: number, epoch: journal.ring.epoch, clock)
    let names = view.names
    let wires = try WireBoot.open(options, clock) { name in
      guard let venue = names.venueID(named: name) else { return false }
      return names.instruments.contains { $0.venue == venue }
    }
    let listings = VenueListing.builtIn(options.settings).merging(wires.listings) { $1 }
    let definitions = try Definitions(
      settings: options.settings, names: names, listings: listings, defined: CoreNames.venues(core))
    let gateNames = GateNames()
    let reader = GateReader(path: options.gatePath, now: clock.now) { gateNames.target($0) }
    var boot = Self.assemble(
      exchange, core, appender, FileGate(reader: reader), journal, log, view, ids, clock, gateNames, timedLimits,
      wires, options)
    for wire in written { boot.agent.noteWritten(wire) }
    try boot.begin(options, identity, definitions, gateNames)
    return boot
  }

  private static func prepareGate(_ options: EngineOptions, _ utc: UTCTime) throws(EngineFailure) {
    let isLost: Bool
    do throws(GateError) {
      isLost = try GateFile.prepare(
        KernelFileSystem(), in: options.stateDirectory, seconds: UInt32(clamping: utc.nanoseconds / 1_000_000_000))
    } catch {
      throw EngineFailure(10, "config.gate", "\(options.gatePath): \(error)")
    }
    if isLost {
      Diagnostics.warn(
        .gate,
        "the gate file \(options.gatePath) was missing, so what it had stopped is not known: trading is halted; look at "
          + "oms positions and oms orders --open, then: oms resume")
    }
  }

  private static func show(_ record: JournalRecord, _ view: JournalView, _ log: inout EventLog<KernelFileSystem>) {
    view.apply(record)
    // A log that cannot take them all stops the start anyway.
    guard record.header.seq > log.lastSeq, !log.isFull, let line = view.lines.last, line.seq == record.header.seq else {
      return
    }
    log.add(view.object(line), seq: line.seq, utc: line.utc)
  }

  /// A core with nothing but records of its own version behind it: what another one wrote, that one finishes first.
  private static func loadBehindOthers(
    _ options: EngineOptions, _ identity: JournalIdentity
  ) throws(EngineFailure) -> LoadedCore {
    let first = try load(options, identity)
    let journal = JournalOptions(
      directory: options.stateDirectory + "/journal", fallback: options.settings.journal.fallbackDirectory,
      identity: identity)
    guard let other = CoreBefore.version(of: journal, after: first.end, for: options.core) else { return first }
    try CoreBefore.finish(other, options)
    let loaded = try load(options, identity)
    guard CoreBefore.version(of: journal, after: loaded.end, for: options.core) == nil else {
      throw CoreBefore.refusal(
        "core \(other) has left records of its own behind the newest snapshot that can be loaded")
    }
    return loaded
  }

  private static func load(
    _ options: EngineOptions, _ identity: JournalIdentity
  ) throws(EngineFailure) -> LoadedCore {
    let store = SnapshotStore(
      fileSystem: KernelFileSystem(), directory: options.stateDirectory + "/snapshots", identity: identity)
    var passed: [SnapshotError] = []
    do throws(SnapshotError) {
      let loaded = try SnapshotLoad.newest(
        store, capacity: options.capacity, for: options.core, passing: &passed)
      for error in passed { Diagnostics.warn(.snapshot, "\(error)") }
      return loaded
    } catch {
      throw EngineFailure(10, "config.snapshot", "\(error)")
    }
  }

  /// What replies show of the time before the snapshot: names and orders as the core has them, then kept records, the
  /// newest of them, or all if the log has not had them all.
  private static func lookBack(
    _ options: EngineOptions, _ identity: JournalIdentity, _ end: JournalEnd, _ core: borrowing Core,
    _ view: JournalView, _ log: inout EventLog<KernelFileSystem>
  ) {
    let journal = JournalOptions(
      directory: options.stateDirectory + "/journal", fallback: options.settings.journal.fallbackDirectory,
      identity: identity)
    view.begin(from: core, behind: end)
    let isWhole = SnapshotLoad.lookBack(KernelFileSystem(), journal, to: end, all: log.lastSeq < end.seq) { record in
      show(record, view, &log)
    }
    if !isWhole { view.forgetLines() }
    view.resume(behind: end)
  }

  private static func assemble(
    _ exchange: consuming OpenedDoor, _ core: consuming Core, _ appender: consuming JournalAppender,
    _ gate: consuming FileGate<KernelFileSystem>, _ journal: consuming JournalStore,
    _ log: consuming EventLog<KernelFileSystem>,
    _ view: JournalView, _ ids: IDIndex<KernelFileSystem>,
    _ clock: EngineClock, _ gateNames: GateNames, _ timedLimits: TimedLimits, _ wires: consuming WireBoot,
    _ options: EngineOptions
  ) -> EngineBoot {
    let agent = EngineAgent(
      machine: core, journal: appender, door: exchange.door, gate: gate, durability: options.durability)
    return EngineBoot(
      agent: agent, journal: journal, exchangeJournal: exchange.journal, log: log, view: view, ids: ids,
      clock: clock, gateNames: gateNames, timedLimits: timedLimits, wires: wires)
  }
}

/// The engine's venue: its own exchange, or the door to one in another process.
struct OpenedDoor: ~Copyable {
  var door: EngineDoor
  var journal: JournalStore?

  static func open(
    _ options: EngineOptions, _ identity: JournalIdentity, venue: VenueID, epoch: UInt32, _ clock: EngineClock
  ) throws(EngineFailure) -> OpenedDoor {
    let now = clock.now
    if let name = options.simulatorDoor {
      let door = SharedVenueDoor(
        name: SharedExchangeRegion.name(ofDoor: name), venue: venue, epoch: epoch, now: now, utc: clock.utc(at: now))
      if !door.isUp {
        Diagnostics.warn(
          .exchange, "no exchange is at door '\(name)'; start one: omsim exchange --door \(name) --state DIR")
      }
      return OpenedDoor(door: EngineDoor(door), journal: nil)
    }
    do throws(EngineFailure) {
      let boot = try SimulatedBoot.open(options, identity, venue: venue, now: now, utc: clock.utc(at: now))
      return OpenedDoor(door: EngineDoor(boot.venue), journal: boot.journal)
    } catch {
      // The other party's record: nothing that is done to ours can help.
      guard Restoration.helps(against: error) else { throw error }
      throw EngineFailure(error.exit, "io.exchange", "the built-in exchange: \(error.message)")
    }
  }
}
