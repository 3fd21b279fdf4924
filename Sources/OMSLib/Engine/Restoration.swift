internal import CCore

/// Takes an instance back to an earlier snapshot, or to nothing, without rewinding anything that anybody has seen.
///
/// The journal is put aside whole and a new one begins: numbers of records, events, orders and names go on above the
/// highest found anywhere; every id of a user in what was put aside is burnt; the first start takes all of it for a loss,
/// so that new risk waits for the venue's word. What happened after the snapshot comes back from the venue: orders that
/// are open there are adopted, fills are read, differences are shown.
///
/// Everything is made ready in a directory of its own. A small file then says that it counts, and the steps behind it
/// are the same however often they are begun: a start, or the next restore, ends what was interrupted.
///
/// Owner: whoever calls, while no engine runs on the state.
package struct Restoration {
  package struct Report: Sendable {
    /// The `snapshot` object of what the next start begins from.
    package var object: [UInt8] = []
    package var highest = HighestNumbers()
    /// Where the old journal is now.
    package var aside = ""
    /// Ids that were burnt because of records behind the snapshot.
    package var burntCount = 0
    /// What could not be read.
    package var findings: [String] = []
  }

  private static let marker = "restore"
  private static let staging = "restore.tmp"
  /// Records that a damaged segment may have held, at most: each takes 64 bytes.
  private static let lostRecords: UInt64 = UInt64(JournalOptions.segmentBytesDefault / JournalFormat.step)

  private let state: String
  private let logDirectory: String
  private let fallback: String?
  private let identity: JournalIdentity
  private let capacity: CoreCapacity
  private let version: CoreVersion
  private let files = KernelFileSystem()
  private let utc: UTCTime

  package init(
    stateDirectory: String, logDirectory: String, fallback: String?, identity: JournalIdentity, utc: UTCTime,
    capacity: CoreCapacity = .standard, core: CoreVersion = .current
  ) {
    state = stateDirectory
    self.logDirectory = logDirectory
    self.fallback = fallback
    self.identity = identity
    self.utc = utc
    self.capacity = capacity
    version = core
  }

  /// Goes back to the snapshot `name`; `nil`: to no orders and no positions, all of which the venue then tells.
  package func run(to name: String?) throws(EngineFailure) -> Report {
    try Self.finish(state)
    var report = Report()
    let begun = try begin(name)
    let from = begun.end
    var core = begun.takeCore()
    var past = try read(behind: from, &report)
    core.know(roles: past.roles)
    try define(past.definitions, &core, at: past.highest)
    let end = past.end(of: identity)
    core.continueAbove(past.highest, lsn: end.lsn)
    report.highest = past.highest
    report.burntCount = past.burnt.rowCount
    try stage(core, end, from, &past, &report)
    return report
  }

  private func begin(_ name: String?) throws(EngineFailure) -> LoadedCore {
    guard let name else { return LoadedCore(core: Core(capacity: capacity), end: JournalEnd()) }
    let store = SnapshotStore(fileSystem: files, directory: state + "/snapshots", identity: identity)
    do throws(SnapshotError) {
      return try SnapshotLoad.load(try store.load(name), store.path(name), capacity, for: version)
    } catch {
      throw EngineFailure(1, "io.snapshot", "\(error)")
    }
  }

  // MARK: Reading what was

  /// All that matters of the journal that is put aside.
  private struct Past {
    var highest = HighestNumbers()
    var definitions: [(type: RecordType, lsn: UInt64, body: [UInt8])] = []
    /// Of the snapshot that knows most of them.
    var roles: [RoleRow] = []
    var burnt: IDIndexWriter<KernelFileSystem>
    var ordinal: UInt64 = 0
    var isDamaged = false
    var hasLostIDs = false
    let start: UInt64

    /// Takes a record that is whole by itself.
    mutating func take(_ record: JournalRecord) {
      let header = record.header
      highest.lsn = max(highest.lsn, header.lsn)
      highest.seq = max(highest.seq, header.seq)
      highest.epoch = max(highest.epoch, header.epoch)
      highest.time = max(highest.time, header.time)
      highest.utc = max(highest.utc, header.utc)
      guard let type = header.type else { return }
      switch type {
      case .order:
        if let image = unsafe NameDirectory.load(OrderImage.self, record.body) {
          highest.orderSerial = max(highest.orderSerial, image.orderNumber >> 20)
        }
      case .roleOrder: highest.note(record, RoleOrderInput.self, \.stamp)
      case .roleCancel: highest.note(record, RoleCancelInput.self, \.stamp)
      case .roleAmend: highest.note(record, RoleAmendInput.self, \.stamp)
      case .defineAsset, .defineVenue, .defineInstrument, .defineAccount, .defineStrategy, .openRole:
        if header.lsn > start { definitions.append((type, header.lsn, unsafe Array(record.body))) }
      default: break
      }
      if header.lsn > burnt.cursor { burnt.take(record, keepsOpen: true) }
    }

    /// Where the restored state stands: above everything, at a number that no record has.
    func end(of identity: JournalIdentity) -> JournalEnd {
      var end = JournalEnd()
      end.lsn = highest.lsn + 1
      end.chain = CRC32C.of([UInt8](String(end.lsn).utf8), after: identity.number) ^ 0x5245_5354
      end.epoch = highest.epoch
      end.seq = highest.seq
      end.time = highest.time
      end.utc = highest.utc
      return end
    }
  }

  private func read(behind from: JournalEnd, _ report: inout Report) throws(EngineFailure) -> Past {
    let index: IDIndex<KernelFileSystem>
    do throws(IDIndexError) {
      index = try IDIndex(fileSystem: files, directory: state + "/ids", identity: identity)
    } catch {
      throw EngineFailure(10, "config.ids", "\(error)")
    }
    report.findings += index.damaged.map(\.description)
    var past = Past(burnt: IDIndexWriter(index, flushCount: .max), start: from.lsn)
    past.highest.lsn = max(from.lsn, index.completeLsn)
    past.highest.seq = max(from.seq, EventLog(files, directory: logDirectory).lastSeq)
    past.highest.epoch = from.epoch
    past.highest.time = from.time
    past.highest.utc = from.utc
    try readSnapshots(&past)
    try saveRing(&past, &report)
    readSegments(&past, &report)
    if past.isDamaged {
      // What cannot be read may have given out as many numbers as fit into it.
      past.highest.lsn += Self.lostRecords
      past.highest.seq += Self.lostRecords
      past.highest.orderSerial += Self.lostRecords
      // Commands of roles rise by steps of their own; nobody's are as long as this.
      for role in 1..<Limits.roleCount { past.highest.sequences[role] += 1 << 32 }
    }
    return past
  }

  /// A snapshot may be of a later record than the journal still tells.
  private func readSnapshots(_ past: inout Past) throws(EngineFailure) {
    let store = SnapshotStore(fileSystem: files, directory: state + "/snapshots", identity: identity)
    for name in (try? store.names()) ?? [] {
      guard let end = readSnapshot(store, name, &past) else { continue }
      past.highest.lsn = max(past.highest.lsn, end.lsn)
      past.highest.seq = max(past.highest.seq, end.seq)
      past.highest.epoch = max(past.highest.epoch, end.epoch)
      past.highest.time = max(past.highest.time, end.time)
      past.highest.utc = max(past.highest.utc, end.utc)
    }
  }

  private func readSnapshot(
    _ store: SnapshotStore<KernelFileSystem>, _ name: String, _ past: inout Past
  ) -> JournalEnd? {
    do throws(SnapshotError) {
      let loaded = try store.load(name)
      guard let section = loaded.section(UInt32(TableID.role.rawValue)),
        Int(section.rowBytes) == MemoryLayout<RoleRow>.stride
      else { return loaded.header.end }
      let rows = (1..<max(section.count, 1)).map { row in
        unsafe section.bytes.loadUnaligned(fromByteOffset: row * MemoryLayout<RoleRow>.stride, as: RoleRow.self)
      }
      for row in rows { past.highest.note(RoleStamp(row.id, row.lastSequence)) }
      if rows.count > past.roles.count { past.roles = rows }
      return loaded.header.end
    } catch {
      return nil
    }
  }

  /// The ring of the last run goes into segments, as at any start; one that does not join them is kept as a file.
  private func saveRing(_ past: inout Past, _ report: inout Report) throws(EngineFailure) {
    let nameFile = state + "/journal/ring"
    guard let region = try JournalStore.joinOld(nameFile, identity) else { return }
    guard let ring = unsafe try? JournalRing(unsafeJoining: region.body, identity: identity) else { return }
    do throws(JournalError) {
      var recovery = try JournalRecovery(fileSystem: files, options: journalOptions, ring: ring)
      while try recovery.next() != nil {}
      _ = try recovery.finish(utc: utc)
    } catch {
      report.findings.append("\(error)")
      past.isDamaged = true
      RingSalvage.each(ring) { past.take($0) }
      past.highest.lsn = max(past.highest.lsn, ring.appendedLsn)
      do throws(SystemError) {
        try Files.write(unsafe Array(UnsafeRawBufferPointer(region.body)), to: state + "/journal/ring.saved")
      } catch {
        throw EngineFailure(1, "io.journal", "the journal ring cannot be kept: \(error.call), errno \(error.errno)")
      }
    }
    region.unlink()
  }

  private func readSegments(_ past: inout Past, _ report: inout Report) {
    let taken = Box(past)
    let found = JournalVerify.run(fileSystem: files, options: journalOptions) { taken.value.take($0) }
    past = taken.value
    for finding in found.findings where finding.kind == .corrupt {
      past.isDamaged = true
      report.findings.append("\(finding.place): \(finding.what)")
    }
    if found.firstLsn > past.burnt.base + 1 {
      past.hasLostIDs = true
      report.findings.append(
        "ids of records \(past.burnt.base + 1) to \(found.firstLsn - 1) are in no index and no journal: those could be "
          + "used again")
    }
    // A journal that is not there at all may have given out any number, too.
    if found.segments.isEmpty { past.isDamaged = true }
    past.highest.epoch = max(past.highest.epoch, found.segments.map(\.epoch).max() ?? 0)
    for directory in [journalOptions.directory] + (fallback.map { [$0] } ?? []) {
      for name in (try? SegmentSet.names(files, in: directory)) ?? [] { past.ordinal = max(past.ordinal, name.ordinal) }
    }
  }

  private final class Box<Value> {
    var value: Value
    init(_ value: Value) { self.value = value }
  }

  private var journalOptions: JournalOptions {
    var options = JournalOptions(directory: state + "/journal", fallback: fallback, identity: identity)
    options.coreVersion = version.number
    return options
  }

  /// Names that got their numbers behind the snapshot keep them.
  private func define(
    _ definitions: [(type: RecordType, lsn: UInt64, body: [UInt8])], _ core: inout Core, at highest: HighestNumbers
  ) throws(EngineFailure) {
    var output = StepOutput()
    for definition in definitions {
      output.clear()
      var room = PaddedBody()
      unsafe withUnsafeMutableBytes(of: &room) { target in
        unsafe target.copyBytes(from: definition.body.prefix(target.count))
        guard let base = target.baseAddress else { return }
        let stamp = StepStamp(time: highest.time, utc: highest.utc, lsn: definition.lsn)
        unsafe core.step(definition.type, UnsafeRawPointer(base), at: stamp, into: &output)
      }
      precondition(output.eventCount == 0, "a name that is defined tells no event")
    }
  }

  // MARK: Making ready

  private func stage(
    _ core: borrowing Core, _ end: JournalEnd, _ from: JournalEnd, _ past: inout Past, _ report: inout Report
  ) throws(EngineFailure) {
    let staging = state + "/" + Self.staging
    Files.removeTree(staging)
    for part in ["journal", "ids", "snapshots"] { try Files.makeDirectories(staging + "/" + part) }
    let time = CivilTime(utc)
    func two(_ number: Int) -> String { (number < 10 ? "0" : "") + String(number) }
    var aside = "journal-until-\(past.highest.lsn)-\(time.year)\(two(time.month))\(two(time.day))"
    while files.exists(state + "/" + aside) { aside += "a" }
    do throws(IDIndexError) {
      _ = try past.burnt.stage(upTo: end, isIncomplete: past.isDamaged || past.hasLostIDs, in: staging + "/ids")
    } catch {
      throw EngineFailure(1, "io.ids", "\(error)")
    }
    let store = SnapshotStore(fileSystem: files, directory: staging + "/snapshots", identity: identity)
    do throws(SnapshotError) {
      let note = from.lsn == 0 ? "begun anew" : "restored from record \(from.lsn)"
      var stands = end
      stands.seq = core.state.global.nextSeq - 1
      let name = try SnapshotLoad.write(core, stands, created: utc, note: note, to: store, identity, by: version)
      let path = state + "/snapshots/" + name
      report.object = SnapshotObject.make(SnapshotFacts(try store.load(name), name: name, path: path))
    } catch {
      throw EngineFailure(1, "io.snapshot", "\(error)")
    }
    try writeJournal(staging + "/journal", core, end, from, past)
    report.aside = state + "/" + aside
    do throws(SystemError) {
      try files.synchronizeDirectory(staging)
      try Files.write(Array("\(aside)\n\(fallback ?? "")\n".utf8), to: state + "/" + Self.marker)
      try files.synchronizeDirectory(state)
    } catch {
      throw EngineFailure(1, "io.state", "\(error.call) failed with errno \(error.errno)")
    }
    try Self.finish(state)
  }

  /// One closed segment with the Restore record; its header says that records may have been lost.
  private func writeJournal(
    _ directory: String, _ core: borrowing Core, _ end: JournalEnd, _ from: JournalEnd, _ past: Past
  ) throws(EngineFailure) {
    var start = JournalStart()
    start.end = end
    start.end.seq = core.state.global.nextSeq - 1
    start.ordinal = past.ordinal
    start.mayHaveLost = true
    let memory = JournalRingMemory()
    let ring = memory.makeRing(identity: identity, epoch: end.epoch, end: start.end)
    var appender = JournalAppender(ring: ring, end: start.end)
    var record = RestoreRecord()
    record.snapshotLsn = from.lsn
    record.highestLsn = past.highest.lsn
    record.highestSeq = past.highest.seq
    let appended = appender.append(.restore, time: end.time, utc: utc, record)
    precondition(appended == end.lsn + 1, "an empty ring has room for one record")
    appender.publish()
    var options = journalOptions
    options.directory = directory
    options.fallback = nil
    options.segmentBytes = JournalOptions.segmentBytesMin
    let closed: JournalStart?
    do throws(JournalError) {
      closed = try JournalWriter(fileSystem: files, options: options, ring: ring, start: start, utc: utc)
        .close(now: end.time, utc: utc)
    } catch {
      throw EngineFailure(1, "io.journal", "\(error)")
    }
    guard closed != nil else {
      throw EngineFailure(1, "io.journal", "the new journal cannot be written (errno \(ring.lastErrno))")
    }
  }

  // MARK: Making it count

  /// Ends a restore that was interrupted behind its point of no return. `false`: there is none.
  ///
  /// `steps` ends it early, as a kill would: for tests.
  @discardableResult
  package static func finish(_ state: String, steps: Int = .max) throws(EngineFailure) -> Bool {
    guard let bytes = Files.read(state + "/" + marker) else {
      // Without the mark nothing counts.
      Files.removeTree(state + "/" + staging)
      return false
    }
    let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
    guard lines.count >= 2 else { throw EngineFailure(10, "config.restore", "\(state)/\(marker) is damaged") }
    var move = Mover(left: steps)
    do throws(SystemError) {
      let made = state + "/" + staging
      try move.files(from: made + "/ids", to: state + "/ids")
      try move.files(from: made + "/snapshots", to: state + "/snapshots")
      let aside = state + "/" + lines[0]
      let fallback = String(lines[1])
      if !fallback.isEmpty { try move.directory(fallback, to: "\(fallback)-\(lines[0])", unless: nil) }
      try move.directory(state + "/journal", to: aside, unless: made + "/journal")
      try move.directory(made + "/journal", to: state + "/journal", unless: nil)
      guard move.left > 0 else { return true }
      let system = KernelFileSystem()
      try system.remove(state + "/" + marker)
      try system.synchronizeDirectory(state)
      Files.removeTree(made)
      return true
    } catch {
      throw EngineFailure(1, "io.state", "the restore cannot be ended: \(error.call) failed with errno \(error.errno)")
    }
  }

  /// Renames, each made durable before the next, and none twice.
  private struct Mover {
    var left: Int
    private let system = KernelFileSystem()

    init(left: Int) { self.left = left }

    mutating func files(from: String, to: String) throws(SystemError) {
      guard system.exists(from) else { return }
      if !system.exists(to) { try system.makeDirectory(to) }
      for name in try system.list(from) { try rename(from + "/" + name, to + "/" + name) }
    }

    /// Moves `from` to `to`, which is not there; with `unless`, only while that is there too.
    mutating func directory(_ from: String, to: String, unless needed: String?) throws(SystemError) {
      guard system.exists(from), !system.exists(to), needed.map({ system.exists($0) }) ?? true else { return }
      try rename(from, to)
    }

    private mutating func rename(_ from: String, _ to: String) throws(SystemError) {
      guard left > 0 else { return }
      left -= 1
      try system.rename(from, to: to)
      for path in [from, to] {
        guard let slash = path.lastIndex(of: "/"), slash != path.startIndex else { continue }
        try system.synchronizeDirectory(String(path[..<slash]))
      }
    }
  }
}

extension HighestNumbers {
  fileprivate mutating func note<Body: BitwiseCopyable>(
    _ record: JournalRecord, _: Body.Type, _ stamp: KeyPath<Body, RoleStamp>
  ) {
    if let body = unsafe NameDirectory.load(Body.self, record.body) { note(body[keyPath: stamp]) }
  }
}

/// Reads what is whole in a ring that does not join its segments.
enum RingSalvage {
  static func each(_ ring: JournalRing, _ take: (JournalRecord) -> Void) {
    var position = ring.durablePosition
    let limit = ring.appendedPosition
    while position < limit {
      let place = unsafe ring.place(position)
      let header = unsafe place.loadUnaligned(as: RecordHeader.self)
      let length = Int(header.length)
      guard length >= JournalFormat.step, length % JournalFormat.step == 0, length <= ring.lapRest(position) else {
        return
      }
      position += UInt64(length)
      let body = unsafe UnsafeRawBufferPointer(
        start: place + JournalFormat.headerBytes, count: length - JournalFormat.headerBytes)
      guard header.typeRaw != 0, unsafe CRC32C.of(body) == header.bodyCRC else { continue }
      unsafe take(JournalRecord(header: header, body: body))
    }
  }
}
