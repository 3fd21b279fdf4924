/// An order that passed its checks, on the way to its row.
struct Draft {
  var row = OrderRow()
  var position = 0
  var verdict = Verdict.pass
}

extension Core {
  /// Takes a command to place an order: same id, same parameters: the stored order; else shape, locks, limits, record,
  /// reservation, request.
  mutating func newOrder(_ input: NewOrderInput, of role: RoleID = .none, _ output: inout StepOutput) {
    readMarket(input.market, input.instrument)
    let id = input.id.isEmpty ? nextEngineID() : input.id
    let wire = WireID(id, tag: tag)
    // The place in the index is far away in memory: it is on its way while the order is judged.
    state.orderIndex.prepare(wire.key.low)
    var draft = Draft()
    var plain = PlainTerms()
    if passesPlainly(input, &plain), fill(&draft.row, from: input, plain) {
      assert(agrees(input, draft.row), "the short way comes to the same as the long one")
    } else {
      draft = Draft()
      judge(input, &draft)
    }
    if let slot = state.slot(keyed: wire.key.high, wire.key.low) {
      return role.isNone ? repeated(input, slot, &output) : met(input, slot, &output)
    }
    // "It is not in the index" counts only if everything that has left the table since is in there. Of a role's order the
    // sequence has told that it is new.
    guard input.id.isEmpty || !role.isNone || input.absentLsn >= state.globals[0].forgottenLsn else {
      return refuse(input.token, Verdict(reason: .idIndexBehind), &output)
    }
    draft.row.image.id = id
    draft.row.keyHigh = wire.key.high
    draft.row.keyLow = wire.key.low
    draft.row.wireHigh = wire.key.high
    draft.row.wireLow = wire.key.low
    guard draft.verdict.passes else { return refuse(input.token, draft.verdict, &output) }
    if input.isDryRun != 0 { return answer(input.token, .wouldPass, &output) }
    guard Int(state.globals[0].openOrderCount) < state.capacity.orders * 3 / 4 else {
      return refuse(input.token, Verdict(reason: .capacity), &output)
    }
    guard let slot = freeSlot() else { return refuse(input.token, Verdict(reason: .idIndexBehind), &output) }
    guard let position = state.position(input.account, input.instrument, draftSide(draft.row)) else {
      return refuse(input.token, Verdict(reason: .capacity), &output)
    }
    draft.position = position
    if input.id.isEmpty {
      state.globals[0].nextEngineOrder += 1
      precondition(
        state.globals[0].nextEngineOrder <= OrderIDText.recordedNumbers, "ids of orders without a record are kept free")
      draft.row.hasEngineID = 1
    } else {
      if !role.isNone { draft.row.hasEngineID = 1 }
      if state.accounts[input.account.index].asksForIDs != 0 { draft.row.isOlderThanLoss = 1 }
    }
    insert(&draft.row, at: slot, &output, wire: wire.text)
    answer(input.token, .accepted, order: state.orders[slot].image.orderNumber, &output)
  }

  private func draftSide(_ row: OrderRow) -> PositionSide {
    PositionSide(rawValue: row.image.positionSideRaw) ?? .net
  }

  /// The same id came again: its parameters decide between the stored order and a conflict.
  private func repeated(_ input: NewOrderInput, _ slot: Int, _ output: inout StepOutput) {
    let row = state.orders[slot]
    guard row.image.id == input.id, row.fingerprint == Self.fingerprint(input) else {
      return refuse(input.token, Verdict(reason: .idConflict), order: row.image.orderNumber, &output)
    }
    answer(input.token, .replayed, order: row.image.orderNumber, reason: .none, &output)
  }

