/// What the exchange says about itself in public, beside prices and trades.
extension Exchange {
  /// Instruments are numbered from 1 to here.
  package var instrumentTotal: UInt16 { UInt16(instrumentCount) }

  package func name(ofAsset asset: UInt16) -> Text32 { assets[Int(asset)].name }

  /// When positions pay each other next.
  package var nextFundingTime: UTCTime { UTCTime(nanoseconds: nextFunding) }
  package static var fundingInterval: Int64 { fundingNanoseconds }
  /// No funding rate is further from zero, in 10^-8.
  package static var fundingRateMaxE8: Int64 { 750_000 }
  /// Interest part of a funding rate, in 10^-8.
  package static var interestRateE8: Int64 { 10_000 }

  /// Open orders of one account in all instruments.
  package static var openOrdersPerAccount: Int { openOrderMax }

  /// Notional from which on an order is refused whatever its instrument says, in whole units of the quote asset.
  package static var notionalMax: Int128 { Int128.max / 1_000_000_000 / one }

  /// Contracts held long, which are as many as are held short.
  package func openInterest(of instrument: UInt16) -> Int64 {
    var sum: Int64 = 0
    for account in 1...max(accountCount, 1) where account <= accountCount {
      for lane in 0..<2 { sum += max(holdings[holdingIndex(UInt16(account), instrument, lane: lane)].quantity, 0) }
    }
    return sum
  }
}
