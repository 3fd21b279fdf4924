// Deadlines: silence after a request, the next question about an unknown order, expiries that the core keeps itself.

extension Core {
  /// Works off what is due; at most so many orders in one step, the rest in the next `timer` input.
  mutating func fireTimers(_ output: inout StepOutput) {
    var budget = Limits.ordersPerStep
    while budget > 0 {
      guard let first = state.due.first, first.time <= stamp.time else { return }
      state.due.removeFirst()
      // The row decides: an entry of a deadline that moved is only a reminder. It does nothing and costs no budget, since
      // a core loaded from rows has no such entries and must do the same in the same order.
      if first.order <= UInt64(state.global.accountCount) {
        if state.accounts[Int(first.order)].dueAt == first.time, resumeCompare(Int(first.order), &output) {
          budget -= 1
        }
        continue
      }
      guard let slot = state.slot(of: first.order), state.orders[slot].dueAt == first.time,
        state.orders[slot].isOpen
      else { continue }
      budget -= 1
      state.orders[slot].dueAt = .never
      attend(slot, &output)
    }
  }

  private mutating func attend(_ slot: Int, _ output: inout StepOutput) {
    let row = state.orders[slot]
    if row.isHeld != 0 { return attendHeld(slot, &output) }
    switch row.status {
    case .new, .sent:
      if row.isProvenUnsent { return provenUnsent(slot, &output) }
      // The venue has told of it, and only its fills are waited for.
      if row.hasEvidence != 0 { ask(slot, &output) } else { outcomeUnknown(slot, &output) }
    case .unknown:
      ask(slot, &output)
    case .pendingCancel:
      if row.image.isUnconfirmed != 0 || row.asksFirst != 0 { ask(slot, &output) } else { sendCancel(slot, &output) }
    case .pendingAmend:
      if row.isReplacing != 0, row.pendingQuantity != 0 { sendCancel(slot, &output) } else { ask(slot, &output) }
    case .open, .partial:
      // Kept here until its time had come, then sent: nothing was heard of it.
      if row.hasEvidence == 0 { return outcomeUnknown(slot, &output) }
      if row.image.isUnconfirmed != 0 || row.queryCount > 0 { return ask(slot, &output) }
      expireEmulated(slot, &output)
    case .filled, .cancelled, .rejected, .expired:
      preconditionFailure("a finished order waits for nothing")
    }
  }

  private mutating func expireEmulated(_ slot: Int, _ output: inout StepOutput) {
    guard state.orders[slot].image.emulatedRaw & Self.emulatedExpiry != 0 else { return }
    guard stamp.utc >= state.orders[slot].image.expires else { return settle(slot) }
    requestCancel(slot, reason: .expired, &output)
  }

  private mutating func attendHeld(_ slot: Int, _ output: inout StepOutput) {
    let row = state.orders[slot]
    if row.image.timeInForceRaw == TimeInForce.gtd.rawValue, stamp.utc >= row.image.expires {
      return requestCancel(slot, reason: .expired, &output)
    }
    if row.isHeld == Self.heldForBudget { release(slot, &output) }
  }

  /// A watcher saw the price that an emulated trigger waits for. Version and condition are checked again here; it fires
  /// once.
  mutating func triggerFire(_ input: TriggerFireInput, _ output: inout StepOutput) {
    guard let slot = state.slot(of: input.orderNumber) else { return }
    let row = state.orders[slot]
    readMarket(input.market, row.image.instrument)
    guard row.isOpen, row.isHeld == Self.held, row.image.emulatedRaw & Self.emulatedTrigger != 0,
      row.triggerVersion == input.version, input.price > 0
    else { return }
    if row.kind == .trailingStop { return trail(slot, input, &output) }
    guard row.firesAbove ? input.price >= row.image.stopPrice : input.price <= row.image.stopPrice else { return }
    fire(slot, input, &output)
  }

  /// A new best price moves the stop; a retreat by the trail fires it.
  private mutating func trail(_ slot: Int, _ input: TriggerFireInput, _ output: inout StepOutput) {
    let row = state.orders[slot]
    let isSell = row.side == .sell
    let best =
      row.highWater == 0 ? input.price : isSell ? max(row.highWater, input.price) : min(row.highWater, input.price)
    let distance = Int64(clamping: Int128(best) * Int128(row.image.trailPpm) / 1_000_000)
    let stop = isSell ? best - distance : best + distance
    if isSell ? input.price <= stop : input.price >= stop { return fire(slot, input, &output) }
    guard best != row.highWater else { return }
    state.orders[slot].highWater = best
    state.orders[slot].image.stopPrice = stop
    emitOrder(slot, &output)
  }

  private mutating func fire(_ slot: Int, _ input: TriggerFireInput, _ output: inout StepOutput) {
    state.orders[slot].triggerVersion += 1
    if input.isLate != 0 {
      let image = state.orders[slot].image
      notice(.triggerMissed, .warn, &output) { notice in
        notice.text = image.id
        notice.orderNumber = image.orderNumber
        notice.account = image.account
        notice.instrument = image.instrument
        notice.a = input.price
      }
    }
    release(slot, &output)
  }
}
