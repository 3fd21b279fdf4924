/// The door that the engine of one run holds.
struct WorldDoor: VenueDoor, ~Copyable {
  let link: VenueLink
  let session: Int

  mutating func submit(_ request: VenueRequest, now: EngineTime, utc: UTCTime) -> Bool {
    link.submit(request, now: now.nanoseconds, session: session)
  }

  mutating func poll(now: EngineTime, utc: UTCTime) -> VenueEvent? {
    link.poll(now: now.nanoseconds, session: session)
  }

  func top(of instrument: InstrumentID) -> TopOfBook {
    instrument.index < link.tops.count ? link.tops[instrument.index] : TopOfBook()
  }

  var nextDue: EngineTime { EngineTime(nanoseconds: link.nextDelivery) }
}

/// The trading gate of a world: what was said about it. Without a file it is read without delay.
final class GateBox {
  var states: [Scope: TradingState] = [:]
  /// What counted before, for as long as the engine may go by an older reading of the file.
  private var before: [Scope: (state: TradingState, until: Int64)] = [:]
  /// From then on nothing passes: the file was damaged, replaced or lost.
  var shutFrom = Int64.max
  /// What the engine has said yes to since.
  var confirmed: [Scope: TradingState] = [:]
  /// Token of the newest command about each scope.
  var newest: [Scope: UInt64] = [:]

  /// The file says `state` from now on; readers may have read it up to `age` ago.
  func set(_ scope: Scope, _ state: TradingState, now: Int64, readingAge age: Int64) {
    let older = before[scope]
    let current = states[scope] ?? .on
    before[scope] = (current, now + age)
    // Of several changes within that time, a reader may have seen any.
    if let older, now <= older.until { before[scope] = (min(older.state, current), max(older.until, now + age)) }
    states[scope] = state
  }

  func state(account: AccountID, instrument: InstrumentID, venue: VenueID, now: Int64) -> TradingState {
    if now > shutFrom { return .halted }
    return strictest(account, instrument, venue) { scope in
      let state = states[scope] ?? .on
      guard let older = before[scope], now <= older.until else { return state }
      return min(state, older.state)
    }
  }

  func confirmedState(account: AccountID, instrument: InstrumentID, venue: VenueID) -> TradingState {
    strictest(account, instrument, venue) { confirmed[$0] ?? .on }
  }

  private func strictest(
    _ account: AccountID, _ instrument: InstrumentID, _ venue: VenueID, _ state: (Scope) -> TradingState
  ) -> TradingState {
    max(
      max(state(Scope()), state(Scope(account: account))),
      max(state(Scope(instrument: instrument)), state(Scope(venue: venue))))
  }
}

/// What the engine of one run reads: the gate file as an engine does, or what was said, in worlds without one.
struct WorldGate: FrameGate, ~Copyable {
  let box: GateBox
  var file: FileGate<WorldDisk>?

  mutating func refresh(now: EngineTime) { file?.refresh(now: now) }

  func state(account: AccountID, instrument: InstrumentID, venue: VenueID, now: EngineTime) -> TradingState {
    switch file {
    case .some(let file): file.state(account: account, instrument: instrument, venue: venue, now: now)
    case .none: box.state(account: account, instrument: instrument, venue: venue, now: now.nanoseconds)
    }
  }
}
