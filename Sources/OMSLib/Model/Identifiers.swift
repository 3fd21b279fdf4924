/// Stable numbers for names. A number is given by a Define record at first sight and never reused or reordered.
package protocol StableNumber: Hashable, Comparable, Sendable, BitwiseCopyable, CustomStringConvertible {
  var number: UInt16 { get }
  init(number: UInt16)
}

extension StableNumber {
  /// 0 stands for "none"; Define records start at 1.
  package static var none: Self { Self(number: 0) }
  package var isNone: Bool { number == 0 }
  package var index: Int { Int(number) }
  package static func < (a: Self, b: Self) -> Bool { a.number < b.number }
  package var description: String { "\(Self.self)(\(number))" }
}

package struct AccountID: StableNumber {
  package let number: UInt16
  package init(number: UInt16) { self.number = number }
}

package struct InstrumentID: StableNumber {
  package let number: UInt16
  package init(number: UInt16) { self.number = number }
}

package struct AssetID: StableNumber {
  package let number: UInt16
  package init(number: UInt16) { self.number = number }
}

package struct StrategyID: StableNumber {
  package let number: UInt16
  package init(number: UInt16) { self.number = number }
}

/// Who trades through a granted ring: its number is the first half of its orders' ids, for ever.
package struct RoleID: StableNumber {
  package let number: UInt16
  package init(number: UInt16) { self.number = number }
}

package struct VenueID: StableNumber {
  package let number: UInt16
  package init(number: UInt16) { self.number = number }
}

/// A venue's own order or trade id in 128 bits: a decimal number, or a UUID where the venue uses those.
package struct VenueReference: Hashable, Sendable, BitwiseCopyable {
  package var high: UInt64
  package var low: UInt64
  package init(high: UInt64, low: UInt64) {
    self.high = high
    self.low = low
  }
  package init(_ number: UInt64) { self.init(high: 0, low: number) }
  package static let none = VenueReference(high: 0, low: 0)
  package var isNone: Bool { high == 0 && low == 0 }
}
