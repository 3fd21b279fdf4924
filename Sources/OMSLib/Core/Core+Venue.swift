// What the venue says, applied to the order it is about. Contradictions are quarantined, silence is never taken for an
// answer, and "unknown" is left only by evidence (INV-18).

extension Core {
  mutating func venueEvent(_ event: VenueEvent, _ output: inout StepOutput) {
    guard let kind = event.kind, Self.isInRange(event) else {
      return notice(.eventQuarantined, .error, &output) { $0.a = Int64(event.kindRaw) }
    }
    switch kind {
    case .fill: fill(event, &output)
    case .bust: bust(event, &output)
    case .balance: balance(event, &output)
    case .position: position(event, &output)
    case .funding: funding(event, &output)
    case .marginCall: marginCall(event, &output)
    case .connected, .disconnected: link(event, isUp: kind == .connected, &output)
    case .reportEnd: reportEnd(event, &output)
    default: orderEvent(event, kind, &output)
    }
  }

  /// Amounts whose sums stay within the range of money, quantities that are quantities.
  private static func isInRange(_ event: VenueEvent) -> Bool {
    let bound = notionalMax.units.magnitude
    return event.fee.units.magnitude < bound && event.amount.units.magnitude < bound
      && event.locked.units.magnitude < bound && event.price >= 0
      && (event.cumulative >= 0 || event.kind == .funding) && (event.quantity >= 0 || event.kind == .position)
  }

  private mutating func orderEvent(_ event: VenueEvent, _ kind: VenueEvent.Kind, _ output: inout StepOutput) {
    guard let slot = slot(of: event.wireID) ?? adoptedSlot(event) else {
      if kind == .orderReport { adopt(event, &output) }
      return
    }
    switch kind {
    case .accepted: accepted(slot, event, &output)
    case .rejected: rejected(slot, event, &output)
    case .notSent: notSent(slot, event, &output)
    case .outcomeUnknown: outcomeUnknown(slot, &output)
    case .cancelRejected: cancelRejected(slot, event, &output)
    case .amended: amended(slot, event, &output)
    case .amendRejected: amendRejected(slot, event, &output)
    case .cancelled: ended(slot, event, .cancelled, &output)
    case .expired: ended(slot, event, .expired, &output)
    case .triggered: triggered(slot, event, &output)
    case .orderReport: report(slot, event, &output)
    case .orderAbsent: absent(slot, event, &output)
    default: break
    }
  }

  /// Orders of others, and of ours whose user id is not known, are found by the words of their wire id.
  private func adoptedSlot(_ event: VenueEvent) -> Int? {
    let words = event.wireID.words
    return state.orderIndex.find(words.0 ^ words.2, words.1 ^ words.3 ^ 0x5D58_8B65_6C07_8965)
  }

  // MARK: Answers

  private mutating func accepted(_ slot: Int, _ event: VenueEvent, _ output: inout StepOutput) {
    let row = state.orders[slot]
    if row.status.isDone {
      if row.image.reasonRaw == Reason.notPlaced.rawValue { contradiction(slot, &output) }
      return
    }
    let isNews = row.hasEvidence == 0 || row.isReplacing != 0
    noteEvidence(slot, event)
    guard isNews else { return }
    state.orders[slot].isReplacing = 0
    noteReject(slot, code: 0)
    settle(slot)
    if row.cancelRequested != 0 { schedule(slot, at: stamp.time.advanced(byNanoseconds: Self.answerPatience)) }
    if move(slot, to: workingStatus(slot), &output) { emitOrder(slot, &output) }
  }

  /// The venue knows an order that was counted as never placed: nothing here may be trusted until a person looked.
  private mutating func contradiction(_ slot: Int, _ output: inout StepOutput) {
    let image = state.orders[slot].image
    raiseAlarm(&output) { notice in
      notice.text = image.id
      notice.orderNumber = image.orderNumber
      notice.account = image.account
      notice.reasonRaw = Reason.notPlaced.rawValue
    }
  }

  private mutating func rejected(_ slot: Int, _ event: VenueEvent, _ output: inout StepOutput) {
    let row = state.orders[slot]
    guard row.hasEvidence == 0 || row.isReplacing != 0 || row.image.isUnconfirmed != 0 || row.kind.isConditional else {
      return quarantine(slot, from: row.status, to: .rejected, &output)
    }
    guard !row.status.isDone else { return }
    state.orders[slot].image.venueCode = event.code
    state.orders[slot].image.sentRaw = SentState.yes.rawValue
    if event.remedy == .refused { noteReject(slot, code: event.code) }
    let end: OrderStatus = row.image.filled > 0 || row.isReplacing != 0 ? .cancelled : .rejected
    if move(slot, to: end, reason: .venueRejected, &output) {
      emitOrder(slot, &output)
      afterEnd(slot, &output)
    }
  }

