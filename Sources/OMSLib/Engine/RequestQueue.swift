/// A bounded first-in, first-out queue in memory taken at start.
///
/// Owner: the core agent.
@safe struct BoundedQueue<Element: BitwiseCopyable>: ~Copyable {
  let capacity: Int
  private let slots: UnsafeMutablePointer<Element>
  private var head = 0
  private(set) var count = 0

  init(capacity: Int) {
    precondition(capacity > 0 && capacity & (capacity - 1) == 0, "capacity must be a power of two")
    self.capacity = capacity
    unsafe slots = .allocate(capacity: capacity)
  }

  deinit { unsafe slots.deallocate() }

  var isEmpty: Bool { count == 0 }
  var room: Int { capacity - count }

  mutating func push(_ element: Element) {
    precondition(count < capacity, "a queue's room is asked for before the work that fills it (INV-16)")
    unsafe slots[(head + count) & (capacity - 1)] = element
    count += 1
  }

  var first: Element? { count == 0 ? nil : unsafe slots[head] }

  mutating func popFirst() -> Element? {
    guard let first else { return nil }
    head = (head + 1) & (capacity - 1)
    count -= 1
    return first
  }

  subscript(index: Int) -> Element {
    precondition(index >= 0 && index < count, "index outside of the queue")
    return unsafe slots[(head + index) & (capacity - 1)]
  }

  /// Takes element `index` out; those behind it move up.
  mutating func remove(at index: Int) -> Element {
    let removed = self[index]
    for i in index..<(count - 1) {
      unsafe slots[(head + i) & (capacity - 1)] = slots[(head + i + 1) & (capacity - 1)]
    }
    count -= 1
    return removed
  }
}
