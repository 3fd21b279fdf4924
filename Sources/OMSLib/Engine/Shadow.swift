internal import CCore

/// Makes snapshots beside the engine: a core of its own, begun from the last snapshot file, is brought to the durable end
/// of the journal, meeting every recorded event and digest on the way, and written down.
///
/// Owner: its thread, at idle priority. Others only ask, and fetch what came of it.
final class Shadow: @unchecked Sendable {
  // Unchecked: what others share of it is behind the desk's lock.
  private static let waitNanoseconds: Int64 = 200_000

  private let desk: ShadowDesk<SnapshotFacts>
  private let options: JournalOptions
  private let ring: JournalRing
  private let directory: String
  private let capacity: CoreCapacity
  private let core: CoreVersion
  private let clock: EngineClock
  private let signals: EngineSignals
  private let exchange: ExchangeShadow?
  private let upkeep: Upkeep
  /// The record of the oldest order that was open in the last snapshot; until there was one, everything is kept.
  private var oldestOpenLsn: UInt64 = 1

  init(
    options: JournalOptions, ring: JournalRing, directory: String, capacity: CoreCapacity, core: CoreVersion,
    every: Int64,
    exchange: ExchangeShadow?, upkeep: Upkeep, clock: EngineClock, signals: EngineSignals
  ) {
    self.options = options
    self.ring = ring
    self.directory = directory
    self.capacity = capacity
    self.core = core
    desk = ShadowDesk(every: every, clock: clock, signals: signals)
    self.clock = clock
    self.signals = signals
    self.exchange = exchange
    self.upkeep = upkeep
  }

  /// Asks for a snapshot of what is durable now; the number is what ``outcome(of:)`` takes.
  func ask(note: String? = nil) -> UInt64 { desk.ask(note: note) }

  /// `nil` until a snapshot that was begun after the request is there.
  func outcome(of request: UInt64) -> Result<SnapshotFacts, EngineFailure>? { desk.outcome(of: request) }

  func run() { desk.run(work, afterPeriod: keepHouse) }

  private func work(note: String?) -> Result<SnapshotFacts, EngineFailure> {
    do throws(EngineFailure) {
      try exchange?.take(utc: clock.utc) { signals.isStopping }
      return .success(try take(note: note))
    } catch {
      return .failure(error)
    }
  }

  /// Nobody waits for the answer of the hour, so trouble is said aloud.
  private func keepHouse(_ result: Result<SnapshotFacts, EngineFailure>) {
    guard !signals.isStopping else { return }
    guard case .success = result else {
      if case .failure(let failure) = result { Diagnostics.warn(.snapshot, "no snapshot: \(failure.message)") }
      return
    }
    let troubles = upkeep.run(
      KernelFileSystem(), snapshots: store, images: exchange.map { ExchangeShadow.store($0.options) }, utc: clock.utc,
      oldestOpenLsn: oldestOpenLsn)
    for trouble in troubles { Diagnostics.warn(.snapshot, trouble) }
  }

  private var store: SnapshotStore<KernelFileSystem> {
    SnapshotStore(fileSystem: KernelFileSystem(), directory: directory, identity: options.identity)
  }

  // MARK: Taking

  private func take(note: String?) throws(EngineFailure) -> SnapshotFacts {
    do throws(SnapshotError) {
      try store.removeLeftovers()
    } catch {
      throw EngineFailure(1, "io.snapshot", "\(error)")
    }
    let replica = try SnapshotLoad.replicaOfNow(
      store, KernelFileSystem(), options, ring, capacity: capacity, for: core
    ) { () throws(EngineFailure) in
      guard !signals.isStopping else { throw EngineFailure(16, "engine.stopping", "the engine is stopping") }
      var pause = cc_park()
      _ = unsafe cc_park_wait(&pause, 0, Self.waitNanoseconds)
    }
    let end = replica.end
    return try write(replica.takeCore(), end, note, store)
  }

  /// The first record of any open order; 0 without one.
  static func oldestOpenLsn(_ core: borrowing Core) -> UInt64 {
    var oldest = UInt64.max
    for slot in 0..<Int(core.state.global.orderHighWater) where core.state.orders[slot].isOpen {
      oldest = min(oldest, core.state.orders[slot].endLsn)
    }
    return oldest == .max ? 0 : max(oldest, 1)
  }

  private func write(
    _ state: consuming Core, _ end: JournalEnd, _ note: String?, _ store: SnapshotStore<KernelFileSystem>
  ) throws(EngineFailure) -> SnapshotFacts {
    oldestOpenLsn = Self.oldestOpenLsn(state)
    do throws(SnapshotError) {
      let name = try SnapshotLoad.write(
        state, end, created: clock.utc, note: note, to: store, options.identity, by: core)
      // What was written is read back whole.
      return SnapshotFacts(try store.load(name), name: name, path: store.path(name))
    } catch {
      throw EngineFailure(1, "io.snapshot", "\(error)")
    }
  }

  /// Those on the disk, oldest first, by their heads: a table that is damaged shows when it is loaded.
  func list() -> [SnapshotFacts] {
    let store = store
    return ((try? store.names()) ?? []).compactMap { try? SnapshotFacts.read($0, store) }
  }
}
