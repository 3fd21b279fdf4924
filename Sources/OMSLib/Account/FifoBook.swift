/// A quantity bought (or sold short) at once, and what it cost.
package struct Lot: Sendable, BitwiseCopyable {
  package var quantity = Money.zero
  package var cost = Money.zero
  /// The next younger lot of the book, or the next free one; `LotPool.none` ends the list.
  var next = LotPool.none
  var reserved: UInt32 = 0
  var reserved2: UInt64 = 0
}

/// Lots of all books, in one table reserved at start.
///
/// Owner: whoever owns the books. Lots are named by index, so that a copy of the table is a copy of the state. One lot is
/// kept for every book, so that opening a position never fails for want of lots.
@safe package struct LotPool: ~Copyable {
  static let none = UInt32.max

  package let capacity: Int
  package private(set) var usedCount = 0
  /// Books that could have a position and have no lot yet.
  private var waitingBooks: Int
  private let lots: UnsafeMutablePointer<Lot>
  private var firstFree = LotPool.none
  /// Lots from here on were never used.
  private var untouched = 0

  /// - Parameters:
  ///   - books: How many books may use the pool.
  ///   - extra: Lots beyond one for each book.
  package init(books: Int, extra: Int) {
    precondition(books > 0 && extra >= 0 && books + extra < Int(UInt32.max), "a pool holds 1 to 2^32 - 2 lots")
    capacity = books + extra
    waitingBooks = books
    unsafe lots = .allocate(capacity: books + extra)
  }

  deinit {
    unsafe lots.deallocate()
  }

  subscript(index: UInt32) -> Lot {
    get {
      precondition(Int(index) < untouched, "no such lot")
      return unsafe lots[Int(index)]
    }
    set {
      precondition(Int(index) < untouched, "no such lot")
      unsafe lots[Int(index)] = newValue
    }
  }

  /// The first lot of a book.
  mutating func takeFirst(_ lot: Lot) -> UInt32 {
    precondition(waitingBooks > 0, "more books than the pool was made for")
    waitingBooks -= 1
    return place(lot)
  }

  /// A further lot of a book; `nil` when what is left is kept for first ones.
  mutating func take(_ lot: Lot) -> UInt32? {
    usedCount + waitingBooks < capacity ? place(lot) : nil
  }

  mutating func release(_ index: UInt32, isLast: Bool) {
    precondition(Int(index) < untouched && usedCount > 0, "no such lot")
    var lot = Lot()
    lot.next = firstFree
    unsafe lots[Int(index)] = lot
    firstFree = index
    usedCount -= 1
    if isLast { waitingBooks += 1 }
  }

  private mutating func place(_ lot: Lot) -> UInt32 {
    let index: UInt32
    if firstFree != LotPool.none {
      index = firstFree
      firstFree = unsafe lots[Int(index)].next
    } else {
      precondition(untouched < capacity, "the pool counts its lots")
      index = UInt32(untouched)
      untouched += 1
    }
    unsafe lots[Int(index)] = lot
    usedCount += 1
    return index
  }
}

