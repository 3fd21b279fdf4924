import Testing

@testable import OMSLib

@Suite struct TouchedRowsTests {
  private func touched(_ fixture: CoreFixture) -> Set<String> {
    var seen: Set<String> = []
    for index in 0..<fixture.core.state.touchedCount {
      let entry = fixture.core.state.touched(index)
      seen.insert("\(entry.table) \(entry.row)")
    }
    return seen
  }

  private func isLost(_ fixture: CoreFixture) -> Bool { fixture.core.state.hasLostTouched }
  private func count(_ fixture: CoreFixture) -> Int { fixture.core.state.touchedCount }

  @Test func nothingIsNotedUntilSomebodyFollows() {
    let fixture = CoreFixture()
    fixture.order("a")
    #expect(count(fixture) == 0 && !isLost(fixture))
  }

  @Test func followingBeginsWithEverythingChanged() {
    let fixture = CoreFixture()
    fixture.core.state.followTouched()
    #expect(isLost(fixture))
    fixture.core.state.forgetTouched()
    #expect(!isLost(fixture))
  }

  @Test func theRowsOfAnOrderAndItsFillAreNamed() throws {
    let fixture = CoreFixture()
    fixture.core.state.followTouched()
    fixture.core.state.forgetTouched()
    fixture.order("a", on: CoreFixture.perp)
    let found = fixture.core.findOrder(fixed("a"))
    let slot = try #require(found)
    let placed = touched(fixture)
    #expect(placed.contains("order \(slot)") && placed.contains("account 1"), "\(placed)")
    fixture.core.state.forgetTouched()
    #expect(count(fixture) == 0)
    fixture.venue(.accepted, "a")
    fixture.fill("a", 100_000, price: 5_900_000, fee: Money(1))
    let foundPosition = fixture.core.state.findPosition(CoreFixture.main, CoreFixture.perp, .net)
    let foundBalance = fixture.core.state.findBalance(CoreFixture.main, CoreFixture.usdt, .futures)
    let position = try #require(foundPosition)
    let balance = try #require(foundBalance)
    let filled = touched(fixture)
    #expect(filled.isSuperset(of: ["order \(slot)", "position \(position)", "balance \(balance)"]), "\(filled)")
  }

  @Test func moreThanTheListHoldsMeansEverything() {
    let fixture = CoreFixture()
    fixture.core.state.followTouched()
    fixture.core.state.forgetTouched()
    var steps = 0
    while !isLost(fixture), steps < TouchedRows.capacity {
      fixture.order("o\(steps)", quantity: 1_000)
      fixture.venue(.accepted, "o\(steps)")
      fixture.cancel("o\(steps)")
      fixture.venue(.cancelled, "o\(steps)")
      fixture.wait(1_000_000_000)
      steps += 1
    }
    #expect(isLost(fixture) && count(fixture) == TouchedRows.capacity)
  }

  @Test func followingChangesNoDecisionAndNoDigest() {
    let plain = CoreFixture()
    let followed = CoreFixture()
    followed.core.state.followTouched()
    for fixture in [plain, followed] {
      for i in 0..<30 {
        fixture.order("s\(i)", i % 2 == 0 ? .buy : .sell, quantity: 100, price: i % 2 == 0 ? 5_900_000 : 6_100_000)
        fixture.venue(.accepted, "s\(i)")
        if i % 3 == 0 { fixture.fill("s\(i)", 60, price: 6_000_000) }
      }
    }
    let digests = (plain.core.state.digest, followed.core.state.digest)
    let seqs = (plain.core.state.global.nextSeq, followed.core.state.global.nextSeq)
    #expect(digests.0 == digests.1)
    #expect(seqs.0 == seqs.1)
  }
}
