import Testing

@testable import OMSLib

/// News that are missing, or came before what they belong to: nothing waits for them for ever, nothing is lost by them.
@Suite struct UnheardNewsTests {
  @Test func theEndOfAnAnswerWithAHoleCompletesNothing() {
    let fixture = CoreFixture()
    var input = ReconcileInput()
    input.account = CoreFixture.main
    fixture.step(.reconcile, input)
    let queries = fixture.requests
    var gap = ReconcileInput()
    gap.isGap = 1
    fixture.step(.reconcile, gap)
    fixture.end(queries, trade: 206)
    #expect(fixture.core.state.accounts[CoreFixture.main.index].lastTrade == 0, "a fill may be missing before it")
    fixture.now += Core.comparePatience
    fixture.step(.timer, EmptyInput())
    #expect(fixture.requestKinds == [.queryFills, .queryOpenOrders, .queryAccount], "all of it is asked for again")
  }

  @Test func anOrderFilledAtItsOldQuantityWaitsForTheLargerOneUnderWay() {
    let fixture = CoreFixture()
    fixture.order("taken", quantity: 100)
    fixture.venue(.accepted, "taken")
    fixture.amend("taken", quantity: 150)
    fixture.fill("taken", 100, price: 5_900_000)
    #expect(fixture.status("taken") == .pendingAmend)
    #expect(fixture.requestKinds == [.queryOrder], "the venue says whether there is more")
    fixture.fill("taken", 50, price: 5_900_000)
    #expect(fixture.status("taken") == .filled)
    #expect(fixture.row("taken")?.image.filled == 150)
    #expect(!fixture.notices.contains(.alarm))
  }

  @Test func anAmendRefusedAfterTheLastFillLeavesAFilledOrder() throws {
    let fixture = CoreFixture()
    fixture.order("full", quantity: 100)
    fixture.venue(.accepted, "full")
    fixture.amend("full", quantity: 150)
    let frame = try #require(fixture.row("full")?.frameRequest)
    fixture.fill("full", 100, price: 5_900_000)
    fixture.venue(.amendRejected, "full") { event in
      event.requestID = frame
      event.remedyRaw = VenueEvent.Remedy.unknownOrder.rawValue
    }
    #expect(fixture.status("full") == .filled)
    #expect(fixture.locked(CoreFixture.usdt).isZero)
  }

  @Test func aRefusedCancelDoesNotForgetTheAmendBeforeIt() {
    let fixture = CoreFixture()
    fixture.order("both", quantity: 100)
    fixture.venue(.accepted, "both")
    fixture.amend("both", quantity: 150)
    fixture.cancel("both")
    fixture.venue(.cancelRejected, "both") { $0.remedyRaw = VenueEvent.Remedy.refused.rawValue }
    #expect(fixture.status("both") == .pendingAmend)
    fixture.wait(2_000_000_000)
    #expect(fixture.requestKinds == [.queryOrder])
  }

  @Test func anOrderThatTheVenueTrimsBeforeItsAcceptanceIsHeardIsOpen() {
    let fixture = CoreFixture()
    fixture.order("trim", .sell, quantity: 1_000, on: CoreFixture.perp)
    fixture.venue(.amended, "trim") { $0.quantity = 400 }
    #expect(fixture.status("trim") == .open)
    #expect(fixture.row("trim")?.image.quantity == 400)
  }

  /// Found in a list, then its fills in the wrong order: each counts for itself.
  @Test func fillsOfAnAdoptedOrderCountInAnyOrder() {
    let fixture = CoreFixture()
    adopt(fixture, filled: 0)
    for (quantity, cumulative, trade) in [(40, 100, 2), (60, 60, 1)] as [(Int64, Int64, UInt64)] {
      fixture.fillFound(quantity, cumulative: cumulative, trade: trade)
    }
    #expect(fixture.found?.status == .filled)
    #expect(fixture.found?.image.filled == 100)
  }

  /// Its trade was booked before anybody knew of it: the venue's sum is taken once all fills were read.
  @Test func whatWasBookedBeforeAnOrderWasKnownIsCreditedOnceAllFillsWereRead() throws {
    let fixture = CoreFixture()
    fixture.fillFound(100, cumulative: 100, trade: 1)
    adopt(fixture, filled: 0)
    func report() {
      fixture.step(.venueEvent, fixture.foundReport(.filled, cumulative: 100))
    }
    report()
    let question = try #require(fixture.requests.first { $0.kind == .queryFills })
    #expect(fixture.found?.status == .open)
    report()
    #expect(fixture.found?.status == .open, "its fills may still be on their way")
    fixture.end([question])
    report()
    #expect(fixture.found?.status == .filled)
    #expect(fixture.total(CoreFixture.btc) == Money(1) + Money(Quantity(mantissa: 100), scale: 5), "booked once")
  }

  private func adopt(_ fixture: CoreFixture, filled: Int64) {
    fixture.step(.venueEvent, fixture.foundReport(.open, cumulative: filled))
  }
}

extension CoreFixture {
  /// An order at the venue that no record tells of.
  fileprivate static let foundWire: Text32 = fixed("someone-else-1")

  fileprivate var found: OrderRow? { core.foreignSlot(Self.foundWire).map { core.state.orders[$0] } }

  fileprivate func foundReport(_ status: VenueEvent.ReportedStatus, cumulative: Int64) -> VenueEvent {
    var event = VenueEvent(.orderReport)
    event.wireID = Self.foundWire
    event.account = Self.main
    event.instrument = Self.spot
    event.venue = Self.venue
    event.sideRaw = Side.buy.rawValue
    event.statusRaw = status.rawValue
    event.orderKindRaw = OrderKind.limit.rawValue
    event.timeInForceRaw = TimeInForce.gtc.rawValue
    event.quantity = 100
    event.cumulative = cumulative
    event.price = 5_900_000
    return event
  }

  fileprivate func fillFound(_ quantity: Int64, cumulative: Int64, trade: UInt64) {
    var event = VenueEvent(.fill)
    event.wireID = Self.foundWire
    event.account = Self.main
    event.instrument = Self.spot
    event.venue = Self.venue
    event.sideRaw = Side.buy.rawValue
    event.quantity = quantity
    event.cumulative = cumulative
    event.price = 5_900_000
    event.asset = Self.usdt
    event.trade = VenueReference(trade)
    step(.venueEvent, event)
  }
}
