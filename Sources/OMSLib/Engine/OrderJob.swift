/// `order`, and with `dry_run` its judgement: resolve, ask the core, follow the order until what is waited for.
final class OrderJob: Job {
  private enum Phase {
    case resolve
    /// Amounts that depend on balances and prices: `--quote`, percent, `all`.
    case read(RowCopy<BalanceRow>, RowCopy<TopOfBook>)
    case asked(UInt64)
    /// It would pass; what it would come to is being read.
    case previewing(OrderPreview)
    /// The table is full until the index has caught up: asked again then.
    case pausing(EngineTime)
    case following(UInt64)
    /// The time was up; its rest is being cancelled.
    case cancelling(UInt64)
  }

  private let order: OrderRequest
  private var phase = Phase.resolve
  private var account = AccountID.none
  private var rules = Instrument()
  private var input = NewOrderInput()
  private var isReplayed = false
  /// What the index of ids has under this id.
  private var stored: IDRow?
  private var lookups = 0
  /// What is waited for; less once whoever asked has enough.
  private var target: WaitFor
  private static let lookupsMax = 20
  private static let pauseNanoseconds: Int64 = 10_000_000

  init(_ agent: ControlAgent, _ client: ClientID?, _ number: UInt64, _ order: OrderRequest) {
    self.order = order
    target = order.wait
    super.init(agent, client, number, timeout: order.timeout)
  }

  override func patience(_ agent: ControlAgent) -> Int32 {
    if case .pausing = phase { return 10 }
    return super.patience(agent)
  }

  override func settles() -> Bool {
    if target != .none, target != .exists { target = .ack }
    return true
  }

  override func wants(_ token: UInt64) -> Bool {
    switch phase {
    case .asked(let asked): asked == token
    case .read(let balances, let tops): balances.wants(token) || tops.wants(token)
    case .previewing(let preview): preview.wants(token)
    default: false
    }
  }

  override func step(_ agent: ControlAgent) -> Bool {
    do throws(RequestError) {
      while true {
        switch phase {
        case .resolve: if try resolve(agent) { return true }
        case .read(let balances, let tops):
          guard balances.step(agent), tops.step(agent) else { return false }
          input.quantity = try amount(balances.rows, tops.rows)
          if try ask(agent) { return true }
        case .asked(let token):
          guard let reply = agent.takeAnswer(token) else { return try silence(agent) }
          if try answered(agent, reply) { return true }
        case .previewing(let preview): return try show(agent, preview)
        case .pausing(let until):
          guard agent.now >= until else { return false }
          if try ask(agent) { return true }
        case .following(let number): return follow(agent, number)
        case .cancelling(let number): return settle(agent, number)
        }
      }
    } catch {
      var full = error
      if full.id == nil { full.id = order.id }
      return fail(agent, full)
    }
  }

  // MARK: Resolving

  private func resolve(_ agent: ControlAgent) throws(RequestError) -> Bool {
    let resolver = agent.resolver
    // The locks in their order: unknown name 18, mode 13; 15 and 14 are the core's.
    account = try resolver.account(order.selection.account)
    rules = try resolver.instrument(order.selection.symbol, venue: agent.view.names.account(account)?.venue)
    if let strategy = order.selection.strategy {
      guard let id = agent.view.names.strategyID(named: strategy) else {
        throw RequestError("notfound.strategy", exit: 18, "there is no strategy '\(strategy)'")
      }
      input.strategy = id
    }
    try resolver.checkMode(account, order.consent)
    guard !agent.isStopping else {
      throw RequestError("halted.stopping", exit: 15, "the engine is stopping")
    }
    try fill(agent)
    let needsRows = order.quote != nil || order.quantity.map { $0 == "all" || $0.hasSuffix("%") } == true
    if needsRows, let known = order.id.flatMap({ agent.view.order(named: $0) }) {
      // A repetition means the amount that was computed the first time.
      input.quantity = known.image.quantity
    } else if needsRows {
      phase = .read(RowCopy(.balances), RowCopy(.tops, first: rules.id.index, limit: 1))
      return false
    } else {
      input.quantity = try Resolver.quantity(order.quantity ?? "", rules, order.round)
    }
    return try ask(agent)
  }

