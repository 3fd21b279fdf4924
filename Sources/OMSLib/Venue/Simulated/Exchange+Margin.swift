/// Positions and margin of linear perpetuals: one per account, or a long and a short one side by side (hedge mode).
extension Exchange {
  /// Maintenance brackets: up to `cap` of notional (in the settlement asset) the rate applies, less `cum`.
  struct Bracket {
    var cap: Int128
    var rateE8: Int128
    var cum: Int128
    var leverageMax: UInt16
  }

  /// One table for all instruments, shaped like those of large venues: continuous at every step.
  static let brackets: [Bracket] = [
    Bracket(cap: 50_000, rateE8: 400_000, cum: 0, leverageMax: 125),
    Bracket(cap: 600_000, rateE8: 500_000, cum: 50, leverageMax: 100),
    Bracket(cap: 3_000_000, rateE8: 650_000, cum: 950, leverageMax: 75),
    Bracket(cap: 12_000_000, rateE8: 1_000_000, cum: 11_450, leverageMax: 50),
    Bracket(cap: 70_000_000, rateE8: 2_000_000, cum: 131_450, leverageMax: 25),
    Bracket(cap: 100_000_000, rateE8: 2_500_000, cum: 481_450, leverageMax: 20),
    Bracket(cap: 230_000_000, rateE8: 5_000_000, cum: 2_981_450, leverageMax: 10),
    Bracket(cap: .max / one, rateE8: 10_000_000, cum: 14_481_450, leverageMax: 5),
  ]

  static func bracket(for notional: Int128) -> Bracket {
    for bracket in brackets where notional <= bracket.cap * one { return bracket }
    return brackets[brackets.count - 1]
  }

  /// Notional x rate - cum, both of the bracket the notional falls in.
  static func maintenance(of notional: Int128) -> Int128 {
    let bracket = bracket(for: notional)
    return notional * bracket.rateE8 / 100_000_000 - bracket.cum * one
  }

  // MARK: - What a position is worth

  /// Signed value at the mark minus what was paid for it.
  func unrealised(_ holding: ExchangeHolding, _ instrument: UInt16) -> Int128 {
    notional(markets[Int(instrument)].mark, holding.quantity, instrument) - holding.cost
  }

  /// Initial margin of position and open orders: the larger of what the account would hold if all buys or all sells
  /// filled, at the leverage chosen.
  func initialMargin(_ holding: ExchangeHolding, _ instrument: UInt16) -> Int128 {
    let value = notional(markets[Int(instrument)].mark, holding.quantity, instrument)
    let worst = max((value + holding.buyNotional).magnitude, (value - holding.sellNotional).magnitude)
    let leverage = Int128(max(holding.leverage, 1))
    return (Int128(worst) + leverage - 1) / leverage
  }

  /// What the futures wallet has for new positions: free of isolated wallets, cross losses and margins in use.
  func available(_ account: UInt16, _ asset: UInt16) -> Int128 {
    var sum = balances[balanceIndex(account, .futures, asset)].total
    forEachPosition(of: account, settledIn: asset) { instrument, holding in
      let isIsolated = holding.marginModeRaw == MarginMode.isolated.rawValue
      let initial = initialMargin(holding, instrument)
      if isIsolated {
        sum -= holding.isolatedWallet
        let held = notional(markets[Int(instrument)].mark, holding.quantity, instrument).magnitude
        sum -= max(0, initial - Int128(held) / Int128(max(holding.leverage, 1)))
      } else {
        sum += unrealised(holding, instrument) - initial
      }
    }
    return sum
  }

  private func forEachPosition(
    of account: UInt16, settledIn asset: UInt16, _ body: (UInt16, ExchangeHolding) -> Void
  ) {
    var instrument = accounts[Int(account)].firstPosition
    while instrument != 0 {
      if markets[Int(instrument)].rules.settle.number == asset {
        for lane in 0..<laneCount(account) { body(instrument, holdings[holdingIndex(account, instrument, lane: lane)]) }
      }
      instrument = holdings[holdingIndex(account, instrument)].next
    }
  }

  /// Margin of an account's open orders in one asset, beyond what its positions need: what `locked` of a futures balance
  /// says. Orders that make a position smaller need none, and those of both sides only what the larger side does.
  func orderMargin(_ account: UInt16, _ asset: UInt16) -> Int128 {
    var sum: Int128 = 0
    forEachPosition(of: account, settledIn: asset) { instrument, holding in
      let value = notional(markets[Int(instrument)].mark, holding.quantity, instrument)
      let alone = Int128(value.magnitude) / Int128(max(holding.leverage, 1))
      sum += max(0, initialMargin(holding, instrument) - alone)
    }
    return sum
  }

