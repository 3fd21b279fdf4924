/// The exchange of a simulated world and the wires to it. It outlives every run of the engine, and its ledger is what
/// checkers compare with.
///
/// Owner: one world, one thread.
final class VenueLink {
  static let venue = VenueID(number: 1)
  /// House accounts of the exchange come before the customers.
  static let houseAccounts: UInt16 = 3
  /// A request older than its deadline by more is refused.
  static let receiveWindow: Int64 = 20_000_000

  private struct Travelling {
    var request: VenueRequest
    var arrival: Int64
  }

  private struct Delivery {
    var event: VenueEvent
    var due: Int64
  }

  var exchange: Exchange
  /// When the world begins.
  let start: Int64
  let faults: FaultPlan
  /// Before heal and after warm-up.
  var isChaos = false
  private var streams: [SplitMix64]
  private var requests = WaitingLine<Travelling>()
  /// Questions and cancels on a connection of their own.
  private var sideRequests = WaitingLine<Travelling>()
  private var answers = WaitingLine<Delivery>()
  private var news = WaitingLine<Delivery>()
  private var late = WaitingLine<Delivery>()
  /// What the door itself has to say.
  private var local = WaitingLine<Delivery>()
  private(set) var session = 0
  private(set) var isConnected = false
  private(set) var linkUpAt = Int64.max
  private(set) var tops: [TopOfBook]
  private let instrumentCount: Int

  /// Every wire id that an order frame carried, and how many frames.
  private(set) var frames: [Text32: Int] = [:]
  /// Wire ids of frames that left before their intent was on the disk, as those that reduce risk may.
  var loose: Set<Text32> = []
  /// Wire ids that the exchange took.
  private(set) var placed: Set<Text32> = []
  /// Wire ids that it was asked for and denied once.
  private var denied: Set<Text32> = []
  /// Those that it took once more: its own memory of ids ends with the order.
  private(set) var placedTwice: [Text32] = []
  /// What balances in futures moved by without a fill, by account.
  private(set) var outside: [Int: Money] = [:]
  /// What the exchange was told, for its restart.
  private(set) var history: [ExchangeInput] = []
  let options: ExchangeOptions
  let probes: Probes
  /// Sees every order frame before it leaves: `nil` when it may.
  var inspect: ((VenueRequest) -> Void)?
  /// Called with the number of door calls made: a world may die in the middle of one.
  var trap: (call: UInt64, action: () -> Void)?
  private(set) var callCount: UInt64 = 0
  var isDead = false

  enum ExchangeInput {
    case control(ExchangeControl, ExchangeStamp)
    case request(VenueRequest, ExchangeStamp)
  }

  init(_ settings: WorldSettings, seed: SplitMix64, probes: Probes) {
    let (setup, options, faults) = (settings.setup, settings.exchange, settings.faults)
    start = settings.start
    exchange = Exchange(options, startingAt: UTCTime(nanoseconds: start))
    self.faults = faults
    self.options = options
    self.probes = probes
    streams = FaultKind.allCases.map { seed.stream(0x6C69_6E6B + UInt64($0.rawValue)) }
    instrumentCount = setup.allInstruments.count
    tops = Array(repeating: TopOfBook(), count: instrumentCount + 1)
    for control in setup.controls { apply(control, at: 0) }
    publish(0)
  }

  private func strikes(_ kind: FaultKind, _ low: UInt64, _ extreme: UInt64, in whole: UInt64) -> Bool {
    guard isChaos else { return false }
    return faults.strikes(kind, low, extreme, in: whole, &streams[Int(kind.rawValue) - 1])
  }

  func draw(_ kind: FaultKind, _ bound: Int64) -> Int64 {
    Int64(streams[Int(kind.rawValue) - 1].below(UInt64(bound)))
  }

  // MARK: The link

  /// A new run of the engine: what was under way to the old one is gone, what the old one sent arrives or not.
  func beginSession(now: Int64) {
    session += 1
    isDead = false
    trap = nil
    dropDeliveries()
    local.removeAll()
    connect(at: now + 1_000_000)
  }

  func endSession() {
    session += 1
    isConnected = false
    linkUpAt = .max
    dropDeliveries()
    local.removeAll()
  }

