internal import CCore
internal import Synchronization

typealias EngineAgent = CoreAgent<Core, EngineDoor, FileGate<KernelFileSystem>>

/// Flags that the engine's threads share.
final class EngineSignals: Sendable {
  private let stop = Atomic<Bool>(false)
  private let drained = Atomic<Bool>(false)
  private let graceful = Atomic<Bool>(false)
  private let reload = Atomic<Bool>(false)
  private let pause = Atomic<Bool>(false)
  private let paused = Atomic<Bool>(false)
  private let ended = Atomic<Bool>(false)

  var isStopping: Bool { stop.load(ordering: .acquiring) }
  func requestStop() { stop.store(true, ordering: .releasing) }
  /// The hot thread has appended its last record.
  var isDrained: Bool { drained.load(ordering: .acquiring) }
  func noteDrained() { drained.store(true, ordering: .releasing) }
  /// A signal asked for the end: orders by policy first.
  var wantsGracefulStop: Bool { graceful.load(ordering: .acquiring) }
  func requestGracefulStop() { graceful.store(true, ordering: .releasing) }
  /// A signal asked for the configuration to be read anew.
  func requestReload() { reload.store(true, ordering: .releasing) }
  func takeReload() -> Bool { reload.exchange(false, ordering: .acquiringAndReleasing) }
  /// The hot thread stands still, with everything published, until ``endPause()``.
  func requestPause() { pause.store(true, ordering: .releasing) }
  func endPause() { pause.store(false, ordering: .releasing) }
  var wantsPause: Bool { pause.load(ordering: .acquiring) }
  var isPaused: Bool { paused.load(ordering: .acquiring) }
  func notePaused(_ isPaused: Bool) { paused.store(isPaused, ordering: .releasing) }
  /// The control thread has given its last answer.
  var hasEnded: Bool { ended.load(ordering: .acquiring) }
  func noteEnded() { ended.store(true, ordering: .releasing) }
}

/// The hot thread: core and venue in turns, commands in, answers out; spins while there is work, then parks.
///
/// Owner: the hot thread, from `run` on. Until then whoever makes it.
final class HotLoop: @unchecked Sendable {
  // Unchecked: made by one thread, run by another, never by both; the thread's start orders the hand-over.
  private static let commandsPerTurn = 64

  private var agent: EngineAgent?
  private var commands: RingConsumer<HotMessage>?
  private var replies: RingProducer<Reply>?
  private var bell: Doorbell?
  private var publisher: TablePublisher?
  private var rings: ClientRings? = ClientRings()
  private let clock: EngineClock
  private let signals: EngineSignals
  private let controlBell: Doorbell.Ringer
  private let idle: IdlePolicy
  private let lag: SharedGauge

  init(
    agent: consuming EngineAgent, commands: consuming RingConsumer<HotMessage>,
    replies: consuming RingProducer<Reply>, bell: consuming Doorbell, controlBell: Doorbell.Ringer,
    publisher: consuming TablePublisher, clock: EngineClock, signals: EngineSignals, idle: IdlePolicy, lag: SharedGauge
  ) {
    self.agent = consume agent
    self.commands = consume commands
    self.replies = consume replies
    self.bell = consume bell
    self.publisher = consume publisher
    self.controlBell = controlBell
    self.clock = clock
    self.signals = signals
    self.idle = idle
    self.lag = lag
  }

