/// `flatten`: cancels what is open in scope, closes positions with reduce-only orders, and confirms zero.
class FlattenJob: Job {
  private enum Phase {
    case begin
    case cancel(CancelJob)
    case read(RowCopy<PositionRow>, RowCopy<TopOfBook>)
    case close
  }

  let flatten: FlattenRequest
  private var phase = Phase.begin
  private var selected = Resolver.Selected(accounts: [])
  private var closing: [(token: UInt64, order: UInt64, error: RequestError?)] = []
  private var rounds = 0
  private var failures: [UInt8] = []
  /// Something was closed.
  private var hasClosed = false
  /// Why the venue or the core would not close something.
  private var refusal: RequestError?
  private static let roundsMax = 3

  init(_ agent: ControlAgent, _ client: ClientID?, _ number: UInt64, _ flatten: FlattenRequest) {
    self.flatten = flatten
    super.init(agent, client, number, timeout: flatten.timeout, standard: 30_000_000_000)
  }

  /// Half of it would be worse than all.
  override func settles() -> Bool { true }

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
          // An order that filled first is closed with the rest.
          if job.result != 0, job.result != 24 { failures.append(job.result) }
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
    try Self.checkConsent(agent, flatten, selected)
    guard !flatten.keepsOrders, !flatten.consent.dryRun else {
      phase = .read(RowCopy(.positions), RowCopy(.tops))
      return
    }
    let job = CancelJob(
      agent, client, number, timeout: flatten.timeout ?? 30_000_000_000,
      reason: session == 0 ? .cancelledByUser : .cancelledBySession)
    for order in agent.view.allOrders
    where OrderStatus(rawValue: order.image.statusRaw)?.isDone == false && isMeant(order.image) {
      job.add(order.image.id)
    }
    phase = .cancel(job)
  }

  /// The locks of real money.
  static func checkConsent(
    _ agent: ControlAgent, _ flatten: FlattenRequest, _ selected: Resolver.Selected
  ) throws(RequestError) {
    let isLive = agent.resolver.activeAccounts.contains {
      selected.accounts.contains($0.number) && agent.view.names.account($0)?.mode == .live
    }
    guard isLive else { return }
    for account in agent.resolver.activeAccounts where selected.accounts.contains(account.number) {
      try agent.resolver.checkMode(account, flatten.consent)
    }
    guard !flatten.consent.dryRun else { return }
    try flatten.consent.demandScope(of: flatten.selection, "flatten closes live positions")
  }

  /// Whether an open order is cancelled first.
  func isMeant(_ image: OrderImage) -> Bool {
    image.ownerRaw == OrderOwner.oms.rawValue
      && selected.contains(
        account: image.account, instrument: image.instrument, strategy: image.strategy, venue: image.venue)
  }

  /// What of a position is closed: signed as the position is.
  func part(_ agent: ControlAgent, of row: PositionRow, _ rules: Instrument) -> Money {
    selected.contains(account: row.account, instrument: row.instrument, venue: rules.venue)
      ? row.book.quantity : .zero
  }

  /// The session that the closing orders belong to.
  var session: UInt64 { 0 }
  var isLiveAllowed: Bool { flatten.consent.live }

  /// Nothing is left to close.
  func closed(_ agent: ControlAgent, exit: UInt8) -> Bool { end(agent, exit: exit) }

  /// Sends what closes the positions that are left. `true`: there were none, or it was a dry run.
  private func close(
    _ agent: ControlAgent, _ rows: [PositionRow], _ tops: [TopOfBook]
  ) throws(RequestError) -> Bool {
    closing = []
    for row in rows where !row.book.quantity.isZero {
      guard let rules = agent.view.names.instrument(row.instrument), rules.instrumentClass != .spot else { continue }
      let side: Side = row.book.quantity.isNegative ? .buy : .sell
      let part = part(agent, of: row, rules)
      guard let quantity = part.magnitude.mantissa(scale: Int(rules.quantityScale), .floor), quantity > 0 else {
        continue
      }
      if flatten.consent.dryRun {
        plan(agent, row, rules, side, quantity, tops)
        continue
      }
      closing.append((try send(agent, row, rules, side, quantity), 0, nil))
    }
    if closing.isEmpty { return closed(agent, exit: OrderVerdict.combined(failures)) }
    rounds += 1
    guard rounds <= Self.roundsMax else {
      throw leftOver
    }
    phase = .close
    return false
  }

  private func plan(
    _ agent: ControlAgent, _ row: PositionRow, _ rules: Instrument, _ side: Side, _ quantity: Int64,
    _ tops: [TopOfBook]
  ) {
    var step = OrderPreview.Step(account: row.account, rules: rules, side: side)
    step.quantity = quantity
    step.isReducing = true
    step.reason = "flatten"
    let top = tops.indices.contains(rules.id.index - 1) ? tops[rules.id.index - 1] : nil
    data(
      agent,
      StateObjects(names: agent.view.names, utc: agent.utc).plan(
        step, OrderPreview.estimate(step, top), headroom: nil))
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
    if isLiveAllowed { flags.insert(.liveAllowed) }
    input.flagsRaw = flags.rawValue
    if let bound = flatten.maxSlippage { input.slippageMaxPpm = try Resolver.partsPerMillion(bound, "max_slippage") }
    input.session = session
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
          refusal = error
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
      if order.image.filled > 0 { hasClosed = true }
      if order.image.statusRaw == OrderStatus.rejected.rawValue { refusal = Refusals.rejection(order.image) }
      data(agent, agent.view.object(order, durableLsn: agent.ring.durableLsn))
    }
    return true
  }

  /// The attempts are used up. Where nothing at all was closed, the reason is the answer.
  private var leftOver: RequestError {
    let sentence = "positions are left after \(Self.roundsMax) attempts"
    guard var error = refusal, !hasClosed, failures.isEmpty else {
      var partial = RequestError("partial.flatten", exit: 32, sentence)
      partial.sent = "yes"
      return partial
    }
    error.message = "\(sentence): \(error.message)"
    return error
  }

  private func late(_ agent: ControlAgent) throws(RequestError) -> Bool {
    guard isLate(agent) else { return false }
    var error = RequestError("outcome.unknown", exit: 30, "closing orders were not settled in time")
    error.sent = "unknown"
    throw error
  }
}

