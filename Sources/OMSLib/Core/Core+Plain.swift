// The short way to a verdict: nearly every order is a plain limit order within all its limits. That it is can be said in
// one look at each row it depends on, straight from the command, before anything is built for it.

/// What a plain order that passes comes to.
struct PlainTerms {
  /// At its price, in the report currency.
  var notional = Money.zero
  /// What its account must have free for it.
  var needed = Money.zero
  var isReducing = false
}

extension Core {
  /// `true` only where ``judge(_:_:)`` passes, with the same terms. Whatever is unusual, is refused, or is so large that
  /// a product could leave its type, is for `judge`: there are the reasons.
  @inline(__always)
  func passesPlainly(_ input: NewOrderInput, _ terms: inout PlainTerms) -> Bool {
    guard isPlain(input), isOpenFor(input) else { return false }
    let instrument = unsafe state.instruments.row(input.instrument.index)
    let isBuy = input.sideRaw == Side.buy.rawValue
    guard unsafe fitsMarket(input, instrument, isBuy: isBuy), unsafe !crosses(input, instrument, isBuy: isBuy) else {
      return false
    }
    return unsafe fitsLimits(input, instrument, isBuy: isBuy, &terms)
  }

  /// The verdict on a command as the state stands now; nothing is kept, no market is read from it.
  package mutating func verdict(on input: NewOrderInput, at stamp: StepStamp) -> Verdict {
    self.stamp = stamp
    var plain = PlainTerms()
    return passesPlainly(input, &plain) ? .pass : slowVerdict(on: input)
  }

  /// The same by the long way: with the reason.
  @inline(never)
  func slowVerdict(on input: NewOrderInput) -> Verdict {
    var draft = Draft()
    judge(input, &draft)
    return draft.verdict
  }

  /// The row of a plain order that passes. `false`: its terms are not as plain as they looked; they are for `judge`.
  func fill(_ row: inout OrderRow, from input: NewOrderInput, _ plain: PlainTerms) -> Bool {
    guard terms(input, &row) == .none, row.isHeld == 0 else { return false }
    row.worstPrice = input.price
    row.worstNotional = plain.notional
    row.opensRisk = plain.isReducing ? 0 : 1
    guard row.walletRaw == Wallet.spot.rawValue else { return true }
    let instrument = input.instrument.index
    row.reservedAsset =
      row.side == .buy ? state.instruments[instrument].rules.quote : state.instruments[instrument].rules.base
    row.reserved = plain.needed
    return true
  }

  /// Whether `judge` passes the command too, and comes to the same row.
  func agrees(_ input: NewOrderInput, _ row: OrderRow) -> Bool {
    var draft = Draft()
    judge(input, &draft)
    return draft.verdict.passes && draft.row.worstPrice == row.worstPrice && draft.row.opensRisk == row.opensRisk
      && draft.row.worstNotional == row.worstNotional && draft.row.reserved == row.reserved
      && draft.row.reservedAsset == row.reservedAsset && draft.row.fingerprint == row.fingerprint
      && draft.row.image.emulatedRaw == row.image.emulatedRaw && draft.row.isHeld == row.isHeld
  }

  /// Whether the command would be taken now, and can only reduce risk.
  package mutating func reduces(_ input: NewOrderInput, at stamp: StepStamp) -> Bool {
    self.stamp = stamp
    var draft = Draft()
    judge(input, &draft)
    return draft.verdict.passes && draft.row.opensRisk == 0
  }

