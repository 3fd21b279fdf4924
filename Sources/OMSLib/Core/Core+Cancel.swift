// Cancelling and amending. A cancel is always allowed, asks nothing, and is repeated until the venue has answered.

extension Core {
  mutating func cancelOrder(_ input: CancelOrderInput, _ output: inout StepOutput) {
    let isSession = input.reasonRaw == Reason.cancelledBySession.rawValue
    cancel(findOrder(input.id), isSession ? .cancelledBySession : .cancelledByUser, token: input.token, &output)
  }

  mutating func cancel(_ slot: Int?, _ reason: Reason, token: UInt64, _ output: inout StepOutput) {
    guard let slot else { return refuse(token, Verdict(reason: .unknownOrder), &output) }
    let row = state.orders[slot]
    if row.status.isDone {
      return answer(token, .replayed, order: row.image.orderNumber, reason: .orderDone, &output)
    }
    requestCancel(slot, reason: reason, &output)
    answer(token, .accepted, order: row.image.orderNumber, &output)
  }

  /// By user id; an adopted order by its wire id.
  func findOrder(_ id: Text64) -> Int? {
    guard !id.isEmpty else { return nil }
    let key = WireID(id, tag: tag).key
    if let slot = state.slot(keyed: key.high, key.low), state.orders[slot].image.id == id { return slot }
    // With our tag in it, or anybody's.
    guard id.high.isEmpty, let slot = slot(of: id.low) ?? foreignSlot(id.low), state.orders[slot].image.id == id else {
      return nil
    }
    return slot
  }

  /// Wants the order gone: at once where it never left, else by asking the venue.
  mutating func requestCancel(_ slot: Int, reason: Reason, _ output: inout StepOutput) {
    let row = state.orders[slot]
    guard row.isOpen else { return }
    guard row.cancelRequested == 0 else { return }
    state.orders[slot].cancelReasonRaw = reason.rawValue
    if row.isHeld != 0, isOlderThanLoss(slot), !row.isIceberg {
      // Its trigger may have fired before the records were lost.
      state.orders[slot].isHeld = 0
      state.orders[slot].cancelRequested = 1
      askFirst(slot, &output)
      if move(slot, to: .pendingCancel, &output) { emitOrder(slot, &output) }
      return
    }
    if row.isHeld != 0 {
      if row.childWorst > row.image.filled {
        // Slices still work: the parent ends when the last of them has, at once if that one waits here too.
        state.orders[slot].cancelRequested = 1
        if move(slot, to: .pendingCancel, &output) { emitOrder(slot, &output) }
        return cancelChildren(slot, reason: reason, &output)
      }
      endOrder(slot, as: .cancelled, reason, &output)
      return
    }
    state.orders[slot].cancelRequested = 1
    if row.asksFirst == 0 { sendCancel(slot, &output) }
    if row.status != .unknown, move(slot, to: .pendingCancel, &output) { emitOrder(slot, &output) }
  }

  /// Asks the venue to cancel. Repeated until there is an answer: a second cancel can do no harm.
  mutating func sendCancel(_ slot: Int, _ output: inout StepOutput) {
    let row = state.orders[slot]
    schedule(slot, at: stamp.time.advanced(byNanoseconds: Self.answerPatience))
    guard output.requestCount < StepOutput.requestCapacity else { return }
    var request = VenueRequest(.cancelOrder)
    request.wireID = wireText(slot)
    request.venueOrder = row.image.venueOrder
    request.requestID = nextRequestID()
    request.account = row.image.account
    request.instrument = row.image.instrument
    request.venue = row.image.venue
    request.sideRaw = row.image.sideRaw
    request.signBy = stamp.time.advanced(byNanoseconds: Self.signWindow)
    output.request(request)
  }

