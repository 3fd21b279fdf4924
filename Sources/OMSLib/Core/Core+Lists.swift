// Open orders by account and by instrument, our own best prices, and when an order wants attention.

extension Core {
  /// Puts an open order at the head of its account's and its instrument's list.
  mutating func link(_ slot: Int) {
    let account = state.orders[slot].image.account.index
    let instrument = state.orders[slot].image.instrument.index
    let here = UInt32(slot + 1)
    let accountHead = state.accounts[account].openHead
    state.orderLinks[slot].nextOfAccount = accountHead
    if accountHead != 0 { state.orderLinks[Int(accountHead) - 1].previousOfAccount = here }
    state.accounts[account].openHead = here
    let instrumentHead = state.instruments[instrument].openHead
    state.orderLinks[slot].nextOfInstrument = instrumentHead
    if instrumentHead != 0 { state.orderLinks[Int(instrumentHead) - 1].previousOfInstrument = here }
    state.instruments[instrument].openHead = here
    state.instruments[instrument].openCount += 1
    if isTaker(slot) { state.instruments[instrument].takerCount += 1 }
    widenOwn(slot)
  }

  @inline(__always)
  private func isTaker(_ slot: Int) -> Bool {
    let force = state.orders[slot].image.timeInForceRaw
    return force == TimeInForce.ioc.rawValue || force == TimeInForce.fok.rawValue
  }

  mutating func unlink(_ slot: Int) {
    let account = state.orders[slot].image.account.index
    let instrument = state.orders[slot].image.instrument.index
    let links = state.orderLinks[slot]
    if links.previousOfAccount != 0 {
      state.orderLinks[Int(links.previousOfAccount) - 1].nextOfAccount = links.nextOfAccount
    } else {
      state.accounts[account].openHead = links.nextOfAccount
    }
    if links.nextOfAccount != 0 {
      state.orderLinks[Int(links.nextOfAccount) - 1].previousOfAccount = links.previousOfAccount
    }
    if links.previousOfInstrument != 0 {
      state.orderLinks[Int(links.previousOfInstrument) - 1].nextOfInstrument = links.nextOfInstrument
    } else {
      state.instruments[instrument].openHead = links.nextOfInstrument
    }
    if links.nextOfInstrument != 0 {
      state.orderLinks[Int(links.nextOfInstrument) - 1].previousOfInstrument = links.previousOfInstrument
    }
    if isTaker(slot) {
      state.instruments[instrument].takerCount -= 1
      if state.instruments[instrument].takerCount == 0 {
        state.instruments[instrument].takerBidMax = 0
        state.instruments[instrument].takerAskMin = .max
      }
    }
    precondition(state.instruments[instrument].openCount > 0, "a linked order is counted")
    state.instruments[instrument].openCount -= 1
    if state.instruments[instrument].openCount == 0 {
      state.instruments[instrument].ownBidMax = 0
      state.instruments[instrument].ownAskMin = .max
    }
    state.orderLinks[slot] = OrderLinkRow()
  }

  /// Keeps the bounds of our own resting prices: too wide is allowed, too narrow is not.
  mutating func widenOwn(_ slot: Int) {
    guard !state.orders[slot].kind.isConditional else { return }
    let instrument = state.orders[slot].image.instrument.index
    let price = state.orders[slot].worstPriceWithAmend
    let isBuy = state.orders[slot].side == .buy
    if isTaker(slot) {
      guard price > 0 else { return }
      if isBuy {
        state.instruments[instrument].takerBidMax = max(state.instruments[instrument].takerBidMax, price)
      } else {
        state.instruments[instrument].takerAskMin = min(state.instruments[instrument].takerAskMin, price)
      }
    } else if isBuy {
      state.instruments[instrument].ownBidMax = max(state.instruments[instrument].ownBidMax, price)
    } else {
      state.instruments[instrument].ownAskMin = min(state.instruments[instrument].ownAskMin, price)
    }
  }

  /// Would it trade with an order of our own, of any account of the same mode (INV-20)? The bounds answer nearly
  /// always; only when they overlap are the orders themselves looked at.
  @inline(__always)
  func crossesOwn(_ row: inout OrderRow) -> Bool {
    guard row.worstPrice > 0, !row.kind.isConditional else { return false }
    let instrument = row.image.instrument.index
    let mayCross =
      row.side == .buy
      ? row.worstPrice >= min(state.instruments[instrument].ownAskMin, state.instruments[instrument].takerAskMin)
      : row.worstPrice <= max(state.instruments[instrument].ownBidMax, state.instruments[instrument].takerBidMax)
    return mayCross && meetsOwn(&row)
  }

  @inline(never)
  private func meetsOwn(_ row: inout OrderRow) -> Bool {
    var at = state.instruments[row.image.instrument.index].openHead
    while at != 0 {
      let slot = Int(at) - 1
      at = state.orderLinks[slot].nextOfInstrument
      guard state.orders[slot].side != row.side, state.orders[slot].image.modeRaw == row.image.modeRaw,
        !state.orders[slot].kind.isConditional, state.orders[slot].worstPrice > 0
      else { continue }
      // The slices of an iceberg that the core works come one after the other.
      let isWorkedHere = state.orders[slot].isIceberg
      let isResting =
        state.orders[slot].hasEvidence != 0 && state.orders[slot].pendingQuantity == 0 && !isWorkedHere
      // A post-only order takes nothing, but what is still under way may take it.
      if isResting, row.flags.contains(.postOnly) { continue }
      if state.orders[slot].image.account == row.image.account, row.image.preventionRaw != 0 {
        // The venue prevents it by the terms of whichever comes second: that may be the other one.
        if isResting || state.orders[slot].image.preventionRaw != 0 { continue }
      }
      let price = state.orders[slot].worstPriceWithAmend
      if row.side == .buy ? row.worstPrice >= price : row.worstPrice <= price { return true }
    }
    return false
  }

  /// Sets when the order wants attention; the heap may keep older entries, the row decides.
  mutating func schedule(_ slot: Int, at time: EngineTime) {
    state.orders[slot].dueAt = time
    if time < .never { remind(at: time, state.orders[slot].image.orderNumber) }
  }

  /// The heap has room for every order and account; what is full is full of reminders of deadlines that moved.
  mutating func remind(at time: EngineTime, _ number: UInt64) {
    if state.due.isFull { state.makeDue() }
    state.due.push(DueHeap.Entry(time: time, order: number))
  }
}
