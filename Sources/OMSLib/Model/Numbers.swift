// Nothing here can be infinite or not a number: prices, sizes and money are integers throughout (INV-22).

/// A price: an integer count of 10^-scale, where the scale is the instrument's. Meaningless without its instrument.
package struct Price: Comparable, Hashable, Sendable, BitwiseCopyable {
  package var mantissa: Int64
  package init(mantissa: Int64) { self.mantissa = mantissa }
  package static let zero = Price(mantissa: 0)
  package static func < (a: Price, b: Price) -> Bool { a.mantissa < b.mantissa }
}

/// An amount of base asset or contracts at the instrument's quantity scale.
package struct Quantity: Comparable, Hashable, Sendable, BitwiseCopyable {
  package var mantissa: Int64
  package init(mantissa: Int64) { self.mantissa = mantissa }
  package static let zero = Quantity(mantissa: 0)
  package static func < (a: Quantity, b: Quantity) -> Bool { a.mantissa < b.mantissa }
}

/// An exact amount of one asset at 18 decimals. Balances, positions, fees and P&L are kept in it.
package struct Money: Comparable, Hashable, Sendable, BitwiseCopyable {
  /// Units of 10^-18.
  package var units: Int128
  package init(units: Int128) { self.units = units }
  package static let zero = Money(units: 0)
  package static let decimals = 18
  package static func < (a: Money, b: Money) -> Bool { a.units < b.units }
}

/// A fraction in units of 10^-8: fee and funding rates (10 bps is 100,000). May be negative.
package struct Rate: Comparable, Hashable, Sendable, BitwiseCopyable {
  package var e8: Int64
  package init(e8: Int64) { self.e8 = e8 }
  package static let zero = Rate(e8: 0)
  package static func < (a: Rate, b: Rate) -> Bool { a.e8 < b.e8 }
}
