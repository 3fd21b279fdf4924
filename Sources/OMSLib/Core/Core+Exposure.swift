// Worst-case exposure: until the venue has proved otherwise an order counts as fully working and its cancel as not done
// (INV-05). Every amount that a limit is held against is changed here and nowhere else.

extension Core {
  /// Keeps the newer of two views of a market; one that is marked invalid is never read (INV-15).
  mutating func readMarket(_ market: TopOfBook, _ instrument: InstrumentID) {
    let row = instrument.index
    guard row > 0, row <= Int(state.globals[0].instrumentCount), market.isValid != 0 else { return }
    guard market.updatedAt >= state.instruments[row].market.updatedAt else { return }
    state.instruments[row].market = market
    let rules = state.instruments[row].rules
    guard market.mark > 0, rules.quote == state.globals[0].reportAsset else { return }
    if rules.instrumentClass == .spot || state.assets[rules.base.index].value.isZero {
      state.assets[rules.base.index].value = Money(Price(mantissa: market.mark), scale: Int(rules.priceScale))
    }
  }

  /// What can be said about an order without its price: steps, market, limits, account.
  func orderCase(_ row: OrderRow, isReplacement: Bool) -> OrderCase {
    let instrument = state.instruments[row.image.instrument.index]
    let rules = instrument.rules
    let account = row.image.account.index
    var order = OrderCase()
    order.price = row.image.price
    order.stopPrice = row.image.stopPrice
    order.quantity = row.remaining
    order.displayQuantity = isReplacement ? min(row.image.displayQuantity, row.remaining) : row.image.displayQuantity
    order.isBuy = row.side == .buy
    order.kind = row.kind
    order.flags = row.flags
    order.tick = rules.tick
    order.lot = rules.lot
    order.minQuantity = isReplacement ? 0 : rules.minQuantity
    order.maxQuantity = rules.maxQuantity
    order.minNotional = isReplacement ? .zero : rules.minNotional
    order.now = stamp.time
    order.bid = instrument.market.bid
    order.ask = instrument.market.ask
    order.hasMarket = instrument.market.isValid != 0 && instrument.market.bid > 0 && instrument.market.ask > 0
    order.marketAgeNanoseconds = stamp.time.nanoseconds - instrument.market.updatedAt.nanoseconds
    order.collar = state.limit(.collar, .account, account, row.mode)
    order.marketAgeMax = state.limit(.maxMarketAge, .account, account, row.mode)
    order.orderQuantityMax = state.limit(.maxOrderQuantity, .account, account, row.mode)
    order.orderNotionalMax = state.limit(.maxOrderNotional, .account, account, row.mode)
    order.positionNotionalMax = state.limit(.maxPositionNotional, .account, account, row.mode)
    order.positionQuantityMax = positionQuantityLimit(row.image.account, rules.base, row.mode)
    order.leverageMaxMilli = thousandths(state.limit(.maxLeverage, .account, account, row.mode))
    order.liquidationDistanceMin = state.limit(.minLiquidationDistance, .account, account, row.mode)
    order.dailyLossMax = state.limit(.dailyLoss, .account, account, row.mode)
    order.repeatedRejectsMax = whole(state.limit(.maxRepeatedRejects, .account, account, row.mode))
    order.balanceMax = state.limit(.maxBalance, .account, account, row.mode)
    order.drawdownStage = state.accounts[account].drawdownStage
    order.equity = state.accounts[account].equity
    order.hasEquity = state.accounts[account].hasEquity != 0
    order.balance = state.accounts[account].typeRaw == AccountType.sub.rawValue ? order.equity : .zero
    order.lossToday = -state.accounts[account].profitToday
    return order
  }

  private func whole(_ value: Money) -> Int64 { Int64(clamping: value.units / Money.one.units) }

  private func thousandths(_ value: Money) -> Int64 { Int64(clamping: value.units / (Money.one.units / 1_000)) }

