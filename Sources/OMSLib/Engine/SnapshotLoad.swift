/// A core where a snapshot left it, and the journal's end behind which that was.
struct LoadedCore: ~Copyable {
  private let core: Core
  let end: JournalEnd

  init(core: consuming Core, end: JournalEnd) {
    self.core = core
    self.end = end
  }

  consuming func takeCore() -> Core { core }
}

/// Brings cores to where snapshots were taken.
enum SnapshotLoad {
  /// The section with the running digest that belongs to the rows.
  static let digestSection: UInt32 = 1_000
  /// The section with what `--note` said.
  static let noteSection: UInt32 = 1_001
  /// The section with what lists of snapshots tell of its tables.
  static let countsSection: UInt32 = 1_002

  /// A core from the newest snapshot that it can go on from; without one a core as new, behind nothing.
  ///
  /// `passed` tells why newer snapshots were not taken: damaged, or made by another version of the core.
  static func newest<FS: FileSystem>(
    _ store: SnapshotStore<FS>, capacity: CoreCapacity = .standard, for version: CoreVersion = .current,
    passing passed: inout [SnapshotError]
  ) throws(SnapshotError) -> LoadedCore {
    for name in try store.names().reversed() {
      do throws(SnapshotError) {
        return try load(try store.load(name), store.path(name), capacity, for: version)
      } catch {
        // Of a newer version or another instance: nobody may go back behind it unasked.
        guard case .damaged = error else { throw error }
        passed.append(error)
      }
    }
    return LoadedCore(core: Core(capacity: capacity), end: JournalEnd())
  }

  /// A core with the rows of `loaded`; `path` is named in errors.
  static func load(
    _ loaded: borrowing LoadedSnapshot, _ path: String, _ capacity: CoreCapacity,
    for version: CoreVersion = .current
  ) throws(SnapshotError) -> LoadedCore {
    guard version.canLoad(loaded.header.coreVersion) else {
      throw .damaged(
        file: path,
        what:
          "made by core \(loaded.header.coreVersion); core \(version.number) loads those of core \(version.loadsText)")
    }
    guard let stored = loaded.section(digestSection),
      let digest = unsafe NameDirectory.load(StateDigest.self, stored.bytes)
    else { throw .damaged(file: path, what: "it has no digest") }
    var core = Core(capacity: capacity)
    for index in 0..<loaded.sectionCount where loaded.section(at: index).id < digestSection {
      let section = loaded.section(at: index)
      guard core.load(section) else {
        throw .damaged(
          file: path,
          what:
            "table \(section.id) of core \(loaded.header.coreVersion), \(section.count) rows of \(section.rowBytes) "
            + "bytes, does not fit")
      }
    }
    core.finishLoading(digest: digest)
    precondition(core.state.global.nextSeq == loaded.header.end.seq + 1, "rows and header are of one moment")
    return LoadedCore(core: core, end: loaded.header.end)
  }
}

extension SnapshotLoad {
  /// A core of its own beside the engine's: begun from the newest snapshot, brought to record `target` and to the end of
  /// that record's group, meeting every event and digest on the way.
  ///
  /// `wait` is called when the journal shows no further record yet; `false` from it gives up.
  static func replica<FS: FileSystem>(
    _ store: SnapshotStore<FS>, _ fileSystem: FS, _ options: JournalOptions, _ ring: JournalRing,
    capacity: CoreCapacity, for version: CoreVersion = .current, to target: UInt64,
    wait: () throws(EngineFailure) -> Void
  ) throws(EngineFailure) -> LoadedCore {
    try replica(of: begin(store, capacity, version), fileSystem, options, ring, to: target, wait: wait)
  }

  /// A core that has met everything that is in the ring by now, so all that anybody was told of: what is not on the
  /// disk yet is waited for. Behind a dead journal it is what the disk has.
  static func replicaOfNow<FS: FileSystem>(
    _ store: SnapshotStore<FS>, _ fileSystem: FS, _ options: JournalOptions, _ ring: JournalRing,
    capacity: CoreCapacity, for version: CoreVersion = .current, wait: () throws(EngineFailure) -> Void
  ) throws(EngineFailure) -> LoadedCore {
    let target = ring.state == .dead ? ring.durableLsn : ring.appendedLsn
    return try replica(store, fileSystem, options, ring, capacity: capacity, for: version, to: target) {
      () throws(EngineFailure) in
      guard ring.state != .dead else {
        throw EngineFailure(1, "io.journal", "journal: dead, and the disk has only a part of the last group")
      }
      try wait()
    }
  }

