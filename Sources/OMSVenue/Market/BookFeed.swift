import OMSLib

package struct BookLevel: Equatable, Sendable {
  package var price: Int64
  package var quantity: Int64
}

/// The book of one instrument as its clients know it: numbered updates, and for every speed of a stream what it still
/// has to tell.
///
/// A client's copy is right at the end of every update if it holds each level that differs between the copy's beginning
/// and that end. A copy may begin with any snapshot; so every snapshot is a look too, and what differs at a look stays
/// due in all streams, even if it is back where it was at the next.
struct BookFeed {
  struct Update {
    /// First and last number, and the last one of the update before.
    var first: UInt64
    var last: UInt64
    var previous: UInt64
    var bids: [BookLevel]
    var asks: [BookLevel]
  }

  /// What a stream has to tell.
  private struct Due {
    var told: UInt64
    var bids: Set<Int64> = []
    var asks: Set<Int64> = []
  }

  let number: UInt16
  /// Best first.
  private(set) var bids: [BookLevel] = []
  private(set) var asks: [BookLevel] = []
  /// Number of the last update that is in `bids` and `asks`.
  private(set) var id: UInt64 = 0
  /// Best bid and ask as last looked at, and the number they changed with.
  private(set) var top = TopOfBook()
  private(set) var topID: UInt64 = 0
  /// The exchange's own count does not move with everything that changes its book (an order that ends because it met
  /// one of the same owner); this is how far ours is ahead of it.
  private var lead: UInt64 = 0
  /// By the milliseconds between two updates.
  private var due: [Int: Due] = [:]

  init(_ number: UInt16) { self.number = number }

  /// Reads the whole book.
  mutating func look(in exchange: borrowing Exchange) {
    let newBids = Self.levels(.buy, number, Int.max, in: exchange)
    let newAsks = Self.levels(.sell, number, Int.max, in: exchange)
    let changedBids = Self.changes(from: bids, to: newBids, isDescending: true)
    let changedAsks = Self.changes(from: asks, to: newAsks, isDescending: false)
    lookAtTop(in: exchange)
    let next = exchange.top(of: number, at: .zero).bookSequence &+ lead
    if next == id && !(changedBids.isEmpty && changedAsks.isEmpty) { lead &+= 1 }
    id = exchange.top(of: number, at: .zero).bookSequence &+ lead
    (bids, asks) = (newBids, newAsks)
    for speed in due.keys {
      due[speed]?.bids.formUnion(changedBids)
      due[speed]?.asks.formUnion(changedAsks)
    }
  }

  /// The next update is the first one. Nobody may follow the book.
  mutating func startNumbersAnew(in exchange: borrowing Exchange) {
    lead = 0 &- exchange.top(of: number, at: .zero).bookSequence
    (id, topID) = (0, 0)
    look(in: exchange)
  }

  /// Reads best bid and ask. `true`: they changed.
  @discardableResult
  mutating func lookAtTop(in exchange: borrowing Exchange) -> Bool {
    let now = exchange.top(of: number, at: .zero)
    let isSame =
      now.bid == top.bid && now.ask == top.ask && now.bidQuantity == top.bidQuantity
      && now.askQuantity == top.askQuantity
    if !isSame {
      if now.bookSequence &+ lead <= max(topID, id) { lead = max(topID, id) + 1 &- now.bookSequence }
      topID = now.bookSequence &+ lead
    }
    top = now
    return !isSame
  }

  private static func levels(
    _ side: Side, _ number: UInt16, _ count: Int, in exchange: borrowing Exchange
  ) -> [BookLevel] {
    var levels: [BookLevel] = []
    exchange.forEachLevel(of: number, side, count: count) {
      levels.append(BookLevel(price: $0, quantity: $1))
    }
    return levels
  }

  /// Prices at which two books of one side differ.
  private static func changes(from old: [BookLevel], to new: [BookLevel], isDescending: Bool) -> [Int64] {
    var changed: [Int64] = []
    var (left, right) = (0, 0)
    while left < old.count || right < new.count {
      if left < old.count, right < new.count, old[left].price == new[right].price {
        if old[left].quantity != new[right].quantity { changed.append(new[right].price) }
        left += 1
        right += 1
        continue
      }
      let takesOld =
        right == new.count
        || (left < old.count
          && (isDescending ? old[left].price > new[right].price : old[left].price < new[right].price))
      if takesOld {
        changed.append(old[left].price)
        left += 1
      } else {
        changed.append(new[right].price)
        right += 1
      }
    }
    return changed
  }

  // MARK: - Streams

  /// Begins to collect for a speed, from what was last looked at on.
  mutating func follow(speed: Int) {
    if due[speed] == nil { due[speed] = Due(told: id) }
  }

  mutating func unfollow(speed: Int) { due[speed] = nil }

  /// What changed since the last update of that speed; `nil`: nothing did.
  mutating func update(speed: Int) -> Update? {
    guard let waiting = due[speed], !(waiting.bids.isEmpty && waiting.asks.isEmpty) else { return nil }
    precondition(id > waiting.told, "a change has a number")
    due[speed] = Due(told: id)
    return Update(
      first: waiting.told + 1, last: id, previous: waiting.told,
      bids: Self.pick(waiting.bids, from: bids).sorted { $0.price > $1.price },
      asks: Self.pick(waiting.asks, from: asks).sorted { $0.price < $1.price })
  }

  /// What stands at those prices now; nothing is a quantity of 0.
  private static func pick(_ prices: Set<Int64>, from levels: [BookLevel]) -> [BookLevel] {
    var missing = prices
    var picked: [BookLevel] = []
    for level in levels where missing.remove(level.price) != nil { picked.append(level) }
    return picked + missing.map { BookLevel(price: $0, quantity: 0) }
  }
}