  func run() {
    guard var agent = agent.take(), var commands = commands.take(), var replies = replies.take(),
      var bell = bell.take(), var publisher = publisher.take(), var rings = rings.take()
    else { preconditionFailure("the hot loop runs once") }
    for descriptor in agent.door.descriptors where !bell.listen(to: descriptor) {
      Diagnostics.warn(.venue, "news of a venue wake nobody: they are heard half a second late at most")
    }
    var counter = IdleCounter(idle)
    var held: Reply?
    var seen: UInt64 = 0
    var worst: Int64 = 0
    var worstSince = EngineTime.zero
    var gateVersion = agent.gate.reader.version
    var nextGate = EngineTime.zero
    while !signals.isStopping {
      if signals.wantsPause { standStill(&agent) }
      let now = clock.now
      let utc = clock.utc(at: now)
      var work = agent.poll(now: now, utc: utc)
      if now >= nextGate {
        nextGate = now.advanced(byNanoseconds: 100_000_000)
        agent.gate.reader.refresh(now: now)
        if agent.gate.reader.version != gateVersion {
          gateVersion = agent.gate.reader.version
          GateSync.bring(&agent, to: agent.gate.reader.reading, now: now, utc: utc)
        }
      }
      work += takeCommands(&commands, &agent, &replies, &gateVersion, publisher.latencies, &rings, bell)
      work += Self.takeOutcomes(&agent, &replies)
      work += rings.take(&agent, now: now, utc: utc)
      agent.publish()
      while true {
        guard let reply = held ?? agent.takeReply() else { break }
        work += 1
        if !reply.role.isNone {
          rings.deliver(reply)
          continue
        }
        held = replies.tryPush(reply) ? nil : reply
        if held != nil { break }
      }
      work += Self.tell(of: &rings, &replies, bell)
      if agent.journal.lsn != seen || work > 0 {
        seen = agent.journal.lsn
        controlBell.ring()
      }
      let stamp = PublishStamp(lsn: agent.journal.lsn, now: now, utc: utc)
      publish(&publisher, &agent, stamp, all: false)
      if work > 0 {
        let turn = clock.now.nanoseconds - now.nanoseconds
        publisher.latencies.turn.record(nanoseconds: turn)
        worst = max(worst, turn)
        if now.nanoseconds - worstSince.nanoseconds > 1_000_000_000 {
          lag.set(worst)
          worst = 0
          worstSince = now
        }
      }
      if counter.afterTurn(work: work) == .sleep {
        publish(&publisher, &agent, stamp, all: true)
        if publisher.isCaughtUp { Self.rest(&bell, &commands, rings, agent.nextDue, clock) }
      }
    }
    agent.publish()
    publisher.tables.close()
    rings.closeAll()
    // The memory stays: the control thread may have shown it to somebody, and the journal thread rings the bell until it
    // has written the last record.
    self.publisher = consume publisher
    self.bell = consume bell
    self.rings = consume rings
    signals.noteDrained()
    controlBell.ring()
  }

  /// The journal thread gives the rings a new place: nobody may write to them meanwhile.
  private func standStill(_ agent: inout EngineAgent) {
    agent.publish()
    signals.notePaused(true)
    while signals.wantsPause { cc_thread_pause() }
    signals.notePaused(false)
  }

  /// Shows other processes what this turn has changed.
  private func publish(
    _ publisher: inout TablePublisher, _ agent: inout EngineAgent, _ stamp: PublishStamp, all: Bool
  ) {
    publisher.publish(&agent.machine.state, stamp)
    publisher.publishTops(agent.door, agent.machine.state, stamp, all: all)
    publisher.beat(now: stamp.now) { clock.boottime }
    let counters = agent.counters
    publisher.publishMetrics(
      (lag.value, counters.inputs, counters.frames, counters.venueEvents, counters.gateRefusals), stamp)
  }

  /// Sleeps until the next due time, half a second at most since readers of the tables expect a sign of life, unless something came while going to sleep.
  private static func rest(
    _ bell: inout Doorbell, _ commands: inout RingConsumer<HotMessage>, _ rings: borrowing ClientRings,
    _ due: EngineTime, _ clock: EngineClock
  ) {
    rings.announceSleep()
    bell.announceSleep()
    let wait = min(due.nanoseconds - clock.now.nanoseconds, 500_000_000)
    if commands.isEmpty && rings.isQuiet && wait > 0 { bell.sleep(timeoutNanoseconds: wait) }
    bell.wakeUp()
    rings.wakeUp()
  }

  /// Tells the control thread which rings were revoked or let go.
  private static func tell(
    of rings: inout ClientRings, _ replies: inout RingProducer<Reply>, _ bell: borrowing Doorbell
  ) -> Int {
    var told = 0
    while let notice = rings.notice, replies.room() > 0 {
      if notice.bell >= 0 { bell.ignore(notice.bell) }
      _ = replies.tryPush(notice.reply)
      rings.dropNotice()
      told += 1
    }
    return told
  }

