/// `positions`, `balances`, `accounts`, `pnl`: rows of the core and prices, put into words.
final class StateJob: Job {
  enum Kind { case positions, balances, accounts, pnl }

  private let kind: Kind
  private let request: StateRequest
  private let accounts = RowCopy<AccountRow>(.accounts)
  private let positions = RowCopy<PositionRow>(.positions)
  private let balances = RowCopy<BalanceRow>(.balances)
  private let tops = RowCopy<TopOfBook>(.tops)
  private let facts = RowCopy<AccountFacts>(.accountFacts)
  private let markets = RowCopy<MarketFacts>(.marketFacts)
  private var stage = 0

  init(_ agent: ControlAgent, _ client: ClientID?, _ number: UInt64, _ kind: Kind, _ request: StateRequest) {
    self.kind = kind
    self.request = request
    super.init(agent, client, number, timeout: nil)
  }

  override func wants(_ token: UInt64) -> Bool {
    accounts.wants(token) || positions.wants(token) || balances.wants(token) || tops.wants(token)
      || facts.wants(token) || markets.wants(token)
  }

  override func step(_ agent: ControlAgent) -> Bool {
    do throws(RequestError) {
      guard read(agent) else {
        guard isLate(agent) else { return false }
        throw RequestError("engine.stalled", exit: 16, "the engine did not answer in time")
      }
      let selected = try agent.resolver.selected(request.selection)
      switch kind {
      case .positions: showPositions(agent, selected)
      case .balances: showBalances(agent, selected)
      case .accounts: showAccounts(agent, selected)
      case .pnl: showPnl(agent, selected)
      }
      return end(agent, exit: 0)
    } catch {
      return fail(agent, error)
    }
  }

  private func read(_ agent: ControlAgent) -> Bool {
    if stage == 0 {
      let done =
        switch kind {
        case .positions: positions.step(agent)
        case .balances: balances.step(agent)
        case .accounts, .pnl: accounts.step(agent)
        }
      if done { stage = 1 }
    }
    if stage == 1, kind != .pnl || positions.step(agent) { stage = 2 }
    if stage == 2, kind == .accounts ? facts.step(agent) : tops.step(agent) { stage = 3 }
    if stage == 3, kind != .positions || markets.step(agent) { stage = 4 }
    return stage == 4
  }

  private func showPositions(_ agent: ControlAgent, _ selected: Resolver.Selected) {
    let names = agent.view.names
    let rows = positions.rows.sorted { ($0.account, $0.instrument) < ($1.account, $1.instrument) }
    for row in rows {
      guard let rules = names.instrument(row.instrument), rules.instrumentClass != .spot,
        selected.contains(account: row.account, instrument: row.instrument, venue: rules.venue),
        !request.nonzero || !row.book.quantity.isZero
      else { continue }
      let index = row.instrument.index - 1
      let funding = markets.rows.indices.contains(index) ? markets.rows[index].nextFunding : .zero
      data(
        agent,
        StateObjects(names: names, utc: agent.utc).position(
          row, top(of: row.instrument), funding: funding, now: agent.now))
    }
  }

  private func top(of instrument: InstrumentID) -> TopOfBook {
    tops.rows.indices.contains(instrument.index - 1) ? tops.rows[instrument.index - 1] : TopOfBook()
  }

  private func showBalances(_ agent: ControlAgent, _ selected: Resolver.Selected) {
    let names = agent.view.names
    let rows = balances.rows.sorted {
      ($0.account.number, $0.walletRaw, $0.asset.number) < ($1.account.number, $1.walletRaw, $1.asset.number)
    }
    let currency = request.currency ?? agent.settings.reportCurrency
    for row in rows where !row.account.isNone && selected.accounts.contains(row.account.number) {
      guard let asset = names.asset(row.asset) else { continue }
      if let wanted = request.asset, wanted != asset.name { continue }
      if request.nonzero && row.total.isZero { continue }
      data(
        agent,
        StateObjects(names: names, utc: agent.utc).balance(
          row, value: value(row, asset.name, in: currency, agent), currency: currency, now: agent.now))
    }
  }

