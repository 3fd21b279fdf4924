import Testing

@testable import OMSLib

/// Money: what fills, fees, funding and the venue's own word do to positions and balances.
@Suite struct BookStoryTests {
  @Test func aSpotRoundTripLeavesExactlyProfitMinusFees() {
    let fixture = CoreFixture()
    fixture.order("buy", .buy, quantity: 10_000, price: 6_000_100)
    fixture.fill("buy", 10_000, price: 6_000_100, fee: Money(units: 6_000_100_000_000_000_000))
    fixture.order("sell", .sell, quantity: 10_000, price: 6_000_000)
    fixture.fill("sell", 10_000, price: 6_000_300, fee: Money(units: 6_000_300_000_000_000_000))
    // 0.1 x (60003 - 60001) - 6.0001 - 6.0003
    #expect(fixture.total(CoreFixture.usdt) == Money(units: 99_988_199_600_000_000_000_000))
    #expect(fixture.total(CoreFixture.btc) == Money(1))
    #expect(fixture.position(CoreFixture.spot).book.realised == Money(units: 200_000_000_000_000_000))
    #expect(fixture.position(CoreFixture.spot).book.isFlat)
    #expect(fixture.locked(CoreFixture.usdt) == .zero)
    #expect(fixture.locked(CoreFixture.btc) == .zero)
  }

  @Test func aPerpFlipRealisesTheOldSideAndOpensTheNew() {
    let fixture = CoreFixture()
    fixture.order("long", .buy, quantity: 1_000, price: 6_000_100, on: CoreFixture.perp)
    fixture.fill("long", 1_000, price: 6_000_000)
    fixture.order("flip", .sell, quantity: 3_000, price: 6_000_000, on: CoreFixture.perp)
    fixture.fill("flip", 3_000, price: 6_010_000)
    let book = fixture.position(CoreFixture.perp).book
    #expect(book.realised == Money(1))
    #expect(book.quantity == Money(units: -20_000_000_000_000_000))
    #expect(fixture.total(CoreFixture.usdt, .futures) == Money(100_001))
  }

  @Test func fundingIsALedgerEntryOfItsOwn() {
    let fixture = CoreFixture()
    fixture.order("long", .buy, quantity: 1_000, price: 6_000_100, on: CoreFixture.perp)
    fixture.fill("long", 1_000, price: 6_000_000)
    for _ in 0..<2 {
      fixture.venue(.funding, "long") { event in
        event.fee = Money(3)
        event.trade = VenueReference(9_000)
      }
    }
    #expect(fixture.position(CoreFixture.perp).book.funding == Money(-3), "applied once")
    #expect(fixture.total(CoreFixture.usdt, .futures) == Money(99_997))
  }

  @Test func aBustIsTheOppositeEntry() {
    let fixture = CoreFixture()
    fixture.order("buy", .buy, quantity: 10_000, price: 6_000_100)
    fixture.fill("buy", 10_000, price: 6_000_000, trade: 42)
    fixture.venue(.bust, "buy") { event in
      event.quantity = 10_000
      event.price = 6_000_000
      event.asset = CoreFixture.usdt
      event.trade = VenueReference(42)
    }
    #expect(fixture.total(CoreFixture.usdt) == Money(100_000))
    #expect(fixture.total(CoreFixture.btc) == Money(1))
    #expect(fixture.status("buy") == .filled, "the order stays what it was")
  }

  @Test func foreignFillsBelongToNobodyHere() {
    let fixture = CoreFixture()
    var event = VenueEvent(.fill)
    event.account = CoreFixture.main
    event.instrument = CoreFixture.perp
    event.sideRaw = Side.sell.rawValue
    event.quantity = 500
    event.price = 6_000_000
    event.asset = CoreFixture.usdt
    event.trade = VenueReference(77)
    event.isForced = 1
    fixture.step(.venueEvent, event)
    let row = fixture.position(CoreFixture.perp)
    #expect(row.book.quantity == Money(units: -5_000_000_000_000_000))
    #expect(fixture.core.state.virtuals[Int(row.virtualHead)].strategy == VirtualRow.external)
  }

