// What people and programs ask of the engine: orders of all kinds, changes of mind, limits, stops, nonsense.

extension World {
  /// Hands an input to the engine; `false` when it is down or has no room.
  @discardableResult
  func send<Body: BitwiseCopyable>(_ type: RecordType, _ body: Body, opensRisk: Bool = false) -> Bool {
    guard let run, corpse == nil, run.agent.canAccept(opensRisk: opensRisk) else { return false }
    return run.agent.submit(type, body, now: engineTime, utc: utc)
  }

  /// One command, or a batch of them at the same instant.
  func command() {
    nextCommand = now + 1 + Int64(trader.below(UInt64(settings.commandInterval) * 2))
    guard phase == .warm || phase == .chaos, run != nil else { return }
    if settings.faults.strikes(.roles, 1, 2, in: 3, &robot) { return roleCommand() }
    let draw = trader.below(1_000)
    switch draw {
    case 0..<12: return rush()
    case 12..<20: return changeTrading()
    case 20..<35: return changeLimit()
    case 35..<40: return cancelMany()
    case 40..<44: return compareAll()
    case 44..<48: return setLeverage()
    default: break
    }
    if draw < 120, let index = client.retries.first { return retry(index) }
    if settings.keepsIDs, keeper.chance(1, in: 20), let index = client.oldOrder(&keeper) {
      probes.hit(.askedOldID)
      return place(client.orders[index].input)
    }
    if changer?.chance(1, in: 6) == true, let order = partlyFilled() { return enlarge(order) }
    // Now and then several at once, recorded before any frame of them leaves.
    for _ in 0..<(trader.chance(1, in: 20) ? 2 + trader.below(8) : 1) {
      switch trader.below(100) {
      case 0..<55: newOrder()
      case 55..<80: cancel()
      default: amend()
      }
    }
    run?.agent.publish()
  }

  func take(_ reply: Reply) {
    if !reply.role.isNone { return takeRoleAnswer(reply) }
    guard let purpose = client.settle(reply.token) else {
      return verdict.fail("INV-17", "answer \(reply.token) is to no command of this run")
    }
    let reason = Reason(rawValue: reply.reasonRaw) ?? .none
    if reason == .maxOrderRate { probes.hit(.rateRefused) }
    if reason.rawValue >= Reason.maxOrderQuantity.rawValue, reason.rawValue <= Reason.drawdown.rawValue {
      probes.hit(.limitRefused)
    }
    if reason == .idConflict { probes.hit(.idConflict) }
    if reason == .idIndexBehind { probes.hit(.indexBehind) }
    if reason == .staleMarket { probes.hit(.staleRefused) }
    if reason == .positionSide { probes.hit(.positionSideRefused) }
    switch purpose {
    case .order(let index): takeOrderReply(reply, index)
    case .compare: client.compared += 1
    case .attach(let program): attached(program, reply)
    case .trading(let scope, let state):
      if state == .on, settings.hasGateFile, gate.newest[scope] == reply.token { openGate(scope) }
      // A kill is done when its cancels are; a later word about the same scope may have been heard before.
      if gate.newest[scope] == reply.token { gate.confirmed[scope] = state }
    case .other: break
    }
  }

  private func takeOrderReply(_ reply: Reply, _ index: Int) {
    switch Reply.Outcome(rawValue: reply.outcomeRaw) {
    case .accepted, .replayed:
      if reply.outcomeRaw == Reply.Outcome.replayed.rawValue {
        probes.hit(.repeatedCommand)
      } else {
        checkStopped(client.orders[index].input)
        checkPrice(client.orders[index])
      }
      client.acknowledge(index, number: reply.orderNumber)
      if settings.durability == .strict {
        verdict.expect(
          observer.orders[reply.orderNumber] != nil, "INV-09",
          "order \(client.orders[index].input.id) was acknowledged before it was durable")
      }
    case .refused: client.refuse(index)
    default: break
    }
  }

  /// INV-13: what was stopped and confirmed as stopped takes no order, whatever restarts lie in between.
  func checkStopped(_ input: NewOrderInput) {
    let state = gate.confirmedState(account: input.account, instrument: input.instrument, venue: VenueLink.venue)
    verdict.expect(state < .halted, "INV-13", "order \(input.id) was taken while trading was \(state)")
  }