  /// The worst price an order may trade at: its limit, or the touch plus the slippage bound, on the tick inside it.
  func worstPrice(_ row: OrderRow, slippagePpm: Int64) -> Int64 {
    if row.kind.hasLimitPrice { return row.image.price }
    let instrument = state.instruments[row.image.instrument.index]
    let isBuy = row.side == .buy
    var reference = isBuy ? instrument.market.ask : instrument.market.bid
    if row.image.stopPrice > 0 {
      reference = isBuy ? max(reference, row.image.stopPrice) : max(1, min(reference, row.image.stopPrice))
    }
    guard reference > 0 else { return 0 }
    let limit = state.limit(.maxSlippage, .account, row.image.account.index, row.mode)
    let bound = Int64(clamping: limit.units / 1_000_000_000_000)
    let slip = slippagePpm > 0 ? min(slippagePpm, 1_000_000) : min(bound, 1_000_000)
    let offset = Int64(clamping: Int128(reference) * Int128(slip) / 1_000_000)
    let raw = isBuy ? reference.addingReportingOverflow(offset).partialValue : reference - offset
    let tick = instrument.rules.tick
    // Inside the bound, but never on the wrong side of the touch: a bound below one tick still trades at the touch.
    let onTick = isBuy ? raw - raw % tick : raw + (tick - raw % tick) % tick
    return isBuy ? max(onTick, reference) : max(tick, min(onTick, reference))
  }

  /// Sums of amounts below this cannot leave the range of money.
  static let notionalMax = Money(units: 1 << 110)

  /// Adds price, exposure and funds. Without a value for the quote asset the notional stays unknown.
  func value(_ order: inout OrderCase, _ row: OrderRow) {
    let rules = state.instruments[row.image.instrument.index].rules
    let quantity = Quantity(mantissa: order.quantity)
    order.quantityAsMoney = Money(quantity, scale: Int(rules.quantityScale))
    guard
      let quote = Money.notional(
        Price(mantissa: row.worstPrice), scale: Int(rules.priceScale), quantity, scale: Int(rules.quantityScale))
    else { return }
    guard quote < Self.notionalMax else { return }
    order.quoteNotional = quote
    order.notional = inReportCurrency(quote, rules.quote)
    let side = PositionSide(rawValue: row.image.positionSideRaw) ?? .net
    let position = state.findPosition(row.image.account, row.image.instrument, side)
    let held = position.map { state.positions[$0] } ?? PositionRow()
    exposure(&order, row, held, order.notional ?? .zero)
    funds(&order, row, held, quote)
  }

  private func exposure(_ order: inout OrderCase, _ row: OrderRow, _ held: PositionRow, _ notional: Money) {
    let instrument = state.instruments[row.image.instrument.index]
    let rules = instrument.rules
    let scale = Int(rules.quantityScale)
    let sign = Int128(row.side.sign)
    let same = row.side == .buy ? held.openBuy : held.openSell
    let working = Money(Quantity(mantissa: same), scale: scale)
    order.positionQuantityAfter =
      Money(units: held.book.quantity.units + sign * (working + order.quantityAsMoney).units)
      .magnitude
    order.worstBefore = held.worst
    order.worstAfter = Self.worst(
      net: held.net, buys: row.side == .buy ? held.openBuyNotional + notional : held.openBuyNotional,
      sells: row.side == .sell ? held.openSellNotional + notional : held.openSellNotional)
    order.positionNotionalAfter = order.worstAfter
    order.netChange = Money(units: sign * notional.units)
    order.valueAtRiskChange = Self.risk(order.worstAfter, instrument.riskQ20) - held.valueAtRisk
    // What the position still has to close, beyond what already works to close it.
    let against = held.book.quantity.units * sign < 0 ? held.book.quantity.magnitude : Money.zero
    let closable = against - working
    order.closable = closable.mantissa(scale: scale, .floor).map { max(0, $0) } ?? 0
    let isSpotSale = rules.instrumentClass == .spot && row.side == .sell
    order.isReducing = row.flags.contains(.reduceOnly) || isSpotSale || order.quantity <= order.closable
    order.rejectStreak = isFreshReject(held) ? Int64(held.rejectStreak) : 0
    order.liquidationDistance = liquidationDistance(held, instrument)
  }

