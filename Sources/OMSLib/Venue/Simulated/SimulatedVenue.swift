/// The built-in exchange behind the door that the engine knows: numbers translated, latency, faults, published prices.
///
/// Owner: one hot thread. `submit` and `poll` allocate nothing. Everything the exchange takes in is written by the
/// recorder before the answer can be seen.
@safe package struct SimulatedVenue<Recorder: ExchangeRecorder & ~Copyable>: ~Copyable, VenueDoor {
  /// How long a sender waits for an answer before it calls the outcome unknown.
  package static var answerTimeoutNanoseconds: Int64 { 500_000_000 }
  private static var resynchronisationNanoseconds: Int64 { 1_000_000_000 }
  /// A longer gap is made up by the minute.
  private static var makeUpNanoseconds: Int64 { 600_000_000_000 }

  package internal(set) var exchange: Exchange
  package internal(set) var recorder: Recorder
  package let venue: VenueID
  /// The receive window: a request older than its deadline by more is refused.
  package var windowNanoseconds: Int64 = 20_000_000
  /// What `oms sim reset` opens the exchange with; without it there is no reset.
  package var opening: ExchangeSetup?
  var clock: MarketClock
  var faults = FaultState()
  var latencyNanoseconds: Int64 = 0
  var jitterNanoseconds: Int64 = 0
  private var jitter: SplitMix64

  // Engine numbers by the exchange's, and the other way round. 0: not registered.
  let accountOut: Rows<UInt16>
  let instrumentOut: Rows<UInt16>
  let assetOut: Rows<UInt16>
  let accountIn = Rows<UInt16>(zeroed: Limits.accountCount)
  let instrumentIn = Rows<UInt16>(zeroed: Limits.instrumentCount)
  let assetIn = Rows<UInt16>(zeroed: Limits.assetCount)

  private var arrivals = ArrivalQueue(capacity: 1 << 12)
  private var deliveries = DeliveryQueue(capacity: 1 << 16)
  private var late = DeliveryQueue(capacity: 1 << 13)
  /// Outcomes that will be called unknown.
  private var timeouts = DeliveryQueue(capacity: 1 << 12)
  private var linkUpAt = EngineTime.zero
  /// What nobody was told yet of the link.
  private var (owesDisconnected, owesConnected) = (false, false)

  private let tops = Rows<TopOfBook>(zeroed: Limits.instrumentCount)
  /// By engine instrument: 1 stale, 2 gapped.
  let feedFaults = Rows<UInt8>(zeroed: Limits.instrumentCount)
  private let feedGapEnds = Rows<Int64>(zeroed: Limits.instrumentCount)

  /// Opens a door to `exchange`, whose market goes on from where it is, or from `utc` if that is later.
  package init(
    _ exchange: consuming Exchange, venue: VenueID, recorder: consuming Recorder, speed: MarketSpeed = .times(1),
    now: EngineTime, utc: UTCTime
  ) {
    let capacity = exchange.options.capacity
    accountOut = Rows(zeroed: Int(capacity.accounts))
    instrumentOut = Rows(zeroed: Int(capacity.instruments))
    assetOut = Rows(zeroed: Int(capacity.assets))
    jitter = SplitMix64(seed: exchange.options.seed).stream(0x6A69_7474)
    clock = MarketClock(speed: speed, engine: now, market: speed == .times(1) ? max(exchange.time, utc) : exchange.time)
    self.venue = venue
    self.recorder = recorder
    self.exchange = exchange
  }

  // MARK: - The door

  package mutating func submit(_ request: VenueRequest, now: EngineTime, utc: UTCTime) -> Bool {
    guard !arrivals.isFull, deliveries.room > 1, timeouts.room > 1 else { return false }
    if now > request.signBy && request.kind != .deadman || now < linkUpAt {
      deliveries.push(Self.answer(.notSent, to: request), due: now)
      return true
    }
    if faults.lostCancels > 0 && request.kind == .cancelOrder {
      faults.lostCancels -= 1
      timeOut(request, now)
      return true
    }
    arrivals.push(request, arrival: now.advanced(byNanoseconds: delay()))
    return true
  }

  package mutating func poll(now: EngineTime, utc: UTCTime) -> VenueEvent? {
    if arrivals.nextArrival <= now { takeArrivals(now) }
    if clock.speed == .max || clock.engine(at: exchange.nextTickTime) <= now { runMarket(now) }
    // Without a link nothing comes from there; that it is gone, and what did not leave, is known here.
    let isUp = now >= linkUpAt
    if owesDisconnected {
      owesDisconnected = false
      return linkEvent(.disconnected)
    }
    if isUp, owesConnected {
      owesConnected = false
      return linkEvent(.connected)
    }
    let dues = (deliveries.nextDue, isUp ? late.nextDue : .never, isUp ? timeouts.nextDue : .never)
    let first = min(dues.0, dues.1, dues.2)
    guard first <= now else { return nil }
    if first == dues.0 { return deliveries.pop() }
    return first == dues.1 ? late.pop() : timeouts.pop()
  }

  package func top(of instrument: InstrumentID) -> TopOfBook {
    guard instrument.index < Limits.instrumentCount else { return TopOfBook() }
    return tops[instrument.index]
  }

  package func isUp(at now: EngineTime) -> Bool { now >= linkUpAt }

  package var nextDue: EngineTime {
    let fromThere = owesConnected ? EngineTime.zero : min(late.nextDue, timeouts.nextDue)
    let events = owesDisconnected ? EngineTime.zero : min(deliveries.nextDue, max(fromThere, linkUpAt))
    return min(events, arrivals.nextArrival, clock.engine(at: exchange.nextTickTime))
  }

  /// At which mark the account's position is liquidated now; 0: at none.
  package func liquidationPrice(_ account: AccountID, _ instrument: InstrumentID, _ sideRaw: UInt8) -> Int64? {
    guard account.index < Limits.accountCount, instrument.index < Limits.instrumentCount else { return nil }
    let (inner, row) = (accountIn[account.index], instrumentIn[instrument.index])
    return inner == 0 || row == 0
      ? nil : exchange.liquidationPrice(inner, row, lane: sideRaw == PositionSide.short.rawValue ? 1 : 0)
  }

  /// The next payment of a perpetual, in market time, and its rate as it stands.
  package func funding(of instrument: InstrumentID) -> (next: UTCTime, rate: Rate)? {
    guard instrument.index < Limits.instrumentCount, instrumentIn[instrument.index] != 0 else { return nil }
    let row = instrumentIn[instrument.index]
    guard exchange.rules(of: row).instrumentClass == .perp else { return nil }
    return (UTCTime(nanoseconds: exchange.nextFunding), exchange.fundingRate(of: row))
  }

  // MARK: - Into the exchange

  private mutating func takeArrivals(_ now: EngineTime) {
    while arrivals.nextArrival <= now {
      let room = deliveries.room
      guard room >= 2 * Exchange.inputRoom, recorder.hasRoom else { return }
      guard catchUp(to: clock.market(at: arrivals.nextArrival), now), let entry = arrivals.pop() else { return }
      process(entry.request, at: entry.arrival, now)
    }
  }

  private mutating func process(_ request: VenueRequest, at arrival: EngineTime, _ now: EngineTime) {
    if let refusal = doorRefusal(request) {
      if now >= linkUpAt { deliver(refusal, from: arrival) }
      return
    }
    var inner = request
    inner.account = AccountID(number: accountIn[request.account.index])
    inner.instrument = request.instrument.isNone ? .none : InstrumentID(number: instrumentIn[request.instrument.index])
    if request.kind == .deadman && request.signBy != .never {
      inner.signBy = EngineTime(nanoseconds: clock.market(at: request.signBy).nanoseconds)
    }
    let isLate =
      request.kind != .deadman && arrival > request.signBy.advanced(byNanoseconds: windowNanoseconds)
    let stamp = ExchangeStamp(time: max(exchange.time, clock.market(at: arrival)), isLate: isLate)
    if Self.changesState(request) { recorder.request(ExchangeRequestRecord(stamp: stamp, request: inner)) }
    exchange.apply(inner, at: stamp)
    if faults.drops > 0 && Self.isOrder(request) {
      faults.drops -= 1
      while exchange.output.pop() != nil {}
      publishAll(now)
      return timeOut(request, arrival)
    }
    let repeats = faults.duplicates > 0 && request.kind == .newOrder
    if repeats { faults.duplicates -= 1 }
    takeOutput(now, from: arrival, repeats: repeats)
  }

  /// What faults of orders are about: new ones and changes of old ones.
  private static func isOrder(_ request: VenueRequest) -> Bool {
    request.kind == .newOrder || request.kind == .amendOrder
  }

  /// Questions need no record: they change nothing.
  private static func changesState(_ request: VenueRequest) -> Bool {
    switch request.kind {
    case .queryOrder, .queryOpenOrders, .queryFills, .queryAccount: false
    default: true
    }
  }

  /// What a fault says before the exchange sees the request.
  private mutating func doorRefusal(_ request: VenueRequest) -> VenueEvent? {
    guard accountIn[request.account.index] != 0 else { return Self.refusal(.unknownAccount, of: request) }
    if faults.refusesKey { return Self.refusal(.badKey, of: request) }
    if faults.rateLimits > 0 {
      faults.rateLimits -= 1
      var event = Self.refusal(.tooManyRequests, of: request)
      event.retryAfterNanoseconds = 1_000_000_000
      return event
    }
    guard faults.rejects > 0, Self.isOrder(request) else { return nil }
    faults.rejects -= 1
    var event = Self.refusal(ExchangeRefusal(rawValue: faults.rejectCode) ?? .malformed, of: request)
    event.code = faults.rejectCode
    if ExchangeRefusal(rawValue: faults.rejectCode) == nil { event.remedyRaw = VenueEvent.Remedy.refused.rawValue }
    return event
  }

  package static func refusal(_ refusal: ExchangeRefusal, of request: VenueRequest) -> VenueEvent {
    let kind: VenueEvent.Kind =
      switch request.kind {
      case .cancelOrder: .cancelRejected
      case .amendOrder: .amendRejected
      default: .rejected
      }
    var event = answer(kind, to: request)
    event.code = refusal.rawValue
    event.remedyRaw = refusal.remedy.rawValue
    return event
  }

  private static func answer(_ kind: VenueEvent.Kind, to request: VenueRequest) -> VenueEvent {
    var event = VenueEvent(kind, to: request)
    event.venueOrder = request.venueOrder
    event.price = request.price
    event.quantity = request.quantity
    event.sideRaw = request.sideRaw
    return event
  }

  private mutating func timeOut(_ request: VenueRequest, _ now: EngineTime) {
    timeouts.push(
      Self.answer(.outcomeUnknown, to: request), due: now.advanced(byNanoseconds: Self.answerTimeoutNanoseconds))
  }

  // MARK: - The market

  private mutating func runMarket(_ now: EngineTime) {
    guard recorder.hasRoom else { return }
    let isMax = clock.speed == .max && !clock.isFrozen
    if isMax {
      guard deliveries.count == 0 else { return }
      clock.move(to: exchange.nextTickTime, at: now)
    }
    _ = catchUp(to: clock.market(at: now), now)
    publishAll(now)
  }

  /// Advances the exchange as far as there is room for what happens. `false`: not all the way.
  private mutating func catchUp(to time: UTCTime, _ now: EngineTime) -> Bool {
    let missed = time.nanoseconds - exchange.time.nanoseconds
    if exchange.pace == 1 && missed > Self.makeUpNanoseconds {
      guard makeUp(true, now) else { return false }
    }
    guard pass(to: time, now) else { return false }
    guard exchange.pace > 1 else { return true }
    return makeUp(false, now) && pass(to: time, now)
  }

  private mutating func makeUp(_ isOn: Bool, _ now: EngineTime) -> Bool {
    guard hasRoom else { return false }
    var control = ExchangeControl(.makeUp)
    control.detail = isOn ? 1 : 0
    take(control, now)
    return true
  }

  /// Whether one more input and all that it may cause can be written and delivered.
  private var hasRoom: Bool { recorder.hasRoom && deliveries.room >= 2 * Exchange.inputRoom }

  private mutating func pass(to time: UTCTime, _ now: EngineTime) -> Bool {
    var isDone = false
    while !isDone {
      guard hasRoom else { return false }
      isDone = exchange.advance(to: time)
      if exchange.output.count > 0 {
        recorder.advance(ExchangeAdvanceRecord(time: exchange.time))
        takeOutput(now, from: now, repeats: false)
      }
    }
    return true
  }

  private mutating func publishAll(_ now: EngineTime) {
    for row in 1...max(exchange.instrumentCount, 1) { publish(UInt16(row), at: now, force: false) }
  }

  mutating func publish(_ row: UInt16, at now: EngineTime, force: Bool) {
    let number = Int(instrumentOut[Int(row)])
    guard number != 0, force || feedFaults[number] != 1 else { return }
    if feedFaults[number] == 2 {
      guard now.nanoseconds >= feedGapEnds[number] else { return }
      feedFaults[number] = 0
    }
    tops[number] = exchange.top(of: row, at: now)
  }

  // MARK: - Out of the exchange

  /// `from`: when it happened; the way back begins then, however late this looks.
  private mutating func takeOutput(_ now: EngineTime, from: EngineTime, repeats: Bool) {
    let isUp = now >= linkUpAt
    while let inner = exchange.output.pop() {
      guard let event = translate(inner), isUp else { continue }
      deliver(event, from: from)
      if repeats { deliver(event, from: from) }
    }
    publishAll(now)
  }

  private func translate(_ inner: VenueEvent) -> VenueEvent? {
    var event = inner
    event.account = AccountID(number: accountOut[inner.account.index])
    guard !event.account.isNone else { return nil }
    event.instrument = InstrumentID(number: inner.instrument.isNone ? 0 : instrumentOut[inner.instrument.index])
    event.asset = AssetID(number: inner.asset.isNone ? 0 : assetOut[inner.asset.index])
    event.venue = venue
    return event
  }

  private mutating func deliver(_ event: VenueEvent, from: EngineTime) {
    let due = from.advanced(byNanoseconds: delay())
    if event.kind == .fill && faults.lateNanoseconds > 0 && event.isReplay == 0 && late.room > 0 {
      return late.push(event, due: due.advanced(byNanoseconds: faults.lateNanoseconds))
    }
    deliveries.push(event, due: due)
  }

  private mutating func delay() -> Int64 {
    guard jitterNanoseconds > 0 else { return latencyNanoseconds }
    return latencyNanoseconds + Int64(jitter.below(UInt64(jitterNanoseconds) + 1))
  }

  // MARK: - Controls

  /// One way, request or event. Jitter is added on top, evenly spread.
  package mutating func setLatency(nanoseconds: Int64, jitterNanoseconds: Int64) {
    precondition(nanoseconds >= 0 && jitterNanoseconds >= 0, "a delay is not negative")
    latencyNanoseconds = nanoseconds
    self.jitterNanoseconds = jitterNanoseconds
  }

  package mutating func setFrozen(_ frozen: Bool, now: EngineTime) { clock.setFrozen(frozen, at: now) }

  /// Lets so much market time pass at once; what happens in it is worked off by `poll`.
  package mutating func jump(byNanoseconds interval: Int64, now: EngineTime) {
    clock.move(to: UTCTime(nanoseconds: clock.market(at: now).nanoseconds + max(interval, 0)), at: now)
  }

  /// One of the desk's controls, with the engine's numbers. `false`: a number is not registered, or there is no room now.
  package mutating func control(_ control: ExchangeControl, now: EngineTime) -> Bool {
    var inner = control
    if control.account != 0 { inner.account = accountIn[Int(control.account)] }
    if control.other != 0 { inner.other = accountIn[Int(control.other)] }
    if control.instrument != 0 { inner.instrument = instrumentIn[Int(control.instrument)] }
    if control.asset != 0 { inner.asset = assetIn[Int(control.asset)] }
    guard (control.account == 0) == (inner.account == 0), (control.other == 0) == (inner.other == 0),
      (control.instrument == 0) == (inner.instrument == 0), (control.asset == 0) == (inner.asset == 0)
    else { return false }
    return desk(inner, now: now)
  }

  /// A control with the exchange's own numbers: definitions, set-up.
  package mutating func desk(_ control: ExchangeControl, now: EngineTime) -> Bool {
    guard recorder.hasRoom, catchUp(to: clock.market(at: now), now), hasRoom else { return false }
    take(control, now)
    return true
  }

  mutating func take(_ control: ExchangeControl, _ now: EngineTime) {
    let stamp = ExchangeStamp(time: exchange.time)
    recorder.control(ExchangeControlRecord(stamp: stamp, control: control))
    exchange.control(control, at: stamp)
    takeOutput(now, from: now, repeats: false)
  }

  package mutating func inject(_ fault: VenueFault, now: EngineTime) {
    switch fault {
    case .dropAcknowledgements(let count): faults.drops = count
    case .duplicateAcknowledgements(let count): faults.duplicates = count
    case .reject(let code, let count):
      faults.rejectCode = code
      faults.rejects = count
    case .disconnect(let nanoseconds): disconnect(nanoseconds, now)
    case .staleFeed(let instrument): feedFaults[instrument.index] = 1
    case .sequenceGap(let instrument):
      feedFaults[instrument.index] = 2
      feedGapEnds[instrument.index] = now.advanced(byNanoseconds: Self.resynchronisationNanoseconds).nanoseconds
      tops[instrument.index].isValid = 0
    case .rateLimit(let count): faults.rateLimits = count
    case .partial(let percent): setPartial(percent, now)
    case .lateFills(let nanoseconds): faults.lateNanoseconds = nanoseconds
    case .loseCancels(let count): faults.lostCancels = count
    case .refuseKey: faults.refusesKey = true
    case .clear: clearFaults(now)
    }
  }

  private mutating func setPartial(_ percent: UInt8, _ now: EngineTime) {
    var control = ExchangeControl(.setPartial)
    control.detail = percent
    _ = desk(control, now: now)
  }

  private mutating func clearFaults(_ now: EngineTime) {
    faults = FaultState()
    for number in 0..<Limits.instrumentCount { feedFaults[number] = 0 }
    linkUpAt = min(linkUpAt, now)
    if exchange.partialPercent != 100 { setPartial(100, now) }
    publishAll(now)
  }

  /// The link breaks: what was under way to the engine is lost, requests under way still arrive.
  mutating func disconnect(_ nanoseconds: Int64, _ now: EngineTime) {
    deliveries.removeAll()
    late.removeAll()
    linkUpAt = now.advanced(byNanoseconds: max(nanoseconds, 0))
    (owesDisconnected, owesConnected) = (true, true)
  }

  private func linkEvent(_ kind: VenueEvent.Kind) -> VenueEvent {
    var event = VenueEvent(kind)
    event.venue = venue
    return event
  }
}