  /// INV-15: no order at any price is taken by a price that is too old.
  private func checkPrice(_ order: Client.Order) {
    guard order.input.kindRaw == OrderKind.market.rawValue else { return }
    verdict.expect(
      order.marketAge <= settings.marketAgeMax, "INV-15",
      "market order \(order.input.id) was taken by a price of \(order.marketAge) ns ago")
  }

  // MARK: Orders

  private func newOrder() {
    var input = randomOrder()
    if trader.chance(3, in: 10) { input.id = Text64() }
    place(input)
  }

  func place(_ input: NewOrderInput) {
    var input = input
    input.market = link.tops[input.instrument.index]
    input.token = 0
    let token = client.remember(input, marketAge: now - input.market.updatedAt.nanoseconds)
    input.token = token
    guard lookUp(&input) else { return }
    if !send(.newOrder, input, opensRisk: true) { client.forget(token) }
  }

  func randomOrder() -> NewOrderInput {
    var input = NewOrderInput()
    input.id = client.nextID()
    input.account = AccountID(number: UInt16(1 + trader.below(UInt64(settings.accountCount))))
    let rules = settings.instruments[Int(trader.below(UInt64(settings.instruments.count)))]
    input.instrument = rules.id
    input.strategy = StrategyID(number: UInt16(trader.below(3)))
    let side: Side = trader.chance(1, in: 2) ? .buy : .sell
    input.sideRaw = side.rawValue
    let top = link.tops[rules.id.index]
    // 10 to 2,000 of the quote asset.
    let whole = Int64(10 + trader.below(1_990))
    let price = max(top.mark, 1)
    let unit = Int64(World.unit(Int(rules.priceScale) + Int(rules.quantityScale)))
    input.quantity = max(1, whole * unit / price)
    shape(&input, rules, side, top)
    if settings.isHedged(input.account), rules.instrumentClass != .spot { hedge(&input) }
    return input
  }

  private func shape(_ input: inout NewOrderInput, _ rules: Instrument, _ side: Side, _ top: TopOfBook) {
    let reference = max(top.mark, 1_000)
    // Up to half a percent on either side of the mark, and sometimes far away.
    let range = UInt64(reference / (trader.chance(1, in: 20) ? 5 : 200))
    let offset = Int64(trader.below(range * 2)) - Int64(range)
    let near = reference + offset
    switch trader.below(100) {
    case 0..<60:
      input.kindRaw = OrderKind.limit.rawValue
      input.price = near
      shapeLimit(&input, rules)
    case 60..<75: input.kindRaw = OrderKind.market.rawValue
    default:
      let kinds: [OrderKind] = [.stopMarket, .stopLimit, .takeProfitMarket, .takeProfitLimit, .trailingStop]
      let kind = kinds[Int(trader.below(5))]
      input.kindRaw = kind.rawValue
      let isAbove = (kind == .takeProfitLimit || kind == .takeProfitMarket) != (side == .buy)
      let distance = Int64(1 + trader.below(UInt64(reference / 500)))
      if kind == .trailingStop {
        input.trailPpm = Int64(100 + trader.below(3_000))
      } else {
        input.stopPrice = isAbove ? reference + distance : reference - distance
      }
      if kind.hasLimitPrice { input.price = near }
    }
    if rules.instrumentClass != .spot, trader.chance(1, in: 5) { input.flagsRaw |= OrderFlags.reduceOnly.rawValue }
    input.preventionRaw = UInt8(trader.below(4))
    link(&input)
  }

  /// Names one of the two positions of a hedged account; now and then somebody forgets to.
  private func hedge(_ input: inout NewOrderInput) {
    if hedger.chance(1, in: 50) { return }
    let side: PositionSide = hedger.chance(1, in: 2) ? .long : .short
    input.positionSideRaw = side.rawValue
    let opens = (side == .long) == (input.sideRaw == Side.buy.rawValue)
    if opens, !hedger.chance(1, in: 20) { input.flagsRaw &= ~OrderFlags.reduceOnly.rawValue }
  }

  private func shapeLimit(_ input: inout NewOrderInput, _ rules: Instrument) {
    switch trader.below(10) {
    case 0: input.timeInForceRaw = TimeInForce.ioc.rawValue
    case 1: input.timeInForceRaw = TimeInForce.fok.rawValue
    case 2:
      input.timeInForceRaw = TimeInForce.gtd.rawValue
      input.expiresAt = UTCTime(nanoseconds: utc.nanoseconds + 1_000_000 + Int64(trader.below(5_000_000_000)))
    case 3, 4: input.flagsRaw |= OrderFlags.postOnly.rawValue
    case 5: input.displayQuantity = max(1, input.quantity / 5)
    default: break
    }
  }

