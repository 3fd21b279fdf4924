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
  ///
  /// Rows and cases are handed on by reference here and below, and only where it says so are they changed: by value, each
  /// call would copy half a kilobyte.
  func orderCase(_ row: inout OrderRow, isReplacement: Bool) -> OrderCase {
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
    let limits = state.limitRow(.account, account, row.mode)
    order.collar = state.limit(.collar, at: limits)
    order.marketAgeMax = state.limit(.maxMarketAge, at: limits)
    order.orderQuantityMax = state.limit(.maxOrderQuantity, at: limits)
    order.orderNotionalMax = state.limit(.maxOrderNotional, at: limits)
    order.positionNotionalMax = state.limit(.maxPositionNotional, at: limits)
    order.positionQuantityMax = positionQuantityLimit(row.image.account, rules.base, row.mode)
    order.leverageMaxMilli = state.limitNumbers[limits].leverageMaxMilli
    order.liquidationDistanceMin = state.limit(.minLiquidationDistance, at: limits)
    order.dailyLossMax = state.limit(.dailyLoss, at: limits)
    order.repeatedRejectsMax = state.limitNumbers[limits].repeatedRejectsMax
    order.balanceMax = state.limit(.maxBalance, at: limits)
    order.drawdownStage = state.accounts[account].drawdownStage
    order.equity = state.accounts[account].equity
    order.hasEquity = state.accounts[account].hasEquity != 0
    order.balance = state.accounts[account].typeRaw == AccountType.sub.rawValue ? order.equity : .zero
    order.lossToday = -state.accounts[account].profitToday
    return order
  }

  /// The worst price an order may trade at: its limit, or the touch plus the slippage bound, on the tick inside it.
  @inline(__always)
  func worstPrice(_ row: OrderRow, slippagePpm: Int64) -> Int64 {
    row.kind.hasLimitPrice ? row.image.price : slippedPrice(row, slippagePpm: slippagePpm)
  }

  @inline(never)
  private func slippedPrice(_ row: OrderRow, slippagePpm: Int64) -> Int64 {
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
    return Self.slipped(reference, ppm: slip, tick: instrument.rules.tick, isBuy: isBuy)
  }

  /// The worst price on the grid that is within `ppm` of `reference`, but never on the wrong side of it: a bound below one
  /// tick still trades at the touch.
  static func slipped(_ reference: Int64, ppm: Int64, tick: Int64, isBuy: Bool) -> Int64 {
    let offset = Int64(clamping: Int128(reference) * Int128(ppm) / 1_000_000)
    let raw = isBuy ? reference.addingReportingOverflow(offset).partialValue : reference - offset
    let onTick = isBuy ? raw - raw % tick : raw + (tick - raw % tick) % tick
    return isBuy ? max(onTick, reference) : max(tick, min(onTick, reference))
  }

  /// Sums of amounts below this cannot leave the range of money.
  static let notionalMax = Money(units: 1 << 110)

  /// Adds price, exposure and funds. Without a value for the quote asset the notional stays unknown.
  func value(_ order: inout OrderCase, _ row: inout OrderRow) {
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
    // Row 0 stands for "none" and is zero.
    let held = state.findPosition(row.image.account, row.image.instrument, side) ?? 0
    exposure(&order, &row, held, order.notional ?? .zero)
    funds(&order, &row, held, quote)
  }

  @inline(__always)
  private func exposure(_ order: inout OrderCase, _ row: inout OrderRow, _ held: Int, _ notional: Money) {
    let instrument = row.image.instrument.index
    let scale = Int(state.instruments[instrument].rules.quantityScale)
    let isBuy = row.side == .buy
    let quantity = state.positions[held].book.quantity
    let working = Money(
      Quantity(mantissa: isBuy ? state.positions[held].openBuy : state.positions[held].openSell), scale: scale)
    let added = working + order.quantityAsMoney
    order.positionQuantityAfter = (isBuy ? quantity + added : quantity - added).magnitude
    order.worstBefore = state.positions[held].worst
    order.worstAfter = Self.worst(
      net: state.positions[held].net,
      buys: isBuy ? state.positions[held].openBuyNotional + notional : state.positions[held].openBuyNotional,
      sells: isBuy ? state.positions[held].openSellNotional : state.positions[held].openSellNotional + notional)
    order.positionNotionalAfter = order.worstAfter
    order.netChange = isBuy ? notional : -notional
    order.valueAtRiskChange =
      Self.risk(order.worstAfter, state.instruments[instrument].riskQ20) - state.positions[held].valueAtRisk
    // What the position still has to close, beyond what already works to close it.
    let closes = isBuy ? quantity.isNegative : quantity.units > 0
    order.closable = closes ? max(.zero, quantity.magnitude - working) : .zero
    let isSpotSale = !isBuy && state.instruments[instrument].rules.instrumentClass == .spot
    order.isReducing = row.flags.contains(.reduceOnly) || isSpotSale || order.quantityAsMoney <= order.closable
    order.rejectStreak = isFreshReject(held) ? Int64(state.positions[held].rejectStreak) : 0
    order.liquidationDistance = liquidationDistance(held, instrument)
  }

  /// Equal rejects count while they are fresh: after ten quiet seconds the venue may be asked again.
  @inline(__always)
  private func isFreshReject(_ held: Int) -> Bool {
    stamp.time.nanoseconds - state.positions[held].lastRejectAt.nanoseconds < 10_000_000_000
  }

  @inline(__always)
  func liquidationDistance(_ held: Int, _ instrument: Int) -> Money {
    let price = state.positions[held].liquidationPrice
    let mark = state.instruments[instrument].market.mark
    guard price > 0, mark > 0, !state.positions[held].book.quantity.isZero else { return Money.one }
    let gap = Int128(mark - price)
    return Money(units: (gap < 0 ? -gap : gap) * Money.one.units / Int128(mark))
  }

  /// What the account must have free for it, and has.
  @inline(__always)
  private func funds(_ order: inout OrderCase, _ row: inout OrderRow, _ held: Int, _ quote: Money) {
    let instrument = row.image.instrument.index
    let fee = takerFee(&row, order.quantity, quote)
    if state.instruments[instrument].rules.instrumentClass == .spot {
      let isBuy = row.side == .buy
      let asset = isBuy ? state.instruments[instrument].rules.quote : state.instruments[instrument].rules.base
      order.needed = isBuy ? quote + max(fee, .zero) : order.quantityAsMoney
      if let balance = state.findBalance(row.image.account, asset, .spot) {
        order.free = state.balances[balance].total - state.balances[balance].locked
      }
      return
    }
    guard
      let balance = state.findBalance(row.image.account, state.instruments[instrument].rules.settle, .futures)
    else { return }
    let account = row.image.account.index
    let margin = Self.margin(order.worstAfter, leverage: state.positions[held].leverage)
    order.needed = max(.zero, margin - state.positions[held].margin) + max(fee, .zero)
    order.free =
      state.balances[balance].total + min(.zero, state.accounts[account].unrealised)
      - state.accounts[account].exposure.margin
  }

  /// Rounded up at 18 decimals; with ten decimals or fewer in price and quantity together it is exact and needs no
  /// division. `quote` is the product of both, below `notionalMax`.
  @inline(__always)
  private func takerFee(_ row: inout OrderRow, _ quantity: Int64, _ quote: Money) -> Money {
    let instrument = row.image.instrument.index
    let rate = state.instruments[instrument].rules.taker
    let decimals =
      Int(state.instruments[instrument].rules.priceScale) + Int(state.instruments[instrument].rules.quantityScale)
    guard decimals <= 10, rate.e8.magnitude >> 31 == 0 else { return quote.times(rate, .ceil) ?? .zero }
    let product = Int128(row.worstPrice) &* Int128(quantity) &* Int128(PowerOfTen.int64(10 - decimals))
    return Money(units: product &* Int128(rate.e8))
  }

  /// Unknown leverage is taken as one: the whole notional must be there.
  @inline(__always)
  private static func margin(_ worst: Money, leverage: UInt16) -> Money {
    leverage <= 1 ? worst : Money(units: worst.units / Int128(leverage))
  }

  @inline(__always)
  func inReportCurrency(_ amount: Money, _ asset: AssetID) -> Money? {
    if asset == state.globals[0].reportAsset { return amount }
    let value = state.assets[asset.index].value
    return value.isZero ? nil : amount.times(value, .ceil)
  }

  @inline(__always)
  static func worst(net: Money, buys: Money, sells: Money) -> Money {
    max((net + buys).magnitude, (net - sells).magnitude)
  }

  @inline(__always)
  static func risk(_ worst: Money, _ riskQ20: Int64) -> Money {
    // Nearly always both are small, and a plain product costs three instructions.
    if worst.units >= 0, worst.units >> 95 == 0, riskQ20 >= 0, riskQ20 >> 32 == 0 {
      return Money(units: (worst.units &* Int128(riskQ20)) >> 20)
    }
    let (product, overflow) = worst.units.multipliedReportingOverflow(by: Int128(riskQ20))
    return overflow ? worst : Money(units: product >> 20)
  }
}

