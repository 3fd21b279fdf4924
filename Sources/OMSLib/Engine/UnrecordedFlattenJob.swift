/// `flatten --unrecorded`: an ordinary flatten as long as anything can be recorded. When nothing can, orders are cancelled
/// and positions closed all the same, and the venue itself is asked what is left.
///
/// What leaves this way is in no record: once a disk is back, the comparison with the venue brings its fills in.
final class UnrecordedFlattenJob: Job {
  private enum Phase {
    case probe(UInt64)
    case recorded(FlattenJob)
    case cancel([UInt64])
    case look(VenueRead)
    case send([UInt64])
    /// Until what was sent has an outcome at the venue.
    case settle(EngineTime)
  }

  private let flatten: FlattenRequest
  private var phase: Phase?
  private var selected = Resolver.Selected(accounts: [])
  private var accounts: [AccountID] = []
  private var index = 0
  private var rounds = 0
  private var open: [VenueEvent] = []
  private var hasFailed = false
  private static let roundsMax = 3
  private static let settleNanoseconds: Int64 = 100_000_000
  private static let slippagePpm: Int64 = 5_000

  init(_ agent: ControlAgent, _ client: ClientID?, _ number: UInt64, _ flatten: FlattenRequest) {
    self.flatten = flatten
    super.init(agent, client, number, timeout: flatten.timeout, standard: 30_000_000_000)
  }

  override func wants(_ token: UInt64) -> Bool {
    switch phase {
    case .probe(let asked): asked == token
    case .recorded(let job): job.wants(token)
    case .cancel(let tokens), .send(let tokens): tokens.contains(token)
    case .look(let read): read.wants(token)
    case .settle, nil: false
    }
  }

  override func patience(_ agent: ControlAgent) -> Int32 {
    if case .recorded(let job) = phase { return job.patience(agent) }
    return 2
  }

  override func step(_ agent: ControlAgent) -> Bool {
    do throws(RequestError) {
      while true {
        if case .recorded(let job) = phase { return job.step(agent) }
        guard !isLate(agent) else {
          throw RequestError("outcome.unknown", exit: 30, "positions were not settled in time")
        }
        guard try advance(agent) else { return false }
        if phase == nil { return end(agent, exit: hasFailed ? 32 : 0) }
      }
    } catch {
      return fail(agent, error)
    }
  }

  /// `false`: it waits. With no phase left it is done.
  private func advance(_ agent: ControlAgent) throws(RequestError) -> Bool {
    switch phase {
    case nil:
      let token = agent.makeToken()
      phase = .probe(token)
      agent.ask(HotMessage(.recordability, probe(token)))
    case .probe(let token):
      guard let reply = agent.takeAnswer(token) else { return false }
      guard reply.outcomeRaw == Reply.Outcome.refused.rawValue else {
        phase = .recorded(FlattenJob(agent, client, number, flatten))
        return true
      }
      try begin(agent)
    case .cancel(let tokens):
      guard let left = answered(agent, tokens) else { return false }
      phase = left.isEmpty ? .settle(agent.now.advanced(byNanoseconds: Self.settleNanoseconds)) : .cancel(left)
    case .settle(let until):
      guard agent.now >= until else { return false }
      index = 0
      open = []
      look(agent)
    case .look(let read):
      guard read.step(agent) else { return false }
      take(read.answer)
      index += 1
      guard index < accounts.count else { return try close(agent) }
      look(agent)
    case .send(let tokens):
      guard let left = answered(agent, tokens) else { return false }
      phase = left.isEmpty ? .settle(agent.now.advanced(byNanoseconds: Self.settleNanoseconds)) : .send(left)
    case .recorded: preconditionFailure("an ordinary flatten steps by itself")
    }
    return true
  }

  private func probe(_ token: UInt64) -> RowQuery {
    var query = RowQuery()
    query.token = token
    return query
  }

  /// Those without an answer yet; `nil`: nothing has come.
  private func answered(_ agent: ControlAgent, _ tokens: [UInt64]) -> [UInt64]? {
    var left = tokens
    for token in tokens {
      guard let reply = agent.takeAnswer(token) else { continue }
      left.removeAll { $0 == token }
      guard reply.outcomeRaw == Reply.Outcome.refused.rawValue else { continue }
      hasFailed = true
      error(agent, Refusals.error(reply, account: nil, symbol: nil, id: nil))
    }
    return left.count == tokens.count && !tokens.isEmpty ? nil : left
  }

