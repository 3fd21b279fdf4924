// Starting and comparing: after a restart nothing is believed until the venue has been read; differences are reported,
// and followed only when that was asked for.

extension Core {
  /// A run begins. Orders are looked through in portions behind it; accounts stay closed until they were compared.
  mutating func start(_ input: StartInput, _ output: inout StepOutput) {
    precondition(input.epoch > state.globals[0].epoch, "an epoch rises with every run (INV-14)")
    state.globals[0].epoch = input.epoch
    state.globals[0].tag = input.tag
    state.globals[0].modeRaw = input.modeRaw
    state.globals[0].strictRaw = input.strict
    state.globals[0].nextEngineOrder = 1
    // No number of a question or frame comes again, not even one whose record is lost: late answers are told apart.
    state.globals[0].nextRequestID = max(state.globals[0].nextRequestID, Self.firstRequest(of: input.epoch))
    keepCancels()
    if input.mayHaveLost != 0 { noteLoss() }
    for account in 0..<Int(state.globals[0].accountCount) {
      state.accounts[account + 1].isOpen = 0
      state.accounts[account + 1].reconcileToken = 0
      state.accounts[account + 1].reconcilePending = 0
      state.accounts[account + 1].dueAt = .zero
    }
    notice(.engineStart, input.mayHaveLost != 0 ? .warn : .info, &output) { notice in
      notice.a = Int64(input.epoch)
      notice.b = Int64(input.mayHaveLost)
    }
    guard state.globals[0].openOrderCount > 0,
      let free = (0..<CoreState.bulkCount).first(where: { state.bulks[$0].isActive == 0 })
    else { return }
    state.bulks[free].isActive = 1
    state.bulks[free].isRestart = 1
  }

  /// Whoever asked is gone, but what was to be cancelled still is: a kill outlives its run. The last row is kept free
  /// for the review of orders.
  private mutating func keepCancels() {
    for i in 0..<CoreState.bulkCount {
      let work = state.bulks[i]
      guard work.isActive != 0, work.isRestart == 0, i < CoreState.bulkCount - 1 else {
        state.bulks[i] = BulkRow()
        continue
      }
      state.bulks[i].token = 0
      state.bulks[i].cursorAccount = 1
    }
  }

  /// Acknowledged orders are unconfirmed now; those with an intent but no word of the venue are unknown.
  mutating func reviewOrders(_ bulk: Int, _ output: inout StepOutput) {
    let end = Int(state.globals[0].orderHighWater)
    var slot = Int(state.bulks[bulk].cursorOrder)
    var budget = Limits.ordersPerStep * 2
    while slot < end, budget > 0 {
      if state.orders[slot].isOpen, state.orders[slot].isHeld == 0 {
        budget -= 1
        review(slot, &output)
      }
      slot += 1
    }
    state.bulks[bulk].cursorOrder = UInt32(slot)
    if slot >= end { state.bulks[bulk] = BulkRow() }
  }

  private mutating func review(_ slot: Int, _ output: inout StepOutput) {
    state.orders[slot].seenInReconcile = 0
    forgetReads(slot)
    let row = state.orders[slot]
    if row.asksFirst != 0 {
      state.orders[slot].fence = max(row.fence, lossFence(row.image.venue))
      return schedule(slot, at: stamp.time.advanced(byNanoseconds: 200_000_000))
    }
    if row.hasEvidence != 0, row.isReplacing == 0 {
      state.orders[slot].image.isUnconfirmed = 1
      if row.cancelRequested != 0 || row.pendingQuantity != 0 {
        schedule(slot, at: stamp.time.advanced(byNanoseconds: 200_000_000))
      }
      return
    }
    schedule(slot, at: stamp.time.advanced(byNanoseconds: 200_000_000))
    if row.status != .unknown, move(slot, to: .unknown, &output) { emitOrder(slot, &output) }
  }

  // MARK: Comparing

