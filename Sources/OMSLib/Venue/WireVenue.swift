/// A venue behind a network, as the engine's door drives it: beyond what every door does, it tells names from numbers, and
/// has something that becomes readable when the network has news.
///
/// Owner: the hot thread; an object only because several of them lie in one list.
package protocol WireVenue: AnyObject {
  func register(account: AccountID, name: Text64)
  func register(_ rules: Instrument)
  func register(asset: AssetID, name: Text32)

  /// As in `VenueDoor`.
  func submit(_ request: VenueRequest, now: EngineTime, utc: UTCTime) -> Bool
  func poll(now: EngineTime, utc: UTCTime) -> VenueEvent?
  func top(of instrument: InstrumentID) -> TopOfBook
  var nextDue: EngineTime { get }

  /// Whether there is a key for the account, so that anything can be asked for it.
  func serves(_ account: AccountID) -> Bool
  /// Whether orders of the account can reach the venue now.
  func isUp(_ account: AccountID) -> Bool
  /// Levels of both sides, the best first. `false`: they are on the way, ask again.
  func forEachLevel(
    of instrument: InstrumentID, depth: Int, now: EngineTime,
    _ body: (_ side: Side, _ price: Int64, _ quantity: Int64) -> Void
  ) -> Bool
  func forEachTrade(of instrument: InstrumentID, behind: UInt64, count: Int, _ body: (UInt64, PublicTrade) -> Void)
  /// The next payment of a perpetual and its rate as it stands; `nil` where there is none.
  func funding(of instrument: InstrumentID) -> (next: UTCTime, rate: Rate, intervalNanoseconds: Int64)?

  /// Readable when `poll` may have something.
  var descriptor: Int32 { get }
}