  /// Equal rejects count while they are fresh: after ten quiet seconds the venue may be asked again.
  private func isFreshReject(_ held: PositionRow) -> Bool {
    stamp.time.nanoseconds - held.lastRejectAt.nanoseconds < 10_000_000_000
  }

  private func liquidationDistance(_ held: PositionRow, _ instrument: InstrumentRow) -> Money {
    guard held.liquidationPrice > 0, instrument.market.mark > 0, !held.book.quantity.isZero else { return Money.one }
    let gap = Int128(instrument.market.mark - held.liquidationPrice)
    return Money(units: (gap < 0 ? -gap : gap) * Money.one.units / Int128(instrument.market.mark))
  }

  /// What the account must have free for it, and has.
  private func funds(_ order: inout OrderCase, _ row: OrderRow, _ held: PositionRow, _ quote: Money) {
    let rules = state.instruments[row.image.instrument.index].rules
    let fee = quote.times(rules.taker, .ceil) ?? .zero
    if rules.instrumentClass == .spot {
      let asset = row.side == .buy ? rules.quote : rules.base
      order.needed = row.side == .buy ? quote + max(fee, .zero) : order.quantityAsMoney
      if let balance = state.findBalance(row.image.account, asset, .spot) {
        order.free = state.balances[balance].total - state.balances[balance].locked
      }
      return
    }
    guard let balance = state.findBalance(row.image.account, rules.settle, .futures) else { return }
    let account = state.accounts[row.image.account.index]
    let leverage = leverage(held, rules)
    let margin = Money(units: order.worstAfter.units / Int128(leverage))
    order.needed = max(.zero, margin - held.margin) + max(fee, .zero)
    order.free = state.balances[balance].total + min(.zero, account.unrealised) - account.exposure.margin
  }

  /// Unknown leverage is taken as one: the whole notional must be there.
  private func leverage(_ held: PositionRow, _ rules: Instrument) -> UInt16 { max(1, held.leverage) }

  func inReportCurrency(_ amount: Money, _ asset: AssetID) -> Money? {
    if asset == state.globals[0].reportAsset { return amount }
    let value = state.assets[asset.index].value
    return value.isZero ? nil : amount.times(value, .ceil)
  }

  static func worst(net: Money, buys: Money, sells: Money) -> Money {
    max((net + buys).magnitude, (net - sells).magnitude)
  }

  static func risk(_ worst: Money, _ riskQ20: Int64) -> Money {
    let (product, overflow) = worst.units.multipliedReportingOverflow(by: Int128(riskQ20))
    return overflow ? worst : Money(units: product >> 20)
  }
}

// MARK: Scopes

extension Core {
  /// Account, instrument, strategy, venue and total, in this order; each once per mode.
  func judgeScopes(_ order: OrderCase, _ row: OrderRow) -> Verdict {
    let scopes: InlineArray<5, LimitScope> = [.account, .instrument, .strategy, .venue, .total]
    for i in scopes.indices {
      let scope = scopes[i]
      let verdict = PreTradeCheck.judge(order, in: use(scope, row), scope)
      guard verdict.passes else { return verdict }
    }
    return .pass
  }

  private func target(_ scope: LimitScope, _ row: OrderRow) -> Int {
    switch scope {
    case .account: row.image.account.index
    case .instrument: row.image.instrument.index
    case .strategy: row.image.strategy.index
    case .venue: row.image.venue.index
    case .total: 0
    }
  }

  private func use(_ scope: LimitScope, _ row: OrderRow) -> ScopeUse {
    let target = target(scope, row)
    let exposure = exposure(scope, target, row.mode)
    var use = ScopeUse()
    use.applies = scope == .total || target != 0
    use.gross = exposure.gross
    use.net = exposure.net
    use.valueAtRisk = exposure.valueAtRisk
    use.openOrders = exposure.openOrders
    use.rateTime = exposure.rateTime
    use.grossMax = state.limit(.maxGrossNotional, scope, target, row.mode)
    use.netMax = state.limit(.maxNetNotional, scope, target, row.mode)
    use.valueAtRiskMax = state.limit(.maxVaR, scope, target, row.mode)
    use.openOrdersMax = whole(state.limit(.maxOpenOrders, scope, target, row.mode))
    use.rateInterval = rateInterval(scope, target, row.mode)
    return use
  }

