internal import CCore

/// A core at work with granted rings, whose memory anybody may write to: what fuzzers turn, and what a benchmark measures.
///
/// Owner: one thread.
@safe package struct RingDrill: ~Copyable {
  /// Takes every frame and says nothing until it is told to, or hands it to a venue behind a network, where there is one.
  struct Door: VenueDoor, ~Copyable {
    var frames: UInt64 = 0
    /// Only what it says about orders is heard.
    var wire: (any WireVenue)?
    /// Orders that were not rejected yet.
    var orders: [VenueRequest] = []
    var best = TopOfBook()
    mutating func submit(_ request: VenueRequest, now: EngineTime, utc: UTCTime) -> Bool {
      frames += 1
      if let wire { return wire.submit(request, now: now, utc: utc) }
      if request.kind == .newOrder { orders.append(request) }
      return true
    }
    mutating func poll(now: EngineTime, utc: UTCTime) -> VenueEvent? {
      while let event = wire?.poll(now: now, utc: utc) {
        if event.kind == .rejected || event.kind == .notSent { return event }
      }
      return nil
    }
    func top(of instrument: InstrumentID) -> TopOfBook { best }
    var nextDue: EngineTime { .never }
  }

  /// One client's end. It keeps positions and sizes to itself: those in the memory may be anything.
  private struct Client: ~Copyable {
    let memory: ClientMemory
    var commands: RingProducer<cc_command>
    var replies: RingConsumer<cc_reply>

    init(_ memory: consuming ClientMemory) {
      let base = unsafe memory.base
      unsafe commands = RingProducer(
        ClientMemory.commands, unsafeAt: base + cc_client_commands_offset(), onDamage: .refuse)
      unsafe replies = RingConsumer(
        ClientMemory.replies, unsafeAt: base + cc_client_replies_offset(), onDamage: .refuse)
      self.memory = memory
    }
  }

  package static let ringCount = 3
  static var eventsPerTurn: Int { CoreAgent<Core, Door, OpenGate>.eventsPerTurn }
  /// So that the core's tables never fill between two rejections.
  package static let ordersMax = 1_024
  private static let role = "fuzz"

  private(set) var agent: CoreAgent<Core, Door, OpenGate>
  private var rings = ClientRings()
  private let clients: UnsafeMutablePointer<Client>
  private let memory: JournalRingMemory
  private var now: Int64 = 2_000_000_000
  package private(set) var revoked: UInt64 = 0

  package init() {
    let desk: BenchDesk
    do throws(BenchError) {
      desk = try BenchDesk(accounts: 2, instruments: 2, capacity: .small, ringBytes: 1 << 22)
    } catch {
      preconditionFailure("a small core takes no more than there is: \(error)")
    }
    self.init(desk)
  }

  /// Goes on from the books of `desk`.
  init(_ desk: borrowing BenchDesk) {
    var core = Core(capacity: desk.core.state.capacity)
    for section in desk.core.state.sections {
      let fits = core.load(section)
      precondition(fits, "rows of the same build load")
    }
    core.finishLoading(digest: desk.core.state.digest)
    now = max(now, desk.now + 1_000)
    memory = JournalRingMemory(capacity: 1 << 22)
    var end = JournalEnd()
    end.seq = core.state.global.nextSeq - 1
    let ring = memory.makeRing(identity: BenchDesk.identity, epoch: 1, end: end)
    agent = CoreAgent(
      machine: core, journal: JournalAppender(ring: ring, end: end), door: Door(), gate: OpenGate(), durability: .group)
    agent.door.best = desk.market()
    agent.door.orders.reserveCapacity(4_096)
    unsafe clients = .allocate(capacity: Self.ringCount)
    for slot in 0..<Self.ringCount { grant(slot, isNew: true) }
  }

  deinit {
    unsafe clients.deinitialize(count: Self.ringCount)
    unsafe clients.deallocate()
  }

  /// What the calendar is ahead of the clock.
  static let utcFromNow: Int64 = 1_790_000_000_000_000_000

  private var time: EngineTime { EngineTime(nanoseconds: now) }
  private var utc: UTCTime { UTCTime(nanoseconds: Self.utcFromNow + now) }

  /// From now on orders of account 1 for instrument 1 go to `venue`.
  mutating func connect(_ venue: any WireVenue) {
    venue.register(asset: AssetID(number: 1), name: Text32("USDT") ?? Text32())
    venue.register(agent.machine.state.instruments[1].rules)
    venue.register(account: AccountID(number: 1), name: Text64("bench") ?? Text64())
    agent.door.wire = venue
  }

  /// A turn of the hot thread at that time. Whether the venue has other best prices for instrument 1 than before.
  @inline(__always)
  mutating func follow(at time: Int64) -> Bool {
    now = max(now, time)
    _ = agent.poll(now: self.time, utc: utc)
    guard let wire = agent.door.wire else { return false }
    var top = wire.top(of: InstrumentID(number: 1))
    guard top.isValid == 1, top.bookSequence != agent.door.best.bookSequence else { return false }
    // No mark comes with them.
    top.mark = agent.door.best.mark
    agent.door.best = top
    return true
  }

  /// Lets so many milliseconds pass at most. Whether `isDone` came true.
  mutating func pass(milliseconds: Int, until isDone: () -> Bool) -> Bool {
    for _ in 0..<milliseconds {
      now += 1_000_000
      turn()
      if isDone() { return true }
    }
    return false
  }

  /// A ring with memory as new for the role of this place.
  private mutating func grant(_ slot: Int, isNew: Bool) {
    var input = OpenRoleInput()
    input.name = Text32("\(Self.role)\(slot)") ?? Text32()
    let isTaken = agent.submit(.openRole, input, now: time, utc: utc)
    precondition(isTaken, "the journal is emptied in time")
    var grant = OpenRing()
    do throws(SystemError) {
      let made = try ClientMemory.make(role: Self.role, tag: "bench", epoch: 1, lastSequence: 0)
      grant.address = unsafe UInt64(UInt(bitPattern: made.base))
      grant.bell = made.bell
      if isNew {
        unsafe (clients + slot).initialize(to: Client(made))
      } else {
        unsafe clients[slot] = Client(made)
      }
    } catch {
      preconditionFailure("no memory for a ring: \(error)")
    }
    grant.token = UInt64(slot + 1)
    grant.role = RoleID(number: UInt16(slot + 1))
    grant.slot = UInt8(slot)
    grant.intervalNanoseconds = 1
    for account in 1...2 { grant.accounts.insert(AccountID(number: UInt16(account))) }
    rings.open(grant, recorded: agent.machine.state.roles[slot + 1].lastSequence)
  }

  // MARK: The client's side

  /// Bytes that a client may write to.
  package static var memoryBytes: Int { cc_client_bytes() }

  /// A word anywhere in a ring's memory.
  package mutating func write(_ word: UInt64, at place: Int, ring: Int) {
    precondition(place >= 0 && place < Self.memoryBytes / 8, "a word of the memory")
    unsafe UnsafeMutableRawPointer(clients[ring].memory.base).storeBytes(
      of: word, toByteOffset: place * 8, as: UInt64.self)
  }

  /// Where the words of the next command's place, its number and the header of the ring of answers begin.
  package func places(_ ring: Int) -> (command: Int, number: Int, commands: Int, replies: Int) {
    let slot = unsafe Int(clients[ring].commands.published % UInt64(CC_CLIENT_SLOTS))
    let slots = cc_client_commands_offset() + MemoryLayout<cc_ring_header>.size
    let command = slots + slot * RingLayout<cc_command>.slotBytes
    return (
      command / 8, (command + RingLayout<cc_command>.sequenceOffset) / 8, cc_client_commands_offset() / 8,
      cc_client_replies_offset() / 8
    )
  }

  /// Pushes a command of these words, those that are missing being those of a sound order. `false`: no room, or revoked.
  @discardableResult
  package mutating func push(_ words: InlineArray<15, UInt64>, ring: Int) -> Bool {
    var command = cc_command()
    unsafe withUnsafeMutableBytes(of: &command) { bytes in
      for index in 0..<15 { unsafe bytes.storeBytes(of: words[index], toByteOffset: index * 8, as: UInt64.self) }
    }
    return unsafe clients[ring].commands.tryPush(command)
  }

  /// A sound order of this ring's role, above all that were taken.
  package func order(_ ring: Int) -> InlineArray<15, UInt64> {
    let sequence = agent.machine.state.roles[ring + 1].lastSequence + 1
    return [
      sequence, UInt64(cc_command_order), 1, 1, 0, UInt64(cc_side_buy), UInt64(cc_order_limit), UInt64(cc_force_gtc), 0,
      0, UInt64(BenchDesk.bid - 1_000), 0, 1_000, 0, 0,
    ]
  }

  /// Takes the answers of a ring; how many there were.
  @discardableResult
  package mutating func takeAnswers(_ ring: Int) -> Int {
    var count = 0
    while count < Int(CC_CLIENT_SLOTS), unsafe clients[ring].replies.tryPop() != nil { count += 1 }
    return count
  }

  // MARK: The engine's side

  package var frames: UInt64 { agent.door.frames }
  var digest: UInt64 { agent.machine.state.digest.low | 1 }

  /// What the hot thread does with rings in a turn.
  @inline(__always)
  package mutating func take() {
    now += 1_000
    agent.door.best.updatedAt = time
    let taken = rings.take(&agent, now: time, utc: utc)
    precondition(taken <= Self.ringCount * (ClientRings.commandsPerTurn + 1), "a turn has a bound")
    agent.publish()
    while let reply = agent.takeReply() { if !reply.role.isNone { rings.deliver(reply) } }
  }

  /// A whole turn: rings, then everybody else. Rings that were revoked are granted anew.
  package mutating func turn() {
    take()
    rejectAll()
    _ = agent.poll(now: time, utc: utc)
    tend()
  }

  /// The venue takes none of the orders, and the journal is emptied: all is as before.
  package mutating func rejectAll() {
    for request in agent.door.orders {
      agent.submit(.venueEvent, VenueEvent(.notSent, to: request), now: time, utc: utc)
      free()
    }
    agent.door.orders.removeAll(keepingCapacity: true)
    free()
  }

  /// What the journal thread does.
  private mutating func free() {
    agent.publish()
    unsafe cc_journal_durable_publish(
      agent.journal.ring.header, agent.journal.ring.appendedPosition, agent.journal.lsn)
  }

  private mutating func tend() {
    while let notice = rings.notice {
      rings.dropNotice()
      if notice.reply.outcomeRaw == Reply.Outcome.finished.rawValue {
        revoked += 1
        var close = CloseRing()
        close.token = 100 + notice.reply.token
        close.slot = notice.reply.token - 1
        rings.close(close)
      } else {
        grant(Int(notice.reply.token) - 101, isNew: false)
      }
    }
  }
}