/// The same position as ``PositionBook``, closed first in, first out.
///
/// A book holds 64 lots at most. The one that would be the 65th, or that finds the pool full, is joined to the youngest:
/// their costs add up, so every sum stays exact and only the order within that lot is lost (`joinedCount` says how often).
package struct FifoBook: Sendable, BitwiseCopyable {
  package static let lotsMax = 64

  package private(set) var quantity = Money.zero
  package private(set) var cost = Money.zero
  package private(set) var realised = Money.zero
  package private(set) var expenses = Money.zero
  package private(set) var funding = Money.zero
  private var oldest = LotPool.none
  private var youngest = LotPool.none
  package private(set) var lotCount: UInt32 = 0
  package private(set) var joinedCount: UInt32 = 0

  package init() {}

  package var netRealised: Money { realised - expenses + funding }

  /// At a mark given as money; `nil` on overflow.
  package func unrealised(mark: Money) -> Money? { quantity.times(mark)?.subtracting(cost) }

  /// As ``PositionBook/applySpot(_:)``.
  package mutating func applySpot(_ fill: BookFill, lots: inout LotPool) -> Money? {
    guard let effect = fill.spotEffect else { return nil }
    return apply(effect, &lots)
  }

  /// As ``PositionBook/applyLinear(_:)``.
  package mutating func applyLinear(_ fill: BookFill, lots: inout LotPool) -> Money? {
    guard let effect = fill.linearEffect else { return nil }
    return apply(effect, &lots)
  }

  /// Books a funding payment (positive: received); `false` on overflow.
  package mutating func applyFunding(_ payment: Money) -> Bool {
    guard let sum = funding.adding(payment) else { return false }
    funding = sum
    return true
  }

  /// Oldest first.
  package func forEachLot(in lots: borrowing LotPool, _ body: (Lot) -> Void) {
    var index = oldest
    for _ in 0..<lotCount {
      let lot = lots[index]
      body(lot)
      index = lot.next
    }
    precondition(index == LotPool.none, "a book has as many lots as it counts")
  }

  private mutating func apply(_ effect: BookFill.Effect, _ lots: inout LotPool) -> Money? {
    // What can overflow is checked before anything changes: no gain exceeds value and cost together.
    guard let newExpenses = expenses.adding(effect.expense), let split = BookSplit(effect, held: quantity),
      let newQuantity = quantity.adding(effect.change), let largest = largestGain(effect.value),
      realised.adding(largest) != nil, realised.subtracting(largest) != nil
    else { return nil }

    var gain = effect.change.units == 0 ? -effect.value : .zero
    if split.closed.units != 0 { gain = close(-split.closed, value: split.closedValue, &lots) }
    if split.opened.units != 0 { open(split.opened, cost: split.openedValue, &lots) }
    quantity = newQuantity
    realised += gain
    expenses = newExpenses
    precondition((quantity.units == 0) == (lotCount == 0), "a flat book has no lots")
    return gain
  }

  private func largestGain(_ value: Money) -> Money? {
    guard value.units != .min, cost.units != .min, let sum = value.magnitude.adding(cost.magnitude) else { return nil }
    // Twice, for costs of both signs within one book.
    return sum.adding(sum)
  }

  /// Takes `amount` (of the position's sign) off the oldest lots; returns what is gained by closing it for `value`.
  private mutating func close(_ amount: Money, value: Money, _ lots: inout LotPool) -> Money {
    var left = amount
    var out = Money.zero
    while left.units != 0 {
      precondition(oldest != LotPool.none, "a position is the sum of its lots")
      var lot = lots[oldest]
      if left.units.magnitude >= lot.quantity.units.magnitude {
        out += lot.cost
        left -= lot.quantity
        lots.release(oldest, isLast: lotCount == 1)
        oldest = lot.next
        lotCount -= 1
      } else {
        guard let part = lot.cost.share(left, of: lot.quantity) else {
          preconditionFailure("a share is not larger than the whole")
        }
        out += part
        lot.cost -= part
        lot.quantity -= left
        lots[oldest] = lot
        left = .zero
      }
    }
    if lotCount == 0 { youngest = LotPool.none }
    cost -= out
    return -(value + out)
  }

  private mutating func open(_ amount: Money, cost value: Money, _ lots: inout LotPool) {
    cost += value
    var lot = Lot()
    lot.quantity = amount
    lot.cost = value
    if lotCount == 0 {
      oldest = lots.takeFirst(lot)
      youngest = oldest
      lotCount = 1
      return
    }
    if lotCount < FifoBook.lotsMax, let index = lots.take(lot) {
      lots[youngest].next = index
      youngest = index
      lotCount += 1
      return
    }
    lots[youngest].quantity += amount
    lots[youngest].cost += value
    joinedCount += 1
  }
}
