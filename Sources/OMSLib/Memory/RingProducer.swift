internal import CCore

/// The writing end of a ring with one producer and one consumer.
///
/// Owner: the thread it was given to; it cannot be copied, so a second producer cannot appear. No call waits, allocates
/// or asks the kernel for anything.
@safe package struct RingProducer<Message: BitwiseCopyable>: ~Copyable {
  private let header: UnsafeMutablePointer<cc_ring_header>
  private let slots: UnsafeMutableRawPointer
  private let capacity: UInt64
  private var tail: UInt64
  /// Where the consumer was when last looked at. It is looked at once a lap, not once a message.
  private var headSeen: UInt64
  private let onDamage: RingDamage
  package private(set) var isDamaged = false

  /// Goes on where the producer before stopped.
  ///
  /// The caller promises a ring of this layout at `base` that stays mapped as long as this value lives, and that no
  /// other producer uses it.
  package init(
    _ layout: RingLayout<Message>, unsafeAt base: UnsafeMutableRawPointer, onDamage: RingDamage = .trap
  ) {
    self.onDamage = onDamage
    unsafe header = base.assumingMemoryBound(to: cc_ring_header.self)
    unsafe slots = base + MemoryLayout<cc_ring_header>.size
    capacity = UInt64(layout.capacity)
    headSeen = unsafe cc_ring_head_acquire(header)
    tail = unsafe cc_ring_tail_acquire(header)
    // A producer killed between its two stores has published the message and not counted it.
    if unsafe cc_ring_sequence_acquire(slot(tail) + RingLayout<Message>.sequenceOffset) == tail &+ 1 {
      tail &+= 1
      unsafe cc_ring_tail_release(header, tail)
    }
    precondition(
      headSeen <= tail && tail - headSeen <= capacity, "ring positions cannot be: head \(headSeen), tail \(tail)")
  }

  /// Publishes `message`, or returns `false` while the consumer is a whole ring behind.
  @inline(__always)
  package mutating func tryPush(_ message: Message) -> Bool {
    guard hasRoom() else { return false }
    let slot = unsafe slot(tail)
    unsafe slot.storeBytes(of: message, as: Message.self)
    tail &+= 1
    // Release, with the consumer's acquire of the same word: who sees the number sees the message.
    unsafe cc_ring_sequence_release(slot + RingLayout<Message>.sequenceOffset, tail)
    unsafe cc_ring_tail_release(header, tail)
    return true
  }

  /// Messages that can be pushed now without a refusal, at least.
  package mutating func room() -> Int {
    lookAtHead()
    return isDamaged ? 0 : Int(capacity - (tail - headSeen))
  }

  /// Messages ever published.
  package var published: UInt64 { tail }

  @inline(__always)
  private mutating func hasRoom() -> Bool {
    if tail &- headSeen != capacity { return true }
    lookAtHead()
    return tail &- headSeen != capacity
  }

  /// Behind damage the consumer stays where it was last seen: soon there is no room any more.
  @inline(__always)
  private mutating func lookAtHead() {
    let head = unsafe cc_ring_head_acquire(header)
    guard head <= tail && tail &- head <= capacity else {
      precondition(onDamage == .refuse, "the ring's consumer is where it cannot be")
      isDamaged = true
      return
    }
    headSeen = head
  }

  @inline(__always)
  private func slot(_ position: UInt64) -> UnsafeMutableRawPointer {
    unsafe slots + Int(truncatingIfNeeded: position & (capacity &- 1)) &* RingLayout<Message>.slotBytes
  }
}

// The pointers reach memory that only this producer and its consumer use, by the protocol of the ring; the value
// itself can only be moved, so one thread has it at a time.
extension RingProducer: @unchecked Sendable {}