/// The end of a session that wants to be flat: its open orders are cancelled, and what its fills have left of a position
/// is closed. What others hold of the same position stays.
final class SessionFlattenJob: FlattenJob {
  private let name: UInt64

  init(_ agent: ControlAgent, _ client: ClientID?, _ number: UInt64, _ request: SessionRequest) {
    name = Resolver.session(request.session)
    super.init(agent, client, number, FlattenRequest(timeout: request.timeout))
  }

  override var diesWithClient: Bool { false }
  override var session: UInt64 { name }
  // The orders that made the position were allowed; closing it opens no risk.
  override var isLiveAllowed: Bool { true }
  override func isMeant(_ image: OrderImage) -> Bool { image.session == name }

  override func part(_ agent: ControlAgent, of row: PositionRow, _ rules: Instrument) -> Money {
    var net = Money.zero
    for order in agent.view.allOrders {
      let image = order.image
      guard image.session == name, image.account == row.account, image.instrument == row.instrument,
        image.positionSideRaw == row.positionSideRaw || row.positionSideRaw == 0
      else { continue }
      let filled = Money(Quantity(mantissa: image.filled), scale: Int(rules.quantityScale))
      net += image.sideRaw == Side.buy.rawValue ? filled : -filled
    }
    guard net.isNegative == row.book.quantity.isNegative else { return .zero }
    return net.magnitude < row.book.quantity.magnitude ? net : row.book.quantity
  }
}
