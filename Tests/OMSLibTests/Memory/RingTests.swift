import CCore
import Testing

@testable import OMSLib

/// 40 bytes and a checksum of its own: a torn message is told apart.
private struct Wide: BitwiseCopyable, Equatable {
  var words: (UInt64, UInt64, UInt64, UInt64, UInt64)
  init(_ n: UInt64) { words = (n, n &* 3, n &* 5, n &* 7, ~n) }
  var isWhole: Bool {
    words.1 == words.0 &* 3 && words.2 == words.0 &* 5 && words.3 == words.0 &* 7 && words.4 == ~words.0
  }
  static func == (a: Wide, b: Wide) -> Bool { a.words.0 == b.words.0 && a.isWhole && b.isWhole }
}

@Suite struct RingTests {
  @Test func refusesWhenTheConsumerIsAWholeRingBehind() {
    var ring = LocalRing<UInt64>(capacity: 4)
    var producer = ring.takeProducer()
    var consumer = ring.takeConsumer()
    for value in 0..<4 {
      let pushed = producer.tryPush(UInt64(value))
      #expect(pushed)
    }
    let pushedWhenFull = producer.tryPush(4)
    #expect(!pushedWhenFull)
    let first = consumer.tryPop()
    #expect(first == 0)
    let pushedAfterPop = producer.tryPush(4)
    #expect(pushedAfterPop)
    let depth = ring.depth
    #expect(depth == 4)
  }

  @Test(arguments: 0..<50)
  func behavesLikeAQueue(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    let capacity = 1 << Int(random.below(6))
    var ring = LocalRing<Wide>(capacity: capacity)
    var producer = ring.takeProducer()
    var consumer = ring.takeConsumer()
    var queue: [UInt64] = []
    var next: UInt64 = 0
    for _ in 0..<500 {
      switch random.below(5) {
      case 0, 1:
        let pushed = producer.tryPush(Wide(next))
        #expect(pushed == (queue.count < capacity))
        if pushed {
          queue.append(next)
          next += 1
        }
      case 2:
        let popped = consumer.tryPop()
        #expect(popped == queue.first.map(Wide.init))
        if !queue.isEmpty { queue.removeFirst() }
      case 3:
        let limit = 1 + Int(random.below(8))
        var seen: [UInt64] = []
        let count = consumer.drain(limit) { seen.append($0.words.0) }
        #expect(count == min(limit, queue.count))
        #expect(seen == Array(queue.prefix(count)))
        queue.removeFirst(count)
      default:
        let shown = consumer.peek()
        #expect(shown == queue.first.map(Wide.init))
        if shown != nil, random.chance(1, in: 2) {
          consumer.advance()
          queue.removeFirst()
        }
      }
      let room = producer.room()
      #expect(room == capacity - queue.count)
      let isEmpty = consumer.isEmpty
      #expect(isEmpty == queue.isEmpty)
    }
  }

  @Test func messagesCrossThreadsWholeAndInOrder() throws {
    let count: UInt64 = 200_000
    var ring = LocalRing<Wide>(capacity: 64)
    let ends = Ends(producer: ring.takeProducer(), consumer: ring.takeConsumer())
    let thread = try WorkerThread(named: "ring-producer") {
      var next: UInt64 = 0
      while next < count { if ends.producer.tryPush(Wide(next)) { next += 1 } else { cc_thread_yield() } }
    }
    var expected: UInt64 = 0
    var broken = 0
    while expected < count {
      guard let message = ends.consumer.tryPop() else {
        cc_thread_yield()
        continue
      }
      if !message.isWhole || message.words.0 != expected { broken += 1 }
      expected += 1
    }
    thread.join()
    #expect(broken == 0)
    let depth = ring.depth
    #expect(depth == 0)
  }

