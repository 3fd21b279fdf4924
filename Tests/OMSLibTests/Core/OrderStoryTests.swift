import Testing

@testable import OMSLib

/// The life of one order: what the venue says, in any order it may say it, and where that leads.
@Suite struct OrderStoryTests {
  enum Happening: Sendable {
    case ack, dupAck, reject, fill(Int64), dupFill(Int64), cancel, cancelled, cancelRejected, expired
    case unknown, notSent, silence(Int64), reportOpen, reportCancelled(filled: Int64), absent
  }

  struct Story: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let events: [Happening]
    let end: OrderStatus
    let filled: Int64
    var reason = Reason.none
  }

  static let stories = [
    Story(
      testDescription: "acknowledged and filled in two parts", events: [.ack, .fill(40), .fill(60)], end: .filled,
      filled: 100),
    Story(
      testDescription: "fill overtakes the acknowledgement", events: [.fill(40), .ack, .fill(60)], end: .filled,
      filled: 100),
    Story(testDescription: "acknowledgement comes twice", events: [.ack, .dupAck], end: .open, filled: 0),
    Story(
      testDescription: "the same fill comes twice and counts once", events: [.ack, .fill(40), .dupFill(40)],
      end: .partial, filled: 40),
    Story(
      testDescription: "rejected by the venue", events: [.reject], end: .rejected, filled: 0, reason: .venueRejected),
    Story(
      testDescription: "a rejection after the acknowledgement is quarantined", events: [.ack, .reject], end: .open,
      filled: 0),
    Story(
      testDescription: "cancelled on request", events: [.ack, .cancel, .cancelled], end: .cancelled, filled: 0,
      reason: .cancelledByUser),
    Story(
      testDescription: "cancel loses the race against the last fill",
      events: [.ack, .cancel, .fill(100), .cancelRejected], end: .filled, filled: 100),
    Story(
      testDescription: "a late fill corrects a cancelled order", events: [.ack, .cancel, .cancelled, .fill(100)],
      end: .filled, filled: 100),
    Story(
      testDescription: "a late part fill stays with a cancelled order", events: [.ack, .cancel, .cancelled, .fill(30)],
      end: .cancelled, filled: 30),
    Story(
      testDescription: "cancel before the acknowledgement", events: [.cancel, .ack, .cancelled], end: .cancelled,
      filled: 0),
    Story(
      testDescription: "a refused cancel leaves the order open", events: [.ack, .cancel, .cancelRejected], end: .open,
      filled: 0),
    Story(
      testDescription: "not sent is rejected here", events: [.notSent], end: .rejected, filled: 0, reason: .notSent),
    Story(testDescription: "no answer is unknown, never rejected", events: [.unknown], end: .unknown, filled: 0),
    Story(testDescription: "silence becomes unknown", events: [.silence(2_000_000_000)], end: .unknown, filled: 0),
    Story(
      testDescription: "unknown is resolved by the venue's report", events: [.unknown, .reportOpen], end: .open,
      filled: 0),
    Story(
      testDescription: "one negative read is no evidence", events: [.unknown, .silence(3_000_000_000), .absent],
      end: .unknown, filled: 0),
    Story(
      testDescription: "a negative read inside the fence is no evidence",
      events: [.unknown, .absent, .absent, .absent], end: .unknown, filled: 0),
    Story(
      testDescription: "two negative reads behind the fence prove absence",
      events: [.unknown, .silence(3_000_000_000), .absent, .absent], end: .rejected, filled: 0, reason: .notPlaced),
    Story(
      testDescription: "a report of an end waits for its fills", events: [.ack, .reportCancelled(filled: 30)],
      end: .open, filled: 0),
    Story(
      testDescription: "with its fills here the reported end counts",
      events: [.ack, .fill(30), .reportCancelled(filled: 30)], end: .cancelled, filled: 30),
    Story(
      testDescription: "expired by the venue", events: [.ack, .fill(10), .expired], end: .expired, filled: 10,
      reason: .expired),
  ]

  @Test(arguments: stories)
  func story(_ story: Story) {
    let fixture = CoreFixture()
    fixture.order("story", quantity: 100, price: 5_990_000) { _ in }
    var trade: UInt64 = 500
    for event in story.events { happen(event, fixture, &trade) }
    #expect(fixture.status("story") == story.end)
    #expect(fixture.row("story")?.image.filled == story.filled)
    if story.reason != .none { #expect(fixture.row("story")?.image.reasonRaw == story.reason.rawValue) }
    if story.end.isDone {
      #expect(fixture.locked(CoreFixture.usdt) == .zero, "the reservation is released")
      #expect(fixture.exposure.openOrders == 0)
    }
  }

  private func happen(_ event: Happening, _ fixture: CoreFixture, _ trade: inout UInt64) {
    switch event {
    case .ack, .dupAck: fixture.venue(.accepted, "story") { $0.venueOrder = VenueReference(7) }
    case .reject: fixture.venue(.rejected, "story") { $0.code = -2010 }
    case .fill(let quantity):
      trade += 1
      fixture.fill("story", quantity, price: 5_990_000, trade: trade)
    case .dupFill(let quantity): fixture.fill("story", quantity, price: 5_990_000, trade: trade)
    case .cancel: fixture.cancel("story")
    case .cancelled: fixture.venue(.cancelled, "story")
    case .cancelRejected: fixture.venue(.cancelRejected, "story") { $0.remedyRaw = VenueEvent.Remedy.refused.rawValue }
    case .expired: fixture.venue(.expired, "story")
    case .unknown: fixture.venue(.outcomeUnknown, "story")
    case .notSent:
      let frame = fixture.row("story")?.frameRequest ?? 0
      fixture.venue(.notSent, "story") { $0.requestID = frame }
    case .silence(let nanoseconds): fixture.wait(nanoseconds)
    case .reportOpen:
      fixture.venue(.orderReport, "story") { $0.statusRaw = VenueEvent.ReportedStatus.open.rawValue }
    case .reportCancelled(let filled):
      fixture.venue(.orderReport, "story") { event in
        event.statusRaw = VenueEvent.ReportedStatus.cancelled.rawValue
        event.cumulative = filled
      }
    case .absent:
      fixture.venue(.orderAbsent, "story") { $0.requestID = fixture.question }
      fixture.wait(60_000_000)
    }
  }

  @Test func sameIDAndParametersGiveTheStoredOrderBack() {
    let fixture = CoreFixture()
    let first = fixture.order("twice")
    let second = fixture.order("twice")
    #expect(first.outcome == .accepted)
    #expect(second.outcome == .replayed)
    #expect(second.orderNumber == first.orderNumber)
    #expect(fixture.requests.isEmpty, "nothing is sent a second time")
  }

  @Test func sameIDWithOtherParametersIsAConflict() {
    let fixture = CoreFixture()
    fixture.order("twice")
    let second = fixture.order("twice", quantity: 200_000)
    #expect(second.reason == .idConflict)
    #expect(fixture.requests.isEmpty)
  }

  @Test func aFinishedOrdersIDStaysBurnt() {
    let fixture = CoreFixture()
    fixture.order("burnt", quantity: 100)
    fixture.venue(.accepted, "burnt")
    fixture.fill("burnt", 100, price: 5_900_000)
    let again = fixture.order("burnt", quantity: 100)
    #expect(again.outcome == .replayed)
    #expect(fixture.status("burnt") == .filled)
    #expect(fixture.requests.isEmpty)
  }

  @Test func aRefusedOrderBurnsNothing() {
    let fixture = CoreFixture()
    let refused = fixture.order("x", quantity: 100_000_000_000)
    #expect(refused.outcome == .refused)
    let smaller = fixture.order("x", quantity: 100)
    #expect(smaller.outcome == .accepted)
  }

  @Test func engineMadeIDsRiseWithinAnEpoch() {
    let fixture = CoreFixture()
    let first = fixture.order("x", quantity: 1_000) { $0.id = Text64() }
    let second = fixture.order("x", quantity: 1_000) { $0.id = Text64() }
    #expect(fixture.row("e1.1")?.image.orderNumber == first.orderNumber)
    #expect(fixture.row("e1.2")?.image.orderNumber == second.orderNumber)
  }

  @Test func moreThanOrderedRaisesAnAlarmThatStopsNewRisk() {
    let fixture = CoreFixture()
    fixture.order("over", quantity: 100)
    fixture.fill("over", 150, price: 5_900_000)
    #expect(fixture.notices.contains(.alarm))
    #expect(fixture.row("over")?.image.filled == 0)
    let refused = fixture.order("next")
    #expect(refused.reason == .alarmOpen)
    fixture.step(.acknowledgeAlarm, AlarmInput())
    #expect(fixture.order("after").outcome == .accepted)
  }

  @Test func afterARestartAcknowledgedIsUnconfirmedAndSilentIsUnknown() {
    let fixture = CoreFixture()
    fixture.order("acked", quantity: 1_000)
    fixture.venue(.accepted, "acked")
    fixture.order("silent", quantity: 1_000, price: 5_800_000)
    fixture.restart(epoch: 2)
    #expect(fixture.row("acked")?.image.isUnconfirmed == 1)
    #expect(fixture.status("acked") == .open)
    #expect(fixture.status("silent") == .unknown)
    #expect(fixture.order("new").reason == .accountClosed, "no new risk before the account was compared")
  }

  @Test func unknownOrdersAreAskedForAgainAndAgain() {
    let fixture = CoreFixture()
    fixture.order("lost")
    fixture.venue(.outcomeUnknown, "lost")
    #expect(fixture.requestKinds == [.queryOrder])
    for pause in [200_000_000, 1_000_000_000, 3_000_000_000] as [Int64] {
      fixture.now += pause
      fixture.step(.timer, EmptyInput())
      #expect(fixture.requestKinds == [.queryOrder])
    }
  }

  @Test func amendInPlaceKeepsTheOrderAndItsQueuePlace() {
    let fixture = CoreFixture()
    fixture.order("a", quantity: 100_000)
    fixture.venue(.accepted, "a")
    #expect(fixture.amend("a", quantity: 60_000).outcome == .accepted)
    #expect(fixture.requestKinds == [.amendOrder])
    #expect(fixture.status("a") == .pendingAmend)
    let frame = fixture.row("a")?.frameRequest ?? 0
    fixture.venue(.amended, "a") { event in
      event.quantity = 60_000
      event.requestID = frame
    }
    #expect(fixture.status("a") == .open)
    #expect(fixture.row("a")?.image.quantity == 60_000)
  }

  @Test func whereTheVenueCannotAmendTheReplacementHasAnIDOfItsOwn() {
    let fixture = CoreFixture(features: [.postOnly])
    fixture.order("a", quantity: 100_000)
    fixture.venue(.accepted, "a")
    #expect(fixture.amend("a", price: 5_910_000).reason == .notSupported)
    #expect(fixture.amend("a", price: 5_910_000, mayReplace: true).outcome == .accepted)
    #expect(fixture.requestKinds == [.cancelOrder])
    fixture.venue(.cancelled, "a")
    #expect(fixture.requestKinds == [.newOrder])
    #expect(fixture.requests[0].wireID == fixture.wire("a", 1))
    #expect(fixture.status("a") == .pendingAmend)
    fixture.venue(.accepted, "a", replacement: 1)
    #expect(fixture.status("a") == .open)
    #expect(fixture.row("a")?.image.price == 5_910_000)
  }

  /// The venue tells of the replacement by what happened to it: its acceptance came to nothing, and the answer that never
  /// came, or a cancel that is refused, leave an order that works.
  @Test(arguments: [.triggered, .fill] as [VenueEvent.Kind])
  func aReplacementThatTheVenueTellsOfIsThere(_ news: VenueEvent.Kind) {
    let fixture = CoreFixture(features: [.postOnly, .stop])
    fixture.order("a", .sell, quantity: 1_000, price: 5_790_000, kind: .stopLimit) { $0.stopPrice = 5_800_000 }
    fixture.venue(.accepted, "a")
    #expect(fixture.amend("a", quantity: 900, mayReplace: true).outcome == .accepted)
    fixture.venue(.cancelled, "a")
    #expect(fixture.status("a") == .pendingAmend)
    fixture.venue(news, "a", replacement: 1) { event in
      guard news == .fill else { return }
      event.quantity = 100
      event.price = 5_790_000
      event.asset = CoreFixture.usdt
      event.trade = VenueReference(77)
    }
    let working: OrderStatus = news == .fill ? .partial : .open
    #expect(fixture.status("a") == working)
    let frame = fixture.row("a")?.frameRequest ?? 0
    fixture.venue(.outcomeUnknown, "a", replacement: 1) { $0.requestID = frame }
    #expect(fixture.status("a") == working)
    fixture.cancel("a")
    fixture.venue(.cancelRejected, "a", replacement: 1) { $0.code = -2015 }
    #expect(fixture.status("a") == working)
  }

  /// Whatever the venue says, in whatever order: a finished order never opens again, what is filled never falls, and
  /// what was reserved is released exactly once (the core's own preconditions would trap).
  @Test(arguments: 0..<60 as Range<UInt64>)
  func anyEventSequence(seed: UInt64) {
    let fixture = CoreFixture()
    var random = SplitMix64(seed: seed)
    fixture.order("story", quantity: 100, price: 5_990_000)
    var trade: UInt64 = 900
    var filled: Int64 = 0
    let all: [Happening] = [
      .ack, .reject, .fill(10), .fill(35), .dupFill(10), .cancel, .cancelled, .cancelRejected, .expired, .unknown,
      .notSent, .silence(700_000_000), .reportOpen, .reportCancelled(filled: 20), .absent,
    ]
    for _ in 0..<40 {
      let wasDone = fixture.status("story")?.isDone ?? false
      happen(all[Int(random.below(UInt64(all.count)))], fixture, &trade)
      guard let row = fixture.row("story") else { continue }
      #expect(!wasDone || row.status.isDone)
      #expect(row.image.filled >= filled)
      filled = row.image.filled
      if row.status.isDone { #expect(fixture.exposure.openOrders == 0) }
    }
  }
}
