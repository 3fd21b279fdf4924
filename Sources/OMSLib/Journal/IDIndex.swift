internal import Synchronization

/// What the index says about an id.
package enum IDAnswer: Sendable {
  /// No order that ended up to this record had it.
  case absent(lsn: UInt64)
  case present(IDRow)
  /// It cannot be told now.
  case failed(IDIndexError)
}

/// All ids of users that may have left the core's table, on disk: a set of runs, each sorted and never changed.
///
/// It is a projection of the journal: lost or damaged runs are made again from it. How far it is complete is told by the
/// runs' own ranges, from record 1 on without a gap; nothing else has to agree with them.
///
/// One thread adds runs (``IDIndexWriter``), any other searches.
package final class IDIndex<FS: FileSystem>: @unchecked Sendable {
  // Unchecked: what changes is behind the lock.
  private struct Desk {
    var runs: [IDRun<FS>] = []
    var completeLsn: UInt64 = 0
    var completeChain: UInt32 = JournalFormat.firstChain
  }

  package let directory: String
  let fileSystem: FS
  let identity: JournalIdentity
  private let desk = Mutex(Desk())
  /// Files that were put aside when it was opened.
  package private(set) var damaged: [IDIndexError] = []

  package init(fileSystem: FS, directory: String, identity: JournalIdentity) throws(IDIndexError) {
    self.fileSystem = fileSystem
    self.directory = directory
    self.identity = identity
    try load()
  }

  private func load() throws(IDIndexError) {
    var runs: [IDRun<FS>] = []
    do throws(SystemError) {
      if !fileSystem.exists(directory) {
        try fileSystem.makeDirectory(directory)
        try fileSystem.synchronizeDirectory(parentPath(directory))
      }
      for name in try fileSystem.list(directory) where name.hasSuffix(".tmp") {
        try fileSystem.remove(directory + "/" + name)
      }
      // Whoever wrote the newest run may have died before its name was durable; from here on records go that are in it.
      try fileSystem.synchronizeDirectory(directory)
    } catch {
      throw .system(file: directory, error)
    }
    for name in try names() {
      let path = directory + "/" + name
      do throws(IDIndexError) {
        let run = try IDRun.open(fileSystem, path: path, identity: identity)
        guard run.header.name == name else { throw .damaged(file: path, what: "its header names it otherwise") }
        runs.append(run)
      } catch {
        guard case .damaged = error else { throw error }
        damaged.append(error)
        try setAside(path)
      }
    }
    set(runs)
    try removeMerged()
  }

  private func names() throws(IDIndexError) -> [String] {
    do throws(SystemError) {
      return try fileSystem.list(directory).filter { IDRunName(file: $0) != nil }
    } catch {
      throw .system(file: directory, error)
    }
  }

  /// Keeps a damaged file for whoever wants to look, under a name that is never read.
  private func setAside(_ path: String) throws(IDIndexError) {
    do throws(SystemError) {
      try fileSystem.rename(path, to: path + ".bad")
      try fileSystem.synchronizeDirectory(directory)
    } catch {
      throw .system(file: path, error)
    }
  }

  // MARK: Reading

  var runs: [IDRun<FS>] { desk.withLock { $0.runs } }

  /// Every order that ended in a record up to this one is in here.
  package var completeLsn: UInt64 { desk.withLock { $0.completeLsn } }

  var completePoint: (lsn: UInt64, chain: UInt32) { desk.withLock { ($0.completeLsn, $0.completeChain) } }

  package var rowCount: Int { runs.reduce(0) { $0 + $1.count } }

  /// The newest row of the order with this id.
  package func find(_ id: Text64) -> IDAnswer { find(WireID.key(id)) }

  package func find(_ key: WireID.Key) -> IDAnswer {
    // Taken together: what is complete up to here is in these runs.
    let (runs, complete) = desk.withLock { ($0.runs, $0.completeLsn) }
    var best: IDRow?
    for run in runs {
      do throws(IDIndexError) {
        guard let row = try run.find(key) else { continue }
        if row.lsn >= best?.lsn ?? 0 { best = row }
      } catch {
        if case .damaged = error { giveUp(run) }
        return .failed(error)
      }
    }
    return best.map { .present($0) } ?? .absent(lsn: complete)
  }

  /// As below, for the run at `path`.
  func giveUp(_ path: String) {
    for run in runs where run.path == path { giveUp(run) }
  }

  /// A run with a bad row counts no more: the index is complete only up to where it began, until that is made again.
  private func giveUp(_ run: IDRun<FS>) {
    do throws(IDIndexError) { try setAside(run.path) } catch {}
    desk.withLock { desk in
      desk.runs.removeAll { $0 === run }
      Self.measure(&desk)
    }
  }

  // MARK: Changing

  private func set(_ runs: [IDRun<FS>]) {
    desk.withLock { desk in
      desk.runs = runs.sorted { ($0.header.from, $1.header.to) < ($1.header.from, $0.header.to) }
      Self.measure(&desk)
    }
  }

  /// How far runs follow each other without a gap.
  private static func measure(_ desk: inout Desk) {
    desk.completeLsn = 0
    desk.completeChain = JournalFormat.firstChain
    for run in desk.runs where run.header.from <= desk.completeLsn && run.header.to > desk.completeLsn {
      desk.completeLsn = run.header.to
      desk.completeChain = run.header.chain
    }
  }

  /// Takes in the run at `path`, and drops those whose range lies within its own.
  func add(_ path: String) throws(IDIndexError) {
    let run = try IDRun.open(fileSystem, path: path, identity: identity)
    set(runs.filter { $0.path != path } + [run])
    try removeMerged()
  }

  /// Runs within the range of another were merged into it, or are about to be found in it.
  private func removeMerged() throws(IDIndexError) {
    let all = runs
    var kept: [IDRun<FS>] = []
    var end: UInt64 = 0
    var gone: [String] = []
    for run in all {
      if !kept.isEmpty, run.header.to <= end {
        gone.append(run.path)
      } else {
        kept.append(run)
        end = max(end, run.header.to)
      }
    }
    guard !gone.isEmpty else { return }
    set(kept)
    do throws(SystemError) {
      for path in gone { try fileSystem.remove(path) }
      try fileSystem.synchronizeDirectory(directory)
    } catch {
      throw .system(file: directory, error)
    }
  }
}

