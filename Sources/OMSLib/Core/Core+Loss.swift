// A power cut may take the newest records with it, and with them orders whose frames have left. Whatever might have been
// among them is asked for before its id goes onto a wire (again), and the venue's word replaces ours where they differ.

extension Core {
  /// A start behind which records may be missing.
  mutating func noteLoss() {
    state.globals[0].lossTime = stamp.time
    state.globals[0].firstSinceLoss = state.globals[0].nextOrderNumber
    for venue in 1..<Int(state.globals[0].venueCount) + 1 where !hasLostRecords(venue) {
      state.venues[venue].historyFrom = state.venues[venue].endedAt
    }
    for account in 0..<Int(state.globals[0].accountCount) {
      state.accounts[account + 1].asksForIDs |= AccountRow.lostRecords
    }
  }

  /// Whether the history behind an earlier loss was not read to its end.
  private func hasLostRecords(_ venue: Int) -> Bool {
    (0..<Int(state.globals[0].accountCount)).contains { account in
      state.accounts[account + 1].venue.index == venue && state.accounts[account + 1].mayHaveLost
    }
  }

  /// Whether lost records may tell of an order that the venue shows and the table does not hold: what was placed before
  /// has only left the table.
  func isOfLostRecords(_ event: VenueEvent) -> Bool {
    let account = state.accounts[event.account.index]
    return account.mayHaveLost && WireID(event.wireID)?.tag == tag
      && (event.placedAt == .zero || event.placedAt >= state.venues[account.venue.index].historyFrom)
  }

  /// Whether lost records may have held more about the order than is known here.
  @inline(__always)
  func isOlderThanLoss(_ slot: Int) -> Bool {
    state.orders[slot].isOlderThanLoss != 0
      || state.orders[slot].image.orderNumber >> 20 < state.globals[0].firstSinceLoss
  }

  /// After this nothing that was sent before the loss can be accepted any more.
  func lossFence(_ venue: VenueID) -> EngineTime {
    state.globals[0].lossTime.advanced(byNanoseconds: Self.signWindow + state.venues[venue.index].fence)
  }

  /// Instead of its frame a question: did lost records send it already?
  mutating func askFirst(_ slot: Int, _ output: inout StepOutput) {
    precondition(state.orders[slot].isHeld == 0, "what is asked for is wanted at the venue")
    state.orders[slot].asksFirst = 1
    state.orders[slot].hasEvidence = 0
    forgetReads(slot)
    state.orders[slot].fence = lossFence(state.orders[slot].image.venue)
    ask(slot, &output)
  }

  /// Nothing that was lost has sent it: now its frame goes out, if nothing speaks against it meanwhile.
  mutating func provenUnsent(_ slot: Int, _ output: inout StepOutput) {
    precondition(state.orders[slot].asksFirst != 0 && state.orders[slot].isOpen, "asked for, and not answered yet")
    if state.orders[slot].cancelRequested != 0 {
      return endUnsent(slot, Reason(rawValue: state.orders[slot].cancelReasonRaw) ?? .cancelledByUser, &output)
    }
    var row = state.orders[slot]
    let lock = locks(&row, isReducing: row.opensRisk == 0)
    // Its account is about to be read.
    if lock.reason == .accountClosed || output.requestCount >= StepOutput.requestCapacity {
      return schedule(slot, at: stamp.time.advanced(byNanoseconds: 100_000_000))
    }
    guard lock.passes else { return endUnsent(slot, lock.reason, &output) }
    guard hasBudget(row.image.account, isReducing: row.opensRisk == 0, waits: true) else {
      return lookForBudgetAgain(slot)
    }
    state.orders[slot].asksFirst = 0
    forgetReads(slot)
    sendFrame(slot, wire: wireText(slot), &output)
  }

  /// The order that news are about. An id of ours that is asked for may stand for another order, of lost records: that
  /// one has it then, and ours was not sent and will not be.
  mutating func slotMeant(by event: VenueEvent, _ output: inout StepOutput) -> Int? {
    guard let slot = slot(of: event.wireID) ?? foreignSlot(event.wireID) else { return nil }
    guard state.orders[slot].asksFirst != 0, let side = event.side, side != state.orders[slot].side,
      state.orders[slot].image.replacements == 0
    else { return slot }
    state.orderIndex.remove(state.orders[slot].keyLow, row: slot)
    state.orders[slot].keyHigh = 0
    state.orders[slot].keyLow = 0
    endUnsent(slot, .idConflict, &output)
    return nil
  }

  private mutating func endUnsent(_ slot: Int, _ reason: Reason, _ output: inout StepOutput) {
    if state.orders[slot].image.filled == 0 { state.orders[slot].image.sentRaw = SentState.no.rawValue }
    state.orders[slot].asksFirst = 0
    endOrder(slot, as: .cancelled, reason, &output)
  }