  private func fill(_ agent: ControlAgent) throws(RequestError) {
    if let id = order.id { input.id = Text64(id) ?? Text64() }
    input.account = account
    input.instrument = rules.id
    input.sideRaw = order.side.rawValue
    input.positionSideRaw = order.positionSide.rawValue
    input.session = Resolver.session(order.session)
    var flags = order.flags
    if order.consent.live { flags.insert(.liveAllowed) }
    input.flagsRaw = flags.rawValue
    if let limit = order.limit { input.price = try Resolver.price(limit, "limit", rules, order.round) }
    if let stop = order.stop { input.stopPrice = try Resolver.price(stop, "stop", rules, order.round) }
    if let trail = order.trail { input.trailPpm = try Resolver.partsPerMillion(trail, "trail") }
    if let profit = order.takeProfit { input.takeProfit = try Resolver.price(profit, "tp", rules, order.round) }
    if let loss = order.stopLoss { input.stopLoss = try Resolver.price(loss, "sl", rules, order.round) }
    if let shown = order.iceberg { input.displayQuantity = try Resolver.quantity(shown, rules, order.round) }
    if let bound = order.maxSlippage { input.slippageMaxPpm = try Resolver.partsPerMillion(bound, "max_slippage") }
    if let collar = order.collar { input.collarPpm = try Resolver.partsPerMillion(collar, "collar") }
    if let other = order.oco {
      input.linked = Text64(other) ?? Text64()
      input.linkRaw = OrderLink.oco.rawValue
    }
    input.kindRaw = kind.rawValue
    try fillTime(agent)
  }

  private var kind: OrderKind {
    if order.trail != nil { return .trailingStop }
    if order.stop != nil { return order.limit == nil ? .stopMarket : .stopLimit }
    return order.isMarket ? .market : .limit
  }

  private func fillTime(_ agent: ControlAgent) throws(RequestError) {
    var force = order.isMarket ? TimeInForce.ioc : .gtc
    let known = order.id.flatMap { agent.view.order(named: $0) }
    switch order.tif {
    case nil: break
    case "gtc": force = .gtc
    case "ioc": force = .ioc
    case "fok": force = .fok
    case "day":
      force = .gtd
      let day: Int64 = 86_400_000_000_000
      input.expiresAt = UTCTime(nanoseconds: (agent.utc.nanoseconds / day + 1) * day)
    case let text?:
      guard text.hasPrefix("gtd:"), let time = try Resolver.time(String(text.dropFirst(4)), now: agent.utc) else {
        throw .usage("value", "tif '\(text)' is none of gtc, ioc, fok, day, gtd:TIME")
      }
      force = .gtd
      input.expiresAt = time
    }
    if let interval = order.expire {
      guard order.tif == nil || order.tif == "gtc" else { throw .usage("value", "expire goes with gtc only") }
      force = .gtd
      // A repetition means the instant that was computed the first time.
      input.expiresAt =
        known?.image.expires
        ?? UTCTime(nanoseconds: agent.utc.nanoseconds.addingReportingOverflow(interval).partialValue)
    }
    input.timeInForceRaw = force.rawValue
  }

  /// The quantity that a quote amount, a percentage or `all` comes to, rounded down to the lot.
  private func amount(_ balances: [BalanceRow], _ tops: [TopOfBook]) throws(RequestError) -> Int64 {
    guard let top = tops.first, top.isValid != 0, top.bid > 0, top.ask > 0 else {
      throw RequestError("risk.stale_market", exit: 14, "there is no price of \(rules.name) to compute the amount with")
    }
    let touch = order.side == .buy ? top.ask : top.bid
    let price = Money(Price(mantissa: input.price > 0 ? input.price : touch), scale: Int(rules.priceScale))
    var wanted: Money?
    if let quote = order.quote {
      let decimal = try Resolver.decimal(quote, "quote")
      guard let money = decimal.money(.floor) else { throw .usage("decimal", "quote \(quote) is too large") }
      wanted = money.over(price, .floor)
    } else {
      wanted = try share(of: balances, price)
    }
    guard let wanted, let mantissa = wanted.mantissa(scale: Int(rules.quantityScale), .floor) else {
      throw .usage("decimal", "the amount is too large")
    }
    let quantity = mantissa - mantissa % rules.lot
    guard quantity > 0 else {
      throw RequestError("risk.qty_too_small", exit: 14, "the amount is less than one lot of \(rules.name)")
    }
    return quantity
  }