  /// Names that exist, and nothing but a price and a quantity.
  @inline(__always)
  private func isPlain(_ input: NewOrderInput) -> Bool {
    let extras =
      input.stopPrice | input.displayQuantity | input.trailPpm | input.takeProfit | input.stopLoss | input.collarPpm
    let kinds = input.positionSideRaw | input.linkRaw
    return extras == 0 && kinds == 0 && input.linked.isEmpty && input.kindRaw == OrderKind.limit.rawValue
      && input.timeInForceRaw == TimeInForce.gtc.rawValue
      && (input.sideRaw == Side.buy.rawValue || input.sideRaw == Side.sell.rawValue)
      && input.preventionRaw <= SelfTradePrevention.expireBoth.rawValue
      && input.flagsRaw & ~(OrderFlags.liveAllowed.rawValue | OrderFlags.postOnly.rawValue) == 0
      && input.account.index > 0 && input.account.index <= Int(state.globals[0].accountCount)
      && input.instrument.index > 0 && input.instrument.index <= Int(state.globals[0].instrumentCount)
      && input.strategy.isNone
  }

  /// Everything is on: nothing is paused, halted, in alarm or short of requests.
  @inline(__always)
  private func isOpenFor(_ input: NewOrderInput) -> Bool {
    let global = unsafe state.globals.row(0)
    let account = unsafe state.accounts.row(input.account.index)
    let instrument = unsafe state.instruments.row(input.instrument.index)
    let venue = unsafe state.venues.row(instrument.pointee.rules.venue.index)
    let isSpot = unsafe instrument.pointee.rules.classRaw == InstrumentClass.spot.rawValue
    guard
      unsafe global.pointee.tradingRaw | venue.pointee.tradingRaw | account.pointee.tradingRaw
        | instrument.pointee.tradingRaw == TradingState.on.rawValue,
      unsafe global.pointee.openAlarm == 0 && global.pointee.clockAlarm == 0 && global.pointee.assetLimitCount == 0,
      unsafe account.pointee.isRemoved == 0 && account.pointee.isOpen != 0 && account.pointee.hedgeMode == 0,
      unsafe instrument.pointee.rules.isTrading != 0,
      unsafe instrument.pointee.rules.venue == account.pointee.venue,
      unsafe (isSpot ? account.pointee.spotEnabled : account.pointee.futuresEnabled) != 0,
      unsafe account.pointee.mode == .paper || input.flagsRaw & OrderFlags.liveAllowed.rawValue != 0,
      unsafe input.flagsRaw & OrderFlags.postOnly.rawValue == 0
        || instrument.pointee.rules.featuresRaw & VenueFeatures.postOnly.rawValue != 0
    else { return false }
    let requests = unsafe venue.pointee.ordersPerTenSeconds
    // Requests that have grown too old count here still: the long way looks closer.
    return unsafe requests == 0 || account.pointee.budgetUsed < requests - requests / 20
  }

  /// Steps and sizes, and a fresh price that the order is not far beyond.
  @inline(__always)
  private func fitsMarket(_ input: NewOrderInput, _ row: UnsafePointer<InstrumentRow>, isBuy: Bool) -> Bool {
    guard unsafe input.quantity >= row.pointee.rules.minQuantity && input.quantity <= row.pointee.rules.maxQuantity,
      input.quantity > 0 && input.price > 0 && (input.quantity | input.price) >> 40 == 0,
      unsafe UInt64(input.quantity) % UInt64(row.pointee.rules.lot) == 0,
      unsafe UInt64(input.price) % UInt64(row.pointee.rules.tick) == 0,
      unsafe row.pointee.market.isValid != 0 && row.pointee.market.bid > 0 && row.pointee.market.ask > 0
    else { return false }
    let numbers = unsafe numbers(.account, input.account.index, state.accounts[input.account.index].mode)
    let age = unsafe stamp.time.nanoseconds &- row.pointee.market.updatedAt.nanoseconds
    guard unsafe age >= 0 && age <= numbers.pointee.marketAgeNanoseconds else { return false }
    let touch = unsafe isBuy ? row.pointee.market.ask : row.pointee.market.bid
    let beyond = isBuy ? input.price &- touch : touch &- input.price
    // distance <= collar, without dividing: the collar's last nine decimals are not counted in its favour.
    return unsafe beyond <= 0
      || Int128(beyond) &* 1_000_000_000 <= Int128(numbers.pointee.collarPpb) &* Int128(touch)
  }

