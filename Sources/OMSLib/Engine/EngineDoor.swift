/// The venues as this engine has them: the built-in exchange, in this process or behind shared memory in another one, and
/// those behind a network.
///
/// Owner: the hot thread.
struct EngineDoor: ~Copyable, VenueDoor {
  typealias OwnVenue = SimulatedVenue<JournalExchangeRecorder>

  // One of the two.
  private var own: OwnVenue?
  private var shared: SharedVenueDoor?
  private var wires: [any WireVenue] = []
  // By the engine's number: 0 is the built-in exchange, else its place in the list plus one.
  private let wireOfVenue = Rows<UInt8>(zeroed: Limits.venueCount)
  private let wireOfAccount = Rows<UInt8>(zeroed: Limits.accountCount)
  private let wireOfInstrument = Rows<UInt8>(zeroed: Limits.instrumentCount)
  /// Which of them is heard first at the next poll, so that a loud one silences none.
  private var turn = 0
  /// What it says to questions that are not the core's.
  private(set) var answers = VenueAnswers()
  /// When the venue last said something about an account.
  private let lastEvents = Rows<EngineTime>(zeroed: Limits.accountCount)

  init(_ venue: consuming OwnVenue) {
    own = consume venue
    shared = nil
  }

  init(_ door: consuming SharedVenueDoor) {
    own = nil
    shared = consume door
  }

  /// From now on all that is about `venue` goes there. Before its accounts and instruments are registered.
  mutating func connect(_ wire: any WireVenue, as venue: VenueID) {
    wires.append(wire)
    wireOfVenue[venue.index] = UInt8(wires.count)
  }

  /// What the network makes readable.
  var descriptors: [Int32] { wires.map(\.descriptor) }

  /// Whether the built-in exchange can be reached.
  func isBuiltInUp(at now: EngineTime) -> Bool {
    switch own {
    case .some(let venue): return venue.isUp(at: now)
    case .none: break
    }
    switch shared {
    case .some(let door): return door.isUp
    case .none: return false
    }
  }

  /// Whether the venue of the account is spoken to for it: a paper account of a real exchange has none to trade with.
  func serves(_ account: AccountID) -> Bool { wire(wireOfAccount[account.index])?.serves(account) ?? true }

  /// Whether it makes sense to wait for somebody's answer. A link to a venue may still be on its way.
  func mayAnswer(at now: EngineTime) -> Bool { !wires.isEmpty || isBuiltInUp(at: now) }

  func isUp(_ account: AccountID, at now: EngineTime) -> Bool {
    wire(wireOfAccount[account.index])?.isUp(account) ?? isBuiltInUp(at: now)
  }

  private func wire(_ place: UInt8) -> (any WireVenue)? { place == 0 ? nil : wires[Int(place) - 1] }

  mutating func register(account: AccountID, name: Text64, venue: VenueID) {
    wireOfAccount[account.index] = wireOfVenue[venue.index]
    if let wire = wire(wireOfVenue[venue.index]) { return wire.register(account: account, name: name) }
    _ = own?.register(account: account, name: name)
    shared?.register(account: account, name: name)
  }

  /// `exchange`: what the settings call the one that lists it.
  mutating func register(instrument rules: Instrument, at exchange: String) {
    wireOfInstrument[rules.id.index] = wireOfVenue[rules.venue.index]
    if let wire = wire(wireOfVenue[rules.venue.index]) { return wire.register(rules) }
    let row = Text32(SimulatedBoot.rowName(of: rules.name.description, at: exchange)) ?? rules.name
    _ = own?.register(instrument: rules.id, name: row)
    shared?.register(instrument: rules.id, name: row)
  }

  mutating func register(asset: AssetID, name: Text32) {
    _ = own?.register(asset: asset, name: name)
    shared?.register(asset: asset, name: name)
    for wire in wires { wire.register(asset: asset, name: name) }
  }

  mutating func submit(_ request: VenueRequest, now: EngineTime, utc: UTCTime) -> Bool {
    if let wire = wire(wireOfAccount[request.account.index]) { return wire.submit(request, now: now, utc: utc) }
    if let isTaken = own?.submit(request, now: now, utc: utc) { return isTaken }
    return shared?.submit(request, now: now, utc: utc) == true
  }

  mutating func poll(now: EngineTime, utc: UTCTime) -> VenueEvent? {
    while let event = next(now: now, utc: utc) {
      if answers.take(event) { continue }
      if event.account.index < Limits.accountCount { lastEvents[event.account.index] = now }
      return event
    }
    return nil
  }

  private mutating func next(now: EngineTime, utc: UTCTime) -> VenueEvent? {
    guard !wires.isEmpty else { return own?.poll(now: now, utc: utc) ?? shared?.poll(now: now, utc: utc) }
    for _ in 0...wires.count {
      let place = turn
      turn = turn == wires.count ? 0 : turn + 1
      let event =
        place == 0
        ? own?.poll(now: now, utc: utc) ?? shared?.poll(now: now, utc: utc)
        : wires[place - 1].poll(now: now, utc: utc)
      if let event { return event }
    }
    return nil
  }

