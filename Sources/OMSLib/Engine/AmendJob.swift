/// `amend`: changes price or size and follows the order until the venue has answered.
final class AmendJob: Job {
  private let amend: AmendRequest
  private var token: UInt64 = 0
  private var orderNumber: UInt64 = 0
  private var input = AmendOrderInput()
  private var preview: OrderPreview?

  init(_ agent: ControlAgent, _ client: ClientID?, _ number: UInt64, _ amend: AmendRequest) {
    self.amend = amend
    super.init(agent, client, number, timeout: amend.timeout)
  }

  override func settles() -> Bool { true }
  override func wants(_ token: UInt64) -> Bool { self.token == token || preview?.wants(token) == true }

  override func step(_ agent: ControlAgent) -> Bool {
    do throws(RequestError) {
      if let preview { return try show(agent, preview) }
      if token == 0 { try ask(agent) }
      if orderNumber == 0 {
        guard let reply = agent.takeAnswer(token) else { return try silence(agent) }
        switch Reply.Outcome(rawValue: reply.outcomeRaw) {
        case .accepted, .replayed: orderNumber = reply.orderNumber
        case .wouldPass: return try judged(agent)
        default: throw Refusals.error(reply, account: nil, symbol: nil, id: amend.id)
        }
      }
      return try follow(agent)
    } catch {
      var full = error
      if full.id == nil { full.id = amend.id }
      return fail(agent, full)
    }
  }

  private func ask(_ agent: ControlAgent) throws(RequestError) {
    guard let order = agent.view.order(named: amend.id) else { throw ControlAgent.unknownOrder(amend.id) }
    let rules = agent.view.names.instrument(order.image.instrument) ?? Instrument()
    try agent.resolver.checkMode(order.image.account, amend.consent)
    input.id = order.image.id
    if let quantity = amend.quantity { input.quantity = try Resolver.quantity(quantity, rules, amend.round) }
    if let limit = amend.limit { input.price = try Resolver.price(limit, "limit", rules, amend.round) }
    if let stop = amend.stop { input.stopPrice = try Resolver.price(stop, "stop", rules, amend.round) }
    input.mayReplace = amend.cancelReplace ? 1 : 0
    // Confirmation is the last lock: the core judges first.
    let isLive = agent.view.names.account(order.image.account)?.mode == .live
    input.isDryRun = amend.consent.dryRun || (isLive && !amend.consent.yes) ? 1 : 0
    token = agent.makeToken()
    input.token = token
    agent.ask(HotMessage(.amendOrder, input, instrument: rules.id))
  }

  private func silence(_ agent: ControlAgent) throws(RequestError) -> Bool {
    guard isLate(agent) else { return false }
    var error = RequestError("outcome.unknown", exit: 30, "the amend was not answered in time")
    error.sent = "unknown"
    error.retry = .sameID
    throw error
  }

  // MARK: Without doing it

  /// It would pass: what it would come to is shown.
  private func judged(_ agent: ControlAgent) throws(RequestError) -> Bool {
    guard let image = agent.view.order(named: amend.id)?.image,
      let rules = agent.view.names.instrument(image.instrument)
    else { throw ControlAgent.unknownOrder(amend.id) }
    var step = OrderPreview.Step(account: image.account, rules: rules, side: Side(rawValue: image.sideRaw) ?? .buy)
    step.action = "amend"
    step.quantity = input.quantity > 0 ? input.quantity : image.quantity
    step.price = input.price > 0 ? input.price : image.price > 0 ? image.price : nil
    step.reason = "was \(Self.terms(image, rules))"
    // What it has reserved already is within the limits.
    step.reserved = image.price > 0 ? OrderPreview.notional(image.quantity - image.filled, image.price, rules) : nil
    let preview = OrderPreview(step, agent)
    self.preview = preview
    return try show(agent, preview)
  }

  private static func terms(_ image: OrderImage, _ rules: Instrument) -> String {
    let quantity = Decimal(mantissa: Int128(image.quantity), scale: Int(rules.quantityScale))?.description ?? ""
    guard image.price > 0 else { return quantity }
    return quantity + " at " + Decimal(Price(mantissa: image.price), scale: Int(rules.priceScale)).description
  }

  private func show(_ agent: ControlAgent, _ preview: OrderPreview) throws(RequestError) -> Bool {
    guard preview.step(agent) || isLate(agent) else { return false }
    data(agent, preview.plan(agent))
    if amend.consent.dryRun { return end(agent, exit: 0) }
    throw RequestError("confirm.needed", exit: 12, "amending a live order: confirm it", hint: "say --yes")
  }

  // MARK: Following

  private func follow(_ agent: ControlAgent) throws(RequestError) -> Bool {
    guard let order = agent.view.order(orderNumber) else { return false }
    let status = OrderStatus(rawValue: order.image.statusRaw) ?? .unknown
    let isPending = status == .pendingAmend || status == .unknown || status == .new
    guard !isPending || isLate(agent) else { return false }
    data(agent, agent.view.object(order, durableLsn: agent.ring.durableLsn))
    if isPending { throw OrderVerdict.unanswered("the amend", of: order.image) }
    if status.isDone {
      var error = RequestError("outcome.\(status.word)", exit: 24, "order \(amend.id) is \(status.word)")
      error.sent = "yes"
      throw error
    }
    guard isAsAsked(order.image) else { throw refusal(order.image) }
    return end(agent, exit: 0)
  }

  private func isAsAsked(_ image: OrderImage) -> Bool {
    (input.quantity == 0 || input.quantity == image.quantity) && (input.price == 0 || input.price == image.price)
      && (input.stopPrice == 0 || input.stopPrice == image.stopPrice)
  }

  /// The venue left the order as it was, or never heard of it.
  private func refusal(_ image: OrderImage) -> RequestError {
    guard image.venueCode != 0 else {
      var error = RequestError("outcome.not_sent", exit: 16, "the amend of \(amend.id) did not leave: no link")
      error.retry = .sameID
      error.retryAfterMilliseconds = 1_000
      return error
    }
    let outcome = VenueOutcome(ExchangeRefusal(rawValue: image.venueCode)?.remedy ?? .refused)
    var error = RequestError(
      outcome.exit == 20 ? "venue.amend_rejected" : outcome.code, exit: outcome.exit,
      "the venue did not change order \(amend.id): code \(image.venueCode)")
    error.sent = "yes"
    error.venueCode = String(image.venueCode)
    return error
  }
}
