/// `stop`: positions if asked for, then no new orders, open ones by policy, a snapshot, and the end of the process.
///
/// What cannot be settled keeps the engine alive, unless `--force` or a signal says to leave anyway.
final class StopJob: FlattenJob {
  private enum Stage {
    case positions
    case orders
    case snapshot(asked: UInt64, until: EngineTime)
  }

  private static let snapshotNanoseconds: Int64 = 10_000_000_000

  private let stop: StopRequest
  private var stage: Stage
  private var cancels: CancelJob?

  init(_ agent: ControlAgent, _ client: ClientID?, _ number: UInt64, _ stop: StopRequest) {
    self.stop = stop
    stage = stop.flattens ? .positions : .orders
    // Its scope is said with the command: everything.
    var consent = stop.consent
    if consent.yes, consent.confirm == nil { consent.confirm = "all" }
    super.init(agent, client, number, FlattenRequest(timeout: stop.timeout ?? 10_000_000_000, consent: consent))
  }

  override var diesWithClient: Bool { false }

  override func wants(_ token: UInt64) -> Bool { cancels?.wants(token) ?? super.wants(token) }

  override func patience(_ agent: ControlAgent) -> Int32 {
    if case .snapshot = stage { 10 } else { super.patience(agent) }
  }

  override func step(_ agent: ControlAgent) -> Bool {
    switch stage {
    case .positions: return super.step(agent)
    case .orders: return settleOrders(agent)
    case .snapshot(let asked, let until):
      guard agent.shadow.outcome(of: asked) != nil || agent.now >= until else { return false }
      return leave(agent)
    }
  }

  override func closed(_ agent: ControlAgent, exit: UInt8) -> Bool {
    guard exit == 0 || stop.force else { return super.closed(agent, exit: exit) }
    stage = .orders
    return settleOrders(agent)
  }

  override func fail(_ agent: ControlAgent, _ error: RequestError) -> Bool {
    guard case .positions = stage, stop.force else { return super.fail(agent, error) }
    self.error(agent, error)
    return closed(agent, exit: error.exit)
  }

  private func settleOrders(_ agent: ControlAgent) -> Bool {
    agent.setStopping(true)
    let job = cancels ?? chooseOrders(agent)
    cancels = job
    guard job.work(agent) else { return false }
    guard job.result == 0 || stop.force else {
      agent.setStopping(false)
      note(agent, "the engine goes on: its orders are not settled; `oms stop --force` leaves anyway")
      return end(agent, exit: job.result)
    }
    guard agent.facts.keepsState else { return leave(agent) }
    stage = .snapshot(
      asked: agent.shadow.ask(), until: agent.now.advanced(byNanoseconds: Self.snapshotNanoseconds))
    return false
  }

  private func chooseOrders(_ agent: ControlAgent) -> CancelJob {
    let job = CancelJob(agent, nil, number, timeout: stop.timeout ?? 10_000_000_000)
    for order in agent.view.allOrders
    where OrderStatus(rawValue: order.image.statusRaw)?.isDone == false
      && order.image.ownerRaw == OrderOwner.oms.rawValue && cancelsOrders(agent, of: order.image.account)
    {
      job.add(order.image.id)
    }
    return job
  }

  private func leave(_ agent: ControlAgent) -> Bool {
    agent.stopIsReady = true
    return end(agent, exit: cancels?.result ?? 0)
  }

  private func cancelsOrders(_ agent: ControlAgent, of account: AccountID) -> Bool {
    if let said = stop.cancelsOrders { return said }
    let name = agent.view.names.account(account)?.name
    return agent.settings.accounts.first { $0.name == name }?.onExit == .cancel
  }
}