  /// `nil` when the order needs no more margin than there is. An order that makes the worst case smaller always passes.
  func marginRefusal(of order: ExchangeOrder) -> ExchangeRefusal? {
    if order.flags.contains(.reduceOnly) || order.flags.contains(.closePosition) || order.kind.isConditional {
      return nil
    }
    let market = markets[Int(order.instrument)]
    var holding = holdings[holdingIndex(of: order)]
    if holding.leverage == 0 { holding.leverage = defaultLeverage(order.instrument) }
    var value = notional(order.price, order.remaining, order.instrument)
    if !order.kind.hasLimitPrice {
      let found = reachableNow(order)
      value = found.cost * Int128(market.rules.tick) * market.unit
    }
    let before = initialMargin(holding, order.instrument)
    if order.side == .buy { holding.buyNotional += value } else { holding.sellNotional += value }
    let added = initialMargin(holding, order.instrument) - before
    guard added > 0 else { return nil }
    let position = notional(market.mark, holding.quantity, order.instrument)
    let worst = max((position + holding.buyNotional).magnitude, (position - holding.sellNotional).magnitude)
    if holding.leverage > Self.bracket(for: Int128(worst)).leverageMax { return .leverage }
    // A position bought above the mark starts with a loss, and pays its fee.
    let signed = notional(market.mark, order.remaining, order.instrument)
    let loss = max(0, order.side == .buy ? value - signed : signed - value)
    let fee = worstFee(on: value, order.account, order.instrument)
    let free = available(order.account, market.rules.settle.number)
    return added + loss + fee > free ? .insufficientMargin : nil
  }

  func defaultLeverage(_ instrument: UInt16) -> UInt16 {
    min(options.defaultLeverage, max(markets[Int(instrument)].rules.maxLeverage, 1))
  }

  // MARK: - Fills

  /// Applies one fill to a position; what it closes is realised into the wallet.
  mutating func changePosition(of order: ExchangeOrder, _ price: Int64, _ quantity: Int64) {
    let (account, instrument, side) = (order.account, order.instrument, order.side)
    chainPosition(account, instrument)
    let row = holdingIndex(of: order)
    let settle = markets[Int(instrument)].rules.settle.number
    let held = holdings[row].quantity
    let closes = held == 0 || (held > 0) == (side == .buy) ? 0 : min(quantity, Int64(held.magnitude))
    if closes > 0 {
      let part = Self.share(holdings[row].cost, closes, of: Int64(held.magnitude))
      let proceeds = notional(price, closes, instrument) * Int128(-side.sign)
      let released = Self.share(holdings[row].isolatedWallet, closes, of: Int64(held.magnitude))
      holdings[row].cost -= part
      holdings[row].isolatedWallet -= released
      holdings[row].quantity += side.sign * closes
      balances[balanceIndex(account, .futures, settle)].total += proceeds - part
    }
    let opens = quantity - closes
    if opens > 0 {
      let value = notional(price, opens, instrument)
      holdings[row].cost += value * Int128(side.sign)
      holdings[row].quantity += side.sign * opens
      if holdings[row].marginModeRaw == MarginMode.isolated.rawValue {
        let leverage = Int128(max(holdings[row].leverage, 1))
        holdings[row].isolatedWallet += (value + leverage - 1) / leverage
      }
    }
    precondition(
      holdings[row].quantity != 0 || (holdings[row].cost == 0 && holdings[row].isolatedWallet == 0),
      "a flat position cost nothing")
  }

  /// Lists a holding with its account at first use: only what is listed counts in its margin.
  mutating func chainPosition(_ account: UInt16, _ instrument: UInt16) {
    let row = holdingIndex(account, instrument)
    guard holdings[row].isChained == 0 else { return }
    holdings[row].isChained = 1
    for lane in 0..<2 where holdings[row + lane].leverage == 0 {
      holdings[row + lane].leverage = defaultLeverage(instrument)
    }
    holdings[row].next = accounts[Int(account)].firstPosition
    accounts[Int(account)].firstPosition = instrument
  }

  /// Reduce-only orders of an account never add up to more than the position: the newest shrink or go.
  mutating func trimReduceOnly(_ account: UInt16, _ instrument: UInt16, _ lane: Int) {
    let row = holdingIndex(account, instrument, lane: lane)
    guard holdings[row].reduceOnlyOrders > 0 else { return }
    let position = holdings[row].quantity
    var left = Int64(position.magnitude)
    forEachOpenOrder(of: account) { exchange, slot in
      let order = exchange.orders[Int(slot)]
      guard order.instrument == instrument, order.lane == lane, order.flags.contains(.reduceOnly),
        order.state == .working,
        exchange.memory.orders[Int(slot)].isResting == 1
      else { return }
      let reduces = order.side == .buy ? position < 0 : position > 0
      guard reduces, left > 0 else { return exchange.end(slot, .expired, why: .reduceOnly) }
      if order.remaining > left { exchange.shrink(slot, by: order.remaining - left) }
      left -= min(order.remaining, left)
    }
  }

