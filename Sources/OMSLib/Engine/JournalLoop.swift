internal import CCore

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
  /// Of the rings that can get a new name; empty where nobody can be asked to stop writing.
  private let keepers: [RingKeeper]
  private var nextRenewal = EngineTime.zero
  private static let renewalNanoseconds: Int64 = 1_000_000_000

  init(
    core: consuming JournalWriter<KernelFileSystem>, exchange: consuming JournalWriter<KernelFileSystem>?,
    ring: JournalRing, clock: EngineClock, signals: EngineSignals, bells: [Doorbell.Ringer],
    keepers: [RingKeeper] = []
  ) {
    self.keepers = keepers
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
      if core.ring.alarms.contains(.ringUnlinked), now >= nextRenewal {
        nextRenewal = now.advanced(byNanoseconds: Self.renewalNanoseconds)
        renew(&core, &exchange)
      }
      if work == 0 { ring.sleepUnlessAppended(beyond: seen, timeoutNanoseconds: Self.idleNanoseconds) }
    }
    self.core = consume core
    self.exchange = consume exchange
  }

  /// Somebody removed a ring's name: the same memory gets a new one while the hot thread stands still. All rings get
  /// one, since whoever removes one removes them all. Where it fails it is tried again.
  private func renew(
    _ core: inout JournalWriter<KernelFileSystem>, _ exchange: inout JournalWriter<KernelFileSystem>?
  ) {
    guard let first = keepers.first else { return }
    signals.requestPause()
    defer {
      signals.endPause()
      // Until it moves again: the next pause must not take this one for its own.
      while signals.isPaused { cc_thread_yield() }
    }
    let end = clock.now.advanced(byNanoseconds: Self.renewalNanoseconds)
    while !signals.isPaused {
      guard clock.now < end, !signals.isDrained else { return }
      for bell in bells { bell.ring() }
      cc_thread_yield()
    }
    do throws(SystemError) {
      if keepers.count > 1 { exchange?.ringIsNamed(try keepers[1].renew()) }
      core.ringIsNamed(try first.renew())
    } catch {
      Diagnostics.warn(
        .journal, "the journal ring gets no new name: \(error.call) failed with errno \(error.errno)")
    }
  }

  func takeCore() -> JournalWriter<KernelFileSystem>? { core.take() }
  func takeExchange() -> JournalWriter<KernelFileSystem>? { exchange.take() }
}