  private func rateInterval(_ scope: LimitScope, _ target: Int, _ mode: Mode) -> Int64 {
    let rate = whole(state.limit(.maxOrdersPerSecond, scope, target, mode))
    return rate > 0 ? max(1, 1_000_000_000 / rate) : 0
  }

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

  private mutating func change(
    _ scope: LimitScope, _ target: Int, _ mode: Mode, _ body: (inout ExposureRow) -> Void
  ) {
    switch (scope, mode) {
    case (.account, _): body(&state.accounts[target].exposure)
    case (.instrument, .paper): body(&state.instruments[target].exposure)
    case (.instrument, .live): body(&state.instruments[target].exposureLive)
    case (.strategy, .paper): body(&state.strategies[target].exposure)
    case (.strategy, .live): body(&state.strategies[target].exposureLive)
    case (.venue, .paper): body(&state.venues[target].exposure)
    case (.venue, .live): body(&state.venues[target].exposureLive)
    case (.total, .paper): body(&state.globals[0].total)
    case (.total, .live): body(&state.globals[0].totalLive)
    }
  }

  private mutating func changeScopes(_ row: OrderRow, _ body: (inout ExposureRow) -> Void) {
    change(.account, row.image.account.index, row.mode, body)
    change(.instrument, row.image.instrument.index, row.mode, body)
    change(.venue, row.image.venue.index, row.mode, body)
    change(.total, 0, row.mode, body)
    if !row.image.strategy.isNone { change(.strategy, row.image.strategy.index, row.mode, body) }
  }

  mutating func countOpen(_ slot: Int, by delta: Int64) {
    let row = state.orders[slot]
    changeScopes(row) { exposure in
      exposure.openOrders += delta
      precondition(exposure.openOrders >= 0, "no scope has fewer than no open orders")
    }
    state.globals[0].openOrderCount = UInt32(Int64(state.globals[0].openOrderCount) + delta)
  }

  mutating func chargeRate(_ slot: Int) {
    let row = state.orders[slot]
    let now = stamp.time
    let scopes: InlineArray<5, LimitScope> = [.account, .instrument, .strategy, .venue, .total]
    for i in scopes.indices {
      let scope = scopes[i]
      let target = target(scope, row)
      if scope == .strategy, target == 0 { continue }
      let interval = rateInterval(scope, target, row.mode)
      change(scope, target, row.mode) { exposure in
        exposure.rateTime = PreTradeCheck.nextRateTime(exposure.rateTime, now: now, interval: interval)
      }
    }
  }
}

// MARK: Reservations

extension Core {
  /// What the order locks in the account's own books.
  func reserve(_ row: inout OrderRow, _ order: OrderCase) {
    guard row.walletRaw == Wallet.spot.rawValue else { return }
    let rules = state.instruments[row.image.instrument.index].rules
    row.reservedAsset = row.side == .buy ? rules.quote : rules.base
    row.reserved = order.needed
  }

  mutating func reserve(_ slot: Int, _ order: OrderCase) {
    var row = state.orders[slot]
    reserve(&row, order)
    state.orders[slot].reservedAsset = row.reservedAsset
    state.orders[slot].reserved = row.reserved
  }

  /// Counts the open part of the order in `slot` into position, balance and scopes.
  mutating func count(_ slot: Int) {
    let row = state.orders[slot]
    precondition(row.countedQuantity == 0, "an order is counted once")
    guard let position = positionRow(of: row) else { preconditionFailure("an open order has a position row") }
    state.orders[slot].countedQuantity = row.remainingWorst
    if row.side == .buy {
      state.positions[position].openBuy += row.remainingWorst
      state.positions[position].openBuyNotional += row.worstNotional
    } else {
      state.positions[position].openSell += row.remainingWorst
      state.positions[position].openSellNotional += row.worstNotional
    }
    lock(row, row.reserved)
    remeasure(position)
  }

