/// What an order must satisfy before it is one.
extension Exchange {
  mutating func place(_ request: VenueRequest) {
    if let refusal = countRequest(request) { return refuse(request, refusal.0, retryAfter: refusal.1) }
    guard let order = read(request) else { return refuse(request, .malformed) }
    if let refusal = refusal(of: order) { return refuse(request, refusal) }
    let slot = takeSlot()
    guard slot != 0 else { return refuse(request, .capacity) }
    open(order, at: slot)
    var accepted = event(.accepted, slot)
    accepted.requestID = request.requestID
    emit(accepted)
    if order.kind.isConditional {
      listWaiting(slot)
      lock(slot)
    } else {
      execute(slot, fillMax: Self.fillMax)
    }
  }

  /// The order a request describes; `nil` when a field is none of its values.
  private func read(_ request: VenueRequest) -> ExchangeOrder? {
    guard let side = Side(rawValue: request.sideRaw), let kind = OrderKind(rawValue: request.orderKindRaw),
      let timeInForce = TimeInForce(rawValue: request.timeInForceRaw),
      let prevention = SelfTradePrevention(rawValue: request.preventionRaw), !request.wireID.isEmpty
    else { return nil }
    var order = ExchangeOrder()
    order.wireID = request.wireID
    order.account = request.account.number
    order.instrument = request.instrument.number
    order.sideRaw = side.rawValue
    order.kindRaw = kind.rawValue
    order.timeInForceRaw = timeInForce.rawValue
    order.preventionRaw = prevention.rawValue
    order.flagsRaw = request.flagsRaw
    order.positionSideRaw = request.positionSideRaw
    // In hedge mode the side of the position says which orders close it, and those never do more.
    let closing: Side = request.positionSideRaw == PositionSide.long.rawValue ? .sell : .buy
    if request.positionSideRaw != PositionSide.net.rawValue, side == closing {
      order.flagsRaw |= OrderFlags.reduceOnly.rawValue
    }
    order.price = kind.hasLimitPrice ? request.price : 0
    order.stopPrice = kind.isConditional ? request.stopPrice : 0
    order.quantity = request.quantity
    order.display = request.displayQuantity
    order.trailPpm = kind == .trailingStop ? request.trailPpm : 0
    order.expires = timeInForce == .gtd ? request.expiresAt.nanoseconds : 0
    order.stateRaw = ExchangeOrder.State.working.rawValue
    return order
  }

  private func refusal(of order: ExchangeOrder) -> ExchangeRefusal? {
    guard hasInstrument(order.instrument) else { return .unknownInstrument }
    let rules = markets[Int(order.instrument)].rules
    guard rules.isTrading == 1 else { return .closed }
    if order.flags.contains(.hidden) { return .unsupported }
    if let refusal = positionSideRefusal(of: order) { return refusal }
    let twin = index.find(order.account, order.wireID, orders)
    if twin != 0 && orders[Int(twin)].isOpen { return .duplicateID }
    if let refusal = quantityRefusal(of: order, rules) { return refusal }
    if let refusal = priceRefusal(of: order, rules) { return refusal }
    if let refusal = shapeRefusal(of: order) { return refusal }
    var openOrders: UInt32 = 0
    for lane in 0..<2 { openOrders += holdings[holdingIndex(order.account, order.instrument, lane: lane)].openOrders }
    if openOrders >= options.openOrders || accounts[Int(order.account)].openOrders >= Self.openOrderMax {
      return .openOrderMax
    }
    if order.flags.contains(.reduceOnly), let refusal = reduceOnlyRefusal(of: order) { return refusal }
    return fundsRefusal(of: order)
  }

  /// A hedged account names one of its two positions in a perpetual, any other names none.
  private func positionSideRefusal(of order: ExchangeOrder) -> ExchangeRefusal? {
    let isHedged = accounts[Int(order.account)].isHedged == 1 && markets[Int(order.instrument)].isPerpetual
    guard let side = PositionSide(rawValue: order.positionSideRaw), (side != .net) == isHedged else {
      return .positionSide
    }
    let opens = side == .long ? order.side == .buy : order.side == .sell
    return side != .net && opens && order.flags.contains(.reduceOnly) ? .reduceOnly : nil
  }

  func quantityRefusal(of order: ExchangeOrder, _ rules: Instrument) -> ExchangeRefusal? {
    if order.flags.contains(.closePosition) {
      return order.quantity == 0 && order.kind.isConditional && !order.kind.hasLimitPrice ? nil : .malformed
    }
    guard order.quantity > 0, order.quantity % max(rules.lot, 1) == 0, order.quantity >= rules.minQuantity,
      rules.maxQuantity == 0 || order.quantity <= rules.maxQuantity
    else { return .filterQuantity }
    if order.display != 0 {
      guard order.kind == .limit, order.timeInForce == .gtc || order.timeInForce == .gtd else { return .malformed }
      guard order.display > 0, order.display <= order.quantity, order.display % max(rules.lot, 1) == 0 else {
        return .filterQuantity
      }
    }
    return nil
  }

  func priceRefusal(of order: ExchangeOrder, _ rules: Instrument) -> ExchangeRefusal? {
    let tick = max(rules.tick, 1)
    if order.kind.hasLimitPrice {
      guard order.price > 0, order.price % tick == 0 else { return .filterPrice }
      if let refusal = bandRefusal(order.price, order.instrument) { return refusal }
    }
    // A trailing stop may go without a stop price: it then follows the market from the start.
    if order.kind.isConditional && !(order.kind == .trailingStop && order.stopPrice == 0) {
      guard order.stopPrice > 0, order.stopPrice % tick == 0 else { return .filterPrice }
    }
    return notionalRefusal(of: order, rules)
  }

