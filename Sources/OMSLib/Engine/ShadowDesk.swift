internal import CCore
internal import Synchronization

/// When a shadow works: on the full hour (or other period) of UTC, and whenever somebody asks.
///
/// Its thread runs it; others only ask, and fetch what came of it.
final class ShadowDesk<Facts: Sendable>: Sendable {
  private struct Requests {
    var asked: UInt64 = 0
    var answered: UInt64 = 0
    var note: String?
    var last: Result<Facts, EngineFailure>?
  }

  private static var restNanoseconds: Int64 { 50_000_000 }
  private static var leastPeriod: Int64 { 60_000_000_000 }

  private let requests = Mutex(Requests())
  private let every: Int64
  private let clock: EngineClock
  private let signals: EngineSignals

  init(every: Int64, clock: EngineClock, signals: EngineSignals) {
    self.every = max(every, Self.leastPeriod)
    self.clock = clock
    self.signals = signals
  }

  /// Asks for the work; the number is what ``outcome(of:)`` takes.
  func ask(note: String? = nil) -> UInt64 {
    requests.withLock {
      $0.asked += 1
      $0.note = note ?? $0.note
      return $0.asked
    }
  }

  /// `nil` until work that was begun after the request has ended.
  func outcome(of request: UInt64) -> Result<Facts, EngineFailure>? {
    requests.withLock { $0.answered >= request ? $0.last : nil }
  }

  /// Until the process stops. `afterPeriod` follows the work that nobody asked for.
  func run(
    _ work: (_ note: String?) -> Result<Facts, EngineFailure>,
    afterPeriod: (Result<Facts, EngineFailure>) -> Void
  ) {
    var park = cc_park()
    var period = clock.utc.nanoseconds / every
    while !signals.isStopping {
      let (asked, answered, note) = requests.withLock { ($0.asked, $0.answered, $0.note) }
      let now = clock.utc.nanoseconds / every
      if asked > answered || now != period {
        let isPeriodic = now != period
        period = now
        let result = work(note)
        requests.withLock {
          $0.answered = asked
          $0.last = result
          if $0.asked == asked { $0.note = nil }
        }
        if isPeriodic { afterPeriod(result) }
      }
      _ = unsafe cc_park_wait(&park, 0, Self.restNanoseconds)
    }
  }
}
