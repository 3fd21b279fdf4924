// Orders that depend on each other: one cancels the other, one sends the other, slices of a parent. The venue is told
// nothing of it; the core keeps the promise and the order says so (`emulatedRaw`).

extension Core {
  /// Resolves the order that a command names as its partner.
  func linkTerms(_ input: NewOrderInput, _ link: OrderLink, _ row: inout OrderRow) -> Reason {
    if input.takeProfit < 0 || input.stopLoss < 0 { return .badStop }
    if input.takeProfit > 0 || input.stopLoss > 0 || input.displayQuantity > 0 {
      // Children are `ID/cN`: the parent's id leaves room for that.
      guard input.id.count + 8 <= Text64.capacity else { return .badID }
    }
    if input.takeProfit > 0 || input.stopLoss > 0 { row.image.emulatedRaw |= Self.emulatedLink }
    guard link != .none else { return input.linked.isEmpty ? .none : .badLink }
    guard link != .child, let slot = findOrder(input.linked) else { return .badLink }
    let other = state.orders[slot]
    guard other.isOpen, other.image.account == input.account, other.image.instrument == input.instrument else {
      return .badLink
    }
    row.linked = other.image.orderNumber
    row.image.emulatedRaw |= Self.emulatedLink
    if link == .oto { row.isHeld = Self.held }
    return .none
  }

  /// What the end of one order means for others.
  mutating func afterEnd(_ slot: Int, _ output: inout StepOutput) {
    let row = state.orders[slot]
    precondition(row.status.isDone, "only an order that has ended sets others free")
    if row.parent != 0 { sliceEnded(slot, &output) }
    if row.image.filled > 0 { cancelPartners(of: slot, &output) }
    releaseHeld(by: slot, &output)
    if row.image.filled > 0, row.takeProfit > 0 || row.stopLoss > 0 { sendExits(slot, &output) }
  }

  mutating func afterPartialFill(_ slot: Int, _ output: inout StepOutput) {
    cancelPartners(of: slot, &output)
  }

  /// One has traded: its partners go. Partners point at each other or at the same order.
  private mutating func cancelPartners(of slot: Int, _ output: inout StepOutput) {
    let row = state.orders[slot]
    if row.image.linkRaw == OrderLink.oco.rawValue, let other = state.slot(of: row.linked) {
      requestCancel(other, reason: .cancelledByLink, &output)
    }
    guard row.hasDependents != 0 else { return }
    var at = state.accounts[row.image.account.index].openHead
    while at != 0 {
      let other = Int(at) - 1
      at = state.orderLinks[other].nextOfAccount
      guard state.orders[other].linked == row.image.orderNumber,
        state.orders[other].image.linkRaw == OrderLink.oco.rawValue
      else { continue }
      requestCancel(other, reason: .cancelledByLink, &output)
    }
  }

  /// Sends the orders that waited for this one to fill; lets them go when it has ended without.
  private mutating func releaseHeld(by slot: Int, _ output: inout StepOutput) {
    let number = state.orders[slot].image.orderNumber
    let isFilled = state.orders[slot].status == .filled
    guard state.orders[slot].hasDependents != 0 else { return }
    var at = state.accounts[state.orders[slot].image.account.index].openHead
    while at != 0 {
      let other = Int(at) - 1
      at = state.orderLinks[other].nextOfAccount
      guard state.orders[other].linked == number, state.orders[other].image.linkRaw == OrderLink.oto.rawValue,
        state.orders[other].isHeld != 0, state.orders[other].cancelRequested == 0
      else { continue }
      if isFilled, state.orders[other].image.emulatedRaw & Self.emulatedTrigger != 0 {
        // Its turn has come; now it waits for its price.
        state.orders[other].image.linkRaw = OrderLink.none.rawValue
        state.orders[other].triggerVersion += 1
        emitOrder(other, &output)
        continue
      }
      state.orders[other].image.linkRaw = isFilled ? OrderLink.none.rawValue : state.orders[other].image.linkRaw
      if isFilled { release(other, &output) } else { requestCancel(other, reason: .cancelledByLink, &output) }
      // Its end may have ended others: the list is another one now.
      at = state.accounts[state.orders[slot].image.account.index].openHead
    }
  }

