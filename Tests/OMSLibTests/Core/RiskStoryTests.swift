import Testing

@testable import OMSLib

/// Each limit: what just passes, and the first thing beyond it.
@Suite struct RiskStoryTests {
  private func limit(
    _ fixture: CoreFixture, _ kind: LimitKind, _ value: Money, scope: LimitScope = .account, target: UInt16 = 0,
    asset: UInt16 = 0
  ) {
    var input = SetLimitInput()
    input.kindRaw = kind.rawValue
    input.scopeRaw = scope.rawValue
    input.target = target
    input.value = value
    input.asset = asset
    fixture.step(.setLimit, input)
  }

  struct Shape: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let reason: Reason
    let change: @Sendable (inout NewOrderInput) -> Void
  }

  static let shapes = [
    Shape(testDescription: "unknown account", reason: .unknownAccount) { $0.account = AccountID(number: 9) },
    Shape(testDescription: "no account", reason: .unknownAccount) { $0.account = .none },
    Shape(testDescription: "unknown instrument", reason: .unknownInstrument) {
      $0.instrument = InstrumentID(number: 9)
    },
    Shape(testDescription: "unknown strategy", reason: .unknownStrategy) { $0.strategy = StrategyID(number: 9) },
    Shape(testDescription: "no quantity", reason: .quantityNotPositive) { $0.quantity = 0 },
    Shape(testDescription: "negative quantity", reason: .quantityNotPositive) { $0.quantity = -5 },
    Shape(testDescription: "limit without a price", reason: .priceMissing) { $0.price = 0 },
    Shape(testDescription: "below the smallest notional", reason: .notionalTooSmall) { $0.quantity = 1 },
    Shape(testDescription: "above the largest quantity", reason: .quantityTooLarge) { $0.quantity = 900_000_001 },
    Shape(testDescription: "hidden where nobody can", reason: .notSupported) {
      $0.flagsRaw = OrderFlags.hidden.rawValue
    },
    Shape(testDescription: "post-only market order", reason: .notSupported) {
      $0.kindRaw = OrderKind.market.rawValue
      $0.flagsRaw = OrderFlags.postOnly.rawValue
    },
    Shape(testDescription: "reduce-only on spot", reason: .notSupported) {
      $0.flagsRaw = OrderFlags.reduceOnly.rawValue
    },
    Shape(testDescription: "stop without a stop price", reason: .badStop) {
      $0.kindRaw = OrderKind.stopMarket.rawValue
    },
    Shape(testDescription: "a trail of nothing", reason: .badStop) { $0.kindRaw = OrderKind.trailingStop.rawValue },
    Shape(testDescription: "expired before it began", reason: .expiryPast) {
      $0.timeInForceRaw = TimeInForce.gtd.rawValue
      $0.expiresAt = UTCTime(nanoseconds: 5)
    },
    Shape(testDescription: "shows more than it has", reason: .badDisplayQuantity) { $0.displayQuantity = 200_000 },
    Shape(testDescription: "linked to an order that is not there", reason: .badLink) {
      $0.linkRaw = OrderLink.oco.rawValue
      $0.linked = fixed("nobody")
    },
    Shape(testDescription: "a side that does not exist", reason: .notSupported) { $0.sideRaw = 7 },
    Shape(testDescription: "ten percent through the market", reason: .collar) { $0.price = 6_700_000 },
    Shape(testDescription: "more than the account has", reason: .insufficientBalance) { $0.quantity = 170_000 },
  ]

  @Test(arguments: shapes)
  func refuses(_ shape: Shape) {
    let fixture = CoreFixture()
    let reply = fixture.order("x", .buy, quantity: 100_000, price: 5_900_000) { shape.change(&$0) }
    #expect(reply.outcome == .refused)
    #expect(reply.reason == shape.reason)
    #expect(fixture.requests.isEmpty, "nothing leaves")
    #expect(fixture.row("x") == nil)
    #expect(fixture.exposure.openOrders == 0)
  }

  @Test func tickAndLotAreMultiples() {
    let fixture = CoreFixture()
    var rules = fixture.core.state.instruments[1].rules
    rules.tick = 10
    rules.lot = 100
    rules.rulesVersion = 2
    fixture.step(.defineInstrument, rules)
    #expect(fixture.order("a", price: 5_900_005).reason == .tickSize)
    #expect(fixture.order("b", quantity: 100_050).reason == .lotSize)
    #expect(fixture.order("c", quantity: 100_100, price: 5_900_010).outcome == .accepted)
  }

  @Test func orderNotionalUpToTheLimitPassesAndOneUnitMoreDoesNot() {
    let fixture = CoreFixture()
    limit(fixture, .maxOrderNotional, Money(59_000))
    #expect(fixture.order("at", .buy, quantity: 100_000, price: 5_900_000).outcome == .accepted)
    fixture.venue(.rejected, "at")
    let reply = fixture.order("over", .buy, quantity: 100_000, price: 5_900_001)
    #expect(reply.reason == .maxOrderNotional)
    #expect(reply.limitValue == Money(59_000))
    #expect(reply.limitUsed > Money(59_000))
  }

  @Test func workingOrdersCountInFullTowardsThePosition() {
    let fixture = CoreFixture()
    limit(fixture, .maxPositionQuantity, Money(1), asset: CoreFixture.btc.number)
    #expect(fixture.order("a", .buy, quantity: 60_000, price: 5_900_000).outcome == .accepted)
    #expect(fixture.order("b", .buy, quantity: 40_001, price: 5_900_000).reason == .maxPosition)
    #expect(fixture.order("c", .buy, quantity: 40_000, price: 5_900_000).outcome == .accepted)
  }

  @Test func aCancelUnderWayStillCounts() {
    let fixture = CoreFixture()
    limit(fixture, .maxPositionQuantity, Money(1), asset: CoreFixture.btc.number)
    fixture.order("a", .buy, quantity: 100_000)
    fixture.venue(.accepted, "a")
    fixture.cancel("a")
    #expect(fixture.order("b", .buy, quantity: 1_000).reason == .maxPosition)
    fixture.venue(.cancelled, "a")
    #expect(fixture.order("c", .buy, quantity: 1_000).outcome == .accepted)
  }

  @Test(arguments: [LimitScope.account, .instrument, .venue, .total])
  func grossExposureIsHeldAtEachScope(scope: LimitScope) {
    let fixture = CoreFixture()
    limit(fixture, .maxGrossNotional, Money(60_000), scope: scope)
    #expect(fixture.order("a", .buy, quantity: 100_000, price: 5_900_000).outcome == .accepted)
    let reply = fixture.order("b", .buy, quantity: 5_000, price: 5_900_000)
    #expect(reply.reason == .maxGrossNotional)
    #expect(reply.limitScopeRaw == scope.rawValue)
  }

  @Test func severalAccountsTogetherNeverPassTheTotal() {
    let fixture = CoreFixture()
    limit(fixture, .maxGrossNotional, Money(100_000), scope: .total)
    #expect(fixture.order("a", .buy, quantity: 100_000, price: 5_900_000).outcome == .accepted)
    #expect(
      fixture.order("b", .buy, quantity: 100_000, price: 5_900_000, account: CoreFixture.sub).reason
        == .maxGrossNotional)
  }

  @Test func openOrdersAreCounted() {
    let fixture = CoreFixture()
    limit(fixture, .maxOpenOrders, Money(2))
    #expect(fixture.order("a", quantity: 100).outcome == .accepted)
    #expect(fixture.order("b", quantity: 100).outcome == .accepted)
    #expect(fixture.order("c", quantity: 100).reason == .maxOpenOrders)
    fixture.venue(.rejected, "a")
    #expect(fixture.order("d", quantity: 100).outcome == .accepted)
  }

  @Test func aRunawayIsStoppedByTheRate() {
    let fixture = CoreFixture()
    limit(fixture, .maxOrdersPerSecond, Money(10))
    var accepted = 0
    for i in 0..<100 where fixture.order("r\(i)", quantity: 100).outcome == .accepted { accepted += 1 }
    #expect(accepted == 10)
    fixture.now += 100_000_000
    #expect(fixture.order("later", quantity: 100).outcome == .accepted)
  }

  @Test func equalRejectsInARowStopTheFourthOrder() {
    let fixture = CoreFixture()
    for i in 0..<3 {
      #expect(fixture.order("r\(i)", quantity: 100).outcome == .accepted)
      fixture.venue(.rejected, "r\(i)") { event in
        event.code = -2010
        event.remedyRaw = VenueEvent.Remedy.refused.rawValue
      }
    }
    #expect(fixture.order("r3", quantity: 100).reason == .repeatedReject)
    fixture.now += 11_000_000_000
    #expect(fixture.order("r4", quantity: 100).outcome == .accepted)
  }

  @Test func stalePricesRefuseOpeningOrders() {
    let fixture = CoreFixture()
    fixture.now += 30_000_000_000
    #expect(fixture.order("x") { $0.market = TopOfBook() }.reason == .staleMarket)
  }

  @Test func unknownPricesRefuseMarketOrders() {
    let fixture = CoreFixture()
    var rules = fixture.core.state.instruments[1].rules
    rules.id = InstrumentID(number: 3)
    rules.name = fixed("ETH-USDT")
    fixture.step(.defineInstrument, rules)
    let reply = fixture.order("x", kind: .market, on: InstrumentID(number: 3)) { $0.market = TopOfBook() }
    #expect(reply.outcome == .refused)
    #expect(reply.reason == .noMark || reply.reason == .notionalTooSmall)
  }

  @Test func reduceOnlyNeverCrossesZero() {
    let fixture = CoreFixture()
    let reduce: (inout NewOrderInput) -> Void = { $0.flagsRaw = OrderFlags.reduceOnly.rawValue }
    #expect(fixture.order("none", .sell, quantity: 100, on: CoreFixture.perp, shape: reduce).reason == .reduceOnly)
    fixture.order("long", .buy, quantity: 1_000, price: 6_000_100, on: CoreFixture.perp)
    fixture.fill("long", 1_000, price: 6_000_100)
    #expect(
      fixture.order("half", .sell, quantity: 600, price: 6_100_000, on: CoreFixture.perp, shape: reduce).outcome
        == .accepted)
    #expect(
      fixture.order("rest", .sell, quantity: 401, price: 6_100_000, on: CoreFixture.perp, shape: reduce).reason
        == .reduceOnly)
    #expect(
      fixture.order("fits", .sell, quantity: 400, price: 6_100_000, on: CoreFixture.perp, shape: reduce).outcome
        == .accepted)
  }

  @Test func ownOrdersOfAnyAccountNeverMeet() {
    let fixture = CoreFixture()
    fixture.order("ask", .sell, quantity: 1_000, price: 6_000_200)
    fixture.venue(.accepted, "ask")
    let crossing = fixture.order("bid", .buy, quantity: 1_000, price: 6_000_200, account: CoreFixture.sub)
    #expect(crossing.reason == .selfCross)
    #expect(
      fixture.order("below", .buy, quantity: 1_000, price: 6_000_199, account: CoreFixture.sub).outcome == .accepted)
  }

  struct Stop: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let state: TradingState
    let opening: Reason
    let closing: Reason
  }

  static let stops = [
    Stop(testDescription: "paused", state: .paused, opening: .tradingPaused, closing: .none),
    Stop(testDescription: "halted", state: .halted, opening: .tradingHalted, closing: .tradingHalted),
    Stop(testDescription: "killed", state: .killed, opening: .tradingKilled, closing: .tradingKilled),
  ]

  @Test(arguments: stops)
  func theLadderStopsWhatItSays(_ stop: Stop) {
    let fixture = CoreFixture()
    var input = SetTradingInput()
    input.stateRaw = stop.state.rawValue
    fixture.step(.setTrading, input)
    #expect(fixture.order("open", .buy, quantity: 1_000).reason == stop.opening)
    #expect(fixture.order("close", .sell, quantity: 1_000, price: 6_100_000).reason == stop.closing)
    fixture.restart(epoch: 2)
    fixture.open(CoreFixture.main)
    #expect(fixture.order("later", .buy, quantity: 1_000).reason == stop.opening, "it survives a restart")
    input.stateRaw = TradingState.on.rawValue
    fixture.step(.setTrading, input)
    #expect(fixture.order("again", .buy, quantity: 1_000).outcome == .accepted)
  }

  @Test func killCancelsEveryOwnOrderInPortions() {
    let fixture = CoreFixture()
    for i in 0..<200 {
      fixture.order("k\(i)", quantity: 100)
      fixture.venue(.accepted, "k\(i)")
    }
    var input = SetTradingInput()
    input.stateRaw = TradingState.killed.rawValue
    input.cancelsOrders = 1
    input.token = 77
    fixture.step(.setTrading, input)
    var cancels = fixture.requestKinds.filter { $0 == .cancelOrder }.count
    var replies = 0
    while fixture.core.hasUnfinishedWork {
      fixture.step(.proceed, EmptyInput())
      cancels += fixture.requestKinds.filter { $0 == .cancelOrder }.count
      replies = fixture.output.replyCount
    }
    #expect(cancels == 200)
    #expect(replies == 1)
    #expect(fixture.output.reply(at: 0).count == 200)
  }

  @Test func liveNeedsToBeSaid() {
    let fixture = CoreFixture()
    fixture.defineAccount(AccountID(number: 3), "sim.drill", .main, mode: .live)
    fixture.open(AccountID(number: 3))
    let live: (inout NewOrderInput) -> Void = { $0.flagsRaw = OrderFlags.liveAllowed.rawValue }
    #expect(fixture.order("a", quantity: 1_000, account: AccountID(number: 3)).reason == .liveNotAllowed)
    #expect(fixture.order("b", quantity: 1_000, account: AccountID(number: 3), shape: live).outcome == .accepted)
    #expect(
      fixture.order("c", quantity: 100_000, account: AccountID(number: 3), shape: live).reason == .maxOrderNotional)
    #expect(fixture.core.state.globals[0].total.openOrders == 0, "paper and live never mix")
    #expect(fixture.core.state.globals[0].totalLive.openOrders == 1)
  }

  @Test func theVenuesOwnLimitOnOrdersIsNeverMetThere() {
    let fixture = CoreFixture()
    fixture.limitOrders(20)
    var sent = 0
    for i in 0..<30 where fixture.order("b\(i)", quantity: 100).outcome == .accepted { sent += 1 }
    #expect(sent == 19, "one in twenty is kept for orders that reduce")
    #expect(fixture.order("open", quantity: 100).reason == .rateBudget)
    #expect(fixture.order("sell", .sell, quantity: 100, price: 6_100_000).outcome == .accepted)
    #expect(fixture.order("more", .sell, quantity: 100, price: 6_100_000).reason == .rateBudget)
    #expect(fixture.cancel("b0").outcome == .accepted, "a cancel costs nothing")
    fixture.now += 11_000_000_000
    #expect(fixture.order("later", quantity: 100).outcome == .accepted)
  }

  /// Nobody knows where the venue's ten seconds begin, so there are no ten seconds with more.
  @Test func theBudgetHoldsInAnyTenSeconds() {
    let fixture = CoreFixture()
    fixture.limitOrders(20)
    fixture.now += 1_000_000_000 - fixture.now % 1_000_000_000
    #expect(fixture.order("first", quantity: 100).outcome == .accepted)
    fixture.now += 9_900_000_000
    for i in 0..<18 { #expect(fixture.order("b\(i)", quantity: 100).outcome == .accepted) }
    #expect(fixture.order("full", quantity: 100).reason == .rateBudget)
    // The first is too old by now, and makes room for one.
    fixture.now += 1_100_000_000
    #expect(fixture.order("second", quantity: 100).outcome == .accepted)
    #expect(fixture.order("third", quantity: 100).reason == .rateBudget)
    fixture.now += 8_900_000_000
    #expect(fixture.order("fourth", quantity: 100).reason == .rateBudget)
    fixture.now += 1_100_000_000
    #expect(fixture.order("fifth", quantity: 100).outcome == .accepted)
  }

  /// A replacement whose old order is gone is waited for by a position: new orders do not take its room.
  @Test func whatWaitsForRoomComesBeforeWhatIsNew() {
    let fixture = CoreFixture(features: [.postOnly])
    fixture.limitOrders(20)
    fixture.now = 20_500_000_000
    for i in 0..<18 { #expect(fixture.order("b\(i)", quantity: 100).outcome == .accepted) }
    fixture.venue(.accepted, "b0")
    #expect(fixture.amend("b0", price: 5_800_000, mayReplace: true).outcome == .accepted)
    #expect(fixture.order("last", quantity: 100).outcome == .accepted)
    fixture.venue(.cancelled, "b0")
    #expect(fixture.requests.isEmpty, "no room for the replacement")
    fixture.wait(10_200_000_000)
    fixture.now = 31_200_000_000
    #expect(fixture.order("new", quantity: 100).reason == .rateBudget, "there is room, and somebody waits for it")
    fixture.now = 31_800_000_000
    var sent: [VenueRequest.Kind] = []
    while fixture.core.nextDue.nanoseconds <= fixture.now {
      fixture.step(.timer, EmptyInput())
      sent += fixture.requests.filter { $0.wireID == fixture.wire("b0", 1) }.compactMap(\.kind)
    }
    #expect(sent == [.newOrder])
    fixture.now = 32_000_000_000
    #expect(fixture.order("new2", quantity: 100).outcome == .accepted)
  }

  @Test func aLimitOfEachReachesTargetsWithoutOneOfTheirOwn() {
    let fixture = CoreFixture()
    limit(fixture, .maxOpenOrders, Money(7), target: CoreFixture.main.number)
    limit(fixture, .maxOpenOrders, Money(3))
    #expect(fixture.core.state.limit(.maxOpenOrders, .account, 1, .paper) == Money(7))
    #expect(fixture.core.state.limit(.maxOpenOrders, .account, 2, .paper) == Money(3))
    var reset = SetLimitInput()
    reset.kindRaw = LimitKind.maxOpenOrders.rawValue
    reset.scopeRaw = LimitScope.account.rawValue
    reset.target = 1
    reset.isReset = 1
    fixture.step(.setLimit, reset)
    #expect(fixture.core.state.limit(.maxOpenOrders, .account, 1, .paper) == Money(3))
  }

  @Test(arguments: LimitKind.allCases)
  func everyLimitHasAFiniteDefaultTighterOrEqualForLive(kind: LimitKind) {
    for scope in LimitScope.allCases {
      let paper = LimitDefaults.value(kind, scope, .paper)
      let live = LimitDefaults.value(kind, scope, .live)
      #expect(paper > .zero && paper < Money(10_000_000_000))
      if kind == .minLiquidationDistance { #expect(live >= paper) } else { #expect(live <= paper) }
    }
  }
}