  /// Takes the order out of position, balance and scopes again.
  mutating func uncount(_ slot: Int) {
    let row = state.orders[slot]
    guard row.countedQuantity > 0, let position = positionRow(of: row) else { return }
    if row.side == .buy {
      state.positions[position].openBuy -= row.countedQuantity
      state.positions[position].openBuyNotional -= row.worstNotional
    } else {
      state.positions[position].openSell -= row.countedQuantity
      state.positions[position].openSellNotional -= row.worstNotional
    }
    precondition(
      state.positions[position].openBuy >= 0 && state.positions[position].openSell >= 0
        && !state.positions[position].openBuyNotional.isNegative
        && !state.positions[position].openSellNotional.isNegative,
      "reserved exposure is never below the true worst case (INV-05)")
    state.orders[slot].countedQuantity = 0
    lock(row, Money.zero - row.reserved)
    remeasure(position)
  }

  private mutating func lock(_ row: OrderRow, _ amount: Money) {
    guard !amount.isZero, !row.reservedAsset.isNone,
      let balance = state.balance(row.image.account, row.reservedAsset, .spot)
    else { return }
    state.balances[balance].locked += amount
    precondition(!state.balances[balance].locked.isNegative, "what is locked was reserved (INV-05)")
  }

  /// Works out anew what is reserved for the unfilled part, after a fill or an amend.
  mutating func recount(_ slot: Int) {
    uncount(slot)
    guard state.orders[slot].isOpen, state.orders[slot].remaining > 0 else {
      state.orders[slot].worstNotional = .zero
      state.orders[slot].reserved = .zero
      return
    }
    // A slice counts with its parent.
    guard state.orders[slot].parent == 0 else { return count(slot) }
    let worst = state.orders[slot].withPendingAmend
    var order = orderCase(worst, isReplacement: true)
    value(&order, worst)
    // A value that is unknown now keeps what was reserved while it was known.
    if let notional = order.notional { state.orders[slot].worstNotional = notional }
    reserve(slot, order)
    count(slot)
  }

  func positionRow(of row: OrderRow) -> Int? {
    state.findPosition(
      row.image.account, row.image.instrument, PositionSide(rawValue: row.image.positionSideRaw) ?? .net)
  }

  /// Brings a position row's share of all scopes up to date with its quantity, open orders and mark.
  mutating func remeasure(_ position: Int) {
    let row = state.positions[position]
    let instrument = state.instruments[row.instrument.index]
    let rules = instrument.rules
    let price = instrument.market.mark > 0 ? instrument.market.mark : row.venueEntry
    var net = Money.zero
    if !row.book.isFlat {
      let quote = row.book.quantity.times(Price(mantissa: price), scale: Int(rules.priceScale), .halfEven) ?? .zero
      net = inReportCurrency(price > 0 ? quote : row.book.cost, rules.quote) ?? row.net
    }
    let worst = Self.worst(net: net, buys: row.openBuyNotional, sells: row.openSellNotional)
    let risk = Self.risk(worst, instrument.riskQ20)
    let isSpot = rules.instrumentClass == .spot
    let margin = isSpot ? Money.zero : Money(units: worst.units / Int128(leverage(row, rules)))
    guard worst != row.worst || net != row.net || risk != row.valueAtRisk || margin != row.margin else { return }
    state.positions[position].worst = worst
    state.positions[position].net = net
    state.positions[position].valueAtRisk = risk
    state.positions[position].margin = margin
    let mode = state.accounts[row.account.index].mode
    let change: (inout ExposureRow) -> Void = { exposure in
      exposure.gross += worst - row.worst
      exposure.net += net - row.net
      exposure.valueAtRisk += risk - row.valueAtRisk
      exposure.margin += margin - row.margin
      precondition(!exposure.gross.isNegative, "gross exposure is a sum of magnitudes (INV-05)")
    }
    self.change(.account, row.account.index, mode, change)
    self.change(.instrument, row.instrument.index, mode, change)
    self.change(.venue, rules.venue.index, mode, change)
    self.change(.total, 0, mode, change)
  }
}
