/// The door to an exchange in another process.
///
/// That process may end and come back: then the link is down, nothing is sent, and everything is registered anew when it
/// is up. What was under way is left to whoever sent it: no answer means unknown.
///
/// Owner: one hot thread. The first event of a link is `connected`; nothing that an earlier engine was meant to hear is
/// passed on.
@safe package struct SharedVenueDoor: ~Copyable, VenueDoor {
  private struct Link: ~Copyable {
    // Before the region: the rings lie in it and end first.
    var requests: RingProducer<SharedExchangeRequest>
    var events: RingConsumer<SharedExchangeEvent>
    let region: SharedExchangeRegion
    let epoch: UInt64
    var beat: UInt64
    var beatAt: EngineTime

    init(_ region: consuming SharedExchangeRegion, epoch: UInt64, now: EngineTime) {
      requests = region.requestProducer()
      events = region.eventConsumer()
      beat = region.beatSeen
      beatAt = now
      self.region = region
      self.epoch = epoch
    }
  }

  private struct Registration {
    var name: Text64
    var number: UInt16
    var kind: SharedExchangeRequest.Kind
  }

  /// A book that somebody wants to see. One is open at a time.
  private struct BookQuestion {
    var token: UInt64
    var instrument: InstrumentID
    var depth: Int
    /// When it was asked or answered: one that is left alone makes room for the next.
    var since: EngineTime
    var counts: (bids: Int, asks: Int)?
  }

  private let name: String
  private let venue: VenueID
  private var link: Link?
  private var registrations: [Registration] = []
  /// Of them, those that the exchange was told on this link.
  private var told = 0
  private let tops = Rows<TopOfBook>(zeroed: Limits.instrumentCount)
  /// What this side says by itself: requests that did not leave, the link that broke.
  private var own = DeliveryQueue(capacity: 1 << 13)
  private var nextEpoch: UInt64
  /// Calendar time minus engine time, as last seen.
  private var offset: Int64
  private var polledAt: EngineTime
  private var retryAt: EngineTime
  /// Commands of people that the exchange was told and has not answered.
  private var steered: [UInt64] = []
  private var outcomes: [(token: UInt64, outcome: SimulatorOutcome)] = []
  private var question: BookQuestion?
  private var nextQuestion: UInt64 = 0

  /// How often to look: nothing wakes the engine when the other process writes.
  private static let pollNanoseconds: Int64 = 1_000_000
  /// How long an exchange may show no sign of life before the kernel is asked about it, and a broken link be left alone.
  package static let patienceNanoseconds: Int64 = 50_000_000
  /// How long a question for a book waits for its answer, and an answer for whoever asked.
  private static let questionNanoseconds: Int64 = 1_000_000_000
  private static let answerNanoseconds: Int64 = 20_000_000
  private static let steeredMax = 1 << 10

  /// `epoch` is that of the engine's run: above those of all runs before. The link need not be there yet.
  package init(name: String, venue: VenueID, epoch: UInt32, now: EngineTime, utc: UTCTime) {
    precondition(epoch != 0, "an engine has an epoch")
    self.name = name
    self.venue = venue
    nextEpoch = UInt64(epoch) << 24
    offset = utc.nanoseconds - now.nanoseconds
    polledAt = now
    retryAt = now
    connect(now)
  }

  /// Whether there is an exchange at the other end, as far as is known.
  package var isUp: Bool {
    switch link {
    case .some: true
    case .none: false
    }
  }

  // MARK: Names

  package mutating func register(account: AccountID, name: Text64) {
    register(.registerAccount, account.number, name)
  }

  package mutating func register(instrument: InstrumentID, name: Text32) {
    var text = Text64()
    text.low = name
    register(.registerInstrument, instrument.number, text)
  }

  package mutating func register(asset: AssetID, name: Text32) {
    var text = Text64()
    text.low = name
    register(.registerAsset, asset.number, text)
  }

  private mutating func register(_ kind: SharedExchangeRequest.Kind, _ number: UInt16, _ name: Text64) {
    registrations.append(Registration(name: name, number: number, kind: kind))
    _ = tellNames()
  }

  /// `false`: not all of them, the other side is a whole ring behind.
  private mutating func tellNames() -> Bool {
    while told < registrations.count {
      let registration = registrations[told]
      var message = SharedExchangeRequest(registration.kind)
      message.number = registration.number
      message.name = registration.name
      guard link?.requests.tryPush(message) == true else { return false }
      told += 1
    }
    return true
  }

  // MARK: The door

  package mutating func submit(_ request: VenueRequest, now: EngineTime, utc: UTCTime) -> Bool {
    offset = utc.nanoseconds - now.nanoseconds
    guard let epoch = link?.epoch else {
      guard own.room > 2 else { return false }
      own.push(Self.notSent(request), due: now)
      return true
    }
    guard tellNames() else { return false }
    var message = SharedExchangeRequest(.request)
    message.request = request
    message.epoch = epoch
    if request.signBy != .never { message.request.signBy = request.signBy.advanced(byNanoseconds: offset) }
    return link?.requests.tryPush(message) == true
  }

  /// Refused at once: no exchange, or no room. Else `takeOutcome` has the exchange's word later.
  package mutating func obey(_ command: SimulatorCommand) -> SimulatorOutcome {
    guard let epoch = link?.epoch, command.isInRange, steered.count < Self.steeredMax, tellNames() else {
      return .refused
    }
    var message = SharedExchangeRequest(.steer)
    message.command = command
    message.epoch = epoch
    guard link?.requests.tryPush(message) == true else { return .refused }
    steered.append(command.token)
    return .later
  }

  /// What became of a command that was told, by its token.
  package mutating func takeOutcome() -> (token: UInt64, outcome: SimulatorOutcome)? {
    outcomes.isEmpty ? nil : outcomes.removeFirst()
  }

  /// Levels of both sides, the best first. `false`: they are under way, ask again.
  package mutating func forEachLevel(
    of instrument: InstrumentID, depth: Int, now: EngineTime,
    _ body: (_ side: Side, _ price: Int64, _ quantity: Int64) -> Void
  ) -> Bool {
    guard isUp else { return true }
    guard let open = question, now.nanoseconds - open.since.nanoseconds < Self.patience(open) else {
      ask(BookQuestion(token: 0, instrument: instrument, depth: depth, since: now, counts: nil))
      return false
    }
    guard open.instrument == instrument, open.depth == depth, let counts = open.counts else { return false }
    for (side, count) in [(Side.buy, counts.bids), (.sell, counts.asks)] {
      for index in 0..<count {
        guard let level = link?.region.level(side, index) else { break }
        body(side, level.price, level.quantity)
      }
    }
    question = nil
    return true
  }

  private static func patience(_ question: BookQuestion) -> Int64 {
    question.counts == nil ? questionNanoseconds : answerNanoseconds
  }

  private mutating func ask(_ fresh: BookQuestion) {
    guard let epoch = link?.epoch, tellNames() else { return }
    nextQuestion += 1
    var message = SharedExchangeRequest(.levels)
    message.token = nextQuestion | Self.bookMark
    message.number = fresh.instrument.number
    message.depth = UInt32(clamping: fresh.depth)
    message.epoch = epoch
    guard link?.requests.tryPush(message) == true else { return }
    question = fresh
    question?.token = message.token
  }

  /// Tells questions for books from tokens of commands.
  private static let bookMark: UInt64 = 1 << 63

  private mutating func take(answer message: SharedExchangeEvent, _ now: EngineTime) {
    if message.token & Self.bookMark != 0 {
      guard message.token == question?.token else { return }
      question?.since = now
      question?.counts = (min(Int(message.bidCount), Limits.bookDepth), min(Int(message.askCount), Limits.bookDepth))
    } else if let place = steered.firstIndex(of: message.token) {
      steered.remove(at: place)
      outcomes.append((message.token, SimulatorOutcome(rawValue: message.outcomeRaw) ?? .refused))
    }
  }

  package mutating func poll(now: EngineTime, utc: UTCTime) -> VenueEvent? {
    offset = utc.nanoseconds - now.nanoseconds
    polledAt = now
    if let event = own.pop() { return event }
    guard isUp else {
      if now >= retryAt { connect(now) }
      return nil
    }
    _ = tellNames()
    while let message = link?.events.tryPop() {
      guard message.epoch == link?.epoch else { continue }
      if message.token != 0 {
        take(answer: message, now)
        continue
      }
      guard !message.instrument.isNone else { return message.event }
      guard message.instrument.index < Limits.instrumentCount else { continue }
      var top = message.top
      top.updatedAt = EngineTime(nanoseconds: min(top.updatedAt.nanoseconds - offset, now.nanoseconds))
      tops[message.instrument.index] = top
    }
    guard isBroken(now) else { return nil }
    return disconnect(now)
  }

  package func top(of instrument: InstrumentID) -> TopOfBook {
    instrument.index < Limits.instrumentCount ? tops[instrument.index] : TopOfBook()
  }

  package var nextDue: EngineTime {
    if own.nextDue != .never { return .zero }
    return isUp ? polledAt.advanced(byNanoseconds: Self.pollNanoseconds) : retryAt
  }

  // MARK: The link

  private mutating func connect(_ now: EngineTime) {
    retryAt = now.advanced(byNanoseconds: Self.patienceNanoseconds)
    guard let region = try? SharedExchangeRegion.open(name: name), region.isHeld else { return }
    nextEpoch += 1
    var fresh = Link(region, epoch: nextEpoch, now: now)
    var message = SharedExchangeRequest(.attach)
    message.epoch = nextEpoch
    guard fresh.requests.tryPush(message) else { return }
    link = consume fresh
    told = 0
    _ = tellNames()
  }

  /// The kernel is asked only about an exchange that shows no sign of life.
  private mutating func isBroken(_ now: EngineTime) -> Bool {
    guard let beat = link?.region.beatSeen, let isDamaged = link?.events.isDamaged else { return false }
    if isDamaged { return true }
    if beat != link?.beat {
      link?.beat = beat
      link?.beatAt = now
      return false
    }
    guard let since = link?.beatAt, now.nanoseconds - since.nanoseconds >= Self.patienceNanoseconds else {
      return false
    }
    link?.beatAt = now
    return link?.region.isHeld == false
  }

  private mutating func disconnect(_ now: EngineTime) -> VenueEvent {
    link = nil
    retryAt = now
    question = nil
    outcomes += steered.map { ($0, .unknown) }
    steered = []
    for index in 0..<tops.count { tops[index].isValid = 0 }
    var event = VenueEvent(.disconnected)
    event.venue = venue
    return event
  }

  private static func notSent(_ request: VenueRequest) -> VenueEvent {
    var event = VenueEvent(.notSent, to: request)
    event.venueOrder = request.venueOrder
    return event
  }
}