  private static let ordersRead: UInt8 = 1
  private static let fillsRead: UInt8 = 2
  private static let accountRead: UInt8 = 4
  /// Fills asked for without a reconcile.
  static let fillsAsked: UInt8 = 3

  mutating func reconcile(_ input: ReconcileInput, _ output: inout StepOutput) {
    guard input.isGap == 0 else { return noteGap() }
    let account = input.account.index
    guard account > 0, account <= Int(state.globals[0].accountCount) else {
      return refuse(input.token, Verdict(reason: .unknownAccount), &output)
    }
    // A comparison that hangs is given up for the new one.
    refuse(state.accounts[account].reconcileToken, Verdict(reason: .capacity), &output)
    state.accounts[account].reconcilePending = 0
    state.accounts[account].reconcileFixes = input.fixes
    state.accounts[account].reconcileToken = input.token
    compare(account, &output)
  }

  /// What is under way to an account has holes: the parts of its answers that come yet are used, their ends are not.
  private mutating func noteGap() {
    for account in 0..<Int(state.globals[0].accountCount) {
      state.accounts[account + 1].answersFrom = state.globals[0].nextRequestID
    }
  }

  /// Asks for everything that is compared, or for what is missing of it.
  mutating func compare(_ account: Int, _ output: inout StepOutput) {
    // A step that has asked for too much already leaves the rest to the next.
    let isCrowded = output.requestCount + 3 > StepOutput.requestCapacity
    scheduleCompare(account, after: isCrowded ? Self.soon : Self.comparePatience)
    if state.accounts[account].reconcilePending == 0 { beginCompare(account) }
    if isCrowded { return }
    let missing = state.accounts[account].reconcilePending
    // Fills before orders: an order's end is believed once its fills are here.
    if missing & Self.fillsRead != 0 { query(.queryFills, account, Self.fillsRead, &output) }
    if missing & Self.ordersRead != 0 { query(.queryOpenOrders, account, Self.ordersRead, &output) }
    if missing & Self.accountRead != 0 { query(.queryAccount, account, Self.accountRead, &output) }
  }

  private mutating func beginCompare(_ account: Int) {
    state.accounts[account].reconcilePending = Self.ordersRead | Self.fillsRead | Self.accountRead
    state.accounts[account].driftCount = 0
    var at = state.accounts[account].openHead
    while at != 0 {
      let slot = Int(at) - 1
      if state.orders[slot].seenInReconcile != 0 { state.orders[slot].seenInReconcile = 0 }
      at = state.orderLinks[slot].nextOfAccount
    }
  }

  private static func firstRequest(of epoch: UInt32) -> UInt64 { UInt64(epoch) << 24 }

  /// In the numbers of questions about a whole account; those about one order are below.
  static let accountQuestion: UInt64 = 1 << 62

  /// The low bits of a query's number say what its end completes.
  mutating func query(
    _ kind: VenueRequest.Kind, _ account: Int, _ part: UInt8, from place: VenueReference = .none,
    _ output: inout StepOutput
  ) {
    var request = VenueRequest(kind)
    request.account = state.accounts[account].id
    request.venue = state.accounts[account].venue
    request.venueOrder = kind == .queryFills ? VenueReference(state.accounts[account].lastTrade) : place
    if kind == .queryOpenOrders, state.accounts[account].mayHaveLost {
      request.expiresAt = max(state.venues[state.accounts[account].venue.index].historyFrom, UTCTime(nanoseconds: 1))
    }
    request.requestID = Self.accountQuestion | nextRequestID() << 3 | UInt64(part)
    guard output.requestCount < StepOutput.requestCapacity else { return }
    output.request(request)
  }

