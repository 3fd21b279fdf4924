/// `sim`: steers the engine's own exchange.
final class SimJob: Job {
  private let request: SimRequest
  private var tokens: [UInt64]?
  /// Comparisons that a new market makes necessary.
  private var comparisons: [UInt64]?
  /// Orders that were in the old market: the new one denies them, twice.
  private var orphans: [UInt64] = []

  init(_ agent: ControlAgent, _ client: ClientID?, _ number: UInt64, _ request: SimRequest) {
    self.request = request
    super.init(agent, client, number, timeout: nil, standard: 10_000_000_000)
  }

  override func wants(_ token: UInt64) -> Bool {
    tokens?.contains(token) == true || comparisons?.contains(token) == true
  }

  override func step(_ agent: ControlAgent) -> Bool {
    do throws(RequestError) {
      if tokens == nil {
        tokens = []
        for var command in try commands(agent) {
          command.token = agent.makeToken()
          tokens?.append(command.token)
          agent.ask(HotMessage(.simulator, command))
        }
      }
      for token in tokens ?? [] {
        guard let reply = agent.takeAnswer(token) else { continue }
        tokens?.removeAll { $0 == token }
        guard reply.outcomeRaw != Reply.Outcome.unknown.rawValue else {
          throw RequestError(
            "outcome.unknown", exit: 30, "the exchange ended before it said whether it obeyed", hint: "oms status")
        }
        guard reply.outcomeRaw == Reply.Outcome.accepted.rawValue else {
          throw RequestError("guard.simulated", exit: 13, "the built-in exchange refused the control")
        }
      }
      guard tokens?.isEmpty == true else {
        guard isLate(agent) else { return false }
        throw RequestError("engine.stalled", exit: 16, "the engine did not answer in time")
      }
      guard request.verb != "reset" || followed(agent) else {
        guard isLate(agent) else { return false }
        throw RequestError("outcome.unknown", exit: 31, "the new market has not answered everything in time")
      }
      return end(agent, exit: 0)
    } catch {
      return fail(agent, error)
    }
  }

  /// A new market knows nothing of what was bought in the old one: the books follow its word. `false`: not all of them yet.
  private func followed(_ agent: ControlAgent) -> Bool {
    if comparisons == nil { compare(agent) }
    for token in comparisons ?? [] where agent.takeAnswer(token) != nil { comparisons?.removeAll { $0 == token } }
    orphans.removeAll { agent.view.order($0).map { OrderStatus(rawValue: $0.image.statusRaw)?.isDone == true } ?? true }
    return comparisons?.isEmpty == true && orphans.isEmpty
  }

  private func compare(_ agent: ControlAgent) {
    let simulated = Set(agent.settings.venues.filter { $0.adapter == .simulated }.map(\.name))
    comparisons = []
    for (number, account) in agent.view.names.accounts.enumerated().dropFirst() {
      guard !account.isRemoved, let venue = agent.view.names.venue(account.venue), simulated.contains(venue) else {
        continue
      }
      var input = ReconcileInput()
      input.account = AccountID(number: UInt16(number))
      input.fixes = 1
      input.token = agent.makeToken()
      comparisons?.append(input.token)
      agent.ask(HotMessage(.reconcile, input))
    }
    // What the core performs itself (triggers, slices) was never there.
    orphans = agent.view.allOrders.lazy.map(\.image)
      .filter { $0.emulatedRaw == 0 && OrderStatus(rawValue: $0.statusRaw)?.isDone == false }
      .filter { image in agent.view.names.venue(image.venue).map { simulated.contains($0) } ?? false }
      .map(\.orderNumber)
  }

  private func commands(_ agent: ControlAgent) throws(RequestError) -> [SimulatorCommand] {
    switch request.verb {
    case "price": return [try price(agent)]
    case "book": return try book(agent)
    case "reset":
      var command = SimulatorCommand(.reset)
      (command.a, command.b) = (request.seed ?? 0, request.seed == nil ? 0 : 1)
      return [command]
    case "fill": return [try fill(agent)]
    case "latency":
      var command = SimulatorCommand(.latency)
      command.a = request.latency ?? 0
      command.b = request.jitter ?? 0
      return [command]
    case "clock": return [try clock()]
    case "account": return try account(agent)
    case "fault": return try faults(agent)
    default: throw .usage("value", "unknown control 'sim \(request.verb)'")
    }
  }

  private func rules(_ agent: ControlAgent, _ text: String?) throws(RequestError) -> Instrument {
    try agent.resolver.instrument(text, venue: nil)
  }

  private func price(_ agent: ControlAgent) throws(RequestError) -> SimulatorCommand {
    let rules = try rules(agent, request.symbol)
    guard let price = request.price else { throw .usage("member", "member 'price' is missing") }
    var command = SimulatorCommand(.control)
    command.control.instrument = rules.id.number
    command.control.price = try Resolver.price(price, "price", rules, nil)
    return command
  }

