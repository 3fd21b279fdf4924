import Testing

@testable import OMSLib

/// The limits that look beyond one order: what just passes, what does not, and that reducing stays possible.
@Suite struct LimitStoryTests {
  private func limit(
    _ fixture: CoreFixture, _ kind: LimitKind, _ value: Money, scope: LimitScope = .account, target: UInt16 = 0
  ) {
    var input = SetLimitInput()
    input.kindRaw = kind.rawValue
    input.scopeRaw = scope.rawValue
    input.target = target
    input.value = value
    fixture.step(.setLimit, input)
  }

  private func percent(_ value: Int64) -> Money { Money(units: Int128(value) * 10_000_000_000_000_000) }

  /// A filled long position in the perpetual, in units of 10^-5.
  private func long(_ fixture: CoreFixture, _ quantity: Int64, account: AccountID = CoreFixture.main) {
    fixture.order("long\(account.number)", quantity: quantity, price: 6_000_100, on: CoreFixture.perp, account: account)
    fixture.fill("long\(account.number)", quantity, price: 6_000_000)
  }

  private func quoteBoth(_ fixture: CoreFixture, _ price: Int64) {
    fixture.quote(CoreFixture.spot, bid: price, ask: price + 100)
    fixture.quote(CoreFixture.perp, bid: price, ask: price + 100)
  }

  @Test func quantityUpToTheLimitPassesAndOneLotMoreDoesNot() {
    let fixture = CoreFixture()
    limit(fixture, .maxOrderQuantity, percent(50))
    #expect(fixture.order("at", quantity: 50_000).outcome == .accepted)
    let over = fixture.order("over", quantity: 50_001)
    #expect(over.reason == .maxOrderQuantity)
    #expect(over.limitUsed > over.limitValue)
  }

