internal import CCore

/// Keeps the index of ids behind the journal: reads durable records, writes runs, merges them.
///
/// Owner: its thread, at idle priority. A disk that refuses is asked again; until then the table keeps what it has, and
/// new ids of users are refused when it is full.
final class IDKeeper: @unchecked Sendable {
  // Unchecked: made by one thread, run by another, never by both.
  private static let restNanoseconds: Int64 = 20_000_000
  private static let retryNanoseconds: Int64 = 1_000_000_000

  let index: IDIndex<KernelFileSystem>
  private let options: JournalOptions
  private let ring: JournalRing
  private let flushCount: Int
  private let clock: EngineClock
  private let signals: EngineSignals
  /// The control thread tells the core that more may leave the table.
  private let bell: Doorbell.Ringer
  private var lastTrouble = ""

  init(
    index: IDIndex<KernelFileSystem>, options: JournalOptions, ring: JournalRing, orderCapacity: Int,
    clock: EngineClock, signals: EngineSignals, bell: Doorbell.Ringer
  ) {
    self.index = index
    self.options = options
    self.ring = ring
    flushCount = IDFollower<KernelFileSystem>.flushCount(orderCapacity: orderCapacity)
    self.clock = clock
    self.signals = signals
    self.bell = bell
  }

  func run() {
    var park = cc_park()
    while !signals.isStopping {
      follow(&park)
      // It comes back when the index fell behind its reader: a run was damaged, or there is trouble.
      if !signals.isStopping { _ = unsafe cc_park_wait(&park, 0, Self.retryNanoseconds) }
    }
  }

  private func follow(_ park: inout cc_park) {
    var follower = IDFollower(index: index, options: options, ring: ring, flushCount: flushCount)
    while !signals.isStopping {
      switch follower.turn(wrote: { bell.ring() }) {
      case .busy: break
      case .wrote: lastTrouble = ""
      case .idle: _ = unsafe cc_park_wait(&park, 0, Self.restNanoseconds)
      case .ended(let trouble):
        if let trouble { say(trouble) }
        return
      }
    }
  }

  private func say(_ text: String) {
    guard text != lastTrouble else { return }
    lastTrouble = text
    Diagnostics.warn(.ids, text)
  }
}

/// Brings an index of ids up to its journal, one piece of work a turn: what the keeper's thread does, and simulated worlds.
struct IDFollower<FS: FileSystem>: ~Copyable {
  enum Turn: Equatable {
    case idle
    case busy
    /// There are more ids in the index.
    case wrote
    /// A new one has to begin, since the index fell behind this one, or is further; or there is trouble.
    case ended(String?)
  }

  private let index: IDIndex<FS>
  private var writer: IDIndexWriter<FS>
  private var tailer: JournalTailer<FS>

  init(index: IDIndex<FS>, options: JournalOptions, ring: JournalRing, flushCount: Int) {
    self.index = index
    writer = IDIndexWriter(index, flushCount: flushCount)
    tailer = JournalTailer(fileSystem: index.fileSystem, options: options, ring: ring, after: writer.cursor)
  }

  /// Orders that end before a run is written, of a table of so many: a small part, since the rest holds open orders and
  /// what was finished while a run is written.
  static func flushCount(orderCapacity: Int) -> Int { max(1, orderCapacity / 16) }

  /// Calls `wrote` as soon as more is in the index, before runs are merged.
  mutating func turn(wrote: () -> Void) -> Turn {
    guard index.completeLsn >= writer.base else {
      return .ended("a run of the index of ids is damaged; it is made again")
    }
    var taken = 0
    do throws(JournalError) {
      while taken < 4_096, !writer.isDue, let record = try tailer.next() {
        writer.take(record)
        taken += 1
      }
    } catch {
      // What was pruned does not come back.
      let remedy = if case .pruned = error { "; `oms snapshot restore newest` goes on without them" } else { "" }
      return .ended("the index of ids waits for the journal: \(error)\(remedy)")
    }
    guard writer.isDue else { return taken == 0 ? .idle : .busy }
    do throws(IDIndexError) {
      try writer.flush()
      wrote()
      while try writer.compact() {}
    } catch {
      return .ended("the index of ids cannot be written: \(error)")
    }
    // Runs that were there already may reach further.
    return index.completeLsn > writer.cursor ? .ended(nil) : .wrote
  }
}

extension IDIndex {
  /// Opens the index of an engine whose journal ends at `end`, and says what had to be put aside.
  ///
  /// One that is ahead of its journal, or was made from another, is refused: orders of this journal would be taken for
  /// indexed that are not.
  static func open(
    _ fileSystem: FS, stateDirectory: String, journal: JournalOptions, end: JournalEnd
  ) throws(EngineFailure) -> IDIndex {
    let index: IDIndex
    do throws(IDIndexError) {
      index = try IDIndex(fileSystem: fileSystem, directory: stateDirectory + "/ids", identity: journal.identity)
    } catch {
      throw EngineFailure(10, "config.ids", "\(error)")
    }
    for error in index.damaged { Diagnostics.warn(.ids, "\(error)") }
    let complete = index.completePoint
    guard complete.lsn <= end.lsn else {
      throw EngineFailure(
        10, "config.ids",
        "\(index.directory) knows orders up to record \(complete.lsn), but the journal ends at \(end.lsn): it is an older "
          + "one; bring the newer one back, or restore a snapshot, which goes on above both")
    }
    guard let chain = chain(of: complete.lsn, fileSystem, journal), chain != complete.chain else { return index }
    throw EngineFailure(
      10, "config.ids",
      "\(index.directory) was made from another journal: record \(complete.lsn) is not the same; move it away, and it is "
        + "made again")
  }

  /// Chain of record `lsn`, `nil` when the journal does not hold it any more.
  private static func chain(of lsn: UInt64, _ fileSystem: FS, _ journal: JournalOptions) -> UInt32? {
    guard lsn > 0 else { return nil }
    var tailer = JournalTailer(fileSystem: fileSystem, options: journal, after: lsn - 1)
    guard let record = try? tailer.next(), record.lsn == lsn else { return nil }
    return record.header.chain
  }
}

/// What becomes of a command whose id was used before the table's memory.
extension ControlAgent {
  /// An order that left the table, as it ended. One that had not ended when its record was put aside, as by a restore,
  /// is unknown: only the venue can tell.
  func olderOrder(_ id: Text64) -> JournalView.Order? {
    guard case .present(let row) = ids.find(id), row.image.id == id else { return nil }
    return Self.order(of: row)
  }

  static func order(of row: IDRow) -> JournalView.Order {
    var image = row.image
    // Texts are kept for orders of the table only: the number may mean another text by now.
    image.textID = 0
    if OrderStatus(rawValue: image.statusRaw)?.isDone != true {
      image.statusRaw = OrderStatus.unknown.rawValue
      image.sentRaw = SentState.unknown.rawValue
    }
    return JournalView.Order(image: image, seq: row.seq, lsn: row.lsn, utc: row.utc, version: 0)
  }

  /// The order that was found at the venue under the wire id of `id`, whose own record is lost.
  func adoptedOrder(_ id: Text64) -> JournalView.Order? {
    guard let tag = InstanceTag(view.names.tag) else { return nil }
    return view.recentOrder(named: WireID(id, tag: tag).text.description)
  }

  /// Tells the core how far the index is complete, whenever that changes.
  func tellIndex() {
    let lsn = ids.completeLsn
    guard lsn != toldIndexLsn else { return }
    toldIndexLsn = lsn
    var input = IDIndexInput()
    input.lsn = lsn
    ask(HotMessage(.idIndex, input))
  }
}
