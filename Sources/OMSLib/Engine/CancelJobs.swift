/// Cancels named orders and follows each to its end.
class CancelJob: Job {
  private struct Item {
    var id: Text64
    var token: UInt64 = 0
    var orderNumber: UInt64 = 0
    var replayed = false
    var exit: UInt8?
  }

  private var items: [Item] = []
  private var asked = 0
  /// What the orders are to carry.
  private var reason = Reason.cancelledByUser
  /// Cancels under way at once: a bulk must not fill the rings.
  private static let window = 64

  init(_ agent: ControlAgent, _ client: ClientID?, _ number: UInt64, _ cancel: CancelRequest) {
    super.init(agent, client, number, timeout: cancel.timeout)
    items = cancel.ids.map { Item(id: Text64($0) ?? Text64()) }
  }

  init(
    _ agent: ControlAgent, _ client: ClientID?, _ number: UInt64, timeout: Int64?, reason: Reason = .cancelledByUser
  ) {
    self.reason = reason
    super.init(agent, client, number, timeout: timeout)
  }

  func add(_ id: Text64) { items.append(Item(id: id)) }

  override func settles() -> Bool { true }
  override func wants(_ token: UInt64) -> Bool { items.contains { $0.token == token && $0.exit == nil } }

  override func step(_ agent: ControlAgent) -> Bool {
    guard work(agent) else { return false }
    return end(agent, exit: result)
  }

  var result: UInt8 { OrderVerdict.combined(items.compactMap(\.exit)) }

  /// `true` once every order has its outcome.
  func work(_ agent: ControlAgent) -> Bool {
    let late = isLate(agent)
    var open = 0
    for index in 0..<asked where items[index].exit == nil {
      follow(agent, index, late: late)
      if items[index].exit == nil { open += 1 }
    }
    while asked < items.count, open < Self.window {
      ask(agent, asked)
      if items[asked].exit == nil { open += 1 }
      asked += 1
    }
    return asked == items.count && open == 0
  }

  private func ask(_ agent: ControlAgent, _ index: Int) {
    guard !items[index].id.isEmpty else {
      finish(agent, index, ControlAgent.unknownOrder(""))
      return
    }
    var input = CancelOrderInput()
    input.id = items[index].id
    input.reasonRaw = reason.rawValue
    input.token = agent.makeToken()
    items[index].token = input.token
    agent.ask(HotMessage(.cancelOrder, input))
  }

  private func follow(_ agent: ControlAgent, _ index: Int, late: Bool) {
    let item = items[index]
    if item.orderNumber == 0 {
      guard let reply = agent.takeAnswer(item.token) else {
        if late {
          var image = OrderImage()
          image.id = item.id
          finish(agent, index, OrderVerdict.unanswered("the cancel", of: image))
        }
        return
      }
      guard reply.orderNumber != 0, reply.outcomeRaw != Reply.Outcome.refused.rawValue else {
        if let older = agent.view.older(item.id), reply.reasonRaw == Reason.unknownOrder.rawValue {
          return close(agent, index, older)
        }
        finish(agent, index, Refusals.error(reply, account: nil, symbol: nil, id: item.id.description))
        return
      }
      items[index].orderNumber = reply.orderNumber
      items[index].replayed = reply.outcomeRaw == Reply.Outcome.replayed.rawValue
    }
    guard let order = agent.view.order(items[index].orderNumber) else { return }
    switch OrderVerdict.judge(order.image, .cancelled, placing: false) {
    case .waiting:
      guard late else { return }
      show(agent, index, order)
      finish(agent, index, OrderVerdict.uncancelled(order.image))
    case .reached:
      show(agent, index, order)
      items[index].exit = 0
    case .ended(let error):
      show(agent, index, order)
      finish(agent, index, error)
    }
  }

  /// An order that ended long ago: the core has forgotten it, the index of ids has not.
  private func close(_ agent: ControlAgent, _ index: Int, _ order: JournalView.Order) {
    show(agent, index, order)
    switch OrderVerdict.judge(order.image, .cancelled, placing: false) {
    case .reached: items[index].exit = 0
    case .ended(let error): finish(agent, index, error)
    case .waiting: finish(agent, index, OrderVerdict.uncancelled(order.image))
    }
  }

  private func show(_ agent: ControlAgent, _ index: Int, _ order: JournalView.Order) {
    data(
      agent, agent.view.object(order, durableLsn: agent.ring.durableLsn, replayed: items[index].replayed))
  }

  private func finish(_ agent: ControlAgent, _ index: Int, _ error: RequestError) {
    self.error(agent, error)
    items[index].exit = error.exit
  }
}

/// `cancel --all`: every open order of a scope that the filters leave.
final class CancelAllJob: CancelJob {
  init(_ agent: ControlAgent, _ client: ClientID?, _ number: UInt64, _ cancel: CancelAllRequest) {
    self.cancel = cancel
    super.init(agent, client, number, timeout: cancel.timeout)
  }

  private let cancel: CancelAllRequest
  private var isChosen = false