  /// A role's order whose record was lost, and which the venue has shown since: it is what is asked for again.
  private func met(_ input: NewOrderInput, _ slot: Int, _ output: inout StepOutput) {
    let row = state.orders[slot]
    guard row.isAdopted else { return repeated(input, slot, &output) }
    guard row.image.instrument == input.instrument, row.image.sideRaw == input.sideRaw else {
      return refuse(input.token, Verdict(reason: .idConflict), order: row.image.orderNumber, &output)
    }
    answer(input.token, .replayed, order: row.image.orderNumber, &output)
  }

  var tag: InstanceTag {
    guard let tag = InstanceTag(state.globals[0].tag) else { preconditionFailure("orders before the start record") }
    return tag
  }

  /// `eEPOCH.N`: cannot repeat, since the epoch rises with every run.
  private func nextEngineID() -> Text64 {
    var text = Text64()
    unsafe withUnsafeMutableBytes(of: &text) { target in
      // Ten digits and twenty at most: room for both.
      unsafe target[0] = UInt8(ascii: "e")
      var count = 1
      unsafe Self.writeDecimal(UInt64(state.globals[0].epoch), target, &count)
      unsafe target[count] = UInt8(ascii: ".")
      count += 1
      unsafe Self.writeDecimal(state.globals[0].nextEngineOrder, target, &count)
    }
    return text
  }

  @inline(__always)
  private static func writeDecimal(_ value: UInt64, _ target: UnsafeMutableRawBufferPointer, _ count: inout Int) {
    let end = count + decimalDigits(value)
    precondition(end < target.count, "an engine-made id is 32 bytes at most")
    var at = end
    var rest = value
    repeat {
      at &-= 1
      let tens = rest / 10
      unsafe target[at] = UInt8(truncatingIfNeeded: 0x30 &+ (rest &- tens &* 10))
      rest = tens
    } while rest > 0
    count = end
  }

  @inline(__always)
  private static func decimalDigits(_ value: UInt64) -> Int {
    var (digits, bound) = (1, UInt64(10))
    while digits < 20, value >= bound {
      digits &+= 1
      bound = digits < 20 ? bound &* 10 : .max
    }
    return digits
  }

  /// What must be equal for a repeated id to mean the same order. The account is not in it: a retry that is routed
  /// elsewhere meets itself.
  static func fingerprint(_ input: NewOrderInput) -> UInt64 {
    let flags = OrderFlags(rawValue: input.flagsRaw).subtracting([.liveAllowed, .withoutCollar])
    let words =
      UInt64(flags.rawValue) << 32 | UInt64(input.timeInForceRaw) << 16 | UInt64(input.positionSideRaw) << 8
      | UInt64(input.linkRaw)
    let kind = UInt64(input.instrument.number) << 32 | UInt64(input.sideRaw) << 16 | UInt64(input.kindRaw)
    // Pairs that do not wait for each other; each with constants of its own, so that no two fields can change places.
    func pair(_ a: Int64, _ b: Int64, _ seed: UInt64) -> UInt64 {
      StateDigest.mix(UInt64(bitPattern: a) ^ seed, UInt64(bitPattern: b) ^ seed &* 0x9E37_79B9_7F4A_7C15)
    }
    let sum =
      pair(input.price, input.quantity, 0x8422_2325_CBF2_9CE4)
      &+ pair(input.stopPrice, input.displayQuantity, 0xA076_1D64_78BD_642F)
      &+ pair(input.trailPpm, input.takeProfit, 0xE703_7ED1_A0B4_28DB)
      &+ pair(input.stopLoss, input.expiresAt.nanoseconds, 0x8EBC_6AF0_9C88_C6E3)
      &+ StateDigest.mix(kind ^ 0x5899_65CC_7537_4CC3, words ^ 0x1D8E_4E27_C47D_124F)
    return sum | 1
  }

