import Testing

@testable import OMSLib

@Suite struct JournalAppenderTests {
  /// Records of every size, over many laps: each lies in one piece, carries the next number, and continues the chain.
  @Test(arguments: 0..<4 as Range<UInt64>)
  func anySizesOverManyLaps(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    let memory = JournalRingMemory(capacity: 1 << 14)
    let ring = memory.makeRing(identity: JournalKit.identity, epoch: 7)
    var appender = JournalAppender(ring: ring, end: JournalEnd())
    var check = RecordCheck(end: JournalEnd(), instance: JournalKit.identity.number)
    var read: UInt64 = 0
    var bodies: [[UInt8]] = []
    for round in 0..<120 {
      for _ in 0..<random.below(6) {
        let body = (0..<Int(random.below(4_033))).map { UInt8(truncatingIfNeeded: $0 &+ round) }
        let lsn = body.withUnsafeBytes {
          appender.append(20, time: EngineTime(nanoseconds: Int64(round)), utc: .zero, body: $0)
        }
        guard let lsn else { break }
        bodies.append(body)
        #expect(lsn == UInt64(bodies.count))
      }
      appender.publish()
      while read < ring.appendedPosition {
        let place = UnsafeRawPointer(ring.place(read))
        let header = place.load(as: RecordHeader.self)
        #expect(Int(header.length) <= ring.lapRest(read))
        if header.typeRaw != 0 {
          let flaw = check.accept(place, available: ring.lapRest(read))
          #expect(flaw == nil)
          let body = bodies[Int(header.lsn) - 1]
          let bytes = UnsafeRawBufferPointer(start: place + 64, count: Int(header.length) - 64)
          #expect(bytes.starts(with: body) && bytes.dropFirst(body.count).allSatisfy { $0 == 0 })
          #expect(header.epoch == 7)
        }
        read += UInt64(header.length)
      }
      ring.publishDurable(position: read, lsn: check.end.lsn, syncCount: 0)
    }
    #expect(check.end.lsn == UInt64(bodies.count))
    #expect(read > 20 << 14, "the ring went round many times")
  }

  @Test func nothingIsSeenBeforeItIsPublished() {
    let memory = JournalRingMemory()
    let ring = memory.makeRing(identity: JournalKit.identity, epoch: 1)
    var appender = JournalAppender(ring: ring, end: JournalEnd())
    _ = appender.append(.mark, time: .zero, utc: .zero, 1 as UInt64)
    #expect(ring.appendedLsn == 0 && ring.appendedPosition == 0)
    appender.publish()
    #expect(ring.appendedLsn == 1 && ring.appendedPosition == 128)
  }

  @Test func aFullRingRefusesAndChangesNothing() {
    let memory = JournalRingMemory(capacity: 1 << 14)
    let ring = memory.makeRing(identity: JournalKit.identity, epoch: 1)
    var appender = JournalAppender(ring: ring, end: JournalEnd())
    var last: UInt64 = 0
    while let lsn = appender.append(.mark, time: .zero, utc: .zero, 1 as UInt64) { last = lsn }
    #expect(last == (1 << 14) / 128)
    let (lsn, chain, next) = (appender.lsn, appender.chain, appender.nextLsn)
    #expect(lsn == last && next == last + 1 && chain != JournalFormat.firstChain)
    appender.publish()
    ring.publishDurable(position: 128, lsn: 1, syncCount: 1)
    let again = appender.append(.mark, time: .zero, utc: .zero, 1 as UInt64)
    #expect(again == last + 1)
  }

  @Test func exportedEventsAreNumberedWithoutGaps() async {
    let memory = JournalRingMemory()
    let ring = memory.makeRing(identity: JournalKit.identity, epoch: 1)
    var appender = JournalAppender(ring: ring, end: JournalEnd())
    _ = appender.append(.fill, time: .zero, utc: .zero, seq: 1, 1 as UInt64)
    _ = appender.append(.mark, time: .zero, utc: .zero, 1 as UInt64)
    _ = appender.append(.fill, time: .zero, utc: .zero, seq: 2, 1 as UInt64)
    let seq = appender.seq
    #expect(seq == 2)
    await #expect(processExitsWith: .failure) {
      let memory = JournalRingMemory()
      let ring = memory.makeRing(identity: JournalKit.identity, epoch: 1)
      var appender = JournalAppender(ring: ring, end: JournalEnd())
      _ = appender.append(.fill, time: .zero, utc: .zero, seq: 2, 1 as UInt64)
    }
  }

  @Test func aRegionThatIsNoRingOfOursIsNotJoined() throws {
    let memory = JournalRingMemory()
    #expect(throws: JournalRing.Flaw.notARing) {
      try JournalRing(unsafeJoining: memory.bytes, identity: JournalKit.identity)
    }
    _ = memory.makeRing(identity: JournalKit.identity, epoch: 1)
    #expect(throws: JournalRing.Flaw.instance(found: JournalKit.identity.number)) {
      try JournalRing(unsafeJoining: memory.bytes, identity: JournalKit.other)
    }
    memory.bytes.storeBytes(of: 2, toByteOffset: 8, as: UInt32.self)
    #expect(throws: JournalRing.Flaw.layout(found: 2)) {
      try JournalRing(unsafeJoining: memory.bytes, identity: JournalKit.identity)
    }
  }

  /// Random bytes in the header: refused, or positions that can be walked.
  @Test(arguments: 0..<50 as Range<UInt64>)
  func aRingWithWildPositionsIsWalkedInBounds(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    let memory = JournalRingMemory(capacity: 1 << 14)
    let ring = memory.makeRing(identity: JournalKit.identity, epoch: 1)
    var appender = JournalAppender(ring: ring, end: JournalEnd())
    while appender.append(.mark, time: .zero, utc: .zero, 1 as UInt64) != nil {}
    appender.publish()
    for _ in 0..<4 {
      let offset = [64, 72, 136, 144, 4_096, 4_096 + 128][Int(random.below(6))]
      memory.bytes.storeBytes(
        of: random.next() >> random.below(64), toByteOffset: offset, as: UInt64.self)
    }
    guard let joined = try? JournalRing(unsafeJoining: memory.bytes, identity: JournalKit.identity) else { return }
    let found = Recovered(JournalKit.makeDisk(), ring: joined, finishes: false)
    #expect(found.lsns.count <= (1 << 14) / 128)
  }
}
