internal import CCore

/// The numbers that a gate scope stands for at the moment.
package struct GateTarget: Equatable, Sendable, BitwiseCopyable {
  package var account = AccountID.none
  package var instrument = InstrumentID.none
  package var strategy = StrategyID.none
  package var venue = VenueID.none
  package init() {}
}

/// Reads the gate file and answers, before each frame, what may pass.
///
/// Whatever is wrong with the file (short, missing, replaced, unreadable, damaged, not read for 5 s) reads as halted.
/// Reading the head costs one system call; the slots are read only when the head's generation moved, and every 100 ms,
/// together with a look whether the path still leads to the same file.
///
/// Owner: one thread.
package struct GateReader: ~Copyable {
  package static let staleNanoseconds: Int64 = 5_000_000_000
  /// A frame never goes by a reading older than this.
  package static let freshNanoseconds: Int64 = 2_000_000
  static let checkNanoseconds: Int64 = 100_000_000

  package enum Trouble: Equatable, Sendable {
    case none
    case missing
    case replaced
    case unreadable(Int32)
    case damaged
  }

  private struct Shut {
    var state: TradingState
    var scope: GateScope
    /// `nil`: the name is not known here, so nothing here can be meant by it.
    var target: GateTarget?
  }

  private let path: String
  private let resolve: (GateScope) -> GateTarget?
  private var descriptor: Int32 = -1
  private var device: UInt64 = 0
  private var inode: UInt64 = 0
  private var generation: UInt64 = 0
  private var shut: [Shut] = []
  private var readAt = EngineTime(nanoseconds: .min)
  private var checkedAt = EngineTime(nanoseconds: .min)
  package private(set) var trouble = Trouble.none
  /// Changes whenever the answers may have.
  package private(set) var version: UInt64 = 0

  /// `resolve` tells what a name means now; it is asked again after ``namesChanged()``.
  package init(path: String, now: EngineTime, resolve: @escaping (GateScope) -> GateTarget?) {
    self.path = path
    self.resolve = resolve
    open()
    refresh(now: now)
  }

  deinit { if descriptor >= 0 { _ = cc_sys_close(descriptor) } }

  /// Reads again if the last reading is older than `age`.
  package mutating func refresh(now: EngineTime, olderThan age: Int64 = 0) {
    guard now.nanoseconds >= readAt.advanced(byNanoseconds: age).nanoseconds || readAt > now else { return }
    let checks =
      checkedAt > now || now.nanoseconds >= checkedAt.advanced(byNanoseconds: Self.checkNanoseconds).nanoseconds
    if checks {
      checkedAt = now
      checkPath()
    }
    if descriptor >= 0 { readHead(slots: checks) }
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

  /// What is shut, for whoever brings the core into line with the file.
  package var entries: [(scope: GateScope, state: TradingState, target: GateTarget?)] {
    shut.map { ($0.scope, $0.state, $0.target) }
  }

  // MARK: Insides

  private mutating func open() {
    let found = unsafe cc_sys_open(path, UInt32(cc_open_read), 0)
    guard found >= 0 else {
      fail(-found == 2 ? .missing : .unreadable(-found))
      return
    }
    var stat = cc_stat()
    let status = unsafe cc_sys_stat_descriptor(found, &stat)
    guard status == 0 else {
      _ = cc_sys_close(found)
      fail(.unreadable(-status))
      return
    }
    descriptor = found
    device = stat.device
    inode = stat.inode
    generation = 0
  }

  /// A file that was moved away or replaced is halted until the new one, if there is one, has been read.
  private mutating func checkPath() {
    var stat = cc_stat()
    let status = unsafe cc_sys_stat_path(path, &stat)
    if status == 0, descriptor >= 0, stat.inode == inode, stat.device == device {
      return
    }
    if descriptor >= 0 {
      _ = cc_sys_close(descriptor)
      descriptor = -1
      fail(status == 0 ? .replaced : .missing)
      return
    }
    // A file that went away, or became another, says nothing about what may trade: a person has to (``accept()``).
    if trouble == .replaced || wasMissing { return }
    if status == 0 { open() } else { fail(.missing) }
  }

  private var wasMissing: Bool { trouble == .missing && inode != 0 }

  /// A person has looked: the file that is there now counts.
  package mutating func accept(now: EngineTime) {
    if descriptor >= 0 { _ = cc_sys_close(descriptor) }
    descriptor = -1
    inode = 0
    open()
    checkedAt = EngineTime(nanoseconds: .min)
    refresh(now: now)
  }

  private mutating func readHead(slots: Bool) {
    do throws(SystemError) {
      let head = try GateImage.read(descriptor, count: GateFile.slotBytes)
      guard let found = GateImage.generation(in: head) else {
        fail(.damaged)
        return
      }
      if found == generation && !slots && trouble == .none { return }
      try readSlots()
    } catch {
      fail(.unreadable(error.errno))
    }
  }

  private mutating func readSlots() throws(SystemError) {
    // A change may be under way: the next attempts see it whole.
    for _ in 0..<3 {
      let image = try GateImage.read(descriptor, count: GateFile.byteCount)
      guard GateImage.flaw(in: image) == nil, let found = GateImage.generation(in: image) else { continue }
      let entries = GateImage.entries(in: image)
      let isSame =
        trouble == .none && entries.count == shut.count
        && zip(entries, shut).allSatisfy { $0.scope == $1.scope && $0.state == $1.state }
      generation = found
      if isSame { return }
      shut = entries.map { Shut(state: $0.state, scope: $0.scope, target: resolve($0.scope)) }
      trouble = .none
      version &+= 1
      return
    }
    fail(.damaged)
  }

  private mutating func fail(_ why: Trouble) {
    if trouble != why { version &+= 1 }
    trouble = why
  }
}