  /// Makes an order that the core itself decided on (an exit, a slice). Its parent passed the limits for it; 0: no room.
  mutating func place(_ made: OrderRow, features: VenueFeatures, _ output: inout StepOutput) -> UInt64 {
    var row = made
    guard output.requestCount < StepOutput.requestCapacity else { return 0 }
    let wire = WireID(row.image.id, tag: tag)
    guard state.slot(keyed: wire.key.high, wire.key.low) == nil, let slot = freeSlot(),
      state.position(row.image.account, row.image.instrument, draftSide(row)) != nil
    else { return 0 }
    row.keyHigh = wire.key.high
    row.keyLow = wire.key.low
    row.wireHigh = wire.key.high
    row.wireLow = wire.key.low
    row.fingerprint = 1
    row.hasEngineID = 1
    if row.kind.isConditional, !features.isSuperset(of: [.stop, .takeProfit, .trailing]) {
      row.image.emulatedRaw |= Self.emulatedTrigger
      row.isHeld = Self.held
    }
    row.worstPrice = worstPrice(row, slippagePpm: 0)
    if row.parent == 0 {
      var order = orderCase(&row, isReplacement: true)
      value(&order, &row)
      row.worstNotional = order.notional ?? .zero
      row.opensRisk = order.isReducing ? 0 : 1
      reserve(&row, &order)
    }
    if row.isHeld == 0, !hasBudget(row.image.account, isReducing: row.opensRisk == 0) {
      row.isHeld = Self.heldForBudget
    }
    insert(&row, at: slot, &output, wire: wire.text)
    if row.isHeld == Self.heldForBudget { waitForBudget(slot) }
    return state.orders[slot].image.orderNumber
  }

  /// Records the order, reserves its worst case and asks the venue.
  private mutating func insert(_ row: inout OrderRow, at slot: Int, _ output: inout StepOutput, wire: Text32) {
    let number = state.globals[0].nextOrderNumber
    state.globals[0].nextOrderNumber = number + 1
    state.orders[slot] = row
    state.orders[slot].image.orderNumber = number << 20 | UInt64(slot)
    state.orders[slot].image.created = stamp.utc
    state.orders[slot].endLsn = stamp.lsn
    state.orders[slot].image.fingerprint = state.orders[slot].fingerprint
    state.orders[slot].riskToken = state.globals[0].limitsVersion << 1 | 1
    state.index(slot, by: state.orders[slot].keyHigh, state.orders[slot].keyLow)
    link(slot)
    if let partner = state.slot(of: state.orders[slot].linked) { state.orders[partner].hasDependents = 1 }
    countOpen(slot, by: 1)
    chargeRate(slot)
    count(slot)
    if row.isHeld != 0 {
      state.orders[slot].image.statusRaw = OrderStatus.open.rawValue
      state.orders[slot].hasEvidence = 1
      settle(slot)
      emitOrder(slot, &output)
      if row.isIceberg, row.image.linkRaw != OrderLink.oto.rawValue {
        release(slot, &output)
      }
      return
    }
    sendNew(slot, wire: wire, &output)
  }

  /// Asks the venue for the order. The intent is the event behind this input: recorded before any frame.
  mutating func sendNew(_ slot: Int, wire: Text32, _ output: inout StepOutput) {
    state.orders[slot].image.statusRaw = OrderStatus.new.rawValue
    state.orders[slot].image.sentRaw = SentState.unknown.rawValue
    emitOrder(slot, &output)
    if isOlderThanLoss(slot) { return askFirst(slot, &output) }
    sendFrame(slot, wire: wire, &output)
  }

  /// From now on the venue may have it, until an answer or the fence says otherwise.
  @inline(__always)
  mutating func sendFrame(_ slot: Int, wire: Text32, _ output: inout StepOutput) {
    let fence = Self.signWindow + state.venues[state.orders[slot].image.venue.index].fence
    state.orders[slot].sentAt = stamp.time
    state.orders[slot].fence = stamp.time.advanced(byNanoseconds: fence)
    schedule(slot, at: stamp.time.advanced(byNanoseconds: Self.answerPatience))
    spendBudget(state.orders[slot].image.account)
    output.request(newRequest(slot, wire: wire))
  }

