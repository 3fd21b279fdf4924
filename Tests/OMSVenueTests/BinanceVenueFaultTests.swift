import OMSLib
import Testing

@testable import OMSVenue

/// What becomes of orders and accounts when links break, clocks are wrong and limits are met.
@Suite struct BinanceVenueFaultTests {
  private func wire(_ stage: borrowing BinanceStage, _ use: VenueHost.Use) throws -> MemoryWireID {
    try #require(stage.hub.wires(to: VenueHost.host(.spot, use)).first)
  }

  /// The frame leaves, the answer does not come: nobody knows, until the venue is asked.
  @Test func anOrderWhoseAnswerIsLostIsUnknownAndThenFound() throws {
    var stage = BinanceStage()
    stage.open()
    let wire = try wire(stage, .orders)
    stage.hub.freeze(wire, .toClient)
    stage.place("a1", .buy, 1_000, at: 5_900_000)
    stage.run(milliseconds: 20)
    stage.hub.reset(wire)
    stage.run(milliseconds: 5)
    #expect(
      stage.story(of: "a1") == ["outcomeUnknown", "accepted"]
        || stage.story(of: "a1") == ["accepted", "outcomeUnknown"])
    _ = stage.take()
    stage.submit(stage.request(.queryOrder, "a1"))
    stage.run(milliseconds: 200)
    let reports = stage.take(.orderReport)
    #expect(reports.count == 1 && reports[0].status == .open && reports[0].quantity == 1_000)
  }

  @Test func anOrderThatNeverArrivedIsAbsent() throws {
    var stage = BinanceStage()
    stage.open()
    let wire = try wire(stage, .orders)
    stage.hub.freeze(wire, .toVenue)
    stage.place("a1", .buy, 1_000, at: 5_900_000)
    stage.run(milliseconds: 20)
    stage.hub.reset(wire)
    stage.run(milliseconds: 50)
    #expect(stage.story(of: "a1") == ["outcomeUnknown"])
    stage.submit(stage.request(.queryOrder, "a1"))
    stage.run(milliseconds: 200)
    #expect(stage.story(of: "a1") == ["outcomeUnknown", "orderAbsent"])
  }

  @Test func anOrderIsUnknownWhenNobodyAnswers() throws {
    var stage = BinanceStage { $0.answerPatienceNanoseconds = 500_000_000 }
    stage.open()
    stage.hub.freeze(try wire(stage, .orders), .toVenue)
    stage.place("a1", .buy, 1_000, at: 5_900_000)
    stage.run(milliseconds: 490)
    #expect(stage.story(of: "a1") == [])
    stage.run(milliseconds: 20)
    #expect(stage.story(of: "a1") == ["outcomeUnknown"])
  }

  /// The link for orders is down and does not come back: HTTP takes over, and the account stays up.
  @Test func ordersGoByHTTPWhileTheirLinkIsDown() throws {
    var stage = BinanceStage()
    stage.open()
    _ = stage.take()
    stage.hub.reset(try wire(stage, .orders))
    stage.run(milliseconds: 6)
    stage.place("a1", .buy, 1_000, at: 5_900_000)
    stage.run(milliseconds: 300)
    #expect(stage.story(of: "a1") == ["accepted", "accepted"])
    #expect(stage.take(.connected, .disconnected).isEmpty, "news are heard and orders can be entered all the time")
  }

  @Test func anAccountIsDownWhileItsNewsAreNotHeard() throws {
    var stage = BinanceStage()
    stage.open()
    _ = stage.take()
    stage.hub.reset(try wire(stage, .user))
    stage.run(milliseconds: 10)
    #expect(stage.take(.disconnected).map(\.account.number).sorted() == [1, 2])
    #expect(!stage.venue.isUp(AccountID(number: 1)))
    stage.run(milliseconds: 1_000)
    #expect(stage.take(.connected).map(\.account.number).sorted() == [1, 2])
    stage.place("a1", .buy, 1_000, at: 5_900_000)
    stage.run(milliseconds: 100)
    #expect(stage.story(of: "a1") == ["accepted", "accepted"])
  }

  @Test func whoseKeyIsRefusedIsNotUpAndHoldsUpNobody() {
    var stage = BinanceStage(products: [.spot])
    stage.keys.forged = [2]
    stage.open(accounts: 1)
    #expect(stage.venue.isUp(AccountID(number: 1)) && !stage.venue.isUp(AccountID(number: 2)))
    stage.place("b1", .buy, 1_000, at: 5_900_000, as: 2)
    stage.run(milliseconds: 100)
    let refusals = stage.take(.rejected)
    #expect(refusals.count == 1 && refusals[0].remedy == .key && refusals[0].code == -1022)
  }

  /// Nothing is sent that the limits have no room for.
  @Test func whatTheLimitsDoNotHaveIsNotSent() {
    var stage = BinanceStage(products: [.spot])
    stage.open(accounts: 2)
    for number in 1...120 { stage.place("n\(number)", .buy, 1_000, at: 5_000_000) }
    stage.run(milliseconds: 300)
    let refused = stage.take(.notSent)
    #expect(refused.count == 30, "a tenth of the limit is kept back")
    #expect(refused.allSatisfy { $0.remedy == .throttled && $0.retryAfterNanoseconds > 0 })
    // Cancels pass all the same, and in the next interval orders do.
    stage.submit(stage.request(.cancelOrder, "n1"))
    stage.run(milliseconds: 10_000)
    #expect(stage.take(.cancelled).count == 2)
    stage.place("late", .buy, 1_000, at: 5_000_000)
    stage.run(milliseconds: 100)
    #expect(stage.story(of: "late") == ["accepted", "accepted"])
  }

  /// Without the venue's time nothing is signed; with it, a clock that is hours off is no matter.
  @Test func ourClockMayBeWrong() {
    var stage = BinanceStage(products: [.spot], skew: 3 * 3_600_000_000_000)
    stage.place("early", .buy, 1_000, at: 5_900_000)
    stage.open()
    #expect(stage.story(of: "early") == ["notSent"])
    stage.place("a1", .buy, 1_000, at: 5_900_000)
    stage.run(milliseconds: 100)
    #expect(stage.story(of: "a1") == ["accepted", "accepted"])
  }

  /// Our clock jumps: the venue says so once, and is asked for its time before anything else is signed.
  @Test func aClockThatJumpsIsSetAnew() {
    var stage = BinanceStage(products: [.spot])
    stage.open()
    stage.jumpClock(nanoseconds: -60_000_000_000)
    stage.place("a1", .buy, 1_000, at: 5_900_000)
    stage.run(milliseconds: 12)
    let refusals = stage.take(.rejected)
    #expect(refusals.count == 1 && refusals[0].remedy == .clock && refusals[0].code == -1021)
    stage.run(milliseconds: 100)
    stage.place("a2", .buy, 1_000, at: 5_900_000)
    stage.run(milliseconds: 100)
    #expect(stage.story(of: "a2") == ["accepted", "accepted"])
  }

  /// The venue says that it goes away: others take the places of its links, and no account is ever down.
  @Test func linksAreReplacedBeforeTheyEnd() throws {
    var stage = BinanceStage(products: [.spot])
    stage.open()
    _ = stage.take()
    let before = [try wire(stage, .orders), try wire(stage, .user)]
    stage.world.withSurface { surface, time in surface.announceShutdown(at: time) }
    stage.run(milliseconds: 1_000)
    #expect(Set(before).isDisjoint(with: [try wire(stage, .orders), try wire(stage, .user)]))
    #expect(stage.take(.disconnected).isEmpty)
    stage.place("a1", .buy, 1_000, at: 5_900_000)
    stage.run(milliseconds: 100)
    #expect(stage.story(of: "a1") == ["accepted", "accepted"])
  }

  /// Subscriptions and keys of streams end: they are asked for anew, and the account is down until then.
  @Test func newsThatEndAreAskedForAnew() {
    var stage = BinanceStage()
    stage.open()
    _ = stage.take()
    stage.world.withSurface { surface, time in
      surface.inner.endUserData(.spot, at: time)
      surface.inner.endUserData(.usdm, at: time)
    }
    stage.run(milliseconds: 2_000)
    #expect(stage.take(.disconnected).count >= 2)
    #expect((1...2).allSatisfy { stage.venue.isUp(AccountID(number: $0)) })
    stage.place("a1", .buy, 1_000, at: 590_000, on: BinanceStage.perpetual)
    stage.run(milliseconds: 100)
    #expect(stage.story(of: "a1") == ["accepted", "accepted"])
  }

  /// An answer that comes when it was given up still says what it says.
  @Test func aLateAnswerIsTold() {
    var stage = BinanceStage(products: [.spot]) { $0.answerPatienceNanoseconds = 500_000_000 }
    stage.open()
    stage.trouble(.call("order.place"), .delay(nanoseconds: 800_000_000))
    stage.trouble(.news(["executionReport"]), .lose, count: 10)
    stage.place("a1", .buy, 1_000, at: 5_900_000)
    stage.run(milliseconds: 600)
    #expect(stage.story(of: "a1") == ["outcomeUnknown"])
    stage.run(milliseconds: 400)
    #expect(stage.story(of: "a1") == ["outcomeUnknown", "accepted"])
  }

  @Test func anErrorThatSaysNothingIsAnUnknownOutcome() {
    var stage = BinanceStage(products: [.usdm])
    stage.open()
    stage.trouble(
      .call("order.place"),
      .answer(
        status: 200,
        body: """
          {"id":1,"status":503,"error":{"code":-1007,"msg":"Timeout waiting for response from backend server. Send status \
          unknown; execution status unknown."}}
          """))
    stage.place("a1", .buy, 1_000, at: 590_000, on: BinanceStage.perpetual)
    stage.run(milliseconds: 100)
    #expect(stage.story(of: "a1").contains("outcomeUnknown"))
  }

  /// The venue bans the address: nothing leaves any more until the time that it said.
  @Test func aBanIsKept() {
    var stage = BinanceStage(products: [.spot])
    stage.open()
    let end = UTCTime(nanoseconds: stage.world.time.utc.nanoseconds + 30_000_000_000)
    stage.trouble(
      .call("order.place"), .refuse(VenueError(-1003, "Way too much request weight used.", status: 418, until: end)))
    stage.place("a1", .buy, 1_000, at: 5_900_000)
    stage.run(milliseconds: 100)
    let refusals = stage.take(.rejected)
    #expect(refusals.count == 1 && refusals[0].remedy == .banned)
    let signatures = stage.keys.signatures
    stage.place("a2", .buy, 1_000, at: 5_900_000)
    stage.submit(stage.request(.cancelOrder, "a1"))
    stage.run(milliseconds: 20_000)
    let held = stage.take(.notSent)
    #expect(held.count == 2 && held.allSatisfy { $0.remedy == .throttled && $0.retryAfterNanoseconds > 20_000_000_000 })
    #expect(stage.keys.signatures == signatures)
    stage.run(milliseconds: 12_000)
    stage.place("a3", .buy, 1_000, at: 5_900_000)
    stage.run(milliseconds: 100)
    #expect(stage.story(of: "a3") == ["accepted", "accepted"])
  }

  /// Where the venue does not let us log on, each request is signed for itself.
  @Test func aLogOnMayBeRefused() {
    var stage = BinanceStage(accounts: 1, products: [.spot])
    stage.keys.triesToLogOn = true
    stage.open(accounts: 1)
    stage.run(milliseconds: 500)
    #expect(stage.keys.signatures == 2, "one to log on, one to subscribe")
    stage.place("a1", .buy, 1_000, at: 5_900_000)
    stage.run(milliseconds: 100)
    #expect(stage.story(of: "a1") == ["accepted", "accepted"])
    #expect(stage.keys.signatures == 3)
    #expect(stage.hub.wires(to: VenueHost.host(.spot, .rest)).count == 1, "the order did not go by HTTP")
  }

  /// HTTP that may have left is an unknown outcome too, and is not sent twice.
  @Test func anOrderOverHTTPIsSentOnce() {
    var stage = BinanceStage(products: [.spot]) { $0.entersOrdersByWebSocket = false }
    stage.open()
    stage.trouble(.call("POST /api/v3/order"), .breakOff)
    stage.trouble(.news(["executionReport"]), .lose, count: 10)
    stage.place("a1", .buy, 1_000, at: 5_900_000)
    stage.run(milliseconds: 500)
    #expect(stage.story(of: "a1") == ["outcomeUnknown"])
    stage.submit(stage.request(.queryOrder, "a1"))
    stage.submit(stage.request(.queryOpenOrders, "", on: .none))
    stage.run(milliseconds: 1_000)
    #expect(
      stage.take(.orderReport).filter { $0.wireID == Text32("a1") }.count == 2, "one order, told to each question")
  }

  /// One product cannot be reached: who does not trade there notices nothing.
  @Test func oneProductThatIsGoneHoldsUpNobodyElsewhere() {
    var stage = BinanceStage(only: [2: .spot])
    for use in VenueHost.Use.allCases { stage.hub.setMood(.silent, of: VenueHost.host(.usdm, use)) }
    stage.run(milliseconds: 1_000)
    #expect(!stage.venue.isUp(AccountID(number: 1)) && stage.venue.isUp(AccountID(number: 2)))
    stage.place("p1", .buy, 1_000, at: 590_000, on: BinanceStage.perpetual)
    stage.place("s2", .buy, 1_000, at: 5_900_000, as: 2)
    for account: UInt16 in 1...2 { stage.submit(stage.request(.queryAccount, "", on: .none, as: account)) }
    stage.run(milliseconds: 2_000)
    #expect(stage.story(of: "p1") == ["notSent"])
    #expect(stage.story(of: "s2") == ["accepted", "accepted"])
    #expect(stage.take(.reportEnd).map(\.account.number) == [2])
    for use in VenueHost.Use.allCases { stage.hub.setMood(.open, of: VenueHost.host(.usdm, use)) }
    stage.run(milliseconds: 30_000)
    #expect(stage.take(.reportEnd).map(\.account.number) == [1], "asked until it could be answered")
    #expect(stage.venue.isUp(AccountID(number: 1)))
  }
}
