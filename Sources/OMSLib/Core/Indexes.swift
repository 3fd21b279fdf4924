internal import CCore

// Ways into the tables. All of it follows from the rows, so none of it is in the digest or a snapshot: it is rebuilt
// when rows are loaded.

/// Finds an order's row by the 128-bit digest of a user id or wire id. Open addressing, at most half full.
///
/// A slot is one word: 43 bits of the digest and the row. Whether a row with these bits is the one that was looked for,
/// only the row itself can say: so that a hundred thousand open orders do not fill the caches with their ids twice.
///
/// Owner: one core.
@safe struct OrderIndex: ~Copyable {
  private static let rowBits: UInt64 = 21
  private static let rowMask: UInt64 = (1 << 21) - 1

  private let mask: Int
  /// Digest bits above, row + 1 below; 0: empty.
  private let slots: UnsafeMutablePointer<UInt64>
  private(set) var count = 0

  init(capacity: Int) {
    var size = 1024
    while size < capacity * 2 { size *= 2 }
    precondition(size <= 1 << 43 && capacity < Int(Self.rowMask), "row and place in the index fit one word")
    mask = size - 1
    unsafe slots = zeroPages(UInt64.self, size)
  }

  deinit { unsafe releasePages(slots, mask + 1) }

  /// Starts to fetch the place where a search begins.
  @inline(__always)
  func prepare(_ low: UInt64) {
    unsafe cc_prefetch(slots + (Int(truncatingIfNeeded: low) & mask))
  }

  /// The first row with these bits that `isIt`.
  @inline(__always)
  func find(_ low: UInt64, _ isIt: (Int) -> Bool) -> Int? {
    var at = Int(truncatingIfNeeded: low) & mask
    while true {
      let slot = unsafe slots[at]
      if slot == 0 { return nil }
      if (slot ^ (low &<< Self.rowBits)) & ~Self.rowMask == 0 {
        let row = Int(slot & Self.rowMask) - 1
        if isIt(row) { return row }
      }
      at = (at &+ 1) & mask
    }
  }

  mutating func insert(_ low: UInt64, row: Int) {
    precondition(count * 2 <= mask, "the index holds twice the orders it was sized for")
    precondition(row >= 0 && row < Int(Self.rowMask), "a row fits its bits")
    var at = Int(truncatingIfNeeded: low) & mask
    while unsafe slots[at] != 0 { at = (at &+ 1) & mask }
    unsafe slots[at] = low &<< Self.rowBits | UInt64(row + 1)
    count += 1
  }

  mutating func remove(_ low: UInt64, row: Int) {
    let wanted = low &<< Self.rowBits | UInt64(row + 1)
    var hole = Int(truncatingIfNeeded: low) & mask
    while unsafe slots[hole] != wanted {
      precondition(unsafe slots[hole] != 0, "only what was inserted is removed")
      hole = (hole &+ 1) & mask
    }
    // Later entries of the same run move up, so that no search stops at the hole.
    var at = (hole &+ 1) & mask
    while unsafe slots[at] != 0 {
      let home = unsafe Int(truncatingIfNeeded: slots[at] >> Self.rowBits) & mask
      if (at &- home) & mask >= (at &- hole) & mask {
        unsafe slots[hole] = slots[at]
        hole = at
      }
      at = (at &+ 1) & mask
    }
    unsafe slots[hole] = 0
    count -= 1
  }
}

/// Row numbers by a pair of small numbers: (account, instrument), (account, asset). 0: none.
@safe struct PairIndex: ~Copyable {
  private let width: Int
  private let count: Int
  private let rows: UnsafeMutablePointer<UInt32>

  init(_ first: Int, _ second: Int) {
    width = second
    count = first * second
    unsafe rows = zeroPages(UInt32.self, first * second)
  }

  deinit { unsafe releasePages(rows, count) }

