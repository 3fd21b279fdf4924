/// What a fee was paid in, seen from the instrument.
package enum FeeKind: UInt8, Sendable, CaseIterable {
  /// The quote or settlement asset: part of what was paid or received.
  case quote = 0
  /// The base asset: less was received than was bought.
  case base = 1
  /// Another asset, such as a venue's own coin.
  case third = 2
}

/// A fill as books of positions see it: amounts, no scales.
package struct BookFill: Sendable, BitwiseCopyable {
  package var quantity: Money
  /// Price times quantity, in the quote asset.
  package var notional: Money
  /// In the asset of `feeKind`; positive: paid.
  package var fee: Money
  /// A third asset's fee in the quote asset; unused for the others.
  package var feeValue: Money
  package var sideRaw: UInt8
  package var feeKindRaw: UInt8
  package var reserved: UInt16 = 0
  package var reserved2: UInt32 = 0
  package var reserved3: UInt64 = 0

  @inline(__always)
  package init(
    _ side: Side, quantity: Money, notional: Money, fee: Money = .zero, in feeKind: FeeKind = .quote,
    feeValue: Money = .zero
  ) {
    precondition(quantity.units > 0, "a fill has a quantity")
    self.quantity = quantity
    self.notional = notional
    self.fee = fee
    self.feeValue = feeValue
    sideRaw = side.rawValue
    feeKindRaw = feeKind.rawValue
  }

  /// `nil` when the notional leaves the range of money.
  @inline(__always)
  package init?(
    _ side: Side, _ price: Price, _ quantity: Quantity, of instrument: Instrument, fee: Money = .zero,
    in feeKind: FeeKind = .quote, feeValue: Money = .zero
  ) {
    guard let notional = instrument.notional(price, quantity) else { return nil }
    self.init(
      side, quantity: Money(quantity, scale: Int(instrument.quantityScale)), notional: notional, fee: fee, in: feeKind,
      feeValue: feeValue)
  }

  package var side: Side { sideRaw == Side.buy.rawValue ? .buy : .sell }
  package var feeKind: FeeKind { FeeKind(rawValue: feeKindRaw) ?? .third }

  /// What a fill does to a book: the change of the position, what it cost (negative: brought in), and the fee beside both.
  struct Effect {
    var change: Money
    var value: Money
    /// The part of the fee that neither `change` nor `value` holds, in the quote asset.
    var expense: Money
    /// The whole fee in the quote asset.
    var fee: Money
  }

  /// Spot: a fee in quote belongs to the price paid, one in base to the quantity received. `nil` on overflow.
  @inline(__always)
  var spotEffect: Effect? {
    let isBuy = side == .buy
    let quantity = isBuy ? quantity : -quantity
    let notional = isBuy ? notional : -notional
    switch feeKind {
    case .quote:
      guard let value = notional.adding(fee) else { return nil }
      return Effect(change: quantity, value: value, expense: .zero, fee: fee)
    case .base:
      guard let change = quantity.subtracting(fee), let worth = fee.share(self.notional, of: self.quantity) else {
        return nil
      }
      return Effect(change: change, value: notional, expense: .zero, fee: worth)
    case .third:
      return Effect(change: quantity, value: notional, expense: feeValue, fee: feeValue)
    }
  }

  /// A linear contract: fees never touch the entry price. `nil` for a fee in base, which no such contract has.
  @inline(__always)
  var linearEffect: Effect? {
    let paid: Money
    switch feeKind {
    case .quote: paid = fee
    case .third: paid = feeValue
    case .base: return nil
    }
    let isBuy = side == .buy
    return Effect(
      change: isBuy ? quantity : -quantity, value: isBuy ? notional : -notional, expense: paid, fee: paid)
  }
}
