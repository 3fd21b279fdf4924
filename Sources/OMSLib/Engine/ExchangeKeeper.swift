/// Makes images of an exchange that is in a process of its own, and keeps its state directory from growing: on the full
/// hour, when an engine asks, and at the end.
///
/// Owner: its thread, at idle priority. Others only ask, and fetch what came of it.
final class ExchangeKeeper: @unchecked Sendable {
  // Unchecked: what others share of it is behind the desk's lock.
  private let shadow: ExchangeShadow
  private let retention: Retention
  private let desk: ShadowDesk<Bool>
  private let clock: EngineClock
  private let signals: EngineSignals

  init(_ shadow: ExchangeShadow, settings: EngineSettings, clock: EngineClock, signals: EngineSignals) {
    self.shadow = shadow
    retention = settings.journal.retention
    desk = ShadowDesk(every: settings.snapshot.everyNanoseconds, clock: clock, signals: signals)
    self.clock = clock
    self.signals = signals
  }

  func ask() -> UInt64 { desk.ask() }

  /// Whether an image that was begun after the request is there; `nil`: not yet known.
  func isMade(_ request: UInt64) -> Bool? {
    switch desk.outcome(of: request) {
    case .success: true
    case .failure: false
    case nil: nil
    }
  }

  func run() { desk.run({ _ in take { signals.isStopping } }, afterPeriod: keepHouse) }

  /// The last one, once the exchange takes nothing any more.
  func finish() { _ = take { false } }

  /// Nobody else says why there is none.
  private func take(isStopping: () -> Bool) -> Result<Bool, EngineFailure> {
    do throws(EngineFailure) {
      try shadow.take(utc: clock.utc, isStopping: isStopping)
      return .success(true)
    } catch {
      if !isStopping() { EngineProcess.say("omsim: warning: no image: \(error.message)\n") }
      return .failure(error)
    }
  }

  private func keepHouse(_ result: Result<Bool, EngineFailure>) {
    guard !signals.isStopping, case .success = result else { return }
    let troubles = Upkeep.keepExchange(
      KernelFileSystem(), shadow.options, ExchangeShadow.store(shadow.options), retention, utc: clock.utc)
    for trouble in troubles { EngineProcess.say("omsim: warning: \(trouble)\n") }
  }
}