  mutating func reportEnd(_ event: VenueEvent, _ output: inout StepOutput) {
    let account = event.account.index
    guard account > 0, account <= Int(state.globals[0].accountCount) else { return }
    // What an earlier run asked says nothing about what this one has: its anchor may have been lost.
    let asked = (event.requestID & ~Self.accountQuestion) >> 3
    let first = max(Self.firstRequest(of: state.globals[0].epoch), state.accounts[account].answersFrom)
    guard asked >= first else { return }
    let part = UInt8(event.requestID & 7)
    if part == Self.fillsRead || part == Self.fillsAsked {
      // History is read in portions: the anchor moves only over what has come, and the rest is asked for.
      let last = event.trade.low
      if last > state.accounts[account].lastTrade {
        state.accounts[account].lastTrade = last
        return query(.queryFills, account, part, &output)
      }
      state.accounts[account].fillsReadBy = max(state.accounts[account].fillsReadBy, asked)
    }
    guard part != Self.fillsAsked, state.accounts[account].reconcilePending & part != 0 else { return }
    if part == Self.ordersRead, !event.trade.isNone {
      return query(.queryOpenOrders, account, part, from: event.trade, &output)
    }
    state.accounts[account].reconcilePending &= ~part
    if part == Self.ordersRead { questionUnseen(account) }
    guard state.accounts[account].reconcilePending == 0 else { return }
    state.accounts[account].reconciledAt = stamp.time
    let drifts = UInt32(state.accounts[account].driftCount)
    notice(.reconciled, drifts == 0 ? .info : .warn, &output) { notice in
      notice.account = event.account
      notice.a = Int64(drifts)
    }
    appraise(account)
    settleIDs(account)
    // Behind a loss only what was read behind the fence is all there is.
    if !state.accounts[account].wantsReading { setOpen(event.account, true, &output) }
    let token = state.accounts[account].reconcileToken
    state.accounts[account].reconcileToken = 0
    answer(token, .finished, count: drifts, &output)
  }

  /// Orders that we hold for open and the venue did not list: each is asked about by itself.
  private mutating func questionUnseen(_ account: Int) {
    var at = state.accounts[account].openHead
    while at != 0 {
      let slot = Int(at) - 1
      at = state.orderLinks[slot].nextOfAccount
      let row = state.orders[slot]
      guard row.seenInReconcile == 0, row.isHeld == 0, row.hasEvidence != 0 else { continue }
      state.orders[slot].image.isUnconfirmed = 1
      schedule(slot, at: stamp.time.advanced(byNanoseconds: 1))
    }
  }

  /// An order at the venue that is in no record here: with our tag it is ours and its id is burnt; else it is foreign,
  /// and of interest while it is open.
  mutating func adopt(_ event: VenueEvent, _ output: inout StepOutput) {
    guard let status = event.status, let side = event.side, event.quantity > 0,
      event.account.index > 0, event.account.index <= Int(state.globals[0].accountCount),
      event.instrument.index > 0, event.instrument.index <= Int(state.globals[0].instrumentCount),
      event.cumulative >= 0, event.cumulative <= event.quantity
    else { return }
    let isOpen = status == .open || status == .waiting
    guard isOpen ? event.cumulative < event.quantity : isOfLostRecords(event) && !hasForgotten(event.account) else {
      return
    }
    var row = OrderRow()
    let ours = WireID(event.wireID).flatMap { $0.tag == tag ? $0 : nil }
    let key = ours?.key ?? WireID.Key(foreign: event.wireID)
    row.keyHigh = key.high
    row.keyLow = key.low
    row.wireHigh = row.keyHigh
    row.wireLow = row.keyLow
    row.adopted = 1
    row.hasEvidence = 1
    row.fingerprint = 1
    row.image.fingerprint = 1
    row.seenInReconcile = 1
    row.image.id.low = event.wireID
    row.image.venueOrder = event.venueOrder
    row.image.account = event.account
    row.image.instrument = event.instrument
    row.image.venue = event.venue
    row.image.sideRaw = side.rawValue
    row.image.kindRaw = (OrderKind(rawValue: event.orderKindRaw) ?? .limit).rawValue
    row.image.timeInForceRaw = (TimeInForce(rawValue: event.timeInForceRaw) ?? .gtc).rawValue
    row.image.flagsRaw = event.flagsRaw
    row.image.positionSideRaw = event.positionSideRaw
    row.image.price = event.price
    row.image.quantity = event.quantity
    row.image.filled = event.cumulative
    row.adoptedFilled = event.cumulative
    row.image.modeRaw = state.accounts[event.account.index].modeRaw
    row.image.ownerRaw = (ours != nil ? OrderOwner.oms : .foreign).rawValue
    row.image.sentRaw = SentState.yes.rawValue
    row.walletRaw =
      (state.instruments[event.instrument.index].rules.instrumentClass == .spot ? Wallet.spot : .futures).rawValue
    if isOpen { return adoptOpen(row, &output) }
    let end: OrderStatus =
      switch status {
      case .filled: .filled
      case .expired: .expired
      case .rejected where event.cumulative == 0: .rejected
      default: .cancelled
      }
    row.image.statusRaw = end.rawValue
    row.endLsn = stamp.lsn
    enter(row, &output)
  }