  /// An order that was kept here goes to the venue, if the gate still lets it.
  mutating func release(_ slot: Int, _ output: inout StepOutput) {
    var row = state.orders[slot]
    precondition(row.isHeld != 0 && row.isOpen, "only what was held is released")
    let lock = locks(&row, isReducing: row.opensRisk == 0)
    guard lock.passes else { return requestCancel(slot, reason: lock.reason, &output) }
    if row.isIceberg { return sendSlice(slot, &output) }
    if crossesOwn(&row) { return requestCancel(slot, reason: .selfCross, &output) }
    let waits = row.isHeld == Self.heldForBudget
    guard hasBudget(row.image.account, isReducing: row.opensRisk == 0, waits: waits) else { return waitForBudget(slot) }
    state.orders[slot].isHeld = 0
    // A replacement keeps its condition: it goes out as it stands.
    let isReplacement = row.image.replacements > 0 && row.image.emulatedRaw & Self.emulatedTrigger == 0
    if !row.kind.hasLimitPrice && !(isReplacement && waits) {
      state.orders[slot].worstPrice = worstPrice(unconditional(row), slippagePpm: 0)
    }
    recount(slot)
    resend(slot, wire: wireText(slot), &output)
  }

  /// The row as the market sees it once its trigger has fired.
  private func unconditional(_ row: OrderRow) -> OrderRow {
    var plain = row
    plain.image.stopPrice = 0
    return plain
  }

  /// Sends what was accepted before, under an id that no frame has carried yet.
  mutating func resend(_ slot: Int, wire: Text32, _ output: inout StepOutput) {
    state.orders[slot].hasEvidence = 0
    forgetReads(slot)
    state.orders[slot].image.venueOrder = .none
    state.orders[slot].image.sentRaw = SentState.unknown.rawValue
    emitOrder(slot, &output)
    if isOlderThanLoss(slot) { return askFirst(slot, &output) }
    guard output.requestCount < StepOutput.requestCapacity else { return outcomeUnknown(slot, &output) }
    sendFrame(slot, wire: wire, &output)
  }

  // MARK: Children

  /// Attached exits: a take-profit and a stop-loss for what has filled, each cancelling the other.
  private mutating func sendExits(_ slot: Int, _ output: inout StepOutput) {
    let row = state.orders[slot]
    var first: UInt64 = 0
    if row.takeProfit > 0 {
      first = makeChild(of: slot, number: row.isIceberg ? 1 : row.childCount + 1, &output) { child in
        child.image.kindRaw = OrderKind.takeProfitMarket.rawValue
        child.image.stopPrice = row.takeProfit
        child.image.quantity = row.image.filled
      }
    }
    if row.stopLoss > 0 {
      let number = row.isIceberg ? 2 : state.orders[slot].childCount + 1
      let second = makeChild(of: slot, number: number, &output) { child in
        child.image.kindRaw = OrderKind.stopMarket.rawValue
        child.image.stopPrice = row.stopLoss
        child.image.quantity = row.image.filled
        child.linked = first
        child.image.linkRaw = (first != 0 ? OrderLink.oco : .none).rawValue
      }
      if let partner = state.slot(of: first), second != 0 {
        state.orders[partner].linked = second
        state.orders[partner].image.linkRaw = OrderLink.oco.rawValue
      }
    }
  }

  /// Makes `ID/cN`: an exit on the other side, reducing where the market knows positions. 0 when there is no room.
  private mutating func makeChild(
    of slot: Int, number: UInt32, _ output: inout StepOutput, _ shape: (inout OrderRow) -> Void
  ) -> UInt64 {
    let parent = state.orders[slot]
    guard let id = childID(of: parent.image.id, number) else { return 0 }
    state.orders[slot].childCount = max(parent.childCount, number)
    var child = OrderRow()
    child.image = parent.image
    child.image.id = id
    child.image.venueOrder = .none
    child.image.filled = 0
    child.image.filledNotional = .zero
    child.image.fee = .zero
    child.image.price = 0
    child.image.stopPrice = 0
    child.image.displayQuantity = 0
    child.image.reasonRaw = 0
    child.image.replacements = 0
    child.image.emulatedRaw = 0
    child.image.linkRaw = 0
    child.image.sideRaw = parent.side.opposite.rawValue
    child.image.timeInForceRaw = TimeInForce.gtc.rawValue
    child.walletRaw = parent.walletRaw
    child.isOlderThanLoss = isOlderThanLoss(slot) ? 1 : 0
    let isSpot = parent.walletRaw == Wallet.spot.rawValue
    let kept = parent.flags.subtracting([.postOnly])
    child.image.flagsRaw = isSpot ? kept.rawValue : kept.union(.reduceOnly).rawValue
    shape(&child)
    return place(child, features: state.instruments[child.image.instrument.index].rules.features, &output)
  }

