import Testing

@testable import OMSLib

/// What counts as an answer: to which question, asked when, by which run.
@Suite struct EvidenceTests {
  @Test func whatWasAskedBeforeTheFenceProvesNothing() {
    let fixture = CoreFixture()
    fixture.order("silent", quantity: 100)
    fixture.venue(.outcomeUnknown, "silent")
    let early = fixture.question
    fixture.wait(3_000_000_000)
    for _ in 0..<3 { fixture.venue(.orderAbsent, "silent") { $0.requestID = early } }
    #expect(fixture.status("silent") == .unknown, "the question met the venue before the order could")
  }

  @Test func oneAnswerIsOneRead() {
    let fixture = CoreFixture()
    fixture.order("silent", quantity: 100)
    fixture.venue(.outcomeUnknown, "silent")
    fixture.wait(3_000_000_000)
    let question = fixture.question
    for _ in 0..<3 { fixture.venue(.orderAbsent, "silent") { $0.requestID = question } }
    #expect(fixture.status("silent") == .unknown)
  }

  @Test func anAmendIsGivenUpOnlyByAnAnswerFromBehindItsFence() {
    let fixture = CoreFixture()
    fixture.order("a", quantity: 100)
    fixture.venue(.accepted, "a")
    fixture.amend("a", quantity: 150)
    fixture.wait(1_100_000_000)
    let early = fixture.question
    func reportOldTerms(_ question: UInt64) {
      fixture.venue(.orderReport, "a") { event in
        event.statusRaw = VenueEvent.ReportedStatus.open.rawValue
        event.quantity = 100
        event.price = 5_900_000
        event.requestID = question
      }
    }
    fixture.now += 3_000_000_000
    reportOldTerms(early)
    #expect(fixture.row("a")?.pendingQuantity == 150, "it may have been read before the amend arrived")
    fixture.wait(1_000_000_000)
    #expect(fixture.question > early)
    reportOldTerms(fixture.question)
    #expect(fixture.row("a")?.pendingQuantity == 0)
    #expect(fixture.status("a") == .open)
  }

  @Test func aQuestionThatDidNotLeaveIsAskedAgainSoon() {
    let fixture = CoreFixture()
    fixture.order("silent", quantity: 100)
    fixture.wait(20_000_000_000)
    #expect(fixture.status("silent") == .unknown)
    let unsent = fixture.question
    fixture.venue(.notSent, "silent") { $0.requestID = unsent }
    fixture.wait(1_000_000_000)
    #expect(fixture.question > unsent, "the pauses are for a venue that does not answer")
  }

  @Test func lateAnswersOfAnEarlierRunCompleteNothing() {
    let fixture = CoreFixture()
    var input = ReconcileInput()
    input.account = CoreFixture.main
    fixture.step(.reconcile, input)
    let old = fixture.requests
    fixture.restart(epoch: 2)
    fixture.step(.reconcile, input)
    fixture.end(old, trade: 58)
    let account = fixture.core.state.accounts[CoreFixture.main.index]
    #expect(account.isOpen == 0)
    #expect(account.lastTrade == 0, "fills up to there were shown to somebody else")
  }

  @Test func aComparisonWithoutAnAnswerIsAskedForAgain() {
    let fixture = CoreFixture()
    var input = ReconcileInput()
    input.account = CoreFixture.main
    fixture.step(.reconcile, input)
    let first = fixture.requests
    var end = VenueEvent(.reportEnd)
    end.account = CoreFixture.main
    end.requestID = first[0].requestID
    fixture.step(.venueEvent, end)
    fixture.now += Core.comparePatience
    fixture.step(.timer, EmptyInput())
    #expect(fixture.requestKinds == [.queryOpenOrders, .queryAccount], "only what is missing")
  }

  /// The venue has nothing where we have a position, and names no price: nothing was won or lost by us.
  @Test func aPositionThatIsGivenUpForAFlatOneRealisesNothing() {
    let fixture = CoreFixture()
    fixture.order("a", quantity: 1_000, on: CoreFixture.perp)
    fixture.fill("a", 1_000, price: 6_000_000)
    var input = ReconcileInput()
    input.account = CoreFixture.main
    input.fixes = 1
    fixture.step(.reconcile, input)
    var event = VenueEvent(.position)
    event.account = CoreFixture.main
    event.instrument = CoreFixture.perp
    event.isReplay = 1
    fixture.step(.venueEvent, event)
    let position = fixture.position(CoreFixture.perp)
    #expect(position.book.quantity.isZero && position.book.realised.isZero)
    #expect(position.updatedAt.nanoseconds == fixture.now)
  }

  /// Short positions are told by a negative quantity; each payment has a number of its own, and comes once.
  @Test func everyFundingPaymentIsBookedOnce() {
    let fixture = CoreFixture()
    for (number, amount) in [(1, 3), (1, 3), (2, -2)] {
      var event = VenueEvent(.funding)
      event.account = CoreFixture.main
      event.instrument = CoreFixture.perp
      event.asset = CoreFixture.usdt
      event.quantity = -1_000
      event.cumulative = -500
      event.fee = Money(Int64(amount))
      event.trade = VenueReference(UInt64(number))
      fixture.step(.venueEvent, event)
    }
    let balance = fixture.core.state.findBalance(CoreFixture.main, CoreFixture.usdt, .futures) ?? 0
    #expect(fixture.core.state.balances[balance].funding == Money(-1))
  }

