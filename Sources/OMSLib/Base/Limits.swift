/// Every bound of the system. Memory for all of it is reserved at start; running out is a counted, visible refusal.
package enum Limits {
  // Names with numbers (Define records).
  /// Five venues with a main account and 200 sub-accounts each, and room for renamed ones: a number is never reused.
  package static let accountCount = 1_280
  package static let instrumentCount = 1_024
  package static let assetCount = 512
  package static let strategyCount = 256
  package static let venueCount = 16
  /// Names under which rings are granted, those of the past included.
  package static let roleCount = 256
  package static let roleNameBytes = 24
  /// Rings at one time: bits of one word.
  package static let grantCount = 64

  // Orders.
  /// Open orders and the newest finished ones, in one table.
  package static let orderCount = 1 << 18
  /// Whether an engine may be told to keep that many instead.
  package static func canKeep(orders: Int) -> Bool {
    orders >= 64 && orders <= orderCount && orders & (orders - 1) == 0
  }
  /// User ids the core remembers by itself; older ones are in the on-disk index.
  package static let orderIDWindow = 1 << 18
  package static let fillIDWindow = 1 << 18
  package static let replacementsPerOrder = 64
  /// Rows of tags and other texts that open orders refer to.
  package static let textCount = 1 << 16

  // Books kept per (account, instrument, side) and (account, asset).
  package static let positionCount = 1 << 16
  package static let balanceCount = 1 << 15

  /// Levels of each side of a book that can be asked for.
  package static let bookDepth = 1_000

  // Messages.
  package static let recordBytes = 4_096
  package static let requestLineBytes = 65_536
  package static let orderIDBytes = 64
  package static let wireIDBytes = 32

  /// Steps of one input: a command that concerns more orders is worked off over several inputs.
  package static let ordersPerStep = 64
}
