// Judging an order in its scopes: account, instrument, strategy, venue and total.

extension Core {
  /// Account, instrument, strategy, venue and total, in this order; each once per mode.
  func judgeScopes(_ order: inout OrderCase, _ row: inout OrderRow) -> Verdict {
    let mode = row.mode
    // Nearly always everything fits; which limit does not is looked for when one does not.
    if fitsScopes(&order, &row, mode) { return .pass }
    let account = judge(&order, .account, row.image.account.index, mode)
    guard account.passes else { return account }
    let instrument = judge(&order, .instrument, row.image.instrument.index, mode)
    guard instrument.passes else { return instrument }
    if !row.image.strategy.isNone {
      let strategy = judge(&order, .strategy, row.image.strategy.index, mode)
      guard strategy.passes else { return strategy }
    }
    let venue = judge(&order, .venue, row.image.venue.index, mode)
    guard venue.passes else { return venue }
    return judge(&order, .total, 0, mode)
  }

  /// `true` only where `judge` passes in every scope.
  @inline(__always)
  private func fitsScopes(_ order: inout OrderCase, _ row: inout OrderRow, _ mode: Mode) -> Bool {
    let account = row.image.account.index
    guard fits(&order, .account, account, mode), fits(&order, .instrument, row.image.instrument.index, mode),
      fits(&order, .venue, row.image.venue.index, mode), fits(&order, .total, 0, mode),
      row.image.strategy.isNone || fits(&order, .strategy, row.image.strategy.index, mode)
    else { return false }
    guard !order.isReducing else { return true }
    let gross = state.accounts[account].exposure.gross + (order.worstAfter - order.worstBefore)
    return PreTradeCheck.fitsLeverage(&order, gross: gross)
  }

  @inline(__always)
  private func fits(_ order: inout OrderCase, _ scope: LimitScope, _ target: Int, _ mode: Mode) -> Bool {
    let limits = state.limitRow(scope, target, mode)
    func test(_ exposure: ExposureRow) -> Bool {
      let bounds = state.limitNumbers[limits].scope
      return bounds.admit(order.now, exposure.rateTime, exposure.openOrders)
        && (order.isReducing || bounds.hold(&order, exposure.gross, exposure.net, exposure.valueAtRisk))
    }
    let isLive = mode == .live
    switch scope {
    case .account: return test(state.accounts[target].exposure)
    case .instrument:
      return isLive ? test(state.instruments[target].exposureLive) : test(state.instruments[target].exposure)
    case .strategy:
      return isLive ? test(state.strategies[target].exposureLive) : test(state.strategies[target].exposure)
    case .venue: return isLive ? test(state.venues[target].exposureLive) : test(state.venues[target].exposure)
    case .total: return isLive ? test(state.globals[0].totalLive) : test(state.globals[0].total)
    }
  }

  @inline(never)
  private func judge(_ order: inout OrderCase, _ scope: LimitScope, _ target: Int, _ mode: Mode) -> Verdict {
    var use = use(scope, target, mode)
    return PreTradeCheck.judge(&order, in: &use, scope)
  }

  @inline(__always)
  private func use(_ scope: LimitScope, _ target: Int, _ mode: Mode) -> ScopeUse {
    let exposure = exposure(scope, target, mode)
    let limits = state.limitRow(scope, target, mode)
    var use = ScopeUse()
    use.applies = scope == .total || target != 0
    use.gross = exposure.gross
    use.net = exposure.net
    use.valueAtRisk = exposure.valueAtRisk
    use.openOrders = exposure.openOrders
    use.rateTime = exposure.rateTime
    use.bounds = state.limitNumbers[limits].scope
    return use
  }

  @inline(__always)
  package func exposure(_ scope: LimitScope, _ target: Int, _ mode: Mode) -> ExposureRow {
    let isLive = mode == .live
    switch scope {
    case .account: return state.accounts[target].exposure
    case .instrument: return isLive ? state.instruments[target].exposureLive : state.instruments[target].exposure
    case .strategy: return isLive ? state.strategies[target].exposureLive : state.strategies[target].exposure
    case .venue: return isLive ? state.venues[target].exposureLive : state.venues[target].exposure
    case .total: return isLive ? state.globals[0].totalLive : state.globals[0].total
    }
  }
}