/// Adds to the index what the journal tells: collects orders that ended, writes them as runs, and merges runs.
///
/// Owner: one thread. It is handed every durable record in order, from behind ``IDIndex/completeLsn`` on.
package struct IDIndexWriter<FS: FileSystem> {
  package let index: IDIndex<FS>
  /// Orders that are written together.
  private let flushCount: Int
  private var rows: [WireID.Key: IDRow] = [:]
  private var from: UInt64
  private var lsn: UInt64
  private var chain: UInt32

  /// Records after which a run is written although few orders ended: what a start has to read again, at most.
  static var recordsPerRun: UInt64 { 1 << 18 }
  /// Runs of one size that are merged into one of the next.
  static var fanIn: Int { 8 }

  package init(_ index: IDIndex<FS>, flushCount: Int) {
    precondition(flushCount > 0, "a run has rows")
    self.index = index
    self.flushCount = flushCount
    (lsn, chain) = index.completePoint
    from = lsn
  }

  /// Of the last record taken; a reader goes on behind it.
  package var cursor: UInt64 { lsn }

  /// Takes the next record. Orders that have not ended are not kept, unless `keepsOpen` says so.
  package mutating func take(_ record: JournalRecord, keepsOpen: Bool = false) {
    precondition(record.lsn > lsn, "records come in order, each once")
    lsn = record.lsn
    chain = record.header.chain
    guard record.header.type == .order, unsafe record.body.count >= MemoryLayout<OrderImage>.size else { return }
    let image = unsafe record.body.loadUnaligned(as: OrderImage.self)
    guard keepsOpen || OrderStatus(rawValue: image.statusRaw)?.isDone == true else { return }
    var row = IDRow()
    row.lsn = record.lsn
    row.seq = record.header.seq
    row.utc = record.header.utc
    row.image = image
    for key in IndexedIDs.keys(of: image) {
      row.keyHigh = key.high
      row.keyLow = key.low
      rows[key] = row
    }
  }

  /// What the index must be complete to, for the writer to go on.
  package var base: UInt64 { from }

  /// Orders that were collected and are in no run yet.
  package var rowCount: Int { rows.count }

  package var isDue: Bool { rows.count >= flushCount || lsn - from >= Self.recordsPerRun }

  /// Writes what was collected as a run; then the index is complete up to the last record taken.
  package mutating func flush() throws(IDIndexError) {
    guard lsn > from else { return }
    var header = header
    header.to = lsn
    header.chain = chain
    try index.add(try write(header, to: index.directory))
    rows.removeAll(keepingCapacity: true)
    from = lsn
  }

  /// Writes what was collected as a run in another directory, to be moved to the index later. It counts as complete up
  /// to `end`, which nothing will ever stand at. Returns its path.
  package func stage(upTo end: JournalEnd, isIncomplete: Bool, in directory: String) throws(IDIndexError) -> String {
    precondition(end.lsn > lsn, "what is staged goes beyond all records")
    var header = header
    header.to = end.lsn
    header.chain = end.chain
    header.isIncomplete = isIncomplete
    return try write(header, to: directory)
  }

  private var header: IDRunHeader {
    var header = IDRunHeader(identity: index.identity)
    header.from = from
    header.count = UInt64(rows.count)
    return header
  }

  private func write(_ header: IDRunHeader, to directory: String) throws(IDIndexError) -> String {
    var sink = try IDRunSink(index.fileSystem, directory: directory, header: header)
    do throws(IDIndexError) {
      for row in rows.values.sorted(by: IDRow.precedes) { try sink.add(row) }
      return try sink.finish()
    } catch {
      sink.discard()
      throw error
    }
  }

  // MARK: Merging

  private static func level(_ run: IDRun<FS>) -> Int {
    var level = 0
    var size = 512
    while run.count > size {
      size *= Self.fanIn
      level += 1
    }
    return level
  }

  /// Merges the newest runs of one size, when there are enough of them. `false`: there was nothing to do.
  package func compact() throws(IDIndexError) -> Bool {
    let runs = index.runs
    guard let highest = runs.map({ Self.level($0) }).max() else { return false }
    for level in 0...highest {
      var start = runs.endIndex
      while start > 0, Self.level(runs[start - 1]) <= level { start -= 1 }
      let tail = runs[start...]
      guard tail.count >= Self.fanIn, Self.followEachOther(tail) else { continue }
      try merge(Array(tail))
      return true
    }
    return false
  }

  private static func followEachOther(_ runs: ArraySlice<IDRun<FS>>) -> Bool {
    zip(runs, runs.dropFirst()).allSatisfy { $0.header.to == $1.header.from }
  }

  /// The merged run is durable under its name before the ones it was made of go.
  private func merge(_ runs: [IDRun<FS>]) throws(IDIndexError) {
    guard let first = runs.first, let last = runs.last else { return }
    var header = IDRunHeader(identity: index.identity)
    header.from = first.header.from
    header.to = last.header.to
    header.chain = last.header.chain
    header.isIncomplete = runs.contains { $0.header.isIncomplete }
    do throws(IDIndexError) { header.count = try Self.mergedCount(runs) } catch { throw giveUp(error) }
    var sink = try IDRunSink(index.fileSystem, directory: index.directory, header: header)
    let path: String
    do throws(IDIndexError) {
      var merge = IDMerge(runs)
      while let row = try merge.next() { try sink.add(row) }
      path = try sink.finish()
    } catch {
      sink.discard()
      throw giveUp(error)
    }
    try index.add(path)
  }

  /// A run that cannot be merged since it is damaged is none any more.
  private func giveUp(_ error: IDIndexError) -> IDIndexError {
    if case .damaged(let file, _) = error { index.giveUp(file) }
    return error
  }

  private static func mergedCount(_ runs: [IDRun<FS>]) throws(IDIndexError) -> UInt64 {
    var merge = IDMerge(runs)
    var count: UInt64 = 0
    while try merge.next() != nil { count += 1 }
    return count
  }
}

/// Rows of several runs in the order of their keys; of equal ones the newest.
private struct IDMerge<FS: FileSystem> {
  private struct Reader {
    var run: IDRun<FS>
    var rows: [IDRow] = []
    var at = 0
    var next = 0

    var head: IDRow? { at < rows.count ? rows[at] : nil }

    mutating func fill() throws(IDIndexError) {
      guard at == rows.count, next < run.count else { return }
      rows = try run.rows(next, 512)
      next += rows.count
      at = 0
    }
  }

  private var readers: [Reader]

  init(_ runs: [IDRun<FS>]) { readers = runs.map { Reader(run: $0) } }

  mutating func next() throws(IDIndexError) -> IDRow? {
    var best: IDRow?
    for index in readers.indices {
      try readers[index].fill()
      guard let head = readers[index].head else { continue }
      guard let found = best else {
        best = head
        continue
      }
      if IDRow.precedes(head, found) || (head.key == found.key && head.lsn > found.lsn) { best = head }
    }
    guard let best else { return nil }
    for index in readers.indices where readers[index].head?.key == best.key { readers[index].at += 1 }
    return best
  }
}