  /// How long a frame may wait here before it must not be signed any more.
  static let signWindow: Int64 = 2_000_000_000
  /// Silence after which an order counts as unknown and the venue is asked.
  static let answerPatience: Int64 = 1_000_000_000

  mutating func newRequest(_ slot: Int, wire: Text32) -> VenueRequest {
    let number = nextRequestID()
    state.orders[slot].frameRequest = number
    let place = unsafe state.orders.row(slot)
    precondition(unsafe place.pointee.riskToken != 0, "no frame without the token of a risk check (INV-06)")
    return unsafe request(number, place.pointee, wire: wire)
  }

  @inline(__always)
  private func request(_ number: UInt64, _ row: OrderRow, wire: Text32) -> VenueRequest {
    var request = VenueRequest(.newOrder)
    request.wireID = wire
    request.requestID = number
    request.account = row.image.account
    request.instrument = row.image.instrument
    request.venue = row.image.venue
    request.quantity = row.remaining
    request.displayQuantity = row.isIceberg ? 0 : row.image.displayQuantity
    request.stopPrice = row.image.stopPrice
    request.trailPpm = row.image.trailPpm
    request.sideRaw = row.image.sideRaw
    request.orderKindRaw = row.image.kindRaw
    request.timeInForceRaw = row.image.timeInForceRaw
    request.price = row.image.price
    request.expiresAt = row.image.timeInForceRaw == TimeInForce.gtd.rawValue ? row.image.expires : .zero
    request.flagsRaw = row.flags.subtracting([.withoutCollar, .liveAllowed]).rawValue
    request.positionSideRaw = row.image.positionSideRaw
    request.preventionRaw = row.image.preventionRaw
    request.signBy = stamp.time.advanced(byNanoseconds: Self.signWindow)
    request.riskToken = row.riskToken
    request.opensRisk = row.opensRisk
    plainTerms(row, &request)
    return request
  }

  /// Market orders go as IOC limits at their worst price; what the core performs itself is taken out.
  @inline(__always)
  private func plainTerms(_ row: OrderRow, _ request: inout VenueRequest) {
    if row.image.emulatedRaw & Self.emulatedTrigger != 0 {
      request.orderKindRaw = row.kind.hasLimitPrice ? OrderKind.limit.rawValue : OrderKind.market.rawValue
      request.stopPrice = 0
      request.trailPpm = 0
    }
    if row.image.emulatedRaw & Self.emulatedExpiry != 0 {
      request.timeInForceRaw = TimeInForce.gtc.rawValue
      request.expiresAt = .zero
    }
    if request.orderKindRaw == OrderKind.market.rawValue, row.worstPrice > 0 {
      request.orderKindRaw = OrderKind.limit.rawValue
      request.price = row.worstPrice
      if request.timeInForceRaw != TimeInForce.fok.rawValue { request.timeInForceRaw = TimeInForce.ioc.rawValue }
    }
  }

  mutating func nextRequestID() -> UInt64 {
    let id = state.globals[0].nextRequestID
    state.globals[0].nextRequestID = id + 1
    return id
  }

  // What the core performs in place of the venue: bits of `OrderImage.emulatedRaw`.
  static let emulatedTrigger: UInt8 = 1
  static let emulatedIceberg: UInt8 = 2
  static let emulatedExpiry: UInt8 = 4
  static let emulatedLink: UInt8 = 8
}

// MARK: Judging

