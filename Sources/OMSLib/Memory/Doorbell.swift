internal import CCore

/// Where a thread sleeps until there is work. Producers pay for a system call only while it does sleep.
///
/// Owner: the sleeping thread. Ringers are handed to its producers and must not outlive it.
@safe package struct Doorbell: ~Copyable {
  package enum Kind: Sendable {
    /// A word of memory: the quickest, for a thread that waits for nothing else.
    case word
    /// A descriptor, ready when the bell was rung: for a thread that sleeps in its poll loop.
    case event
  }

  private let bell: UnsafeMutablePointer<cc_doorbell>
  /// Wait for it to be readable; -1 with `.word`.
  package let descriptor: Int32
  private var seen: UInt32 = 0

  package init(_ kind: Kind) throws(SystemError) {
    var descriptor: Int32 = -1
    if kind == .event {
      descriptor = cc_event_create()
      guard descriptor >= 0 else { throw SystemError(errno: -descriptor, call: "eventfd") }
    }
    self.descriptor = descriptor
    // Two lines to itself: producers read the word after every batch.
    let bytes = 2 * Int(CC_CACHE_LINE)
    let memory = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: bytes)
    unsafe memory.initializeMemory(as: UInt8.self, repeating: 0, count: bytes)
    unsafe bell = memory.assumingMemoryBound(to: cc_doorbell.self)
  }

  deinit {
    if descriptor >= 0 { _ = cc_sys_close(descriptor) }
    unsafe UnsafeMutableRawPointer(bell).deallocate()
  }

  package var ringer: Ringer { unsafe Ringer(unsafeBell: bell, descriptor: descriptor) }

  /// Announces sleep. Look for work once more after it: what was published before is visible now, what comes later rings.
  package mutating func announceSleep() { seen = unsafe cc_doorbell_announce(bell) }

  /// Sleeps after `announceSleep`, at most `timeoutNanoseconds` (negative: until rung). With `.event` the owner's poll
  /// loop does the sleeping.
  package mutating func sleep(timeoutNanoseconds: Int64) {
    precondition(descriptor < 0, "a bell with a descriptor is slept on in the poll loop")
    _ = unsafe cc_park_wait(&bell.pointee.park, seen, timeoutNanoseconds)
  }

  /// The owner is up: producers need not ring.
  package mutating func wakeUp() {
    unsafe cc_doorbell_retract(bell)
    if descriptor >= 0 { cc_event_drain(descriptor) }
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
      if descriptor >= 0 { cc_event_signal(descriptor) } else { unsafe cc_park_wake(&bell.pointee.park) }
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