  func top(of instrument: InstrumentID) -> TopOfBook {
    if let wire = wire(wireOfInstrument[instrument.index]) { return wire.top(of: instrument) }
    switch own {
    case .some(let venue): return venue.top(of: instrument)
    case .none: break
    }
    switch shared {
    case .some(let door): return door.top(of: instrument)
    case .none: return TopOfBook()
    }
  }

  var nextDue: EngineTime { wires.reduce(builtInDue) { min($0, $1.nextDue) } }

  private var builtInDue: EngineTime {
    switch own {
    case .some(let venue): return venue.nextDue
    case .none: break
    }
    switch shared {
    case .some(let door): return door.nextDue
    case .none: return .never
    }
  }

  // MARK: For people

  /// Puts the question, or looks what has become of it. `nil`: another one is open; else how many parts there are, -1 while
  /// they are coming.
  mutating func ask(_ question: VenueQuestion, venue: VenueID, now: EngineTime, utc: UTCTime) -> Int? {
    if answers.isAbout(question.token) { return answers.isComplete ? answers.count : -1 }
    guard let request = answers.begin(question, venue: venue, now: now) else { return nil }
    guard submit(request, now: now, utc: utc) else {
      answers.giveUp()
      return nil
    }
    return -1
  }

  /// `.zero`: nothing yet.
  func lastEvent(of account: AccountID) -> EngineTime {
    account.index < Limits.accountCount ? lastEvents[account.index] : .zero
  }

  /// 0: there is none. `nil`: only the venue's own word is known.
  func liquidationPrice(_ account: AccountID, _ instrument: InstrumentID, _ sideRaw: UInt8) -> Int64? {
    switch own {
    case .some(let venue):
      return wireOfAccount[account.index] == 0 ? venue.liquidationPrice(account, instrument, sideRaw) : nil
    case .none: return nil
    }
  }

  func facts(of instrument: InstrumentID) -> MarketFacts {
    var facts = MarketFacts()
    if let wire = wire(wireOfInstrument[instrument.index]) {
      guard let funding = wire.funding(of: instrument) else { return facts }
      facts.nextFunding = funding.next
      facts.fundingRate = funding.rate
      facts.fundingInterval = funding.intervalNanoseconds
      return facts
    }
    switch own {
    case .some(let venue):
      guard let funding = venue.funding(of: instrument) else { return facts }
      facts.nextFunding = funding.next
      facts.fundingRate = funding.rate
      facts.fundingInterval = Exchange.fundingNanoseconds
    case .none: break
    }
    return facts
  }

  mutating func obey(_ command: SimulatorCommand, now: EngineTime) -> SimulatorOutcome {
    if let isDone = own?.obey(command, now: now) { return isDone ? .done : .refused }
    guard shared?.obey(command) == .later else { return .refused }
    if command.kind == .openAccount {
      shared?.register(account: AccountID(number: command.control.account), name: command.control.text)
    }
    return .later
  }

  /// What another process said to a command that was told it.
  mutating func takeOutcome() -> (token: UInt64, outcome: SimulatorOutcome)? { shared?.takeOutcome() ?? nil }

  /// Levels of both sides, the best first. `false`: another party was asked; ask again.
  mutating func forEachLevel(
    of instrument: InstrumentID, depth: Int, now: EngineTime,
    _ body: (_ side: Side, _ price: Int64, _ quantity: Int64) -> Void
  ) -> Bool {
    if let wire = wire(wireOfInstrument[instrument.index]) {
      return wire.forEachLevel(of: instrument, depth: depth, now: now, body)
    }
    if let isDone = shared?.forEachLevel(of: instrument, depth: depth, now: now, body) { return isDone }
    switch own {
    case .some(let venue):
      let row = venue.instrumentIn[instrument.index]
      guard row != 0 else { return true }
      for side in Side.allCases {
        venue.exchange.forEachLevel(of: row, side, count: depth) { body(side, $0, $1) }
      }
    case .none: break
    }
    return true
  }

  /// Trades of a market behind a place on its tape, the oldest first, as far as the tape goes. Of an exchange in another
  /// process there is none.
  func forEachTrade(
    of instrument: InstrumentID, behind: UInt64, count: Int, _ body: (_ place: UInt64, PublicTrade) -> Void
  ) {
    if let wire = wire(wireOfInstrument[instrument.index]) {
      return wire.forEachTrade(of: instrument, behind: behind, count: count, body)
    }
    switch own {
    case .some(let venue):
      let row = venue.instrumentIn[instrument.index]
      guard row != 0 else { return }
      venue.exchange.forEachTrade(of: row, behind: behind, count: count, body)
    case .none: break
    }
  }
}
