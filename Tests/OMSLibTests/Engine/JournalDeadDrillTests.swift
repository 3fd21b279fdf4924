import Testing

@testable import OMSLib

/// Ten minutes without a disk: nothing new opens risk, everything that takes it away works, and all of it is in the
/// journal once a disk is back.
@Suite struct JournalDeadDrillTests {
  struct Door: VenueDoor, ~Copyable {
    var frames: [VenueRequest] = []
    var news: [VenueEvent] = []
    var best = TopOfBook()
    mutating func submit(_ request: VenueRequest, now: EngineTime, utc: UTCTime) -> Bool {
      frames.append(request)
      return true
    }
    mutating func poll(now: EngineTime, utc: UTCTime) -> VenueEvent? { news.isEmpty ? nil : news.removeFirst() }
    func top(of instrument: InstrumentID) -> TopOfBook { best }
    var nextDue: EngineTime { .never }
  }

  struct DrillGate: FrameGate, ~Copyable {
    var current = TradingState.on
    mutating func refresh(now: EngineTime) {}
    func state(account: AccountID, instrument: InstrumentID, venue: VenueID, now: EngineTime) -> TradingState {
      current
    }
  }

  struct Desk: ~Copyable {
    let kit: JournalKit
    let fixture: CoreFixture
    var agent: CoreAgent<Core, Door, DrillGate>
    var now: Int64
    var token: UInt64 = 1_000

    init(mode: DurabilityMode, capacity: Int = 1 << 22) throws {
      fixture = CoreFixture()
      var start = JournalStart()
      start.end.seq = fixture.core.state.global.nextSeq - 1
      kit = try JournalKit(segmentBytes: 1 << 22, capacity: capacity, start: start, mode: mode)
      var core = Core(capacity: .small)
      for section in fixture.core.state.sections {
        let fits = core.load(section)
        #expect(fits)
      }
      core.finishLoading(digest: fixture.core.state.digest)
      agent = CoreAgent(
        machine: core, journal: JournalAppender(ring: kit.ring, end: start.end), door: Door(), gate: DrillGate(),
        durability: mode)
      now = fixture.now
      turn()
    }

    var time: EngineTime { EngineTime(nanoseconds: now) }
    var utc: UTCTime { UTCTime(nanoseconds: 1_790_000_000_000_000_000 + now) }

    mutating func turn(_ nanoseconds: Int64 = 1_000_000) {
      now += nanoseconds
      kit.now = now
      _ = agent.poll(now: time, utc: utc)
      kit.poll()
      _ = agent.poll(now: time, utc: utc)
    }

    mutating func input(
      _ id: String, _ side: Side, price: Int64 = 5_900_000, on instrument: InstrumentID = CoreFixture.spot,
      flags: OrderFlags = []
    ) -> NewOrderInput {
      token += 1
      var input = NewOrderInput()
      input.id = fixed(id)
      input.account = CoreFixture.main
      input.instrument = instrument
      input.sideRaw = side.rawValue
      input.kindRaw = OrderKind.limit.rawValue
      input.quantity = 100_000
      input.price = price
      input.flagsRaw = flags.rawValue
      input.token = token
      input.market = fixture.market()
      input.market.updatedAt = time
      return input
    }

    /// As the hot loop does it: what opens risk only while the journal is well. `nil`: refused.
    mutating func order(_ input: NewOrderInput) -> Bool {
      guard agent.journalRefusal(of: input, now: time, utc: utc) == nil else { return false }
      return agent.submit(.newOrder, input, now: time, utc: utc)
    }

    mutating func answer(_ kind: VenueEvent.Kind, _ id: String, _ shape: (inout VenueEvent) -> Void = { _ in }) {
      var event = VenueEvent(kind)
      if !id.isEmpty { event.wireID = fixture.wire(id) }
      event.account = CoreFixture.main
      event.instrument = CoreFixture.spot
      event.venue = CoreFixture.venue
      shape(&event)
      agent.door.news.append(event)
      turn()
    }

