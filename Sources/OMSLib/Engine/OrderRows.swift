/// Which published row shows which order of the core. The core's table is far larger than the published one: an order
/// keeps its row while it is open, and rows of finished ones are given away again, the longest finished first.
///
/// Owner: the hot thread. Allocates nothing after `init`.
@safe struct OrderRows: ~Copyable {
  let capacity: Int
  private let slotCount: Int
  /// One more than the row of each slot of the core; 0: none.
  private let rowOfSlot: UnsafeMutablePointer<UInt32>
  /// One more than the slot that each row shows; 0: none yet.
  private let slotOfRow: UnsafeMutablePointer<UInt32>
  /// Rows that may be given away, in a circle.
  private let free: UnsafeMutablePointer<UInt32>
  private let isFree: UnsafeMutablePointer<UInt8>
  private var firstFree = 0
  private(set) var freeCount: Int

  init(capacity: Int, slots: Int) {
    precondition(capacity > 0 && slots > 0 && slots <= Int(UInt32.max), "rows and slots are counted in 32 bits")
    self.capacity = capacity
    slotCount = slots
    unsafe rowOfSlot = zeroPages(UInt32.self, slots)
    unsafe slotOfRow = zeroPages(UInt32.self, capacity)
    unsafe free = zeroPages(UInt32.self, capacity)
    unsafe isFree = zeroPages(UInt8.self, capacity)
    freeCount = capacity
    for row in 0..<capacity {
      unsafe free[row] = UInt32(row)
      unsafe isFree[row] = 1
    }
  }

  deinit {
    unsafe releasePages(rowOfSlot, slotCount)
    unsafe releasePages(slotOfRow, capacity)
    unsafe releasePages(free, capacity)
    unsafe releasePages(isFree, capacity)
  }

  func row(of slot: Int) -> Int? {
    precondition(slot >= 0 && slot < slotCount, "a slot of the core's table")
    let row = unsafe rowOfSlot[slot]
    return row == 0 ? nil : Int(row) - 1
  }

  /// A row for an order that has none; `nil` while all of them show open orders, which `isOpen` tells by slot.
  mutating func take(for slot: Int, isOpen: (Int) -> Bool) -> Int? {
    precondition(row(of: slot) == nil, "an order has one row")
    while freeCount > 0 {
      let row = unsafe Int(free[firstFree])
      firstFree = (firstFree + 1) % capacity
      freeCount -= 1
      unsafe isFree[row] = 0
      let shown = unsafe slotOfRow[row]
      if shown != 0 {
        // Its slot of the core has a new order since: the row goes on showing that one.
        if isOpen(Int(shown) - 1) { continue }
        unsafe rowOfSlot[Int(shown) - 1] = 0
      }
      unsafe slotOfRow[row] = UInt32(slot) + 1
      unsafe rowOfSlot[slot] = UInt32(row) + 1
      return row
    }
    return nil
  }

  /// The order that `row` shows has ended: it stays readable until the row is needed.
  mutating func release(_ row: Int) {
    precondition(row >= 0 && row < capacity, "a published row")
    guard unsafe isFree[row] == 0 else { return }
    unsafe isFree[row] = 1
    unsafe free[(firstFree + freeCount) % capacity] = UInt32(row)
    freeCount += 1
    precondition(freeCount <= capacity, "a row is free once")
  }
}