  private func takeCommands(
    _ commands: inout RingConsumer<HotMessage>, _ agent: inout EngineAgent, _ replies: inout RingProducer<Reply>,
    _ gateVersion: inout UInt64, _ latencies: LatencyHistograms, _ rings: inout ClientRings, _ bell: borrowing Doorbell
  ) -> Int {
    var taken = 0
    while taken < Self.commandsPerTurn {
      // One place is kept for the answer to a query.
      guard replies.room() > 1, var message = commands.peek() else { break }
      commands.peekSecond { next in
        guard next.type == .newOrder else { return }
        let input = next.load(NewOrderInput.self)
        agent.machine.prepare(input.account, input.instrument)
      }
      if message.query == .openRing {
        _ = replies.tryPush(Self.open(message.load(OpenRing.self), agent, &rings, bell))
      } else if message.query == .closeRing {
        rings.close(message.load(CloseRing.self))
      } else if let query = message.query {
        if let reply = Self.answer(query, message, &agent, clock) { _ = replies.tryPush(reply) }
      } else {
        guard Self.run(&message, &agent, &replies, clock, latencies) else { break }
        // Whoever says this knows the file as it is: a resume opens it last, and what it still says until then is over.
        if message.type == .setTrading {
          agent.gate.reader.refresh(now: clock.now)
          gateVersion = agent.gate.reader.version
        }
      }
      commands.advance()
      taken += 1
    }
    return taken
  }

  private static func open(
    _ grant: OpenRing, _ agent: borrowing EngineAgent, _ rings: inout ClientRings, _ bell: borrowing Doorbell
  ) -> Reply {
    var reply = Reply()
    reply.token = grant.token
    guard bell.listen(to: grant.bell) else {
      reply.outcomeRaw = Reply.Outcome.refused.rawValue
      return reply
    }
    rings.open(grant, recorded: agent.machine.state.roles[grant.role.index].lastSequence)
    reply.outcomeRaw = Reply.Outcome.accepted.rawValue
    return reply
  }

  /// `false`: no room now; the message stays.
  private static func run(
    _ message: inout HotMessage, _ agent: inout EngineAgent, _ replies: inout RingProducer<Reply>,
    _ clock: EngineClock, _ latencies: LatencyHistograms
  ) -> Bool {
    guard let type = message.type else { preconditionFailure("a message of our own has a type") }
    let now = clock.now
    if type == .newOrder {
      var input = message.load(NewOrderInput.self)
      input.market = agent.door.top(of: input.instrument)
      let utc = clock.utc(at: now)
      if let reason = agent.journalRefusal(of: input, now: now, utc: utc) {
        var reply = Reply()
        reply.token = input.token
        reply.outcomeRaw = Reply.Outcome.refused.rawValue
        reply.reasonRaw = reason.rawValue
        return replies.tryPush(reply)
      }
      guard agent.submit(type, input, now: now, utc: utc) else { return false }
      latencies.gate.record(nanoseconds: Int64(input.gateNanoseconds))
      latencies.risk.record(nanoseconds: clock.now.nanoseconds - now.nanoseconds)
      return true
    }
    if let reply = Unrecorded.act(message, &agent, now: now, utc: clock.utc(at: now)) { return replies.tryPush(reply) }
    if type == .amendOrder {
      var input = message.load(AmendOrderInput.self)
      input.market = agent.door.top(of: message.instrument)
      return agent.submit(type, input, now: now, utc: clock.utc(at: now))
    }
    let length = Int(message.length)
    if type == .blob || type == .commit {
      // Where there is no room the value is torn, and readers say so: nothing that can wait may keep back what cannot.
      unsafe withUnsafeBytes(of: &message.body) {
        _ = unsafe agent.note(
          type, UnsafeRawBufferPointer(rebasing: $0[0..<length]), now: now, utc: clock.utc(at: now))
      }
      return true
    }
    return unsafe withUnsafeBytes(of: &message.body) {
      unsafe agent.submit(
        type, UnsafeRawBufferPointer(rebasing: $0[0..<length]), now: now, utc: clock.utc(at: now))
    }
  }