  private func share(of balances: [BalanceRow], _ price: Money) throws(RequestError) -> Money? {
    guard rules.instrumentClass == .spot else {
      throw .usage("quantity", "percent and all are for spot; positions are closed with oms flatten")
    }
    let text = order.quantity ?? ""
    guard text != "all" || order.side == .sell else { throw .usage("quantity", "all is for sells and transfers only") }
    let asset = order.side == .sell ? rules.base : rules.quote
    let row = balances.first { $0.account == account && $0.asset == asset && $0.walletRaw == Wallet.spot.rawValue }
    let free = (row?.total ?? .zero) - (row?.locked ?? .zero)
    var part = Money.one
    if text != "all" {
      let percent = try Resolver.decimal(String(text.dropLast()), "qty")
      guard let hundredth = percent.money(.floor)?.over(Money(100), .floor), hundredth <= Money.one else {
        throw .usage("quantity", "qty '\(text)' is more than 100%")
      }
      part = hundredth
    }
    guard let amount = free.times(part, .floor) else { return nil }
    return order.side == .sell ? amount : amount.over(price, .floor)
  }

  // MARK: Asking

  /// `true`: the index of ids had the answer, and that was the end.
  private func ask(_ agent: ControlAgent) throws(RequestError) -> Bool {
    if try lookUp(agent) { return true }
    if case .following = phase { return false }
    let isLive = agent.view.names.account(account)?.mode == .live
    // Confirmation is the last lock: the core judges first.
    let judges = order.consent.dryRun || (isLive && !order.consent.yes)
    input.isDryRun = judges ? 1 : 0
    input.textID = judges ? 0 : try agent.text(for: order.tags)
    input.token = agent.makeToken()
    input.gateNanoseconds = UInt32(clamping: agent.now.nanoseconds - started.nanoseconds)
    phase = .asked(input.token)
    agent.ask(HotMessage(.newOrder, input, instrument: rules.id))
    return false
  }

  // MARK: Ids used before

  /// Looks for the id among those that may have left the core's table. `true`: it is there, and that was the end.
  private func lookUp(_ agent: ControlAgent) throws(RequestError) -> Bool {
    guard !input.id.isEmpty else { return false }
    lookups += 1
    switch agent.ids.find(input.id) {
    case .absent(let lsn):
      input.absentLsn = lsn
      stored = nil
    case .present(let row):
      stored = row
      input.absentLsn = 0
    case .failed(let error):
      var busy = RequestError("busy.id_index", exit: 16, "the index of used ids cannot be read: \(error)")
      busy.retry = .sameID
      busy.retryAfterMilliseconds = 1_000
      throw busy
    }
    // What memory holds is newer than the index.
    if agent.view.recentOrder(named: input.id.description) != nil { return false }
    if let adopted = agent.adoptedOrder(input.id) {
      // Of the two the index knows its terms.
      try meet(stored?.image ?? adopted.image)
      isReplayed = true
      phase = .following(adopted.image.orderNumber)
      return false
    }
    guard let stored else { return false }
    return try replay(agent, stored)
  }

  /// Answers with an order that has left the table, as a repetition of it.
  private func replay(_ agent: ControlAgent, _ row: IDRow) throws(RequestError) -> Bool {
    try meet(row.image)
    isReplayed = true
    let order = ControlAgent.order(of: row)
    show(agent, order)
    switch OrderVerdict.judge(order.image, target, placing: true) {
    case .reached: return end(agent, exit: 0)
    case .ended(let error): return fail(agent, error)
    case .waiting: return fail(agent, OrderVerdict.timeout(order.image, target))
    }
  }

  /// The same id must mean the same order. Of one that was found at the venue only side and symbol are known for sure.
  private func meet(_ image: OrderImage) throws(RequestError) {
    let isSame =
      image.fingerprint == 1
      ? image.instrument == input.instrument && image.sideRaw == input.sideRaw
      : image.id == input.id && image.fingerprint == Core.fingerprint(input)
    guard isSame else {
      var reply = Reply()
      reply.reasonRaw = Reason.idConflict.rawValue
      throw Refusals.error(
        reply, account: order.selection.account, symbol: rules.name.description, id: input.id.description)
    }
  }

  /// `true`: that was the end.
  private func answered(_ agent: ControlAgent, _ reply: Reply) throws(RequestError) -> Bool {
    let name = agent.view.names.account(account)?.name
    switch Reply.Outcome(rawValue: reply.outcomeRaw) {
    case .accepted, .replayed:
      isReplayed = reply.outcomeRaw == Reply.Outcome.replayed.rawValue
      phase = .following(reply.orderNumber)
      return false
    case .wouldPass:
      phase = .previewing(makePreview(agent))
      return false
    default:
      if reply.reasonRaw == Reason.idIndexBehind.rawValue, !input.id.isEmpty {
        // It left the table while it was looked up: then the index has it now.
        if let stored { return try replay(agent, stored) }
        if lookups < Self.lookupsMax {
          phase = .pausing(agent.now.advanced(byNanoseconds: Self.pauseNanoseconds))
          return false
        }
      }
      throw Refusals.error(reply, account: name, symbol: rules.name.description, id: order.id)
    }
  }