  /// Whether orders that are known have left the table while the history that shows them is still to be read.
  private func hasForgotten(_ account: AccountID) -> Bool {
    state.accounts[account.index].asksForIDs & AccountRow.missedOrder != 0
  }

  private mutating func adoptOpen(_ adopted: OrderRow, _ output: inout StepOutput) {
    var row = adopted
    row.image.statusRaw = (row.image.filled > 0 ? OrderStatus.partial : .open).rawValue
    let side = PositionSide(rawValue: row.image.positionSideRaw) ?? .net
    guard state.position(row.image.account, row.image.instrument, side) != nil else {
      return noteMissed(row, &output)
    }
    row.endLsn = stamp.lsn
    row.worstPrice = worstPrice(row, slippagePpm: 0)
    var order = orderCase(&row, isReplacement: true)
    value(&order, &row)
    row.worstNotional = order.notional ?? .zero
    reserve(&row, &order)
    enter(row, &output)
  }

  /// There is no row for an order that was found. With an open one its account takes no risk, and is read again, until
  /// there is one; of one that has ended its id counts, and from now on every id of the account is asked for.
  private mutating func noteMissed(_ adopted: OrderRow, _ output: inout StepOutput) {
    let account = adopted.image.account
    let isOurs = adopted.image.ownerRaw == OrderOwner.oms.rawValue
    if isOurs { state.accounts[account.index].asksForIDs |= AccountRow.missedOrder }
    guard !adopted.status.isDone else { return }
    state.accounts[account.index].asksForIDs |= AccountRow.readAgain
    if state.accounts[account.index].reconcilePending == 0 {
      scheduleCompare(account.index, after: Self.comparePatience)
    }
    setOpen(account, false, &output)
  }

  /// Into the table and the index; counted while it is open.
  private mutating func enter(_ adopted: OrderRow, _ output: inout StepOutput) {
    var row = adopted
    guard let slot = freeSlot(isOpenAtVenue: !row.status.isDone) else { return noteMissed(row, &output) }
    let number = state.globals[0].nextOrderNumber
    state.globals[0].nextOrderNumber = number + 1
    row.image.orderNumber = number << 20 | UInt64(slot)
    row.image.created = stamp.utc
    state.orders[slot] = row
    state.index(slot, by: row.keyHigh, row.keyLow)
    if row.isOpen {
      link(slot)
      countOpen(slot, by: 1)
      count(slot)
    }
    notice(.orderAdopted, .warn, &output) { notice in
      notice.text = row.image.id
      notice.account = row.image.account
      notice.instrument = row.image.instrument
      notice.orderNumber = row.image.orderNumber
    }
    emitOrder(slot, &output)
  }

  // MARK: Balances and positions