    mutating func sent(_ kind: VenueRequest.Kind) -> [String] {
      let wires = agent.door.frames.filter { $0.kind == kind }.map(\.wireID)
      agent.door.frames.removeAll()
      return wires.map(\.description)
    }

    mutating func killDisk() {
      for call in [MemoryFileSystem.Call.write, .synchronize, .open] { kit.disk.inject(.init(call, errno: 5)) }
    }
  }

  /// Each minute a part of the coin that is there.
  static let sold: Int64 = 9_000

  /// Orders a, b and c work at the venue, and there is coin to sell.
  static func begin(_ desk: inout Desk) {
    for id in ["a", "b", "c"] {
      var input = desk.input(id, .buy)
      input.quantity = 10_000
      let isTaken = desk.order(input)
      #expect(isTaken)
      desk.turn()
      desk.turn()
      desk.answer(.accepted, id)
    }
    _ = desk.sent(.newOrder)
  }

  @Test(arguments: [DurabilityMode.strict, .group]) func tenMinutesWithoutADisk(mode: DurabilityMode) throws {
    var desk = try Desk(mode: mode)
    Self.begin(&desk)
    let durable = desk.kit.ring.durableLsn
    desk.killDisk()
    // The first record after the failure is what shows it.
    desk.answer(.disconnected, "")
    #expect(desk.kit.ring.state == .dead)
    let end = desk.now + 600_000_000_000
    var minute = 0
    while desk.now < end {
      minute += 1
      let opening = desk.input("new\(minute)", .buy)
      let isTaken = desk.order(opening)
      #expect(!isTaken, "minute \(minute): nothing new opens risk")
      var reducing = desk.input("out\(minute)", .sell, price: 6_000_000)
      reducing.quantity = Self.sold
      let leaves = desk.order(reducing)
      desk.turn()
      let frames = desk.sent(.newOrder)
      #expect(leaves && frames == [desk.fixture.wire("out\(minute)").description], "minute \(minute)")
      desk.answer(.accepted, "out\(minute)")
      desk.answer(.fill, "out\(minute)") { event in
        event.sideRaw = Side.sell.rawValue
        event.quantity = Self.sold
        event.price = 6_000_000
        event.asset = CoreFixture.usdt
        event.trade = VenueReference(UInt64(5_000 + minute))
      }
      if minute == 1 {
        var cancel = CancelOrderInput()
        cancel.id = fixed("a")
        cancel.token = 77
        _ = desk.agent.submit(.cancelOrder, cancel, now: desk.time, utc: desk.utc)
        let cancels = desk.sent(.cancelOrder)
        #expect(cancels == [desk.fixture.wire("a").description], "a cancel leaves at once")
        var told: [UInt64] = []
        while let reply = desk.agent.takeReply() { told.append(reply.token) }
        #expect(told.contains(77), "and is answered")
        desk.answer(.cancelled, "a")
      }
      desk.turn(60_000_000_000)
    }
    var kill = SetTradingInput()
    kill.stateRaw = TradingState.killed.rawValue
    kill.cancelsOrders = 1
    kill.token = 99
    _ = desk.agent.submit(.setTrading, kill, now: desk.time, utc: desk.utc)
    desk.turn()
    let cancels = desk.sent(.cancelOrder)
    #expect(cancels.count == 2, "a kill cancels what is left: \(cancels.count)")
    #expect(desk.kit.ring.durableLsn == durable, "nothing of it is on a disk")
    desk.kit.disk.clearFaults()
    for _ in 0..<4 { desk.turn(1_000_000_000) }
    #expect(desk.kit.ring.state == .replaced)
    let appended = desk.agent.journal.lsn
    #expect(desk.kit.ring.durableLsn == appended, "all of it is now")
    var options = desk.kit.options
    options.segmentBytes = 1 << 22
    var orders: Set<String> = []
    var recovery = try JournalRecovery(fileSystem: desk.kit.disk, options: options)
    while let record = try recovery.next() {
      guard record.header.type == .order, let image = record.load(as: OrderImage.self) else { continue }
      orders.insert(image.id.description)
    }
    #expect(orders.isSuperset(of: ["a", "b", "c", "out1", "out5"]))
  }