extension Core {
  /// Fills the draft from the command and judges it: names, mode, halt, shape, limits, in this order.
  func judge(_ input: NewOrderInput, _ draft: inout Draft) {
    draft.verdict = Verdict(reason: terms(input, &draft.row))
    guard draft.verdict.passes else { return }
    var order = orderCase(&draft.row, isReplacement: false)
    draft.row.worstPrice = worstPrice(draft.row, slippagePpm: input.slippageMaxPpm)
    value(&order, &draft.row)
    draft.row.worstNotional = order.notional ?? .zero
    draft.row.opensRisk = order.isReducing ? 0 : 1
    if input.collarPpm > 0 { order.collar = Money(units: Int128(input.collarPpm) * 1_000_000_000_000) }
    draft.verdict = locks(&draft.row, isReducing: order.isReducing)
    guard draft.verdict.passes else { return }
    draft.verdict = PreTradeCheck.judge(&order)
    guard draft.verdict.passes else { return }
    draft.verdict = judgeScopes(&order, &draft.row)
    guard draft.verdict.passes else { return }
    if !hasBudget(draft.row.image.account, isReducing: order.isReducing) {
      draft.verdict = Verdict(reason: .rateBudget)
    }
    if crossesOwn(&draft.row) { draft.verdict = Verdict(reason: .selfCross) }
    reserve(&draft.row, &order)
  }

  /// Names and enumerations into the row; the first thing that is wrong, or `.none`.
  func terms(_ input: NewOrderInput, _ row: inout OrderRow) -> Reason {
    let account = input.account.index
    let instrument = input.instrument.index
    guard account > 0, account <= Int(state.globals[0].accountCount) else { return .unknownAccount }
    guard instrument > 0, instrument <= Int(state.globals[0].instrumentCount) else { return .unknownInstrument }
    guard input.strategy.index <= Int(state.globals[0].strategyCount) else { return .unknownStrategy }
    guard state.accounts[account].isRemoved == 0 else { return .accountRemoved }
    guard Side(rawValue: input.sideRaw) != nil, let kind = OrderKind(rawValue: input.kindRaw),
      let force = TimeInForce(rawValue: input.timeInForceRaw), PositionSide(rawValue: input.positionSideRaw) != nil,
      SelfTradePrevention(rawValue: input.preventionRaw) != nil, let link = OrderLink(rawValue: input.linkRaw)
    else { return .notSupported }
    let isSpot = state.instruments[instrument].rules.instrumentClass == .spot
    let venue = state.instruments[instrument].rules.venue
    guard state.instruments[instrument].rules.isTrading != 0 else { return .instrumentNotTrading }
    guard venue == state.accounts[account].venue else { return .unknownInstrument }
    guard (isSpot ? state.accounts[account].spotEnabled : state.accounts[account].futuresEnabled) != 0 else {
      return .marketNotEnabled
    }
    // Which of its two positions in a perpetual a hedged account means; anybody else has one.
    let isHedged = state.accounts[account].hedgeMode != 0 && !isSpot
    guard (input.positionSideRaw != PositionSide.net.rawValue) == isHedged else { return .positionSide }
    row.image.account = input.account
    row.image.instrument = input.instrument
    row.image.venue = venue
    row.image.strategy = input.strategy
    row.image.sideRaw = input.sideRaw
    row.image.kindRaw = input.kindRaw
    row.image.timeInForceRaw = (kind == .market && force == .gtc ? TimeInForce.ioc : force).rawValue
    row.image.flagsRaw = input.flagsRaw
    if isHedged {
      // What closes one of them never does more.
      let isLong = input.positionSideRaw == PositionSide.long.rawValue
      let closes = isLong == (input.sideRaw == Side.sell.rawValue)
      if closes {
        row.image.flagsRaw |= OrderFlags.reduceOnly.rawValue
      } else if OrderFlags(rawValue: input.flagsRaw).contains(.reduceOnly) {
        return .reduceOnly
      }
    }
    row.image.positionSideRaw = input.positionSideRaw
    row.image.preventionRaw = input.preventionRaw
    row.image.modeRaw = state.accounts[account].modeRaw
    row.image.price = kind.hasLimitPrice ? input.price : 0
    row.image.stopPrice = input.stopPrice
    row.image.quantity = input.quantity
    row.image.displayQuantity = input.displayQuantity
    row.image.trailPpm = input.trailPpm
    row.image.expires = input.expiresAt
    row.image.session = input.session
    row.image.textID = input.textID
    row.image.gateNanoseconds = input.gateNanoseconds
    row.image.linkRaw = input.linkRaw
    row.image.arrival = input.sideRaw == Side.buy.rawValue ? input.market.ask : input.market.bid
    row.walletRaw = (isSpot ? Wallet.spot : .futures).rawValue
    row.takeProfit = input.takeProfit
    row.stopLoss = input.stopLoss
    row.fingerprint = Self.fingerprint(input)
    let linking = linkTerms(input, link, &row)
    guard linking == .none else { return linking }
    return featureTerms(state.instruments[instrument].rules.features, force, &row)
  }

