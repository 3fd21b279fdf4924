/// The wire ids that were handed to a venue: the set at the last write point (INV-07).
///
/// Holds the newest 2^18 in an open-addressed table of twice that; the oldest leaves when a new one comes. Ids are 130
/// bits of SHA-256 behind one tag, so 128 of their bits stand for them.
///
/// Owner: the core agent.
@safe struct WrittenSet: ~Copyable {
  private struct Key: Equatable, BitwiseCopyable {
    var a: UInt64
    var b: UInt64
    var isEmpty: Bool { a == 0 && b == 0 }
  }

  private let capacity: Int
  private let slotMask: Int
  private let slots: UnsafeMutablePointer<Key>
  private let ages: UnsafeMutablePointer<Key>
  private var oldest = 0
  private(set) var count = 0

  init(capacity: Int = Limits.orderIDWindow) {
    precondition(capacity > 0 && capacity & (capacity - 1) == 0, "capacity must be a power of two")
    self.capacity = capacity
    slotMask = capacity * 2 - 1
    unsafe slots = .allocate(capacity: capacity * 2)
    unsafe slots.initialize(repeating: Key(a: 0, b: 0), count: capacity * 2)
    unsafe ages = .allocate(capacity: capacity)
    unsafe ages.initialize(repeating: Key(a: 0, b: 0), count: capacity)
  }

  deinit {
    unsafe slots.deallocate()
    unsafe ages.deallocate()
  }

  /// `false` when it was there already.
  mutating func insert(_ wireID: Text32) -> Bool {
    let key = Self.key(wireID)
    var slot = Self.home(key) & slotMask
    while unsafe !slots[slot].isEmpty {
      if unsafe slots[slot] == key { return false }
      slot = (slot + 1) & slotMask
    }
    if count == capacity {
      remove(unsafe ages[oldest])
      // The gap may have moved the chain: look for the place again.
      slot = Self.home(key) & slotMask
      while unsafe !slots[slot].isEmpty { slot = (slot + 1) & slotMask }
    } else {
      count += 1
    }
    unsafe slots[slot] = key
    unsafe ages[oldest] = key
    oldest = (oldest + 1) & (capacity - 1)
    return true
  }

  func contains(_ wireID: Text32) -> Bool {
    let key = Self.key(wireID)
    var slot = Self.home(key) & slotMask
    while unsafe !slots[slot].isEmpty {
      if unsafe slots[slot] == key { return true }
      slot = (slot + 1) & slotMask
    }
    return false
  }

  /// Takes `key` out and closes the gap, so that no chain is cut.
  private mutating func remove(_ key: Key) {
    var gap = Self.home(key) & slotMask
    while unsafe slots[gap] != key {
      if unsafe slots[gap].isEmpty { return }
      gap = (gap + 1) & slotMask
    }
    var next = (gap + 1) & slotMask
    while unsafe !slots[next].isEmpty {
      let home = unsafe Self.home(slots[next]) & slotMask
      if (next - home) & slotMask >= (next - gap) & slotMask {
        unsafe slots[gap] = slots[next]
        gap = next
      }
      next = (next + 1) & slotMask
    }
    unsafe slots[gap] = Key(a: 0, b: 0)
  }

  /// The last 24 characters carry 120 bits of the digest; the first 8 are version, tag and two more.
  private static func key(_ wireID: Text32) -> Key {
    Key(
      a: wireID.words.1 ^ (wireID.words.0 &* 0x9E37_79B9_7F4A_7C15),
      b: (wireID.words.2 &* 0xD6E8_FEB8_6659_FD93) ^ wireID.words.3 | 1)
  }

  private static func home(_ key: Key) -> Int {
    var mixed = key.a ^ (key.b &* 0xBF58_476D_1CE4_E5B9)
    mixed ^= mixed >> 29
    mixed = mixed &* 0x94D0_49BB_1331_11EB
    return Int(truncatingIfNeeded: mixed ^ (mixed >> 32)) & .max
  }
}
