import Testing

@testable import OMSLib

/// Commands of roles: taken once, in the order of their sequence, through the same checks as all others.
@Suite struct RoleStoryTests {
  @discardableResult
  private func open(_ fixture: CoreFixture, _ name: String = "mm") -> Reply {
    var input = OpenRoleInput()
    input.name = fixed(name)
    fixture.token += 1
    input.token = fixture.token
    fixture.step(.openRole, input)
    return fixture.output.reply(at: 0)
  }

  @discardableResult
  private func order(
    _ fixture: CoreFixture, _ sequence: UInt64, role: UInt16 = 1, _ side: Side = .buy, quantity: Int64 = 1_000,
    shape: (inout NewOrderInput) -> Void = { _ in }
  ) -> Reply {
    var input = RoleOrderInput(RoleStamp(RoleID(number: role), sequence))
    input.order.account = CoreFixture.main
    input.order.instrument = CoreFixture.spot
    input.order.sideRaw = side.rawValue
    input.order.kindRaw = OrderKind.limit.rawValue
    input.order.quantity = quantity
    input.order.price = 5_900_000
    input.order.market = fixture.market()
    shape(&input.order)
    fixture.step(.roleOrder, input)
    return fixture.output.reply(at: 0)
  }

  @Test func aCommandIsTakenOnce() {
    let fixture = CoreFixture()
    let first = open(fixture)
    #expect(first.count == 1 && first.sequence == 0)
    let taken = order(fixture, 5)
    #expect(taken.outcome == .accepted && taken.role == RoleID(number: 1) && taken.token == 5)
    #expect(fixture.requestKinds == [.newOrder])
    #expect(fixture.row("mm/5")?.image.wireIDText(fixture) == fixture.wire("mm/5"))
    for sequence: UInt64 in [5, 4, 1] {
      let again = order(fixture, sequence)
      #expect(again.outcome == .refused && again.reason == .sequenceRepeated && again.token == sequence)
      #expect(fixture.requests.isEmpty && fixture.output.eventCount == 0)
    }
    #expect(order(fixture, 7).outcome == .accepted)
    #expect(open(fixture).sequence == 7, "whoever attaches learns how far it came")
    #expect(fixture.row("mm/7")?.status == .new && fixture.row("mm/6") == nil)
  }

  @Test func whatIsRefusedWasTakenToo() {
    let fixture = CoreFixture()
    open(fixture)
    let refused = order(fixture, 1, quantity: 0)
    #expect(refused.reason == .quantityNotPositive && refused.role == RoleID(number: 1))
    #expect(open(fixture).sequence == 1)
    #expect(order(fixture, 1).reason == .sequenceRepeated)
  }

  @Test func rolesHaveSequencesOfTheirOwnAndASharedEndOfNumbers() {
    let fixture = CoreFixture()
    for number in 1..<CoreCapacity.small.roles {
      let reply = open(fixture, "r\(number)")
      #expect(reply.count == UInt32(number))
    }
    #expect(open(fixture, "onemore").reason == .capacity)
    #expect(open(fixture, "r3").count == 3, "known names stay")
    #expect(order(fixture, 1, role: 3).outcome == .accepted)
    #expect(order(fixture, 1, role: 4).outcome == .accepted)
    #expect(order(fixture, 1, role: 200).reason == .sequenceRepeated, "nobody has that number")
  }

  @Test func ordersAreChangedAndCancelledByTheirSequence() {
    let fixture = CoreFixture()
    open(fixture)
    order(fixture, 1)
    fixture.venue(.accepted, "mm/1")
    var amend = RoleAmendInput(RoleStamp(RoleID(number: 1), 2))
    amend.target = 1
    amend.amend.price = 5_910_000
    amend.amend.market = fixture.market()
    fixture.step(.roleAmend, amend)
    #expect(fixture.output.reply(at: 0).outcome == .accepted && fixture.requestKinds == [.amendOrder])
    var cancel = RoleCancelInput(RoleStamp(RoleID(number: 1), 3))
    cancel.target = 9
    fixture.step(.roleCancel, cancel)
    #expect(fixture.output.reply(at: 0).reason == .unknownOrder)
    fixture.venue(.amended, "mm/1")
    cancel = RoleCancelInput(RoleStamp(RoleID(number: 1), 4))
    cancel.target = 1
    fixture.step(.roleCancel, cancel)
    #expect(fixture.output.reply(at: 0).outcome == .accepted && fixture.requestKinds == [.cancelOrder])
    fixture.step(.roleCancel, cancel)
    #expect(fixture.output.reply(at: 0).reason == .sequenceRepeated && fixture.requests.isEmpty)
  }

