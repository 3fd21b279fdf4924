internal import CCore

/// The lock that an engine holds on its instance, and a restore while it works.
enum InstanceLock {
  /// The descriptor that holds it.
  static func take(_ runDirectory: String, instance: String) throws(EngineFailure) -> Int32 {
    let path = runDirectory + "/lock"
    let descriptor = unsafe cc_sys_open(path, UInt32(cc_open_read | cc_open_write | cc_open_create), 0o600)
    guard descriptor >= 0 else {
      throw EngineFailure(10, "config.directory", "\(path) cannot be opened (errno \(-descriptor))")
    }
    // A process that was killed a moment ago holds its lock until the kernel has taken it apart.
    var locked = cc_sys_lock(descriptor, 0)
    for _ in 0..<50 where locked != 0 {
      SystemClock().pause(milliseconds: 20)
      locked = cc_sys_lock(descriptor, 0)
    }
    guard locked == 0 else {
      _ = cc_sys_close(descriptor)
      let owner = Files.read(runDirectory + "/pid").map { String(decoding: $0.dropLast(), as: UTF8.self) }
      throw EngineFailure(
        17, "busy.instance", "instance '\(instance)' is running already\(owner.map { " as process \($0)" } ?? "")")
    }
    return descriptor
  }
}

/// Restores an instance that no engine runs: what `oms snapshot restore` and `oms run --adopt` do.
package struct RestoreDesk {
  private let state: String
  private let logs: String
  private let instance: String
  private let fallback: String?
  private let capacity: CoreCapacity
  private let core: CoreVersion

  package init(
    stateDirectory: String, logDirectory: String, instance: String, fallback: String,
    capacity: CoreCapacity = .standard, core: CoreVersion = .current
  ) {
    state = stateDirectory
    logs = logDirectory
    self.instance = instance
    self.fallback = fallback.isEmpty ? nil : fallback
    self.capacity = capacity
    self.core = core
  }

  private func identity() throws(EngineFailure) -> JournalIdentity {
    guard let identity = try InstanceIdentity.read(state, instance: instance) else {
      throw EngineFailure(18, "notfound.state", "\(state) holds no instance")
    }
    return identity
  }

  private func restoration(_ utc: UTCTime) throws(EngineFailure) -> Restoration {
    Restoration(
      stateDirectory: state, logDirectory: logs, fallback: fallback, identity: try identity(), utc: utc,
      capacity: capacity, core: core)
  }

  /// The snapshots of the instance.
  package func snapshots() throws(EngineFailure) -> SnapshotDesk {
    SnapshotDesk(directory: state + "/snapshots", identity: try identity())
  }

  /// Restores `name` under the instance's lock.
  package func restore(
    _ name: String, runDirectory: String, utc: UTCTime
  ) throws(EngineFailure) -> Restoration.Report {
    try Files.makeDirectories(runDirectory)
    let lock = try InstanceLock.take(runDirectory, instance: instance)
    defer { _ = cc_sys_close(lock) }
    return try restoration(utc).run(to: name)
  }

  /// Goes on from the newest snapshot that this core can load, or from nothing. The caller holds the lock.
  func adopt(utc: UTCTime) throws(EngineFailure) -> Restoration.Report {
    let store = SnapshotStore(fileSystem: KernelFileSystem(), directory: state + "/snapshots", identity: try identity())
    for name in ((try? store.names()) ?? []).reversed() {
      guard (try? SnapshotLoad.load(try store.load(name), store.path(name), capacity, for: core)) != nil else {
        continue
      }
      return try restoration(utc).run(to: name)
    }
    return try restoration(utc).run(to: nil)
  }
}

extension Restoration {
  /// Whether going on from a snapshot can help against what kept an engine from starting.
  static func helps(against failure: EngineFailure) -> Bool {
    [
      "io.journal_damaged", "config.journal", "config.replay", "config.core_version", "config.snapshot", "config.ids",
    ].contains(failure.code)
  }
}