  /// The frame that cancels the order in `slot`, if that is open at the venue, ours and in `scope`. Nothing is noted: for
  /// when nothing can be recorded.
  package func cancelFrame(_ slot: Int, in scope: Scope, signBy: EngineTime) -> VenueRequest? {
    let row = state.orders[slot]
    guard row.isOpen, row.isHeld == 0, row.image.ownerRaw == OrderOwner.oms.rawValue else { return nil }
    guard scope.account.isNone || scope.account == row.image.account,
      scope.instrument.isNone || scope.instrument == row.image.instrument,
      scope.strategy.isNone || scope.strategy == row.image.strategy,
      scope.venue.isNone || scope.venue == row.image.venue
    else { return nil }
    var request = VenueRequest(.cancelOrder)
    request.wireID = wireText(slot)
    request.venueOrder = row.image.venueOrder
    request.account = row.image.account
    request.instrument = row.image.instrument
    request.venue = row.image.venue
    request.sideRaw = row.image.sideRaw
    request.signBy = signBy
    return request
  }

  // MARK: Amending

  mutating func amendOrder(_ input: AmendOrderInput, _ output: inout StepOutput) {
    amend(findOrder(input.id), input, &output)
  }

  mutating func amend(_ slot: Int?, _ input: AmendOrderInput, _ output: inout StepOutput) {
    guard let slot else { return refuse(input.token, Verdict(reason: .unknownOrder), &output) }
    let row = state.orders[slot]
    let number = row.image.orderNumber
    readMarket(input.market, row.image.instrument)
    let verdict = judgeAmend(input, slot)
    guard verdict.passes else { return refuse(input.token, verdict, order: number, &output) }
    if input.isDryRun != 0 { return answer(input.token, .wouldPass, order: number, &output) }
    let quantity = input.quantity > 0 ? input.quantity : row.image.quantity
    let price = input.price > 0 ? input.price : row.image.price
    let stop = input.stopPrice > 0 ? input.stopPrice : row.image.stopPrice
    if quantity == row.image.quantity, price == row.image.price, stop == row.image.stopPrice {
      return answer(input.token, .replayed, order: number, &output)
    }
    if row.isHeld != 0 {
      apply(slot, quantity: quantity, price: price, stop: stop)
      state.orders[slot].triggerVersion += 1
      emitOrder(slot, &output)
      return answer(input.token, .accepted, order: number, &output)
    }
    state.orders[slot].pendingQuantity = quantity
    state.orders[slot].pendingPrice = price
    state.orders[slot].pendingStop = stop
    // An order that was found at the venue has none of its own.
    state.orders[slot].riskToken = state.globals[0].limitsVersion << 1 | 1
    reserveForAmend(slot)
    widenOwn(slot)
    if canAmendInPlace(row, stop: stop) {
      sendAmend(slot, &output)
    } else {
      state.orders[slot].isReplacing = 1
      sendCancel(slot, &output)
    }
    if move(slot, to: .pendingAmend, &output) { emitOrder(slot, &output) }
    answer(input.token, .accepted, order: number, &output)
  }

  private func canAmendInPlace(_ row: OrderRow, stop: Int64) -> Bool {
    let features = state.instruments[row.image.instrument.index].rules.features
    return features.contains(.amend) && row.kind == .limit && stop == row.image.stopPrice
  }

