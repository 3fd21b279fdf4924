internal import CCore

/// The reading end of a ring with one producer and one consumer.
///
/// Owner: the thread it was given to. No call waits, allocates or asks the kernel for anything. Looking for the next
/// message touches one cache line: that of the slot.
@safe package struct RingConsumer<Message: BitwiseCopyable>: ~Copyable {
  private let header: UnsafeMutablePointer<cc_ring_header>
  private let slots: UnsafeMutableRawPointer
  private let capacity: UInt64
  private let onDamage: RingDamage
  private var head: UInt64
  package private(set) var isDamaged = false

  /// Goes on where the consumer before stopped.
  ///
  /// The caller promises a ring of this layout at `base` that stays mapped as long as this value lives, and that no
  /// other consumer uses it.
  package init(
    _ layout: RingLayout<Message>, unsafeAt base: UnsafeMutableRawPointer, onDamage: RingDamage = .trap
  ) {
    unsafe header = base.assumingMemoryBound(to: cc_ring_header.self)
    unsafe slots = base + MemoryLayout<cc_ring_header>.size
    capacity = UInt64(layout.capacity)
    self.onDamage = onDamage
    precondition(onDamage == .trap || RingLayout<Message>.messageBytes % 8 == 0, "clients write whole words")
    head = unsafe cc_ring_head_acquire(header)
  }

  /// Takes the next message; `nil` when there is none yet.
  @inline(__always)
  package mutating func tryPop() -> Message? {
    guard hasNext() else { return nil }
    let message = message(head)
    head &+= 1
    // Release, with the producer's acquire: it may overwrite the slot from here on.
    unsafe cc_ring_head_release(header, head)
    return message
  }

  /// Takes the next message into `message`, or returns `false`. For large messages: one copy instead of two.
  @inline(__always)
  package mutating func tryPop(into message: inout Message) -> Bool {
    guard hasNext() else { return false }
    message = self.message(head)
    head &+= 1
    unsafe cc_ring_head_release(header, head)
    return true
  }

  /// The next message, which stays: `advance` takes it away once what it asked for is done.
  @inline(__always)
  package mutating func peek() -> Message? {
    guard hasNext() else { return nil }
    return message(head)
  }

  /// Lends the message behind the next one, if it has come: so that what it needs can be on its way.
  @inline(__always)
  package func peekSecond(_ body: (borrowing Message) -> Void) {
    let place = unsafe slot(head &+ 1)
    guard unsafe cc_ring_sequence_acquire(place + RingLayout<Message>.sequenceOffset) == head &+ 2 else { return }
    unsafe body(place.assumingMemoryBound(to: Message.self).pointee)
  }

  /// Takes away the message that `peek` showed.
  @inline(__always)
  package mutating func advance() {
    // A client may have taken the number away since it was shown.
    precondition(onDamage == .refuse || hasNext(), "there is no message to leave behind")
    head &+= 1
    unsafe cc_ring_head_release(header, head)
  }

  /// Hands at most `limit` messages to `body`, in order, and frees their slots together. Returns how many there were.
  @inline(__always)
  package mutating func drain(_ limit: Int, _ body: (Message) -> Void) -> Int {
    precondition(limit > 0, "a drain takes at least one message")
    var count = 0
    while count < limit, hasNext() {
      body(message(head))
      head &+= 1
      count &+= 1
    }
    if count > 0 { unsafe cc_ring_head_release(header, head) }
    return count
  }

  package var isEmpty: Bool {
    unsafe cc_ring_sequence_acquire(slot(head) + RingLayout<Message>.sequenceOffset) != head &+ 1
  }

  /// Neither a message nor a number that should not be there.
  package var isUntouched: Bool {
    unsafe cc_ring_sequence_acquire(slot(head) + RingLayout<Message>.sequenceOffset)
      == cc_ring_sequence_before(head, capacity)
  }

  /// Messages ever consumed.
  package var consumed: UInt64 { head }

  @inline(__always)
  private mutating func hasNext() -> Bool {
    let number = unsafe cc_ring_sequence_acquire(slot(head) + RingLayout<Message>.sequenceOffset)
    if number == head &+ 1 { return !isDamaged }
    if number != cc_ring_sequence_before(head, capacity) { noteDamage(number) }
    return false
  }

  /// What a client wrote may change while it is read: it is copied out once, and only the copy is looked at.
  @inline(__always)
  private func message(_ position: UInt64) -> Message {
    guard onDamage == .refuse else { return unsafe slot(position).load(as: Message.self) }
    return unsafe withUnsafeTemporaryAllocation(of: Message.self, capacity: 1) { copy in
      guard let copy = copy.baseAddress else { preconditionFailure("room for one message") }
      unsafe cc_ring_copy_words(slot(position), copy, RingLayout<Message>.messageBytes / 8)
      return unsafe copy.pointee
    }
  }

  @inline(never)
  private mutating func noteDamage(_ number: UInt64) {
    precondition(onDamage == .refuse, "ring slot of message \(head + 1) shows \(number)")
    isDamaged = true
  }

  @inline(__always)
  private func slot(_ position: UInt64) -> UnsafeMutableRawPointer {
    unsafe slots + Int(truncatingIfNeeded: position & (capacity &- 1)) &* RingLayout<Message>.slotBytes
  }
}

// As for the producer: one owner at a time, and the ring's protocol orders the rest.
extension RingConsumer: @unchecked Sendable {}