  /// The wires are good again: what was held up on them arrives within a moment.
  func heal(_ now: Int64) {
    isChaos = false
    let soon = now + 500_000
    requests.forEach { $0.arrival = min($0.arrival, soon) }
    sideRequests.forEach { $0.arrival = min($0.arrival, soon) }
    answers.forEach { $0.due = min($0.due, soon) }
    news.forEach { $0.due = min($0.due, soon) }
  }

  private func dropDeliveries() {
    answers.removeAll()
    news.removeAll()
    late.removeAll()
  }

  private func connect(at time: Int64) {
    isConnected = false
    linkUpAt = time
  }

  func disconnect(now: Int64, for interval: Int64) {
    guard isConnected else { return }
    probes.hit(.disconnected)
    dropDeliveries()
    // What was on the wire to the exchange arrives up to some point.
    let cut = draw(.disconnect, 4)
    if cut > 0 { requests.cut(to: Int(draw(.disconnect, Int64(requests.count + 1)))) }
    var event = VenueEvent(.disconnected)
    event.venue = Self.venue
    answers.push(Delivery(event: event, due: now))
    connect(at: now + interval)
  }

  private func raiseLink() {
    isConnected = true
    var event = VenueEvent(.connected)
    event.venue = Self.venue
    push(&answers, event, due: linkUpAt)
    linkUpAt = .max
    publish(lastTime)
  }

  private func delay() -> Int64 {
    let base: Int64 = 200_000
    guard isChaos else { return base }
    switch faults[.latency] {
    case .off: return base
    case .low: return base + draw(.latency, 5_000_000)
    case .extreme:
      // Now and then longer than anybody waits.
      if draw(.latency, 60) == 0 { return base + draw(.latency, 3_000_000_000) }
      return base + draw(.latency, 80_000_000)
    }
  }

  // MARK: The door

  func submit(_ request: VenueRequest, now: Int64, session: Int) -> Bool {
    callCount += 1
    if let trap, trap.call == callCount, !isDead {
      self.trap = nil
      // Half the deaths come before the frame, half behind it.
      if callCount % 2 == 0 { trap.action() }
      if !isDead { take(request, now) }
      if !isDead { trap.action() }
      return true
    }
    guard !isDead, session == self.session else { return true }
    take(request, now)
    return true
  }

  private func take(_ request: VenueRequest, _ now: Int64) {
    guard isConnected else { return answerLocally(.notSent, request, due: now) }
    inspect?(request)
    switch request.kind {
    case .newOrder: frames[request.wireID, default: 0] += 1
    case .amendOrder where !request.newWireID.isEmpty: frames[request.newWireID, default: 0] += 1
    default: break
    }
    if Self.isOrderRequest(request), strikes(.lostRequest, 20, 150, in: 1_000) {
      probes.hit(.requestLost)
      if draw(.lostRequest, 2) == 0 { answerLocally(.outcomeUnknown, request, due: now + 500_000_000) }
      return
    }
    let isSide = isChaos && faults[.reorder] != .off && request.kind != .newOrder && request.kind != .amendOrder
    let entry = Travelling(request: request, arrival: now + delay())
    if isSide { pushInOrder(&sideRequests, entry) } else { pushInOrder(&requests, entry) }
  }

  private static func isOrderRequest(_ request: VenueRequest) -> Bool {
    request.kind == .newOrder || request.kind == .cancelOrder || request.kind == .amendOrder
  }

  private func pushInOrder(_ line: inout WaitingLine<Travelling>, _ entry: Travelling) {
    var entry = entry
    if let last = line.last { entry.arrival = max(entry.arrival, last.arrival) }
    line.push(entry)
  }

  private func answerLocally(_ kind: VenueEvent.Kind, _ request: VenueRequest, due: Int64) {
    var event = VenueEvent(kind, to: request)
    event.venue = Self.venue
    push(&local, event, due: due)
  }

  private func push(_ line: inout WaitingLine<Delivery>, _ event: VenueEvent, due: Int64) {
    line.push(Delivery(event: event, due: max(due, line.last?.due ?? 0)))
  }