  /// Native where the venue has it, else performed here; what neither can do is refused, never dropped.
  private func featureTerms(_ features: VenueFeatures, _ force: TimeInForce, _ row: inout OrderRow) -> Reason {
    if row.flags.contains(.hidden), !features.contains(.hidden) { return .notSupported }
    if row.flags.contains(.postOnly) {
      guard row.kind == .limit, force == .gtc || force == .gtd else { return .notSupported }
      guard features.contains(.postOnly) else { return .notSupported }
    }
    if row.flags.contains(.reduceOnly), row.walletRaw == Wallet.spot.rawValue { return .notSupported }
    if row.kind == .trailingStop, row.image.trailPpm <= 0 || row.image.trailPpm >= 1_000_000 { return .badStop }
    let needed: VenueFeatures =
      switch row.kind {
      case .limit, .market: []
      case .stopMarket, .stopLimit: .stop
      case .takeProfitMarket, .takeProfitLimit: .takeProfit
      case .trailingStop: .trailing
      }
    if !features.isSuperset(of: needed) {
      row.image.emulatedRaw |= Self.emulatedTrigger
      row.isHeld = Self.held
    }
    if force == .gtd {
      guard row.image.expires > stamp.utc else { return .expiryPast }
      if !features.contains(.goodTillDate) { row.image.emulatedRaw |= Self.emulatedExpiry }
    }
    if row.image.displayQuantity > 0, !features.contains(.iceberg) {
      guard row.kind == .limit, force == .gtc else { return .notSupported }
      row.image.emulatedRaw |= Self.emulatedIceberg
      row.isHeld = Self.held
    }
    return .none
  }

  /// The locks of `CLI.md` 9.1 behind the name: mode, then halt; then what keeps new risk out.
  @inline(__always)
  func locks(_ row: inout OrderRow, isReducing: Bool) -> Verdict {
    if row.mode == .live, !row.flags.contains(.liveAllowed) { return Verdict(reason: .liveNotAllowed) }
    switch tradingState(&row) {
    case .killed: return Verdict(reason: .tradingKilled)
    case .halted: return Verdict(reason: .tradingHalted)
    case .paused: if !isReducing { return Verdict(reason: .tradingPaused) }
    case .on: break
    }
    if isReducing { return .pass }
    if state.accounts[row.image.account.index].isOpen == 0 { return Verdict(reason: .accountClosed) }
    if state.globals[0].openAlarm > 0 { return Verdict(reason: .alarmOpen) }
    if state.globals[0].clockAlarm != 0 { return Verdict(reason: .clockUncertain) }
    return .pass
  }

  /// The strictest of all states that apply.
  @inline(__always)
  private func tradingState(_ row: inout OrderRow) -> TradingState {
    let raw = max(
      max(state.globals[0].tradingRaw, state.venues[row.image.venue.index].tradingRaw),
      max(
        max(
          state.accounts[row.image.account.index].tradingRaw,
          state.instruments[row.image.instrument.index].tradingRaw),
        row.image.strategy.isNone ? 0 : state.strategies[row.image.strategy.index].tradingRaw))
    return TradingState(rawValue: raw) ?? .killed
  }
}