  /// One cancels the other, one sends the other, exits attached.
  private func link(_ input: inout NewOrderInput) {
    switch trader.below(20) {
    case 0, 1:
      guard let other = recentOrder(), other.account == input.account, other.instrument == input.instrument else {
        return
      }
      input.linked = other.id
      input.linkRaw = (trader.chance(1, in: 2) ? OrderLink.oco : .oto).rawValue
    case 2:
      let top = link.tops[input.instrument.index]
      let isBuy = input.sideRaw == Side.buy.rawValue
      input.takeProfit = isBuy ? top.mark + top.mark / 400 : top.mark - top.mark / 400
      input.stopLoss = isBuy ? top.mark - top.mark / 400 : top.mark + top.mark / 400
    default: break
    }
  }

  /// An order of the newest, as the durable record shows it.
  private func recentOrder() -> OrderImage? {
    let count = observer.orderNumbers.count
    guard count > 0 else { return nil }
    let back = Int(trader.below(UInt64(min(count, 60))))
    return observer.orders[observer.orderNumbers[count - 1 - back]]?.image
  }

  /// The newest that has filled in part.
  private func partlyFilled() -> OrderImage? {
    observer.orderNumbers.suffix(60).reversed().lazy.compactMap { self.observer.orders[$0]?.image }
      .first { $0.statusRaw == OrderStatus.partial.rawValue }
  }

  private func retry(_ index: Int) {
    let order = client.orders[index]
    client.clearRetries()
    var input = order.input
    if trader.chance(1, in: 10) { input.quantity += 1 }
    place(input)
  }

  private func cancel() {
    var input = CancelOrderInput()
    input.id = trader.chance(1, in: 30) ? Text64("nobody") ?? Text64() : recentOrder()?.id ?? Text64()
    input.token = client.nextToken(.other)
    if !send(.cancelOrder, input) { client.forget(input.token) }
  }

  private func amend() {
    guard let order = recentOrder() else { return }
    var input = AmendOrderInput()
    input.id = order.id
    input.market = link.tops[order.instrument.index]
    let mark = max(input.market.mark, 1_000)
    if trader.chance(2, in: 3) { input.price = mark + Int64(trader.below(UInt64(mark / 100))) - mark / 200 }
    if trader.chance(1, in: 2) { input.quantity = max(1, order.quantity + Int64(trader.below(40)) - 20) }
    input.mayReplace = trader.chance(3, in: 4) ? 1 : 0
    input.token = client.nextToken(.other)
    if !send(.amendOrder, input, opensRisk: true) { client.forget(input.token) }
  }

  /// More of what goes well, where a venue may have to be given a new order for it.
  private func enlarge(_ order: OrderImage) {
    var input = AmendOrderInput()
    input.id = order.id
    input.market = link.tops[order.instrument.index]
    input.quantity = order.quantity + 1 + Int64(trader.below(40))
    input.mayReplace = 1
    input.token = client.nextToken(.other)
    if !send(.amendOrder, input, opensRisk: true) { client.forget(input.token) }
  }

  /// A strategy that has lost its mind, or a market maker in a hurry: many at once, replaced at once.
  private func rush() {
    let template = randomOrder()
    for _ in 0..<(10 + trader.below(40)) {
      var input = template
      input.id = client.nextID()
      input.linked = Text64()
      input.linkRaw = 0
      place(input)
      if trader.chance(1, in: 3) { amend() }
    }
    run?.agent.publish()
  }

  // MARK: Stops, limits, comparisons

  func randomScope(_ random: inout SplitMix64) -> Scope {
    switch random.below(5) {
    case 0, 1: Scope()
    case 2: Scope(account: AccountID(number: UInt16(1 + random.below(UInt64(settings.accountCount)))))
    case 3: Scope(instrument: InstrumentID(number: UInt16(1 + random.below(2))))
    default: Scope(venue: VenueLink.venue)
    }
  }

  /// Kill, halt, pause or resume: the gate first, then the engine, as the command line does it.
  private func changeTrading() {
    let scope = randomScope(&trader)
    let states: [TradingState] = [.on, .on, .on, .paused, .halted, .killed]
    let state = states[Int(trader.below(6))]
    setTrading(scope, state)
    // Back on soon: worlds are short.
    if state != .on, trader.chance(2, in: 3) { setTrading(Scope(), .on) }
  }

