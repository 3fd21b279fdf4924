// Fills and other money that the venue moves: each applied once, each a ledger entry, none of it rounded twice.

extension Core {
  mutating func fill(_ event: VenueEvent, _ output: inout StepOutput) {
    guard let side = event.side, event.quantity > 0, event.price > 0, isKnown(event) else {
      return notice(.eventQuarantined, .error, &output) { $0.account = event.account }
    }
    let key = fillKey(event)
    state.fillIndex.prepare(key)
    var slot = slotMeant(by: event, &output)
    guard !state.fillIndex.contains(key) else { return }
    if slot == nil { askForStray(event, &output) }
    if let known = slot, credit(known, event) > state.orders[known].remaining, !takeUnheardAmend(known, event),
      !takeUnrecordedTerms(known, event, &output)
    {
      guard isUnrecordedSlice(known) else { return overfill(known, event, &output) }
      // Booked now, and credited with the venue's word about the slice.
      ask(known, &output)
      slot = nil
    }
    remember(key, event)
    let scales = state.instruments[event.instrument.index].rules
    guard
      let notional = Money.notional(
        Price(mantissa: event.price), scale: Int(scales.priceScale), Quantity(mantissa: event.quantity),
        scale: Int(scales.quantityScale)), notional < Self.notionalMax
    else { return notice(.eventQuarantined, .error, &output) { $0.account = event.account } }
    if let slot { creditOrder(slot, event, notional) }
    let image = book(event, side, notional, slot)
    output.emit(.fill, seq: nextSeq(), image)
    guard let slot else { return }
    afterFill(slot, event, &output)
  }

  private func isKnown(_ event: VenueEvent) -> Bool {
    event.account.index > 0 && event.account.index <= Int(state.globals[0].accountCount)
      && event.instrument.index > 0 && event.instrument.index <= Int(state.globals[0].instrumentCount)
  }

  private func fillKey(_ event: VenueEvent) -> UInt64 {
    let place = UInt64(event.account.number) << 32 | UInt64(event.instrument.number) << 8 | UInt64(event.sideRaw)
    let trade = StateDigest.mix(event.trade.low ^ 0x9E37_79B9_7F4A_7C15, event.trade.high ^ 0xC2B2_AE3D_27D4_EB4F)
    return StateDigest.mix(trade ^ place, 0xE703_7ED1_A0B4_28DB) | 1
  }

  /// Enters the fill into the window of the newest; the oldest leaves.
  private mutating func remember(_ key: UInt64, _ event: VenueEvent) {
    let hand = Int(state.globals[0].fillHand)
    let old = state.fillIDs[hand].key
    if old != 0 { state.fillIndex.remove(old) }
    state.fillIDs[hand].key = key
    state.fillIDs[hand].venueTime = event.venueTime
    let next = hand + 1 == state.capacity.fillIDs ? 0 : hand + 1
    state.globals[0].fillHand = UInt64(next)
    state.fillIndex.prepare(state.fillIDs[next].key)
    state.fillIndex.insert(key)
  }

  /// A fill beyond the old quantity and within the one asked for says that the amend was taken, before its answer does.
  private mutating func takeUnheardAmend(_ slot: Int, _ event: VenueEvent) -> Bool {
    let row = state.orders[slot]
    guard !row.status.isDone, row.pendingQuantity != 0, row.isReplacing == 0,
      event.quantity <= row.pendingQuantity - row.image.filled
    else { return false }
    takePending(slot, quantity: row.pendingQuantity, price: row.pendingPrice)
    return true
  }

  /// More than was ordered: the venue and we disagree about the order. Nothing is guessed; the account is compared.
  private mutating func overfill(_ slot: Int, _ event: VenueEvent, _ output: inout StepOutput) {
    let image = state.orders[slot].image
    raiseAlarm(&output) { notice in
      notice.text = image.id
      notice.orderNumber = image.orderNumber
      notice.account = event.account
      notice.instrument = event.instrument
      notice.a = event.quantity
      notice.b = image.quantity - image.filled
    }
  }