  /// The same locks as at the socket: real money, halts.
  @Test func theLocksAreThoseOfEveryOrder() {
    let fixture = CoreFixture()
    let live = AccountID(number: 3)
    fixture.defineAccount(live, "sim.live", .sub, mode: .live)
    open(fixture)
    #expect(order(fixture, 1) { $0.account = live }.reason == .liveNotAllowed)
    var halt = SetTradingInput()
    halt.stateRaw = TradingState.halted.rawValue
    fixture.step(.setTrading, halt)
    #expect(order(fixture, 2).reason == .tradingHalted)
    halt.stateRaw = TradingState.killed.rawValue
    fixture.step(.setTrading, halt)
    #expect(order(fixture, 3).reason == .tradingKilled)
  }

  @Test func sequencesAreInSnapshotsAndInTheDigest() {
    let fixture = CoreFixture()
    open(fixture)
    order(fixture, 1)
    let copy = CoreFixture(copyOf: fixture)
    #expect(open(copy).sequence == 1)
    copy.now = fixture.now
    copy.lsn = fixture.lsn
    #expect(open(fixture).sequence == 1)
    let same = copy.core.stateDigest == fixture.core.stateDigest
    order(fixture, 2, quantity: 0)
    order(copy, 3, quantity: 0)
    let other = copy.core.stateDigest == fixture.core.stateDigest
    #expect(same && !other, "the sequence alone tells them apart")
  }

  /// Core 6 knew no roles and is otherwise the same: its snapshots are gone on from.
  @Test func aSnapshotOfTheCoreBeforeHasNoRoles() {
    let before = CoreFixture()
    before.order("old")
    var core = Core(capacity: .small)
    for section in before.core.state.sections where section.id != UInt32(TableID.role.rawValue) {
      let fits = core.load(section)
      #expect(fits)
    }
    core.finishLoading(digest: before.core.state.digest)
    let fixture = CoreFixture(copyOf: before)
    fixture.core = core
    #expect(Core.loadableVersions.contains(6))
    #expect(open(fixture).sequence == 0 && order(fixture, 1).outcome == .accepted)
    #expect(fixture.row("old")?.status == .new)
  }

  /// What a role made cannot come again: its orders leave the table without the index of ids.
  @Test func theTableIsNotKeptFullByOrdersOfRoles() {
    var capacity = CoreCapacity.small
    capacity.orders = 64
    let fixture = CoreFixture(capacity: capacity)
    open(fixture)
    for sequence in 1...UInt64(200) {
      #expect(order(fixture, sequence, quantity: 1_000).outcome == .accepted)
      fixture.venue(.rejected, "mm/\(sequence)")
    }
  }

  @Test func behindALossACommandIsAskedForFirstAndMeetsWhatTheVenueShowed() {
    let fixture = CoreFixture()
    open(fixture)
    fixture.restart(epoch: 2, losing: true)
    order(fixture, 1, .sell)
    #expect(fixture.requestKinds == [.queryOrder], "its record may have been lost behind its frame")
    fixture.report(fixture.wire("mm/2"), .open, .sell) { event in
      event.quantity = 100_000
      event.price = 5_900_000
    }
    #expect(order(fixture, 2, .buy).reason == .idConflict, "another order than the one that is there")
    let adopted = fixture.core.findOrder(of: RoleID(number: 1), 2)
    #expect(adopted != nil, "found by its sequence, although nobody knew its id")
  }

  @Test func aRepeatedCommandMeetsTheAdoptedOrder() {
    let fixture = CoreFixture()
    open(fixture)
    fixture.restart(epoch: 2, losing: true)
    fixture.report(fixture.wire("mm/1"), .open, .sell) { event in
      event.quantity = 100_000
      event.price = 5_900_000
    }
    let met = order(fixture, 1, .sell)
    #expect(met.outcome == .replayed && met.orderNumber != 0 && fixture.requests.isEmpty)
    var cancel = RoleCancelInput(RoleStamp(RoleID(number: 1), 2))
    cancel.target = 1
    fixture.step(.roleCancel, cancel)
    #expect(fixture.requestKinds == [.cancelOrder] && fixture.requests.first?.wireID == fixture.wire("mm/1"))
  }
}

extension OrderImage {
  fileprivate func wireIDText(_ fixture: CoreFixture) -> Text32 { WireID(id, tag: .fixture).text }
}
