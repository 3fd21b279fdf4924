import Testing

@testable import OMSLib

/// What a venue or a person says once a year: contradictions, refused corrections, prices seen too late.
@Suite struct RareNewsTests {
  /// Read as absent twice, and there after all: nothing here may be trusted until a person looked.
  @Test func anOrderThatWasProvedAbsentAndAnswersRaisesTheAlarm() {
    let fixture = CoreFixture()
    fixture.order("ghost", quantity: 100)
    fixture.venue(.outcomeUnknown, "ghost")
    fixture.wait(3_000_000_000)
    for _ in 0..<2 {
      fixture.venue(.orderAbsent, "ghost") { $0.requestID = fixture.question }
      fixture.wait(60_000_000)
    }
    #expect(fixture.status("ghost") == .rejected)
    fixture.venue(.accepted, "ghost")
    #expect(fixture.notices.contains(.alarm))
    #expect(fixture.status("ghost") == .rejected)
    #expect(fixture.order("next", quantity: 100).reason == .alarmOpen)
  }

  /// Acknowledged before a restart, and the venue has forgotten it: over, with what was filled.
  @Test func anOrderThatTheVenueForgotEndsWithItsFills() {
    let fixture = CoreFixture()
    fixture.order("forgotten", quantity: 100)
    fixture.venue(.accepted, "forgotten")
    fixture.fill("forgotten", 40, price: 5_900_000)
    fixture.restart(epoch: 2)
    fixture.open(CoreFixture.main)
    for _ in 0..<2 {
      fixture.wait(4_000_000_000)
      fixture.venue(.orderAbsent, "forgotten") { $0.requestID = fixture.question }
    }
    #expect(fixture.status("forgotten") == .cancelled)
    #expect(fixture.row("forgotten")?.image.filled == 40)
    #expect(fixture.row("forgotten")?.image.reasonRaw == Reason.cancelledByVenue.rawValue)
    #expect(fixture.exposure.openOrders == 0)
  }

  @Test func aReportOfFilledWithoutTheFillsIsSetAside() {
    let fixture = CoreFixture()
    fixture.order("half", quantity: 100)
    fixture.venue(.accepted, "half")
    fixture.fill("half", 50, price: 5_900_000)
    fixture.venue(.orderReport, "half") { event in
      event.statusRaw = VenueEvent.ReportedStatus.filled.rawValue
      event.quantity = 100
      event.cumulative = 50
    }
    #expect(fixture.status("half") == .partial)
    #expect(fixture.notices.contains(.eventQuarantined))
  }