  override func step(_ agent: ControlAgent) -> Bool {
    if !isChosen {
      do throws(RequestError) {
        let ids = try choose(agent)
        for id in ids { add(id) }
        isChosen = true
        if cancel.consent.dryRun {
          for id in ids {
            guard let order = agent.view.order(named: id.description) else { continue }
            data(agent, agent.view.object(order, durableLsn: agent.ring.durableLsn))
          }
          return end(agent, exit: 0)
        }
      } catch {
        return fail(agent, error)
      }
    }
    return super.step(agent)
  }

  private func choose(_ agent: ControlAgent) throws(RequestError) -> [Text64] {
    let selected = try agent.resolver.selected(cancel.selection)
    let session = Resolver.session(cancel.session)
    let above = try cancel.priceAbove.map { text throws(RequestError) in try Resolver.decimal(text, "price_above") }
    let below = try cancel.priceBelow.map { text throws(RequestError) in try Resolver.decimal(text, "price_below") }
    let before = agent.utc.nanoseconds - (cancel.olderThan ?? .min / 2)
    var ids: [Text64] = []
    var touchesLive = false
    for order in agent.view.allOrders {
      let image = order.image
      guard OrderStatus(rawValue: image.statusRaw)?.isDone == false else { continue }
      guard
        selected.contains(
          account: image.account, instrument: image.instrument, strategy: image.strategy, venue: image.venue)
      else { continue }
      guard cancel.includesForeign || image.ownerRaw == OrderOwner.oms.rawValue else { continue }
      guard session == 0 || image.session == session else { continue }
      if let side = cancel.side, side.rawValue != image.sideRaw { continue }
      if cancel.olderThan != nil, image.created.nanoseconds > before { continue }
      let scale = Int(agent.view.names.instrument(image.instrument)?.priceScale ?? 0)
      let price = Decimal(Price(mantissa: image.price), scale: scale)
      if let above, !(above < price) { continue }
      if let below, !(price < below) { continue }
      guard tagsMatch(agent, image) else { continue }
      touchesLive = touchesLive || image.modeRaw == Mode.live.rawValue
      ids.append(image.id)
    }
    if touchesLive && !cancel.consent.yes && !cancel.consent.dryRun {
      throw RequestError(
        "confirm.needed", exit: 12, "\(ids.count) orders would be cancelled, live ones among them", hint: "say --yes")
    }
    return ids
  }

  private func tagsMatch(_ agent: ControlAgent, _ image: OrderImage) -> Bool {
    guard !cancel.tags.isEmpty || !cancel.notTags.isEmpty else { return true }
    let bytes = agent.view.names.tags(image.textID) ?? Array("{}".utf8)
    guard let document = try? JSONReader.read(bytes) else { return false }
    func has(_ pair: RequestMembers.Pair) -> Bool { document.root[pair.name]?.string == pair.value }
    return cancel.tags.allSatisfy(has) && !cancel.notTags.contains(where: has)
  }
}

/// `session`: remembers what happens when the connection ends, or ends it now: the orders of that name are cancelled.
final class SessionEndJob: Job {
  private let request: SessionRequest
  private var cancels: CancelJob?
  private var flattening: SessionFlattenJob?

  init(_ agent: ControlAgent, _ client: ClientID?, _ number: UInt64, _ request: SessionRequest) {
    self.request = request
    super.init(agent, client, number, timeout: request.timeout, standard: 10_000_000_000)
  }

  override var diesWithClient: Bool { false }
  override func wants(_ token: UInt64) -> Bool { cancels?.wants(token) ?? flattening?.wants(token) ?? false }

  override func step(_ agent: ControlAgent) -> Bool {
    if let flattening { return flattening.step(agent) }
    if let client, !request.ends {
      agent.sessions[client, default: []].append(request)
      return end(agent, exit: 0)
    }
    if cancels == nil {
      if let client { agent.sessions[client]?.removeAll { $0.session == request.session } }
      guard request.onExit != .keep else { return end(agent, exit: 0) }
      if request.onExit == .flatten {
        let job = SessionFlattenJob(agent, client, number, request)
        flattening = job
        return job.step(agent)
      }
      let job = CancelJob(agent, client, number, timeout: request.timeout, reason: .cancelledBySession)
      let session = Resolver.session(request.session)
      for order in agent.view.allOrders
      where order.image.session == session && OrderStatus(rawValue: order.image.statusRaw)?.isDone == false {
        job.add(order.image.id)
      }
      cancels = job
    }
    guard let cancels, cancels.work(agent) else { return false }
    return end(agent, exit: cancels.result)
  }
}

/// `job`: a named lock that lives as long as the connection.
final class LockJob: Job {
  private let request: JobRequest

  init(_ agent: ControlAgent, _ client: ClientID?, _ number: UInt64, _ request: JobRequest) {
    self.request = request
    super.init(agent, client, number, timeout: max(request.lockWait, 1))
  }

  override func step(_ agent: ControlAgent) -> Bool {
    guard let client else { return end(agent, exit: 0) }
    let holder = agent.locks[request.job]
    if holder == nil || holder == client {
      agent.locks[request.job] = client
      return end(agent, exit: 0)
    }
    guard isLate(agent) else { return false }
    return fail(agent, RequestError("busy.job", exit: 17, "job '\(request.job)' is running already"))
  }
}