  /// What the order has not been credited with: one that was found at the venue came with what had filled before. Fills
  /// come in any order, so each is held against what it came with, not against what is credited by now.
  private func credit(_ slot: Int, _ event: VenueEvent) -> Int64 {
    let row = state.orders[slot]
    let isNewestTaken = row.adoptedReplacement == row.image.replacements
    guard row.adoptedFilled > 0, event.cumulative > 0, isNewest(slot, event.wireID) == isNewestTaken else {
      return event.quantity
    }
    return event.cumulative > row.adoptedFilled ? event.quantity : 0
  }

  private mutating func creditOrder(_ slot: Int, _ event: VenueEvent, _ notional: Money) {
    let quantity = credit(slot, event)
    noteEvidence(slot, event)
    state.orders[slot].image.filled += quantity
    state.orders[slot].image.filledNotional += notional
    state.orders[slot].image.fee += event.fee
    state.orders[slot].image.feeAsset = event.asset
    precondition(
      state.orders[slot].image.filled <= state.orders[slot].image.quantity, "0 <= filled <= quantity (INV-03)")
    if let parent = state.slot(of: state.orders[slot].parent) {
      state.orders[parent].image.filled += event.quantity
      state.orders[parent].image.filledNotional += notional
      state.orders[parent].image.fee += event.fee
      state.orders[parent].image.feeAsset = event.asset
      precondition(
        state.orders[parent].image.filled <= state.orders[parent].image.quantity,
        "children never exceed their parent (INV-04)")
      recount(parent)
    }
  }

  /// Position, strategy share and ledger.
  private mutating func book(_ event: VenueEvent, _ side: Side, _ notional: Money, _ slot: Int?) -> FillImage {
    let rules = state.instruments[event.instrument.index].rules
    let positionSide = PositionSide(rawValue: event.positionSideRaw) ?? .net
    var image = FillImage()
    if let slot {
      image.id = state.orders[slot].image.id
      image.orderNumber = state.orders[slot].image.orderNumber
      image.arrival = state.orders[slot].image.arrival
      image.strategy = state.orders[slot].image.strategy
    }
    image.venueOrder = event.venueOrder
    image.trade = event.trade
    image.notional = notional
    image.fee = event.fee
    image.feeAsset = event.asset
    image.price = event.price
    image.quantity = event.quantity
    image.venueTime = event.venueTime
    image.account = event.account
    image.instrument = event.instrument
    image.venue = rules.venue
    image.sideRaw = side.rawValue
    image.isMaker = event.isMaker
    image.isForced = event.isForced
    image.modeRaw = state.accounts[event.account.index].modeRaw
    image.positionSideRaw = positionSide.rawValue
    guard let row = state.position(event.account, event.instrument, positionSide) else { return image }
    let size = Money(Quantity(mantissa: event.quantity), scale: Int(rules.quantityScale))
    let signed = side == .buy ? size : -size
    let cash = side == .buy ? notional : -notional
    let isOurs = slot.map { state.orders[$0].image.ownerRaw == OrderOwner.oms.rawValue } ?? false
    let holder = isOurs ? image.strategy.number : VirtualRow.external
    image.realised = turn(row, holder, BookFill(side, quantity: size, notional: notional))
    image.positionAfter = state.positions[row].book.quantity
    state.positions[row].fees += inQuote(event, rules)
    post(event, rules, signed, cash, realised: image.realised)
    noteDay(event.account, image.strategy, realised: image.realised, fee: inQuote(event, rules), rules)
    remeasure(row)
    return image
  }

  /// Books the fill at average cost, in the whole and in its holder's share; returns what the whole realised. Fees are
  /// kept beside the book: venues report them apart from the price.
  private mutating func turn(_ row: Int, _ holder: UInt16, _ fill: BookFill) -> Money {
    guard let realised = state.positions[row].book.applyLinear(fill) else {
      preconditionFailure("a position leaves the range of money")
    }
    state.positions[row].updatedAt = stamp.time
    if let share = state.virtual(row, holder) {
      guard state.virtuals[share].book.applyLinear(fill) != nil else {
        preconditionFailure("a share is within the range of its whole")
      }
      checkShares(row)
    }
    return realised
  }