  /// By the middle of the spot pair; `nil` when there is none.
  private func value(_ row: BalanceRow, _ asset: String, in currency: String, _ agent: ControlAgent) -> Money? {
    if asset == currency { return row.total }
    let pair = "\(asset)-\(currency)"
    guard let rules = agent.view.names.instruments.first(where: { $0.name.description == pair }),
      tops.rows.indices.contains(rules.id.index - 1)
    else { return nil }
    let top = tops.rows[rules.id.index - 1]
    guard top.isValid != 0, top.bid > 0, top.ask > 0,
      let middle = Decimal(mantissa: (Int128(top.bid) + Int128(top.ask)) * 5, scale: Int(rules.priceScale) + 1),
      let price = middle.money(.halfEven)
    else { return nil }
    return row.total.times(price)?.rounded(to: 8, .halfEven)
  }

  private func showAccounts(_ agent: ControlAgent, _ selected: Resolver.Selected) {
    let objects = StateObjects(names: agent.view.names, utc: agent.utc)
    for row in accounts.rows where !row.id.isNone && selected.accounts.contains(row.id.number) {
      let name = row.name.description
      let groups = agent.settings.groups.filter { $0.accounts.contains(name) }.map(\.name)
      data(
        agent,
        objects.account(
          row, groups: groups, currency: agent.settings.reportCurrency,
          facts: facts.rows.indices.contains(row.id.index - 1) ? facts.rows[row.id.index - 1] : AccountFacts(),
          now: agent.now))
    }
  }

  private func showPnl(_ agent: ControlAgent, _ selected: Resolver.Selected) {
    let objects = StateObjects(names: agent.view.names, utc: agent.utc)
    let currency = agent.settings.reportCurrency
    var open: [UInt16: Money] = [:]
    for row in positions.rows {
      open[row.account.number, default: .zero] +=
        objects.unrealised(row, top(of: row.instrument), currency: currency)
    }
    for row in accounts.rows where !row.id.isNone && selected.accounts.contains(row.id.number) {
      guard selected.venue.isNone || agent.view.names.account(row.id)?.venue == selected.venue else { continue }
      data(
        agent,
        objects.pnl(
          row, unrealised: open[row.id.number] ?? .zero, currency: currency, since: TimeText.day(of: agent.utc)))
    }
  }
}

/// `status`, with `latency` and `accounts` behind it. Ends 15 unless trading is on.
final class StatusJob: Job {
  private let request: StatusRequest
  private let accounts = RowCopy<AccountRow>(.accounts)
  private let globals = RowCopy<GlobalRow>(.globals, first: 0, limit: 1)
  private let facts = RowCopy<AccountFacts>(.accountFacts)
  private var hasGlobals = false
  private var hasAccounts = false
  private var hasFacts = false
  private var hasAll: Bool { hasGlobals && hasAccounts && hasFacts }

  init(_ agent: ControlAgent, _ client: ClientID?, _ number: UInt64, _ request: StatusRequest) {
    self.request = request
    super.init(agent, client, number, timeout: nil)
  }

  override func wants(_ token: UInt64) -> Bool {
    accounts.wants(token) || globals.wants(token) || facts.wants(token)
  }

  override func step(_ agent: ControlAgent) -> Bool {
    // All are asked for at once.
    if !hasGlobals { hasGlobals = globals.step(agent) }
    if !hasAccounts { hasAccounts = accounts.step(agent) }
    if !hasFacts { hasFacts = facts.step(agent) }
    guard hasAll || isLate(agent) else { return false }
    let state = globals.rows.first.flatMap { TradingState(rawValue: $0.tradingRaw) } ?? .halted
    data(agent, status(agent, state))
    if request.latency { latencies(agent) }
    if request.accounts {
      let objects = StateObjects(names: agent.view.names, utc: agent.utc)
      for row in accounts.rows where !row.id.isNone {
        data(
          agent,
          objects.account(
            row, groups: [], currency: agent.settings.reportCurrency,
            facts: facts.rows.indices.contains(row.id.index - 1) ? facts.rows[row.id.index - 1] : AccountFacts(),
            now: agent.now))
      }
    }
    return end(agent, exit: state == .on && !agent.isStopping ? 0 : 15)
  }