  /// How far from the reference a limit price may be.
  func bandRefusal(_ price: Int64, _ instrument: UInt16) -> ExchangeRefusal? {
    let market = markets[Int(instrument)]
    let reference = market.mark != 0 ? market.mark : market.last
    guard market.rules.bandPpm != 0, reference != 0 else { return nil }
    let distance = Int128((price - reference).magnitude) * 1_000_000
    return distance > Int128(reference) * Int128(market.rules.bandPpm) ? .filterBand : nil
  }

  private func notionalRefusal(of order: ExchangeOrder, _ rules: Instrument) -> ExchangeRefusal? {
    let market = markets[Int(order.instrument)]
    let price = order.kind.hasLimitPrice ? order.price : max(order.stopPrice, market.last)
    let (value, overflow) = (Int128(price) * Int128(order.quantity)).multipliedReportingOverflow(by: market.unit)
    // Fees multiply by up to 10^8 before they divide; this keeps every later product in range.
    guard !overflow, value < Int128.max / 1_000_000_000 else { return .filterNotional }
    if order.flags.contains(.reduceOnly) || order.flags.contains(.closePosition) { return nil }
    return value < rules.minNotional.units ? .filterNotional : nil
  }

  private func shapeRefusal(of order: ExchangeOrder) -> ExchangeRefusal? {
    let market = markets[Int(order.instrument)]
    if order.flags.contains(.postOnly) {
      guard order.kind == .limit, order.timeInForce == .gtc || order.timeInForce == .gtd else { return .malformed }
      if wouldTake(order) { return .wouldTake }
    }
    if order.timeInForce == .gtd && order.expires <= time.nanoseconds { return .malformed }
    let needsPosition = order.flags.contains(.reduceOnly) || order.flags.contains(.closePosition)
    if needsPosition && !market.isPerpetual { return .unsupported }
    guard order.kind.isConditional else { return nil }
    if order.kind == .trailingStop {
      guard order.trailPpm > 0, order.trailPpm < 1_000_000 else { return .malformed }
      return nil
    }
    guard order.trailPpm == 0 else { return .malformed }
    return market.last != 0 && hasFired(order, at: market.last) ? .wouldTrigger : nil
  }

  func wouldTake(_ order: ExchangeOrder) -> Bool {
    let level = order.price / max(markets[Int(order.instrument)].rules.tick, 1)
    let book = books[Int(order.instrument)].bestLevels
    return order.side == .buy ? level >= book.ask : level <= book.bid
  }

  private func reduceOnlyRefusal(of order: ExchangeOrder) -> ExchangeRefusal? {
    let position = holdings[holdingIndex(of: order)].quantity
    // A conditional order may be placed before the position it will reduce.
    if order.kind.isConditional { return nil }
    let reduces = order.side == .buy ? position < 0 : position > 0
    return reduces ? nil : .reduceOnly
  }

  /// Whether the account can pay for the order at its worst.
  func fundsRefusal(of order: ExchangeOrder) -> ExchangeRefusal? {
    let market = markets[Int(order.instrument)]
    if market.isPerpetual { return marginRefusal(of: order) }
    if order.side == .sell {
      let balance = balances[balanceIndex(order.account, .spot, market.rules.base.number)]
      return amount(order.remaining, order.instrument) > balance.total - balance.locked ? .insufficientBalance : nil
    }
    let balance = balances[balanceIndex(order.account, .spot, market.rules.quote.number)]
    return spotCost(of: order) > balance.total - balance.locked ? .insufficientBalance : nil
  }

  /// What a spot buy costs at most: at its limit, or at what the book asks now; fees included where they come on top.
  private func spotCost(of order: ExchangeOrder) -> Int128 {
    if order.kind.isConditional && !order.kind.hasLimitPrice { return 0 }
    let market = markets[Int(order.instrument)]
    var cost = notional(order.price, order.remaining, order.instrument)
    if !order.kind.hasLimitPrice {
      let found = reachableNow(order)
      cost = found.cost * Int128(market.rules.tick) * market.unit
    }
    return options.chargesBase == 1 ? cost : cost + worstFee(on: cost, order.account, order.instrument)
  }

  /// Counts an order against the rates of its account. The wait until the window ends comes with the refusal.
  func countRequest(_ request: VenueRequest) -> (ExchangeRefusal, Int64)? {
    let row = Int(request.account.number)
    let (window, day) = (time.nanoseconds / Self.windowNanoseconds, time.nanoseconds / Self.dayNanoseconds)
    if accounts[row].window != window {
      accounts[row].window = window
      accounts[row].ordersInWindow = 0
    }
    if accounts[row].day != day {
      accounts[row].day = day
      accounts[row].ordersToday = 0
    }
    if accounts[row].ordersInWindow >= options.ordersPerTenSeconds {
      return (.tooManyOrders, (window + 1) * Self.windowNanoseconds - time.nanoseconds)
    }
    if accounts[row].ordersToday >= options.ordersPerDay {
      return (.tooManyOrders, (day + 1) * Self.dayNanoseconds - time.nanoseconds)
    }
    accounts[row].ordersInWindow += 1
    accounts[row].ordersToday += 1
    return nil
  }

  static let windowNanoseconds: Int64 = 10_000_000_000
  static let dayNanoseconds: Int64 = 86_400_000_000_000
}
