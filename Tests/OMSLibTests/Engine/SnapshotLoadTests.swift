import Testing

@testable import OMSLib

@Suite struct SnapshotLoadTests {
  static let directory = "/state/snapshots"

  static func store(_ disk: MemoryFileSystem) -> SnapshotStore<MemoryFileSystem> {
    SnapshotStore(fileSystem: disk, directory: directory, identity: JournalKit.identity)
  }

  @discardableResult
  static func write(_ fixture: CoreFixture, lsn: UInt64, to disk: MemoryFileSystem, version: UInt32 = Core.version)
    throws -> String
  {
    var end = JournalEnd()
    end.lsn = lsn
    end.seq = fixture.core.state.global.nextSeq - 1
    let header = SnapshotHeader(
      identity: JournalKit.identity, coreVersion: version, end: end, created: UTCTime(nanoseconds: Int64(lsn)))
    var digest = fixture.core.state.digest
    return try withUnsafeBytes(of: &digest) { bytes in
      let extra = SnapshotSection(id: SnapshotLoad.digestSection, rowBytes: bytes.count, unsafeBytes: bytes)
      return try store(disk).write(header, fixture.core.state.sections + [extra])
    }
  }

  static func fixture(orders: Int) -> CoreFixture {
    let fixture = CoreFixture()
    for index in 0..<orders {
      fixture.order("s\(index)", .buy, quantity: 100, price: 5_900_000)
      fixture.venue(.accepted, "s\(index)")
    }
    return fixture
  }

  @Test func withoutASnapshotTheCoreIsNew() throws {
    var passed: [SnapshotError] = []
    let loaded = try SnapshotLoad.newest(Self.store(JournalKit.makeDisk()), capacity: .small, passing: &passed)
    let end = loaded.end
    #expect(end == JournalEnd())
    #expect(passed.isEmpty)
  }

  /// A newer one that is damaged, or of another core, is passed over and named.
  @Test func theNewestSoundSnapshotIsTaken() throws {
    let disk = JournalKit.makeDisk()
    let sound = Self.fixture(orders: 3)
    try Self.write(sound, lsn: 10, to: disk)
    let damaged = try Self.write(Self.fixture(orders: 4), lsn: 20, to: disk)
    disk.flip(Self.directory + "/" + damaged, bit: 8 * 5_000)
    try Self.write(Self.fixture(orders: 5), lsn: 30, to: disk, version: Core.version + 1)
    var passed: [SnapshotError] = []
    let loaded = try SnapshotLoad.newest(Self.store(disk), capacity: .small, passing: &passed)
    let end = loaded.end
    let core = loaded.takeCore()
    let digest = core.state.digest
    #expect(end.lsn == 10)
    #expect(passed.count == 2)
    #expect(digest == sound.core.state.digest)
  }

  /// An order was answered while its record was in the ring alone: a snapshot asked for then has it.
  @Test func aSnapshotWaitsForWhatIsNotOnTheDiskYet() throws {
    let kit = try JournalKit()
    kit.append(5)
    #expect(kit.ring.durableLsn == 0)
    let replica = try SnapshotLoad.replicaOfNow(
      Self.store(kit.disk), kit.disk, kit.options, kit.ring, capacity: .small
    ) { () throws(EngineFailure) in kit.poll() }
    let end = replica.end
    #expect(end.lsn == 5)
  }

  /// Names and orders that no record tells any more come from the rows, and ids that were written stay burnt.
  @Test func aViewBeginsWithWhatTheRowsHold() throws {
    let disk = JournalKit.makeDisk()
    let fixture = Self.fixture(orders: 3)
    try Self.write(fixture, lsn: 10, to: disk)
    var passed: [SnapshotError] = []
    let loaded = try SnapshotLoad.newest(Self.store(disk), capacity: .small, passing: &passed)
    let end = loaded.end
    let core = loaded.takeCore()
    let view = JournalView()
    view.begin(from: core, behind: end)
    #expect(view.allOrders.map { $0.image.id.description } == ["s0", "s1", "s2"])
    #expect(view.openOrderCount == 3)
    #expect(view.lastSeq == end.seq)
    #expect(view.names.accounts.count == Int(fixture.core.state.global.accountCount) + 1)
    let written = core.writtenWireIDs
    #expect(written == ["s0", "s1", "s2"].map { fixture.wire($0) })
  }