  private func judgeAmend(_ input: AmendOrderInput, _ slot: Int) -> Verdict {
    let row = state.orders[slot]
    guard !row.status.isDone else { return Verdict(reason: .orderDone) }
    let isSilent = row.status == .unknown || row.status == .new || row.status == .sent
    guard !isSilent, row.hasEvidence != 0 || row.isHeld != 0 else {
      return Verdict(reason: .amendPending)
    }
    guard row.pendingQuantity == 0, row.isReplacing == 0, row.cancelRequested == 0 else {
      return Verdict(reason: .amendPending)
    }
    guard input.quantity >= 0, input.price >= 0, input.stopPrice >= 0 else {
      return Verdict(reason: .quantityNotPositive)
    }
    guard row.parent == 0 else { return Verdict(reason: .notSupported) }
    // Slices at work are promised already.
    guard input.quantity == 0 || (input.quantity > row.image.filled && input.quantity >= row.childWorst) else {
      return Verdict(reason: .quantityTooSmall)
    }
    let stop = input.stopPrice > 0 ? input.stopPrice : row.image.stopPrice
    if row.isHeld == 0, !canAmendInPlace(row, stop: stop) {
      // Whose id nobody knew here has no `ID/rN`: it is cancelled, and another one placed.
      guard input.mayReplace != 0, !row.isAdopted else { return Verdict(reason: .notSupported) }
      guard Int(row.image.replacements) < Limits.replacementsPerOrder else {
        return Verdict(reason: .replacementsExhausted)
      }
    }
    var amended = row
    if input.quantity > 0 { amended.image.quantity = input.quantity }
    if input.price > 0 { amended.image.price = input.price }
    amended.image.stopPrice = stop
    amended.worstPrice = worstPrice(amended, slippagePpm: 0)
    var order = orderCase(&amended, isReplacement: true)
    value(&order, &amended)
    // Only what it adds counts: the rest of it is reserved already.
    let added = max(0, amended.remaining - row.remaining)
    order.isReducing = order.isReducing || (added == 0 && !isWorsePrice(amended, row))
    if let notional = order.notional {
      order.worstAfter = max(.zero, order.worstAfter - min(row.worstNotional, notional))
      order.positionNotionalAfter = order.worstAfter
    }
    order.needed = max(.zero, order.needed - row.reserved)
    guard hasBudget(row.image.account, isReducing: order.isReducing) else { return Verdict(reason: .rateBudget) }
    let lock = locks(&amended, isReducing: order.isReducing)
    guard lock.passes else { return lock }
    let verdict = PreTradeCheck.judge(&order)
    guard verdict.passes else { return verdict }
    return crossesOwn(&amended) ? Verdict(reason: .selfCross) : .pass
  }

  private func isWorsePrice(_ new: OrderRow, _ old: OrderRow) -> Bool {
    new.side == .buy ? new.worstPrice > old.worstPrice : new.worstPrice < old.worstPrice
  }

  mutating func apply(_ slot: Int, quantity: Int64, price: Int64, stop: Int64) {
    state.orders[slot].image.quantity = quantity
    if state.orders[slot].kind.hasLimitPrice { state.orders[slot].image.price = price }
    state.orders[slot].image.stopPrice = stop
    state.orders[slot].worstPrice = worstPrice(state.orders[slot], slippagePpm: 0)
    recount(slot)
    widenOwn(slot)
  }

  /// Until the venue has answered, the larger of old and new is reserved.
  private mutating func reserveForAmend(_ slot: Int) {
    let old = state.orders[slot]
    var larger = old.withPendingAmend
    uncount(slot)
    var order = orderCase(&larger, isReplacement: true)
    value(&order, &larger)
    if let notional = order.notional { state.orders[slot].worstNotional = max(notional, old.worstNotional) }
    reserve(slot, &order)
    count(slot)
  }

  private mutating func sendAmend(_ slot: Int, _ output: inout StepOutput) {
    let row = state.orders[slot]
    // Until then the venue may still take it, whatever it says about the order before.
    let fence = Self.signWindow + state.venues[row.image.venue.index].fence
    forgetReads(slot)
    state.orders[slot].fence = stamp.time.advanced(byNanoseconds: fence)
    schedule(slot, at: stamp.time.advanced(byNanoseconds: Self.answerPatience))
    var request = VenueRequest(.amendOrder)
    request.wireID = wireText(slot)
    request.venueOrder = row.image.venueOrder
    request.requestID = nextRequestID()
    state.orders[slot].frameRequest = request.requestID
    request.account = row.image.account
    request.instrument = row.image.instrument
    request.venue = row.image.venue
    request.sideRaw = row.image.sideRaw
    request.quantity = row.pendingQuantity - row.filledBefore
    request.price = row.pendingPrice
    request.signBy = stamp.time.advanced(byNanoseconds: Self.signWindow)
    request.riskToken = state.orders[slot].riskToken
    request.opensRisk = row.opensRisk
    spendBudget(row.image.account)
    output.request(request)
  }

  mutating func clearPending(_ slot: Int) {
    state.orders[slot].pendingQuantity = 0
    state.orders[slot].pendingPrice = 0
    state.orders[slot].pendingStop = 0
  }