  @Test func aDifferenceIsReportedAndFollowedOnlyWhenAsked() {
    let fixture = CoreFixture()
    func compare(fixes: UInt8) {
      var input = ReconcileInput()
      input.account = CoreFixture.main
      input.fixes = fixes
      fixture.step(.reconcile, input)
      fixture.balance(CoreFixture.main, CoreFixture.btc, .spot, Money(units: 1_001_000_000_000_000_000))
    }
    compare(fixes: 0)
    #expect(fixture.notices == [.drift])
    #expect(fixture.total(CoreFixture.btc) == Money(1))
    compare(fixes: 1)
    #expect(fixture.notices == [.drift])
    #expect(fixture.total(CoreFixture.btc) == Money(units: 1_001_000_000_000_000_000))
    compare(fixes: 0)
    #expect(fixture.notices.isEmpty)
  }

  /// The venue reports an order with our tag that no record here knows.
  private func report(_ id: String, to fixture: CoreFixture) {
    var event = VenueEvent(.orderReport)
    event.wireID = fixture.wire(id)
    event.account = CoreFixture.main
    event.instrument = CoreFixture.spot
    event.venue = CoreFixture.venue
    event.sideRaw = Side.buy.rawValue
    event.price = 5_900_000
    event.quantity = 1_000
    event.statusRaw = VenueEvent.ReportedStatus.open.rawValue
    fixture.step(.venueEvent, event)
  }

  /// By the id that is shown. Where the venue cannot amend there is nothing to replace it by.
  @Test func anAdoptedOrderIsAmendedInPlaceAndCancelled() {
    let fixture = CoreFixture(features: [.postOnly, .amend])
    report("forgotten", to: fixture)
    let shown = fixture.wire("forgotten").description
    #expect(fixture.amend(shown, price: 5_890_000).outcome == .accepted)
    #expect(fixture.requestKinds == [.amendOrder])
    #expect(fixture.requests.first?.riskToken != 0)
    let plain = CoreFixture(features: [.postOnly])
    report("forgotten", to: plain)
    #expect(plain.amend(shown, price: 5_890_000, mayReplace: true).reason == .notSupported)
    #expect(plain.cancel(shown).outcome == .accepted)
    #expect(plain.requestKinds == [.cancelOrder])
  }

  @Test func anOrderWithOurTagThatNoRecordKnowsIsAdoptedAndItsIDBurnt() {
    let fixture = CoreFixture()
    report("forgotten", to: fixture)
    #expect(fixture.notices == [.orderAdopted])
    #expect(fixture.exposure.openOrders == 1)
    #expect(fixture.order("forgotten", quantity: 1_000).reason == .idConflict)
    #expect(fixture.requests.isEmpty)
  }

  @Test func historyIsReadInPortionsFromTheAnchor() {
    let fixture = CoreFixture()
    var input = ReconcileInput()
    input.account = CoreFixture.main
    fixture.step(.reconcile, input)
    guard let query = fixture.requests.first(where: { $0.kind == .queryFills }) else {
      Issue.record("a reconcile asks for fills")
      return
    }
    #expect(query.venueOrder == VenueReference(0))
    var end = VenueEvent(.reportEnd)
    end.account = CoreFixture.main
    end.requestID = query.requestID
    end.trade = VenueReference(1_000)
    fixture.step(.venueEvent, end)
    #expect(fixture.requestKinds == [.queryFills], "there may be more")
    #expect(fixture.requests.first?.venueOrder == VenueReference(1_000))
  }

  @Test func anOutsideChangeIsALedgerEntryWhateverFillsAreOnTheirWay() {
    let fixture = CoreFixture()
    var event = VenueEvent(.balance)
    event.account = CoreFixture.main
    event.asset = CoreFixture.usdt
    event.walletRaw = Wallet.spot.rawValue
    event.amount = Money(42)
    event.fee = Money(-500)
    event.isForced = 1
    fixture.step(.venueEvent, event)
    #expect(fixture.total(CoreFixture.usdt) == Money(99_500))
    #expect(fixture.notices == [.balanceChanged])
  }