  /// INV-02: the holders' shares add up to the position, and the position to its fills.
  private func checkShares(_ row: Int) {
    var sum = Money.zero
    var at = Int(state.positions[row].virtualHead)
    while at != 0 {
      sum += state.virtuals[at].book.quantity
      at = Int(state.virtuals[at].next)
    }
    precondition(sum == state.positions[row].book.quantity, "a position is the sum of its holders' shares (INV-02)")
  }

  private func inQuote(_ event: VenueEvent, _ rules: Instrument) -> Money {
    if event.asset == rules.quote || event.asset == rules.settle { return event.fee }
    if event.asset == rules.base {
      return event.fee.times(Price(mantissa: event.price), scale: Int(rules.priceScale)) ?? .zero
    }
    return event.fee.times(state.assets[event.asset.index].value) ?? .zero
  }

  /// The ledger entries of a fill.
  private mutating func post(
    _ event: VenueEvent, _ rules: Instrument, _ quantity: Money, _ cash: Money, realised: Money
  ) {
    if rules.instrumentClass == .spot {
      enter(event.account, rules.base, .spot) { $0.fills += quantity }
      enter(event.account, rules.quote, .spot) { $0.fills -= cash }
      enter(event.account, event.asset, .spot) { $0.fees -= event.fee }
    } else {
      enter(event.account, rules.settle, .futures) { $0.realised += realised }
      enter(event.account, event.asset, .futures) { $0.fees -= event.fee }
    }
  }

  /// One ledger entry: the balance is the exact sum of its parts (INV-01).
  mutating func enter(_ account: AccountID, _ asset: AssetID, _ wallet: Wallet, _ change: (inout BalanceRow) -> Void) {
    guard let row = state.balance(account, asset, wallet) else { return }
    change(&state.balances[row])
    let entry = state.balances[row]
    let sum =
      entry.opening + entry.fills + entry.fees + entry.funding + entry.realised + entry.transfers + entry.external
    state.balances[row].total = sum
    state.balances[row].updatedAt = stamp.time
    precondition(
      sum - entry.external - entry.transfers - entry.realised - entry.funding - entry.fees - entry.fills
        == entry.opening, "opening and entries make the balance (INV-01)")
  }

  private mutating func noteDay(
    _ account: AccountID, _ strategy: StrategyID, realised: Money, fee: Money, _ rules: Instrument
  ) {
    let profit = inReportCurrency(realised, rules.quote) ?? .zero
    state.accounts[account.index].realisedToday += profit
    state.accounts[account.index].feesToday += inReportCurrency(fee, rules.quote) ?? .zero
    if !strategy.isNone { state.strategies[strategy.index].realisedToday += profit }
    appraise(account.index)
  }

  private mutating func afterFill(_ slot: Int, _ event: VenueEvent, _ output: inout StepOutput) {
    let row = state.orders[slot]
    // Found at the venue, and this was in it.
    if row.status == .filled { return }
    let mayBeLarger = row.pendingQuantity > row.image.quantity || mayHaveGrown(slot)
    if row.remaining == 0, mayBeLarger, row.isReplacing == 0, !row.status.isDone {
      // An amend, under way or in lost records, may have been taken: the venue says whether there is more to come.
      recount(slot)
      if move(slot, to: workingStatus(slot), &output) { emitOrder(slot, &output) }
      ask(slot, &output)
      return afterPartialFill(slot, &output)
    }
    if row.remaining == 0 { return complete(slot, &output) }
    guard !row.status.isDone else {
      // Travelled slower than the cancel: the order stays what it is, with more of it filled.
      return emitOrder(slot, &output)
    }
    recount(slot)
    if row.cancelRequested == 0, row.pendingQuantity == 0, row.isReplacing == 0 {
      settle(slot)
    } else if row.status == .unknown, row.cancelRequested != 0 {
      // It is there after all: now its cancel is repeated as any other.
      schedule(slot, at: stamp.time.advanced(byNanoseconds: Self.answerPatience))
    }
    if move(slot, to: workingStatus(slot), &output) { emitOrder(slot, &output) }
    afterPartialFill(slot, &output)
  }