/// What one position adds to each of its scopes.
private struct ExposureChange {
  let gross: Money
  let net: Money
  let valueAtRisk: Money
  let margin: Money
}

extension ExposureRow {
  @inline(__always)
  fileprivate mutating func add(_ more: ExposureChange) {
    gross += more.gross
    net += more.net
    valueAtRisk += more.valueAtRisk
    margin += more.margin
    precondition(!gross.isNegative, "gross exposure is a sum of magnitudes (INV-05)")
  }
}

// MARK: Scopes

extension Core {
  @inline(__always)
  private func target(_ scope: LimitScope, _ row: OrderRow) -> Int {
    switch scope {
    case .account: row.image.account.index
    case .instrument: row.image.instrument.index
    case .strategy: row.image.strategy.index
    case .venue: row.image.venue.index
    case .total: 0
    }
  }

  @inline(__always)
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

  @inline(__always)
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
    charge(.account, slot)
    charge(.instrument, slot)
    charge(.venue, slot)
    charge(.total, slot)
    if !state.orders[slot].image.strategy.isNone { charge(.strategy, slot) }
  }

  @inline(__always)
  private mutating func charge(_ scope: LimitScope, _ slot: Int) {
    let now = stamp.time
    let mode = state.orders[slot].mode
    let target = target(scope, state.orders[slot])
    let interval = state.limitNumbers[state.limitRow(scope, target, mode)].scope.rateInterval
    change(scope, target, mode) { exposure in
      exposure.rateTime = PreTradeCheck.nextRateTime(exposure.rateTime, now: now, interval: interval)
    }
  }
}