  @Test func aReduceOnlyOrderShrinksWithItsPosition() {
    let fixture = CoreFixture()
    fixture.order("long", .buy, quantity: 1_000, price: 6_000_100, on: CoreFixture.perp)
    fixture.fill("long", 1_000, price: 6_000_100)
    fixture.order("close", .sell, quantity: 1_000, price: 6_100_000, on: CoreFixture.perp) {
      $0.flagsRaw = OrderFlags.reduceOnly.rawValue
    }
    fixture.venue(.accepted, "close")
    fixture.venue(.amended, "close") { $0.quantity = 400 }
    #expect(fixture.row("close")?.image.quantity == 400)
    #expect(fixture.position(CoreFixture.perp).openSell == 400)
  }

  @Test func oneCancelsTheOther() {
    let fixture = CoreFixture()
    fixture.order("a", .sell, quantity: 1_000, price: 6_200_000)
    fixture.venue(.accepted, "a")
    fixture.order("b", .sell, quantity: 1_000, price: 0, kind: .stopMarket) { input in
      input.stopPrice = 5_800_000
      input.linkRaw = OrderLink.oco.rawValue
      input.linked = fixed("a")
    }
    fixture.venue(.accepted, "b")
    fixture.fill("a", 1_000, price: 6_200_000)
    #expect(fixture.requestKinds == [.cancelOrder])
    #expect(fixture.status("b") == .pendingCancel)
    fixture.venue(.cancelled, "b")
    #expect(fixture.row("b")?.image.reasonRaw == Reason.cancelledByLink.rawValue)
  }

  @Test func attachedExitsFollowTheFillAndCancelEachOther() {
    let fixture = CoreFixture()
    fixture.order("entry", .buy, quantity: 1_000, price: 6_000_100, on: CoreFixture.perp) { input in
      input.takeProfit = 6_300_000
      input.stopLoss = 5_800_000
    }
    fixture.fill("entry", 1_000, price: 6_000_100)
    #expect(fixture.requestKinds == [.newOrder, .newOrder])
    #expect(fixture.row("entry/c1")?.kind == .takeProfitMarket)
    #expect(fixture.row("entry/c2")?.kind == .stopMarket)
    #expect(fixture.row("entry/c1")?.flags.contains(.reduceOnly) == true)
    fixture.venue(.accepted, "entry/c1")
    fixture.venue(.accepted, "entry/c2")
    fixture.fill("entry/c2", 1_000, price: 5_800_000)
    #expect(fixture.requestKinds == [.cancelOrder])
    #expect(fixture.requests[0].wireID == fixture.wire("entry/c1"))
  }

  @Test func anOrderOfItsPartnersFillWaitsForIt() {
    let fixture = CoreFixture()
    fixture.order("first", .buy, quantity: 1_000, price: 5_990_000)
    fixture.venue(.accepted, "first")
    fixture.order("then", .sell, quantity: 1_000, price: 6_100_000) { input in
      input.linkRaw = OrderLink.oto.rawValue
      input.linked = fixed("first")
    }
    #expect(fixture.requests.isEmpty)
    fixture.fill("first", 1_000, price: 5_990_000)
    #expect(fixture.requestKinds == [.newOrder])
    #expect(fixture.requests[0].wireID == fixture.wire("then"))
  }

  @Test func anIcebergThatTheCoreWorksNeverShowsMoreThanItsSlice() {
    let fixture = CoreFixture(features: [.postOnly])
    fixture.order("ice", .buy, quantity: 1_000, price: 5_990_000) { $0.displayQuantity = 400 }
    #expect(fixture.requests.map(\.quantity) == [400])
    var shown: [Int64] = [400]
    for n in 1...3 {
      fixture.venue(.accepted, "ice/c\(n)")
      fixture.fill("ice/c\(n)", shown[n - 1], price: 5_990_000)
      if let next = fixture.requests.first { shown.append(next.quantity) }
    }
    #expect(shown == [400, 400, 200])
    #expect(fixture.status("ice") == .filled)
    #expect(fixture.row("ice")?.image.filled == 1_000)
    #expect(fixture.locked(CoreFixture.usdt) == .zero)
  }

