// What the venue says, applied to the order it is about. Contradictions are quarantined, silence is never taken for an
// answer, and "unknown" is left only by evidence (INV-18).

extension Core {
  mutating func venueEvent(_ event: VenueEvent, _ output: inout StepOutput) {
    guard let kind = event.kind, Self.isInRange(event) else {
      return notice(.eventQuarantined, .error, &output) { $0.a = Int64(event.kindRaw) }
    }
    newsTime = event.venueTime
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
      && (event.cumulative >= 0 || event.kind == .funding)
      && (event.quantity >= 0 || event.kind == .position || event.kind == .funding)
  }

  private mutating func orderEvent(_ event: VenueEvent, _ kind: VenueEvent.Kind, _ output: inout StepOutput) {
    guard let slot = slotMeant(by: event, &output) else {
      switch kind {
      case .orderReport: adopt(event, &output)
      case .accepted, .amended, .cancelled, .expired, .triggered: askForStray(event, &output)
      default: break
      }
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
  func foreignSlot(_ text: Text32) -> Int? {
    guard !text.isEmpty else { return nil }
    let key = WireID.Key(foreign: text)
    return state.slot(keyed: key.high, key.low)
  }

  // MARK: Answers

  private mutating func accepted(_ slot: Int, _ event: VenueEvent, _ output: inout StepOutput) {
    let row = state.orders[slot]
    if row.status.isDone { return comparePlaced(slot, event, &output) }
    guard isNewest(slot, event.wireID) else { return }
    noteEvidence(slot, event)
    // The same news again; a replacement has no evidence of its own until now.
    guard row.hasEvidence == 0 else { return }
    if row.asksFirst != 0 { takeTerms(slot, event) }
    noteReject(slot, code: 0)
    settle(slot)
    if move(slot, to: workingStatus(slot), &output) { emitOrder(slot, &output) }
  }

  /// The venue knows an order that was counted as never placed: nothing here may be trusted until a person looked.
  /// What it replaced was placed.
  private mutating func comparePlaced(_ slot: Int, _ event: VenueEvent, _ output: inout StepOutput) {
    let image = state.orders[slot].image
    guard image.reasonRaw == Reason.notPlaced.rawValue, isNewest(slot, event.wireID) else { return }
    raiseAlarm(&output) { notice in
      notice.text = image.id
      notice.orderNumber = image.orderNumber
      notice.account = image.account
      notice.reasonRaw = Reason.notPlaced.rawValue
    }
  }

  private mutating func rejected(_ slot: Int, _ event: VenueEvent, _ output: inout StepOutput) {
    let row = state.orders[slot]
    // What is held counts as there; lost records may have released it.
    let isUnheard = row.hasEvidence == 0 || row.isHeld != 0
    guard isUnheard || row.isReplacing != 0 || row.image.isUnconfirmed != 0 || row.kind.isConditional else {
      return quarantine(slot, from: row.status, to: .rejected, &output)
    }
    guard !row.status.isDone else { return }
    state.orders[slot].image.venueCode = event.code
    state.orders[slot].image.sentRaw = SentState.yes.rawValue
    if event.remedy == .refused { noteReject(slot, code: event.code) }
    let end: OrderStatus = row.image.filled > 0 || row.isReplacing != 0 ? .cancelled : .rejected
    endOrder(slot, as: end, .venueRejected, &output)
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
    guard event.requestID == row.frameRequest else {
      // A cancel or a question did not leave, which says nothing about the order. It is tried again, a cancel first.
      let wantsCancel = row.cancelRequested != 0 || (row.isReplacing != 0 && row.pendingQuantity != 0)
      if wantsCancel || row.queryCount > 0 {
        schedule(slot, at: stamp.time.advanced(byNanoseconds: wantsCancel ? 100_000_000 : 1_000_000_000))
      }
      return
    }
    guard row.hasEvidence == 0 || row.isReplacing != 0 else {
      if row.pendingQuantity != 0 { amendRejected(slot, event, &output) }
      return
    }
    if row.isReplacing == 0 { state.orders[slot].image.sentRaw = SentState.no.rawValue }
    state.orders[slot].image.venueCode = event.code
    let reason: Reason = event.remedy == .throttled ? .rateBudget : .notSent
    let end: OrderStatus = row.isReplacing != 0 ? .cancelled : .rejected
    endOrder(slot, as: end, reason, &output)
  }

  mutating func outcomeUnknown(_ slot: Int, _ output: inout StepOutput) {
    let row = state.orders[slot]
    guard !row.status.isDone, row.status != .unknown else { return }
    if row.asksFirst != 0 { return ask(slot, &output) }
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
    let row = state.orders[slot]
    let isReplacing = row.isReplacing != 0 && row.pendingQuantity != 0
    guard !row.status.isDone, isNewest(slot, event.wireID) else { return }
    if event.remedy == .unknownOrder {
      // Filled, cancelled or never there: the venue says which.
      state.orders[slot].image.venueCode = event.code
      return ask(slot, &output)
    }
    guard row.cancelRequested != 0 || isReplacing else { return }
    state.orders[slot].image.venueCode = event.code
    if event.remedy == .throttled || event.remedy == .banned || event.remedy == .clock {
      let pause = max(event.retryAfterNanoseconds, 100_000_000)
      return schedule(slot, at: stamp.time.advanced(byNanoseconds: pause))
    }
    // That the venue refuses to cancel does not prove that it has the order.
    guard row.hasEvidence != 0 else { return ask(slot, &output) }
    state.orders[slot].cancelRequested = 0
    if isReplacing {
      clearPending(slot)
      state.orders[slot].isReplacing = 0
      recount(slot)
    }
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
    let hasAllFills = event.cumulative + row.filledBefore <= row.image.filled
    guard hasAllFills else {
      // What it leaves to others (a replacement, the next slice, free funds) is known once its fills are here.
      query(.queryFills, row.image.account.index, Self.fillsAsked, &output)
      return ask(slot, &output)
    }
    if row.isReplacing != 0, row.pendingQuantity != 0, status == .cancelled { return replaceNow(slot, &output) }
    if event.code != 0 { state.orders[slot].image.venueCode = event.code }
    endOrder(slot, as: status, endReason(row, event, status), &output)
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

  func isNewest(_ slot: Int, _ wireID: Text32) -> Bool {
    guard state.orders[slot].image.replacements > 0, let wire = WireID(wireID) else { return true }
    return wire.key.high == state.orders[slot].wireHigh && wire.key.low == state.orders[slot].wireLow
  }
}

// MARK: Evidence

extension Core {
  /// What was answered so far says nothing about what is asked from now on.
  mutating func forgetReads(_ slot: Int) {
    state.orders[slot].queryCount = 0
    state.orders[slot].negativeReads = 0
    state.orders[slot].questionsFrom = 0
  }

  /// Asks the venue for this order, and again after 0.2, 1 and 3 seconds, behind the fence, and from then on every ten.
  mutating func ask(_ slot: Int, _ output: inout StepOutput) {
    let row = state.orders[slot]
    let pauses: InlineArray<4, Int64> = [200_000_000, 1_000_000_000, 3_000_000_000, 10_000_000_000]
    // What waits for the answer to go out, or to be gone, is asked for every second.
    let isUrgent = row.asksFirst != 0 || row.cancelRequested != 0
    let pause = pauses[min(isUrgent ? 1 : 3, Int(row.queryCount))]
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
    if stamp.time >= proof, row.questionsFrom == 0 { state.orders[slot].questionsFrom = request.requestID }
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
    if row.status.isDone { return comparePlaced(slot, event, &output) }
    guard isNewest(slot, event.wireID) else { return }
    noteEvidence(slot, event)
    if hasAmended(row, event) {
      takePending(slot, quantity: max(row.pendingQuantity, row.image.filled), price: row.pendingPrice)
    }
    // What has ended cannot be amended any more: its terms are the venue's. What has filled needs no replacement either.
    if status != .open, status != .waiting, row.isReplacing == 0 || status == .filled { clearPending(slot) }
    if status == .filled { state.orders[slot].isReplacing = 0 }
    if isSettled(slot, row, status) { takeTerms(slot, event) }
    // Its end is believed once the fills that belong to it are here.
    guard hasFills(slot, event, &output) else {
      return schedule(slot, at: stamp.time.advanced(byNanoseconds: 200_000_000))
    }
    switch status {
    case .open, .waiting:
      reportedOpen(slot, row, event, wasUnconfirmed, &output)
    case .filled:
      guard state.orders[slot].remaining == 0 else {
        return quarantine(slot, from: row.status, to: .filled, &output)
      }
      complete(slot, &output)
    case .cancelled where row.isReplacing != 0 && row.pendingQuantity != 0: replaceNow(slot, &output)
    case .cancelled: endOrder(slot, as: .cancelled, endReason(row, event, .cancelled), &output)
    case .expired: endOrder(slot, as: .expired, endReason(row, event, .expired), &output)
    case .rejected: endOrder(slot, as: row.image.filled > 0 ? .cancelled : .rejected, .venueRejected, &output)
    }
  }

  /// Whether all that the venue counts is credited. If not, the account's fills are asked for, once. Of an order that was
  /// not known here when it traded they were booked without it: with all fills of the account read since, the venue's
  /// count is what it came with.
  private mutating func hasFills(_ slot: Int, _ event: VenueEvent, _ output: inout StepOutput) -> Bool {
    let row = state.orders[slot]
    guard event.cumulative + row.filledBefore > row.image.filled else { return true }
    let account = row.image.account.index
    let mayBeBooked = row.isAdopted || isOlderThanLoss(slot)
    let isRead = row.fillsQuestion != 0 && state.accounts[account].fillsReadBy >= row.fillsQuestion
    if mayBeBooked, isRead, event.cumulative + row.filledBefore <= row.image.quantity {
      state.orders[slot].image.filled = event.cumulative + row.filledBefore
      if let parent = state.slot(of: row.parent) {
        state.orders[parent].image.filled += state.orders[slot].image.filled - row.image.filled
        precondition(
          state.orders[parent].image.filled <= state.orders[parent].image.quantity,
          "children never exceed their parent (INV-04)")
        recount(parent)
      }
      state.orders[slot].adoptedFilled = event.cumulative
      state.orders[slot].adoptedReplacement = row.image.replacements
      if state.orders[slot].isOpen { recount(slot) }
      return true
    }
    if row.fillsQuestion == 0 || isRead { state.orders[slot].fillsQuestion = state.globals[0].nextRequestID }
    query(.queryFills, account, Self.fillsAsked, &output)
    return false
  }

  private mutating func reportedOpen(
    _ slot: Int, _ row: OrderRow, _ event: VenueEvent, _ wasUnconfirmed: Bool, _ output: inout StepOutput
  ) {
    if row.pendingQuantity != 0, row.isReplacing != 0 {
      // The old one still works: a second cancel can do no harm.
      sendCancel(slot, &output)
      if row.status == .unknown || wasUnconfirmed, move(slot, to: workingStatus(slot), &output) {
        emitOrder(slot, &output)
      }
      return
    }
    if state.orders[slot].pendingQuantity != 0 {
      // Only an answer to a question from behind the fence: an earlier one may have met the venue before the amend did.
      guard isBehindFence(row, event) else {
        let proof = row.fence.advanced(byNanoseconds: state.venues[row.image.venue.index].visibility + 1)
        if row.cancelRequested != 0 { return sendCancel(slot, &output) }
        return stamp.time < proof ? schedule(slot, at: proof) : ask(slot, &output)
      }
      // It was not taken, and cannot be any more.
      clearPending(slot)
      recount(slot)
      takeTerms(slot, event)
    }
    settle(slot)
    if row.cancelRequested != 0 { sendCancel(slot, &output) }
    let image = state.orders[slot].image
    let isNews = image.quantity != row.image.quantity || image.price != row.image.price || row.asksFirst != 0
    if row.status == workingStatus(slot), !wasUnconfirmed, row.status != .unknown, !isNews { return }
    if move(slot, to: workingStatus(slot), &output) { emitOrder(slot, &output) }
  }

  private func isBehindFence(_ row: OrderRow, _ event: VenueEvent) -> Bool {
    row.questionsFrom != 0 && event.requestID >= row.questionsFrom && event.requestID < Self.accountQuestion
  }

  /// Whether the venue's word about quantity and price counts: it may have trimmed a reduce-only order, and lost records
  /// may have amended it. Not while a frame of ours can still change them.
  private func isSettled(_ slot: Int, _ row: OrderRow, _ status: VenueEvent.ReportedStatus) -> Bool {
    let isOpen = status == .open || status == .waiting
    let proof = row.fence.advanced(byNanoseconds: state.venues[row.image.venue.index].visibility)
    return !isOpen || stamp.time > proof || row.asksFirst != 0 || isOlderThanLoss(slot)
  }

  /// The venue shows the order as an amend under way wants it.
  private func hasAmended(_ row: OrderRow, _ event: VenueEvent) -> Bool {
    guard row.pendingQuantity != 0, row.isReplacing == 0 else { return false }
    return event.quantity + row.filledBefore == row.pendingQuantity && event.price == row.pendingPrice
  }

  /// "Not found" is evidence only to questions asked behind the fence and the venue's visibility window, and only when
  /// read twice.
  private mutating func absent(_ slot: Int, _ event: VenueEvent, _ output: inout StepOutput) {
    let row = state.orders[slot]
    guard !row.status.isDone, row.isHeld == 0, isNewest(slot, event.wireID) else { return }
    let visibility = state.venues[row.image.venue.index].visibility
    guard stamp.time > row.fence.advanced(byNanoseconds: visibility) else { return }
    guard isBehindFence(row, event) else { return }
    state.orders[slot].questionsFrom = event.requestID + 1
    state.orders[slot].negativeReads = row.negativeReads + 1
    guard state.orders[slot].negativeReads >= OrderRow.readsOfProof else {
      return schedule(slot, at: stamp.time.advanced(byNanoseconds: 50_000_000))
    }
    if row.asksFirst != 0 { return provenUnsent(slot, &output) }
    if row.remaining == 0 { return complete(slot, &output) }
    if row.hasEvidence == 0 {
      state.orders[slot].image.sentRaw = SentState.no.rawValue
      endOrder(slot, as: .rejected, .notPlaced, &output)
    } else {
      // It was there once and the venue has forgotten it: over, with what was filled.
      endOrder(slot, as: .cancelled, .cancelledByVenue, &output)
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
