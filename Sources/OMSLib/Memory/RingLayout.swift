internal import CCore

/// Why bytes are not the ring they should be.
package enum RingError: Error, Equatable, Sendable {
  case notARing
  case otherVersion(found: UInt32, ours: UInt32)
  /// Made for messages of another size, or larger than the region it lies in.
  case otherShape(messageBytes: Int, capacity: Int)
  /// Positions that no sequence of calls could have produced.
  case damaged
}

/// What to do about a number in a ring that the other end could not have written.
package enum RingDamage: Sendable {
  /// Stop the process: between our own threads it means that memory is broken.
  case trap
  /// Use the ring no more and say so in `isDamaged`: the other end is a client, its mistakes are not ours.
  case refuse
}

/// How a ring for one kind of message lies in memory.
@safe package struct RingLayout<Message: BitwiseCopyable>: Sendable, BitwiseCopyable {
  package let capacity: Int

  /// A ring for `capacity` messages, a power of two.
  package init(capacity: Int) {
    precondition(capacity > 0 && capacity & (capacity - 1) == 0, "a ring's capacity is a power of two")
    precondition(capacity <= 1 << 24, "a ring's capacity is at most 2^24")
    self.capacity = capacity
  }

  package static var messageBytes: Int { MemoryLayout<Message>.size }
  package static var slotBytes: Int { cc_ring_slot_bytes(messageBytes) }
  package static var sequenceOffset: Int { cc_ring_sequence_offset(messageBytes) }

  package var byteCount: Int { MemoryLayout<cc_ring_header>.size + capacity * Self.slotBytes }

  /// Makes an empty ring at `base`.
  ///
  /// The caller promises `byteCount` zeroed bytes on a cache line, that nobody uses yet.
  package func create(unsafeAt base: UnsafeMutableRawPointer) {
    precondition(MemoryLayout<Message>.alignment <= 16, "a slot is aligned to 16 bytes")
    precondition(UInt(bitPattern: base) % UInt(CC_CACHE_LINE) == 0, "a ring begins on a cache line")
    let header = unsafe base.assumingMemoryBound(to: cc_ring_header.self)
    unsafe cc_ring_init(header, UInt32(capacity), UInt32(Self.messageBytes))
  }

  /// What lies at `base`, if it is a ring of such messages that fits into `byteCount` bytes.
  ///
  /// The caller promises that the bytes can be read. Nothing in them is believed before it was checked.
  package static func find(
    unsafeAt base: UnsafeRawPointer, byteCount: Int
  ) throws(RingError) -> RingLayout {
    guard byteCount >= MemoryLayout<cc_ring_header>.size else { throw .notARing }
    let header = unsafe base.assumingMemoryBound(to: cc_ring_header.self)
    guard unsafe header.pointee.magic == CC_RING_MAGIC else { throw .notARing }
    let version = unsafe header.pointee.version
    guard version == CC_RING_VERSION else { throw .otherVersion(found: version, ours: CC_RING_VERSION) }
    let capacity = unsafe Int(header.pointee.capacity)
    let bytes = unsafe Int(header.pointee.message_bytes)
    guard bytes == messageBytes, capacity > 0, capacity <= 1 << 24, capacity & (capacity - 1) == 0 else {
      throw .otherShape(messageBytes: bytes, capacity: capacity)
    }
    let layout = RingLayout(capacity: capacity)
    guard layout.byteCount <= byteCount else { throw .otherShape(messageBytes: bytes, capacity: capacity) }
    let head = unsafe cc_ring_head_acquire(header)
    let tail = unsafe cc_ring_tail_acquire(header)
    // The producer's slot may be one ahead of `tail` if it died in between, never more.
    guard head <= tail &+ 1, tail &- head <= UInt64(capacity) || head == tail &+ 1 else { throw .damaged }
    return layout
  }
}