  /// What the core decides itself counts too: the next slice waits for room, and a cancel finds it here.
  @Test(arguments: [true, false]) func aSliceWaitsForRoomInTheBudget(isCancelled: Bool) {
    let fixture = CoreFixture(features: [.postOnly])
    fixture.limitOrders(2)
    fixture.order("ice", .buy, quantity: 1_000, price: 5_990_000) { $0.displayQuantity = 400 }
    fixture.venue(.accepted, "ice/c1")
    fixture.order("other", .buy, quantity: 100, price: 5_990_000)
    fixture.venue(.accepted, "other")
    fixture.fill("ice/c1", 400, price: 5_990_000)
    #expect(fixture.requests.isEmpty)
    #expect(fixture.row("ice/c2")?.isHeld == Core.heldForBudget)
    if isCancelled {
      fixture.cancel("ice")
      #expect(fixture.status("ice/c2") == .cancelled)
      #expect(fixture.status("ice") == .cancelled)
      #expect(fixture.row("ice")?.image.reasonRaw == Reason.cancelledByUser.rawValue)
      return
    }
    var sent: [VenueRequest] = []
    for _ in 0..<12 {
      fixture.wait(1_000_000_000)
      sent += fixture.requests.filter { $0.kind == .newOrder }
    }
    #expect(sent.map(\.quantity) == [400])
    #expect(fixture.row("ice/c2")?.isHeld == 0)
  }

  /// The cancel of the old one took longer than there was room: the new one waits here, and a start does not take it for
  /// written.
  @Test func aReplacementWaitsForRoomInTheBudget() {
    let fixture = CoreFixture(features: [.postOnly])
    fixture.limitOrders(2)
    fixture.order("one", .buy, quantity: 1_000, price: 5_990_000)
    fixture.venue(.accepted, "one")
    #expect(fixture.amend("one", price: 5_980_000, mayReplace: true).outcome == .accepted)
    fixture.order("two", .buy, quantity: 100, price: 5_990_000)
    fixture.venue(.cancelled, "one")
    #expect(fixture.requests.isEmpty)
    #expect(fixture.row("one")?.isHeld == Core.heldForBudget)
    let written = fixture.core.writtenWireIDs
    #expect(written.contains(fixture.wire("one")) && !written.contains(fixture.wire("one", 1)))
    var sent: [Text32] = []
    for _ in 0..<12 {
      fixture.wait(1_000_000_000)
      sent += fixture.requests.filter { $0.kind == .newOrder }.map(\.wireID)
    }
    #expect(sent == [fixture.wire("one", 1)])
  }

  @Test func anEmulatedStopFiresOnceAndOnlyAtItsPrice() {
    let fixture = CoreFixture(features: [])
    fixture.order("stop", .sell, quantity: 1_000, price: 0, kind: .stopMarket) { $0.stopPrice = 5_900_000 }
    #expect(fixture.requests.isEmpty)
    #expect(fixture.row("stop")?.image.emulatedRaw == Core.emulatedTrigger)
    var fire = TriggerFireInput()
    fire.orderNumber = fixture.row("stop")?.image.orderNumber ?? 0
    fire.price = 5_950_000
    fire.market = fixture.market(bid: 5_950_000, ask: 5_950_100)
    fixture.step(.triggerFire, fire)
    #expect(fixture.requests.isEmpty, "not crossed yet")
    fire.price = 5_899_999
    fixture.step(.triggerFire, fire)
    #expect(fixture.requestKinds == [.newOrder])
    fixture.step(.triggerFire, fire)
    #expect(fixture.requests.isEmpty, "consumed once")
  }

  /// The same inputs give the same events, requests and digest in another core: nothing else is read.
  @Test func twoCoresWithTheSameInputsAreEqual() {
    let first = CoreFixture()
    let second = CoreFixture()
    for fixture in [first, second] {
      for i in 0..<50 {
        fixture.order(
          "d\(i)", i % 2 == 0 ? .buy : .sell, quantity: Int64(100 + i), price: i % 2 == 0 ? 5_900_000 : 6_100_000)
        fixture.venue(.accepted, "d\(i)")
        if i % 3 == 0 { fixture.fill("d\(i)", 50, price: 6_000_000) }
        if i % 5 == 0 { fixture.cancel("d\(i)") }
      }
    }
    #expect(first.core.state.digest == second.core.state.digest)
    second.cancel("d1")
    #expect(first.core.state.digest != second.core.state.digest)
  }
}
