import Testing

@testable import OMSLib

@Suite struct LimitUseTests {
  private func use(_ fixture: CoreFixture, _ kind: LimitKind, _ scope: LimitScope = .account) -> Money? {
    fixture.core.use(
      of: kind, scope, scope == .account ? CoreFixture.main.index : 0, .paper,
      now: EngineTime(nanoseconds: fixture.now))
  }

  @Test func whatWorksAndWhatIsHeldIsInUse() throws {
    let fixture = CoreFixture()
    fixture.order("long", .buy, quantity: 1_000, price: 6_000_100, on: CoreFixture.perp)
    fixture.fill("long", 1_000, price: 6_000_000)
    fixture.order("more", .buy, quantity: 2_000, price: 5_000_000, on: CoreFixture.perp)
    #expect(use(fixture, .maxOpenOrders) == Money(1))
    #expect(use(fixture, .maxOpenOrders, .total) == Money(1))
    // 0.01 held and 0.02 on their way.
    #expect(use(fixture, .maxPositionQuantity) == Money(mantissa: 3, scale: 2))
    let gross = try #require(use(fixture, .maxGrossNotional))
    #expect(gross == fixture.exposure.gross && gross > Money(1_500))
    #expect(use(fixture, .maxPositionNotional) == gross)
    #expect(use(fixture, .maxGrossNotional, .total) == gross)
  }

  @Test func theRateDrainsWithTime() {
    let fixture = CoreFixture()
    for name in ["a", "b", "c"] { fixture.order(name, .buy, quantity: 1_000, price: 5_000_000) }
    #expect(use(fixture, .maxOrdersPerSecond) == Money(3))
    fixture.wait(2_000_000_000)
    #expect(use(fixture, .maxOrdersPerSecond) == .zero)
  }

  @Test(arguments: [LimitKind.maxOrderNotional, .maxOrderQuantity, .collar, .maxSlippage, .maxMarketAge])
  func limitsOfSingleOrdersAreNotInUse(kind: LimitKind) {
    #expect(use(CoreFixture(), kind) == nil)
  }

  @Test(arguments: [
    (LimitKind.maxOpenOrders, Int64(5), Int64(5), false), (.maxOpenOrders, 5, 6, true),
    (.minLiquidationDistance, 5, 5, false), (.minLiquidationDistance, 5, 4, true),
    (.minLiquidationDistance, 5, 6, false),
  ])
  func aLimitIsBreachedBeyondIt(kind: LimitKind, limit: Int64, used: Int64, isBreached: Bool) {
    var cell = LimitCell()
    cell.kindRaw = kind.rawValue
    cell.value = Money(limit)
    cell.used = Money(used)
    #expect(!cell.isBreached, "nothing is known of its use")
    cell.hasUse = 1
    #expect(cell.isBreached == isBreached)
  }
}