  /// What closes leaves without a record, under ids of a block of its own, and never past the gate.
  static func closeUnrecorded(_ desk: inout Desk) {
    _ = desk.sent(.newOrder)
    var order = UnrecordedOrder()
    order.token = 5
    order.account = CoreFixture.main
    order.instrument = CoreFixture.perp
    order.sideRaw = Side.sell.rawValue
    order.quantity = 700
    order.number = 1
    let blind = Unrecorded.reduce(order, &desk.agent, now: desk.time, utc: desk.utc)
    #expect(blind.reasonRaw == Reason.staleMarket.rawValue, "there is no price")
    desk.agent.door.best = desk.fixture.market(bid: 6_000_000, ask: 6_000_100)
    order.slippagePpm = 5_000
    let reply = Unrecorded.reduce(order, &desk.agent, now: desk.time, utc: desk.utc)
    #expect(reply.token == 5 && reply.outcomeRaw == Reply.Outcome.accepted.rawValue)
    let frame = desk.agent.door.frames.last
    #expect(frame?.price == 5_970_000 && frame?.quantity == 700 && frame?.flags == .reduceOnly)
    #expect(frame?.timeInForceRaw == TimeInForce.ioc.rawValue && frame?.opensRisk == 0)
    let id = OrderIDText.unrecorded(epoch: 1, number: 1)
    #expect(id.description == "e1.1000000001" && frame?.wireID == WireID.make(tag: fixed("a1b2c"), id: id))
    order.number = Unrecorded.orderMax + 1
    let beyond = Unrecorded.reduce(order, &desk.agent, now: desk.time, utc: desk.utc)
    #expect(beyond.reasonRaw == Reason.capacity.rawValue)
    desk.agent.gate.current = .killed
    order.number = 2
    let shut = Unrecorded.reduce(order, &desk.agent, now: desk.time, utc: desk.utc)
    #expect(shut.reasonRaw == Reason.tradingHalted.rawValue)
    desk.agent.gate.current = .on
    let frames = desk.agent.door.frames.count
    #expect(frames == 1)
  }

  /// When even the ring is full a cancel leaves by its wire id, and the venue's news are dropped and counted.
  @Test func aFullRingStillLetsCancelsOut() throws {
    var desk = try Desk(mode: .group, capacity: 1 << 21)
    Self.begin(&desk)
    desk.killDisk()
    desk.answer(.disconnected, "")
    var taken = 0
    while desk.agent.canAccept(opensRisk: false), taken < 20_000 {
      var text = SetTextInput()
      text.id = 1
      _ = desk.agent.submit(.setText, text, now: desk.time, utc: desk.utc)
      taken += 1
    }
    #expect(taken > 100)
    desk.turn()
    let found = desk.agent.machine.findOrder(fixed("b"))
    let slot = try #require(found)
    let frame = desk.agent.machine.cancelFrame(slot, in: Scope(), signBy: .never)
    #expect(frame?.wireID == desk.fixture.wire("b") && frame?.kind == .cancelOrder)
    let other = Scope(account: CoreFixture.sub)
    let none = desk.agent.machine.cancelFrame(slot, in: other, signBy: .never)
    #expect(none == nil)
    Self.closeUnrecorded(&desk)
    desk.answer(.fill, "b")
    let dropped = desk.agent.counters.newsDropped
    #expect(dropped == 1)
    desk.kit.disk.clearFaults()
    for _ in 0..<4 { desk.turn(1_000_000_000) }
    let appended = desk.agent.journal.lsn
    #expect(desk.kit.ring.durableLsn == appended)
  }
}
