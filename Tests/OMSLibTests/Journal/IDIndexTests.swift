import Testing

@testable import OMSLib

/// The ids that left the table, on disk: found for ever, through merges, power cuts, damage and loss.
@Suite struct IDIndexTests {
  static let directory = "/state/ids"

  static func index(_ disk: MemoryFileSystem) throws -> IDIndex<MemoryFileSystem> {
    try IDIndex(fileSystem: disk, directory: directory, identity: JournalKit.identity)
  }

  /// A journal of orders: record `lsn` tells the end of order `lsn`, or its opening when `opens` says so.
  static func image(_ id: String, _ status: OrderStatus = .filled, filled: Int64 = 7) -> OrderImage {
    var image = OrderImage()
    image.id = fixed(id)
    image.statusRaw = status.rawValue
    image.filled = filled
    image.quantity = filled
    image.fingerprint = 99
    return image
  }

  static func take(
    _ image: OrderImage, lsn: UInt64, _ writer: inout IDIndexWriter<MemoryFileSystem>, keepsOpen: Bool = false
  ) {
    var header = RecordHeader()
    header.typeRaw = RecordType.order.rawValue
    header.lsn = lsn
    header.seq = lsn
    header.chain = UInt32(lsn) &* 3
    withUnsafeBytes(of: image) { writer.take(JournalRecord(header: header, body: $0), keepsOpen: keepsOpen) }
  }

  /// Feeds records `range`, each the end of order `o<lsn>`, writing and merging as it becomes due.
  static func feed(_ range: ClosedRange<UInt64>, _ writer: inout IDIndexWriter<MemoryFileSystem>) throws {
    for lsn in range {
      take(image("o\(lsn)", filled: Int64(lsn)), lsn: lsn, &writer)
      guard writer.isDue else { continue }
      try writer.flush()
      while try writer.compact() {}
    }
  }

  static func row(_ id: String, in index: IDIndex<MemoryFileSystem>) -> IDRow? {
    guard case .present(let row) = index.find(fixed(id)) else { return nil }
    return row
  }

  static func absent(_ id: String, in index: IDIndex<MemoryFileSystem>) -> UInt64? {
    guard case .absent(let lsn) = index.find(fixed(id)) else { return nil }
    return lsn
  }

