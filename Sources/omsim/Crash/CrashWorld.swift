import OMSLib

/// Where a life takes place: an exchange that stays, and engines on one state directory.
protocol CrashWorld: ~Copyable {
  static var exchange: CrashClient.Exchange { get }
  /// About how long an engine takes to begin.
  static var startMicroseconds: UInt64 { get }
  var engine: CrashEngine { get set }
  /// Nothing is lost without the ring either.
  var isStrict: Bool { get }

  /// The market stands still, or goes on.
  func setFrozen(_ isFrozen: Bool, _ line: inout CrashLine) throws(CrashError)
  /// Something goes wrong on the way to the exchange, if this world has a way.
  mutating func makeTrouble(_ random: inout SplitMix64) throws(CrashError)
  mutating func endTrouble() throws(CrashError)
  /// What the exchange itself has.
  func facts() throws(CrashError) -> CrashJudge.Facts
  /// Whether the engine did what it did as it must, when books are equal; empty, or what is wrong.
  func judge() throws(CrashError) -> String
  /// The engine has stopped, and `ledger` is what the exchange had.
  mutating func finish(_ ledger: CrashJudge.Facts) throws(CrashError)
  /// Nothing of it stays but its directory.
  mutating func clear()
}
