/// What one scope allows: one cache line.
package struct ScopeBounds: Sendable, BitwiseCopyable {
  package var grossMax = Money.zero
  package var netMax = Money.zero
  package var valueAtRiskMax = Money.zero
  package var openOrdersMax: Int64 = 0
  /// Nanoseconds between orders at the highest rate; 0: none allowed.
  package var rateInterval: Int64 = 0
  package init() {}

  /// Room for one more order, in count and in rate.
  @inline(__always)
  package func admit(_ now: EngineTime, _ rateTime: EngineTime, _ openOrders: Int64) -> Bool {
    rateInterval > 0 && openOrders < openOrdersMax
      && PreTradeCheck.nextRateTime(rateTime, now: now, interval: rateInterval).nanoseconds - now.nanoseconds
        <= 1_000_000_000
  }

  /// Room for its amounts beside those that are used.
  @inline(__always)
  package func hold(_ order: inout OrderCase, _ gross: Money, _ net: Money, _ valueAtRisk: Money) -> Bool {
    let netAfter = (net + order.netChange).magnitude
    return gross + (order.worstAfter - order.worstBefore) <= grossMax
      && (netAfter <= netMax.magnitude || netAfter <= net.magnitude)
      && valueAtRisk + order.valueAtRiskChange <= valueAtRiskMax
  }
}

/// What one scope (account, instrument, strategy, venue, total) allows and already uses.
package struct ScopeUse: Sendable {
  package var gross = Money.zero
  package var net = Money.zero
  package var valueAtRisk = Money.zero
  package var openOrders: Int64 = 0
  package var rateTime = EngineTime.zero
  package var bounds = ScopeBounds()
  /// False: the order has nothing to do with this scope (it names no strategy).
  package var applies = true
  package init() {}
}

/// Everything a verdict depends on, gathered by the core from its rows. Plain values: the same case gives the same
/// verdict live, in a replay, in a backtest and in a test.
package struct OrderCase: Sendable {
  // The order.
  package var price: Int64 = 0
  package var stopPrice: Int64 = 0
  package var quantity: Int64 = 0
  package var displayQuantity: Int64 = 0
  package var isBuy = true
  package var kind: OrderKind = .limit
  package var flags: OrderFlags = []
  /// Cannot make the position larger: reduce-only, or covered by what is held.
  package var isReducing = false
  /// Unfilled part at its worst price, report currency; `nil` when it cannot be computed.
  package var notional: Money?
  /// The same in the quote asset.
  package var quoteNotional = Money.zero

  // The instrument.
  package var tick: Int64 = 1
  package var lot: Int64 = 1
  package var minQuantity: Int64 = 0
  package var maxQuantity: Int64 = .max
  package var minNotional = Money.zero

  // The market.
  package var bid: Int64 = 0
  package var ask: Int64 = 0
  package var hasMarket = false
  package var marketAgeNanoseconds: Int64 = .max
  package var collar = Money.zero
  package var marketAgeMax = Money.zero

  // The position it would change, worst case, before and after.
  package var positionQuantityAfter = Money.zero
  package var positionNotionalAfter = Money.zero
  package var worstBefore = Money.zero
  package var worstAfter = Money.zero
  package var netChange = Money.zero
  package var valueAtRiskChange = Money.zero
  /// What of the position a reduce-only order may still close.
  package var closable = Money.zero
  package var quantityAsMoney = Money.zero
  package var rejectStreak: Int64 = 0

  // The account.
  package var needed = Money.zero
  package var free = Money.zero
  package var equity = Money.zero
  package var hasEquity = false
  package var lossToday = Money.zero
  package var liquidationDistance = Money.zero
  package var drawdownStage: UInt8 = 0
  package var balance = Money.zero

  // Limits of the account.
  package var orderQuantityMax = Money.zero
  package var orderNotionalMax = Money.zero
  package var positionQuantityMax = Money.zero
  package var positionNotionalMax = Money.zero
  /// Thousandths.
  package var leverageMaxMilli: Int64 = 0
  package var liquidationDistanceMin = Money.zero
  package var dailyLossMax = Money.zero
  package var repeatedRejectsMax: Int64 = 0
  package var balanceMax = Money.zero

  package var now = EngineTime.zero
  package init() {}
}

/// The answer: pass, or the one reason that stands first, with what is allowed and what it would have been.
package struct Verdict: Equatable, Sendable {
  package var reason: Reason
  package var scope: LimitScope
  package var limit: Money
  package var used: Money

  package static let pass = Verdict(reason: .none, scope: .account, limit: .zero, used: .zero)

  package init(reason: Reason, scope: LimitScope = .account, limit: Money = .zero, used: Money = .zero) {
    self.reason = reason
    self.scope = scope
    self.limit = limit
    self.used = used
  }

  package var passes: Bool { reason == .none }
}

