/// The journal thread: copies and syncs the engine's journal, and that of an exchange in the same process.
final class JournalLoop: @unchecked Sendable {
  // Unchecked: as for the hot loop; the writers come back by `take` after the thread was joined.
  private static let idleNanoseconds: Int64 = 20_000_000

  private var core: JournalWriter<KernelFileSystem>?
  private var exchange: JournalWriter<KernelFileSystem>?
  private let ring: JournalRing
  private let clock: EngineClock
  private let signals: EngineSignals
  private let bells: [Doorbell.Ringer]

  init(
    core: consuming JournalWriter<KernelFileSystem>, exchange: consuming JournalWriter<KernelFileSystem>?,
    ring: JournalRing, clock: EngineClock, signals: EngineSignals, bells: [Doorbell.Ringer]
  ) {
    self.core = consume core
    self.exchange = consume exchange
    self.ring = ring
    self.clock = clock
    self.signals = signals
    self.bells = bells
  }

  func run() {
    guard var core = core.take() else { preconditionFailure("the journal loop runs once") }
    var exchange = exchange.take()
    var durable: UInt64 = 0
    while true {
      let ends = signals.isDrained
      let seen = ring.appendedPosition
      let now = clock.now
      let utc = clock.utc(at: now)
      // The exchange answers out of its own journal: it is made durable first.
      var work = exchange?.poll(now: now, utc: utc) ?? 0
      work += core.poll(now: now, utc: utc)
      if core.durableLsn != durable {
        durable = core.durableLsn
        for bell in bells { bell.ring() }
      }
      if ends { break }
      if work == 0 { ring.sleepUnlessAppended(beyond: seen, timeoutNanoseconds: Self.idleNanoseconds) }
    }
    self.core = consume core
    self.exchange = consume exchange
  }

  func takeCore() -> JournalWriter<KernelFileSystem>? { core.take() }
  func takeExchange() -> JournalWriter<KernelFileSystem>? { exchange.take() }
}
