import Testing

@testable import OMSLib

/// A stop that may have lost records: what they sent is found out before anything is sent again.
@Suite struct LossStoryTests {
  private static let behindFence = Core.signWindow + CoreFixture.fence + CoreFixture.visibility + 1_000

  /// Says twice that the venue does not know the wire id, once it is worth saying.
  private func denyTwice(_ fixture: CoreFixture, _ id: String, replacement: UInt16 = 0) {
    for _ in 0..<2 {
      fixture.wait(1_100_000_000)
      fixture.venue(.orderAbsent, id, replacement: replacement) { $0.requestID = fixture.question }
    }
  }

  @Test func aUsersIDIsAskedForBeforeItIsSentAgain() {
    let fixture = CoreFixture()
    fixture.restart(epoch: 2, losing: true)
    fixture.order("retried", .sell, quantity: 100)
    #expect(fixture.requestKinds == [.queryOrder], "no frame: lost records may hold one")
    for _ in 0..<2 {
      fixture.report(fixture.wire("retried"), .filled, .sell) { event in
        event.quantity = 100
        event.cumulative = 100
      }
      fixture.fill("retried", 100, price: 5_990_000, trade: 1)
    }
    #expect(fixture.status("retried") == .filled)
    #expect(fixture.row("retried")?.image.filled == 100)
  }

  @Test func whatTheVenueDoesNotKnowIsSentBehindTheFence() {
    let fixture = CoreFixture()
    fixture.restart(epoch: 2, losing: true)
    fixture.order("new", .sell, quantity: 100)
    fixture.venue(.orderAbsent, "new") { $0.requestID = fixture.question }
    fixture.venue(.orderAbsent, "new") { $0.requestID = fixture.question }
    #expect(fixture.requests.isEmpty, "inside the fence its frame may still be under way")
    fixture.now += Self.behindFence
    fixture.step(.timer, EmptyInput())
    fixture.venue(.orderAbsent, "new") { $0.requestID = fixture.question }
    fixture.wait(60_000_000)
    fixture.venue(.orderAbsent, "new") { $0.requestID = fixture.question }
    #expect(fixture.requestKinds == [.newOrder])
    #expect(fixture.status("new") == .new)
  }

  @Test func aCancelledOrderIsNotSentAnyMore() {
    let fixture = CoreFixture()
    fixture.restart(epoch: 2, losing: true)
    fixture.order("unwanted", .sell, quantity: 100)
    fixture.cancel("unwanted")
    #expect(!fixture.requestKinds.contains(.cancelOrder), "nothing is known to be there")
    fixture.wait(Self.behindFence)
    denyTwice(fixture, "unwanted")
    #expect(fixture.status("unwanted") == .cancelled)
    #expect(fixture.locked(CoreFixture.btc) == .zero)
  }

  @Test func engineMadeIDsGoOutAtOnce() {
    let fixture = CoreFixture()
    fixture.restart(epoch: 2, losing: true)
    fixture.order("x", .sell, quantity: 100) { $0.id = Text64() }
    #expect(fixture.requestKinds == [.newOrder])
  }

  @Test func withoutALossNothingIsAskedFirst() {
    let fixture = CoreFixture()
    fixture.restart(epoch: 2)
    fixture.order("plain", .sell, quantity: 100)
    #expect(fixture.requestKinds == [.newOrder])
  }

  @Test func theNextSliceOfAnOlderOrderIsAskedForFirst() {
    let fixture = CoreFixture(features: [.postOnly])
    fixture.order("ice", quantity: 100) { $0.displayQuantity = 10 }
    fixture.venue(.accepted, "ice/c1")
    fixture.restart(epoch: 2, losing: true)
    fixture.fillWhole("ice/c1", 10)
    #expect(fixture.requestKinds == [.queryOrder])
    #expect(fixture.requests[0].wireID == fixture.wire("ice/c2"))
    fixture.fillWhole("ice/c2", 10)
    #expect(fixture.row("ice")?.image.filled == 20, "lost records had sent it")
    #expect(fixture.requests.allSatisfy { $0.wireID == fixture.wire("ice/c3") })
  }

