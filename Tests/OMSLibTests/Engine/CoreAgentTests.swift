import Testing

@testable import OMSLib

/// A machine that asks the venue for whatever order it is told, and remembers what came in.
private struct EchoMachine: StepMachine, ~Copyable {
  var inputs: [RecordType] = []
  var events: [VenueEvent.Kind] = []
  var inputCount: UInt64 = 0
  var nextDue = EngineTime.never
  var hasUnfinishedWork = false
  var stateDigest: (high: UInt64, low: UInt64) { (0, inputCount) }
  var instrumentCount: Int { 1 }
  var accountCount: Int { 0 }

  mutating func step(
    _ type: RecordType, _ body: UnsafeRawPointer, at stamp: StepStamp, into output: inout StepOutput
  ) {
    inputCount += 1
    inputs.append(type)
    switch type {
    case .newOrder:
      let input = body.loadUnaligned(as: NewOrderInput.self)
      var request = VenueRequest(.newOrder)
      request.wireID = input.id.low
      request.requestID = inputCount
      request.account = input.account
      request.instrument = InstrumentID(number: 1)
      request.venue = VenueID(number: 1)
      request.opensRisk = input.isDryRun == 0 ? 1 : 0
      request.riskToken = input.isDryRun == 0 ? 7 : 0
      request.signBy = stamp.time.advanced(byNanoseconds: 1_000)
      output.request(request)
      var reply = Reply()
      reply.token = input.token
      output.reply(reply)
    case .cancelOrder:
      var request = VenueRequest(.cancelOrder)
      request.wireID = body.loadUnaligned(as: CancelOrderInput.self).id.low
      output.request(request)
    case .venueEvent:
      if let kind = body.loadUnaligned(as: VenueEvent.self).kind { events.append(kind) }
    default: break
    }
  }

  func watchesPrice(of instrument: InstrumentID) -> Bool { false }
  func trigger(of orderNumber: UInt64) -> TriggerWatch? { nil }
}

private struct RecordingDoor: VenueDoor, ~Copyable {
  var frames: [VenueRequest] = []
  var room = Int.max
  mutating func submit(_ request: VenueRequest, now: EngineTime, utc: UTCTime) -> Bool {
    guard frames.count < room else { return false }
    frames.append(request)
    return true
  }
  mutating func poll(now: EngineTime, utc: UTCTime) -> VenueEvent? { nil }
  func top(of instrument: InstrumentID) -> TopOfBook { TopOfBook() }
  var nextDue: EngineTime { .never }
}

private struct SwitchGate: FrameGate, ~Copyable {
  var allowed = TradingState.on
  mutating func refresh(now: EngineTime) {}
  func state(account: AccountID, instrument: InstrumentID, venue: VenueID, now: EngineTime) -> TradingState { allowed }
}

/// An agent over a journal on a disk in memory, moved by hand.
private struct Rig: ~Copyable {
  let kit: JournalKit
  var agent: CoreAgent<EchoMachine, RecordingDoor, SwitchGate>
  var now: Int64 = 10_000

  init(_ mode: DurabilityMode) throws {
    kit = try JournalKit(capacity: 1 << 21, mode: mode)
    agent = CoreAgent(
      machine: EchoMachine(), journal: JournalAppender(ring: kit.ring, end: JournalEnd()), door: RecordingDoor(),
      gate: SwitchGate(), durability: mode)
  }

  mutating func order(_ id: String, opening: Bool = true) {
    var input = NewOrderInput()
    input.id = Text64(id) ?? Text64()
    input.isDryRun = opening ? 0 : 1
    input.token = 5
    let isTaken = agent.submit(.newOrder, input, now: EngineTime(nanoseconds: now), utc: .zero)
    #expect(isTaken)
  }

  mutating func cancel(_ id: String) {
    var input = CancelOrderInput()
    input.id = Text64(id) ?? Text64()
    let isTaken = agent.submit(.cancelOrder, input, now: EngineTime(nanoseconds: now), utc: .zero)
    #expect(isTaken)
  }

  mutating func poll() { _ = agent.poll(now: EngineTime(nanoseconds: now), utc: .zero) }

  mutating func sync() {
    agent.publish()
    kit.poll(4)
  }

  var sent: [VenueRequest.Kind?] { agent.door.frames.map(\.kind) }
}

@Suite("Core agent")
struct CoreAgentTests {
  /// In group the ring keeps what the disk does not have yet; not one that the next run would not find.
  @Test("Without the ring's name opening frames wait for the disk in every mode")
  func anUnlinkedRingIsNoPlaceToKeepIntents() throws {
    var rig = try Rig(.group)
    rig.order("before")
    rig.poll()
    rig.kit.ring.setAlarms(.ringUnlinked)
    rig.order("behind")
    rig.order("reduces", opening: false)
    rig.poll()
    var sent = rig.agent.door.frames.map(\.wireID.description)
    #expect(sent == ["before"])
    rig.sync()
    rig.poll()
    sent = rig.agent.door.frames.map(\.wireID.description)
    #expect(sent == ["before", "behind", "reduces"])
  }

