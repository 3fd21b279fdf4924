internal import CCore

/// One journal on the machine's own disk, from recovery to its new ring and writer.
///
/// Owner: whoever starts the engine; the writer then moves to the journal thread.
struct JournalStore: ~Copyable {
  static let regionVersion: UInt32 = 1

  let options: JournalOptions
  let region: OwnedRegion
  let ring: JournalRing
  let report: JournalReport
  var writer: JournalWriter<KernelFileSystem>?
  private let nameFile: String

  /// Looks after the ring's name, from the journal thread.
  var ringKeeper: RingKeeper { RingKeeper(renewal: region.renewal, nameFile: nameFile) }

  /// Reads all records behind `after`, hands each to `take`, and opens the next segment behind them.
  ///
  /// With `after`, as from a snapshot, the journal must reach at least that far: nothing goes on from a state that its
  /// journal does not know.
  /// `epoch` computes the new run's from the highest one found.
  static func open(
    directory: String, fallback: String?, identity: JournalIdentity, purpose: String, mode: DurabilityMode,
    core: CoreVersion = .current, ringBytes: Int, segmentBytes: Int, utc: UTCTime, after: JournalEnd = JournalEnd(),
    epoch: (UInt32) -> UInt32,
    take: (JournalRecord) throws(EngineFailure) -> Void
  ) throws(EngineFailure) -> JournalStore {
    let files = KernelFileSystem()
    try Files.makeDirectories(directory)
    var options = JournalOptions(directory: directory, fallback: fallback, identity: identity)
    options.mode = mode
    options.coreVersion = core.number
    options.segmentBytes = segmentBytes
    let nameFile = directory + "/ring"
    let old = try joinOld(nameFile, identity)
    let (start, report) = try recover(files, options, old, identity, after, utc: utc, take: take)
    // What the old ring held is in segments now.
    switch old {
    case .some(let region): region.unlink()
    case .none: break
    }
    let region = try makeRegion(identity, purpose, ringBytes, nameFile)
    // Somebody who tidies shared memory may remove the name: then a crash would not find the ring.
    options.ringPath = "/dev/shm" + region.name
    let ring = unsafe JournalRing(
      unsafeMaking: region.body, identity: identity, epoch: epoch(report.epoch), end: start.end)
    do throws(JournalError) {
      let writer = try JournalWriter(fileSystem: files, options: options, ring: ring, start: start, utc: utc)
      return JournalStore(
        options: options, region: region, ring: ring, report: report, writer: writer, nameFile: nameFile)
    } catch {
      throw journal(error)
    }
  }

  private static func makeRegion(
    _ identity: JournalIdentity, _ purpose: String, _ ringBytes: Int, _ nameFile: String
  ) throws(EngineFailure) -> OwnedRegion {
    do throws(SystemError) {
      let region = try OwnedRegion.create(
        instance: identity.name.description, purpose: purpose, bodyBytes: JournalRing.headerBytes + ringBytes,
        version: regionVersion)
      try Files.write(Array(region.name.utf8), to: nameFile)
      return region
    } catch {
      throw EngineFailure(10, "config.memory", "\(error.call) failed with errno \(error.errno)")
    }
  }

  private static func recover(
    _ files: KernelFileSystem, _ options: JournalOptions, _ old: borrowing OwnedRegion?, _ identity: JournalIdentity,
    _ after: JournalEnd, utc: UTCTime, take: (JournalRecord) throws(EngineFailure) -> Void
  ) throws(EngineFailure) -> (JournalStart, JournalReport) {
    var ring: JournalRing?
    switch old {
    case .some(let region): ring = unsafe try? JournalRing(unsafeJoining: region.body, identity: identity)
    case .none: break
    }
    var recovery = try opened(files, options, ring, after)
    while let record = try next(&recovery) { try take(record) }
    do throws(JournalError) { return try recovery.finish(utc: utc) } catch { throw journal(error) }
  }

  private static func opened(
    _ files: KernelFileSystem, _ options: JournalOptions, _ ring: JournalRing?, _ after: JournalEnd
  ) throws(EngineFailure) -> JournalRecovery<KernelFileSystem> {
    let isEmpty: Bool
    do throws(JournalError) {
      let recovery = try JournalRecovery(fileSystem: files, options: options, ring: ring, after: after)
      isEmpty = recovery.report.segmentCount == 0
      if !isEmpty || after.lsn == 0 { return recovery }
    } catch {
      throw journal(error)
    }
    precondition(isEmpty, "a journal with segments is recovered")
    throw EngineFailure(
      10, "config.journal",
      "\(options.directory) is empty, but there is a snapshot of its record \(after.lsn); bring the journal back, or begin "
        + "a new one behind a snapshot: oms snapshot restore newest")
  }

  private static func next(
    _ recovery: inout JournalRecovery<KernelFileSystem>
  ) throws(EngineFailure) -> JournalRecord? {
    do throws(JournalError) { return try recovery.next() } catch { throw journal(error) }
  }

  private static func journal(_ error: JournalError) -> EngineFailure {
    let code = if case .system = error { "io.journal" } else { "io.journal_damaged" }
    return EngineFailure(1, code, "journal: \(error)")
  }