  @Test func aReplacementThatLostRecordsSentIsNotSentAgain() {
    let fixture = CoreFixture(features: [.postOnly])
    fixture.order("old", quantity: 100_000)
    fixture.venue(.accepted, "old")
    fixture.amend("old", price: 5_910_000, mayReplace: true)
    fixture.restart(epoch: 2, losing: true)
    fixture.report(fixture.wire("old", 1), .open) { event in
      event.quantity = 100_000
      event.price = 5_910_000
    }
    fixture.venue(.cancelled, "old")
    #expect(fixture.status("old") == .cancelled)
    #expect(!fixture.requestKinds.contains(.newOrder))
    #expect(fixture.core.state.accounts[CoreFixture.main.index].exposure.openOrders == 1, "the adopted one")
  }

  @Test(arguments: [VenueEvent.ReportedStatus.open, .filled])
  func anAmendWhoseRecordIsLostIsLearntFromTheReport(_ status: VenueEvent.ReportedStatus) {
    let fixture = CoreFixture()
    fixture.order("amended", quantity: 100)
    fixture.venue(.accepted, "amended")
    fixture.restart(epoch: 2, losing: true)
    if status == .filled { fixture.fill("amended", 90, price: 5_910_000) }
    fixture.report(fixture.wire("amended"), status) { event in
      event.quantity = 90
      event.cumulative = status == .filled ? 90 : 0
      event.price = 5_910_000
    }
    #expect(fixture.status("amended") == (status == .filled ? .filled : .open))
    #expect(fixture.row("amended")?.image.quantity == 90)
    #expect(fixture.row("amended")?.image.price == 5_910_000)
  }

  @Test func aFillBeyondTheRecordedQuantityIsNoAlarmBehindALoss() {
    let fixture = CoreFixture()
    fixture.order("raised", quantity: 100)
    fixture.venue(.accepted, "raised")
    fixture.restart(epoch: 2, losing: true)
    fixture.fill("raised", 150, price: 5_900_000)
    #expect(!fixture.notices.contains(.alarm))
    #expect(fixture.requestKinds == [.queryOrder])
    fixture.report(fixture.wire("raised"), .filled) { event in
      event.quantity = 150
      event.cumulative = 150
    }
    #expect(fixture.status("raised") == .filled)
  }

  /// All that is recorded has filled, and lost records may have asked for more.
  @Test(arguments: [100, 120] as [Int64])
  func afterALossTheVenueSaysWhetherAFilledOrderWasLarger(_ quantity: Int64) {
    let fixture = CoreFixture()
    fixture.order("raised", quantity: 100)
    fixture.venue(.accepted, "raised")
    fixture.restart(epoch: 2, losing: true)
    fixture.fill("raised", 100, price: 5_900_000)
    #expect(fixture.status("raised") == .partial)
    #expect(fixture.requestKinds == [.queryOrder])
    if quantity > 100 { fixture.fill("raised", quantity - 100, price: 5_900_000) }
    #expect(!fixture.notices.contains(.alarm))
    fixture.report(fixture.wire("raised"), .filled) { event in
      event.quantity = quantity
      event.cumulative = quantity
    }
    #expect(fixture.status("raised") == .filled)
    #expect(fixture.row("raised")?.image.quantity == quantity && fixture.row("raised")?.image.filled == quantity)
  }

  /// Lost records had made the iceberg larger, and with it its last slice.
  @Test func aFillBeyondTheRecordedSliceIsNoAlarmBehindALoss() {
    let fixture = CoreFixture(features: [.postOnly])
    fixture.order("ice", quantity: 100) { $0.displayQuantity = 60 }
    fixture.venue(.accepted, "ice/c1")
    fixture.restart(epoch: 2, losing: true)
    fixture.fillWhole("ice/c1", 60)
    #expect(fixture.requestKinds == [.queryOrder], "the last slice of 40 is asked for first")
    fixture.fill("ice/c2", 55, price: 5_900_000)
    #expect(!fixture.notices.contains(.alarm))
    #expect(fixture.requestKinds == [.queryOrder])
    for _ in 0..<2 {
      fixture.report(fixture.wire("ice/c2"), .filled) { event in
        event.quantity = 55
        event.cumulative = 55
        event.price = 5_900_000
      }
      fixture.end(fixture.requests.filter { $0.kind == .queryFills })
    }
    #expect(fixture.status("ice/c2") == .filled && fixture.status("ice") == .filled)
    #expect(fixture.row("ice")?.image.filled == 115 && fixture.row("ice")?.image.quantity == 115)
  }

