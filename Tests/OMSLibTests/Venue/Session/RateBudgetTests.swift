import OMSLib
import Testing

@Suite struct RateBudgetTests {
  private static let minute: Int64 = 60_000_000_000
  private static let weight = RateLimit(.weight, 100, everyNanoseconds: minute)

  private func at(_ seconds: Int64) -> UTCTime { UTCTime(nanoseconds: seconds * 1_000_000_000) }

  private func budget(_ reserve: Int64 = 20) -> RateBudget {
    RateBudget([Self.weight], cancelReserve: Rate(e8: reserve * 1_000_000))
  }

  @Test func aPartIsLeftForCancels() {
    var budget = budget()
    for _ in 0..<8 { #expect(budget.take(10, isCancel: false, at: at(1)) != nil) }
    #expect(budget.take(1, isCancel: false, at: at(1)) == nil)
    #expect(budget.take(20, isCancel: true, at: at(1)) != nil)
    #expect(budget.take(1, isCancel: true, at: at(1)) == nil)
  }

  @Test func anIntervalBeginsWhereTheVenuesClockSays() {
    var budget = budget(0)
    let charge = budget.take(100, isCancel: false, at: at(59))
    #expect(budget.take(1, isCancel: false, at: at(59)) == nil)
    #expect(budget.opens(1, isCancel: false, at: at(59)) == at(60))
    budget.settle(charge!, at: at(59))
    #expect(budget.take(100, isCancel: false, at: at(60)) != nil)
  }

  @Test func whatIsUnderWayCountsInTheIntervalItMayArriveIn() {
    var budget = budget(0)
    _ = budget.take(60, isCancel: false, at: at(59))
    #expect(budget.take(60, isCancel: false, at: at(60)) == nil, "the first may reach the venue behind the full minute")
  }

  @Test func theVenuesCountWins() {
    var budget = budget(0)
    budget.note(used: 95, .weight, everyNanoseconds: Self.minute, at: at(1))
    #expect(budget.take(10, isCancel: false, at: at(1)) == nil, "somebody else shares the address")
    budget.note(used: 5, .weight, everyNanoseconds: Self.minute, at: at(2))
    #expect(budget.take(95, isCancel: false, at: at(2)) != nil)
    #expect(budget.usedPercent(at: at(2)) == 100)
  }

  @Test func whatCostNothingThereIsGivenBack() {
    var budget = budget(0)
    let free = budget.take(100, isCancel: false, at: at(1))!
    budget.settle(free, isFree: true, at: at(1))
    #expect(budget.take(100, isCancel: false, at: at(1)) != nil)
  }

  @Test func aBrokenLinkGivesNothingBack() {
    var budget = budget(0)
    let charge = budget.take(100, isCancel: false, at: at(1))!
    budget.linkLost(at: at(2))
    #expect(budget.take(1, isCancel: false, at: at(2)) == nil, "the venue may have had it")
    budget.settle(charge, isFree: true, at: at(61))
    #expect(budget.take(100, isCancel: false, at: at(61)) != nil)
    #expect(budget.take(1, isCancel: false, at: at(61)) == nil, "a charge of a link that is gone frees nothing")
  }

  @Test func silenceIsKeptAndNotShortened() {
    var budget = budget(0)
    budget.close(until: at(500))
    budget.close(until: at(100))
    #expect(budget.take(1, isCancel: true, at: at(499)) == nil, "not even cancels go to a venue that bans us")
    #expect(budget.opens(1, isCancel: true, at: at(10)) == at(500))
    #expect(budget.take(1, isCancel: true, at: at(500)) != nil)
  }

  @Test func otherLimitsKeepWhatWasCounted() {
    var budget = budget(0)
    budget.note(used: 90, .weight, everyNanoseconds: Self.minute, at: at(1))
    budget.replace([
      RateLimit(.weight, 120, everyNanoseconds: Self.minute), RateLimit(.requests, 3, everyNanoseconds: Self.minute),
    ])
    #expect(budget.take(31, isCancel: false, at: at(1)) == nil)
    #expect(budget.take(3, isCancel: false, at: at(1)) != nil)
    #expect(budget.take(1, isCancel: false, at: at(1)) == nil, "the narrowest window decides")
  }
}
