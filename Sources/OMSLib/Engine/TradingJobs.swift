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
        return OrderStatus(rawValue: image.statusRaw)?.isDone == false && image.ownerRaw == OrderOwner.oms.rawValue
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

  private var scopeText: String {
    let selection = trading.selection
    return selection.account ?? selection.symbol ?? selection.strategy ?? selection.venue ?? "all"
  }

  /// `resume` must be told what it resumes, if that was killed or is live.
  private func confirmResume(_ agent: ControlAgent) throws(RequestError) {
    let wasKilled = scopes.contains { agent.view.trading[$0.scope]?.state == .killed }
    guard wasKilled || agent.settings.mode == .live else { return }
    let said = trading.consent.confirm ?? (trading.consent.yes && !trading.selection.isEmpty ? scopeText : nil)
    guard let said else {
      throw RequestError(
        "confirm.scope", exit: 12, "resuming after a kill needs to be told what", hint: "say --confirm \(scopeText)")
    }
    guard said == scopeText else {
      throw RequestError("confirm.scope", exit: 12, "'\(said)' is not the scope; it is '\(scopeText)'")
    }
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

  private func showEvents(_ agent: ControlAgent) {
    for line in agent.view.lines(after: firstSeq) ?? []
    where line.noticeKindRaw == NoticeKind.tradingState.rawValue && line.type == .notice {
      data(agent, agent.view.object(line))
    }
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

/// `flatten`: cancels what is open in scope, closes positions with reduce-only orders, and confirms zero.
final class FlattenJob: Job {
  private enum Phase {
    case begin
    case cancel(CancelJob)
    case read(RowCopy<PositionRow>, RowCopy<TopOfBook>)
    case close
  }

  private let flatten: FlattenRequest
  private var phase = Phase.begin
  private var selected = Resolver.Selected(accounts: [])
  private var closing: [(token: UInt64, order: UInt64, error: RequestError?)] = []
  private var rounds = 0
  private var failures: [UInt8] = []
  private static let roundsMax = 3

  init(_ agent: ControlAgent, _ client: ClientID?, _ number: UInt64, _ flatten: FlattenRequest) {
    self.flatten = flatten
    super.init(agent, client, number, timeout: flatten.timeout, standard: 30_000_000_000)
  }

  override func wants(_ token: UInt64) -> Bool {
    switch phase {
    case .cancel(let job): job.wants(token)
    case .read(let positions, let tops): positions.wants(token) || tops.wants(token)
    case .close: closing.contains { $0.token == token }
    case .begin: false
    }
  }

  override func step(_ agent: ControlAgent) -> Bool {
    do throws(RequestError) {
      while true {
        switch phase {
        case .begin: try begin(agent)
        case .cancel(let job):
          guard job.work(agent) else { return false }
          if job.result != 0 { failures.append(job.result) }
          phase = .read(RowCopy(.positions), RowCopy(.tops))
        case .read(let positions, let tops):
          guard positions.step(agent), tops.step(agent) else { return false }
          if try close(agent, positions.rows, tops.rows) { return true }
        case .close:
          guard follow(agent) else { return try late(agent) }
          phase = .read(RowCopy(.positions), RowCopy(.tops))
        }
      }
    } catch {
      return fail(agent, error)
    }
  }

  private func begin(_ agent: ControlAgent) throws(RequestError) {
    selected = try agent.resolver.selected(flatten.selection)
    let isLive = agent.resolver.activeAccounts.contains {
      selected.accounts.contains($0.number) && agent.view.names.account($0)?.mode == .live
    }
    if isLive {
      for account in agent.resolver.activeAccounts where selected.accounts.contains(account.number) {
        try agent.resolver.checkMode(account, flatten.consent)
      }
      guard flatten.consent.dryRun || flatten.consent.yes || flatten.consent.confirm != nil else {
        throw RequestError("confirm.scope", exit: 12, "flatten closes live positions: confirm the scope")
      }
    }
    guard !flatten.keepsOrders, !flatten.consent.dryRun else {
      phase = .read(RowCopy(.positions), RowCopy(.tops))
      return
    }
    let job = CancelJob(agent, client, number, timeout: flatten.timeout ?? 30_000_000_000)
    for order in agent.view.allOrders {
      let image = order.image
      guard OrderStatus(rawValue: image.statusRaw)?.isDone == false, image.ownerRaw == OrderOwner.oms.rawValue,
        selected.contains(
          account: image.account, instrument: image.instrument, strategy: image.strategy, venue: image.venue)
      else { continue }
      job.add(image.id)
    }
    phase = .cancel(job)
  }

  /// Sends what closes the positions that are left. `true`: there were none, or it was a dry run.
  private func close(
    _ agent: ControlAgent, _ rows: [PositionRow], _ tops: [TopOfBook]
  ) throws(RequestError) -> Bool {
    closing = []
    for row in rows where !row.book.quantity.isZero {
      guard let rules = agent.view.names.instrument(row.instrument), rules.instrumentClass != .spot,
        selected.contains(account: row.account, instrument: row.instrument, venue: rules.venue)
      else { continue }
      let side: Side = row.book.quantity.isNegative ? .buy : .sell
      guard let quantity = row.book.quantity.magnitude.mantissa(scale: Int(rules.quantityScale), .floor), quantity > 0
      else { continue }
      if flatten.consent.dryRun {
        data(
          agent,
          StateObjects(names: agent.view.names, utc: agent.utc).plan(
            account: row.account, rules: rules, side: side, quantity: quantity, price: nil, reason: "flatten"))
        continue
      }
      closing.append((try send(agent, row, rules, side, quantity), 0, nil))
    }
    if closing.isEmpty { return end(agent, exit: OrderVerdict.combined(failures)) }
    rounds += 1
    guard rounds <= Self.roundsMax else {
      throw RequestError("partial.flatten", exit: 32, "positions are left after \(Self.roundsMax) attempts")
    }
    phase = .close
    return false
  }

  private func send(
    _ agent: ControlAgent, _ row: PositionRow, _ rules: Instrument, _ side: Side, _ quantity: Int64
  ) throws(RequestError) -> UInt64 {
    var input = NewOrderInput()
    input.account = row.account
    input.instrument = row.instrument
    input.positionSideRaw = row.positionSideRaw
    input.sideRaw = side.rawValue
    input.kindRaw = OrderKind.market.rawValue
    input.timeInForceRaw = TimeInForce.ioc.rawValue
    input.quantity = quantity
    var flags: OrderFlags = [.reduceOnly, .withoutCollar]
    if flatten.consent.live { flags.insert(.liveAllowed) }
    input.flagsRaw = flags.rawValue
    if let bound = flatten.maxSlippage { input.slippageMaxPpm = try Resolver.partsPerMillion(bound, "max_slippage") }
    input.token = agent.makeToken()
    agent.ask(HotMessage(.newOrder, input, instrument: row.instrument))
    return input.token
  }

  /// `true` once every closing order has ended.
  private func follow(_ agent: ControlAgent) -> Bool {
    var open = false
    for index in closing.indices where closing[index].error == nil {
      if closing[index].order == 0 {
        guard let reply = agent.takeAnswer(closing[index].token) else {
          open = true
          continue
        }
        if reply.outcomeRaw == Reply.Outcome.refused.rawValue {
          let error = Refusals.error(reply, account: nil, symbol: nil, id: nil)
          closing[index].error = error
          self.error(agent, error)
          failures.append(error.exit)
          continue
        }
        closing[index].order = reply.orderNumber
      }
      guard let order = agent.view.order(closing[index].order),
        OrderStatus(rawValue: order.image.statusRaw)?.isDone == true
      else {
        open = true
        continue
      }
    }
    guard !open else { return false }
    for entry in closing {
      guard let order = agent.view.order(entry.order) else { continue }
      data(agent, agent.view.object(order, durableLsn: agent.ring.durableLsn))
    }
    return true
  }

  private func late(_ agent: ControlAgent) throws(RequestError) -> Bool {
    guard isLate(agent) else { return false }
    var error = RequestError("outcome.unknown", exit: 30, "closing orders were not settled in time")
    error.sent = "unknown"
    throw error
  }
}

/// `stop`: no new orders, open ones by policy, then the end of the process.
final class StopJob: Job {
  private let stop: StopRequest
  private var cancels: CancelJob?
  private let startedCount: Int

  init(_ agent: ControlAgent, _ client: ClientID?, _ number: UInt64, _ stop: StopRequest) {
    self.stop = stop
    startedCount = agent.view.openOrderCount
    super.init(agent, client, number, timeout: stop.timeout, standard: 10_000_000_000)
  }

  override var diesWithClient: Bool { false }
  override func wants(_ token: UInt64) -> Bool { cancels?.wants(token) ?? false }

  override func step(_ agent: ControlAgent) -> Bool {
    agent.requestStop()
    if cancels == nil {
      let job = CancelJob(agent, nil, number, timeout: stop.timeout ?? 10_000_000_000)
      for order in agent.view.allOrders
      where OrderStatus(rawValue: order.image.statusRaw)?.isDone == false
        && order.image.ownerRaw == OrderOwner.oms.rawValue && cancelsOrders(agent, of: order.image.account)
      {
        job.add(order.image.id)
      }
      cancels = job
    }
    guard let cancels, cancels.work(agent) else { return false }
    agent.stopIsReady = true
    return end(agent, exit: cancels.result)
  }

  private func cancelsOrders(_ agent: ControlAgent, of account: AccountID) -> Bool {
    if let said = stop.cancelsOrders { return said }
    let name = agent.view.names.account(account)?.name
    return agent.settings.accounts.first { $0.name == name }?.onExit == .cancel
  }
}
