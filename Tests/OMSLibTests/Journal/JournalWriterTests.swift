import Testing

@testable import OMSLib

@Suite struct JournalWriterTests {
  @Test func recordsComeBackInOrderOverManySegments() throws {
    let kit = try JournalKit()
    kit.fill(1_000)
    #expect(kit.ring.durableLsn == 1_000)
    #expect(try kit.segments().count > 3)
    let start = try #require(kit.close())
    let found = Recovered(kit.disk)
    #expect(found.error == nil)
    #expect(found.lsns == Array(1...1_000))
    #expect(found.altered == nil)
    #expect(found.report.isOrderly && !found.report.mayHaveLost)
    #expect(found.start.end.chain == start.end.chain)
    #expect(found.start.digest == start.digest, "the digest is that of the file")
  }

  @Test func theNextRunGoesOnBehindTheLast() throws {
    let disk = JournalKit.makeDisk()
    var start = JournalStart()
    for epoch in 1...4 as ClosedRange<UInt32> {
      let kit = try JournalKit(disk: disk, epoch: epoch, start: start)
      kit.fill(300)
      // Killed: no close. The ring is gone, as after a power cut that lost nothing.
      let found = Recovered(disk)
      #expect(found.error == nil)
      #expect(found.lsns == Array(1...UInt64(epoch) * 300))
      #expect(found.report.epoch == epoch)
      #expect(found.report.mayHaveLost)
      start = found.start
    }
  }

  @Test func slotsAreFreedOnlyWhenDurable() throws {
    let kit = try JournalKit(capacity: 1 << 14)
    kit.disk.inject(.init(.synchronize, errno: 5, count: 0))
    var appended: UInt64 = 0
    while kit.append() { appended += 1 }
    #expect(kit.ring.durableLsn == 0)
    kit.poll()
    #expect(kit.ring.durableLsn == appended)
    #expect(kit.append())
  }
}