  /// All of it has filled, and nothing under way can make it more.
  mutating func complete(_ slot: Int, _ output: inout StepOutput) { endOrder(slot, as: .filled, .none, &output) }

  /// A trade that the venue undid: the opposite entries, as a fill of its own that no order is credited with.
  mutating func bust(_ event: VenueEvent, _ output: inout StepOutput) {
    guard let side = event.side, event.quantity > 0, event.price > 0, isKnown(event) else { return }
    var reversed = event
    reversed.sideRaw = side.opposite.rawValue
    reversed.fee = Money.zero - event.fee
    let key = fillKey(reversed)
    guard !state.fillIndex.contains(key) else { return }
    remember(key, reversed)
    let rules = state.instruments[event.instrument.index].rules
    guard
      let notional = Money.notional(
        Price(mantissa: event.price), scale: Int(rules.priceScale), Quantity(mantissa: event.quantity),
        scale: Int(rules.quantityScale))
    else { return }
    var image = book(reversed, side.opposite, notional, slot(of: event.wireID))
    image.isBust = 1
    output.emit(.fill, seq: nextSeq(), image)
    notice(.bust, .warn, &output) { notice in
      notice.account = event.account
      notice.instrument = event.instrument
      notice.a = event.quantity
      notice.b = event.price
    }
  }

  // MARK: Other money

  mutating func funding(_ event: VenueEvent, _ output: inout StepOutput) {
    guard isKnown(event) else { return }
    let key = fillKey(event)
    guard !state.fillIndex.contains(key) else { return }
    remember(key, event)
    let rules = state.instruments[event.instrument.index].rules
    // `fee` is what was paid: negative when it was received.
    enter(event.account, rules.settle, .futures) { $0.funding -= event.fee }
    let side = PositionSide(rawValue: event.positionSideRaw) ?? .net
    if let row = state.position(event.account, event.instrument, side) {
      let booked = state.positions[row].book.applyFunding(Money.zero - event.fee)
      precondition(booked, "funding leaves the range of money")
      state.positions[row].updatedAt = stamp.time
    }
    let paid = inReportCurrency(event.fee, rules.settle) ?? .zero
    state.accounts[event.account.index].fundingToday -= paid
    appraise(event.account.index)
    notice(.funding, .info, &output) { notice in
      notice.account = event.account
      notice.instrument = event.instrument
      notice.asset = rules.settle
      notice.amount = Money.zero - event.fee
    }
  }

  mutating func marginCall(_ event: VenueEvent, _ output: inout StepOutput) {
    notice(.marginCall, .error, &output) { notice in
      notice.account = event.account
      notice.instrument = event.instrument
    }
  }

  /// Values an account anew: balances at their assets' values, positions at their marks.
  mutating func appraise(_ account: Int) {
    var equity = Money.zero
    var row = Int(state.accounts[account].balanceHead)
    var isComplete = row != 0
    while row != 0 {
      let balance = state.balances[row]
      row = Int(balance.next)
      if balance.total.isZero { continue }
      guard let value = inReportCurrency(balance.total, balance.asset) else {
        isComplete = false
        continue
      }
      equity += value
    }
    guard isComplete else { return }
    equity += state.accounts[account].unrealised
    state.accounts[account].equity = equity
    if state.accounts[account].hasEquity == 0 {
      state.accounts[account].hasEquity = 1
      state.accounts[account].equityPeak = equity
    }
    state.accounts[account].equityPeak = max(state.accounts[account].equityPeak, equity)
  }
}