  /// The ring that the run before left, unless its owner lives.
  static func joinOld(_ nameFile: String, _ identity: JournalIdentity) throws(EngineFailure) -> OwnedRegion? {
    guard let bytes = Files.read(nameFile) else { return nil }
    let name = String(decoding: bytes, as: UTF8.self)
    guard name.hasPrefix("/oms-") else { return nil }
    var owner: Int32 = 0
    // The owner may be dying: it holds the ring until the kernel has taken it apart.
    for _ in 0..<50 {
      do throws(OwnedRegion.JoinError) {
        return try OwnedRegion.join(name: name, instance: identity.name.description, version: regionVersion)
      } catch {
        guard case .ownerAlive(let process) = error else { return nil }
        owner = Int32(process)
        SystemClock().pause(milliseconds: 20)
      }
    }
    throw EngineFailure(17, "busy.instance", "process \(owner) still owns the journal ring of this instance")
  }

  /// Follows this run's records, from the first on.
  func follower(_ bound: JournalTailer<KernelFileSystem>.Bound) -> JournalFollower<KernelFileSystem> {
    JournalFollower(
      fileSystem: KernelFileSystem(), options: options, ring: ring, startingAt: report.end, bound: bound)
  }

  /// Ends the journal in good order, after its appender has stopped and `writer` came back from its thread. Where it
  /// ends; `nil` when the disk did not let it.
  @discardableResult
  consuming func close(
    _ writer: consuming JournalWriter<KernelFileSystem>, now: EngineTime, utc: UTCTime
  ) -> JournalEnd? {
    // A journal that cannot be closed is recovered by the next start.
    guard let closed = writer.close(now: now, utc: utc) else { return nil }
    region.unlink()
    // It may have another name by now.
    if let name = Files.read(nameFile).map({ String(decoding: $0, as: UTF8.self) }), name.hasPrefix("/oms-") {
      SharedMemory.unlink(name: name)
    }
    Files.remove(nameFile)
    return closed.end
  }
}

/// Gives a journal ring whose name somebody removed a new one, and notes it where the next start looks.
struct RingKeeper: Sendable {
  let renewal: RegionRenewal
  let nameFile: String

  /// All writers of the ring must have stopped. Returns the path of the new name.
  func renew() throws(SystemError) -> String {
    let name = try renewal.renew()
    try Files.write(Array(name.utf8), to: nameFile)
    return "/dev/shm" + name
  }
}

/// Why an engine did not start, or ended: exit code, stable name, sentence.
package struct EngineFailure: Error, Equatable, Sendable {
  package var exit: UInt8
  package var code: String
  package var message: String

  package init(_ exit: UInt8, _ code: String, _ message: String) {
    self.exit = exit
    self.code = code
    self.message = message
  }
}

/// Small files of the state and run directories.
enum Files {
  static func makeDirectories(_ path: String) throws(EngineFailure) {
    var made = ""
    for part in path.split(separator: "/") {
      made += "/" + part
      let status = unsafe cc_sys_mkdir(made, 0o700)
      // 17: it is there.
      guard status == 0 || status == -17 || status == -30 || status == -13 else {
        throw EngineFailure(10, "config.directory", "\(made) cannot be made (errno \(-status))")
      }
    }
    guard KernelFileSystem().exists(path) else {
      throw EngineFailure(10, "config.directory", "\(path) cannot be made")
    }
  }

  static func read(_ path: String) -> [UInt8]? {
    let descriptor = unsafe cc_sys_open(path, UInt32(cc_open_read), 0)
    guard descriptor >= 0 else { return nil }
    defer { _ = cc_sys_close(descriptor) }
    var part = [UInt8](repeating: 0, count: 4_096)
    var bytes: [UInt8] = []
    while true {
      let got = unsafe part.withUnsafeMutableBytes { unsafe cc_sys_read(descriptor, $0.baseAddress, $0.count) }
      guard got > 0 else { return got == 0 ? bytes : nil }
      bytes += part[0..<Int(got)]
    }
  }

  /// Replaces the file whole: by rename, so that nobody reads half of it, and for good: a power cut leaves it there.
  static func write(_ bytes: [UInt8], to path: String) throws(SystemError) {
    let files = KernelFileSystem()
    let fresh = path + ".new"
    let file = try files.open(fresh, [.write, .create, .truncate])
    try unsafe bytes.withUnsafeBufferPointer { bytes throws(SystemError) in
      try unsafe files.write(file, UnsafeRawBufferPointer(bytes), at: 0)
    }
    try files.synchronize(file)
    try files.close(file)
    try files.rename(fresh, to: path)
    if let slash = path.lastIndex(of: "/") { try files.synchronizeDirectory(String(path[..<slash])) }
  }

  /// Removes a directory with everything in it; links are removed, not followed.
  static func removeTree(_ path: String) {
    var stat = cc_stat()
    guard unsafe cc_sys_stat_path(path, &stat) == 0 else { return }
    if let names = try? KernelFileSystem().list(path) {
      for name in names {
        let inner = path + "/" + name
        // A directory cannot be unlinked, anything else can.
        if unsafe cc_sys_unlink(inner) != 0 { removeTree(inner) }
      }
    }
    _ = unsafe cc_sys_rmdir(path)
  }

  static func remove(_ path: String) { _ = unsafe cc_sys_unlink(path) }
}
