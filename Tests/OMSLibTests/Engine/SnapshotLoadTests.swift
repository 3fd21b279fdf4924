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
}
