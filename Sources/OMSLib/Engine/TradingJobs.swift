/// The stop ladder. The gate file is shut before anything else and opened after everything else.
final class TradingJob: Job {
  private enum Phase {
    case begin
    case asked
    case confirming
  }

  private let trading: TradingRequest
  private var phase = Phase.begin
  private var tokens: [UInt64] = []
  private var scopes: [(scope: Scope, gate: GateScope)] = []
  private var orders: [UInt64] = []
  private var firstSeq: UInt64 = 0
  private var gateIsShut = true

  init(_ agent: ControlAgent, _ client: ClientID?, _ number: UInt64, _ trading: TradingRequest) {
    self.trading = trading
    super.init(agent, client, number, timeout: trading.timeout, standard: 10_000_000_000)
  }

  override var diesWithClient: Bool { false }
  override func wants(_ token: UInt64) -> Bool { tokens.contains(token) }

  override func step(_ agent: ControlAgent) -> Bool {
    do throws(RequestError) {
      switch phase {
      case .begin:
        try begin(agent)
        phase = .asked
      case .asked: break
      case .confirming: return confirm(agent)
      }
      for token in tokens {
        guard let reply = agent.takeAnswer(token) else { continue }
        tokens.removeAll { $0 == token }
        guard reply.outcomeRaw != Reply.Outcome.refused.rawValue else {
          throw Refusals.error(reply, account: nil, symbol: nil, id: nil)
        }
      }
      if !tokens.isEmpty {
        guard isLate(agent) else { return false }
        throw RequestError("outcome.unknown", exit: 30, "the engine did not confirm the change in time")
      }
      if trading.verb == .resume { openGate(agent) }
      showEvents(agent)
      phase = .confirming
      return confirm(agent)
    } catch {
      return fail(agent, error)
    }
  }

  // MARK: Beginning

  private func begin(_ agent: ControlAgent) throws(RequestError) {
    scopes = try resolve(agent)
    firstSeq = agent.view.lastSeq
    if trading.verb == .resume { try confirmResume(agent) } else { shutGate(agent) }
    let selected = try agent.resolver.selected(trading.selection)
    if trading.verb == .kill {
      orders = agent.view.allOrders.filter { order in
        let image = order.image
        return isToldOf(image, agent.utc) && image.ownerRaw == OrderOwner.oms.rawValue
          && selected.contains(
            account: image.account, instrument: image.instrument, strategy: image.strategy, venue: image.venue)
      }.map(\.image.orderNumber)
    }
    for entry in scopes {
      var input = SetTradingInput()
      input.scope = entry.scope
      input.stateRaw = state.rawValue
      input.reason = Text64(trading.reason) ?? Text64()
      input.user = client.flatMap { agent.server.peer($0)?.user } ?? 0
      input.cancelsOrders = trading.verb == .kill ? 1 : 0
      input.token = agent.makeToken()
      tokens.append(input.token)
      agent.ask(HotMessage(.setTrading, input))
    }
    if trading.verb == .resume && trading.acceptsClock {
      agent.ask(HotMessage(.clockOffset, ClockOffsetInput()))
    }
  }

  /// What is open, and what this kill has ended already: whoever asks for it shuts the gate file first, and the core may
  /// have read that before the request came.
  private func isToldOf(_ image: OrderImage, _ now: UTCTime) -> Bool {
    let isFresh = now.nanoseconds - image.updated.nanoseconds <= Self.gateLeadNanoseconds
    return OrderStatus(rawValue: image.statusRaw)?.isDone == false
      || (image.reasonRaw == Reason.cancelledByKill.rawValue && isFresh)
  }

  private static let gateLeadNanoseconds: Int64 = 2_000_000_000

  private var state: TradingState {
    switch trading.verb {
    case .pause: .paused
    case .halt: .halted
    case .kill: .killed
    case .resume: .on
    }
  }

  /// The narrowest things named: a scope of the core holds one of them.
  private func resolve(_ agent: ControlAgent) throws(RequestError) -> [(Scope, GateScope)] {
    let selection = trading.selection
    let resolver = agent.resolver
    if let account = selection.account, account != "all" {
      return try resolver.accounts(account).map { id in
        (Scope(account: id), GateScope(.account, agent.view.names.accounts[id.index].name))
      }
    }
    if let symbol = selection.symbol {
      let rules = try resolver.instrument(symbol, venue: nil)
      return [(Scope(instrument: rules.id), GateScope(.symbol, rules.name.description))]
    }
    let selected = try resolver.selected(selection)
    if let strategy = selection.strategy {
      return [(Scope(strategy: selected.strategy), GateScope(.strategy, strategy))]
    }
    if let venue = selection.venue { return [(Scope(venue: selected.venue), GateScope(.venue, venue))] }
    return [(Scope(), .everything)]
  }

  /// `resume` must be told what it resumes, if that was killed or is live.
  private func confirmResume(_ agent: ControlAgent) throws(RequestError) {
    let wasKilled = scopes.contains { agent.view.trading[$0.scope]?.state == .killed }
    guard wasKilled || agent.settings.mode == .live else { return }
    try trading.consent.demandScope(of: trading.selection, "resuming needs to be told what")
  }

  private func shutGate(_ agent: ControlAgent) {
    for entry in scopes { setGate(agent, entry.gate, state) }
  }

  private func openGate(_ agent: ControlAgent) {
    for entry in scopes { setGate(agent, entry.gate, .on) }
    var query = RowQuery()
    query.token = 0
    agent.ask(HotMessage(.acceptGate, query))
  }

  private func setGate(_ agent: ControlAgent, _ scope: GateScope, _ state: TradingState) {
    let user = client.flatMap { agent.server.peer($0)?.user } ?? 0
    let seconds = UInt32(clamping: agent.utc.nanoseconds / 1_000_000_000)
    do throws(GateError) {
      try agent.gate.set(scope, state, reason: trading.reason, user: user, seconds: seconds)
    } catch {
      // The core's state stands; one of the two is enough to stop, and both are asked before a frame.
      gateIsShut = false
      note(agent, "the gate file could not be changed: \(error)")
    }
  }

  // MARK: Ending

  /// One for each scope: where the gate file was read first, that has been told already, without a reason.
  private func showEvents(_ agent: ControlAgent) {
    let told = (agent.view.lines(after: firstSeq) ?? []).filter {
      $0.noticeKindRaw == NoticeKind.tradingState.rawValue && $0.type == .notice
    }
    for line in told.suffix(scopes.count) { data(agent, agent.view.object(line)) }
  }

  /// Every order that was open is confirmed by id.
  private func confirm(_ agent: ControlAgent) -> Bool {
    let rest = orders.filter { number in
      guard let order = agent.view.order(number) else { return false }
      return OrderStatus(rawValue: order.image.statusRaw)?.isDone == false
    }
    guard rest.isEmpty || isLate(agent) else { return false }
    for number in orders {
      guard let order = agent.view.order(number) else { continue }
      data(agent, agent.view.object(order, durableLsn: agent.ring.durableLsn))
    }
    guard !rest.isEmpty else { return end(agent, exit: 0) }
    var error = RequestError(
      rest.count == orders.count ? "outcome.unknown" : "partial.kill", exit: rest.count == orders.count ? 30 : 32,
      "\(rest.count) of \(orders.count) orders are not confirmed cancelled", hint: "oms orders --open")
    error.sent = "unknown"
    return fail(agent, error)
  }
}