  /// What an exchange in another process has said to controls since.
  private static func takeOutcomes(_ agent: inout EngineAgent, _ replies: inout RingProducer<Reply>) -> Int {
    var taken = 0
    while replies.room() > 1, let (token, outcome) = agent.door.takeOutcome() {
      _ = replies.tryPush(reply(token, outcome))
      taken += 1
    }
    return taken
  }

  private static func reply(_ token: UInt64, _ outcome: SimulatorOutcome) -> Reply {
    var reply = Reply()
    reply.token = token
    reply.outcomeRaw =
      switch outcome {
      case .done, .later: Reply.Outcome.accepted.rawValue
      case .refused: Reply.Outcome.refused.rawValue
      case .unknown: Reply.Outcome.unknown.rawValue
      }
    return reply
  }

  // MARK: Queries

  /// `nil`: the answer comes later.
  private static func answer(
    _ query: HotMessage.Query, _ message: HotMessage, _ agent: inout EngineAgent, _ clock: EngineClock
  ) -> Reply? {
    if query == .simulator {
      let command = message.load(SimulatorCommand.self)
      let outcome = agent.door.obey(command, now: clock.now)
      return outcome == .later ? nil : Self.reply(command.token, outcome)
    }
    var reply = Reply()
    reply.outcomeRaw = Reply.Outcome.accepted.rawValue
    if query == .venueQuestion {
      let question = message.load(VenueQuestion.self)
      reply.token = question.token
      let now = clock.now
      let venue = agent.machine.state.accounts[question.account.index].venue
      let count = agent.door.ask(question, venue: venue, now: now, utc: clock.utc(at: now))
      reply.count = UInt32(max(count ?? 0, 0))
      reply.outcomeRaw =
        (count == nil ? Reply.Outcome.refused : count == -1 ? .accepted : .finished).rawValue
      return reply
    }
    if query == .unrecordedOrder {
      let now = clock.now
      return Unrecorded.reduce(message.load(UnrecordedOrder.self), &agent, now: now, utc: clock.utc(at: now))
    }
    let body = message.load(RowQuery.self)
    reply.token = body.token
    switch query {
    case .acceptGate: agent.gate.reader.accept(now: clock.now)
    case .namesChanged: agent.gate.reader.namesChanged()
    case .recordability:
      if Unrecorded.isNeeded(agent, now: clock.now) { reply.outcomeRaw = Reply.Outcome.refused.rawValue }
    case .book:
      if let count = levels(body, &agent, clock.now) {
        reply.count = UInt32(count)
      } else {
        reply.outcomeRaw = Reply.Outcome.refused.rawValue
      }
    case .stop, .simulator, .venueQuestion, .unrecordedOrder, .openRing, .closeRing: break
    default: reply.count = UInt32(copy(query, body, agent, clock.now))
    }
    return reply
  }

  private static func copy(
    _ query: HotMessage.Query, _ body: RowQuery, _ agent: borrowing EngineAgent, _ now: EngineTime
  ) -> Int {
    let global = agent.machine.state.global
    let first = Int(body.first)
    func count(_ rows: Int) -> Int { max(0, min(Int(body.capacity), rows - first + 1)) }
    switch query {
    case .accounts:
      return fill(body, count(Int(global.accountCount))) { agent.machine.state.accounts[first + $0] }
    case .positions:
      return fill(body, count(Int(global.positionCount))) {
        var row = agent.machine.state.positions[first + $0]
        // The row has what the venue last said; an exchange in this process knows better.
        if let price = agent.door.liquidationPrice(row.account, row.instrument, row.positionSideRaw) {
          row.liquidationPrice = price
        }
        return row
      }
    case .balances:
      return fill(body, count(Int(global.balanceCount))) { agent.machine.state.balances[first + $0] }
    case .tops:
      return fill(body, count(Int(global.instrumentCount))) {
        agent.door.top(of: InstrumentID(number: UInt16(first + $0)))
      }
    case .accountFacts:
      return fill(body, count(Int(global.accountCount))) { facts(of: first + $0, agent, now) }
    case .marketFacts:
      return fill(body, count(Int(global.instrumentCount))) {
        agent.door.facts(of: InstrumentID(number: UInt16(first + $0)))
      }
    case .globals: return fill(body, 1) { _ in global }
    case .limits: return limits(body, agent, now)
    case .trades: return trades(body, agent)
    case .venueAnswers:
      guard agent.door.answers.isAbout(body.argument) else { return 0 }
      return fill(body, max(0, min(Int(body.capacity), agent.door.answers.count - first))) {
        agent.door.answers[first + $0]
      }
    case .book, .simulator, .acceptGate, .namesChanged, .stop, .venueQuestion, .unrecordedOrder, .recordability,
      .openRing, .closeRing:
      return 0
    }
  }

