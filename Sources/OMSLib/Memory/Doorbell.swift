internal import CCore

/// Where a thread sleeps until there is work. Producers pay for a system call only while it does sleep.
///
/// Owner: the sleeping thread. Ringers are handed to its producers and must not outlive it.
@safe package struct Doorbell: ~Copyable {
  package enum Kind: Sendable {
    /// For a thread that sleeps in its own poll loop.
    case event
    /// Slept on here, together with what clients ring by (``listen(to:)``).
    case parked
  }

  private let bell: UnsafeMutablePointer<cc_doorbell>
  /// Readable when the bell was rung.
  package let descriptor: Int32
  /// Of `.parked`: what it sleeps in.
  private let poll: Int32

  package init(_ kind: Kind) throws(SystemError) {
    (descriptor, poll) = try Self.open(kind)
    // Two lines to itself: producers read the word after every batch.
    let bytes = 2 * Int(CC_CACHE_LINE)
    let memory = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: bytes)
    unsafe memory.initializeMemory(as: UInt8.self, repeating: 0, count: bytes)
    unsafe bell = memory.assumingMemoryBound(to: cc_doorbell.self)
  }

  private static func open(_ kind: Kind) throws(SystemError) -> (descriptor: Int32, poll: Int32) {
    let descriptor = cc_event_create()
    guard descriptor >= 0 else { throw SystemError(errno: -descriptor, call: "eventfd") }
    guard kind == .parked else { return (descriptor, -1) }
    let poll = cc_poll_create()
    let status = poll >= 0 ? cc_poll_watch(poll, descriptor, UInt32(cc_ready_read), 0) : poll
    guard status == 0 else {
      if poll >= 0 { _ = cc_sys_close(poll) }
      _ = cc_sys_close(descriptor)
      throw SystemError(errno: -status, call: "epoll")
    }
    return (descriptor, poll)
  }

  deinit {
    if poll >= 0 { _ = cc_sys_close(poll) }
    _ = cc_sys_close(descriptor)
    unsafe UnsafeMutableRawPointer(bell).deallocate()
  }

  package var ringer: Ringer { unsafe Ringer(unsafeBell: bell, descriptor: descriptor) }

  /// Announces sleep. Look for work once more after it: what was published before is visible now, what comes later rings.
  package mutating func announceSleep() { unsafe cc_doorbell_announce(bell) }

  /// From here on this descriptor wakes the owner too. It is never read: whoever else has it could keep a reader waiting.
  /// `false`: the kernel watches no more.
  package func listen(to other: Int32) -> Bool {
    cc_poll_watch(poll, other, UInt32(cc_ready_read | cc_ready_edge), 0) == 0
  }

  package func ignore(_ other: Int32) { _ = cc_poll_forget(poll, other) }

  /// Sleeps after `announceSleep`, at most `timeoutNanoseconds` (negative: until rung). With `.event` the owner's poll
  /// loop does the sleeping.
  package mutating func sleep(timeoutNanoseconds: Int64) {
    precondition(poll >= 0, "a bell for a poll loop is slept on there")
    _ = cc_poll_sleep(poll, timeoutNanoseconds)
  }

  /// The owner is up: producers need not ring.
  package mutating func wakeUp() {
    unsafe cc_doorbell_retract(bell)
    cc_event_drain(descriptor)
  }

  /// The producer's hand on the bell. Copies may be used by any number of threads.
  @safe package struct Ringer: BitwiseCopyable, @unchecked Sendable {
    // Shared on purpose: all that happens behind it is atomic.
    private let bell: UnsafeMutablePointer<cc_doorbell>
    private let descriptor: Int32

    fileprivate init(unsafeBell bell: UnsafeMutablePointer<cc_doorbell>, descriptor: Int32) {
      unsafe self.bell = bell
      self.descriptor = descriptor
    }

    /// Wakes the owner if it sleeps. Call it once after a batch was published; returns whether it had to.
    @discardableResult
    package func ring() -> Bool {
      guard unsafe cc_doorbell_must_ring(bell) != 0 else { return false }
      cc_event_signal(descriptor)
      return true
    }
  }
}

/// What a polled thread does between two turns.
package enum IdlePolicy: Equatable, Sendable {
  /// Never rests: for a CPU of its own.
  case spin
  /// Rests after so many turns without work.
  case park(afterTurns: Int)
}

/// Counts turns without work and says when to rest.
package struct IdleCounter: Sendable {
  package enum Next: Equatable, Sendable { case poll, sleep }

  package let policy: IdlePolicy
  private var idleTurns = 0

  package init(_ policy: IdlePolicy) {
    if case .park(let turns) = policy { precondition(turns >= 0, "turns are counted from 0") }
    self.policy = policy
  }

  /// Call after each turn with the work it did. `.sleep`: announce, look once more, and sleep.
  @inline(__always)
  package mutating func afterTurn(work: Int) -> Next {
    if work > 0 {
      idleTurns = 0
      return .poll
    }
    cc_thread_pause()
    guard case .park(let turns) = policy else { return .poll }
    idleTurns += 1
    if idleTurns <= turns { return .poll }
    idleTurns = 0
    return .sleep
  }
}