  subscript(_ first: Int, _ second: Int) -> Int {
    get {
      let at = first * width + second
      precondition(second < width && at < count)
      return unsafe Int(rows[at])
    }
    set {
      let at = first * width + second
      precondition(second < width && at < count)
      unsafe rows[at] = UInt32(newValue)
    }
  }
}

/// Deadlines in order of (time, order number). An entry may be out of date: the row's own `dueAt` decides.
@safe struct DueHeap: ~Copyable {
  struct Entry: BitwiseCopyable {
    var time: EngineTime
    var order: UInt64

    static func < (a: Entry, b: Entry) -> Bool {
      a.time != b.time ? a.time < b.time : a.order < b.order
    }
  }

  private(set) var count = 0
  private let capacity: Int
  private let entries: UnsafeMutablePointer<Entry>

  init(capacity: Int) {
    self.capacity = capacity
    unsafe entries = zeroPages(Entry.self, capacity)
  }

  deinit { unsafe releasePages(entries, capacity) }

  var first: Entry? { count == 0 ? nil : unsafe entries[0] }
  var isFull: Bool { count == capacity }

  mutating func push(_ entry: Entry) {
    precondition(count < capacity, "more deadlines than reserved")
    var at = count
    count += 1
    while at > 0 {
      let parent = (at - 1) / 2
      let above = unsafe entries[parent]
      guard entry < above else { break }
      unsafe entries[at] = above
      at = parent
    }
    unsafe entries[at] = entry
  }

  mutating func removeFirst() {
    precondition(count > 0)
    count -= 1
    let last = unsafe entries[count]
    var at = 0
    while true {
      var child = at * 2 + 1
      guard child < count else { break }
      if child + 1 < count, unsafe entries[child + 1] < entries[child] { child += 1 }
      let below = unsafe entries[child]
      guard below < last else { break }
      unsafe entries[at] = below
      at = child
    }
    unsafe entries[at] = last
  }

  mutating func removeAll() { count = 0 }
}

/// Set of the newest fills' keys, so that a fill is applied once (INV-19).
@safe struct FillIndex: ~Copyable {
  private let mask: Int
  private let keys: UnsafeMutablePointer<UInt64>
  private(set) var count = 0

  init(capacity: Int) {
    var size = 1024
    while size < capacity * 2 { size *= 2 }
    mask = size - 1
    unsafe keys = zeroPages(UInt64.self, size)
  }

  deinit { unsafe releasePages(keys, mask + 1) }

  /// Starts to fetch the place where a search begins.
  @inline(__always)
  func prepare(_ key: UInt64) {
    unsafe cc_prefetch(keys + (Int(truncatingIfNeeded: key) & mask))
  }

  func contains(_ key: UInt64) -> Bool {
    var at = Int(truncatingIfNeeded: key) & mask
    while unsafe keys[at] != 0 {
      if unsafe keys[at] == key { return true }
      at = (at + 1) & mask
    }
    return false
  }

  mutating func insert(_ key: UInt64) {
    precondition(key != 0 && count * 2 <= mask)
    var at = Int(truncatingIfNeeded: key) & mask
    while unsafe keys[at] != 0 { at = (at + 1) & mask }
    unsafe keys[at] = key
    count += 1
  }

  mutating func remove(_ key: UInt64) {
    var hole = Int(truncatingIfNeeded: key) & mask
    while unsafe keys[hole] != key {
      precondition(unsafe keys[hole] != 0, "only what was inserted is removed")
      hole = (hole + 1) & mask
    }
    var at = (hole + 1) & mask
    while unsafe keys[at] != 0 {
      let home = unsafe Int(truncatingIfNeeded: keys[at]) & mask
      if (at &- home) & mask >= (at &- hole) & mask {
        unsafe keys[hole] = keys[at]
        hole = at
      }
      at = (at + 1) & mask
    }
    unsafe keys[hole] = 0
    count -= 1
  }
}