  mutating func amended(_ slot: Int, _ event: VenueEvent, _ output: inout StepOutput) {
    let row = state.orders[slot]
    guard !row.status.isDone, isNewest(slot, event.wireID) else { return }
    if event.requestID == 0, event.kind == .amended { return trimmed(slot, event, &output) }
    // The answer to an amend before this one, come late or twice, or to one whose record is lost.
    guard row.pendingQuantity != 0, event.kind == .orderReport || event.requestID == row.frameRequest else {
      if isOlderThanLoss(slot) { ask(slot, &output) }
      return
    }
    noteEvidence(slot, event)
    let quantity = event.quantity > 0 ? event.quantity + row.filledBefore : row.pendingQuantity
    takePending(
      slot, quantity: max(quantity, row.image.filled), price: event.price > 0 ? event.price : row.pendingPrice)
    guard state.orders[slot].remaining > 0 else { return complete(slot, &output) }
    settle(slot)
    if move(slot, to: workingStatus(slot), &output) { emitOrder(slot, &output) }
  }

  /// The venue made the order smaller of its own accord: it would have reduced more than there is.
  private mutating func trimmed(_ slot: Int, _ event: VenueEvent, _ output: inout StepOutput) {
    let row = state.orders[slot]
    noteEvidence(slot, event)
    let quantity = event.quantity + row.filledBefore
    guard quantity >= row.image.filled, quantity < row.image.quantity else { return }
    apply(slot, quantity: quantity, price: row.image.price, stop: row.image.stopPrice)
    if state.orders[slot].remaining == 0 { return ask(slot, &output) }
    if row.hasEvidence == 0 {
      // Its acceptance was lost, or comes later.
      settle(slot)
      guard move(slot, to: workingStatus(slot), &output) else { return }
    }
    emitOrder(slot, &output)
  }

  /// The venue has the order as amended.
  mutating func takePending(_ slot: Int, quantity: Int64, price: Int64) {
    let stop = state.orders[slot].pendingStop
    clearPending(slot)
    apply(slot, quantity: quantity, price: price, stop: stop)
  }

  mutating func amendRejected(_ slot: Int, _ event: VenueEvent, _ output: inout StepOutput) {
    let row = state.orders[slot]
    guard !row.status.isDone, row.pendingQuantity != 0, event.requestID == row.frameRequest else { return }
    state.orders[slot].image.venueCode = event.code
    clearPending(slot)
    guard state.orders[slot].remaining > 0 else { return complete(slot, &output) }
    recount(slot)
    if event.remedy == .unknownOrder { return ask(slot, &output) }
    settle(slot)
    if move(slot, to: workingStatus(slot), &output) { emitOrder(slot, &output) }
  }

  /// The old order is gone: its replacement goes out under an id of its own, `ID/rN`.
  mutating func replaceNow(_ slot: Int, _ output: inout StepOutput) {
    let row = state.orders[slot]
    let quantity = row.pendingQuantity
    let wire = WireID(row.image.id, replacement: row.image.replacements + 1, tag: tag)
    let isThere = state.slot(keyed: wire.key.high, wire.key.low) != nil
    guard quantity > row.image.filled, row.cancelRequested == 0, !isThere else {
      // What was left has filled meanwhile, or nobody wants it any more, or lost records have replaced it: then the
      // replacement was found at the venue and stands for itself.
      clearPending(slot)
      endOrder(slot, as: .cancelled, .replaced, &output)
      return
    }
    let price = row.pendingPrice
    let stop = row.pendingStop
    clearPending(slot)
    state.orders[slot].image.replacements += 1
    state.orders[slot].filledBefore = row.image.filled
    state.orders[slot].wireHigh = wire.key.high
    state.orders[slot].wireLow = wire.key.low
    state.index(slot, by: wire.key.high, wire.key.low)
    apply(slot, quantity: quantity, price: price, stop: stop)
    // There was room when the amend was taken, and may be none now.
    guard hasBudget(row.image.account, isReducing: row.opensRisk == 0) else {
      waitForBudget(slot)
      return emitOrder(slot, &output)
    }
    resend(slot, wire: wire.text, &output)
  }
}
