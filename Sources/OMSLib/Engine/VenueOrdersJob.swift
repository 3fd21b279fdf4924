/// `orders --venue-view`: orders as the venue has them, whatever our records say. Without ids those that are open there.
final class VenueOrdersJob: Job {
  private struct Question {
    var read: VenueRead
    /// The order that was asked for by its id.
    var order: JournalView.Order?
  }

  private let request: OrdersRequest
  private var questions: [Question]?
  private var next = 0
  private var missing = 0
  /// Ours by the wire id the venue has them under.
  private var known: [Text32: JournalView.Order] = [:]

  init(_ agent: ControlAgent, _ client: ClientID?, _ number: UInt64, _ request: OrdersRequest) {
    self.request = request
    super.init(agent, client, number, timeout: nil, standard: 10_000_000_000)
  }

  override func wants(_ token: UInt64) -> Bool {
    guard let questions, next < questions.count else { return false }
    return questions[next].read.wants(token)
  }

  override func patience(_ agent: ControlAgent) -> Int32 { 2 }

  override func step(_ agent: ControlAgent) -> Bool {
    do throws(RequestError) {
      if questions == nil { questions = try begin(agent) }
      let all = questions ?? []
      while next < all.count {
        guard all[next].read.step(agent) else {
          guard isLate(agent) else { return false }
          throw RequestError("venue.silent", exit: 31, "the venue has not answered in time")
        }
        try show(agent, all[next])
        next += 1
      }
      return end(agent, exit: missing == 0 ? 0 : 18)
    } catch {
      return fail(agent, error)
    }
  }

  private func begin(_ agent: ControlAgent) throws(RequestError) -> [Question] {
    guard request.since == nil, request.until == nil else {
      throw .usage("value", "the venue is asked for what is there now: leave --since and --until out")
    }
    let words = EventJSON(names: agent.view.names)
    if !request.ids.isEmpty {
      var questions: [Question] = []
      for id in request.ids {
        guard let order = agent.view.order(named: id) else { throw ControlAgent.unknownOrder(id) }
        // A foreign order has the venue's client id for an id.
        let wire = words.wireID(of: order.image) ?? order.image.id.low
        questions.append(Question(read: VenueRead(.queryOrder, order.image.account, wireID: wire), order: order))
      }
      return questions
    }
    guard request.isOpen != false else {
      throw .usage("value", "a venue lists what is open; name an order to see how it ended")
    }
    for order in agent.view.allOrders where OrderStatus(rawValue: order.image.statusRaw)?.isDone == false {
      known[words.wireID(of: order.image) ?? order.image.id.low] = order
    }
    let selected = try agent.resolver.selected(request.selection)
    return agent.resolver.activeAccounts.filter { selected.accounts.contains($0.number) }
      .map { Question(read: VenueRead(.queryOpenOrders, $0), order: nil) }
  }

  private func show(_ agent: ControlAgent, _ question: Question) throws(RequestError) {
    let selected = try agent.resolver.selected(request.selection)
    for event in question.read.answer {
      switch event.kind {
      case .orderReport:
        let image = image(of: event, question.order ?? known[event.wireID], agent)
        let status = OrderStatus(rawValue: image.statusRaw) ?? .unknown
        guard request.statuses.isEmpty || request.statuses.contains(status.word) else { continue }
        guard
          selected.contains(
            account: image.account, instrument: image.instrument, strategy: image.strategy, venue: image.venue)
        else { continue }
        var json = JSONWriter()
        EventJSON(names: agent.view.names).order(image, seq: 0, utc: agent.utc, to: &json)
        data(agent, json.bytes)
      case .orderAbsent:
        missing += 1
        let id = question.order?.image.id.description ?? ""
        var error = RequestError("notfound.order", exit: 18, "the venue does not know order '\(id)'")
        error.id = id
        self.error(agent, error)
      case .reportEnd: break
      default: throw RequestError("venue.refused", exit: 16, "the venue cannot be asked now (code \(event.code))")
      }
    }
  }

  /// What only we know of it (tags, session, strategy) as we have it, the rest as the venue has it.
  private func image(of event: VenueEvent, _ ours: JournalView.Order?, _ agent: ControlAgent) -> OrderImage {
    var image = ours?.image ?? OrderImage()
    if ours == nil {
      image.id.low = event.wireID
      image.account = event.account
      image.instrument = event.instrument
      image.fingerprint = 1
      let isOurs = WireID(event.wireID).map { $0.tag.description == agent.view.names.tag } ?? false
      image.ownerRaw = (isOurs ? OrderOwner.oms : .foreign).rawValue
      image.modeRaw = (agent.view.names.account(event.account)?.mode ?? .live).rawValue
      image.venue = agent.view.names.account(event.account)?.venue ?? .none
      image.created = event.placedAt
    }
    if image.filled != event.cumulative {
      // What it cost is not in the venue's list.
      image.filledNotional = .zero
      image.fee = .zero
    }
    image.sentRaw = SentState.yes.rawValue
    image.reasonRaw = Reason.none.rawValue
    image.venueOrder = event.venueOrder
    image.sideRaw = event.sideRaw
    image.price = event.price
    image.quantity = event.quantity
    image.filled = event.cumulative
    image.positionSideRaw = event.positionSideRaw
    image.updated = event.venueTime
    if event.orderKindRaw != 0 { image.kindRaw = event.orderKindRaw }
    if event.timeInForceRaw != 0 { image.timeInForceRaw = event.timeInForceRaw }
    image.flagsRaw = event.flagsRaw
    let status: OrderStatus =
      switch event.status {
      case .open, .waiting: event.cumulative > 0 ? .partial : .open
      case .filled: .filled
      case .cancelled: .cancelled
      case .expired: .expired
      case .rejected: .rejected
      case nil: .unknown
      }
    image.statusRaw = status.rawValue
    return image
  }
}
