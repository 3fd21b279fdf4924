internal import CCore

extension ControlAgent {
  /// Gives each operation its job.
  func start(_ client: ClientID, _ request: Request) {
    let number = request.number
    switch request.operation {
    case .order(let order): begin(OrderJob(self, client, number, order))
    case .riskCheck(var order):
      order.consent.dryRun = true
      begin(OrderJob(self, client, number, order))
    case .amend(let amend): begin(AmendJob(self, client, number, amend))
    case .cancel(let cancel): begin(CancelJob(self, client, number, cancel))
    case .cancelAll(let cancel): begin(CancelAllJob(self, client, number, cancel))
    case .flatten(let flatten) where flatten.mayGoUnrecorded:
      begin(UnrecordedFlattenJob(self, client, number, flatten))
    case .flatten(let flatten): begin(FlattenJob(self, client, number, flatten))
    case .orders(let orders) where orders.asksVenue: begin(VenueOrdersJob(self, client, number, orders))
    case .trading(let trading): begin(TradingJob(self, client, number, trading))
    case .events(let events): begin(EventsJob(self, client, number, events))
    case .wait(let wait): begin(WaitJob(self, client, number, wait))
    case .positions(let state): begin(StateJob(self, client, number, .positions, state))
    case .balances(let state): begin(StateJob(self, client, number, .balances, state))
    case .accounts(let state): begin(StateJob(self, client, number, .accounts, state))
    case .pnl(let state): begin(StateJob(self, client, number, .pnl, state))
    case .riskShow(let state): begin(RiskShowJob(self, client, number, state))
    case .riskSet(let risk): begin(RiskSetJob(self, client, number, risk, isReset: false))
    case .riskReset(let risk): begin(RiskSetJob(self, client, number, risk, isReset: true))
    case .reconcile(let reconcile): begin(ReconcileJob(self, client, number, reconcile))
    case .sim(let sim): begin(SimJob(self, client, number, sim))
    case .ticker(let market): begin(MarketJob(self, client, number, .ticker, market))
    case .book(let market): begin(MarketJob(self, client, number, .book, market))
    case .trades(let market): begin(TapeJob(self, client, number, market, TradeTape()))
    case .candles(let market): begin(TapeJob(self, client, number, market, CandleTape()))
    case .funding(let market): begin(FundingJob(self, client, number, market))
    case .exposure(let state): begin(ExposureJob(self, client, number, state))
    case .grant(let grant): begin(GrantJob(self, client, number, grant))
    case .session(let session): begin(SessionEndJob(self, client, number, session))
    case .job(let job): begin(LockJob(self, client, number, job))
    case .deadman(let deadman): begin(DeadmanJob(self, client, number, deadman))
    case .stop(let stop): begin(StopJob(self, client, number, stop))
    case .status(let status): begin(StatusJob(self, client, number, status))
    case .configDiff: begin(ReloadJob(self, client, number, .compare))
    case .configReload(let consent):
      begin(ReloadJob(self, client, number, consent.dryRun ? .rehearse(consent) : .apply(consent)))
    case .snapshotTake(let snapshot): begin(SnapshotJob(self, client, number, snapshot))
    default: startInstant(client, request)
    }
  }

  private func startInstant(_ client: ClientID, _ request: Request) {
    let number = request.number
    switch request.operation {
    case .hello(let hello):
      begin(InstantJob(self, client, number) { (job, agent) throws(RequestError) in try agent.hello(job, hello) })
    case .orders(let orders):
      begin(InstantJob(self, client, number) { (job, agent) throws(RequestError) in try agent.list(job, orders) })
    case .fills(let fills):
      begin(InstantJob(self, client, number) { (job, agent) throws(RequestError) in try agent.list(job, fills) })
    case .symbols(let market):
      begin(InstantJob(self, client, number) { (job, agent) throws(RequestError) in try agent.list(job, market) })
    case .snapshotList:
      begin(InstantJob(self, client, number) { (job, agent) throws(RequestError) in try agent.listSnapshots(job) })
    case .abandon(let other):
      begin(
        InstantJob(self, client, number) { (_, agent) throws(RequestError) in
          agent.abandon(client, other)
          return 0
        })
    case .attach:
      begin(
        InstantJob(self, client, number) { (job, agent) throws(RequestError) in
          agent.attach(job)
          return 0
        })
    default: preconditionFailure("an operation without a job")
    }
  }

  // MARK: Answers from the view

