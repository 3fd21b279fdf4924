/// How much of its limits a scope uses now: for those who look, not for verdicts, which judge one order.
extension Core {
  /// `nil`: the limit is about single orders or prices, or does not apply to this scope.
  ///
  /// Amounts as the limit counts them (`LimitKind`), worst case of working orders included where the limit includes it.
  package func use(of kind: LimitKind, _ scope: LimitScope, _ target: Int, _ mode: Mode, now: EngineTime) -> Money? {
    let exposure = exposure(scope, target, mode)
    switch kind {
    case .maxOrderQuantity, .maxOrderNotional, .collar, .maxSlippage, .maxMarketAge: return nil
    case .maxGrossNotional: return exposure.gross
    case .maxNetNotional: return exposure.net.magnitude
    case .maxVaR: return exposure.valueAtRisk
    case .maxOpenOrders: return Money(exposure.openOrders)
    case .maxOrdersPerSecond: return ordersOfLastSecond(exposure, scope, target, mode, now)
    default: return scope == .account ? accountUse(of: kind, target) : nil
    }
  }

  private func accountUse(of kind: LimitKind, _ account: Int) -> Money? {
    switch kind {
    case .maxPositionQuantity: return greatest(account) { worstQuantity($0) }
    case .maxPositionNotional: return greatest(account) { state.positions[$0].worst }
    case .maxRepeatedRejects: return greatest(account) { Money(Int64(state.positions[$0].rejectStreak)) }
    case .minLiquidationDistance: return least(account) { liquidationDistance($0) }
    case .maxLeverage:
      let row = state.accounts[account]
      guard row.hasEquity != 0, row.equity.units > 0 else { return nil }
      return row.exposure.gross.over(row.equity)
    case .dailyLoss: return max(.zero, -state.accounts[account].profitToday)
    case .drawdownMild, .drawdownModerate, .drawdownSevere: return drawdown(account)
    case .maxBalance:
      let row = state.accounts[account]
      return row.typeRaw == AccountType.sub.rawValue && row.hasEquity != 0 ? row.equity : nil
    default: return nil
    }
  }

  /// The rate's bucket, as far as it is filled: each order adds one, and they drain at the rate.
  private func ordersOfLastSecond(
    _ exposure: ExposureRow, _ scope: LimitScope, _ target: Int, _ mode: Mode, _ now: EngineTime
  ) -> Money? {
    let interval = state.limitNumbers[state.limitRow(scope, target, mode)].scope.rateInterval
    guard interval > 0 else { return nil }
    let ahead = max(0, exposure.rateTime.nanoseconds - now.nanoseconds)
    return Money((ahead + interval - 1) / interval)
  }

  private func drawdown(_ account: Int) -> Money? {
    let row = state.accounts[account]
    guard row.hasEquity != 0, row.equityPeak.units > 0 else { return nil }
    return max(.zero, row.equityPeak - row.equity).over(row.equityPeak)
  }

  private func worstQuantity(_ position: Int) -> Money {
    let row = state.positions[position]
    let scale = Int(state.instruments[row.instrument.index].rules.quantityScale)
    let bought = row.book.quantity + Money(Quantity(mantissa: row.openBuy), scale: scale)
    let sold = row.book.quantity - Money(Quantity(mantissa: row.openSell), scale: scale)
    return max(bought.magnitude, sold.magnitude)
  }

  private func liquidationDistance(_ position: Int) -> Money? {
    let row = state.positions[position]
    guard row.liquidationPrice > 0, !row.book.quantity.isZero else { return nil }
    return liquidationDistance(position, row.instrument.index)
  }

  private func greatest(_ account: Int, _ value: (Int) -> Money) -> Money {
    var result = Money.zero
    forEachPosition(of: account) { result = max(result, value($0)) }
    return result
  }

  private func least(_ account: Int, _ value: (Int) -> Money?) -> Money? {
    var result: Money?
    forEachPosition(of: account) { position in
      guard let found = value(position) else { return }
      result = min(result ?? found, found)
    }
    return result
  }

  private func forEachPosition(of account: Int, _ body: (Int) -> Void) {
    for instrument in 1..<(Int(state.globals[0].instrumentCount) + 1) {
      var row = state.positionIndex[account, instrument]
      while row != 0 {
        body(row)
        row = Int(state.positions[row].next)
      }
    }
  }
}
