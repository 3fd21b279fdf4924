/// The value of every limit at every scope when no file says otherwise. Paper is generous enough to play with; live is
/// tight enough that a forgotten file cannot ruin anybody.
package enum LimitDefaults {
  package static func value(_ kind: LimitKind, _ scope: LimitScope, _ mode: Mode) -> Money {
    let isLive = mode == .live
    switch kind {
    case .maxOrderQuantity: return whole(isLive ? 1_000_000 : 1_000_000_000)
    case .maxOrderNotional: return whole(isLive ? 5_000 : 1_000_000)
    case .maxPositionQuantity: return whole(isLive ? 1_000_000 : 1_000_000_000)
    case .maxPositionNotional: return whole(isLive ? 20_000 : 5_000_000)
    case .maxGrossNotional: return whole(gross(scope, isLive: isLive))
    case .maxNetNotional: return whole(gross(scope, isLive: isLive))
    case .maxOpenOrders: return whole(openOrders(scope, isLive: isLive))
    case .maxOrdersPerSecond: return whole(rate(scope, isLive: isLive))
    case .maxLeverage: return whole(isLive ? 3 : 20)
    case .minLiquidationDistance: return percent(isLive ? 10 : 1)
    case .maxVaR: return whole(gross(scope, isLive: isLive) / 4)
    case .dailyLoss: return whole(isLive ? 500 : 1_000_000)
    case .drawdownMild: return percent(5)
    case .drawdownModerate: return percent(isLive ? 10 : 25)
    case .drawdownSevere: return percent(isLive ? 15 : 50)
    case .collar: return percent(10)
    case .maxSlippage: return Money(units: whole(1).units / 200)
    case .maxMarketAge: return whole(isLive ? 2 : 10)
    case .maxRepeatedRejects: return whole(3)
    case .maxBalance: return whole(isLive ? 100_000 : 1_000_000_000)
    }
  }

  private static func gross(_ scope: LimitScope, isLive: Bool) -> Int64 {
    switch scope {
    case .account, .strategy: isLive ? 20_000 : 10_000_000
    case .instrument: isLive ? 50_000 : 20_000_000
    case .venue: isLive ? 100_000 : 50_000_000
    case .total: isLive ? 200_000 : 100_000_000
    }
  }

  private static func openOrders(_ scope: LimitScope, isLive: Bool) -> Int64 {
    switch scope {
    case .account, .strategy: isLive ? 200 : 2_000
    case .instrument: isLive ? 1_000 : 20_000
    case .venue: isLive ? 5_000 : 100_000
    case .total: isLive ? 10_000 : 150_000
    }
  }

  private static func rate(_ scope: LimitScope, isLive: Bool) -> Int64 {
    switch scope {
    case .account, .strategy: isLive ? 10 : 10_000
    case .instrument: isLive ? 50 : 50_000
    case .venue: isLive ? 100 : 100_000
    case .total: isLive ? 200 : 200_000
    }
  }

  private static func whole(_ value: Int64) -> Money {
    Money(units: Int128(value) * 1_000_000_000_000_000_000)
  }

  private static func percent(_ value: Int64) -> Money {
    Money(units: Int128(value) * 10_000_000_000_000_000)
  }
}
