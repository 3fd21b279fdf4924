/// A venue as the hot thread sees it: requests in, events out, best prices to read. Never blocks, never allocates.
package protocol VenueDoor: ~Copyable {
  /// Hands a request over. `false`: no room now; the caller keeps it and tries again.
  mutating func submit(_ request: VenueRequest, now: EngineTime, utc: UTCTime) -> Bool
  /// The next event that has happened by `now`, in order; `nil` when there is none.
  mutating func poll(now: EngineTime, utc: UTCTime) -> VenueEvent?
  /// Best prices as last published.
  func top(of instrument: InstrumentID) -> TopOfBook
  /// When `poll` will have something of its own accord; `.never` if only an outside event can wake it.
  var nextDue: EngineTime { get }
}
