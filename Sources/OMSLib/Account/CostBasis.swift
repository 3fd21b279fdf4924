/// A signed quantity and its signed cost at average cost, both exact sums. The average itself is derived when somebody
/// looks, so that nothing drifts; what rounding leaves over stays in the cost of the rest.
package struct CostBasis: Equatable, Sendable, BitwiseCopyable {
  package var quantity: Money
  package var cost: Money

  package init(quantity: Money = .zero, cost: Money = .zero) {
    self.quantity = quantity
    self.cost = cost
  }

  /// Trades `quantity` (signed) for `cost` (same sign: what was paid); returns the profit of the part that closed.
  ///
  /// realised + change of cost = -cost, exactly, whatever was rounded on the way.
  package mutating func add(quantity added: Money, cost paid: Money) -> Money {
    precondition(added.isZero || added.isNegative == paid.isNegative || paid.isZero, "cost has the quantity's sign")
    if quantity.isZero || added.isZero || quantity.isNegative == added.isNegative {
      quantity += added
      cost += paid
      return .zero
    }
    let held = quantity.magnitude
    let traded = added.magnitude
    let isFlip = traded > held
    // Of the smaller one all is closed, of the larger one a share.
    let released = traded < held ? share(cost, traded, of: held) : cost
    let received = isFlip ? share(paid, held, of: traded) : paid
    quantity += added
    cost = isFlip ? paid - received : cost - released
    return Money.zero - (received + released)
  }

  /// Average price of what is held, at 18 decimals; `nil` when nothing is.
  package var average: Money? { quantity.isZero ? nil : cost.over(quantity) }

  private func share(_ amount: Money, _ part: Money, of whole: Money) -> Money {
    guard let share = amount.share(part, of: whole) else { preconditionFailure("a share is smaller than its whole") }
    return share
  }
}
