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

/// The trading gate of a world: what the file would say, read without delay.
final class GateBox {
  var states: [Scope: TradingState] = [:]
  /// What the engine has said yes to since.
  var confirmed: [Scope: TradingState] = [:]
  /// Token of the newest command about each scope.
  var newest: [Scope: UInt64] = [:]

  func state(account: AccountID, instrument: InstrumentID, venue: VenueID) -> TradingState {
    Self.strictest(states, account, instrument, venue)
  }

  func confirmedState(account: AccountID, instrument: InstrumentID, venue: VenueID) -> TradingState {
    Self.strictest(confirmed, account, instrument, venue)
  }

  private static func strictest(
    _ states: [Scope: TradingState], _ account: AccountID, _ instrument: InstrumentID, _ venue: VenueID
  ) -> TradingState {
    var strictest = states[Scope()] ?? .on
    strictest = max(strictest, states[Scope(account: account)] ?? .on)
    strictest = max(strictest, states[Scope(instrument: instrument)] ?? .on)
    return max(strictest, states[Scope(venue: venue)] ?? .on)
  }
}

struct WorldGate: FrameGate, ~Copyable {
  let box: GateBox
  mutating func refresh(now: EngineTime) {}
  func state(account: AccountID, instrument: InstrumentID, venue: VenueID, now: EngineTime) -> TradingState {
    box.state(account: account, instrument: instrument, venue: venue)
  }
}