  /// Makes a resting order smaller in its place and tells its owner.
  mutating func shrink(_ slot: UInt32, by amount: Int64, requestID: UInt64 = 0) {
    let instrument = Int(orders[Int(slot)].instrument)
    books[instrument].reduce(slot, by: amount, memory: memory)
    markets[instrument].bookSequence += 1
    orders[Int(slot)].quantity -= amount
    orders[Int(slot)].updated = time.nanoseconds
    if orders[Int(slot)].locked != 0 { relock(slot) }
    var event = event(.amended, slot)
    event.requestID = requestID
    emit(event)
  }

  // MARK: - Settings

  mutating func setLeverage(_ request: VenueRequest) {
    let (account, instrument) = (request.account.number, request.instrument.number)
    guard hasInstrument(instrument), markets[Int(instrument)].isPerpetual else {
      return refuse(request, .unknownInstrument)
    }
    guard request.leverage >= 1, request.leverage <= markets[Int(instrument)].rules.maxLeverage else {
      return refuse(request, .leverage)
    }
    chainPosition(account, instrument)
    let row = holdingIndex(account, instrument)
    let before = holdings[row].leverage
    for lane in 0..<2 {
      let value = notional(markets[Int(instrument)].mark, holdings[row + lane].quantity, instrument)
      guard request.leverage <= Self.bracket(for: Int128(value.magnitude)).leverageMax else {
        return refuse(request, .leverage)
      }
      let isIsolated = holdings[row + lane].marginModeRaw == MarginMode.isolated.rawValue && value != 0
      if isIsolated && request.leverage != before { return refuse(request, .marginModeLocked) }
    }
    for lane in 0..<2 { holdings[row + lane].leverage = request.leverage }
    if request.leverage < before, available(account, markets[Int(instrument)].rules.settle.number) < 0 {
      for lane in 0..<2 { holdings[row + lane].leverage = before }
      return refuse(request, .insufficientMargin)
    }
    answer(request)
  }

  mutating func setMarginMode(_ request: VenueRequest) {
    let (account, instrument) = (request.account.number, request.instrument.number)
    guard hasInstrument(instrument), markets[Int(instrument)].isPerpetual else {
      return refuse(request, .unknownInstrument)
    }
    guard let mode = MarginMode(rawValue: request.marginModeRaw) else { return refuse(request, .malformed) }
    chainPosition(account, instrument)
    let row = holdingIndex(account, instrument)
    guard holdings[row].marginModeRaw != mode.rawValue else { return answer(request) }
    for lane in 0..<2 {
      guard holdings[row + lane].quantity == 0, holdings[row + lane].openOrders == 0 else {
        return refuse(request, .marginModeLocked)
      }
    }
    for lane in 0..<2 { holdings[row + lane].marginModeRaw = mode.rawValue }
    answer(request)
  }

  /// More or less money behind one isolated position: no more than is free, and never below its initial margin.
  mutating func adjustMargin(_ control: ExchangeControl) {
    var answer = VenueEvent(.rejected)
    answer.requestID = control.requestID
    answer.account = AccountID(number: control.account)
    answer.instrument = InstrumentID(number: control.instrument)
    answer.amount = control.amount
    answer.code = marginRefusal(of: control)?.rawValue ?? 0
    if answer.code == 0 {
      answer.kindRaw = VenueEvent.Kind.accepted.rawValue
      let lane = control.sideRaw == 1 ? 1 : 0
      holdings[holdingIndex(control.account, control.instrument, lane: lane)].isolatedWallet += control.amount.units
    } else {
      answer.remedyRaw = VenueEvent.Remedy.refused.rawValue
    }
    emit(answer)
  }

  private func marginRefusal(of control: ExchangeControl) -> ExchangeRefusal? {
    guard isCustomer(control.account) else { return .unknownAccount }
    guard hasInstrument(control.instrument), markets[Int(control.instrument)].isPerpetual else {
      return .unknownInstrument
    }
    let lane = control.sideRaw == 1 ? 1 : 0
    guard lane < laneCount(control.account) else { return .positionSide }
    let holding = holdings[holdingIndex(control.account, control.instrument, lane: lane)]
    guard holding.quantity != 0, holding.marginModeRaw == MarginMode.isolated.rawValue else { return .marginModeLocked }
    let amount = control.amount.units
    if amount >= 0 {
      let free = available(control.account, markets[Int(control.instrument)].rules.settle.number)
      return amount > free ? .insufficientMargin : nil
    }
    let value = notional(markets[Int(control.instrument)].mark, holding.quantity, control.instrument)
    let needed = Int128(value.magnitude) / Int128(max(holding.leverage, 1))
    let left = holding.isolatedWallet + amount + min(0, unrealised(holding, control.instrument))
    return left < needed ? .insufficientMargin : nil
  }

  private mutating func answer(_ request: VenueRequest) {
    let holding = holdings[holdingIndex(request.account.number, request.instrument.number)]
    var event = VenueEvent(.accepted)
    event.requestID = request.requestID
    event.account = request.account
    event.instrument = request.instrument
    event.leverage = holding.leverage
    event.marginModeRaw = holding.marginModeRaw
    emit(event)
  }
}