  @Test("A journal that does not move keeps new risk out and lets go what reduces it")
  func aHangingJournalHoldsNothingThatReduces() throws {
    var rig = try Rig(.strict)
    rig.poll()
    rig.order("opens")
    rig.order("reduces", opening: false)
    rig.poll()
    var sent = rig.sent
    #expect(sent == [])
    // The frames of the test go stale after a microsecond; the journal counts as hanging after a second.
    rig.now += 2_000_000_000
    rig.order("more", opening: false)
    rig.poll()
    sent = rig.sent
    #expect(sent == [.newOrder])
    let accepts = rig.agent.canAccept(opensRisk: true, now: EngineTime(nanoseconds: rig.now))
    let takes = rig.agent.canAccept(opensRisk: false, now: EngineTime(nanoseconds: rig.now))
    #expect(!accepts && takes)
    rig.cancel("gone")
    rig.poll()
    rig.sync()
    rig.poll()
    let again = rig.agent.canAccept(opensRisk: true, now: EngineTime(nanoseconds: rig.now))
    #expect(again, "it moves again")
  }

  @Test("In strict an opening frame waits for its intent's sync, and the answer too")
  func strictWaits() throws {
    var rig = try Rig(.strict)
    rig.order("a")
    rig.poll()
    var sent = rig.sent
    #expect(sent == [])
    var reply = rig.agent.takeReply()
    #expect(reply == nil)
    rig.sync()
    rig.poll()
    sent = rig.sent
    #expect(sent == [.newOrder])
    reply = rig.agent.takeReply()
    #expect(reply?.token == 5)
  }

  @Test("In group nothing waits")
  func groupWaitsForNothing() throws {
    var group = try Rig(.group)
    group.order("a")
    let sent = group.sent
    #expect(sent == [.newOrder])
  }

  /// Its id is burnt by its record: lost with the machine, a repetition would be a second order.
  @Test("In strict a reducing order waits too, unless the journal takes nothing any more")
  func strictReducing() throws {
    var rig = try Rig(.strict)
    rig.order("b", opening: false)
    rig.poll()
    var sent = rig.sent
    #expect(sent == [])
    rig.sync()
    rig.poll()
    sent = rig.sent
    #expect(sent == [.newOrder])
    var dead = try Rig(.strict)
    dead.order("c", opening: false)
    dead.order("d")
    dead.agent.journal.ring.setState(.dead)
    dead.poll()
    sent = dead.sent
    #expect(sent == [.newOrder])
  }

  @Test("A cancel drops the waiting frame it is for: neither leaves, the core hears NotSent")
  func cancelOfWaiting() throws {
    var rig = try Rig(.strict)
    rig.order("a")
    rig.cancel("a")
    rig.sync()
    rig.poll()
    let sent = rig.sent
    let events = rig.agent.machine.events
    #expect(sent == [])
    #expect(events == [.notSent])
  }

  @Test("A frame whose time is up is not sent (INV-10), also one that still waits")
  func signBy() throws {
    var rig = try Rig(.strict)
    rig.order("a")
    rig.now += 2_000
    rig.poll()
    rig.poll()
    let sent = rig.sent
    let events = rig.agent.machine.events
    #expect(sent == [])
    #expect(events == [.notSent])
  }

  @Test(
    "The gate is asked at the write: what it lets pass (INV-13)",
    arguments: [
      (TradingState.on, true, true), (.paused, true, false), (.paused, false, true), (.halted, false, false),
      (.killed, true, false),
    ])
  func gate(state: TradingState, opening: Bool, passes: Bool) throws {
    var rig = try Rig(.group)
    rig.agent.gate.allowed = state
    rig.order("a", opening: opening)
    rig.cancel("b")
    rig.poll()
    let sent = rig.sent
    #expect(sent == (passes ? [.newOrder, .cancelOrder] : [.cancelOrder]))
    let refused = rig.agent.counters.gateRefusals
    #expect(refused == (passes ? 0 : 1))
  }

  @Test("A gate that shuts while a frame waits for the sync stops it")
  func gateWhileWaiting() throws {
    var rig = try Rig(.strict)
    rig.order("a")
    rig.agent.gate.allowed = .killed
    rig.sync()
    rig.poll()
    let sent = rig.sent
    #expect(sent == [])
  }

  @Test("A door without room keeps frames in order, and cancels overtake them")
  func doorIsFull() throws {
    var rig = try Rig(.group)
    rig.agent.door.room = 0
    rig.order("a")
    rig.order("b")
    rig.agent.door.room = .max
    rig.cancel("c")
    rig.poll()
    let frames = rig.agent.door.frames.map(\.wireID.description)
    #expect(frames == ["c", "a", "b"])
  }

  @Test("A wire id is written once: the second time stops the process (INV-07)")
  func writtenTwice() async {
    await #expect(processExitsWith: .failure) {
      var rig = try Rig(.group)
      rig.order("a")
      rig.order("a")
    }
  }

  @Test("A set of written ids finds each, forgets the oldest beyond its bound, and nothing else")
  func writtenSet() {
    var set = WrittenSet(capacity: 64)
    let ids = (0..<200).map { Text32("1abcde" + String(repeating: "0", count: 20) + String(100_000 + $0)) ?? Text32() }
    for id in ids {
      let isNew = set.insert(id)
      let again = set.insert(id)
      #expect(isNew && !again)
    }
    let found = ids.map { set.contains($0) }
    #expect(found == (0..<200).map { $0 >= 136 })
  }

  @Test("What is recorded is the input and its events in one chain, and a full ring refuses before anything happens")
  func ringFull() throws {
    var rig = try Rig(.group)
    var accepted = 0
    while rig.agent.submit(.timer, EmptyInput(), now: EngineTime(nanoseconds: rig.now), utc: .zero) { accepted += 1 }
    let count = rig.agent.machine.inputs.count
    #expect(count == accepted)
    let lsn = rig.agent.journal.lsn
    #expect(lsn == UInt64(accepted))
    let accepts = rig.agent.canAccept(opensRisk: true)
    #expect(!accepts)
  }
}