  /// Counts equal rejects in a row (RSK-02); `code` 0 ends the row.
  private mutating func noteReject(_ slot: Int, code: Int32) {
    guard let position = positionRow(of: state.orders[slot]) else { return }
    if code == 0 {
      guard state.positions[position].rejectStreak != 0 else { return }
      state.positions[position].rejectStreak = 0
    } else if state.positions[position].rejectCode == code {
      state.positions[position].rejectStreak += 1
    } else {
      state.positions[position].rejectStreak = 1
    }
    state.positions[position].rejectCode = code
    state.positions[position].lastRejectAt = stamp.time
  }

  private mutating func notSent(_ slot: Int, _ event: VenueEvent, _ output: inout StepOutput) {
    let row = state.orders[slot]
    guard !row.status.isDone else { return }
    if row.cancelRequested != 0, row.hasEvidence != 0 {
      // The cancel did not leave: it is tried again, soon.
      return schedule(slot, at: stamp.time.advanced(byNanoseconds: 100_000_000))
    }
    guard row.hasEvidence == 0 || row.isReplacing != 0 else {
      if row.pendingQuantity != 0 { amendRejected(slot, event, &output) }
      return
    }
    if row.isReplacing == 0 { state.orders[slot].image.sentRaw = SentState.no.rawValue }
    state.orders[slot].image.venueCode = event.code
    let reason: Reason = event.remedy == .throttled ? .rateBudget : .notSent
    let end: OrderStatus = row.isReplacing != 0 ? .cancelled : .rejected
    if move(slot, to: end, reason: reason, &output) {
      emitOrder(slot, &output)
      afterEnd(slot, &output)
    }
  }

  mutating func outcomeUnknown(_ slot: Int, _ output: inout StepOutput) {
    let row = state.orders[slot]
    guard !row.status.isDone, row.status != .unknown else { return }
    guard row.hasEvidence == 0 || row.cancelRequested != 0 || row.pendingQuantity != 0 || row.isReplacing != 0 else {
      return
    }
    if row.hasEvidence == 0 || row.isReplacing != 0 {
      if move(slot, to: .unknown, &output) { emitOrder(slot, &output) }
    }
    state.orders[slot].queryCount = 0
    ask(slot, &output)
  }

  private mutating func cancelRejected(_ slot: Int, _ event: VenueEvent, _ output: inout StepOutput) {
    guard !state.orders[slot].status.isDone, state.orders[slot].cancelRequested != 0 else { return }
    state.orders[slot].image.venueCode = event.code
    if event.remedy == .unknownOrder {
      // Filled, cancelled or never there: the venue says which.
      return ask(slot, &output)
    }
    if event.remedy == .throttled || event.remedy == .banned {
      let pause = max(event.retryAfterNanoseconds, 100_000_000)
      return schedule(slot, at: stamp.time.advanced(byNanoseconds: pause))
    }
    state.orders[slot].cancelRequested = 0
    settle(slot)
    if move(slot, to: workingStatus(slot), &output) { emitOrder(slot, &output) }
  }

  private mutating func triggered(_ slot: Int, _ event: VenueEvent, _ output: inout StepOutput) {
    guard !state.orders[slot].status.isDone else { return }
    noteEvidence(slot, event)
    if move(slot, to: workingStatus(slot), &output) { emitOrder(slot, &output) }
  }

  /// The venue ended it: by our cancel, or for its own reasons.
  private mutating func ended(
    _ slot: Int, _ event: VenueEvent, _ status: OrderStatus, _ output: inout StepOutput
  ) {
    let row = state.orders[slot]
    guard !row.status.isDone else { return }
    noteEvidence(slot, event)
    guard isNewest(slot, event.wireID) else { return }
    if row.isReplacing != 0, row.pendingQuantity != 0, status == .cancelled { return replaceNow(slot, &output) }
    if event.code != 0 { state.orders[slot].image.venueCode = event.code }
    if move(slot, to: status, reason: endReason(row, event, status), &output) {
      emitOrder(slot, &output)
      afterEnd(slot, &output)
    }
  }

  private func endReason(_ row: OrderRow, _ event: VenueEvent, _ status: OrderStatus) -> Reason {
    if row.cancelRequested != 0, status == .cancelled {
      return Reason(rawValue: row.cancelReasonRaw) ?? .cancelledByUser
    }
    switch event.kind == .orderReport ? nil : event.endReason {
    case .selfTrade: return .selfTrade
    case .timeInForce: return .timeInForce
    case .goodTillDate: return .expired
    case .reduceOnly: return .reduceOnly
    case .liquidation: return .liquidated
    case .deadman: return .deadman
    case .wouldTake: return .wouldTake
    case .insufficient: return .insufficientBalance
    case .asked, .fillLimit, .closed, nil: break
    }
    guard status == .expired else { return .cancelledByVenue }
    let force = row.image.timeInForceRaw
    let isImmediate = force == TimeInForce.ioc.rawValue || force == TimeInForce.fok.rawValue
    return isImmediate ? .timeInForce : .expired
  }

  private func isNewest(_ slot: Int, _ wireID: Text32) -> Bool {
    guard let wire = WireID(wireID) else { return true }
    return wire.key.high == state.orders[slot].wireHigh && wire.key.low == state.orders[slot].wireLow
  }
}

// MARK: Evidence