  /// Whether it may meet an order of ours.
  @inline(__always)
  private func crosses(_ input: NewOrderInput, _ row: UnsafePointer<InstrumentRow>, isBuy: Bool) -> Bool {
    unsafe isBuy
      ? input.price >= min(row.pointee.ownAskMin, row.pointee.takerAskMin)
      : input.price <= max(row.pointee.ownBidMax, row.pointee.takerBidMax)
  }

  /// Position, funds and all scopes with the order added. All products stay in range: price times quantity is below 2^63,
  /// and ``Core/notionalMax`` bounds what positions hold.
  ///
  /// Sums of money are looked at in their upper halves, rounded against the order: what is nearer to a limit than a few
  /// of these is for `judge`.
  @inline(__always)
  private func fitsLimits(
    _ input: NewOrderInput, _ row: UnsafePointer<InstrumentRow>, isBuy: Bool, _ terms: inout PlainTerms
  ) -> Bool {
    let (priceScale, quantityScale) = unsafe (Int(row.pointee.rules.priceScale), Int(row.pointee.rules.quantityScale))
    let decimals = Money.decimals - priceScale - quantityScale
    let (product, overflow) = input.price.multipliedReportingOverflow(by: input.quantity)
    // Below 2^63 times 10^14: below 2^110, the bound of notionals.
    guard !overflow, decimals >= 0 && decimals <= 14,
      unsafe row.pointee.rules.quote == state.globals[0].reportAsset
    else { return false }
    let notional = Money(units: Int128(product) &* Int128(PowerOfTen.int64(decimals)))
    let unit = Int128(PowerOfTen.int64(Money.decimals - quantityScale))
    let quantity = Money(units: Int128(input.quantity) &* unit)
    let held = state.findPosition(input.account, input.instrument, .net) ?? 0
    let position = unsafe state.positions.row(held)
    guard let change = unsafe PlainChange(position, isBuy: isBuy, notional, riskQ20: row.pointee.riskQ20) else {
      return false
    }
    let account = input.account.index
    let mode = state.accounts[account].mode
    let numbers = unsafe numbers(.account, account, mode)
    let inPosition = unsafe position.pointee.book.quantity
    let working = unsafe Money(units: Int128(isBuy ? position.pointee.openBuy : position.pointee.openSell) &* unit)
    let added = working + quantity
    guard unsafe notional >= row.pointee.rules.minNotional && notional <= numbers.pointee.orderNotionalMax,
      unsafe quantity <= numbers.pointee.orderQuantityMax,
      unsafe (isBuy ? inPosition + added : inPosition - added).magnitude <= numbers.pointee.positionQuantityMax,
      unsafe change.worst <= numbers.pointee.positionNotionalMax.upperHalf,
      unsafe Int64(position.pointee.rejectStreak) < numbers.pointee.repeatedRejectsMax,
      unsafe isFarFromLiquidation(position, row, numbers), unsafe fitsAccount(account, numbers)
    else { return false }
    guard unsafe fitsFunds(input, row, position, change, quantity, notional, &terms) else { return false }
    let isSpotSale = unsafe !isBuy && row.pointee.rules.classRaw == InstrumentClass.spot.rawValue
    // What the position still has to close, beyond what already works to close it.
    let closes = isBuy ? inPosition.isNegative : inPosition.units > 0
    terms.notional = notional
    terms.isReducing = isSpotSale || (closes && added <= inPosition.magnitude)
    return unsafe fitsScopes(input, row, change, mode)
  }

