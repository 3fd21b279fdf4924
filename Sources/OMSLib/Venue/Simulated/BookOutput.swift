/// What happened in a book: one fixed-size message per fact, in order.
package struct BookEvent: Sendable, BitwiseCopyable {
  package enum Kind: UInt8, Sendable, CaseIterable {
    /// The order rests with `quantity`.
    case rested = 1
    case fill = 2
    /// The order left the book with `quantity` open.
    case removed = 3
    /// Self-trade prevention took the resting order out.
    case makerExpired = 4
  }
  package var taker: UInt64 = 0
  package var maker: UInt64 = 0
  package var level: Int64 = 0
  package var quantity: Int64 = 0
  /// What the resting order still has, shown and hidden, after a fill.
  package var makerRest: Int64 = 0
  package var takerSlot: UInt32 = 0
  package var makerSlot: UInt32 = 0
  package var kindRaw: UInt8 = 0
  /// Side of the taker of a fill, of the order otherwise.
  package var sideRaw: UInt8 = 0
  package var reserved: (UInt16, UInt32, UInt64) = (0, 0, 0)
  package init() {}

  package var kind: Kind? { Kind(rawValue: kindRaw) }
}

/// The ring a book writes its facts into. One writer, one reader, the same owner.
package struct BookOutput: ~Copyable {
  private let events: Rows<BookEvent>
  private let mask: Int
  private var written = 0
  private var taken = 0

  /// `capacity` is a power of two.
  package init(capacity: Int) {
    precondition(capacity > 0 && capacity & (capacity - 1) == 0, "a ring's capacity is a power of two")
    events = Rows(zeroed: capacity)
    mask = capacity - 1
  }

  package var count: Int { written - taken }
  package var room: Int { mask + 1 - count }

  @inline(__always) mutating func push(_ event: BookEvent) {
    precondition(written - taken <= mask, "the reader of a book takes its events after every request")
    events[written & mask] = event
    written &+= 1
  }

  @inline(__always) package mutating func pop() -> BookEvent? {
    guard taken < written else {
      // Empty: what comes next is written where the cache still has the lines.
      taken = 0
      written = 0
      return nil
    }
    let event = events[taken & mask]
    taken &+= 1
    return event
  }
}