  mutating func balance(_ event: VenueEvent, _ output: inout StepOutput) {
    guard event.account.index > 0, event.account.index <= Int(state.globals[0].accountCount),
      event.asset.index > 0, event.asset.index <= Int(state.globals[0].assetCount),
      let wallet = Wallet(rawValue: event.walletRaw), let row = state.balance(event.account, event.asset, wallet)
    else { return }
    state.balances[row].venueTotal = event.amount
    state.balances[row].venueLocked = event.locked
    state.balances[row].updatedAt = stamp.time
    if event.isForced != 0, state.balances[row].isKnown != 0 { return moved(event, wallet, &output) }
    let difference = event.amount - state.balances[row].total
    if state.balances[row].isKnown == 0 {
      // The first word about it: this is where the ledger opens.
      state.balances[row].isKnown = 1
      enter(event.account, event.asset, wallet) { $0.opening += difference }
      return appraise(event.account.index)
    }
    guard !difference.isZero else { return }
    guard event.isReplay != 0 else { return }
    drift(event, difference: difference, ours: state.balances[row].total, theirs: event.amount, &output)
    guard state.accounts[event.account.index].reconcileFixes != 0 else { return }
    enter(event.account, event.asset, wallet) { $0.external += difference }
    appraise(event.account.index)
  }

  /// The venue itself says that money came or went from outside: the change counts, not the total, since fills may be
  /// on their way.
  private mutating func moved(_ event: VenueEvent, _ wallet: Wallet, _ output: inout StepOutput) {
    enter(event.account, event.asset, wallet) { $0.external += event.fee }
    appraise(event.account.index)
    notice(.balanceChanged, .info, &output) { notice in
      notice.account = event.account
      notice.asset = event.asset
      notice.amount = event.fee
      notice.other = event.amount
    }
  }

  mutating func position(_ event: VenueEvent, _ output: inout StepOutput) {
    guard event.account.index > 0, event.account.index <= Int(state.globals[0].accountCount),
      event.instrument.index > 0, event.instrument.index <= Int(state.globals[0].instrumentCount),
      let row = state.position(
        event.account, event.instrument, PositionSide(rawValue: event.positionSideRaw) ?? .net)
    else { return }
    let rules = state.instruments[event.instrument.index].rules
    let theirs = Money(Quantity(mantissa: event.quantity), scale: Int(rules.quantityScale))
    state.positions[row].venueQuantity = theirs
    state.positions[row].venueEntry = event.price
    state.positions[row].leverage = event.leverage
    state.positions[row].marginModeRaw = event.marginModeRaw
    state.positions[row].isolatedWallet = event.amount
    state.positions[row].liquidationPrice = event.cumulative
    state.positions[row].updatedAt = stamp.time
    remeasure(row)
    let ours = state.positions[row].book.quantity
    guard theirs != ours, event.isReplay != 0 else { return }
    drift(event, difference: theirs - ours, ours: ours, theirs: theirs, &output)
    guard state.accounts[event.account.index].reconcileFixes != 0 else { return }
    follow(row, theirs: theirs, entry: event.price, rules)
  }

  /// Takes over the venue's quantity: the difference belongs to nobody here.
  private mutating func follow(_ row: Int, theirs: Money, entry: Int64, _ rules: Instrument) {
    let difference = theirs - state.positions[row].book.quantity
    // A flat position has no entry price: what is given up for it was neither won nor lost by us.
    let price =
      entry > 0
      ? Money(Price(mantissa: entry), scale: Int(rules.priceScale)) : state.positions[row].book.average
    guard let share = state.virtual(row, VirtualRow.external),
      state.positions[row].book.applyAdjustment(difference, at: price) != nil,
      state.virtuals[share].book.applyAdjustment(difference, at: price) != nil
    else { return }
    remeasure(row)
  }

  private mutating func drift(
    _ event: VenueEvent, difference: Money, ours: Money, theirs: Money, _ output: inout StepOutput
  ) {
    let account = event.account.index
    state.accounts[account].driftCount =
      state.accounts[account].driftCount == .max
      ? .max
      : state.accounts[account].driftCount + 1
    let fixes = Int64(state.accounts[account].reconcileFixes)
    notice(.drift, .error, &output) { notice in
      notice.account = event.account
      notice.asset = event.asset
      notice.instrument = event.instrument
      notice.amount = ours
      notice.other = theirs
      notice.a = fixes
      notice.b = Int64(event.walletRaw)
    }
  }
}
