import Testing

@testable import OMSLib

@Suite struct JournalAppenderTests {
  static let identity = JournalIdentity(id: (1, 2), name: Text64("unit") ?? Text64(), tag: Text32("unit0") ?? Text32())

  @Test func numbersRiseByOneAndChain() {
    let memory = JournalRingMemory()
    let ring = memory.makeRing(identity: Self.identity, epoch: 7)
    var appender = JournalAppender(ring: ring, end: JournalEnd())
    for n in 1...10 as ClosedRange<UInt64> {
      let lsn = appender.append(
        .mark, time: EngineTime(nanoseconds: Int64(n)), utc: .zero, (n, n, n))
      #expect(lsn == n)
    }
    #expect(ring.appendedLsn == 0, "nothing is seen before publish")
    appender.publish()
    #expect(ring.appendedLsn == 10)
    #expect(ring.appendedPosition == 10 * 128)
  }
}