  /// What keeps segments of the journal: the record in which the oldest open order began.
  @Test func theOldestOpenOrderIsKnownByItsFirstRecord() {
    let fixture = CoreFixture()
    let nothing = Shadow.oldestOpenLsn(fixture.core)
    #expect(nothing == 0)
    fixture.order("first", quantity: 100)
    let first = fixture.lsn
    fixture.order("second", quantity: 100)
    let second = fixture.lsn
    let oldest = Shadow.oldestOpenLsn(fixture.core)
    #expect(oldest == first && second > first)
    fixture.venue(.accepted, "first")
    fixture.venue(.cancelled, "first")
    let left = Shadow.oldestOpenLsn(fixture.core)
    #expect(left == second)
  }

  @Test func anOrderWhoseEndWaitsForItsFillsIsNotAmended() {
    let fixture = CoreFixture()
    fixture.order("ended", quantity: 100)
    fixture.venue(.cancelled, "ended") { $0.cumulative = 30 }
    #expect(fixture.status("ended") == .new)
    #expect(fixture.amend("ended", quantity: 150).reason == .amendPending)
  }

  @Test func anOrderThatTakesAtOnceIsMetByNoneOfOurs() {
    let fixture = CoreFixture()
    fixture.order("taker", quantity: 100, kind: .market, account: CoreFixture.sub)
    #expect(fixture.order("meets", .sell, quantity: 100, price: 6_000_000).reason == .selfCross)
    fixture.venue(.expired, "taker")
    #expect(fixture.order("after", .sell, quantity: 100, price: 6_000_000).outcome == .accepted)
  }

  @Test func aPostOnlyOrderIsNotPutInTheWayOfOneThatIsUnderWay() {
    let fixture = CoreFixture()
    fixture.order("under way", quantity: 100, price: 6_000_000, account: CoreFixture.sub)
    func rest(_ id: String) -> Reply {
      fixture.order(id, .sell, quantity: 100, price: 5_999_000) { $0.flagsRaw = OrderFlags.postOnly.rawValue }
    }
    #expect(rest("in the way").reason == .selfCross)
    fixture.venue(.accepted, "under way")
    #expect(rest("behind it").outcome == .accepted, "the venue does not let it take")
  }

  @Test func aWantedCancelIsRepeatedAfterEveryAnswer() {
    let fixture = CoreFixture()
    fixture.order("a", quantity: 100)
    fixture.venue(.accepted, "a")
    fixture.amend("a", quantity: 150)
    let frame = fixture.row("a")?.frameRequest ?? 0
    fixture.cancel("a")
    fixture.venue(.amendRejected, "a") { $0.requestID = frame }
    fixture.now += 1_100_000_000
    fixture.step(.timer, EmptyInput())
    #expect(fixture.requestKinds == [.cancelOrder])
  }

  @Test func questionsInARowAreNotAskedForEver() {
    let fixture = CoreFixture()
    fixture.order("a", quantity: 100)
    fixture.venue(.accepted, "a")
    fixture.amend("a", quantity: 150)
    fixture.now += 3_000_000_000
    var asked = 0
    // Two questions are under way all the time.
    var waiting: [UInt64] = []
    fixture.step(.timer, EmptyInput())
    waiting.append(fixture.question)
    fixture.now += 250_000_000
    fixture.step(.timer, EmptyInput())
    waiting.append(fixture.question)
    while !waiting.isEmpty, asked < 10 {
      let question = waiting.removeFirst()
      fixture.venue(.orderReport, "a") { event in
        event.statusRaw = VenueEvent.ReportedStatus.open.rawValue
        event.quantity = 100
        event.price = 5_900_000
        event.requestID = question
      }
      asked += 1
      if fixture.requestKinds.contains(.queryOrder) { waiting.append(fixture.question) }
    }
    #expect(asked < 4)
    #expect(fixture.row("a")?.pendingQuantity == 0)
  }

  @Test func anUnknownOrderThatFillsIsCancelledWithoutDelay() {
    let fixture = CoreFixture()
    fixture.order("wanted gone", quantity: 100)
    fixture.venue(.outcomeUnknown, "wanted gone")
    for pause in [200_000_000, 1_000_000_000, 3_000_000_000] as [Int64] { fixture.wait(pause) }
    fixture.cancel("wanted gone")
    fixture.fill("wanted gone", 10, price: 5_900_000)
    fixture.now += 1_000_000_000
    fixture.step(.timer, EmptyInput())
    #expect(fixture.requestKinds == [.cancelOrder])
  }

  @Test func preventionOfOneSideIsNoneWhileTheOtherHasNotArrived() {
    let fixture = CoreFixture()
    fixture.order("under way", quantity: 100, price: 6_000_000)
    let crossing = fixture.order("crossing", .sell, quantity: 100, price: 5_999_000) { order in
      order.preventionRaw = SelfTradePrevention.expireTaker.rawValue
    }
    #expect(crossing.reason == .selfCross, "the buy may come second, and asks for no prevention")
    fixture.venue(.accepted, "under way")
    let later = fixture.order("later", .sell, quantity: 100, price: 5_999_000) { order in
      order.preventionRaw = SelfTradePrevention.expireTaker.rawValue
    }
    #expect(later.outcome == .accepted, "it rests: this one comes second, and the venue prevents it")
  }
}