  private static func facts(of account: Int, _ agent: borrowing EngineAgent, _ now: EngineTime) -> AccountFacts {
    let row = agent.machine.state.accounts[account]
    let venue = agent.machine.state.venues[row.venue.index]
    var facts = AccountFacts()
    facts.lastEventAt = agent.door.lastEvent(of: row.id)
    facts.budgetMax = venue.ordersPerTenSeconds
    facts.budgetUsed = row.budgetUsed(at: now)
    facts.isConnected = agent.door.isUp(row.id, at: now) ? 1 : 0
    facts.tradingRaw = max(agent.machine.state.global.tradingRaw, max(venue.tradingRaw, row.tradingRaw))
    return facts
  }

  private static func fill<Row: BitwiseCopyable>(_ body: RowQuery, _ count: Int, _ row: (Int) -> Row) -> Int {
    guard let target = unsafe UnsafeMutablePointer<Row>(bitPattern: UInt(body.address)) else { return 0 }
    for index in 0..<count { unsafe target[index] = row(index) }
    return count
  }

  private static func limits(_ body: RowQuery, _ agent: borrowing EngineAgent, _ now: EngineTime) -> Int {
    guard let scope = LimitScope(rawValue: UInt8(truncatingIfNeeded: body.argument >> 40)),
      let mode = Mode(rawValue: UInt8(truncatingIfNeeded: body.argument >> 32))
    else { return 0 }
    let target = Int(UInt32(truncatingIfNeeded: body.argument))
    let kinds = LimitKind.allCases
    return fill(body, min(Int(body.capacity), kinds.count)) { index in
      var cell = LimitCell()
      cell.kindRaw = kinds[index].rawValue
      cell.value = agent.machine.state.limit(kinds[index], scope, target, mode)
      cell.isSet = agent.machine.state.isLimitSet(kinds[index], scope, target, mode) ? 1 : 0
      if let used = agent.machine.use(of: kinds[index], scope, target, mode, now: now) {
        cell.used = used
        cell.hasUse = 1
      }
      return cell
    }
  }

  private static func trades(_ body: RowQuery, _ agent: borrowing EngineAgent) -> Int {
    guard let target = unsafe UnsafeMutablePointer<TapeTrade>(bitPattern: UInt(body.address)) else { return 0 }
    let instrument = Int(body.argument >> 48)
    guard instrument < Limits.instrumentCount else { return 0 }
    let behind = body.argument & ((1 << 48) - 1)
    var count = 0
    let id = InstrumentID(number: UInt16(instrument))
    agent.door.forEachTrade(of: id, behind: behind, count: Int(body.capacity)) { place, trade in
      unsafe target[count] = TapeTrade(place: place, trade: trade)
      count += 1
    }
    return count
  }

  /// `nil`: not there yet.
  private static func levels(_ body: RowQuery, _ agent: inout EngineAgent, _ now: EngineTime) -> Int? {
    guard let target = unsafe UnsafeMutablePointer<BookLevel>(bitPattern: UInt(body.address)) else { return 0 }
    let instrument = InstrumentID(number: UInt16(truncatingIfNeeded: body.argument >> 32))
    let depth = Int(UInt32(truncatingIfNeeded: body.argument))
    guard instrument.index < Limits.instrumentCount else { return 0 }
    var count = 0
    let isThere = agent.door.forEachLevel(of: instrument, depth: depth, now: now) {
      side, price, quantity in
      guard count < Int(body.capacity) else { return }
      unsafe target[count] = BookLevel(price: price, quantity: quantity, sideRaw: UInt64(side.rawValue))
      count += 1
    }
    return isThere ? count : nil
  }
}