  @Test(arguments: [LimitScope.account, .instrument, .venue, .total])
  func netExposureIsHeldAtEachScopeAndMayAlwaysShrink(scope: LimitScope) {
    let fixture = CoreFixture()
    long(fixture, 100_000)
    limit(fixture, .maxNetNotional, Money(50_000), scope: scope)
    let more = fixture.order("more", quantity: 1_000, price: 6_000_000, on: CoreFixture.perp)
    #expect(more.reason == .maxNetNotional)
    #expect(more.limitScopeRaw == scope.rawValue)
    #expect(
      fixture.order("less", .sell, quantity: 1_000, price: 6_100_000, on: CoreFixture.perp).outcome == .accepted)
  }

  @Test func aStrategysOwnLimitHoldsForItsOrdersOnly() {
    let fixture = CoreFixture()
    limit(fixture, .maxGrossNotional, Money(10_000), scope: .strategy)
    let ofStrategy: (inout NewOrderInput) -> Void = { $0.strategy = CoreFixture.strategy }
    let refused = fixture.order("its", quantity: 20_000, shape: ofStrategy)
    #expect(refused.reason == .maxGrossNotional)
    #expect(refused.limitScopeRaw == LimitScope.strategy.rawValue)
    #expect(fixture.order("small", quantity: 10_000, shape: ofStrategy).outcome == .accepted)
    #expect(fixture.order("free", quantity: 20_000).outcome == .accepted)
  }

  @Test func riskOfOneDayInAHundredIsHeld() {
    let fixture = CoreFixture()
    // 11.65 % of 59,000 before anything was learnt.
    limit(fixture, .maxVaR, Money(6_000))
    let refused = fixture.order("all", quantity: 100_000)
    #expect(refused.reason == .maxVaR)
    #expect(refused.limitUsed > Money(6_800) && refused.limitUsed < Money(6_900))
    #expect(fixture.order("part", quantity: 80_000).outcome == .accepted)
  }

  @Test func leverageIsGrossOverEquity() {
    let fixture = CoreFixture()
    long(fixture, 1_000)
    quoteBoth(fixture, 6_000_000)
    limit(fixture, .maxLeverage, percent(25))
    // A quarter of 260,000: 30,000 fit, 90,000 do not.
    #expect(fixture.order("half", quantity: 50_000, on: CoreFixture.perp).outcome == .accepted)
    let over = fixture.order("more", quantity: 100_000, on: CoreFixture.perp)
    #expect(over.reason == .maxLeverage)
    #expect(over.limitValue == percent(25) && over.limitUsed > percent(25))
  }

  @Test func aLossOfTheDayStopsNewRiskUntilTheNextDay() {
    let fixture = CoreFixture()
    limit(fixture, .dailyLoss, Money(400))
    long(fixture, 10_000)
    fixture.order("out", .sell, quantity: 5_000, price: 5_500_000, on: CoreFixture.perp)
    fixture.fill("out", 5_000, price: 5_100_000)
    #expect(fixture.order("again", quantity: 1_000, on: CoreFixture.perp).reason == .dailyLoss)
    #expect(
      fixture.order("rest", .sell, quantity: 1_000, price: 6_100_000, on: CoreFixture.perp).outcome == .accepted)
    fixture.now += 86_400_000_000_000
    #expect(fixture.order("tomorrow", quantity: 1_000, on: CoreFixture.perp).outcome == .accepted)
    #expect(fixture.core.state.accounts[CoreFixture.main.index].realisedToday == .zero)
  }

  /// Mild warns, moderate leaves only what reduces, severe halts; each is said once, and only a person lifts the halt.
  @Test func drawdownHasStages() {
    let fixture = CoreFixture()
    limit(fixture, .drawdownMild, percent(1))
    limit(fixture, .drawdownModerate, percent(3))
    limit(fixture, .drawdownSevere, percent(5))
    long(fixture, 100_000)
    var stages: [UInt8] = []
    var price: Int64 = 6_000_000
    func fall(to stage: UInt8) {
      while price > 4_000_000, fixture.core.state.accounts[CoreFixture.main.index].drawdownStage < stage {
        price -= 20_000
        fixture.quote(CoreFixture.perp, bid: price, ask: price + 100)
        if fixture.notices.contains(.drawdownStage) {
          stages.append(fixture.core.state.accounts[CoreFixture.main.index].drawdownStage)
        }
      }
    }
    func reason(_ id: String, _ side: Side) -> Reason? {
      fixture.order(id, side, quantity: 1_000, price: side == .buy ? price : 6_100_000, on: CoreFixture.perp) {
        $0.market = fixture.market(bid: price, ask: price + 100)
      }.reason
    }
    fall(to: 1)
    #expect(reason("warned", .buy) == Reason.none)
    fall(to: 2)
    #expect(reason("more", .buy) == .drawdown)
    #expect(reason("less", .sell) == Reason.none)
    fall(to: 3)
    #expect(reason("halted", .buy) == .tradingHalted)
    #expect(stages == [1, 2, 3])
    price = 6_000_000
    fixture.quote(CoreFixture.perp, bid: price, ask: price + 100)
    #expect(fixture.core.state.accounts[CoreFixture.main.index].drawdownStage == 0)
    #expect(reason("still", .buy) == .tradingHalted)
    let use = fixture.core.use(
      of: .drawdownSevere, .account, CoreFixture.main.index, .paper, now: EngineTime(nanoseconds: fixture.now))
    #expect(use.map { $0 < percent(1) } == true)
  }

  @Test func aSubAccountThatHasEnoughTakesNoMore() {
    let fixture = CoreFixture()
    limit(fixture, .maxBalance, Money(1_000))
    #expect(fixture.order("sub", quantity: 1_000, account: CoreFixture.sub).reason == .maxBalance)
    #expect(fixture.order("main", quantity: 1_000).outcome == .accepted, "a main account is not capped")
  }

  @Test func nearTheLiquidationPriceNothingIsAdded() {
    let fixture = CoreFixture()
    limit(fixture, .minLiquidationDistance, percent(10))
    long(fixture, 10_000)
    #expect(fixture.order("far", quantity: 100, on: CoreFixture.perp).outcome == .accepted, "no price is known")
    var news = VenueEvent(.position)
    news.account = CoreFixture.main
    news.instrument = CoreFixture.perp
    news.quantity = 10_000
    news.price = 6_000_000
    news.cumulative = 5_700_000
    fixture.step(.venueEvent, news)
    let near = fixture.order("near", quantity: 100, on: CoreFixture.perp)
    #expect(near.reason == .liquidationDistance)
    #expect(near.limitUsed > percent(4) && near.limitUsed < percent(6))
    #expect(
      fixture.order("out", .sell, quantity: 100, price: 6_100_000, on: CoreFixture.perp).outcome == .accepted)
    let use = fixture.core.use(
      of: .minLiquidationDistance, .account, CoreFixture.main.index, .paper,
      now: EngineTime(nanoseconds: fixture.now))
    #expect(use == near.limitUsed)
  }

  // MARK: What marks teach

  @Test(arguments: [0, 1, 2, 3, 4, 15, 16, 17, 999_999, 1_000_000, UInt64(UInt32.max), 1 << 62])
  func theIntegerRootIsTheLargestWhoseSquareFits(value: UInt64) {
    let root = Core.squareRoot(value)
    #expect(root * root <= value)
    #expect((root + 1).multipliedReportingOverflow(by: root + 1).overflow || (root + 1) * (root + 1) > value)
  }

  /// A calm market costs less risk than was assumed, a wild one more; prices a moment apart, or after hours of silence,
  /// teach nothing.
  @Test func riskFollowsWhatPricesDid() {
    func risk(steps: Int, by change: Int64, every nanoseconds: Int64) -> Int64 {
      let fixture = CoreFixture()
      for step in 0..<steps {
        fixture.now += nanoseconds
        let price = 6_000_000 + (step % 2 == 0 ? change : -change)
        fixture.quote(CoreFixture.perp, bid: price, ask: price + 100)
      }
      return fixture.core.state.instruments[CoreFixture.perp.index].riskQ20
    }
    let assumed = risk(steps: 0, by: 0, every: 0)
    #expect(risk(steps: 100, by: 10, every: 60_000_000_000) < assumed)
    #expect(risk(steps: 100, by: 60_000, every: 60_000_000_000) > assumed)
    #expect(risk(steps: 100, by: 60_000, every: 1_000_000) == assumed)
    #expect(risk(steps: 3, by: 60_000, every: 7_200_000_000_000) == assumed)
    #expect(risk(steps: 400, by: 0, every: 60_000_000_000) == (1 << 20) / 100, "never below one percent")
  }
}
