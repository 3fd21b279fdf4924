import OMSLib
import Testing

@Suite struct BackoffTests {
  private static let second: Int64 = 1_000_000_000

  private func backoff() -> Backoff {
    Backoff(leastNanoseconds: 100_000_000, mostNanoseconds: 30 * Self.second, stableNanoseconds: 60 * Self.second)
  }

  @Test func aLinkThatHeldComesBackAtOnce() {
    var backoff = backoff()
    var random = SplitMix64(seed: 1)
    let now = EngineTime(nanoseconds: 500 * Self.second)
    #expect(backoff.fail(at: now, &random) == now)
    #expect(backoff.fail(at: now, &random) > now)
    backoff.succeed(at: now)
    let later = now.advanced(byNanoseconds: 60 * Self.second)
    #expect(backoff.fail(at: later, &random) == later)
  }

  @Test func oneThatBreaksSoonDoesNotStartAnew() {
    var backoff = backoff()
    var random = SplitMix64(seed: 1)
    var now = EngineTime(nanoseconds: 0)
    for _ in 0..<10 {
      now = backoff.fail(at: now, &random)
      backoff.succeed(at: now)
    }
    #expect(backoff.attempts == 10, "accepting and closing at once is no success")
  }

  @Test func pausesGrowToTheLongestAndDiffer() {
    var random = SplitMix64(seed: 3)
    var pauses: Set<Int64> = []
    for _ in 0..<50 {
      var backoff = backoff()
      let now = EngineTime(nanoseconds: 0)
      for _ in 0..<40 { _ = backoff.fail(at: now, &random) }
      pauses.insert(backoff.fail(at: now, &random).nanoseconds)
    }
    #expect(pauses.count > 45, "many links that broke together spread out")
    #expect(pauses.max()! <= 31 * Self.second)
    #expect(pauses.max()! > 20 * Self.second)
  }

  @Test func attemptsAreCountedAsTheVenueCounts() {
    var budget = ConnectBudget(count: 3, everyNanoseconds: 10 * Self.second)
    let now = EngineTime(nanoseconds: 100 * Self.second)
    var taken = (0..<3).map { _ in budget.take(at: now) }
    taken.append(budget.take(at: now.advanced(byNanoseconds: 9 * Self.second)))
    #expect(budget.opens(at: now) == now.advanced(byNanoseconds: 10 * Self.second))
    taken.append(budget.take(at: now.advanced(byNanoseconds: 10 * Self.second)))
    #expect(taken == [true, true, true, false, true])
  }
}