/// Decides whether an order may leave. Pure; no allocation, no strings; every way to say no is a `Reason`.
///
/// Cases are handed in by reference, and stay as they are: by value, seven hundred bytes would be copied at every call.
package enum PreTradeCheck {
  static let one = Int128(1_000_000_000_000_000_000)

  /// Shape, market, position and account.
  package static func judge(_ order: inout OrderCase) -> Verdict {
    let shape = judgeShape(&order)
    guard shape.passes else { return shape }
    let market = judgeMarket(&order)
    guard market.passes else { return market }
    if order.flags.contains(.reduceOnly), order.quantityAsMoney > order.closable {
      return Verdict(reason: .reduceOnly)
    }
    guard order.quantityAsMoney <= order.orderQuantityMax else {
      return Verdict(reason: .maxOrderQuantity, limit: order.orderQuantityMax, used: order.quantityAsMoney)
    }
    if order.isReducing { return judgeFunds(&order) }
    return judgeRisk(&order)
  }

  /// Tick, lot, size: what the venue would refuse anyway.
  @inline(__always)
  package static func judgeShape(_ order: inout OrderCase) -> Verdict {
    precondition(order.tick > 0 && order.lot > 0, "an instrument without steps was defined")
    guard order.quantity > 0 else { return Verdict(reason: .quantityNotPositive) }
    guard order.quantity % order.lot == 0 else { return Verdict(reason: .lotSize) }
    guard order.quantity >= order.minQuantity else { return Verdict(reason: .quantityTooSmall) }
    guard order.quantity <= order.maxQuantity else { return Verdict(reason: .quantityTooLarge) }
    if order.kind.hasLimitPrice {
      guard order.price > 0 else { return Verdict(reason: .priceMissing) }
      guard order.price % order.tick == 0 else { return Verdict(reason: .tickSize) }
    }
    if order.kind.isConditional, order.kind != .trailingStop {
      guard order.stopPrice > 0 else { return Verdict(reason: .badStop) }
      guard order.stopPrice % order.tick == 0 else { return Verdict(reason: .tickSize) }
    }
    let display = order.displayQuantity
    guard display == 0 || (display > 0 && display <= order.quantity && display % order.lot == 0) else {
      return Verdict(reason: .badDisplayQuantity)
    }
    guard order.quoteNotional >= order.minNotional || order.flags.contains(.reduceOnly) else {
      return Verdict(reason: .notionalTooSmall, limit: order.minNotional, used: order.quoteNotional)
    }
    return .pass
  }

  /// Is there a fresh price, and is the order's near it?
  @inline(__always)
  private static func judgeMarket(_ order: inout OrderCase) -> Verdict {
    guard order.hasMarket else {
      return order.isReducing && order.kind.hasLimitPrice ? .pass : Verdict(reason: .noMark)
    }
    let age = Money(units: Int128(order.marketAgeNanoseconds) &* 1_000_000_000)
    guard age <= order.marketAgeMax || (order.isReducing && order.kind.hasLimitPrice) else {
      return Verdict(reason: .staleMarket, limit: order.marketAgeMax, used: age)
    }
    guard order.kind.hasLimitPrice, !order.flags.contains(.withoutCollar), order.stopPrice == 0 else { return .pass }
    // Only the aggressive side can hurt: a bid far below the market just waits.
    let touch = order.isBuy ? order.ask : order.bid
    let beyond = order.isBuy ? order.price - touch : touch - order.price
    guard touch > 0, beyond > 0 else { return .pass }
    let distance = Money(units: Int128(beyond) * one / Int128(touch))
    guard distance <= order.collar else { return Verdict(reason: .collar, limit: order.collar, used: distance) }
    return .pass
  }

  @inline(__always)
  private static func judgeFunds(_ order: inout OrderCase) -> Verdict {
    guard order.needed <= order.free || order.flags.contains(.reduceOnly) else {
      return Verdict(reason: .insufficientBalance, limit: order.free, used: order.needed)
    }
    return .pass
  }

  @inline(__always)
  private static func judgeRisk(_ order: inout OrderCase) -> Verdict {
    guard let notional = order.notional else { return Verdict(reason: .noMark) }
    guard notional <= order.orderNotionalMax else {
      return Verdict(reason: .maxOrderNotional, limit: order.orderNotionalMax, used: notional)
    }
    guard order.positionQuantityAfter <= order.positionQuantityMax else {
      return Verdict(reason: .maxPosition, limit: order.positionQuantityMax, used: order.positionQuantityAfter)
    }
    guard order.positionNotionalAfter <= order.positionNotionalMax else {
      return Verdict(reason: .maxPosition, limit: order.positionNotionalMax, used: order.positionNotionalAfter)
    }
    guard order.lossToday <= order.dailyLossMax else {
      return Verdict(reason: .dailyLoss, limit: order.dailyLossMax, used: order.lossToday)
    }
    guard order.drawdownStage < 2 else { return Verdict(reason: .drawdown) }
    guard order.balance <= order.balanceMax else {
      return Verdict(reason: .maxBalance, limit: order.balanceMax, used: order.balance)
    }
    guard order.rejectStreak < order.repeatedRejectsMax else {
      return Verdict(reason: .repeatedReject, limit: count(order.repeatedRejectsMax), used: count(order.rejectStreak))
    }
    guard order.liquidationDistance >= order.liquidationDistanceMin else {
      return Verdict(
        reason: .liquidationDistance, limit: order.liquidationDistanceMin, used: order.liquidationDistance)
    }
    return judgeFunds(&order)
  }

  /// One scope's totals with the order added.
  @inline(__always)
  package static func judge(
    _ order: inout OrderCase, in use: inout ScopeUse, _ scope: LimitScope
  ) -> Verdict {
    guard use.applies else { return .pass }
    let interval = use.bounds.rateInterval
    guard interval > 0,
      nextRateTime(use.rateTime, now: order.now, interval: interval).nanoseconds - order.now.nanoseconds
        <= 1_000_000_000
    else {
      return Verdict(
        reason: .maxOrderRate, scope: scope, limit: count(interval > 0 ? 1_000_000_000 / interval : 0))
    }
    guard use.openOrders < use.bounds.openOrdersMax else {
      return Verdict(
        reason: .maxOpenOrders, scope: scope, limit: count(use.bounds.openOrdersMax), used: count(use.openOrders + 1))
    }
    return order.isReducing ? .pass : judgeTotals(&order, &use, scope)
  }

  @inline(__always)
  private static func judgeTotals(
    _ order: inout OrderCase, _ use: inout ScopeUse, _ scope: LimitScope
  ) -> Verdict {
    let gross = Money(units: use.gross.units - order.worstBefore.units + order.worstAfter.units)
    guard gross <= use.bounds.grossMax else {
      return Verdict(reason: .maxGrossNotional, scope: scope, limit: use.bounds.grossMax, used: gross)
    }
    let netBefore = use.net.units.magnitude
    let net = (use.net.units + order.netChange.units).magnitude
    guard net <= use.bounds.netMax.units.magnitude || net <= netBefore else {
      return Verdict(reason: .maxNetNotional, scope: scope, limit: use.bounds.netMax, used: Money(units: Int128(net)))
    }
    let risk = Money(units: use.valueAtRisk.units + order.valueAtRiskChange.units)
    guard risk <= use.bounds.valueAtRiskMax else {
      return Verdict(reason: .maxVaR, scope: scope, limit: use.bounds.valueAtRiskMax, used: risk)
    }
    return scope == .account ? judgeLeverage(&order, gross: gross) : .pass
  }

  /// gross / equity <= limit, without dividing.
  @inline(__always)
  private static func judgeLeverage(_ order: inout OrderCase, gross: Money) -> Verdict {
    if fitsLeverage(&order, gross: gross) { return .pass }
    let limit = Money(units: Int128(order.leverageMaxMilli) * (one / 1_000))
    guard order.hasEquity, order.equity.units > 0 else { return Verdict(reason: .maxLeverage, limit: limit) }
    return judgeLeverageSlowly(order.equity, order.leverageMaxMilli, limit, gross: gross)
  }

  /// `true` only where the leverage is within its limit and the products are far from the range's end: nearly always.
  @inline(__always)
  package static func fitsLeverage(_ order: inout OrderCase, gross: Money) -> Bool {
    let (equity, maxMilli) = (order.equity, order.leverageMaxMilli)
    return order.hasEquity && equity.units > 0 && gross.units >= 0 && gross.units >> 110 == 0 && equity.units >> 95 == 0
      && maxMilli >= 0 && maxMilli >> 31 == 0 && gross.units &* 1_000 <= equity.units &* Int128(maxMilli)
  }

  @inline(never)
  private static func judgeLeverageSlowly(
    _ equity: Money, _ leverageMaxMilli: Int64, _ limit: Money, gross: Money
  ) -> Verdict {
    let (used, usedOverflow) = gross.units.multipliedReportingOverflow(by: 1_000)
    let (allowed, allowedOverflow) = equity.units.multipliedReportingOverflow(by: Int128(leverageMaxMilli))
    guard !usedOverflow, allowedOverflow || used <= allowed else {
      return Verdict(reason: .maxLeverage, limit: limit, used: Money(units: used / (equity.units / one + 1)))
    }
    return .pass
  }

  /// The theoretical arrival time after one more order (GCRA: evenly at the rate, or up to a second's worth at once).
  @inline(__always)
  package static func nextRateTime(_ time: EngineTime, now: EngineTime, interval: Int64) -> EngineTime {
    max(time, now).advanced(byNanoseconds: interval)
  }

  private static func count(_ value: Int64) -> Money { Money(units: Int128(value) * one) }
}
