/// The numbers that a gate scope stands for at the moment.
package struct GateTarget: Equatable, Sendable, BitwiseCopyable {
  package var account = AccountID.none
  package var instrument = InstrumentID.none
  package var strategy = StrategyID.none
  package var venue = VenueID.none
  package init() {}
}

/// What keeps a gate file from being read.
package enum GateTrouble: Equatable, Sendable {
  case none
  case missing
  case replaced
  case unreadable(Int32)
  case damaged
}

/// What a gate file says: what is shut, and what each of these names means.
struct GateReading {
  var trouble: GateTrouble
  var entries: [(state: TradingState, target: GateTarget?)]
}

/// Reads the gate file and answers, before each frame, what may pass.
///
/// Whatever is wrong with the file (short, missing, replaced, unreadable, damaged, not read for 5 s) reads as halted.
/// Reading the head costs one system call; the slots are read only when the head's generation moved, and every 100 ms,
/// together with a look whether the path still leads to the same file.
///
/// Owner: one thread.
package struct GateReader<FS: FileSystem>: ~Copyable {
  package static var staleNanoseconds: Int64 { 5_000_000_000 }
  /// A frame never goes by a reading older than this.
  package static var freshNanoseconds: Int64 { 2_000_000 }
  static var checkNanoseconds: Int64 { 100_000_000 }

  private struct Shut {
    var state: TradingState
    var scope: GateScope
    /// `nil`: the name is not known here, so nothing here can be meant by it.
    var target: GateTarget?
  }

  private let fileSystem: FS
  private let path: String
  private let resolve: (GateScope) -> GateTarget?
  private var file: FS.File?
  /// Of the last file that was open here.
  private var identity: FileIdentity?
  private var generation: UInt64 = 0
  private var shut: [Shut] = []
  /// The last image that was read and found sound: hardly ever is the next one another.
  private var sound: [UInt8] = []
  private var readAt = EngineTime(nanoseconds: .min)
  private var checkedAt = EngineTime(nanoseconds: .min)
  package private(set) var trouble = GateTrouble.none
  /// Changes whenever the answers may have.
  package private(set) var version: UInt64 = 0

  /// `resolve` tells what a name means now; it is asked again after ``namesChanged()``.
  package init(
    fileSystem: FS, path: String, now: EngineTime, resolve: @escaping (GateScope) -> GateTarget?
  ) {
    self.fileSystem = fileSystem
    self.path = path
    self.resolve = resolve
    open()
    refresh(now: now)
  }

  deinit { if let file { try? fileSystem.close(file) } }

  /// Reads again if the last reading is older than `age`.
  package mutating func refresh(now: EngineTime, olderThan age: Int64 = 0) {
    guard now.nanoseconds >= readAt.advanced(byNanoseconds: age).nanoseconds || readAt > now else { return }
    let checks =
      checkedAt > now || now.nanoseconds >= checkedAt.advanced(byNanoseconds: Self.checkNanoseconds).nanoseconds
    if checks {
      checkedAt = now
      checkPath()
    }
    if let file { readHead(file, slots: checks) }
    // A failed reading leaves `trouble`; the time only tells that somebody looks.
    readAt = now
  }

  /// Names got or changed their numbers.
  package mutating func namesChanged() {
    for index in shut.indices { shut[index].target = resolve(shut[index].scope) }
    version &+= 1
  }

  /// The strictest state that applies to an order of these.
  package func state(
    account: AccountID, instrument: InstrumentID, strategy: StrategyID = .none, venue: VenueID, now: EngineTime
  ) -> TradingState {
    if trouble != .none { return .halted }
    if now > readAt.advanced(byNanoseconds: Self.staleNanoseconds) { return .halted }
    var strictest = TradingState.on
    for entry in shut where entry.state > strictest {
      let applies =
        switch entry.scope.kind {
        case .everything: true
        case .venue: entry.target?.venue == venue
        case .account: entry.target?.account == account
        case .symbol: entry.target?.instrument == instrument
        case .strategy: !strategy.isNone && entry.target?.strategy == strategy
        }
      if applies { strictest = entry.state }
    }
    return strictest
  }

  /// For whoever brings the core into line with the file.
  var reading: GateReading { GateReading(trouble: trouble, entries: shut.map { ($0.state, $0.target) }) }

  // MARK: Insides

  private mutating func open() {
    do throws(SystemError) {
      let found = try fileSystem.open(path, [.read])
      file = found
      identity = try fileSystem.identity(found)
      generation = 0
    } catch {
      close()
      fail(error.errno == 2 ? .missing : .unreadable(error.errno))
    }
  }

  private mutating func close() {
    guard let open = file.take() else { return }
    // Only read from: nothing is lost with it.
    try? fileSystem.close(open)
  }

  /// A file that was moved away or replaced is halted until the new one, if there is one, has been read.
  private mutating func checkPath() {
    let found = try? fileSystem.identity(path: path)
    if file != nil, let found, found.inode == identity?.inode, found.device == identity?.device { return }
    if file != nil {
      close()
      fail(found == nil ? .missing : .replaced)
      return
    }
    // A file that went away, or became another, says nothing about what may trade: a person has to (``accept()``).
    if trouble == .replaced || (trouble == .missing && identity != nil) { return }
    if found == nil { fail(.missing) } else { open() }
  }

  /// A person has looked: the file that is there now counts.
  package mutating func accept(now: EngineTime) {
    close()
    identity = nil
    open()
    checkedAt = EngineTime(nanoseconds: .min)
    refresh(now: now)
  }

  private mutating func readHead(_ file: FS.File, slots: Bool) {
    do throws(SystemError) {
      let head = try GateImage.read(fileSystem, file, count: GateImage.slotBytes)
      guard let found = GateImage.generation(in: head) else {
        fail(.damaged)
        return
      }
      if found == generation && !slots && trouble == .none { return }
      try readSlots(file)
    } catch {
      fail(.unreadable(error.errno))
    }
  }

  private mutating func readSlots(_ file: FS.File) throws(SystemError) {
    // A change may be under way: the next attempts see it whole.
    for _ in 0..<3 {
      let image = try GateImage.read(fileSystem, file, count: GateImage.byteCount)
      if trouble == .none, GateImage.areEqual(image, sound) { return }
      guard GateImage.flaw(in: image) == nil, let found = GateImage.generation(in: image) else { continue }
      let entries = GateImage.entries(in: image)
      let isSame =
        trouble == .none && entries.count == shut.count
        && zip(entries, shut).allSatisfy { $0.scope == $1.scope && $0.state == $1.state }
      generation = found
      sound = image
      if isSame { return }
      shut = entries.map { Shut(state: $0.state, scope: $0.scope, target: resolve($0.scope)) }
      trouble = .none
      version &+= 1
      return
    }
    fail(.damaged)
  }

  private mutating func fail(_ why: GateTrouble) {
    if trouble != why { version &+= 1 }
    trouble = why
  }
}

extension GateReader where FS == KernelFileSystem {
  package init(path: String, now: EngineTime, resolve: @escaping (GateScope) -> GateTarget?) {
    self.init(fileSystem: KernelFileSystem(), path: path, now: now, resolve: resolve)
  }
}
