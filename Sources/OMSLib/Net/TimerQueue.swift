/// Deadlines, each under a number of the caller's: the earliest first, of equal ones the one that was set first.
///
/// Owner: whoever holds it.
package struct TimerQueue {
  private struct Entry {
    var due: EngineTime
    var order: UInt64
    var number: UInt64

    func isBefore(_ other: Entry) -> Bool {
      due != other.due ? due < other.due : order < other.order
    }
  }

  /// A binary heap, and where in it each number stands.
  private var heap: [Entry] = []
  private var places: [UInt64: Int] = [:]
  private var setCount: UInt64 = 0

  package init() {}

  package var count: Int { heap.count }
  /// When the next one is due; never, without any.
  package var nextDue: EngineTime { heap.first?.due ?? .never }

  package func isSet(_ number: UInt64) -> Bool { places[number] != nil }

  /// Sets the deadline of `number`, in place of the one it had.
  package mutating func set(_ number: UInt64, at due: EngineTime) {
    setCount += 1
    let entry = Entry(due: due, order: setCount, number: number)
    if let place = places[number] {
      heap[place] = entry
      rise(sink(place))
    } else {
      heap.append(entry)
      places[number] = heap.count - 1
      rise(heap.count - 1)
    }
  }

  package mutating func cancel(_ number: UInt64) {
    guard let place = places.removeValue(forKey: number) else { return }
    let last = heap.removeLast()
    guard place < heap.count else { return }
    heap[place] = last
    places[last.number] = place
    rise(sink(place))
  }

  /// The next number whose deadline has come; it is no longer set.
  package mutating func takeDue(_ now: EngineTime) -> UInt64? {
    guard let first = heap.first, first.due <= now else { return nil }
    cancel(first.number)
    return first.number
  }

  private mutating func rise(_ start: Int) {
    var place = start
    while place > 0 {
      let above = (place - 1) / 2
      guard heap[place].isBefore(heap[above]) else { break }
      swap(place, above)
      place = above
    }
  }

  private mutating func sink(_ start: Int) -> Int {
    var place = start
    while true {
      var first = place
      for below in [2 * place + 1, 2 * place + 2] where below < heap.count && heap[below].isBefore(heap[first]) {
        first = below
      }
      if first == place { return place }
      swap(place, first)
      place = first
    }
  }

  private mutating func swap(_ a: Int, _ b: Int) {
    heap.swapAt(a, b)
    places[heap[a].number] = a
    places[heap[b].number] = b
  }
}