  @inline(__always)
  private func isFarFromLiquidation(
    _ position: UnsafePointer<PositionRow>, _ row: UnsafePointer<InstrumentRow>, _ numbers: UnsafePointer<LimitNumbers>
  ) -> Bool {
    let price = unsafe position.pointee.liquidationPrice
    let mark = unsafe row.pointee.market.mark
    guard unsafe price > 0 && mark > 0 && !position.pointee.book.quantity.isZero else {
      return unsafe numbers.pointee.liquidationDistanceMinPpb <= 1_000_000_000
    }
    let gap = Int128((mark &- price).magnitude)
    return unsafe gap &* 1_000_000_000 >= Int128(numbers.pointee.liquidationDistanceMinPpb) &* Int128(mark)
  }

  @inline(__always)
  private func fitsAccount(_ account: Int, _ numbers: UnsafePointer<LimitNumbers>) -> Bool {
    let row = unsafe state.accounts.row(account)
    let gained = unsafe row.pointee.realisedToday.upperHalf + row.pointee.fundingToday.upperHalf
    let lost = unsafe row.pointee.feesToday.upperHalf + row.pointee.unrealisedDayStart.upperHalf + 2
    return unsafe lost - gained - row.pointee.unrealised.upperHalf <= numbers.pointee.dailyLossMax.upperHalf
      && row.pointee.drawdownStage < 2
      && (row.pointee.typeRaw == AccountType.sub.rawValue ? row.pointee.equity : .zero) <= numbers.pointee.balanceMax
  }

  /// What the account must have free, and has: as `funds` computes it, without a division.
  @inline(__always)
  private func fitsFunds(
    _ input: NewOrderInput, _ row: UnsafePointer<InstrumentRow>, _ position: UnsafePointer<PositionRow>,
    _ change: PlainChange, _ quantity: Money, _ notional: Money, _ terms: inout PlainTerms
  ) -> Bool {
    let decimals = unsafe Int(row.pointee.rules.priceScale) + Int(row.pointee.rules.quantityScale)
    let rate = unsafe row.pointee.rules.taker.e8
    guard decimals <= 10 && rate.magnitude >> 31 == 0 else { return false }
    // As many decimals as price and quantity have together, 4 to 10: below 2^63 x 10^6 x 2^31.
    let product = Int128(input.price &* input.quantity) &* Int128(PowerOfTen.int64(10 - decimals))
    let fee = max(Money.zero, Money(units: product &* Int128(rate)))
    if unsafe row.pointee.rules.classRaw == InstrumentClass.spot.rawValue {
      let asset = unsafe change.isBuy ? row.pointee.rules.quote : row.pointee.rules.base
      terms.needed = change.isBuy ? notional + fee : quantity
      guard let balance = state.findBalance(input.account, asset, .spot) else { return false }
      let balances = unsafe state.balances.row(balance)
      return unsafe terms.needed <= balances.pointee.total - balances.pointee.locked
    }
    guard let balance = unsafe state.findBalance(input.account, row.pointee.rules.settle, .futures) else {
      return false
    }
    let account = unsafe state.accounts.row(input.account.index)
    let total = unsafe state.balances.row(balance).pointee.total.upperHalf - fee.upperHalf - 1
    let free =
      unsafe total + min(0, account.pointee.unrealised.upperHalf) - account.pointee.exposure.margin.upperHalf - 1
    // margin after <= margin before + what is free, times the leverage on both sides.
    let leverage = unsafe Int64(max(1, position.pointee.leverage))
    let (room, overflow) = unsafe (free + position.pointee.margin.upperHalf).multipliedReportingOverflow(by: leverage)
    return free >= 0 && !overflow && change.worst <= room
  }