  /// The next slice of an iceberg that the core works itself. The first two numbers are those of its exits: what was a
  /// slice in lost records must not come again as an exit.
  private mutating func sendSlice(_ slot: Int, _ output: inout StepOutput) {
    let parent = state.orders[slot]
    let size = min(parent.image.displayQuantity, parent.image.quantity - parent.childWorst)
    let hasExits = parent.takeProfit > 0 || parent.stopLoss > 0
    let number = max(parent.childCount, hasExits ? 2 : 0) + 1
    guard size > 0, parent.cancelRequested == 0, let id = childID(of: parent.image.id, number) else { return }
    var plain = parent
    if crossesOwn(&plain) { return requestCancel(slot, reason: .selfCross, &output) }
    state.orders[slot].childCount = number
    state.orders[slot].childWorst += size
    precondition(
      state.orders[slot].childWorst <= parent.image.quantity, "children never exceed their parent (INV-04)")
    // The slice carries the exposure that its parent reserved.
    var child = OrderRow()
    child.image = parent.image
    child.image.id = id
    child.image.quantity = size
    child.image.filled = 0
    child.image.filledNotional = .zero
    child.image.fee = .zero
    child.image.displayQuantity = 0
    child.image.emulatedRaw = 0
    child.image.linkRaw = OrderLink.child.rawValue
    child.parent = parent.image.orderNumber
    child.walletRaw = parent.walletRaw
    child.opensRisk = parent.opensRisk
    child.isOlderThanLoss = isOlderThanLoss(slot) ? 1 : 0
    let features = state.instruments[child.image.instrument.index].rules.features
    guard place(child, features: features, &output) == 0 else { return }
    // No room, or its id is at the venue already: the rest is not worked any further.
    state.orders[slot].childWorst -= size
    endOrder(slot, as: .cancelled, .capacity, &output)
  }

  private mutating func sliceEnded(_ slot: Int, _ output: inout StepOutput) {
    let child = state.orders[slot]
    guard let parent = state.slot(of: child.parent), state.orders[parent].isOpen else { return }
    // What the slice did not fill is free again.
    state.orders[parent].childWorst -= child.remaining
    recountParent(parent)
    let row = state.orders[parent]
    if row.remaining == 0 {
      complete(parent, &output)
    } else if row.cancelRequested != 0 || child.status != .filled {
      let reason = Reason(rawValue: row.cancelReasonRaw) ?? .cancelledByVenue
      endOrder(parent, as: .cancelled, row.cancelRequested != 0 ? reason : .cancelledByVenue, &output)
    } else {
      emitOrder(parent, &output)
      sendSlice(parent, &output)
    }
  }

  /// A parent reserves what no slice of it does: slices count for themselves.
  private mutating func recountParent(_ slot: Int) {
    guard state.orders[slot].remaining > 0 else { return uncount(slot) }
    recount(slot)
  }

  mutating func cancelChildren(_ slot: Int, reason: Reason, _ output: inout StepOutput) {
    let number = state.orders[slot].image.orderNumber
    guard state.orders[slot].childCount > 0 else { return }
    let account = state.orders[slot].image.account.index
    var at = state.accounts[account].openHead
    while at != 0 {
      let other = Int(at) - 1
      at = state.orderLinks[other].nextOfAccount
      guard state.orders[other].parent == number, state.orders[other].cancelRequested == 0 else { continue }
      requestCancel(other, reason: reason, &output)
      // One that waits here ends at once, and its parent with it: the list is another one now.
      at = state.accounts[account].openHead
    }
  }

  private func childID(of id: Text64, _ number: UInt32) -> Text64? {
    var text = id
    let used = id.count
    var digits = 1
    var bound: UInt32 = 10
    while number >= bound, digits < 9 {
      digits += 1
      bound *= 10
    }
    guard used + 2 + digits <= Text64.capacity else { return nil }
    unsafe withUnsafeMutableBytes(of: &text) { bytes in
      unsafe bytes[used] = UInt8(ascii: "/")
      unsafe bytes[used + 1] = UInt8(ascii: "c")
      var value = number
      for place in stride(from: used + 1 + digits, through: used + 2, by: -1) {
        unsafe bytes[place] = UInt8(ascii: "0") + UInt8(value % 10)
        value /= 10
      }
    }
    return text
  }
}
