internal import CCore

/// The executables that an installation keeps of cores before this one: what one core wrote, no other one replays.
///
/// An upgrade is a snapshot, a Close record and a new segment. Where the version before had no time for the first two, a
/// start has them made by the core that wrote the journal, and goes on from its snapshot.
enum CoreBefore {
  /// The version of the core that alone can replay what lies behind `start`; `nil` when `own` can, or there is nothing.
  ///
  /// A journal that cannot be read is of no version: its recovery says what is wrong.
  static func version(of journal: JournalOptions, after start: JournalEnd, for own: CoreVersion) -> UInt32? {
    do throws(JournalError) {
      var recovery = try JournalRecovery(fileSystem: KernelFileSystem(), options: journal, after: start)
      guard recovery.hasSegments(ofOtherThan: own.number) else { return nil }
      while try recovery.next() != nil {
        if recovery.coreVersion != own.number { return recovery.coreVersion }
      }
      // What did not end in order may go on in a ring.
      return recovery.coreVersion == own.number || recovery.report.isOrderly ? nil : recovery.coreVersion
    } catch {
      return nil
    }
  }

  /// Where an installation keeps the core of `version`, beside the executable that runs.
  static func path(of version: UInt32) -> String {
    "\(ProcessEnvironment.ownDirectory ?? "")/../libexec/oms/core-\(version)"
  }

  /// Has the core of `version` finish the journal of `options`.
  static func finish(_ version: UInt32, _ options: EngineOptions) throws(EngineFailure) {
    guard options.core.canLoad(version) else {
      throw refusal(
        "the journal in \(options.stateDirectory) ends with records of core \(version); core \(options.core.number) goes on "
          + "from snapshots of core \(options.core.loadsText) only")
    }
    let path = path(of: version)
    guard KernelFileSystem().exists(path) else {
      throw refusal(
        "the journal in \(options.stateDirectory) ends with records of core \(version), and \(path), which would finish it, "
          + "is missing; install it")
    }
    Diagnostics.info(.journal, "the journal ends with records of core \(version): \(path) finishes it")
    var command = [path, "journal", "finish", "--state", options.stateDirectory]
    if let fallback = options.settings.journal.fallbackDirectory { command += ["--fallback", fallback] }
    if options.orderCapacity != Limits.orderCount { command += ["--keep-orders", "\(options.orderCapacity)"] }
    let process = ProcessEnvironment.spawn(command, ProcessEnvironment.all)
    guard process > 0 else { throw refusal("\(path) cannot be run (errno \(-process))") }
    var status: Int32 = 1
    _ = unsafe cc_process_wait(process, 1, &status)
    guard status == 0 else { throw refusal("\(path) could not finish the journal (exit \(status))") }
  }

  static func refusal(_ why: String) -> EngineFailure {
    EngineFailure(
      10, "config.core_version",
      "\(why), or run the version that wrote it; oms run --adopt begins behind the newest snapshot that can be loaded, with "
        + "the ids since then burnt and every account compared before it takes new risk")
  }
}

/// Ends the journal of a stopped engine so that the next version of the core can go on: all of it replayed, its end put
/// right and closed, and a snapshot of that very end.
///
/// Owner: whoever calls; a live engine on the state keeps its ring, and is not disturbed.
package struct JournalFinish {
  private let state: String
  private let fallback: String?
  private let capacity: CoreCapacity
  private let core: CoreVersion

  package init(
    stateDirectory: String, fallback: String?, orderCapacity: Int = Limits.orderCount, core: CoreVersion = .current
  ) {
    state = stateDirectory
    self.fallback = fallback
    var capacity = CoreCapacity.standard
    capacity.orders = orderCapacity
    self.capacity = capacity
    self.core = core
  }

  /// The `snapshot` object of what the next version begins from. Doing it again is harmless. With `runDirectory` the lock
  /// of `instance` is held meanwhile.
  package func run(
    utc: UTCTime, underLockIn runDirectory: String?, of instance: String
  ) throws(EngineFailure) -> [UInt8] {
    guard let runDirectory else { return try run(utc: utc) }
    try Files.makeDirectories(runDirectory)
    let lock = try InstanceLock.take(runDirectory, instance: instance)
    defer { _ = cc_sys_close(lock) }
    return try run(utc: utc)
  }

  private func run(utc: UTCTime) throws(EngineFailure) -> [UInt8] {
    try Restoration.finish(state)
    let identity = try identity()
    let store = SnapshotStore(fileSystem: KernelFileSystem(), directory: state + "/snapshots", identity: identity)
    let loaded = try load(store)
    let journal = JournalOptions(directory: state + "/journal", fallback: fallback, identity: identity)
    if let other = CoreBefore.version(of: journal, after: loaded.end, for: core) {
      throw CoreBefore.refusal(
        "the journal in \(state) ends with records of core \(other); this is core \(core.number)")
    }
    return try finish(loaded, store, identity, utc)
  }

  private func identity() throws(EngineFailure) -> JournalIdentity {
    let found: JournalIdentity?
    do throws(JournalError) {
      found = try JournalIdentity.found(in: state + "/journal", KernelFileSystem())
    } catch {
      throw EngineFailure(1, "io.journal_damaged", "journal: \(error)")
    }
    guard let found else { throw EngineFailure(18, "notfound.journal", "there is no journal in \(state)/journal") }
    return found
  }

  private func load(_ store: SnapshotStore<KernelFileSystem>) throws(EngineFailure) -> LoadedCore {
    try Files.makeDirectories(state + "/snapshots")
    var passed: [SnapshotError] = []
    do throws(SnapshotError) {
      let loaded = try SnapshotLoad.newest(store, capacity: capacity, for: core, passing: &passed)
      for error in passed { Diagnostics.warn(.snapshot, "\(error)") }
      return loaded
    } catch {
      throw EngineFailure(10, "config.snapshot", "\(error)")
    }
  }

  private func finish(
    _ loaded: consuming LoadedCore, _ store: SnapshotStore<KernelFileSystem>, _ identity: JournalIdentity,
    _ utc: UTCTime
  ) throws(EngineFailure) -> [UInt8] {
    let start = loaded.end
    var replay = Replay(core: loaded.takeCore())
    var journal = try JournalStore.open(
      directory: state + "/journal", fallback: fallback, identity: identity, purpose: "journal", mode: .group,
      core: core, ringBytes: JournalRing.defaultCapacity, segmentBytes: JournalOptions.segmentBytesDefault, utc: utc,
      after: start, epoch: { $0 }
    ) { (record) throws(EngineFailure) in try replay.take(record) }
    let time = journal.report.end.time
    var appender = JournalAppender(ring: journal.ring, end: journal.report.end)
    replay.complete(&appender)
    guard let writer = journal.writer.take() else { preconditionFailure("recovery opened the writer") }
    guard let end = journal.close(writer, now: time, utc: utc) else {
      throw EngineFailure(1, "io.journal", "the journal in \(state)/journal cannot be closed")
    }
    do throws(SnapshotError) {
      let name = try SnapshotLoad.write(
        replay.takeCore(), end, created: utc, note: "finished by core \(core.number)", to: store, identity, by: core)
      return SnapshotObject.make(SnapshotFacts(try store.load(name), name: name, path: store.path(name)))
    } catch {
      throw EngineFailure(1, "io.snapshot", "\(error)")
    }
  }
}
