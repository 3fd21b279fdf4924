internal import CCore

// Ways into the tables. All of it follows from the rows, so none of it is in the digest or a snapshot: it is rebuilt
// when rows are loaded.

/// Finds an order's row by the 128-bit digest of a user id or wire id. Open addressing, at most half full.
///
/// Owner: one core.
@safe struct OrderIndex: ~Copyable {
  private struct Slot: BitwiseCopyable {
    var high: UInt64
    var low: UInt64
    /// Row + 1; 0: empty.
    var row: UInt64
  }

  private let mask: Int
  private let slots: UnsafeMutablePointer<Slot>
  private(set) var count = 0

  init(capacity: Int) {
    var size = 1024
    while size < capacity * 2 { size *= 2 }
    mask = size - 1
    unsafe slots = zeroPages(Slot.self, size)
  }

  deinit { unsafe releasePages(slots, mask + 1) }

  /// Starts to fetch the place where a search begins.
  @inline(__always)
  func prepare(_ low: UInt64) {
    unsafe cc_prefetch(slots + (Int(truncatingIfNeeded: low) & mask))
  }

  func find(_ high: UInt64, _ low: UInt64) -> Int? {
    var at = Int(truncatingIfNeeded: low) & mask
    while unsafe slots[at].row != 0 {
      if unsafe slots[at].low == low && slots[at].high == high { return unsafe Int(slots[at].row) - 1 }
      at = (at + 1) & mask
    }
    return nil
  }

  mutating func insert(_ high: UInt64, _ low: UInt64, row: Int) {
    precondition(count * 2 <= mask, "the index holds twice the orders it was sized for")
    var at = Int(truncatingIfNeeded: low) & mask
    while unsafe slots[at].row != 0 {
      precondition(
        unsafe slots[at].low != low || slots[at].high != high, "a client order id is burnt at first use (INV-07)")
      at = (at + 1) & mask
    }
    unsafe slots[at] = Slot(high: high, low: low, row: UInt64(row) + 1)
    count += 1
  }

  mutating func remove(_ high: UInt64, _ low: UInt64) {
    var hole = Int(truncatingIfNeeded: low) & mask
    while true {
      precondition(unsafe slots[hole].row != 0, "only what was inserted is removed")
      if unsafe slots[hole].low == low && slots[hole].high == high { break }
      hole = (hole + 1) & mask
    }
    // Later entries of the same run move up, so that no search stops at the hole.
    var at = (hole + 1) & mask
    while unsafe slots[at].row != 0 {
      let home = unsafe Int(truncatingIfNeeded: slots[at].low) & mask
      if (at &- home) & mask >= (at &- hole) & mask {
        unsafe slots[hole] = slots[at]
        hole = at
      }
      at = (at + 1) & mask
    }
    unsafe slots[hole].row = 0
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