  /// As above, begun from `loaded`.
  static func replica<FS: FileSystem>(
    of loaded: consuming LoadedCore, _ fileSystem: FS, _ options: JournalOptions, _ ring: JournalRing,
    to target: UInt64, wait: () throws(EngineFailure) -> Void
  ) throws(EngineFailure) -> LoadedCore {
    var end = loaded.end
    var replay = Replay(core: loaded.takeCore())
    var tailer = JournalTailer(fileSystem: fileSystem, options: options, ring: ring, after: end.lsn)
    while end.lsn < target || !replay.isComplete {
      guard let record = try next(&tailer) else {
        try wait()
        continue
      }
      try replay.take(record)
      end.note(record.header)
    }
    return LoadedCore(core: replay.takeCore(), end: end)
  }

  static func next<FS: FileSystem>(
    _ tailer: inout JournalTailer<FS>
  ) throws(EngineFailure) -> JournalRecord? {
    do throws(JournalError) { return try tailer.next() } catch {
      throw EngineFailure(1, "io.journal", "journal: \(error)")
    }
  }

  private static func begin<FS: FileSystem>(
    _ store: SnapshotStore<FS>, _ capacity: CoreCapacity, _ version: CoreVersion
  ) throws(EngineFailure) -> LoadedCore {
    var passed: [SnapshotError] = []
    do throws(SnapshotError) {
      return try newest(store, capacity: capacity, for: version, passing: &passed)
    } catch {
      throw EngineFailure(1, "io.snapshot", "\(error)")
    }
  }

  /// Writes the rows of `core`, which stands behind `end`, with their digest. Returns the snapshot's name.
  static func write<FS: FileSystem>(
    _ core: borrowing Core, _ end: JournalEnd, created: UTCTime, note: String?, to store: SnapshotStore<FS>,
    _ identity: JournalIdentity, by version: CoreVersion = .current
  ) throws(SnapshotError) -> String {
    precondition(core.state.global.nextSeq == end.seq + 1, "rows and header are of one moment")
    let header = SnapshotHeader(identity: identity, coreVersion: version.number, end: end, created: created)
    var digest = core.state.digest
    var counts = SnapshotCounts(core)
    let note = Array((note ?? "").utf8)
    return try unsafe withUnsafeBytes(of: &digest) { digest in
      unsafe withUnsafeBytes(of: &counts) { counts in
        unsafe note.withUnsafeBytes { note in
          Result<String, SnapshotError> { () throws(SnapshotError) in
            var extra = [
              unsafe SnapshotSection(id: digestSection, rowBytes: digest.count, unsafeBytes: digest),
              unsafe SnapshotSection(id: countsSection, rowBytes: counts.count, unsafeBytes: counts),
            ]
            if note.count > 0 {
              unsafe extra.append(SnapshotSection(id: noteSection, rowBytes: 1, unsafeBytes: note))
            }
            return try store.write(header, core.state.sections + extra)
          }
        }
      }
    }.get()
  }

  /// Records in front of a snapshot that a start looks at again, so that replies know recent fills and events.
  static let lookBackRecords: UInt64 = 1 << 18

  /// Hands kept records up to `end` to `take`: at most ``lookBackRecords``, or all there are. `false`: the end was not
  /// reached, since older segments cannot be read.
  static func lookBack<FS: FileSystem>(
    _ fileSystem: FS, _ options: JournalOptions, to end: JournalEnd, all: Bool, _ take: (JournalRecord) -> Void
  ) -> Bool {
    var start = all || end.lsn < lookBackRecords ? 0 : end.lsn - lookBackRecords
    while true {
      var tailer = JournalTailer(fileSystem: fileSystem, options: options, after: start)
      do throws(JournalError) {
        while tailer.cursor < end.lsn {
          guard let record = try tailer.next() else { return false }
          take(record)
        }
        return true
      } catch {
        // Older segments are gone: what is kept begins later.
        guard case .pruned(_, let oldest) = error, tailer.cursor == start, oldest > start + 1 else { return false }
        start = oldest - 1
        if start >= end.lsn { return false }
      }
    }
  }
}