  @Test func whatEndedIsFoundAndNothingElse() throws {
    let disk = JournalKit.makeDisk()
    let index = try Self.index(disk)
    var writer = IDIndexWriter(index, flushCount: 100)
    Self.take(Self.image("done"), lsn: 1, &writer)
    Self.take(Self.image("open", .open), lsn: 2, &writer)
    Self.take(Self.image("e12.7"), lsn: 3, &writer)
    Self.take(Self.image("done/c1"), lsn: 4, &writer)
    var foreign = Self.image("theirs")
    foreign.ownerRaw = OrderOwner.foreign.rawValue
    Self.take(foreign, lsn: 5, &writer)
    #expect(Self.absent("done", in: index) == 0, "before it is written the index is not complete to there")
    try writer.flush()
    #expect(index.completeLsn == 5 && index.rowCount == 1)
    #expect(Self.row("done", in: index)?.image.filled == 7)
    for id in ["open", "e12.7", "theirs", "never"] { #expect(Self.absent(id, in: index) == 5, "\(id)") }
  }

  /// Whoever names the user's id meets the order that was found at the venue under its wire id.
  @Test func anAdoptedOrderBurnsTheUsersID() throws {
    let index = try Self.index(JournalKit.makeDisk())
    var writer = IDIndexWriter(index, flushCount: 100)
    var adopted = Self.image("x")
    adopted.id = Text64()
    adopted.id.low = WireID(fixed("mine"), tag: .fixture).text
    Self.take(adopted, lsn: 1, &writer)
    try writer.flush()
    #expect(Self.row("mine", in: index)?.image.id == adopted.id)
  }

  @Test func theNewestWordAboutAnIDCounts() throws {
    let disk = JournalKit.makeDisk()
    let index = try Self.index(disk)
    var writer = IDIndexWriter(index, flushCount: 1)
    for lsn in 1...20 as ClosedRange<UInt64> {
      Self.take(Self.image("same", filled: Int64(lsn)), lsn: lsn, &writer)
      try writer.flush()
      while try writer.compact() {}
      #expect(Self.row("same", in: index)?.image.filled == Int64(lsn))
    }
    #expect(index.runs.count < 12, "runs were merged")
  }

  @Test(arguments: [1, 3, 40]) func everyIDIsFoundThroughAllMerges(flushCount: Int) throws {
    let disk = JournalKit.makeDisk()
    let index = try Self.index(disk)
    var writer = IDIndexWriter(index, flushCount: flushCount)
    let count: UInt64 = 900
    try Self.feed(1...count, &writer)
    try writer.flush()
    let again = try Self.index(disk)
    #expect(again.completeLsn == count && again.rowCount == Int(count))
    for lsn in 1...count {
      let row = Self.row("o\(lsn)", in: again)
      if row?.image.filled != Int64(lsn) || row?.lsn != lsn { Issue.record("o\(lsn) is lost") }
      if Self.absent("n\(lsn)", in: again) != count { Issue.record("n\(lsn) was never there") }
    }
    for run in again.runs { try run.verify() }
    #expect(again.runs.count <= 24)
  }

  /// Cut at any change, with any fate of what was not synced: what was promised is there, and the rest can be made again.
  @Test func aPowerCutAtAnyMomentLosesNoIDThatMayHaveLeftTheTable() throws {
    let disk = JournalKit.makeDisk()
    disk.startTrace()
    var promises: [(change: Int, lsn: UInt64)] = []
    let index = try Self.index(disk)
    var writer = IDIndexWriter(index, flushCount: 2)
    for lsn in 1...40 as ClosedRange<UInt64> {
      Self.take(Self.image("o\(lsn)", filled: Int64(lsn)), lsn: lsn, &writer)
      guard writer.isDue else { continue }
      try writer.flush()
      promises.append((disk.trace.count, index.completeLsn))
      while try writer.compact() {}
    }
    var random = SplitMix64(seed: 5)
    var images = 0
    for count in 0...disk.trace.count {
      let promised = promises.last { $0.change <= count }?.lsn ?? 0
      for image in JournalCrashTests.images(of: disk, after: count, random: &random, drawn: 2) {
        images += 1
        let found = try Self.index(image)
        if found.completeLsn < promised {
          Issue.record("change \(count): complete to \(found.completeLsn), promised \(promised)")
          return
        }
        for lsn in 1...40 as ClosedRange<UInt64> where lsn <= found.completeLsn {
          if Self.row("o\(lsn)", in: found)?.image.filled != Int64(lsn) {
            Issue.record("change \(count): o\(lsn) is lost below \(found.completeLsn)")
            return
          }
        }
        guard images % 7 == 0 else { continue }
        var next = IDIndexWriter(found, flushCount: 2)
        if next.cursor < 40 { try Self.feed(next.cursor + 1...40, &next) }
        try next.flush()
        if found.completeLsn != 40 || found.rowCount < 40 { Issue.record("change \(count): it cannot go on") }
      }
    }
    #expect(images > 300)
  }

  /// Killed before the name of its run was durable: who counts that run next makes it so, since records go that are in it.
  @Test func aRunThatAnEarlierProcessNamedIsDurableOnceItCounts() throws {
    let disk = JournalKit.makeDisk()
    disk.startTrace()
    var writer = IDIndexWriter(try Self.index(disk), flushCount: 100)
    try Self.feed(1...40, &writer)
    for call in [MemoryFileSystem.Call.synchronizeDirectory, .remove] { disk.inject(.init(call, errno: 5)) }
    #expect(throws: IDIndexError.self) { try writer.flush() }
    disk.clearFaults()
    let counted = try Self.index(disk).completeLsn
    #expect(counted == 40, "it is there under its name")
    var random = SplitMix64(seed: 9)
    for image in JournalCrashTests.images(of: disk, after: disk.trace.count, random: &random, drawn: 8) {
      #expect(try Self.index(image).completeLsn == counted)
    }
  }

  /// A bit that flipped is never an id that came back: the run is put aside, and the index says how far it still knows.
  @Test func everyFlippedBitIsNoticed() throws {
    let disk = JournalKit.makeDisk()
    let first = try Self.index(disk)
    var writer = IDIndexWriter(first, flushCount: 3)
    try Self.feed(1...3, &writer)
    let name = try #require(try disk.list(Self.directory).first)
    let path = Self.directory + "/" + name
    let bits = try #require(disk.contents(path)).count * 8
    for bit in 0..<bits {
      let copy = disk.copy()
      copy.flip(path, bit: bit)
      let verdict: Bool
      do throws(IDIndexError) {
        let index = try IDIndex(fileSystem: copy, directory: Self.directory, identity: JournalKit.identity)
        verdict =
          (1...3).allSatisfy { lsn in
            switch index.find(fixed("o\(lsn)")) {
            case .present(let row): row.image.filled == Int64(lsn)
            case .absent(let complete): complete < UInt64(lsn)
            case .failed: true
            }
          } && (index.completeLsn == 0 || index.runs.contains { run in (try? run.verify()) == nil })
      } catch { verdict = true }
      if !verdict {
        Issue.record("bit \(bit) went unnoticed")
        return
      }
    }
  }

  @Test func aRunThatIsLostIsMadeAgain() throws {
    let disk = JournalKit.makeDisk()
    let index = try Self.index(disk)
    var writer = IDIndexWriter(index, flushCount: 50)
    try Self.feed(1...250, &writer)
    let lost = try disk.list(Self.directory)[1]
    try disk.remove(Self.directory + "/" + lost)
    let again = try Self.index(disk)
    #expect(again.completeLsn == 50)
    #expect(Self.row("o200", in: again) != nil, "what is behind the gap stays burnt")
    #expect(Self.absent("o70", in: again) == 50)
    var next = IDIndexWriter(again, flushCount: 50)
    try Self.feed(51...100, &next)
    #expect(again.completeLsn == 250)
    #expect(Self.row("o70", in: again) != nil)
  }

  /// A bad row that only a merge meets puts its run aside too; `journal verify` would have told it.
  @Test func aMergeGivesUpADamagedRun() throws {
    let disk = JournalKit.makeDisk()
    let index = try Self.index(disk)
    var writer = IDIndexWriter(index, flushCount: 2)
    for lsn in 1...14 as ClosedRange<UInt64> {
      Self.take(Self.image("o\(lsn)", filled: Int64(lsn)), lsn: lsn, &writer)
      if writer.isDue { try writer.flush() }
    }
    let path = Self.directory + "/" + (try disk.list(Self.directory)[3])
    let sound = IDIndexVerify.run(disk, directory: Self.directory, identity: JournalKit.identity)
    #expect(sound.count == 7 && sound.allSatisfy { $0.error == nil })
    disk.flip(path, bit: 8 * (IDRunHeader.bytes + IDRow.bytes + 40))
    let damaged = IDIndexVerify.run(disk, directory: Self.directory, identity: JournalKit.identity)
    #expect(damaged.filter { $0.error != nil }.map(\.file) == [path])
    for lsn in 15...16 as ClosedRange<UInt64> { Self.take(Self.image("o\(lsn)"), lsn: lsn, &writer) }
    try writer.flush()
    #expect(throws: IDIndexError.self) { try writer.compact() }
    #expect(index.completeLsn == 6, "it is made again from there")
    #expect(Self.row("o12", in: index) != nil)
  }

  @Test func anotherInstancesRunIsRefused() throws {
    let disk = JournalKit.makeDisk()
    var writer = IDIndexWriter(try Self.index(disk), flushCount: 2)
    try Self.feed(1...2, &writer)
    #expect(throws: IDIndexError.self) {
      _ = try IDIndex(fileSystem: disk, directory: Self.directory, identity: JournalKit.other)
    }
  }

  @Test func aFullDiskLeavesTheIndexAsItWas() throws {
    let disk = JournalKit.makeDisk()
    let index = try Self.index(disk)
    var writer = IDIndexWriter(index, flushCount: 4)
    try Self.feed(1...4, &writer)
    disk.inject(.init(.write, path: "IDS-", errno: 28))
    for lsn in 5...8 as ClosedRange<UInt64> { Self.take(Self.image("o\(lsn)"), lsn: lsn, &writer) }
    #expect(throws: IDIndexError.self) { try writer.flush() }
    #expect(index.completeLsn == 4 && disk.faultCount > 0)
    disk.clearFaults()
    try writer.flush()
    #expect(index.completeLsn == 8)
    #expect(Self.row("o8", in: index) != nil)
  }
}
