import Testing

@testable import OMSLib

/// The state directory of an engine that has been running for a while: segments, and a snapshot behind some record.
@Suite struct UpkeepTests {
  private static let day: Int64 = 86_400_000_000_000

  private func makeKit() throws -> JournalKit {
    let kit = try JournalKit(segmentBytes: 1 << 15)
    kit.fill(2_500)
    return kit
  }

  private func store(_ kit: JournalKit) -> SnapshotStore<MemoryFileSystem> {
    SnapshotStore(fileSystem: kit.disk, directory: "/state/snapshots", identity: JournalKit.identity)
  }

  private func snapshot(_ kit: JournalKit, lsn: UInt64) throws {
    var end = JournalEnd()
    end.lsn = lsn
    _ = try store(kit).write(
      SnapshotHeader(identity: JournalKit.identity, coreVersion: 1, end: end, created: .zero), [])
  }

  private func keep(
    _ kit: JournalKit, after days: Int64, logged: Int64 = .max, indexed: UInt64 = .max,
    oldestOpen: UInt64 = 0
  ) -> [String] {
    let gauge = SharedGauge()
    gauge.set(logged)
    var exchange = kit.options
    exchange.directory = "/state/exchange"
    exchange.fallback = nil
    let upkeep = Upkeep(
      journal: kit.options, exchange: exchange, journalRetention: .days(30), snapshotRetention: .days(14),
      loggedLsn: gauge, indexedLsn: { indexed })
    return upkeep.run(
      kit.disk, snapshots: store(kit), images: store(kit), utc: UTCTime(nanoseconds: days * Self.day),
      oldestOpenLsn: oldestOpen)
  }

  @Test func closedSegmentsAreCompressedAndTheOpenOneIsNot() throws {
    let kit = try makeKit()
    let before = try kit.segments()
    #expect(before.count > 3)
    #expect(keep(kit, after: 1).isEmpty)
    let after = try kit.segments()
    #expect(after.count == before.count)
    #expect(after.count { $0.hasSuffix(".zst") } == before.count - 1)
  }

  @Test func whatIsOldAndBehindASnapshotGoes() throws {
    let kit = try makeKit()
    let before = try kit.segments().count
    try snapshot(kit, lsn: 1_000)
    #expect(keep(kit, after: 29).isEmpty)
    #expect(try kit.segments().count == before, "not old enough")
    #expect(keep(kit, after: 31).isEmpty)
    let left = try kit.segments().count
    #expect(left < before && left > 1, "the snapshot needs what follows it")
  }

  @Test(arguments: [
    (Int64(0), UInt64(0)), (.max, 1),
  ])
  func whatTheLogOrAnOpenOrderNeedsStays(logged: Int64, oldestOpen: UInt64) throws {
    let kit = try makeKit()
    let before = try kit.segments().count
    try snapshot(kit, lsn: 2_000)
    #expect(keep(kit, after: 31, logged: logged, oldestOpen: oldestOpen).isEmpty)
    #expect(try kit.segments().count == before)
  }

  /// Segments in front of the one in which it began may go, those behind it may not.
  @Test func anOpenOrderKeepsWhatFollowsItsFirstRecord() throws {
    let kit = try makeKit()
    try snapshot(kit, lsn: 2_400)
    #expect(keep(kit, after: 31, oldestOpen: 1_200).isEmpty)
    let kept = try kit.segments().count
    #expect(keep(kit, after: 31).isEmpty)
    let left = try kit.segments().count
    #expect(left < kept)
    let other = try makeKit()
    try snapshot(other, lsn: 1_200)
    #expect(keep(other, after: 31).isEmpty)
    let sameAsBehindASnapshot = try other.segments().count
    #expect(kept == sameAsBehindASnapshot)
  }

  /// An id of a user that is in no run yet is in its record only.
  @Test func whatTheIndexOfIDsHasNotReadStays() throws {
    let kit = try makeKit()
    let before = try kit.segments().count
    try snapshot(kit, lsn: 2_000)
    #expect(keep(kit, after: 31, indexed: 0).isEmpty)
    #expect(try kit.segments().count == before)
    #expect(keep(kit, after: 31).isEmpty)
    #expect(try kit.segments().count < before)
  }

  @Test func withoutASnapshotNothingGoes() throws {
    let kit = try makeKit()
    let before = try kit.segments().count
    #expect(keep(kit, after: 365).isEmpty)
    #expect(try kit.segments().count == before)
  }
}