  private func begin(_ agent: ControlAgent) throws(RequestError) {
    selected = try agent.resolver.selected(flatten.selection)
    try FlattenJob.checkConsent(agent, flatten, selected)
    accounts = agent.resolver.activeAccounts.filter { selected.accounts.contains($0.number) }
    note(agent, "nothing can be recorded: cancels and closing orders leave without a record")
    guard !flatten.keepsOrders, !flatten.consent.dryRun else {
      phase = .settle(agent.now)
      return
    }
    var tokens: [UInt64] = []
    for account in accounts {
      var input = CancelManyInput()
      input.scope = Scope(account: account, strategy: selected.strategy, venue: selected.venue)
      input.token = agent.makeToken()
      tokens.append(input.token)
      agent.ask(HotMessage(.cancelMany, input))
    }
    phase = .cancel(tokens)
  }

  private func look(_ agent: ControlAgent) {
    guard index < accounts.count else {
      phase = .send([])
      return
    }
    phase = .look(VenueRead(.queryAccount, accounts[index]))
  }

  private func take(_ answer: [VenueEvent]) {
    open += answer.filter { event in
      event.kind == .position && event.quantity != 0
        && selected.contains(account: event.account, instrument: event.instrument, venue: event.venue)
    }
  }

  /// Sends what closes the positions that the venue shows. Without any that was all.
  private func close(_ agent: ControlAgent) throws(RequestError) -> Bool {
    guard !open.isEmpty else {
      phase = nil
      return true
    }
    rounds += 1
    guard rounds <= Self.roundsMax else {
      throw RequestError("partial.flatten", exit: 32, "positions are left after \(Self.roundsMax) attempts")
    }
    var tokens: [UInt64] = []
    for event in open {
      guard let rules = agent.view.names.instrument(event.instrument) else { continue }
      let side: Side = event.quantity > 0 ? .sell : .buy
      let quantity = Int64(event.quantity.magnitude)
      if flatten.consent.dryRun {
        var step = OrderPreview.Step(account: event.account, rules: rules, side: side)
        step.quantity = quantity
        step.isReducing = true
        step.reason = "flatten"
        data(
          agent,
          StateObjects(names: agent.view.names, utc: agent.utc).plan(
            step, OrderPreview.Estimate(), headroom: nil))
        continue
      }
      agent.unrecordedCount += 1
      var order = UnrecordedOrder()
      order.token = agent.makeToken()
      order.number = agent.unrecordedCount
      order.account = event.account
      order.instrument = event.instrument
      order.sideRaw = side.rawValue
      order.positionSideRaw = event.positionSideRaw
      order.quantity = quantity
      order.slippagePpm = Self.slippagePpm
      if let bound = flatten.maxSlippage { order.slippagePpm = try Resolver.partsPerMillion(bound, "max_slippage") }
      tokens.append(order.token)
      agent.ask(HotMessage(.unrecordedOrder, order))
      show(agent, order, rules)
    }
    phase = tokens.isEmpty ? nil : .send(tokens)
    return true
  }

  /// The order as it leaves: nothing will ever be known of it but what the venue says.
  private func show(_ agent: ControlAgent, _ order: UnrecordedOrder, _ rules: Instrument) {
    var image = OrderImage()
    image.id = OrderIDText.unrecorded(epoch: agent.facts.epoch, number: order.number)
    image.account = order.account
    image.instrument = order.instrument
    image.venue = rules.venue
    image.sideRaw = order.sideRaw
    image.positionSideRaw = order.positionSideRaw
    image.kindRaw = OrderKind.market.rawValue
    image.timeInForceRaw = TimeInForce.ioc.rawValue
    image.quantity = order.quantity
    image.flagsRaw = OrderFlags.reduceOnly.rawValue
    image.statusRaw = OrderStatus.unknown.rawValue
    image.sentRaw = SentState.unknown.rawValue
    image.modeRaw = (agent.view.names.account(order.account)?.mode ?? .live).rawValue
    image.created = agent.utc
    image.updated = agent.utc
    var json = JSONWriter()
    EventJSON(names: agent.view.names).order(image, seq: 0, utc: agent.utc, to: &json)
    data(agent, json.bytes)
  }
}
