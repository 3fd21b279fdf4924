/// Orders that wait for a price.
extension Exchange {
  mutating func listWaiting(_ slot: UInt32) {
    let instrument = Int(orders[Int(slot)].instrument)
    orders[Int(slot)].stateRaw = ExchangeOrder.State.waiting.rawValue
    orders[Int(slot)].extreme = orders[Int(slot)].stopPrice == 0 ? markets[instrument].last : 0
    let last = markets[instrument].waitingLast
    orders[Int(slot)].waitingPrevious = last
    orders[Int(slot)].waitingNext = 0
    if last == 0 { markets[instrument].waitingFirst = slot } else { orders[Int(last)].waitingNext = slot }
    markets[instrument].waitingLast = slot
    widen(orders[Int(slot)])
  }

  mutating func unlistWaiting(_ slot: UInt32) {
    let order = orders[Int(slot)]
    let instrument = Int(order.instrument)
    if order.waitingPrevious == 0 {
      markets[instrument].waitingFirst = order.waitingNext
    } else {
      orders[Int(order.waitingPrevious)].waitingNext = order.waitingNext
    }
    if order.waitingNext == 0 {
      markets[instrument].waitingLast = order.waitingPrevious
    } else {
      orders[Int(order.waitingNext)].waitingPrevious = order.waitingPrevious
    }
    orders[Int(slot)].waitingNext = 0
    orders[Int(slot)].waitingPrevious = 0
  }

  /// The stop price as it stands: fixed, or behind the best price a trailing stop has seen. `nil`: not active yet.
  private func stop(of order: ExchangeOrder) -> Int64? {
    guard order.kind == .trailingStop else { return order.stopPrice }
    guard order.extreme != 0 else { return nil }
    let distance = Int128(order.extreme) * Int128(order.trailPpm) / 1_000_000
    return order.side == .sell ? order.extreme - Int64(distance) : order.extreme + Int64(distance)
  }

  /// Whether an order fires when its price rises to the stop.
  private func firesAbove(_ order: ExchangeOrder) -> Bool {
    let isTakeProfit = order.kind == .takeProfitMarket || order.kind == .takeProfitLimit
    return (order.side == .buy) != isTakeProfit
  }

  func hasFired(_ order: ExchangeOrder, at last: Int64) -> Bool {
    guard let stop = stop(of: order) else { return false }
    return firesAbove(order) ? last >= stop : last <= stop
  }

  /// Widens the prices at which the instrument's list must be looked at.
  private mutating func widen(_ order: ExchangeOrder) {
    let instrument = Int(order.instrument)
    if order.kind == .trailingStop {
      // Every price may move it.
      markets[instrument].fireAbove = .min
      return
    }
    if firesAbove(order) {
      markets[instrument].fireAbove = min(markets[instrument].fireAbove, order.stopPrice)
    } else {
      markets[instrument].fireBelow = max(markets[instrument].fireBelow, order.stopPrice)
    }
  }

  /// After trades: moves trailing stops and notes that something may fire.
  mutating func markTriggers(_ instrument: UInt16) {
    let market = markets[Int(instrument)]
    guard market.waitingFirst != 0, market.last >= market.fireAbove || market.last <= market.fireBelow else { return }
    var slot = market.waitingFirst
    while slot != 0 {
      let order = orders[Int(slot)]
      if order.kind == .trailingStop { trail(slot, market.last) }
      slot = order.waitingNext
    }
  }

  private mutating func trail(_ slot: UInt32, _ last: Int64) {
    let order = orders[Int(slot)]
    if order.extreme == 0 {
      let isActive = order.side == .sell ? last >= order.stopPrice : last <= order.stopPrice
      if isActive { orders[Int(slot)].extreme = last }
      return
    }
    orders[Int(slot)].extreme = order.side == .sell ? max(order.extreme, last) : min(order.extreme, last)
  }

  /// Sends triggered orders to their books, oldest first; their trades may trigger more. What is over the bound of one
  /// input stays in the list and fires with the next.
  mutating func fireTriggered() {
    var budget = Self.triggeredMax
    for instrument in 1...max(instrumentCount, 1) {
      while budget > 0, let slot = nextFired(UInt16(instrument)) {
        budget -= 1
        fire(slot)
      }
    }
  }

  private mutating func nextFired(_ instrument: UInt16) -> UInt32? {
    let market = markets[Int(instrument)]
    guard market.waitingFirst != 0, market.last != 0 else { return nil }
    guard market.last >= market.fireAbove || market.last <= market.fireBelow else { return nil }
    var slot = market.waitingFirst
    while slot != 0 {
      if hasFired(orders[Int(slot)], at: market.last) { return slot }
      slot = orders[Int(slot)].waitingNext
    }
    // Nothing fires at this price: find the bounds anew, so that the list is not read again for nothing.
    markets[Int(instrument)].fireAbove = .max
    markets[Int(instrument)].fireBelow = .min
    slot = market.waitingFirst
    while slot != 0 {
      widen(orders[Int(slot)])
      slot = orders[Int(slot)].waitingNext
    }
    return nil
  }

  private mutating func fire(_ slot: UInt32) {
    unlistWaiting(slot)
    unlock(slot)
    orders[Int(slot)].stateRaw = ExchangeOrder.State.working.rawValue
    orders[Int(slot)].updated = time.nanoseconds
    let order = orders[Int(slot)]
    if order.flags.contains(.closePosition) {
      let position = holdings[holdingIndex(of: order)].quantity
      let open = order.side == .buy ? -position : position
      guard open > 0 else { return end(slot, .expired, why: .reduceOnly) }
      orders[Int(slot)].quantity = open
    }
    emit(event(.triggered, slot))
    var now = orders[Int(slot)]
    now.kindRaw = order.kind.hasLimitPrice ? OrderKind.limit.rawValue : OrderKind.market.rawValue
    guard fundsRefusal(of: now) == nil else { return end(slot, .expired, why: .insufficient) }
    execute(slot, fillMax: Self.triggeredFillMax)
  }
}