  struct Bad: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let change: @Sendable (inout VenueEvent) -> Void
  }

  static let bad = [
    Bad(testDescription: "of a kind that does not exist") { $0.kindRaw = 99 },
    Bad(testDescription: "with a fee of nobody's money") { $0.fee = Money(units: .max / 2) },
    Bad(testDescription: "with a price below nothing") { $0.price = -1 },
    Bad(testDescription: "with a quantity below nothing") { $0.quantity = -1 },
    Bad(testDescription: "filled less than nothing") { $0.cumulative = -1 },
    Bad(testDescription: "a fill of no account") {
      $0 = VenueEvent(.fill)
      $0.quantity = 1
      $0.price = 1
      $0.account = AccountID(number: 77)
    },
  ]

  @Test(arguments: bad)
  func newsOutsideOfAllBoundsChangesNothing(_ bad: Bad) {
    let fixture = CoreFixture()
    fixture.order("a", quantity: 100)
    let before = fixture.status("a")
    fixture.venue(.accepted, "a") { bad.change(&$0) }
    #expect(fixture.notices == [.eventQuarantined])
    #expect(fixture.status("a") == before)
    #expect(fixture.row("a")?.hasEvidence == 0)
  }

  @Test func aMarginCallIsSaid() {
    let fixture = CoreFixture()
    var call = VenueEvent(.marginCall)
    call.account = CoreFixture.main
    call.instrument = CoreFixture.perp
    fixture.step(.venueEvent, call)
    #expect(fixture.notices == [.marginCall])
  }

  // MARK: Amends

  struct Refusal: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let quantity: Int64
    let price: Int64
    let reason: Reason
  }

  static let refusals = [
    Refusal(testDescription: "to less than nothing", quantity: -1, price: 0, reason: .quantityNotPositive),
    Refusal(testDescription: "to a price below nothing", quantity: 0, price: -1, reason: .quantityNotPositive),
    Refusal(testDescription: "to what is filled", quantity: 40, price: 0, reason: .quantityTooSmall),
    Refusal(testDescription: "to less than is filled", quantity: 39, price: 0, reason: .quantityTooSmall),
  ]

  @Test(arguments: refusals)
  func refusesToAmend(_ refusal: Refusal) {
    let fixture = CoreFixture()
    fixture.order("a", quantity: 100)
    fixture.venue(.accepted, "a")
    fixture.fill("a", 40, price: 5_900_000)
    #expect(fixture.amend("a", quantity: refusal.quantity, price: refusal.price).reason == refusal.reason)
    #expect(fixture.requests.isEmpty)
    #expect(fixture.status("a") == .partial)
  }

  /// The fill that made it full came before the answer to the amend.
  @Test func anOrderAmendedDownToWhatIsFilledIsFilled() {
    let fixture = CoreFixture()
    fixture.order("a", quantity: 100)
    fixture.venue(.accepted, "a")
    fixture.amend("a", quantity: 60)
    let frame = fixture.row("a")?.frameRequest ?? 0
    fixture.fill("a", 60, price: 5_900_000)
    #expect(fixture.status("a")?.isDone == false)
    fixture.venue(.amended, "a") { event in
      event.quantity = 60
      event.requestID = frame
    }
    #expect(fixture.status("a") == .filled)
    #expect(fixture.exposure.openOrders == 0)
    fixture.venue(.amended, "a") { $0.requestID = frame }
    #expect(fixture.status("a") == .filled, "the answer comes twice")
  }

  /// News about a wire id that was replaced twice since are old news.
  @Test func newsOfAnEarlierReplacementChangeNothing() {
    let fixture = CoreFixture(features: [.postOnly])
    fixture.order("a", quantity: 100_000)
    fixture.venue(.accepted, "a")
    for attempt in 1...3 as ClosedRange<UInt16> {
      fixture.amend("a", price: 5_900_000 + Int64(attempt) * 100, mayReplace: true)
      fixture.venue(.cancelled, "a", replacement: attempt - 1)
      fixture.venue(.accepted, "a", replacement: attempt)
    }
    #expect(fixture.status("a") == .open)
    for attempt in 0...2 as ClosedRange<UInt16> {
      fixture.venue(.cancelled, "a", replacement: attempt)
      fixture.venue(.rejected, "a", replacement: attempt)
      #expect(fixture.status("a") == .open)
    }
    fixture.venue(.cancelled, "a", replacement: 3)
    #expect(fixture.status("a") == .cancelled)
  }

  // MARK: What the core keeps

  private func stop(_ fixture: CoreFixture, _ id: String, shape: @escaping (inout NewOrderInput) -> Void = { _ in }) {
    fixture.order(id, .sell, quantity: 1_000, kind: .stopMarket) {
      $0.stopPrice = 5_800_000
      shape(&$0)
    }
  }

  private func see(_ fixture: CoreFixture, _ id: String, _ price: Int64, isLate: Bool = false) {
    guard let row = fixture.row(id) else { return }
    var fire = TriggerFireInput()
    fire.orderNumber = row.image.orderNumber
    fire.version = row.triggerVersion
    fire.price = price
    fire.market = fixture.market(bid: price, ask: price + 100)
    fire.isLate = isLate ? 1 : 0
    fixture.step(.triggerFire, fire)
  }

  @Test func aPriceSeenTooLateFiresAndIsSaid() {
    let fixture = CoreFixture(features: [])
    stop(fixture, "stop")
    see(fixture, "stop", 5_790_000, isLate: true)
    #expect(fixture.notices.contains(.triggerMissed))
    #expect(fixture.requestKinds == [.newOrder])
  }

  @Test func aHeldOrderEndsAtItsHour() {
    let fixture = CoreFixture(features: [.stop])
    let hour = UTCTime(nanoseconds: fixture.stamp.utc.nanoseconds + 5_000_000_000)
    fixture.order("first", quantity: 1_000)
    fixture.order("held", .sell, quantity: 1_000, price: 6_200_000) {
      $0.linkRaw = OrderLink.oto.rawValue
      $0.linked = fixed("first")
      $0.timeInForceRaw = TimeInForce.gtd.rawValue
      $0.expiresAt = hour
    }
    #expect(fixture.row("held")?.isHeld == 1)
    fixture.wait(4_000_000_000)
    #expect(fixture.row("held")?.isOpen == true)
    fixture.wait(2_000_000_000)
    #expect(fixture.row("held")?.isOpen == false)
    #expect(fixture.row("held")?.image.reasonRaw == Reason.expired.rawValue)
  }

  /// First its partner fills, then its price comes.
  @Test func anEmulatedStopBehindAPartnerWaitsForBoth() {
    let fixture = CoreFixture(features: [])
    fixture.order("entry", quantity: 1_000)
    fixture.venue(.accepted, "entry")
    stop(fixture, "exit") {
      $0.linkRaw = OrderLink.oto.rawValue
      $0.linked = fixed("entry")
    }
    #expect(fixture.row("exit")?.isHeld == 1)
    fixture.fill("entry", 1_000, price: 5_900_000)
    #expect(fixture.row("exit")?.isHeld == 1, "its price has not come")
    #expect(fixture.row("exit")?.image.linkRaw == OrderLink.none.rawValue)
    see(fixture, "exit", 5_810_000)
    #expect(fixture.row("exit")?.isHeld == 1)
    see(fixture, "exit", 5_800_000)
    #expect(fixture.row("exit")?.isHeld == 0)
    #expect(fixture.requestKinds == [.newOrder])
  }

  // MARK: Scopes that are not there

  @Test func whatIsNotDefinedCannotBeStoppedOrCancelled() {
    let fixture = CoreFixture()
    var scope = Scope()
    scope.strategy = StrategyID(number: 9)
    var trading = SetTradingInput()
    trading.token = 1
    trading.scope = scope
    trading.stateRaw = TradingState.halted.rawValue
    fixture.step(.setTrading, trading)
    #expect(fixture.output.reply(at: 0).reason == .notSupported)
    var many = CancelManyInput()
    many.token = 1
    many.scope = scope
    fixture.step(.cancelMany, many)
    #expect(fixture.output.reply(at: 0).reason == .notSupported)
    var account = SetAccountInput()
    account.token = 1
    account.account = AccountID(number: 9)
    fixture.step(.setAccount, account)
    #expect(fixture.output.reply(at: 0).reason == .unknownAccount)
    var compare = ReconcileInput()
    compare.token = 1
    compare.account = AccountID(number: 9)
    fixture.step(.reconcile, compare)
    #expect(fixture.output.reply(at: 0).reason == .unknownAccount)
    #expect(fixture.requests.isEmpty)
  }

  @Test func aStrategyThatIsHaltedLeavesTheOthers() {
    let fixture = CoreFixture()
    var trading = SetTradingInput()
    trading.scope.strategy = CoreFixture.strategy
    trading.stateRaw = TradingState.halted.rawValue
    fixture.step(.setTrading, trading)
    let its = fixture.order("its", quantity: 1_000) { $0.strategy = CoreFixture.strategy }
    #expect(its.reason == .tradingHalted)
    #expect(fixture.order("free", quantity: 1_000).outcome == .accepted)
  }

  /// A comparison that is to correct takes over the venue's position; the difference belongs to nobody here.
  @Test func aPositionIsTakenOverWhenAsked() {
    let fixture = CoreFixture()
    func compare(fixes: Bool) {
      var input = ReconcileInput()
      input.account = CoreFixture.main
      input.fixes = fixes ? 1 : 0
      fixture.step(.reconcile, input)
      var news = VenueEvent(.position)
      news.account = CoreFixture.main
      news.instrument = CoreFixture.perp
      news.quantity = 2_000
      news.price = 6_000_000
      news.isReplay = 1
      fixture.step(.venueEvent, news)
    }
    compare(fixes: false)
    #expect(fixture.notices.contains(.drift))
    #expect(fixture.position(CoreFixture.perp).book.quantity == .zero)
    compare(fixes: true)
    #expect(fixture.position(CoreFixture.perp).book.quantity == Money(mantissa: 2, scale: 2))
    compare(fixes: true)
    #expect(!fixture.notices.contains(.drift), "there is no difference any more")
  }
}