  @Test(arguments: [0, 3, 6, -4])
  func trapsWhenCapacityIsNotAPowerOfTwo(capacity: Int) async {
    await #expect(processExitsWith: .failure) { [capacity] in
      _ = RingLayout<UInt64>(capacity: capacity)
    }
  }

  @Test func attachingAgainGoesOnWhereTheEndsStopped() {
    withRingMemory(capacity: 8) { layout, base in
      var producer = RingProducer(layout, unsafeAt: base)
      var consumer = RingConsumer(layout, unsafeAt: base)
      for value in 0..<5 { _ = producer.tryPush(UInt64(value)) }
      _ = consumer.tryPop()
      var nextProducer = RingProducer(layout, unsafeAt: base)
      var nextConsumer = RingConsumer(layout, unsafeAt: base)
      _ = nextProducer.tryPush(5)
      var seen: [UInt64] = []
      _ = nextConsumer.drain(8) { seen.append($0) }
      #expect(seen == [1, 2, 3, 4, 5])
    }
  }

  /// SHM-06: a producer that was killed after the message and before its count.
  @Test func countsTheMessageOfAProducerThatDiedBetweenItsStores() {
    withRingMemory(capacity: 4) { layout, base in
      var producer = RingProducer(layout, unsafeAt: base)
      _ = producer.tryPush(7)
      cc_ring_tail_release(base.assumingMemoryBound(to: cc_ring_header.self), 0)
      var next = RingProducer(layout, unsafeAt: base)
      let published = next.published
      #expect(published == 1)
      _ = next.tryPush(8)
      var consumer = RingConsumer(layout, unsafeAt: base)
      var seen: [UInt64] = []
      _ = consumer.drain(4) { seen.append($0) }
      #expect(seen == [7, 8])
    }
  }

  /// SHM-04: whatever the header says, it is not believed.
  @Test func refusesHeadersThatAreNotOfThisRing() throws {
    withRingMemory(capacity: 8) { layout, base in
      let bytes = layout.byteCount
      func found() -> Result<Int, RingError> {
        Result { () throws(RingError) in try RingLayout<UInt64>.find(unsafeAt: base, byteCount: bytes).capacity }
      }
      #expect(found() == .success(8))
      let header = base.assumingMemoryBound(to: cc_ring_header.self)
      header.pointee.magic ^= 1
      #expect(found() == .failure(.notARing))
      header.pointee.magic ^= 1
      header.pointee.version += 1
      #expect(found() == .failure(.otherVersion(found: CC_RING_VERSION + 1, ours: CC_RING_VERSION)))
      header.pointee.version -= 1
      header.pointee.capacity = 16
      #expect(found() == .failure(.otherShape(messageBytes: 8, capacity: 16)))
      header.pointee.capacity = 7
      #expect(found() == .failure(.otherShape(messageBytes: 8, capacity: 7)))
      header.pointee.capacity = 8
      header.pointee.message_bytes = 16
      #expect(found() == .failure(.otherShape(messageBytes: 16, capacity: 8)))
      header.pointee.message_bytes = 8
      cc_ring_head_release(header, 9)
      #expect(found() == .failure(.damaged))
      cc_ring_head_release(header, 0)
      cc_ring_tail_release(header, 9)
      #expect(found() == .failure(.damaged))
      cc_ring_tail_release(header, 8)
      #expect(found() == .success(8))
    }
  }

  /// SHM-05: numbers that no producer wrote.
  @Test(arguments: [2, 5, UInt64.max])
  func neverReadsASlotWithAnImpossibleNumber(number: UInt64) {
    withRingMemory(capacity: 8) { layout, base in
      var consumer = RingConsumer(layout, unsafeAt: base, onDamage: .refuse)
      var producer = RingProducer(layout, unsafeAt: base)
      cc_ring_sequence_release(base + MemoryLayout<cc_ring_header>.size + 8, number)
      let popped = consumer.tryPop()
      #expect(popped == nil)
      let isDamaged = consumer.isDamaged
      #expect(isDamaged)
      _ = producer.tryPush(1)
      let poppedLater = consumer.tryPop()
      #expect(poppedLater == nil, "what comes from a damaged ring is not trusted again")
    }
  }

  @Test func trapsOnDamageBetweenItsOwnThreads() async {
    await #expect(processExitsWith: .failure) {
      withRingMemory(capacity: 8) { layout, base in
        cc_ring_sequence_release(base + MemoryLayout<cc_ring_header>.size + 8, 3)
        var consumer = RingConsumer(layout, unsafeAt: base)
        _ = consumer.tryPop()
      }
    }
  }

  @Test func trapsWhenTheConsumerIsAheadOfTheProducer() async {
    await #expect(processExitsWith: .failure) {
      withRingMemory(capacity: 2) { layout, base in
        var producer = RingProducer(layout, unsafeAt: base)
        _ = producer.tryPush(1)
        _ = producer.tryPush(2)
        cc_ring_head_release(base.assumingMemoryBound(to: cc_ring_header.self), 5)
        _ = producer.tryPush(3)
      }
    }
  }

  @Test(arguments: [(1, 16), (8, 16), (9, 32), (24, 32), (25, 64), (56, 64), (57, 128), (256, 320)])
  func slotsFitTheMessageAndItsNumber(bytes: Int, slot: Int) {
    #expect(cc_ring_slot_bytes(bytes) == slot)
    #expect(cc_ring_sequence_offset(bytes) + 8 <= slot)
    #expect(cc_ring_sequence_offset(bytes) >= bytes)
  }
}

/// Both ends, so that closures of two threads can reach them.
private final class Ends: @unchecked Sendable {
  var producer: RingProducer<Wide>
  var consumer: RingConsumer<Wide>
  init(producer: consuming RingProducer<Wide>, consumer: consuming RingConsumer<Wide>) {
    self.producer = producer
    self.consumer = consumer
  }
}

private func withRingMemory(capacity: Int, _ body: (RingLayout<UInt64>, UnsafeMutableRawPointer) -> Void) {
  let layout = RingLayout<UInt64>(capacity: capacity)
  let base = UnsafeMutableRawPointer.allocate(byteCount: layout.byteCount, alignment: 128)
  base.initializeMemory(as: UInt8.self, repeating: 0, count: layout.byteCount)
  layout.create(unsafeAt: base)
  body(layout, base)
  base.deallocate()
}
