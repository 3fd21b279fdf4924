import CCore
import Glibc
import Testing

@testable import OMSLib

@Suite struct DoorbellTests {
  @Test func ringsOnlyWhenSleepWasAnnouncedAndOnlyOnce() throws {
    var bell = try Doorbell(.parked)
    let ringer = bell.ringer
    let early = ringer.ring()
    #expect(!early)
    bell.announceSleep()
    let first = ringer.ring()
    let second = ringer.ring()
    #expect(first && !second)
    bell.wakeUp()
  }

  @Test func aRingBetweenAnnouncementAndSleepIsNotLost() throws {
    var bell = try Doorbell(.parked)
    bell.announceSleep()
    bell.ringer.ring()
    // Would wait for ever if the ring were lost.
    bell.sleep(timeoutNanoseconds: -1)
    bell.wakeUp()
  }

  @Test func sleepsNoLongerThanAsked() throws {
    var bell = try Doorbell(.parked)
    bell.announceSleep()
    let before = cc_clock_monotonic()
    bell.sleep(timeoutNanoseconds: 2_000_000)
    #expect(cc_clock_monotonic() - before >= 2_000_000)
    bell.wakeUp()
    let rung = bell.ringer.ring()
    #expect(!rung)
  }

  @Test func theEventIsReadyFromTheRingToTheWaking() throws {
    var bell = try Doorbell(.event)
    #expect(!isReadable(bell.descriptor))
    bell.announceSleep()
    bell.ringer.ring()
    #expect(isReadable(bell.descriptor))
    bell.wakeUp()
    #expect(!isReadable(bell.descriptor))
  }

  /// A consumer that sleeps whenever it can, and a producer in bursts: every message arrives, no wake is missed.
  @Test func noMessageSleepsInTheRing() throws {
    let count: UInt64 = 20_000
    var ring = LocalRing<UInt64>(capacity: 16)
    var bell = try Doorbell(.parked)
    let ringer = bell.ringer
    let sending = Sending(ring.takeProducer())
    var consumer = ring.takeConsumer()
    let thread = try WorkerThread(named: "bell-producer") {
      var random = SplitMix64(seed: 1)
      var next: UInt64 = 0
      while next < count {
        for _ in 0...random.below(4) where next < count { if sending.producer.tryPush(next) { next += 1 } }
        ringer.ring()
        if random.chance(1, in: 8) { cc_thread_yield() }
      }
    }
    var expected: UInt64 = 0
    var outOfOrder = 0
    var idle = IdleCounter(.park(afterTurns: 2))
    var lost = 0
    while expected < count, lost == 0 {
      let work = consumer.drain(8) {
        if $0 != expected { outOfOrder += 1 }
        expected += 1
      }
      guard idle.afterTurn(work: work) == .sleep else { continue }
      bell.announceSleep()
      if consumer.isEmpty {
        let before = cc_clock_monotonic()
        bell.sleep(timeoutNanoseconds: 5_000_000_000)
        if cc_clock_monotonic() - before >= 5_000_000_000 { lost += 1 }
      }
      bell.wakeUp()
    }
    thread.join()
    #expect(lost == 0 && outOfOrder == 0)
  }

  @Test func idleCounterRestsAfterTheTurnsItWasGiven() {
    var idle = IdleCounter(.park(afterTurns: 2))
    #expect([0, 0, 0, 0].map { idle.afterTurn(work: $0) } == [.poll, .poll, .sleep, .poll])
    #expect([1, 0, 0, 0].map { idle.afterTurn(work: $0) } == [.poll, .poll, .poll, .sleep])
    var spinning = IdleCounter(.spin)
    #expect((0..<100).allSatisfy { _ in spinning.afterTurn(work: 0) == .poll })
  }
}

private final class Sending: @unchecked Sendable {
  var producer: RingProducer<UInt64>
  init(_ producer: consuming RingProducer<UInt64>) { self.producer = producer }
}

private func isReadable(_ descriptor: Int32) -> Bool {
  var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
  return poll(&entry, 1, 0) == 1
}