extension Core {
  /// Asks the venue for this order, and again after 0.2, 1 and 3 seconds, behind the fence, and from then on every ten.
  mutating func ask(_ slot: Int, _ output: inout StepOutput) {
    let row = state.orders[slot]
    let pauses: InlineArray<4, Int64> = [200_000_000, 1_000_000_000, 3_000_000_000, 10_000_000_000]
    let pause = pauses[min(3, Int(row.queryCount))]
    var next = stamp.time.advanced(byNanoseconds: pause)
    let proof = row.fence.advanced(byNanoseconds: state.venues[row.image.venue.index].visibility + 1)
    if stamp.time < proof, next > proof { next = proof }
    state.orders[slot].queryCount = row.queryCount == .max ? .max : row.queryCount + 1
    schedule(slot, at: next)
    guard output.requestCount < StepOutput.requestCapacity else { return }
    var request = VenueRequest(.queryOrder)
    request.wireID = wireText(slot)
    request.venueOrder = row.image.venueOrder
    request.requestID = nextRequestID()
    request.account = row.image.account
    request.instrument = row.image.instrument
    request.venue = row.image.venue
    output.request(request)
  }

  /// The venue's own picture of one order.
  private mutating func report(_ slot: Int, _ event: VenueEvent, _ output: inout StepOutput) {
    let row = state.orders[slot]
    guard let status = event.status else { return }
    let wasUnconfirmed = row.image.isUnconfirmed != 0
    if row.status.isDone {
      if row.image.reasonRaw == Reason.notPlaced.rawValue { contradiction(slot, &output) }
      return
    }
    guard isNewest(slot, event.wireID) else { return }
    noteEvidence(slot, event)
    if event.cumulative > row.image.filled { query(.queryFills, row.image.account.index, Self.fillsAsked, &output) }
    // Its end is believed once the fills that belong to it are here.
    guard event.cumulative <= row.image.filled else {
      return schedule(slot, at: stamp.time.advanced(byNanoseconds: 200_000_000))
    }
    switch status {
    case .open, .waiting:
      reportedOpen(slot, row, event, wasUnconfirmed, &output)
    case .filled:
      if row.image.filled >= row.image.quantity { return }
      quarantine(slot, from: row.status, to: .filled, &output)
    case .cancelled where row.isReplacing != 0 && row.pendingQuantity != 0: replaceNow(slot, &output)
    case .cancelled: reportedEnd(slot, .cancelled, endReason(row, event, .cancelled), &output)
    case .expired: reportedEnd(slot, .expired, endReason(row, event, .expired), &output)
    case .rejected: reportedEnd(slot, row.image.filled > 0 ? .cancelled : .rejected, .venueRejected, &output)
    }
  }

  private mutating func reportedOpen(
    _ slot: Int, _ row: OrderRow, _ event: VenueEvent, _ wasUnconfirmed: Bool, _ output: inout StepOutput
  ) {
    state.orders[slot].isReplacing = 0
    if event.quantity > 0, event.quantity != row.image.quantity || event.price != row.image.price {
      if row.pendingQuantity != 0 { return amended(slot, event, &output) }
    }
    if row.pendingQuantity != 0 { clearPending(slot) }
    settle(slot)
    if row.cancelRequested != 0 { sendCancel(slot, &output) }
    if row.status == workingStatus(slot), !wasUnconfirmed, row.status != .unknown { return }
    if move(slot, to: workingStatus(slot), &output) { emitOrder(slot, &output) }
  }

  private mutating func reportedEnd(
    _ slot: Int, _ status: OrderStatus, _ reason: Reason, _ output: inout StepOutput
  ) {
    if move(slot, to: status, reason: reason, &output) {
      emitOrder(slot, &output)
      afterEnd(slot, &output)
    }
  }

  /// "Not found" is evidence only behind the fence and the venue's visibility window, and only when read twice.
  private mutating func absent(_ slot: Int, _ event: VenueEvent, _ output: inout StepOutput) {
    let row = state.orders[slot]
    guard !row.status.isDone, row.isHeld == 0 else { return }
    let visibility = state.venues[row.image.venue.index].visibility
    guard stamp.time > row.fence.advanced(byNanoseconds: visibility) else { return }
    state.orders[slot].negativeReads = row.negativeReads + 1
    guard state.orders[slot].negativeReads >= 2 else {
      return schedule(slot, at: stamp.time.advanced(byNanoseconds: 50_000_000))
    }
    if row.hasEvidence == 0 {
      state.orders[slot].image.sentRaw = SentState.no.rawValue
      reportedEnd(slot, .rejected, .notPlaced, &output)
    } else {
      // It was there once and the venue has forgotten it: over, with what was filled.
      reportedEnd(slot, .cancelled, .cancelledByVenue, &output)
    }
  }

  private mutating func link(_ event: VenueEvent, isUp: Bool, _ output: inout StepOutput) {
    guard event.venue.index > 0, event.venue.index <= Int(state.globals[0].venueCount) else { return }
    state.venues[event.venue.index].isConnected = isUp ? 1 : 0
    notice(isUp ? .venueConnected : .venueDisconnected, isUp ? .info : .warn, &output) {
      $0.venue = event.venue
      $0.account = event.account
    }
  }
}