  private func silence(_ agent: ControlAgent) throws(RequestError) -> Bool {
    guard isLate(agent) else { return false }
    var error = RequestError("outcome.unknown", exit: 30, "the engine took the order and has not answered in time")
    error.sent = "unknown"
    error.retry = .sameID
    throw error
  }

  private func makePreview(_ agent: ControlAgent) -> OrderPreview {
    var step = OrderPreview.Step(account: account, rules: rules, side: order.side)
    step.quantity = input.quantity
    step.price = input.price > 0 ? input.price : nil
    step.isReducing = order.flags.contains(.reduceOnly)
    step.reason = step.isReducing ? "reduce" : "order"
    return OrderPreview(step, agent)
  }

  private func show(_ agent: ControlAgent, _ preview: OrderPreview) throws(RequestError) -> Bool {
    guard preview.step(agent) || isLate(agent) else { return false }
    data(agent, preview.plan(agent))
    if order.consent.dryRun { return end(agent, exit: 0) }
    let name = agent.view.names.account(account)?.name
    var error = RequestError(
      "confirm.needed", exit: 12, "an order on \(name ?? "") costs money: confirm it", hint: "say --yes")
    error.account = name
    throw error
  }

  // MARK: Following

  private func follow(_ agent: ControlAgent, _ number: UInt64) -> Bool {
    guard let order = agent.view.order(number) else { return vanished(agent) }
    switch OrderVerdict.judge(order.image, target, placing: true) {
    case .reached:
      guard isKept(agent, order) else { return false }
      show(agent, order)
      return end(agent, exit: 0)
    case .ended(let error):
      guard isKept(agent, order) else { return false }
      show(agent, order)
      return fail(agent, error)
    case .waiting:
      guard isLate(agent) else { return false }
      if self.order.onTimeout == .cancel, !isUnknown(order.image) {
        var cancel = CancelOrderInput()
        cancel.id = order.image.id
        agent.ask(HotMessage(.cancelOrder, cancel))
        deadline = agent.now.advanced(byNanoseconds: 5_000_000_000)
        phase = .cancelling(number)
        return false
      }
      show(agent, order)
      return fail(agent, OrderVerdict.timeout(order.image, target))
    }
  }

  /// In `strict` nothing is told that a power cut could take back, as long as there is a disk.
  private func isKept(_ agent: ControlAgent, _ order: JournalView.Order) -> Bool {
    agent.facts.durability != .strict || order.lsn <= agent.ring.durableLsn || agent.ring.state == .dead
      || isLate(agent)
  }

  /// Its events have not come yet, or it is so old that memory has dropped it.
  private func vanished(_ agent: ControlAgent) -> Bool {
    guard isLate(agent) else { return false }
    var error = RequestError("outcome.unknown", exit: 30, "the order was taken, but cannot be shown yet")
    error.sent = "unknown"
    error.retry = .sameID
    error.id = order.id
    return fail(agent, error)
  }

  private func isUnknown(_ image: OrderImage) -> Bool {
    let status = OrderStatus(rawValue: image.statusRaw) ?? .unknown
    return status == .unknown || status == .new || status == .sent
  }

  private func settle(_ agent: ControlAgent, _ number: UInt64) -> Bool {
    guard let order = agent.view.order(number) else { return false }
    let status = OrderStatus(rawValue: order.image.statusRaw) ?? .unknown
    guard status.isDone || isLate(agent) else { return false }
    show(agent, order)
    // It may have filled while the cancel was under way.
    if status == .filled { return end(agent, exit: 0) }
    var error = OrderVerdict.timeout(order.image, target)
    if status.isDone {
      error = RequestError(
        "wait.timeout", exit: 31, "not \(target.rawValue) in time; the rest is \(status.word)")
      error.sent = "yes"
      error.id = order.image.id.description
    }
    return fail(agent, error)
  }

  private func show(_ agent: ControlAgent, _ order: JournalView.Order) {
    data(agent, agent.view.object(order, durableLsn: agent.ring.durableLsn, replayed: isReplayed))
  }
}