  @Test func aHeldOrderThatTheVenueHasIsHeldNoMore() {
    let fixture = CoreFixture(features: [.postOnly])
    fixture.order("stop", .sell, quantity: 1_000, kind: .stopMarket) { $0.stopPrice = 5_900_000 }
    #expect(fixture.row("stop")?.isHeld == 1)
    fixture.restart(epoch: 2, losing: true)
    fixture.venue(.orderReport, "stop") { event in
      event.statusRaw = VenueEvent.ReportedStatus.open.rawValue
      event.quantity = 1_000
    }
    #expect(fixture.row("stop")?.isHeld == 0)
    fixture.cancel("stop")
    #expect(fixture.requestKinds == [.cancelOrder], "it is at the venue and is cancelled there")
  }

  /// Lost records had sent what is held here, and the venue refused it: for it that is the end.
  @Test func aHeldOrderThatTheVenueRefusedIsOver() {
    let fixture = CoreFixture(features: [.postOnly])
    fixture.order("parent", quantity: 10)
    fixture.order("child", .sell, quantity: 10, price: 6_000_000) { order in
      order.linked = fixed("parent")
      order.linkRaw = OrderLink.oto.rawValue
    }
    #expect(fixture.row("child")?.isHeld == 1 && fixture.status("child") == .open)
    fixture.restart(epoch: 2, losing: true)
    fixture.venue(.rejected, "child") { $0.code = -5_022 }
    #expect(!fixture.notices.contains(.eventQuarantined))
    #expect(fixture.status("child") == .rejected)
  }

  @Test func aHeldOrderIsAskedForBeforeItsCancelCounts() {
    let fixture = CoreFixture(features: [.postOnly])
    fixture.order("stop", .sell, quantity: 1_000, kind: .stopMarket) { $0.stopPrice = 5_900_000 }
    fixture.restart(epoch: 2, losing: true)
    fixture.cancel("stop")
    #expect(fixture.requestKinds == [.queryOrder], "its trigger may have fired in lost records")
    #expect(fixture.status("stop") == .pendingCancel)
    fixture.wait(Self.behindFence)
    denyTwice(fixture, "stop")
    #expect(fixture.status("stop") == .cancelled)
  }

  /// It was made larger while it was held here, and replaced once its fill said otherwise; at the venue it had filled as it
  /// was sent. What the venue counts as all of it is all of it, and there is nothing left to replace.
  @Test func aReleasedOrderThatFilledAsItWasSentIsNotReplaced() {
    let fixture = CoreFixture(features: [.postOnly])
    fixture.order("stop", .sell, quantity: 1_000, price: 5_790_000, kind: .stopLimit) { $0.stopPrice = 5_800_000 }
    fixture.restart(epoch: 2, losing: true)
    #expect(fixture.amend("stop", quantity: 1_017).outcome == .accepted)
    fixture.fill("stop", 1_000, price: 5_790_000, trade: 1)
    #expect(fixture.status("stop") == .partial)
    #expect(fixture.amend("stop", quantity: 1_046, mayReplace: true).outcome == .accepted)
    #expect(fixture.row("stop")?.isReplacing == 1)
    fixture.report(fixture.wire("stop"), .filled, .sell) { event in
      event.quantity = 1_000
      event.cumulative = 1_000
      event.price = 5_790_000
    }
    #expect(!fixture.notices.contains(.eventQuarantined))
    #expect(fixture.status("stop") == .filled)
    #expect(fixture.row("stop")?.image.quantity == 1_000)
    #expect(!fixture.requestKinds.contains(.newOrder))
    #expect(fixture.exposure.openOrders == 0)
  }

  @Test func anOrderOfLostRecordsBurnsItsID() {
    let fixture = CoreFixture()
    fixture.restart(epoch: 2, losing: true)
    func fill(_ quantity: Int64, trade: UInt64) {
      fixture.venue(.fill, "lost") { event in
        event.sideRaw = Side.buy.rawValue
        event.quantity = quantity
        event.price = 5_990_000
        event.asset = CoreFixture.usdt
        event.trade = VenueReference(trade)
        event.cumulative = 100
      }
    }
    fill(60, trade: 700)
    #expect(fixture.requestKinds == [.queryOrder], "a fill with our tag that no record knows")
    fixture.report(fixture.wire("lost"), .filled) { event in
      event.quantity = 100
      event.cumulative = 100
      event.price = 5_990_000
    }
    #expect(fixture.notices == [.orderAdopted])
    #expect(fixture.order("lost", .sell, quantity: 100).reason == .idConflict)
    // The rest of its fills are booked and change no order that has ended.
    fill(40, trade: 701)
    #expect(fixture.notices.isEmpty)
  }

