internal import CCore
internal import Synchronization

/// One snapshot that was taken, for its object.
struct SnapshotFacts: Sendable {
  var id: String
  var path: String
  var bytes: Int
  var seq: UInt64
  var accounts: Int
  var digest: String
  var created: UTCTime
  /// Of the last record that is in it.
  var lsn: UInt64
  /// `nil`: written by a core whose rows are laid out differently.
  var openOrders: Int?
  var note: String?

  init(_ loaded: borrowing LoadedSnapshot, name: String, path: String) {
    id = name
    self.path = path
    bytes = loaded.byteCount
    seq = loaded.header.end.seq
    accounts = max(0, (loaded.section(UInt32(TableID.account.rawValue))?.count ?? 1) - 1)
    digest = loaded.digest.hex
    created = loaded.header.created
    lsn = loaded.header.end.lsn
    openOrders = loaded.section(UInt32(TableID.order.rawValue)).flatMap { Self.openOrders($0) }
    note = loaded.section(SnapshotLoad.noteSection).map { unsafe String(decoding: $0.bytes, as: UTF8.self) }
  }

  private static func openOrders(_ section: SnapshotSection) -> Int? {
    guard Int(section.rowBytes) == MemoryLayout<OrderRow>.stride else { return nil }
    return (0..<section.count).reduce(0) { count, row in
      let offset = row * MemoryLayout<OrderRow>.stride
      return count + (unsafe section.bytes.loadUnaligned(fromByteOffset: offset, as: OrderRow.self).isOpen ? 1 : 0)
    }
  }
}

/// Makes snapshots beside the engine: a core of its own, begun from the last snapshot file, is brought to the durable end
/// of the journal, meeting every recorded event and digest on the way, and written down.
///
/// Owner: its thread, at idle priority. Others only ask, and fetch what came of it.
final class Shadow: @unchecked Sendable {
  // Unchecked: all that is shared is behind the lock.
  private struct Desk {
    var asked: UInt64 = 0
    var answered: UInt64 = 0
    var note: String?
    var last: Result<SnapshotFacts, EngineFailure>?
  }

  private static let restNanoseconds: Int64 = 50_000_000
  private static let waitNanoseconds: Int64 = 200_000

  private let desk = Mutex(Desk())
  private let options: JournalOptions
  private let ring: JournalRing
  private let directory: String
  private let capacity: CoreCapacity
  private let core: CoreVersion
  private let clock: EngineClock
  private let signals: EngineSignals
  private let every: Int64
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
    self.every = max(every, 60_000_000_000)
    self.clock = clock
    self.signals = signals
    self.exchange = exchange
    self.upkeep = upkeep
  }

  /// Asks for a snapshot of what is durable now; the number is what ``outcome(of:)`` takes.
  func ask(note: String? = nil) -> UInt64 {
    desk.withLock {
      $0.asked += 1
      $0.note = note ?? $0.note
      return $0.asked
    }
  }

  /// `nil` until a snapshot that was begun after the request is there.
  func outcome(of request: UInt64) -> Result<SnapshotFacts, EngineFailure>? {
    desk.withLock { $0.answered >= request ? $0.last : nil }
  }

  func run() {
    var park = cc_park()
    // On the full hour (or other period) of UTC.
    var period = clock.utc.nanoseconds / every
    while !signals.isStopping {
      let (asked, answered, note) = desk.withLock { ($0.asked, $0.answered, $0.note) }
      let now = clock.utc.nanoseconds / every
      if asked > answered || now != period {
        let isPeriodic = now != period
        period = now
        let result = work(note: note)
        desk.withLock {
          $0.answered = asked
          $0.last = result
          if $0.asked == asked { $0.note = nil }
        }
        if isPeriodic { keepHouse(result) }
      }
      _ = unsafe cc_park_wait(&park, 0, Self.restNanoseconds)
    }
  }

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
      if case .failure(let failure) = result { EngineProcess.say("oms: warning: no snapshot: \(failure.message)\n") }
      return
    }
    let troubles = upkeep.run(
      KernelFileSystem(), snapshots: store, images: exchange.map { ExchangeShadow.store($0.options) }, utc: clock.utc,
      oldestOpenLsn: oldestOpenLsn)
    for trouble in troubles { EngineProcess.say("oms: warning: \(trouble)\n") }
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
      return SnapshotFacts(try store.load(name), name: name, path: store.path(name))
    } catch {
      throw EngineFailure(1, "io.snapshot", "\(error)")
    }
  }

  /// Those on the disk, oldest first.
  func list() -> [SnapshotFacts] {
    guard let names = try? store.names() else { return [] }
    var facts: [SnapshotFacts] = []
    for name in names {
      guard let loaded = try? store.load(name) else { continue }
      facts.append(SnapshotFacts(loaded, name: name, path: store.path(name)))
    }
    return facts
  }
}