  func setTrading(_ scope: Scope, _ state: TradingState) {
    if settings.hasGateFile {
      if state != .on { setGate(scope, state) }
    } else {
      gate.states[scope] = state
    }
    var input = SetTradingInput()
    input.scope = scope
    input.stateRaw = state.rawValue
    input.cancelsOrders = state == .killed ? 1 : 0
    gate.confirmed[scope] = nil
    input.token = client.nextToken(.trading(scope, state))
    gate.newest[scope] = input.token
    if !send(.setTrading, input) { client.forget(input.token) }
    // Whoever says this knows the file as it is.
    run?.lookAtGate(now: engineTime)
  }

  private func changeLimit() {
    let kinds: [LimitKind] = [
      .maxOrderNotional, .maxOpenOrders, .maxOrdersPerSecond, .maxGrossNotional, .maxPositionNotional, .collar,
    ]
    var input = SetLimitInput()
    let kind = kinds[Int(trader.below(UInt64(kinds.count)))]
    input.kindRaw = kind.rawValue
    input.scopeRaw = LimitScope.account.rawValue
    input.target = UInt16(trader.below(UInt64(settings.accountCount + 1)))
    input.isReset = trader.chance(1, in: 2) ? 1 : 0
    let whole: Int128 =
      switch kind {
      case .maxOrderNotional: 500 + Int128(trader.below(2_000))
      case .maxOpenOrders: 5 + Int128(trader.below(60))
      case .maxOrdersPerSecond: 5 + Int128(trader.below(200))
      case .collar: 0
      default: 2_000 + Int128(trader.below(50_000))
      }
    input.value = kind == .collar ? Money(units: World.unit(16) / 2) : Money(units: whole * World.unit(18))
    input.token = client.nextToken(.other)
    if !send(.setLimit, input) { client.forget(input.token) }
  }

  private func cancelMany() {
    var input = CancelManyInput()
    input.scope = randomScope(&trader)
    input.token = client.nextToken(.other)
    if !send(.cancelMany, input) { client.forget(input.token) }
  }

  private func setLeverage() {
    var input = SetAccountInput()
    input.account = AccountID(number: UInt16(1 + trader.below(UInt64(settings.accountCount))))
    input.instrument = InstrumentID(number: 2)
    input.leverage = UInt16(1 + trader.below(20)) * (settings.faults[.thinMargin] == .off ? 1 : 5)
    input.token = client.nextToken(.other)
    if !send(.setAccount, input) { client.forget(input.token) }
  }

  // MARK: Setting up

  /// Tells a new journal what everything is called.
  func define() {
    for (index, name) in settings.assetNames.enumerated() {
      var input = DefineAssetInput()
      input.id = AssetID(number: UInt16(index + 1))
      input.name = Text32(name) ?? Text32()
      input.isReport = index == 0 ? 1 : 0
      send(.defineAsset, input)
    }
    var venue = DefineVenueInput()
    venue.id = VenueLink.venue
    venue.name = Text32("sim") ?? Text32()
    venue.fenceNanoseconds = 2 * VenueLink.receiveWindow
    venue.visibilityNanoseconds = VenueLink.receiveWindow
    venue.ordersPerTenSeconds = settings.ordersPerTenSeconds
    send(.defineVenue, venue)
    for rules in settings.instruments { send(.defineInstrument, rules) }
    for number in 1...settings.accountCount {
      var input = DefineAccountInput()
      input.id = AccountID(number: UInt16(number))
      input.venue = VenueLink.venue
      input.name = Text64("sim.a\(number)") ?? Text64()
      input.typeRaw = (number == 1 ? AccountType.main : .sub).rawValue
      input.hedgeMode = settings.isHedged[number - 1] ? 1 : 0
      send(.defineAccount, input)
    }
    if settings.faults[.staleMarket] != .off { boundMarketAge() }
    for number in 1...2 {
      var input = DefineStrategyInput()
      input.id = StrategyID(number: UInt16(number))
      input.name = Text32("s\(number)") ?? Text32()
      send(.defineStrategy, input)
    }
    run?.agent.publish()
  }

  /// Prices from before a disconnect soon count no more.
  private func boundMarketAge() {
    for number in 1...settings.accountCount {
      var input = SetLimitInput()
      input.kindRaw = LimitKind.maxMarketAge.rawValue
      input.scopeRaw = LimitScope.account.rawValue
      input.target = UInt16(number)
      input.value = Money(units: Int128(settings.marketAgeMax) * World.unit(9))
      send(.setLimit, input)
    }
  }
}