  func poll(now: Int64, session: Int) -> VenueEvent? {
    guard !isDead, session == self.session else { return nil }
    let dues = (
      answers.first?.due ?? .max, news.first?.due ?? .max, late.first?.due ?? .max, local.first?.due ?? .max
    )
    let first = min(dues.0, dues.1, dues.2, dues.3)
    guard first <= now else { return nil }
    callCount += 1
    let event =
      first == dues.0 ? answers.pop() : first == dues.1 ? news.pop() : first == dues.2 ? late.pop() : local.pop()
    if let trap, trap.call == callCount {
      // Dies with the event in hand.
      self.trap = nil
      trap.action()
      return nil
    }
    return event?.event
  }

  /// When something happens at the exchange or arrives at the engine.
  var nextDue: Int64 {
    let arrivals = min(requests.first?.arrival ?? .max, sideRequests.first?.arrival ?? .max)
    return min(nextDelivery, min(arrivals, min(linkUpAt, nextTick)))
  }

  var nextDelivery: Int64 {
    min(
      min(answers.first?.due ?? .max, news.first?.due ?? .max),
      min(late.first?.due ?? .max, local.first?.due ?? .max))
  }

  /// Nothing is on its way.
  var isIdle: Bool {
    requests.count + sideRequests.count + answers.count + news.count + late.count + local.count == 0
  }

  private var nextTick: Int64 { exchange.nextTickTime.nanoseconds - start }

  // MARK: The exchange

  private var lastTime: Int64 = 0

  /// Lets the exchange live until `now`.
  func run(to now: Int64) {
    while true {
      let arrival = min(requests.first?.arrival ?? .max, sideRequests.first?.arrival ?? .max)
      let next = min(arrival, min(nextTick, linkUpAt))
      guard next <= now else { break }
      if linkUpAt <= next {
        raiseLink()
      } else if arrival <= nextTick {
        advance(to: arrival)
        let isSide = (sideRequests.first?.arrival ?? .max) == arrival
        if let entry = isSide ? sideRequests.pop() : requests.pop() { handle(entry) }
      } else {
        advance(to: nextTick)
      }
    }
    advance(to: now)
    if isConnected { publish(now) }
    lastTime = now
  }

  private func advance(to time: Int64) {
    while true {
      let isDone = exchange.advance(to: UTCTime(nanoseconds: start + time))
      deliverOutput(time, to: nil)
      if isDone { return }
    }
  }

  func apply(_ control: ExchangeControl, at now: Int64) {
    advance(to: now)
    let stamp = ExchangeStamp(time: exchange.time)
    history.append(.control(control, stamp))
    exchange.control(control, at: stamp)
    deliverOutput(now, to: nil)
  }

  private func handle(_ entry: Travelling) {
    if let refusal = doorRefusal(entry.request) { return deliver(refusal, at: entry.arrival) }
    var inner = entry.request
    inner.account = AccountID(number: inner.account.number + Self.houseAccounts)
    let isLate = entry.arrival > inner.signBy.advanced(byNanoseconds: Self.receiveWindow).nanoseconds
    let stamp = ExchangeStamp(
      time: max(exchange.time, UTCTime(nanoseconds: start + entry.arrival)), isLate: isLate)
    history.append(.request(inner, stamp))
    exchange.apply(inner, at: stamp)
    deliverOutput(entry.arrival, to: entry.request)
  }

  /// A refusal that comes from the edge of the exchange: its matching engine never saw the request.
  private func doorRefusal(_ request: VenueRequest) -> VenueEvent? {
    guard Self.isOrderRequest(request), strikes(.reject, 10, 150, in: 1_000) else { return nil }
    probes.hit(.requestRefused)
    let codes: [ExchangeRefusal] = [.tooManyRequests, .tooManyOrders, .closed, .insufficientBalance, .badKey]
    let refusal = codes[Int(draw(.reject, Int64(codes.count)))]
    var event = VenueEvent(
      request.kind == .cancelOrder ? .cancelRejected : request.kind == .amendOrder ? .amendRejected : .rejected)
    event.wireID = request.wireID
    event.requestID = request.requestID
    event.account = AccountID(number: request.account.number + Self.houseAccounts)
    event.instrument = request.instrument
    event.sideRaw = request.sideRaw
    event.code = refusal.rawValue
    event.remedyRaw = refusal.remedy.rawValue
    if event.remedy == .throttled { event.retryAfterNanoseconds = 200_000_000 }
    return event
  }