  @Test func accountsOpenWhenTheyWereReadBehindTheFence() {
    let fixture = CoreFixture()
    fixture.restart(epoch: 2, losing: true)
    fixture.open(CoreFixture.main)
    #expect(fixture.order("early").reason == .accountClosed, "what is under way may still arrive there")
    fixture.now += Self.behindFence
    fixture.step(.timer, EmptyInput())
    fixture.end(fixture.requests.filter { $0.account == CoreFixture.main })
    #expect(fixture.order("open").outcome == .accepted)
    #expect(fixture.requestKinds == [.newOrder], "and users' ids are believed")
  }

  // MARK: What ended without a trace

  /// Reads the main account behind the fence; `show` tells what the venue's history has.
  private func read(_ fixture: CoreFixture, _ show: (VenueRequest) -> Void) {
    fixture.now += Self.behindFence
    fixture.step(.timer, EmptyInput())
    let queries = fixture.requests.filter { $0.account == CoreFixture.main }
    queries.filter { $0.kind == .queryOpenOrders }.forEach(show)
    fixture.end(queries)
  }

  private static let noon = UTCTime(nanoseconds: 1_790_000_000_000_000_000)

  /// An order that the venue ended at `noon`, and a loss behind it.
  private func makeLoss() -> CoreFixture {
    let fixture = CoreFixture()
    fixture.order("known", quantity: 100)
    fixture.venue(.accepted, "known")
    fixture.venue(.cancelled, "known") { $0.venueTime = Self.noon }
    fixture.restart(epoch: 2, losing: true)
    fixture.open(CoreFixture.main)
    return fixture
  }

  /// Neither an open order nor a fill tells of it.
  @Test func anOrderThatEndedUnfilledIsFoundInTheHistory() {
    let fixture = makeLoss()
    read(fixture) { query in
      #expect(query.expiresAt == Self.noon, "what was lost was placed behind the last news that were kept")
      fixture.report(fixture.wire("lost"), .cancelled, .sell) { event in
        event.quantity = 100
        event.price = 6_100_000
        event.placedAt = UTCTime(nanoseconds: Self.noon.nanoseconds + 1)
      }
      #expect(fixture.notices == [.orderAdopted])
    }
    #expect(fixture.order("lost", .sell, quantity: 100, price: 6_100_000).reason == .idConflict)
    #expect(fixture.order("new", quantity: 100).outcome == .accepted)
    #expect(fixture.requestKinds == [.newOrder], "and other ids are believed")
  }

  /// It ended before the loss and has left the table since: the index has its id.
  @Test func whatWasPlacedBeforeIsNotTakenOverOnceMore() {
    let fixture = makeLoss()
    read(fixture) { _ in
      fixture.report(fixture.wire("evicted"), .cancelled) { event in
        event.quantity = 100
        event.placedAt = UTCTime(nanoseconds: Self.noon.nanoseconds - 1)
      }
      #expect(fixture.notices.isEmpty)
    }
  }

  @Test func aLongHistoryIsReadToItsEnd() {
    let fixture = makeLoss()
    fixture.now += Self.behindFence
    fixture.step(.timer, EmptyInput())
    let queries = fixture.requests.filter { $0.account == CoreFixture.main }
    fixture.end(queries.filter { $0.kind != .queryOpenOrders })
    fixture.end(queries.filter { $0.kind == .queryOpenOrders }, trade: 1_000)
    let rest = fixture.requests
    #expect(rest.map(\.venueOrder) == [VenueReference(1_000)] && rest.first?.expiresAt == Self.noon)
    #expect(fixture.core.state.accounts[CoreFixture.main.index].isOpen == 0)
    fixture.end(rest)
    #expect(fixture.core.state.accounts[CoreFixture.main.index].isOpen != 0)
  }

  /// The history has the order that a replacement took the place of: that it was there is no news.
  @Test func aReplacedOrderInTheHistoryContradictsNothing() {
    let fixture = CoreFixture(features: [.postOnly])
    fixture.order("r", quantity: 100)
    fixture.venue(.accepted, "r")
    fixture.amend("r", price: 5_800_000, mayReplace: true)
    fixture.venue(.cancelled, "r")
    fixture.wait(Self.behindFence + Core.answerPatience)
    denyTwice(fixture, "r", replacement: 1)
    #expect(fixture.row("r")?.image.reasonRaw == Reason.notPlaced.rawValue)
    fixture.report(fixture.wire("r"), .cancelled) { $0.quantity = 100 }
    #expect(fixture.notices.isEmpty)
    fixture.report(fixture.wire("r", 1), .open) { $0.quantity = 100 }
    #expect(fixture.notices == [.alarm], "that one was counted as never placed")
  }

