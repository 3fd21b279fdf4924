// Open orders by account and by instrument, our own best prices, and when an order wants attention.

extension Core {
  /// Puts an open order at the head of its account's and its instrument's list.
  mutating func link(_ slot: Int) {
    let account = state.orders[slot].image.account.index
    let instrument = state.orders[slot].image.instrument.index
    let here = UInt32(slot + 1)
    let accountHead = state.accounts[account].openHead
    state.orders[slot].nextOfAccount = accountHead
    if accountHead != 0 { state.orders[Int(accountHead) - 1].previousOfAccount = here }
    state.accounts[account].openHead = here
    let instrumentHead = state.instruments[instrument].openHead
    state.orders[slot].nextOfInstrument = instrumentHead
    if instrumentHead != 0 { state.orders[Int(instrumentHead) - 1].previousOfInstrument = here }
    state.instruments[instrument].openHead = here
    state.instruments[instrument].openCount += 1
    widenOwn(slot)
  }

  mutating func unlink(_ slot: Int) {
    let row = state.orders[slot]
    let account = row.image.account.index
    let instrument = row.image.instrument.index
    if row.previousOfAccount != 0 {
      state.orders[Int(row.previousOfAccount) - 1].nextOfAccount = row.nextOfAccount
    } else {
      state.accounts[account].openHead = row.nextOfAccount
    }
    if row.nextOfAccount != 0 { state.orders[Int(row.nextOfAccount) - 1].previousOfAccount = row.previousOfAccount }
    if row.previousOfInstrument != 0 {
      state.orders[Int(row.previousOfInstrument) - 1].nextOfInstrument = row.nextOfInstrument
    } else {
      state.instruments[instrument].openHead = row.nextOfInstrument
    }
    if row.nextOfInstrument != 0 {
      state.orders[Int(row.nextOfInstrument) - 1].previousOfInstrument = row.previousOfInstrument
    }
    precondition(state.instruments[instrument].openCount > 0, "a linked order is counted")
    state.instruments[instrument].openCount -= 1
    if state.instruments[instrument].openCount == 0 {
      state.instruments[instrument].ownBidMax = 0
      state.instruments[instrument].ownAskMin = .max
    }
    state.orders[slot].nextOfAccount = 0
    state.orders[slot].previousOfAccount = 0
    state.orders[slot].nextOfInstrument = 0
    state.orders[slot].previousOfInstrument = 0
  }

  /// Keeps the bounds of our own resting prices: too wide is allowed, too narrow is not.
  mutating func widenOwn(_ slot: Int) {
    let row = state.orders[slot]
    guard row.kind == .limit, row.image.timeInForceRaw != TimeInForce.ioc.rawValue else { return }
    let instrument = row.image.instrument.index
    let price = row.withPendingAmend.worstPrice
    if row.side == .buy {
      state.instruments[instrument].ownBidMax = max(state.instruments[instrument].ownBidMax, price)
    } else {
      state.instruments[instrument].ownAskMin = min(state.instruments[instrument].ownAskMin, price)
    }
  }

  /// Would it trade with an order of our own, of any account of the same mode (INV-20)? The bounds answer nearly
  /// always; only when they overlap are the orders themselves looked at.
  func crossesOwn(_ row: OrderRow) -> Bool {
    let instrument = state.instruments[row.image.instrument.index]
    guard row.worstPrice > 0, !row.flags.contains(.postOnly), !row.kind.isConditional else { return false }
    let mayCross =
      row.side == .buy ? row.worstPrice >= instrument.ownAskMin : row.worstPrice <= instrument.ownBidMax
    guard mayCross else { return false }
    var at = instrument.openHead
    while at != 0 {
      let other = state.orders[Int(at) - 1]
      at = other.nextOfInstrument
      guard other.side != row.side, other.image.modeRaw == row.image.modeRaw, other.kind == .limit else { continue }
      if other.image.account == row.image.account, row.image.preventionRaw != 0 { continue }
      let price = other.withPendingAmend.worstPrice
      if row.side == .buy ? row.worstPrice >= price : row.worstPrice <= price { return true }
    }
    return false
  }

  /// Sets when the order wants attention; the heap may keep older entries, the row decides.
  mutating func schedule(_ slot: Int, at time: EngineTime) {
    state.orders[slot].dueAt = time
    guard time < .never, !state.due.isFull else { return }
    state.due.push(DueHeap.Entry(time: time, order: state.orders[slot].image.orderNumber))
  }
}
