/// Every limit there is. A limit has a value at every scope it applies to: what the files say, else the built-in default.
///
/// Amounts are `Money` units of 10^-18: of the report currency for notionals and losses, of the base asset or contracts
/// for quantities, plain numbers (x 10^18) for counts, rates, ratios and fractions.
package enum LimitKind: UInt8, Sendable, CaseIterable {
  case maxOrderQuantity = 1
  case maxOrderNotional = 2
  /// Base quantity of one position, worst case of working orders included.
  case maxPositionQuantity = 3
  /// Notional of one position, worst case included.
  case maxPositionNotional = 4
  case maxGrossNotional = 5
  case maxNetNotional = 6
  case maxOpenOrders = 7
  case maxOrdersPerSecond = 8
  case maxLeverage = 9
  /// Fraction of the mark between it and the liquidation price, at least.
  case minLiquidationDistance = 10
  case maxVaR = 11
  case dailyLoss = 12
  /// Fractions of peak equity. Mild warns, moderate allows only reducing, severe halts.
  case drawdownMild = 13
  case drawdownModerate = 14
  case drawdownSevere = 15
  /// Distance of a limit price from the touch on the aggressive side, as a fraction.
  case collar = 16
  /// Bound of a market order's price, as a fraction of the touch.
  case maxSlippage = 17
  /// Age of the prices a command is judged by, in seconds.
  case maxMarketAge = 18
  /// Equal rejects in a row before the account's opening orders in that instrument stop.
  case maxRepeatedRejects = 19
  /// Total of the wallet of a sub-account in the report currency; opening orders stop above it.
  case maxBalance = 20
}

/// What a limit is about.
package enum LimitScope: UInt8, Sendable, CaseIterable {
  case total = 1
  case venue = 2
  case account = 3
  case instrument = 4
  case strategy = 5
}

/// Sets one limit at one scope. `target` is the number of the account, instrument, strategy or venue; 0 is "each of
/// them that has no value of its own" (`*` in the file).
package struct SetLimitInput: Sendable, BitwiseCopyable {
  package var value = Money.zero
  package var until = UTCTime.zero
  package var token: UInt64 = 0
  /// Line of the file it stands in; 0 for a command.
  package var line: UInt32 = 0
  package var target: UInt16 = 0
  package var kindRaw: UInt8 = 0
  package var scopeRaw: UInt8 = 0
  package var modeRaw: UInt8 = Mode.paper.rawValue
  /// `maxPositionQuantity` of an account may be given per base asset; 0: for all.
  package var isReset: UInt8 = 0
  package var asset: UInt16 = 0
  package var reserved: UInt32 = 0
  package init() {}
}
