/// What the driver needs of the core. The core is the one that counts; tests put smaller ones in its place.
package protocol StepMachine: ~Copyable {
  mutating func step(
    _ type: RecordType, _ body: UnsafeRawPointer, at stamp: StepStamp, into output: inout StepOutput)
  /// When a `timer` input is due; `.never` when nothing waits for time.
  var nextDue: EngineTime { get }
  /// Whether `proceed` inputs are needed to finish bulk work.
  var hasUnfinishedWork: Bool { get }
  /// Inputs applied since the journal began.
  var inputCount: UInt64 { get }
  /// Running digest of every row ever written.
  var stateDigest: (high: UInt64, low: UInt64) { get }
  /// Instruments known; their numbers are 1 and up.
  var instrumentCount: Int { get }
  /// Accounts are numbered from 1 to this.
  var accountCount: Int { get }
  /// Whether limits or tables look at the price of this instrument now.
  func watchesPrice(of instrument: InstrumentID) -> Bool
  /// Rows of emulated triggers that the watcher must know; `nil` when the order waits for no price (any more).
  func trigger(of orderNumber: UInt64) -> TriggerWatch?
  /// An order of these two comes next: starts to fetch what it will be checked against.
  func prepare(_ account: AccountID, _ instrument: InstrumentID)
}

extension StepMachine where Self: ~Copyable {
  package func prepare(_ account: AccountID, _ instrument: InstrumentID) {}
}

/// An emulated trigger as the watcher outside the core sees it.
package struct TriggerWatch: Equatable, Sendable, BitwiseCopyable {
  package var orderNumber: UInt64 = 0
  package var price: Int64 = 0
  /// Distance of a trailing stop in millionths; 0 for the others.
  package var trailPpm: Int64 = 0
  /// Best price seen by a trailing stop.
  package var highWater: Int64 = 0
  package var version: UInt32 = 0
  package var instrument = InstrumentID.none
  /// 1: fires when the price is at or above, 0: at or below.
  package var firesAbove: UInt8 = 0
  package var reserved: UInt8 = 0
  package init() {}
}

/// The last word before a frame: what the gate allows now.
package protocol FrameGate: ~Copyable {
  /// Reads what is shut, if the last reading is older than the gate's own bound.
  mutating func refresh(now: EngineTime)
  func state(account: AccountID, instrument: InstrumentID, venue: VenueID, now: EngineTime) -> TradingState
}

/// Lets everything pass: for replays and tests that are not about the gate.
package struct OpenGate: FrameGate, ~Copyable {
  package init() {}
  package mutating func refresh(now: EngineTime) {}
  package func state(account: AccountID, instrument: InstrumentID, venue: VenueID, now: EngineTime) -> TradingState {
    .on
  }
}

/// The gate file, read again before a frame when the last reading is older than 2 ms.
package struct FileGate<FS: FileSystem>: FrameGate, ~Copyable {
  package var reader: GateReader<FS>
  package init(reader: consuming GateReader<FS>) { self.reader = reader }
  package mutating func refresh(now: EngineTime) {
    reader.refresh(now: now, olderThan: GateReader<FS>.freshNanoseconds)
  }
  package func state(account: AccountID, instrument: InstrumentID, venue: VenueID, now: EngineTime) -> TradingState {
    reader.state(account: account, instrument: instrument, venue: venue, now: now)
  }
}
