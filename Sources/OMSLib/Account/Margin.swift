/// One row of a venue's maintenance margin table: for notionals above `floor` up to and including `cap`.
package struct MarginBracket: Sendable, BitwiseCopyable {
  package var floor: Money
  package var cap: Money
  /// Taken off, so that the margin is continuous from row to row.
  package var amount: Money
  package var rate: Rate
  /// The highest leverage allowed in it; 0: as the instrument says.
  package var maxLeverage: UInt16
  package var reserved: UInt16 = 0
  package var reserved2: UInt32 = 0

  package init(floor: Money, cap: Money, rate: Rate, amount: Money, maxLeverage: UInt16 = 0) {
    self.floor = floor
    self.cap = cap
    self.rate = rate
    self.amount = amount
    self.maxLeverage = maxLeverage
  }

  /// No maintenance at all: with it the liquidation price is the price of bankruptcy.
  package static let none = MarginBracket(floor: .zero, cap: .max, rate: .zero, amount: .zero)

  /// The row for a notional; above the last one its last row. `brackets` rise and are not empty.
  package static func find(_ notional: Money, in brackets: Span<MarginBracket>) -> MarginBracket {
    precondition(!brackets.isEmpty, "a margin table has a row")
    for index in 0..<(brackets.count - 1) where notional <= brackets[index].cap { return brackets[index] }
    return brackets[brackets.count - 1]
  }

  /// Maintenance margin of a position of this notional; `nil` on overflow.
  @inline(__always)
  package func maintenance(_ notional: Money) -> Money? { notional.times(rate)?.subtracting(amount) }
}

/// One position as margin sees it: quantity (negative: short) and what it was opened for.
package struct MarginLeg: Sendable, BitwiseCopyable {
  package var quantity: Money
  /// Of the sign of `quantity`: quantity times entry.
  package var cost: Money

  package init(quantity: Money, cost: Money) {
    self.quantity = quantity
    self.cost = cost
  }

  package init(_ book: PositionBook) { self.init(quantity: book.quantity, cost: book.cost) }

  /// Of a position given by its entry price; `nil` on overflow.
  package init?(quantity: Money, entry: Money) {
    guard let cost = quantity.times(entry) else { return nil }
    self.init(quantity: quantity, cost: cost)
  }

  package func notional(mark: Money) -> Money? {
    guard let value = quantity.times(mark), value.units != .min else { return nil }
    return value.magnitude
  }

  package func unrealised(mark: Money) -> Money? { quantity.times(mark)?.subtracting(cost) }

  /// `nil` on overflow.
  package func maintenance(mark: Money, in brackets: Span<MarginBracket>) -> Money? {
    guard let notional = notional(mark: mark) else { return nil }
    return MarginBracket.find(notional, in: brackets).maintenance(notional)
  }
}

package enum Margin {
  /// Notional over leverage, rounded up; `nil` on overflow.
  package static func initial(notional: Money, leverage: UInt16) -> Money? {
    notional.over(Money(Int64(max(leverage, 1))), .ceil)
  }

  /// Maintenance over margin balance: at 1 the account is liquidated. `nil` without a positive balance.
  package static func ratio(maintenance: Money, balance: Money) -> Money? {
    balance.units > 0 ? maintenance.over(balance) : nil
  }

  /// Unrealised profit over the initial margin at entry; `nil` when flat.
  package static func returnOnEquity(unrealised: Money, cost: Money, leverage: UInt16) -> Money? {
    guard cost.units != 0, cost.units != .min else { return nil }
    return unrealised.times(Money(Int64(leverage)))?.over(cost.magnitude)
  }
}

/// The mark at which maintenance margin eats up the margin balance, for the positions of one instrument.
package struct LiquidationTerms: Sendable {
  /// Isolated: the wallet of this position. Cross: of the account.
  package var walletBalance: Money
  /// Of the account's positions in other instruments; zero when isolated.
  package var otherMaintenance = Money.zero
  package var otherUnrealised = Money.zero

  package init(walletBalance: Money) { self.walletBalance = walletBalance }

  /// For one position, with the row of the margin table given; zero: there is no such price. `nil` on overflow.
  package func price(_ leg: MarginLeg, _ bracket: MarginBracket) -> Money? {
    let flat = MarginLeg(quantity: .zero, cost: .zero)
    return price(leg, bracket, flat, .none)
  }

  /// For a long and a short in the same instrument (hedge mode).
  package func price(_ a: MarginLeg, _ first: MarginBracket, _ b: MarginLeg, _ second: MarginBracket) -> Money? {
    guard a.quantity.units != .min, b.quantity.units != .min,
      let free = walletBalance.subtracting(otherMaintenance)?.adding(otherUnrealised),
      let relief = free.adding(first.amount)?.adding(second.amount),
      let numerator = relief.subtracting(a.cost)?.subtracting(b.cost),
      let ownRate = a.quantity.magnitude.times(first.rate), let otherRate = b.quantity.magnitude.times(second.rate),
      let denominator = ownRate.adding(otherRate)?.subtracting(a.quantity)?.subtracting(b.quantity)
    else { return nil }
    // Equal long and short without maintenance: no price moves the balance.
    guard denominator.units != 0 else { return .zero }
    guard let price = numerator.over(denominator) else { return nil }
    return price.units > 0 ? price : .zero
  }

  /// With the row that holds at the mark.
  package func price(_ leg: MarginLeg, mark: Money, in brackets: Span<MarginBracket>) -> Money? {
    guard let notional = leg.notional(mark: mark) else { return nil }
    return price(leg, MarginBracket.find(notional, in: brackets))
  }

  package func price(_ a: MarginLeg, _ b: MarginLeg, mark: Money, in brackets: Span<MarginBracket>) -> Money? {
    guard let first = a.notional(mark: mark), let second = b.notional(mark: mark) else { return nil }
    return price(a, MarginBracket.find(first, in: brackets), b, MarginBracket.find(second, in: brackets))
  }

  /// With the row that holds at the price itself; zero: there is no such price. `nil` on overflow.
  package func consistentPrice(_ leg: MarginLeg, in brackets: Span<MarginBracket>) -> Money? {
    for index in 0..<brackets.count {
      let bracket = brackets[index]
      guard let price = price(leg, bracket), let notional = leg.notional(mark: price) else { return nil }
      let isLast = index == brackets.count - 1
      if price.units > 0, notional > bracket.floor, isLast || notional <= bracket.cap { return price }
    }
    return .zero
  }
}