  /// The venue's word about quantity and price, where no frame of ours can change them any more.
  mutating func takeTerms(_ slot: Int, _ event: VenueEvent) {
    let row = state.orders[slot]
    let quantity = event.quantity + row.filledBefore
    guard event.quantity > 0, quantity >= row.image.filled, row.pendingQuantity == 0 else { return }
    let price = event.price > 0 && row.kind.hasLimitPrice ? event.price : row.image.price
    guard quantity != row.image.quantity || price != row.image.price else { return }
    if let parent = state.slot(of: row.parent) {
      let worst = state.orders[parent].childWorst + quantity - row.image.quantity
      state.orders[parent].childWorst = worst
      if worst > state.orders[parent].image.quantity { state.orders[parent].image.quantity = worst }
      if state.orders[parent].isOpen { recount(parent) }
    }
    apply(slot, quantity: quantity, price: price, stop: row.image.stopPrice)
  }

  /// A fill beyond what is known of an order that lost records may have amended: one lot more keeps it open until the
  /// venue has told its terms.
  mutating func takeUnrecordedTerms(_ slot: Int, _ event: VenueEvent, _ output: inout StepOutput) -> Bool {
    let row = state.orders[slot]
    guard !row.status.isDone, isOlderThanLoss(slot), row.parent == 0 else { return false }
    clearPending(slot)
    let lot = state.instruments[row.image.instrument.index].rules.lot
    apply(
      slot, quantity: row.image.filled + event.quantity + lot, price: row.image.price, stop: row.image.stopPrice)
    ask(slot, &output)
    return true
  }

  /// Until the venue's history behind a loss was read, an order may be larger than is known here.
  func mayHaveGrown(_ slot: Int) -> Bool {
    state.accounts[state.orders[slot].image.account.index].mayHaveLost && isOlderThanLoss(slot)
  }

  /// Lost records may have made the slice larger, and its parent with it.
  func isUnrecordedSlice(_ slot: Int) -> Bool {
    state.orders[slot].parent != 0 && !state.orders[slot].status.isDone && isOlderThanLoss(slot)
  }

  /// News of an order with our tag that no record here tells of: the venue's report of it makes it known.
  mutating func askForStray(_ event: VenueEvent, _ output: inout StepOutput) {
    guard event.account.index > 0, event.account.index <= Int(state.globals[0].accountCount),
      isOfLostRecords(event), output.requestCount < StepOutput.requestCapacity
    else { return }
    // Its id counts as free until then: the account is read once more before users' ids are believed.
    state.accounts[event.account.index].asksForIDs |= AccountRow.readAgain
    if state.accounts[event.account.index].reconcilePending == 0 {
      scheduleCompare(event.account.index, after: Self.soon)
    }
    var request = VenueRequest(.queryOrder)
    request.wireID = event.wireID
    request.venueOrder = event.venueOrder
    request.requestID = nextRequestID()
    request.account = event.account
    request.instrument = event.instrument
    request.venue = state.accounts[event.account.index].venue
    output.request(request)
  }

  // MARK: Comparisons that go on by themselves

  /// How long the parts of a comparison are waited for before they are asked for again.
  static let comparePatience: Int64 = 5_000_000_000
  static let soon: Int64 = 50_000_000

  mutating func scheduleCompare(_ account: Int, after nanoseconds: Int64) {
    let time = stamp.time.advanced(byNanoseconds: nanoseconds)
    state.accounts[account].dueAt = time
    remind(at: time, UInt64(account))
  }

  /// Asks again for what has not come, or reads the account once more behind the fence of a loss. `false`: nothing to do.
  mutating func resumeCompare(_ account: Int, _ output: inout StepOutput) -> Bool {
    state.accounts[account].dueAt = .zero
    guard state.accounts[account].reconcilePending != 0 || state.accounts[account].wantsReading else { return false }
    compare(account, &output)
    return true
  }

  /// A comparison has ended: is another one needed before users' ids may be sent unasked?
  mutating func settleIDs(_ account: Int) {
    let began = state.accounts[account].dueAt.nanoseconds - Self.comparePatience
    state.accounts[account].dueAt = .zero
    guard state.accounts[account].wantsReading else { return }
    let venue = state.accounts[account].venue
    let proof = lossFence(venue).nanoseconds + state.venues[venue.index].visibility
    let asks = state.accounts[account].asksForIDs
    if began > proof, asks & AccountRow.readAgain == 0 {
      state.accounts[account].asksForIDs = asks & AccountRow.missedOrder
      state.globals[0].fullAt = 0
    } else {
      state.accounts[account].asksForIDs = (asks | AccountRow.rereads) & ~AccountRow.readAgain
      // Rows do not become free within a moment.
      let lacksRows = asks & AccountRow.missedOrder != 0 && asks & AccountRow.readAgain != 0
      let pause = lacksRows ? Self.comparePatience : Self.soon
      scheduleCompare(account, after: max(pause, proof + 1 - stamp.time.nanoseconds))
    }
  }
}