  /// Account, instrument, venue and total, each with the order added.
  @inline(__always)
  private func fitsScopes(
    _ input: NewOrderInput, _ row: UnsafePointer<InstrumentRow>, _ change: PlainChange, _ mode: Mode
  ) -> Bool {
    let venue = unsafe row.pointee.rules.venue.index
    let owner = unsafe state.accounts.row(input.account.index)
    let own = unsafe numbers(.account, input.account.index, mode)
    guard unsafe change.fits(owner.pointee.exposure, own.pointee.scope, stamp.time),
      unsafe change.fitsLeverage(owner, own.pointee.leverageMaxMilli)
    else { return false }
    let venues = unsafe state.venues.row(venue)
    let total = unsafe state.globals.row(0)
    let (markets, places, all) = unsafe (
      numbers(.instrument, input.instrument.index, mode), numbers(.venue, venue, mode), numbers(.total, 0, mode)
    )
    if mode == .live {
      return unsafe change.fits(row.pointee.exposureLive, markets.pointee.scope, stamp.time)
        && change.fits(venues.pointee.exposureLive, places.pointee.scope, stamp.time)
        && change.fits(total.pointee.totalLive, all.pointee.scope, stamp.time)
    }
    return unsafe change.fits(row.pointee.exposure, markets.pointee.scope, stamp.time)
      && change.fits(venues.pointee.exposure, places.pointee.scope, stamp.time)
      && change.fits(total.pointee.total, all.pointee.scope, stamp.time)
  }

  @inline(__always)
  private func numbers(_ scope: LimitScope, _ target: Int, _ mode: Mode) -> UnsafePointer<LimitNumbers> {
    unsafe state.limitNumbers.row(state.limitRow(scope, target, mode))
  }
}

/// What a plain order does to its position, as `exposure` computes it, and to the scopes: in upper halves of amounts.
///
/// The true amounts are below these, so that what fits by them fits; only `notional` is rounded down. Sums leave their
/// type where those of the whole amounts would.
private struct PlainChange {
  let isBuy: Bool
  let notional: Int64
  /// Worst case of the position with the order, and what it and its risk have more than before.
  let worst: Int64
  let gross: Int64
  let valueAtRisk: Int64

  /// `nil` where the risk is not for 64 bits.
  @inline(__always)
  init?(_ position: UnsafePointer<PositionRow>, isBuy: Bool, _ amount: Money, riskQ20: Int64) {
    self.isBuy = isBuy
    notional = amount.upperHalf
    let net = unsafe position.pointee.net.upperHalf
    let long = unsafe net + position.pointee.openBuyNotional.upperHalf + (isBuy ? notional : 0)
    let short = unsafe net - position.pointee.openSellNotional.upperHalf - (isBuy ? 0 : notional)
    // Of three amounts each, which were rounded down.
    worst = max(abs(long), abs(short)) + 3
    gross = unsafe worst - position.pointee.worst.upperHalf
    let (product, overflow) = worst.multipliedReportingOverflow(by: riskQ20)
    guard !overflow && riskQ20 >= 0 else { return nil }
    valueAtRisk = unsafe (product &>> 20) + 1 - position.pointee.valueAtRisk.upperHalf
  }

  /// Room for it in one scope.
  @inline(__always)
  func fits(_ used: ExposureRow, _ bounds: ScopeBounds, _ now: EngineTime) -> Bool {
    let net = isBuy ? used.net.upperHalf + notional : used.net.upperHalf - notional
    return bounds.admit(now, used.rateTime, used.openOrders)
      && used.gross.upperHalf + gross < bounds.grossMax.upperHalf && abs(net) + 2 <= bounds.netMax.upperHalf
      && used.valueAtRisk.upperHalf + valueAtRisk < bounds.valueAtRiskMax.upperHalf
  }

  @inline(__always)
  func fitsLeverage(_ owner: UnsafePointer<AccountRow>, _ maxMilli: Int64) -> Bool {
    let used = unsafe owner.pointee.exposure.gross.upperHalf + gross + 1
    let (thousandfold, usedOverflow) = used.multipliedReportingOverflow(by: 1_000)
    let (allowed, overflow) = unsafe owner.pointee.equity.upperHalf.multipliedReportingOverflow(by: maxMilli)
    return unsafe owner.pointee.hasEquity != 0 && owner.pointee.equity.upperHalf > 0 && maxMilli >= 0
      && !usedOverflow && !overflow && thousandfold <= allowed
  }
}