  /// What has ended since the loss is in the history that will be read: it must be known then.
  @Test func noOrderLeavesTheTableBeforeTheHistoryIsRead() {
    var capacity = CoreCapacity.small
    capacity.orders = 8
    let fixture = CoreFixture(capacity: capacity)
    fixture.restart(epoch: 2, losing: true)
    for number in 0..<8 {
      fixture.order("", .sell, quantity: 100, price: 6_100_000)
      fixture.venue(.rejected, "e2.\(number + 1)")
    }
    #expect(fixture.order("", .sell, quantity: 100).reason == .idIndexBehind)
    fixture.report(fixture.wire("found"), .open) { event in
      event.quantity = 100
      event.price = 5_900_000
    }
    #expect(fixture.notices == [.orderAdopted], "only an open order of the venue takes such a place")
    fixture.report(fixture.wire("ended"), .cancelled) { $0.quantity = 100 }
    #expect(fixture.notices.isEmpty)
    fixture.open(CoreFixture.main)
    read(fixture) { _ in }
    #expect(fixture.order("ended", .sell, quantity: 100, price: 6_100_000).outcome == .accepted)
    #expect(fixture.requestKinds == [.queryOrder], "its id is asked for before it is used")
  }

  /// An open order of the venue has taken its row, and by the time its history is read there are rows again.
  @Test func whatGaveItsRowAwayIsNotTakenOverFromTheHistory() {
    var capacity = CoreCapacity.small
    capacity.orders = 8
    let fixture = CoreFixture(capacity: capacity)
    fixture.restart(epoch: 2, losing: true)
    for number in 1...8 {
      let account = number == 1 ? CoreFixture.main : CoreFixture.sub
      fixture.order("", .sell, quantity: 100, price: 6_100_000, account: account)
      fixture.venue(.rejected, "e2.\(number)")
    }
    let gone = fixture.wire("e2.1")
    fixture.report(fixture.wire("found"), .open) { event in
      event.quantity = 100
      event.price = 5_900_000
    }
    #expect(fixture.notices == [.orderAdopted])
    #expect(fixture.row("e2.1") == nil, "its row was taken")
    fixture.now += Self.behindFence
    fixture.open(CoreFixture.sub)
    fixture.report(gone, .cancelled) { $0.quantity = 100 }
    #expect(fixture.notices.isEmpty && fixture.row("e2.1") == nil, "it was known, and has ended")
    fixture.open(CoreFixture.main)
    #expect(fixture.order("mine", quantity: 100).outcome == .accepted)
    #expect(fixture.requestKinds == [.queryOrder], "an id may be that of an order which was lost and not taken over")
  }

  /// Nobody may believe in a sell order that is a buy order at the venue.
  @Test func anIDThatLostRecordsUsedForAnotherOrderStaysWithThat() {
    let fixture = CoreFixture()
    fixture.restart(epoch: 2, losing: true)
    fixture.order("mine", .sell, quantity: 100, price: 6_100_000)
    fixture.report(fixture.wire("mine"), .open, .buy) { event in
      event.quantity = 700
      event.price = 5_900_000
    }
    #expect(fixture.notices == [.orderAdopted])
    #expect(fixture.locked(CoreFixture.btc) == .zero && fixture.locked(CoreFixture.usdt) != .zero)
    #expect(fixture.order("mine", .sell, quantity: 100, price: 6_100_000).reason == .idConflict)
    let copy = CoreFixture(copyOf: fixture)
    #expect(copy.order("mine", .sell, quantity: 100, price: 6_100_000).reason == .idConflict)
  }
}

extension CoreFixture {
  /// Fills all that is known of an order behind a loss, and the venue says that this is all.
  fileprivate func fillWhole(_ id: String, _ quantity: Int64) {
    fill(id, quantity, price: 5_900_000)
    #expect(requests.map(\.wireID) == [wire(id)], "asked for: it may be larger")
    report(wire(id), .filled) { event in
      event.quantity = quantity
      event.cumulative = quantity
    }
  }
}
