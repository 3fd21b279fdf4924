/// Images of the built-in exchange: one begun from the newest is brought to the durable end of the exchange's journal and
/// written down, so that a start need not repeat every tick since the exchange opened.
///
/// Owner: the shadow's thread. The exchange itself never waits for it.
struct ExchangeShadow {
  static let folder = "/images"

  let options: JournalOptions
  let ring: JournalRing

  /// Images of the exchange of one instance.
  static func store(_ options: JournalOptions) -> SnapshotStore<KernelFileSystem> {
    SnapshotStore(
      fileSystem: KernelFileSystem(), directory: options.directory + folder, identity: options.identity)
  }

  /// Takes one, unless nothing has happened since the newest.
  func take(utc: UTCTime, isStopping: () -> Bool) throws(EngineFailure) {
    let store = Self.store(options)
    do throws(SnapshotError) { try store.removeLeftovers() } catch { throw EngineFailure(1, "io.snapshot", "\(error)") }
    var book = try ExchangeBook(newestOf: store)
    let target = ring.durableLsn
    guard book.end.lsn < target else { return }
    var tailer = JournalTailer(fileSystem: KernelFileSystem(), options: options, ring: ring, after: book.end.lsn)
    while book.end.lsn < target {
      guard let record = try SnapshotLoad.next(&tailer) else {
        if isStopping() { throw EngineFailure(16, "engine.stopping", "the engine is stopping") }
        continue
      }
      try book.take(record)
    }
    try book.write(to: store, options.identity, utc: utc)
    do throws(SnapshotError) {
      _ = try store.prune(madeBefore: utc)
    } catch {
      throw EngineFailure(1, "io.snapshot", "\(error)")
    }
  }
}

/// An exchange on its way back: an image of it, and the records that follow.
struct ExchangeBook: ~Copyable {
  private var exchange: Exchange?
  private(set) var end = JournalEnd()

  /// From the newest image that is sound and of this version; without one from nothing.
  init<FS: FileSystem>(newestOf store: SnapshotStore<FS>) throws(EngineFailure) {
    do throws(SnapshotError) {
      for name in try store.names().reversed() {
        do throws(SnapshotError) {
          let loaded = try store.load(name)
          guard let exchange = Exchange.load(loaded) else { continue }
          self.exchange = consume exchange
          end = loaded.header.end
          return
        } catch {
          // What is damaged can be made again from the journal.
          guard case .damaged = error else { throw error }
        }
      }
    } catch {
      throw EngineFailure(10, "config.snapshot", "\(error)")
    }
  }

  /// Applies one record of the exchange's journal.
  mutating func take(_ record: JournalRecord) throws(EngineFailure) {
    let header = record.header
    switch header.type {
    case .exchangeStart:
      guard let start = record.load(as: ExchangeStartRecord.self) else { throw Self.broken(record) }
      exchange = Exchange(start.options, startingAt: start.time)
    case .exchangeRequest, .exchangeControl, .exchangeAdvance:
      guard let type = header.type, unsafe exchange?.replay(type, body: record.body) == true else {
        throw Self.broken(record)
      }
    default: break
    }
    end.note(header)
  }

  private static func broken(_ record: JournalRecord) -> EngineFailure {
    EngineFailure(
      1, "io.journal", "record \(record.lsn) of the exchange's journal is shorter than its type, or nothing began it")
  }

  func write<FS: FileSystem>(
    to store: SnapshotStore<FS>, _ identity: JournalIdentity, utc: UTCTime
  ) throws(EngineFailure) {
    let header = SnapshotHeader(identity: identity, coreVersion: Exchange.version, end: end, created: utc)
    do throws(SnapshotError) {
      try exchange?.withSections { (sections) throws(SnapshotError) in _ = try store.write(header, sections) }
    } catch {
      throw EngineFailure(1, "io.snapshot", "\(error)")
    }
  }

  consuming func takeExchange() -> Exchange? { exchange }
}
