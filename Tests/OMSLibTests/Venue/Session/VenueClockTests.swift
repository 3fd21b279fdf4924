import OMSLib
import Testing

@Suite struct VenueClockTests {
  private static let ms: Int64 = 1_000_000
  private let start: Int64 = 1_700_000_000_000_000_000

  /// Asked at `at` ms, answered `delay` ms later by a venue whose clock is `ahead` ms ahead and that answers at once.
  private func ask(_ clock: inout VenueClock, at: Int64, delay: Int64, ahead: Int64, backDelay: Int64? = nil) {
    let sent = start + at * Self.ms
    let there = sent + (delay - (backDelay ?? delay / 2)) * Self.ms
    let told = (there + ahead * Self.ms) / Self.ms * Self.ms
    clock.take(
      venueTime: UTCTime(nanoseconds: told), resolution: Self.ms, sent: UTCTime(nanoseconds: sent),
      received: UTCTime(nanoseconds: sent + delay * Self.ms), now: EngineTime(nanoseconds: (at + delay) * Self.ms))
  }

  @Test func theTruthLiesWithinTheBound() {
    var random = SplitMix64(seed: 7)
    for _ in 0..<200 {
      var clock = VenueClock()
      let ahead = Int64(random.below(4_000)) - 2_000
      for step in 0..<5 {
        let delay = Int64(1 + random.below(300))
        ask(
          &clock, at: Int64(step) * 1_000, delay: delay, ahead: ahead, backDelay: Int64(random.below(UInt64(delay + 1)))
        )
      }
      let bound = clock.bound(at: EngineTime(nanoseconds: 5_000 * Self.ms))!
      #expect(abs(clock.offset - ahead * Self.ms) <= bound, "ahead \(ahead) ms, offset \(clock.offset), bound \(bound)")
    }
  }

  @Test func theQuickestAnswerIsTheSurest() {
    var clock = VenueClock()
    ask(&clock, at: 0, delay: 10, ahead: 1_500)
    let sure = clock.best
    ask(&clock, at: 1_000, delay: 800, ahead: 1_500, backDelay: 0)
    #expect(clock.best == sure)
    ask(&clock, at: 2_000, delay: 2, ahead: 1_500)
    #expect(clock.best != sure)
  }

  @Test func oneWildAnswerChangesNothingAndThreeDo() {
    var clock = VenueClock()
    ask(&clock, at: 0, delay: 4, ahead: 0)
    ask(&clock, at: 1_000, delay: 4, ahead: 3_600_000)
    #expect(abs(clock.offset) < 10 * Self.ms)
    ask(&clock, at: 2_000, delay: 4, ahead: 0)
    for step in 3..<5 { ask(&clock, at: Int64(step) * 1_000, delay: 4, ahead: 30_000) }
    #expect(clock.jumps == 0)
    ask(&clock, at: 5_000, delay: 4, ahead: 30_000)
    #expect(clock.jumps == 1)
    #expect(abs(clock.offset - 30_000 * Self.ms) < 10 * Self.ms)
  }

  @Test func whatIsBelievedGrowsUnsureAndIsRenewed() {
    var clock = VenueClock()
    ask(&clock, at: 0, delay: 2, ahead: 5)
    let first = clock.best!
    let late = EngineTime(nanoseconds: 1_000_000 * Self.ms)
    #expect(clock.bound(at: late)! > first.bound + 190 * Self.ms)
    ask(&clock, at: 1_000_000, delay: 60, ahead: 100)
    #expect(clock.best != first, "an old sample gives way to a slower new one")
  }

  @Test func aBackwardAnswerAndASlowOneSayNothing() {
    var clock = VenueClock()
    ask(&clock, at: 0, delay: -5, ahead: 0)
    ask(&clock, at: 0, delay: 6_000, ahead: 0)
    #expect(clock.best == nil)
    #expect(clock.bound(at: .zero) == nil)
    #expect(clock.offset == 0)
  }

  @Test func aVenueThatCallsOurTimeWrongIsAskedAnew() {
    var clock = VenueClock()
    ask(&clock, at: 0, delay: 2, ahead: 0)
    clock.forget()
    ask(&clock, at: 1, delay: 40, ahead: -2_000)
    #expect(abs(clock.offset + 2_000 * Self.ms) < 30 * Self.ms)
  }
}
