// Rows of finished orders are used again once what they say is kept elsewhere.

extension Core {
  /// A row that is free, or that holds the oldest finished order that may be forgotten. Nothing that is open at the venue
  /// goes without a row for the sake of what is read there: see `mayForget`.
  mutating func freeSlot(isOpenAtVenue: Bool = false) -> Int? {
    let capacity = state.capacity.orders
    // Nothing has become free since it was found full: a table of a hundred megabytes is not searched in vain.
    guard isOpenAtVenue || state.globals[0].fullAt != state.globals[0].idIndexLsn + 1 else { return nil }
    var hand = Int(state.globals[0].orderHand)
    for _ in 0..<capacity {
      let slot = hand
      hand = hand + 1 == capacity ? 0 : hand + 1
      if state.orders[slot].isOpen || !mayForget(slot, isOpenAtVenue) { continue }
      state.globals[0].orderHand = UInt64(hand)
      // What the next orders will overwrite is as far away as a table of a hundred megabytes makes it: the row of the one
      // after the next, and the place where the id of the next one's old row has to be taken out.
      state.orders.prepare(hand + 1 == capacity ? 0 : hand + 1)
      state.orderIndex.prepare(state.orders[hand].keyLow)
      if state.orders[slot].image.orderNumber != 0 {
        if isOpenAtVenue { noteForgotten(slot) }
        forget(slot)
      }
      state.globals[0].orderHighWater = max(state.globals[0].orderHighWater, UInt32(slot + 1))
      return slot
    }
    state.globals[0].fullAt = state.globals[0].idIndexLsn + 1
    return nil
  }

  /// A user's id is burnt for ever: its order leaves the table only once the on-disk index has it. And none leaves while
  /// the history of its account has to be read: it would be found there, and taken for one that was lost.
  private func mayForget(_ slot: Int, _ isOpenAtVenue: Bool) -> Bool {
    if state.orders[slot].image.orderNumber == 0 { return true }
    let account = state.orders[slot].image.account.index
    if state.globals[0].firstSinceLoss != 0, state.accounts[account].mayHaveLost, !isOpenAtVenue { return false }
    return state.orders[slot].hasEngineID != 0 || state.orders[slot].endLsn <= state.globals[0].idIndexLsn
  }

  /// The history of its account, which is still to be read, shows the order of this row, and nothing here tells any more
  /// that it is known: no order that has ended is taken over from there, and each id of the account is asked for.
  private mutating func noteForgotten(_ slot: Int) {
    let account = state.orders[slot].image.account.index
    guard state.globals[0].firstSinceLoss != 0, state.accounts[account].mayHaveLost else { return }
    state.accounts[account].asksForIDs |= AccountRow.missedOrder
  }

  /// Drops a finished order from the table.
  private mutating func forget(_ slot: Int) {
    precondition(!state.orders[slot].isOpen, "an open order is never forgotten")
    if state.orders[slot].hasEngineID == 0 {
      state.globals[0].forgottenLsn = max(state.globals[0].forgottenLsn, state.orders[slot].endLsn)
    }
    if state.orders[slot].isIndexed { state.orderIndex.remove(state.orders[slot].keyLow, row: slot) }
    for attempt in 0..<Int(state.orders[slot].image.replacements) {
      let key = WireID(state.orders[slot].image.id, replacement: UInt16(attempt + 1), tag: tag).key
      state.orderIndex.remove(key.low, row: slot)
    }
    state.orders[slot] = OrderRow()
  }
}
