/// One position of one account in one instrument (and side), at average cost.
///
/// It keeps sums, not averages: `cost` is what the held quantity was bought for, so that nothing drifts. When a part is
/// closed, its share of the cost is rounded half-even at 18 decimals and the rest stays with what is held. Therefore,
/// exactly and after any sequence of fills:
///
///     realised + unrealised(mark) - expenses + funding == cash flow + quantity x mark
package struct PositionBook: Sendable, BitwiseCopyable, Equatable {
  /// Negative: short.
  package private(set) var quantity = Money.zero
  /// Paid for `quantity`; of its sign.
  package private(set) var cost = Money.zero
  package private(set) var realised = Money.zero
  /// Fees that are in neither `cost` nor `realised`, in the quote asset.
  package private(set) var expenses = Money.zero
  /// All fees, in the quote asset; for display.
  package private(set) var fees = Money.zero
  /// Received (positive) or paid.
  package private(set) var funding = Money.zero

  package init() {}

  package var isFlat: Bool { quantity.units == 0 }

  /// Cost of one unit; zero when flat. Rounded: for display, and never put back into the book.
  package var average: Money {
    isFlat ? .zero : cost.over(quantity) ?? .zero
  }

  package var netRealised: Money { realised - expenses + funding }

  /// At `mark`; `nil` on overflow.
  @inline(__always)
  package func unrealised(mark: Price, scale: Int) -> Money? {
    quantity.times(mark, scale: scale)?.subtracting(cost)
  }

  /// At a mark given as money; `nil` on overflow.
  package func unrealised(mark: Money) -> Money? { quantity.times(mark)?.subtracting(cost) }

  /// Takes a spot fill; returns the profit it realised. `nil` on overflow: then nothing has changed.
  @inline(__always)
  package mutating func applySpot(_ fill: BookFill) -> Money? {
    guard let effect = fill.spotEffect else { return nil }
    return apply(effect)
  }

  /// Takes a fill of a linear contract; returns the profit it realised, fees not counted. `nil` on overflow, or for a
  /// fee in base: then nothing has changed.
  @inline(__always)
  package mutating func applyLinear(_ fill: BookFill) -> Money? {
    guard let effect = fill.linearEffect else { return nil }
    return apply(effect)
  }

  /// Books a funding payment (positive: received); `false` on overflow.
  package mutating func applyFunding(_ payment: Money) -> Bool {
    guard let sum = funding.adding(payment) else { return false }
    funding = sum
    return true
  }

  /// A change of the balance that no fill explains (a transfer, a correction): joins at `price` a unit; `nil` on overflow.
  package mutating func applyAdjustment(_ change: Money, at price: Money) -> Money? {
    guard let value = change.times(price) else { return nil }
    return apply(BookFill.Effect(change: change, value: value, expense: .zero, fee: .zero))
  }

  @inline(__always)
  private mutating func apply(_ effect: BookFill.Effect) -> Money? {
    guard let newFees = fees.adding(effect.fee), let newExpenses = expenses.adding(effect.expense),
      let split = BookSplit(effect, held: quantity)
    else { return nil }

    var newCost = cost
    var gain = Money.zero
    if split.closed.units != 0 {
      // Closing all of it takes all of the cost: no remainder outlives a position.
      let leaves = split.closed.units == -quantity.units
      guard let out = leaves ? cost : cost.share(-split.closed, of: quantity),
        let left = cost.subtracting(out),
        let profit = out.adding(split.closedValue).flatMap({ Money.zero.subtracting($0) })
      else { return nil }
      newCost = left
      gain = profit
    } else if effect.change.units == 0 {
      // Fee and quantity cancelled out: what was paid bought nothing.
      guard let loss = Money.zero.subtracting(effect.value) else { return nil }
      gain = loss
    }
    guard let opened = newCost.adding(split.openedValue), let newQuantity = quantity.adding(effect.change),
      let newRealised = realised.adding(gain)
    else { return nil }
    quantity = newQuantity
    cost = opened
    realised = newRealised
    fees = newFees
    expenses = newExpenses
    return gain
  }
}

/// A change of position taken apart into what closes and what opens, with the value of each.
struct BookSplit {
  /// Of the sign of the change; zero when nothing closes.
  var closed = Money.zero
  var closedValue = Money.zero
  var opened = Money.zero
  var openedValue = Money.zero

  /// `nil` on overflow.
  @inline(__always)
  init?(_ effect: BookFill.Effect, held: Money) {
    let (change, value) = (effect.change, effect.value)
    guard change.units != 0 else { return }
    guard held.units != 0, change.isNegative != held.isNegative else {
      (opened, openedValue) = (change, value)
      return
    }
    guard change.units.magnitude > held.units.magnitude else {
      (closed, closedValue) = (change, value)
      return
    }
    // A flip: both parts at the same price; the opening part takes what rounding left.
    guard held.units != .min, let part = value.share(-held, of: change), let rest = value.subtracting(part),
      let beyond = change.adding(held)
    else { return nil }
    (closed, closedValue) = (-held, part)
    (opened, openedValue) = (beyond, rest)
  }
}
