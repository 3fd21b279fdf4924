internal import CCore

/// A ring between two threads of one process, in memory of its own.
///
/// It hands out each end once. Whoever owns the value keeps it until both threads have let their ends go.
@safe package struct LocalRing<Message: BitwiseCopyable>: ~Copyable {
  private let layout: RingLayout<Message>
  private let base: UnsafeMutableRawPointer
  private var hasProducer = true
  private var hasConsumer = true

  /// Takes and touches all memory here.
  package init(capacity: Int) {
    layout = RingLayout(capacity: capacity)
    unsafe base = UnsafeMutableRawPointer.allocate(byteCount: layout.byteCount, alignment: 2 * Int(CC_CACHE_LINE))
    unsafe base.initializeMemory(as: UInt8.self, repeating: 0, count: layout.byteCount)
    unsafe layout.create(unsafeAt: base)
  }

  deinit { unsafe base.deallocate() }

  package mutating func takeProducer() -> RingProducer<Message> {
    precondition(hasProducer, "a ring has one producer")
    hasProducer = false
    return unsafe RingProducer(layout, unsafeAt: base)
  }

  package mutating func takeConsumer() -> RingConsumer<Message> {
    precondition(hasConsumer, "a ring has one consumer")
    hasConsumer = false
    return unsafe RingConsumer(layout, unsafeAt: base)
  }

  /// Messages pushed and not popped, as seen by somebody who does neither.
  package var depth: Int {
    let header = unsafe base.assumingMemoryBound(to: cc_ring_header.self)
    let head = unsafe cc_ring_head_acquire(header)
    let tail = unsafe cc_ring_tail_acquire(header)
    return tail > head ? Int(tail - head) : 0
  }
}