  /// Older segments may be gone: what is kept is shown, up to the snapshot's record and not further.
  @Test func lookingBackEndsAtTheSnapshot() throws {
    let kit = try JournalKit(segmentBytes: 1 << 14)
    kit.fill(500)
    var end = JournalEnd()
    end.lsn = 400
    var seen: [UInt64] = []
    let isWhole = SnapshotLoad.lookBack(kit.disk, kit.options, to: end, all: true) { seen.append($0.lsn) }
    #expect(isWhole)
    #expect(seen == Array(1...400))
    for path in try kit.segments().prefix(2) { try kit.disk.remove(path) }
    seen = []
    let rest = SnapshotLoad.lookBack(kit.disk, kit.options, to: end, all: true) { seen.append($0.lsn) }
    #expect(rest)
    #expect(seen.last == 400 && seen.count < 400)
    #expect(seen == Array(try #require(seen.first)...400))
  }

  private static func kept(_ fixture: CoreFixture, _ note: String?, on disk: MemoryFileSystem) throws -> String {
    var end = JournalEnd()
    end.lsn = 10
    end.seq = fixture.core.state.global.nextSeq - 1
    return try SnapshotLoad.write(
      fixture.core, end, created: UTCTime(nanoseconds: 5), note: note, to: store(disk), JournalKit.identity)
  }

  private static func words(_ facts: SnapshotFacts) -> String {
    "\(facts.id) \(facts.bytes) \(facts.seq) \(facts.accounts) \(facts.digest) \(facts.created) \(facts.lsn) "
      + "\(facts.openOrders ?? -1) \(facts.note ?? "-")"
  }

  /// A list tells the same as loading does, and is not the place where a damaged table shows.
  @Test(arguments: [nil, "before the upgrade"])
  func theHeadOfASnapshotTellsWhatLoadingItTells(note: String?) throws {
    let disk = JournalKit.makeDisk()
    let name = try Self.kept(Self.fixture(orders: 3), note, on: disk)
    let store = Self.store(disk)
    let whole = Self.words(SnapshotFacts(try store.load(name), name: name, path: store.path(name)))
    let listed = Self.words(try SnapshotFacts.read(name, store))
    #expect(listed == whole)
    #expect(listed.hasSuffix(" 3 \(note ?? "-")"))
    disk.flip(store.path(name), bit: 8 * 100_000)
    #expect(store.verify(name) != nil)
    #expect(Self.words(try SnapshotFacts.read(name, store)) == whole)
  }

  /// Header, directory and the sections that are read have checksums of their own.
  @Test func noBitOfAHeadFlipsUnseen() throws {
    let disk = JournalKit.makeDisk()
    let name = try Self.kept(Self.fixture(orders: 1), "why", on: disk)
    let store = Self.store(disk)
    let path = store.path(name)
    let whole = Self.words(try SnapshotFacts.read(name, store))
    let sections = Int(try #require(disk.contents(path))[24])
    let heads = 0..<(512 + sections * 32)
    let bytes = try #require(disk.contents(path))
    let note = try #require(bytes.indices.last { bytes[$0...].starts(with: Array("why".utf8)) })
    for bit in Array(stride(from: 0, to: heads.count * 8, by: 5)) + Array(note * 8..<(note + 3) * 8) {
      disk.flip(path, bit: bit)
      let read = (try? SnapshotFacts.read(name, store)).map { Self.words($0) }
      #expect(read == nil || read == whole, "bit \(bit)")
      disk.flip(path, bit: bit)
    }
  }

  /// Those of older programs have no such section.
  @Test func anOlderSnapshotIsLoadedWholeForItsFacts() throws {
    let disk = JournalKit.makeDisk()
    let name = try Self.write(Self.fixture(orders: 2), lsn: 10, to: disk)
    let facts = try SnapshotFacts.read(name, Self.store(disk))
    #expect(facts.openOrders == 2 && facts.lsn == 10)
    disk.flip(Self.store(disk).path(name), bit: 8 * 100_000)
    #expect(throws: SnapshotError.self) { try SnapshotFacts.read(name, Self.store(disk)) }
  }
}