  private func status(_ agent: ControlAgent, _ state: TradingState) -> [UInt8] {
    var json = JSONWriter()
    let active = accounts.rows.filter { !$0.id.isNone && $0.isRemoved == 0 }
    let ready = active.count { $0.isOpen != 0 }
    let venues = agent.view.names.venues.count - 1
    json.beginObject()
    json.member("type", "status")
    json.member("v", 1)
    json.member("ts", agent.utc)
    json.member("instance", agent.settings.instance)
    json.member("version", agent.facts.version)
    json.member("pid", agent.facts.process)
    json.member("mode", agent.settings.mode.word)
    json.member("state", agent.isStopping ? "stopping" : hasAll ? "running" : "stalled")
    json.member("trading", state.word)
    let reason = agent.view.effectiveTrading.reason
    json.member("halt_reason", state == .on || reason.isEmpty ? nil : reason)
    json.member("uptime_s", (agent.now.nanoseconds - agent.facts.startedAt.nanoseconds) / 1_000_000_000)
    json.member("seq", agent.view.lastSeq)
    json.member("accounts_ready", ready)
    json.member("accounts", active.count)
    json.member("venues_up", ready > 0 ? venues : 0)
    json.member("venues", venues)
    json.member("orders_open", agent.view.openOrderCount)
    json.member("strategies_running", 0)
    json.member("rss_bytes", agent.processFacts.residentBytes(now: agent.now))
    json.member("loop_lag_ns", agent.facts.loopLag.value)
    let used = agent.ring.appendedPosition - agent.ring.durablePosition
    let percent = Wide(Int128(used), times: 1_000).divided(by: Int128(agent.ring.capacity), .halfEven) ?? 0
    json.member("ring_high_pct", decimal: percent, scale: 1)
    json.member("log_lag_ms", agent.ring.lossWindowMicroseconds(now: agent.now) / 1_000)
    json.memberNull("clock_skew_ms")
    json.endObject()
    return json.bytes
  }

  private func latencies(_ agent: ControlAgent) {
    for (stage, histogram) in agent.facts.latencies?.stages ?? [] where histogram.count > 0 {
      var json = JSONWriter()
      json.beginObject()
      json.member("type", "latency")
      json.member("v", 1)
      json.member("ts", agent.utc)
      json.member("stage", stage)
      json.memberNull("account")
      json.member("n", histogram.count)
      json.member("min_ns", histogram.min)
      json.member("p50_ns", histogram.percentile(partsPerMillion: 500_000))
      json.member("p99_ns", histogram.percentile(partsPerMillion: 990_000))
      json.member("p999_ns", histogram.percentile(partsPerMillion: 999_000))
      json.member("max_ns", histogram.max)
      json.endObject()
      data(agent, json.bytes)
    }
  }
}

/// `ticker` and `book`, once or followed: with `follow` a line whenever the prices changed.
final class MarketJob: Job {
  enum Kind { case ticker, book }

  private let kind: Kind
  private let request: MarketRequest
  private var instruments: [Instrument] = []
  private var tops: RowCopy<TopOfBook>?
  private var facts: RowCopy<MarketFacts>?
  private var stage = 0
  private var levels: RowCopy<BookLevel>?
  private var bookIndex = 0
  private var shown: [UInt16: UInt64] = [:]
  private var count: Int64 = 0
  private var lastShown: EngineTime
  private var nextLook = EngineTime.zero

  init(_ agent: ControlAgent, _ client: ClientID?, _ number: UInt64, _ kind: Kind, _ request: MarketRequest) {
    self.kind = kind
    self.request = request
    lastShown = agent.now
    super.init(agent, client, number, timeout: request.follows ? 0 : nil)
  }

  override func wants(_ token: UInt64) -> Bool {
    tops?.wants(token) == true || levels?.wants(token) == true || facts?.wants(token) == true
  }
  override func patience(_ agent: ControlAgent) -> Int32 {
    levels != nil ? 1 : request.follows ? 10 : super.patience(agent)
  }

  override func step(_ agent: ControlAgent) -> Bool {
    do throws(RequestError) {
      if instruments.isEmpty { try resolve(agent) }
      if tops == nil {
        if let idle = request.idle, agent.now >= lastShown.advanced(byNanoseconds: idle) {
          throw RequestError("stream.idle", exit: 31, "nothing came for that long")
        }
        guard agent.now >= nextLook, client.map({ agent.server.hasRoom($0) }) ?? true else { return false }
        nextLook = agent.now.advanced(byNanoseconds: max(request.every ?? 0, 10_000_000))
        tops = RowCopy(.tops)
        facts = kind == .ticker ? RowCopy(.marketFacts) : nil
        stage = 0
        bookIndex = 0
      }
      guard let tops, isRead(agent, tops) else { return false }
      while bookIndex < instruments.count {
        let rules = instruments[bookIndex]
        let top = tops.rows.indices.contains(rules.id.index - 1) ? tops.rows[rules.id.index - 1] : TopOfBook()
        if try show(agent, rules, top) == false { return false }
        bookIndex += 1
        if let take = request.take, count >= take { return end(agent, exit: 0) }
      }
      self.tops = nil
      guard request.follows else { return end(agent, exit: 0) }
      return false
    } catch {
      return fail(agent, error)
    }
  }

