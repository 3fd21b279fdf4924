/// The venue as this engine has it: the built-in exchange in this process, or behind shared memory in another one.
///
/// Owner: the hot thread.
struct EngineDoor: ~Copyable, VenueDoor {
  typealias OwnVenue = SimulatedVenue<JournalExchangeRecorder>

  // One of the two.
  private var own: OwnVenue?
  private var shared: SharedVenueDoor?
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

  func isUp(at now: EngineTime) -> Bool {
    switch own {
    case .some(let venue): return venue.isUp(at: now)
    case .none: break
    }
    switch shared {
    case .some(let door): return door.isUp
    case .none: return false
    }
  }

  mutating func register(account: AccountID, name: Text64) {
    _ = own?.register(account: account, name: name)
    shared?.register(account: account, name: name)
  }

  mutating func register(instrument: InstrumentID, name: Text32) {
    _ = own?.register(instrument: instrument, name: name)
    shared?.register(instrument: instrument, name: name)
  }

  mutating func register(asset: AssetID, name: Text32) {
    _ = own?.register(asset: asset, name: name)
    shared?.register(asset: asset, name: name)
  }

  mutating func submit(_ request: VenueRequest, now: EngineTime, utc: UTCTime) -> Bool {
    if let isTaken = own?.submit(request, now: now, utc: utc) { return isTaken }
    return shared?.submit(request, now: now, utc: utc) == true
  }

  mutating func poll(now: EngineTime, utc: UTCTime) -> VenueEvent? {
    while let event = own?.poll(now: now, utc: utc) ?? shared?.poll(now: now, utc: utc) {
      if answers.take(event) { continue }
      if event.account.index < Limits.accountCount { lastEvents[event.account.index] = now }
      return event
    }
    return nil
  }

  func top(of instrument: InstrumentID) -> TopOfBook {
    switch own {
    case .some(let venue): return venue.top(of: instrument)
    case .none: break
    }
    switch shared {
    case .some(let door): return door.top(of: instrument)
    case .none: return TopOfBook()
    }
  }

  var nextDue: EngineTime {
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
    case .some(let venue): return venue.liquidationPrice(account, instrument, sideRaw)
    case .none: return nil
    }
  }

  func facts(of instrument: InstrumentID) -> MarketFacts {
    var facts = MarketFacts()
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

  /// Levels of both sides, the best first. `false`: another process was asked; ask again.
  mutating func forEachLevel(
    of instrument: InstrumentID, named name: Text32, depth: Int, now: EngineTime,
    _ body: (_ side: Side, _ price: Int64, _ quantity: Int64) -> Void
  ) -> Bool {
    if let isDone = shared?.forEachLevel(of: instrument, depth: depth, now: now, body) { return isDone }
    switch own {
    case .some(let venue):
      guard let row = venue.exchange.instrument(named: name) else { return true }
      for side in Side.allCases {
        venue.exchange.forEachLevel(of: row, side, count: depth) { body(side, $0, $1) }
      }
    case .none: break
    }
    return true
  }

  /// Trades of a market behind a place on its tape, the oldest first, as far as the tape goes. Of an exchange in another
  /// process there is none.
  func forEachTrade(of name: Text32, behind: UInt64, count: Int, _ body: (_ place: UInt64, PublicTrade) -> Void) {
    switch own {
    case .some(let venue):
      guard let row = venue.exchange.instrument(named: name) else { return }
      venue.exchange.forEachTrade(of: row, behind: behind, count: count, body)
    case .none: break
    }
  }
}