  private func deliverOutput(_ time: Int64, to request: VenueRequest?) {
    guard exchange.output.count > 0 else { return }
    let isOrder = request.map { Self.isOrderRequest($0) } ?? false
    let isLost = isOrder && strikes(.lostAnswer, 20, 200, in: 1_000)
    let isRepeated = isOrder && strikes(.repeatedAnswer, 30, 300, in: 1_000)
    if isLost { probes.hit(.answerLost) }
    while let event = exchange.output.pop() {
      if event.kind == .accepted, !event.wireID.isEmpty, !placed.insert(event.wireID).inserted {
        placedTwice.append(event.wireID)
      }
      noteOutside(event)
      let event = seen(event, by: request)
      let isAnswer = isOrder && event.wireID == request?.wireID && event.requestID == request?.requestID
      if isLost && isAnswer { continue }
      deliver(event, at: time)
      if isRepeated && event.wireID == request?.wireID {
        probes.hit(.answerRepeated)
        deliver(event, at: time)
      }
    }
    if isLost, let request, draw(.lostAnswer, 2) == 0 {
      answerLocally(.outcomeUnknown, request, due: time + 500_000_000)
    }
  }

  /// One answer about an order may come from a copy of the exchange that has not heard of it. Not two: of what is denied
  /// time and again nobody could know better.
  private func seen(_ event: VenueEvent, by request: VenueRequest?) -> VenueEvent {
    guard let request, request.kind == .queryOrder, event.requestID == request.requestID,
      event.kind != .orderAbsent, !denied.contains(request.wireID), strikes(.blindRead, 100, 500, in: 1_000)
    else { return event }
    probes.hit(.readBlind)
    denied.insert(request.wireID)
    var absent = VenueEvent(.orderAbsent)
    absent.wireID = request.wireID
    absent.requestID = request.requestID
    absent.account = event.account
    absent.instrument = request.instrument
    return absent
  }

  /// What moves a balance and is no fill: funding, and what the insurance account paid. Told once, heard or not.
  private func noteOutside(_ event: VenueEvent) {
    guard event.account.number > Self.houseAccounts else { return }
    let account = Int(event.account.number - Self.houseAccounts)
    if event.kind == .funding { outside[account, default: .zero] -= event.fee }
    if event.kind == .balance, event.isForced != 0 { outside[account, default: .zero] += event.fee }
  }

  private func deliver(_ event: VenueEvent, at time: Int64) {
    guard isConnected, event.account.number > Self.houseAccounts else { return }
    var event = event
    event.account = AccountID(number: event.account.number - Self.houseAccounts)
    event.venue = Self.venue
    let due = time + delay()
    if event.kind == .fill, event.isReplay == 0, strikes(.lateFill, 50, 400, in: 1_000) {
      probes.hit(.fillLate)
      return push(&late, event, due: due + draw(.lateFill, 2_000_000_000))
    }
    let isApart = isChaos && faults[.reorder] != .off
    if isApart && Self.isNews(event) { push(&news, event, due: due) } else { push(&answers, event, due: due) }
  }

  private static func isNews(_ event: VenueEvent) -> Bool {
    switch event.kind {
    case .fill: event.isReplay == 0
    case .cancelled, .expired, .triggered, .bust, .funding, .marginCall: true
    case .balance, .position: event.requestID == 0
    default: false
    }
  }

  /// Best prices, as long as the link is up.
  private func publish(_ now: Int64) {
    for number in 1...instrumentCount {
      let market = exchange.markets[number]
      let (bid, ask) = exchange.books[number].bestLevels
      var top = TopOfBook()
      if bid != MatchingBook.noBid { top.bid = bid * market.rules.tick }
      if ask != MatchingBook.noAsk { top.ask = ask * market.rules.tick }
      top.last = market.last
      top.mark = market.mark
      top.index = market.index
      top.bookSequence = market.bookSequence
      top.updatedAt = EngineTime(nanoseconds: now)
      top.isValid = 1
      tops[number] = top
    }
  }
}
