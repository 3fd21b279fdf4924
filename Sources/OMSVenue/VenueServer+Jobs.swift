import OMSLib

/// Who asked, and how the answer gets there.
struct Caller: Sendable {
  enum Form: Sendable {
    case rest(ticket: UInt64)
    /// The id as it stood in the message.
    case socket(id: [UInt8])
  }

  var link: VenueLink
  var product: VenueProduct
  var peer: String
  var form: Form
  var face = TimeFace()
  var account: UInt16 = 0
  /// What was asked; `nil`: something that everybody may see, or nothing that was understood.
  var operation: Operation?
  var returnsRateLimits = true
  /// What the request costs when it fails; placing and cancelling cost nothing when they succeed.
  var weight = 0
  var isFreeOnSuccess = false
  /// Whether the answer says how many orders the account has placed.
  var countsOrders = false
  /// When it was signed, as it says itself.
  var signed = UTCTime.zero
  /// The end of its receive window: what reaches the exchange later is refused.
  var latest = EngineTime.never
  /// What was counted for it beforehand, by rule: given back when the exchange refuses.
  var counted: [Int] = []

  var place: RateDesk.Place { RateDesk.Place(product: product, peer: peer) }
  var owner: RateDesk.Owner { RateDesk.Owner(product: product, account: account) }
  var isSocket: Bool {
    if case .socket = form { return true }
    return false
  }
}

/// What became of one request to the exchange.
enum Outcome: Sendable {
  case done(VenueEvent)
  case refused(VenueEvent)
  case unknown

  var refusal: VenueEvent? {
    if case .refused(let event) = self { return event }
    return nil
  }

  var event: VenueEvent? {
    if case .done(let event) = self { return event }
    return nil
  }
}

extension VenueServer where Recorder: ~Copyable {
  /// Requests that belong together, and what is done when all of them are answered.
  struct Job {
    var caller: Caller?
    var outcomes: [Outcome?]
    var left: Int
    var then: (inout VenueServer, [Outcome], ServerTime) -> Void
  }

  /// How long an answer may take: behind it the caller hears that nobody knows.
  static var answerNanoseconds: Int64 { 10_000_000_000 }

  /// Sends requests to the exchange; `then` is called once when all are answered. With a caller it is not called when
  /// an answer got lost: the caller hears nothing until its time is over.
  mutating func run(
    _ requests: [VenueRequest], for caller: Caller?, at time: ServerTime,
    then: @escaping (inout VenueServer, [Outcome], ServerTime) -> Void
  ) {
    guard !requests.isEmpty else { return then(&self, [], time) }
    let latest = caller?.latest ?? .never
    // What follows another request of the same caller can be late although that one was not.
    guard time.now <= latest else {
      return then(&self, requests.map { .refused(SimulatedVenue<Recorder>.refusal(.late, of: $0)) }, time)
    }
    let (requests, spared) = spare(requests, of: caller)
    guard !requests.isEmpty else { return then(&self, spared, time) }
    let number = nextJob
    nextJob += 1
    jobs[number] = Job(
      caller: caller, outcomes: requests.map { _ in nil } + spared, left: requests.count, then: then)
    if caller != nil { deadlines.append((time.now.advanced(byNanoseconds: Self.answerNanoseconds), number)) }
    for (index, request) in requests.enumerated() {
      var request = request
      request.requestID = nextRequest
      if latest != .never { request.signBy = latest }
      nextRequest += 1
      places[request.requestID] = (number, index)
      if !backlog.isEmpty || !venue.submit(request, now: time.now, utc: time.utc) { backlog.append(request) }
    }
  }

  /// A question that changes nothing, so that its answer takes the way and the time that any answer takes.
  mutating func ask(
    for caller: Caller, at time: ServerTime, then: @escaping (inout VenueServer, ServerTime) -> Void
  ) {
    var request = VenueRequest(.queryOrder)
    request.account = AccountID(number: caller.account)
    request.wireID = Text32("?") ?? Text32()
    run([request], for: caller, at: time) { server, outcomes, time in
      if let refusal = outcomes[0].refusal {
        return server.answer(caller, .failure(server.error(of: refusal, caller.product, .query)), at: time)
      }
      then(&server, time)
    }
  }

  @discardableResult
  mutating func submitBacklog(at time: ServerTime) -> Bool {
    var sent = 0
    while sent < backlog.count, venue.submit(backlog[sent], now: time.now, utc: time.utc) { sent += 1 }
    backlog.removeFirst(sent)
    return sent > 0
  }

  mutating func take(_ event: VenueEvent, at time: ServerTime) {
    switch event.kind {
    case .disconnected:
      for link in links.keys.sorted(by: { $0.number < $1.number }) { abort(link) }
      // What was under way is lost, also to the server itself: it reads anew when the link is back.
      (jobs, places) = ([:], [:])
    case .connected: catchUpLists(at: time)
    default:
      if event.requestID != 0 { resolve(event, at: time) }
      if event.isReplay == 0 { tell(event, at: time) }
    }
  }

  private mutating func resolve(_ event: VenueEvent, at time: ServerTime) {
    guard let place = places[event.requestID], let outcome = Self.outcome(of: event) else { return }
    places[event.requestID] = nil
    if !event.wireID.isEmpty { ledger.resolve(event.account.number, event.wireID, venue.exchange) }
    guard var job = jobs.removeValue(forKey: place.job) else { return }
    job.outcomes[place.index] = outcome
    job.left -= 1
    guard job.left == 0 else {
      jobs[place.job] = job
      return
    }
    let outcomes = job.outcomes.compactMap { $0 }
    let isLost = outcomes.contains { if case .unknown = $0 { true } else { false } }
    if isLost && job.caller != nil {
      jobs[place.job] = job
      return
    }
    job.then(&self, outcomes, time)
  }

  /// `nil`: the answer goes on.
  private static func outcome(of event: VenueEvent) -> Outcome? {
    switch event.kind {
    case .rejected, .cancelRejected, .amendRejected: .refused(event)
    case .outcomeUnknown, .notSent: .unknown
    case .accepted, .amended, .cancelled, .orderAbsent, .reportEnd: .done(event)
    default: nil
    }
  }

  /// Whatever comes of a job later, its caller has heard that nobody knows.
  mutating func answerUnanswered(at time: ServerTime) {
    let error = VenueError(
      -1007, "Timeout waiting for response from backend server. Send status unknown; execution status unknown.",
      status: 504)
    var over = 0
    while over < deadlines.count, case let first = deadlines[over], first.due <= time.now || jobs[first.job] == nil {
      over += 1
      if let caller = jobs.removeValue(forKey: first.job)?.caller { answer(caller, .failure(error), at: time) }
    }
    deadlines.removeFirst(over)
  }
}