  private func isRead(_ agent: ControlAgent, _ tops: RowCopy<TopOfBook>) -> Bool {
    if stage == 0, tops.step(agent) { stage = facts == nil ? 2 : 1 }
    if stage == 1, facts?.step(agent) == true { stage = 2 }
    return stage == 2
  }

  private func resolve(_ agent: ControlAgent) throws(RequestError) {
    for symbol in request.symbols { instruments += try agent.resolver.instruments(symbol, venue: request.venue) }
    if request.symbols.isEmpty { instruments = try agent.resolver.instruments(nil, venue: request.venue) }
    guard !instruments.isEmpty else {
      throw RequestError("notfound.symbol", exit: 18, "no symbol matches", hint: "oms symbols")
    }
  }

  /// `false`: levels are being read.
  private func show(_ agent: ControlAgent, _ rules: Instrument, _ top: TopOfBook) throws(RequestError) -> Bool {
    let age = agent.now.nanoseconds - top.updatedAt.nanoseconds
    if let bound = request.maxAge, age > bound {
      throw RequestError("stream.stale", exit: 40, "\(rules.name) is \(age / 1_000_000) ms old")
    }
    if request.follows {
      guard shown[rules.id.number] != top.bookSequence else { return true }
    }
    let objects = StateObjects(names: agent.view.names, utc: agent.utc)
    if kind == .ticker {
      let rows = facts?.rows ?? []
      let index = rules.id.index - 1
      let funding = rows.indices.contains(index) && rows[index].nextFunding != .zero ? rows[index].fundingRate : nil
      data(agent, objects.ticker(rules, top, funding: funding, now: agent.now))
    } else {
      if levels == nil {
        levels = RowCopy(
          .book, first: 0, limit: 2 * Int(request.depth),
          argument: UInt64(rules.id.number) << 32 | UInt64(request.depth))
      }
      guard let levels, levels.step(agent) else {
        guard isLate(agent) else { return false }
        throw RequestError("engine.stalled", exit: 16, "the exchange did not show its book in time")
      }
      data(agent, objects.book(rules, levels.rows, top, depth: Int(request.depth), now: agent.now))
      self.levels = nil
    }
    shown[rules.id.number] = top.bookSequence
    lastShown = agent.now
    count += 1
    return true
  }
}

/// `reconcile`: every account in scope is compared with its venue; each difference is a `drift` object.
final class ReconcileJob: Job {
  private let request: ReconcileRequest
  private var tokens: [UInt64] = []
  private var isAsked = false
  private var drifts = 0
  private var cursor: UInt64 = 0

  init(_ agent: ControlAgent, _ client: ClientID?, _ number: UInt64, _ request: ReconcileRequest) {
    self.request = request
    cursor = agent.view.lastSeq
    super.init(agent, client, number, timeout: request.timeout, standard: 10_000_000_000)
  }

  override func wants(_ token: UInt64) -> Bool { tokens.contains(token) }

  override func step(_ agent: ControlAgent) -> Bool {
    do throws(RequestError) {
      if !isAsked { try ask(agent) }
      for token in tokens {
        guard let reply = agent.takeAnswer(token) else { continue }
        tokens.removeAll { $0 == token }
        drifts += Int(reply.count)
      }
      guard tokens.isEmpty else {
        guard isLate(agent) else { return false }
        throw RequestError("outcome.unknown", exit: 31, "the venue has not answered everything in time")
      }
      var found = 0
      for drift in agent.view.drifts where drift.seq > cursor {
        data(agent, StateObjects(names: agent.view.names, utc: agent.utc).drift(drift.image))
        found += 1
      }
      return end(agent, exit: found > 0 || drifts > 0 ? 41 : 0)
    } catch {
      return fail(agent, error)
    }
  }

  private func ask(_ agent: ControlAgent) throws(RequestError) {
    isAsked = true
    for account in try agent.resolver.accounts(request.selection.account) {
      var input = ReconcileInput()
      input.account = account
      input.fixes = request.fix ? 1 : 0
      input.token = agent.makeToken()
      tokens.append(input.token)
      agent.ask(HotMessage(.reconcile, input))
    }
  }
}
