// Moves of one order, and what its end sets free.

extension Core {
  /// Moves the order; `false` and a notice when the table of moves forbids it.
  @discardableResult
  mutating func move(_ slot: Int, to status: OrderStatus, reason: Reason = .none, _ output: inout StepOutput) -> Bool {
    let from = state.orders[slot].status
    guard OrderLifecycle.mayMove(from: from, to: status) else {
      quarantine(slot, from: from, to: status, &output)
      return false
    }
    state.orders[slot].image.statusRaw = status.rawValue
    if reason != .none { state.orders[slot].image.reasonRaw = reason.rawValue }
    if from == .unknown, status != .unknown { countUnknown(slot, by: -1) }
    if status == .unknown, from != .unknown { countUnknown(slot, by: 1) }
    if status.isDone, !from.isDone { finish(slot, &output) }
    return true
  }

  /// Ends the order: recorded, and whatever hangs on it is set free.
  mutating func endOrder(_ slot: Int, as status: OrderStatus, _ reason: Reason, _ output: inout StepOutput) {
    guard move(slot, to: status, reason: reason, &output) else { return }
    emitOrder(slot, &output)
    afterEnd(slot, &output)
  }

  private mutating func countUnknown(_ slot: Int, by delta: Int) {
    let account = state.orders[slot].image.account.index
    state.accounts[account].unknownOrders = UInt32(Int(state.accounts[account].unknownOrders) + delta)
  }

  mutating func quarantine(_ slot: Int, from: OrderStatus, to: OrderStatus, _ output: inout StepOutput) {
    let image = state.orders[slot].image
    notice(.eventQuarantined, .error, &output) { notice in
      notice.text = image.id
      notice.orderNumber = image.orderNumber
      notice.account = image.account
      notice.instrument = image.instrument
      notice.a = Int64(from.rawValue)
      notice.b = Int64(to.rawValue)
    }
  }

  /// The end of an order: its reservation is released, once, and whoever waited for it moves.
  private mutating func finish(_ slot: Int, _ output: inout StepOutput) {
    uncount(slot)
    unlink(slot)
    countOpen(slot, by: -1)
    state.orders[slot].worstNotional = .zero
    state.orders[slot].reserved = .zero
    state.orders[slot].dueAt = .never
    state.orders[slot].endLsn = stamp.lsn
    let venue = state.orders[slot].image.venue.index
    if newsTime > state.venues[venue].endedAt { state.venues[venue].endedAt = newsTime }
    if state.orders[slot].hasEngineID != 0 { state.globals[0].fullAt = 0 }
    state.orders[slot].image.isUnconfirmed = 0
    state.orders[slot].cancelRequested = 0
    state.orders[slot].isReplacing = 0
    state.orders[slot].asksFirst = 0
    clearPending(slot)
  }

  /// The row that the wire id of `event` belongs to.
  func slot(of wireID: Text32) -> Int? {
    guard let wire = WireID(wireID), wire.tag == tag else { return nil }
    return state.slot(keyed: wire.key.high, wire.key.low)
  }

  /// The wire id under which the venue has the order now.
  func wireText(_ slot: Int) -> Text32 {
    let row = state.orders[slot]
    if row.isAdopted { return row.image.id.low }
    if row.image.replacements == 0 { return WireID(row.image.id, tag: tag).text }
    return WireID(row.image.id, replacement: row.image.replacements, tag: tag).text
  }

  /// The venue has spoken about the order: it exists, it was sent.
  mutating func noteEvidence(_ slot: Int, _ event: VenueEvent) {
    // What was replaced says nothing about what replaces it.
    guard isNewest(slot, event.wireID) else { return }
    if state.orders[slot].hasEvidence == 0 {
      state.orders[slot].hasEvidence = 1
      let waited = stamp.time.nanoseconds - state.orders[slot].sentAt.nanoseconds
      state.orders[slot].image.ackNanoseconds = UInt32(clamping: waited)
    }
    state.orders[slot].asksFirst = 0
    // A replacement that was sent is there, whatever told of it first.
    if state.orders[slot].pendingQuantity == 0 { state.orders[slot].isReplacing = 0 }
    // Lost records have released it.
    if !state.orders[slot].isIceberg { state.orders[slot].isHeld = 0 }
    state.orders[slot].image.sentRaw = SentState.yes.rawValue
    state.orders[slot].image.isUnconfirmed = 0
    state.orders[slot].negativeReads = 0
    state.orders[slot].seenInReconcile = 1
    if !event.venueOrder.isNone { state.orders[slot].image.venueOrder = event.venueOrder }
  }

  func workingStatus(_ slot: Int) -> OrderStatus {
    let row = state.orders[slot]
    return OrderLifecycle.working(
      filled: row.image.filled, cancelRequested: row.cancelRequested != 0,
      amendPending: row.isReplacing != 0 || row.pendingQuantity != 0)
  }

  /// Nothing is outstanding: the next thing to wait for is the order's own expiry, if the core keeps that.
  mutating func settle(_ slot: Int) {
    state.orders[slot].queryCount = 0
    let row = state.orders[slot]
    // A cancel that is wanted is repeated, an amend that was not answered is asked for, whatever else has been answered.
    if row.cancelRequested != 0 || row.pendingQuantity != 0 {
      return schedule(slot, at: stamp.time.advanced(byNanoseconds: Self.answerPatience))
    }
    let isHeldUntil = row.isHeld != 0 && row.image.timeInForceRaw == TimeInForce.gtd.rawValue
    guard isHeldUntil || row.image.emulatedRaw & Self.emulatedExpiry != 0 else {
      state.orders[slot].dueAt = .never
      return
    }
    schedule(slot, at: stamp.time.advanced(byNanoseconds: row.image.expires.nanoseconds - stamp.utc.nanoseconds))
  }
}