  private func hello(_ job: Job, _ hello: HelloRequest) throws(RequestError) -> UInt8 {
    guard hello.protocolVersion == Request.protocolVersion else {
      throw RequestError(
        "engine.protocol", exit: 16,
        "the client speaks protocol \(hello.protocolVersion), the engine \(Request.protocolVersion)",
        hint: "use the oms that belongs to the engine (\(facts.version))")
    }
    var json = JSONWriter()
    json.beginObject()
    json.member("type", "hello")
    json.member("v", 1)
    json.member("protocol", Request.protocolVersion)
    json.member("version", facts.version)
    json.member("instance", settings.instance)
    json.member("mode", settings.mode.word)
    json.member("pid", facts.process)
    json.member("epoch", facts.epoch)
    json.member("tag", view.names.tag)
    json.member("state", isStopping ? "stopping" : "running")
    json.member("durability", facts.durability == .strict ? "strict" : facts.durability == .group ? "group" : "async")
    json.endObject()
    job.data(self, json.bytes)
    return 0
  }

  /// The tables' read-only descriptor goes beside the line.
  private func attach(_ job: Job) {
    guard let client = job.client else { return }
    precondition(facts.tablesDescriptor >= 0, "an engine that answers has published its tables")
    var json = JSONWriter()
    json.beginObject()
    json.member("type", "tables")
    json.member("v", 1)
    json.member("layout", Int(CC_TABLE_VERSION))
    json.member("epoch", facts.epoch)
    json.member("tag", view.names.tag)
    json.endObject()
    server.send(ReplyLine.data(json.bytes, request: job.number), descriptor: facts.tablesDescriptor, to: client)
  }

  private func list(_ job: Job, _ request: OrdersRequest) throws(RequestError) -> UInt8 {
    let durable = ring.durableLsn
    if !request.ids.isEmpty {
      for id in request.ids {
        guard let order = view.order(named: id) else { throw Self.unknownOrder(id) }
        job.data(self, view.object(order, durableLsn: durable))
      }
      return 0
    }
    let selected = try resolver.selected(request.selection)
    let since = try Resolver.time(request.since, now: utc)
    let until = try Resolver.time(request.until, now: utc)
    for status in request.statuses where OrderStatus.allCases.allSatisfy({ $0.word != status }) {
      throw .usage("value", "unknown status '\(status)'")
    }
    for order in view.allOrders {
      let image = order.image
      let status = OrderStatus(rawValue: image.statusRaw) ?? .unknown
      if let isOpen = request.isOpen, isOpen == status.isDone { continue }
      if !request.statuses.isEmpty, !request.statuses.contains(status.word) { continue }
      if let since, image.updated < since { continue }
      if let until, !(image.updated < until) { continue }
      guard
        selected.contains(
          account: image.account, instrument: image.instrument, strategy: image.strategy, venue: image.venue)
      else { continue }
      job.data(self, view.object(order, durableLsn: durable))
    }
    return 0
  }

  private func list(_ job: Job, _ request: FillsRequest) throws(RequestError) -> UInt8 {
    let durable = ring.durableLsn
    let selected = try resolver.selected(request.selection)
    let since = try Resolver.time(request.since, now: utc)
    let until = try Resolver.time(request.until, now: utc)
    let id = request.id.flatMap { Text64($0) }
    if let name = request.id, view.order(named: name) == nil { throw Self.unknownOrder(name) }
    for fill in view.fills {
      let image = fill.image
      if let id, image.id != id { continue }
      if let since, fill.utc < since { continue }
      if let until, !(fill.utc < until) { continue }
      guard
        selected.contains(
          account: image.account, instrument: image.instrument, strategy: image.strategy, venue: image.venue)
      else { continue }
      job.data(self, view.object(fill, durableLsn: durable))
    }
    return 0
  }

  private func list(_ job: Job, _ request: MarketRequest) throws(RequestError) -> UInt8 {
    var instruments: [Instrument] = []
    if request.symbols.isEmpty { instruments = try resolver.instruments(nil, venue: request.venue) }
    for symbol in request.symbols { instruments += try resolver.instruments(symbol, venue: request.venue) }
    for instrument in instruments {
      if let wanted = request.instrumentClass, instrument.instrumentClass.word != wanted { continue }
      job.data(self, StateObjects(names: view.names, utc: utc).symbol(instrument))
    }
    return 0
  }

  static func unknownOrder(_ id: String) -> RequestError {
    var error = RequestError("notfound.order", exit: 18, "there is no order '\(id)'", hint: "oms orders")
    error.id = id
    return error
  }
}