  private func book(_ agent: ControlAgent) throws(RequestError) -> [SimulatorCommand] {
    let rules = try rules(agent, request.symbol)
    func command(_ kind: ExchangeControl.Kind) -> SimulatorCommand {
      var command = SimulatorCommand(.control)
      command.control = ExchangeControl(kind)
      command.control.instrument = rules.id.number
      return command
    }
    if let spread = request.spread {
      guard request.bids.isEmpty, request.asks.isEmpty else { throw .usage("member", "either 'spread' or levels") }
      var change = command(.setSpread)
      change.control.price = try Resolver.partsPerMillion(spread, "spread") * 100
      return [change]
    }
    var commands = [command(.clearBook)]
    for (side, levels) in [(Side.buy, request.bids), (.sell, request.asks)] {
      guard levels.count % 2 == 0, levels.count <= 2 * Self.levelCountMax else {
        throw .usage("value", "a side has at most \(Self.levelCountMax) levels, each a price and a quantity")
      }
      for place in stride(from: 0, to: levels.count, by: 2) {
        var level = command(.addLevel)
        level.control.sideRaw = side.rawValue
        level.control.price = try Resolver.price(levels[place], "price", rules, nil)
        level.control.quantity = try Resolver.quantity(levels[place + 1], rules, nil)
        commands.append(level)
      }
    }
    guard commands.count > 1 else { throw .usage("member", "member 'spread' is missing") }
    return commands
  }

  private static let levelCountMax = 200

  private func fill(_ agent: ControlAgent) throws(RequestError) -> SimulatorCommand {
    guard let id = request.id, let order = agent.view.order(named: id) else {
      throw ControlAgent.unknownOrder(request.id ?? "")
    }
    let rules = agent.view.names.instrument(order.image.instrument) ?? Instrument()
    var command = SimulatorCommand(.control)
    command.control = ExchangeControl(.fillOrder)
    command.control.order = order.image.venueOrder.low
    command.control.account = order.image.account.number
    command.control.instrument = order.image.instrument.number
    if let quantity = request.quantity { command.control.quantity = try Resolver.quantity(quantity, rules, nil) }
    return command
  }

  private func clock() throws(RequestError) -> SimulatorCommand {
    switch request.clock {
    case "freeze", "run":
      var command = SimulatorCommand(.freeze)
      command.a = request.clock == "freeze" ? 1 : 0
      return command
    case let text?:
      guard text.hasPrefix("+"), let interval = try? DurationText.parse(String(text.dropFirst())) else {
        throw .usage("value", "clock '\(text)' is none of +DUR, freeze, run")
      }
      var command = SimulatorCommand(.jump)
      command.a = interval
      return command
    case nil: throw .usage("member", "member 'clock' is missing")
    }
  }

  private func account(_ agent: ControlAgent) throws(RequestError) -> [SimulatorCommand] {
    let account = try agent.resolver.account(request.account)
    var commands: [SimulatorCommand] = []
    for pair in request.set {
      guard let asset = agent.view.names.assetID(named: pair.name) else {
        throw RequestError("notfound.asset", exit: 18, "there is no asset '\(pair.name)'")
      }
      guard let amount = try Resolver.decimal(pair.value, "amount").money(.halfEven) else {
        throw .usage("decimal", "amount '\(pair.value)' is too large")
      }
      var command = SimulatorCommand(.control)
      command.control = ExchangeControl(.setBalance)
      command.control.account = account.number
      command.control.asset = asset.number
      command.control.amount = amount
      command.control.detail = request.silent ? 1 : 0
      commands.append(command)
    }
    return commands
  }

  private func faults(_ agent: ControlAgent) throws(RequestError) -> [SimulatorCommand] {
    var commands: [SimulatorCommand] = []
    func add(_ kind: SimulatorCommand.Kind, _ a: Int64 = 0, _ b: Int64 = 0, _ instrument: InstrumentID = .none) {
      var command = SimulatorCommand(kind)
      command.a = a
      command.b = b
      command.instrument = instrument
      commands.append(command)
    }
    if request.clear { add(.clear) }
    if let count = request.dropAck { add(.dropAcknowledgements, count) }
    if let count = request.duplicateAck { add(.duplicateAcknowledgements, count) }
    if let reject = request.reject {
      let parts = reject.split(separator: ":")
      guard let code = parts.first.flatMap({ Int64($0) }), parts.count <= 2 else {
        throw .usage("value", "reject '\(reject)' is not CODE or CODE:N")
      }
      add(.reject, code, parts.count == 2 ? Int64(parts[1]) ?? 1 : 1)
    }
    if let interval = request.disconnect { add(.disconnect, interval) }
    if let symbol = request.staleFeed { add(.staleFeed, 0, 0, try rules(agent, symbol).id) }
    if let symbol = request.sequenceGap { add(.sequenceGap, 0, 0, try rules(agent, symbol).id) }
    if let count = request.rateLimit { add(.rateLimit, count) }
    if let partial = request.partial {
      add(.partial, try Resolver.partsPerMillion(partial, "partial") / 10_000)
    }
    if let interval = request.lateFill { add(.lateFills, interval) }
    if let count = request.lostCancel { add(.loseCancels, count) }
    if request.authFail { add(.refuseKey) }
    guard !commands.isEmpty else { throw .usage("value", "a fault must be named, or --clear") }
    return commands
  }
}