// MARK: Reservations

extension Core {
  /// What the order locks in the account's own books.
  @inline(__always)
  func reserve(_ row: inout OrderRow, _ order: inout OrderCase) {
    guard row.walletRaw == Wallet.spot.rawValue else { return }
    let instrument = row.image.instrument.index
    row.reservedAsset =
      row.side == .buy ? state.instruments[instrument].rules.quote : state.instruments[instrument].rules.base
    row.reserved = order.needed
  }

  mutating func reserve(_ slot: Int, _ order: inout OrderCase) {
    var row = state.orders[slot]
    reserve(&row, &order)
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

  @inline(__always)
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
    guard state.orders[slot].isOpen, state.orders[slot].remainingWorst > 0 else {
      state.orders[slot].worstNotional = .zero
      state.orders[slot].reserved = .zero
      return
    }
    // A slice counts with its parent.
    guard state.orders[slot].parent == 0 else { return count(slot) }
    var worst = state.orders[slot].withPendingAmend
    var order = orderCase(&worst, isReplacement: true)
    value(&order, &worst)
    // A value that is unknown now keeps what was reserved while it was known.
    if let notional = order.notional { state.orders[slot].worstNotional = notional }
    reserve(slot, &order)
    count(slot)
  }

  @inline(__always)
  func positionRow(of row: OrderRow) -> Int? {
    state.findPosition(
      row.image.account, row.image.instrument, PositionSide(rawValue: row.image.positionSideRaw) ?? .net)
  }

  /// Brings a position row's share of all scopes up to date with its quantity, open orders and mark.
  mutating func remeasure(_ position: Int) {
    let account = state.positions[position].account
    let instrument = state.positions[position].instrument.index
    let net = signedNotional(position)
    let worst = Self.worst(
      net: net, buys: state.positions[position].openBuyNotional, sells: state.positions[position].openSellNotional)
    let risk = Self.risk(worst, state.instruments[instrument].riskQ20)
    let isSpot = state.instruments[instrument].rules.instrumentClass == .spot
    let margin = isSpot ? Money.zero : Self.margin(worst, leverage: state.positions[position].leverage)
    let moreWorst = worst - state.positions[position].worst
    let moreNet = net - state.positions[position].net
    let moreRisk = risk - state.positions[position].valueAtRisk
    let moreMargin = margin - state.positions[position].margin
    guard !moreWorst.isZero || !moreNet.isZero || !moreRisk.isZero || !moreMargin.isZero else { return }
    state.positions[position].worst = worst
    state.positions[position].net = net
    state.positions[position].valueAtRisk = risk
    state.positions[position].margin = margin
    let mode = state.accounts[account.index].mode
    let venue = state.instruments[instrument].rules.venue.index
    let more = ExposureChange(gross: moreWorst, net: moreNet, valueAtRisk: moreRisk, margin: moreMargin)
    change(.account, account.index, mode) { $0.add(more) }
    change(.instrument, instrument, mode) { $0.add(more) }
    change(.venue, venue, mode) { $0.add(more) }
    change(.total, 0, mode) { $0.add(more) }
  }

  /// What the position is worth in the report currency; the last value where it cannot be said.
  @inline(__always)
  private func signedNotional(_ position: Int) -> Money {
    guard !state.positions[position].book.isFlat else { return .zero }
    let instrument = state.positions[position].instrument.index
    let mark = state.instruments[instrument].market.mark
    let price = mark > 0 ? mark : state.positions[position].venueEntry
    let scale = Int(state.instruments[instrument].rules.priceScale)
    let quote = state.positions[position].book.quantity.times(Price(mantissa: price), scale: scale, .halfEven) ?? .zero
    return inReportCurrency(
      price > 0 ? quote : state.positions[position].book.cost, state.instruments[instrument].rules.quote)
      ?? state.positions[position].net
  }
}
