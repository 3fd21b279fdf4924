/// Drives one core: numbers and records inputs with what follows from them, hands frames to the venue under the rules of
/// the last write point, and brings the venue's news and due times back in.
///
/// Pure but for what it is handed: no threads, clocks or files. The engine and the deterministic simulator run it alike.
///
/// Owner: the hot thread. Allocates nothing after `init`.
package struct CoreAgent<Machine: StepMachine & ~Copyable, Door: VenueDoor & ~Copyable, Gate: FrameGate & ~Copyable>:
  ~Copyable
{
  /// Inputs from the venue in one turn: what bounds the time until a command is looked at.
  package static var eventsPerTurn: Int { 64 }
  package static var bulkStepsPerTurn: Int { 4 }
  /// Inputs between two recorded digests of the state.
  package static var hashInterval: UInt64 { 65_536 }
  static var queueCapacity: Int { 8_192 }

  package struct Counters: Sendable, BitwiseCopyable {
    package var inputs: UInt64 = 0
    package var frames: UInt64 = 0
    package var framesNotSent: UInt64 = 0
    package var gateRefusals: UInt64 = 0
    package var venueEvents: UInt64 = 0
    package var ringFull: UInt64 = 0
    /// News that came while nothing could be recorded any more: comparing with the venue brings it back.
    package var newsDropped: UInt64 = 0
  }

  package var machine: Machine
  package var journal: JournalAppender
  package var door: Door
  package var gate: Gate
  package private(set) var counters = Counters()
  package let durability: DurabilityMode

  private var output = StepOutput()
  /// Frames that wait for their intent's sync, in the order they were asked for.
  private var waiting = BoundedQueue<VenueRequest>(capacity: Self.queueCapacity)
  /// Frames that the door had no room for.
  private var ready = BoundedQueue<VenueRequest>(capacity: Self.queueCapacity)
  /// What provably did not leave this machine.
  private var unsent = BoundedQueue<VenueEvent>(capacity: Self.queueCapacity)
  private var replies = BoundedQueue<PendingReply>(capacity: Self.queueCapacity)
  private var written: WrittenSet
  package var watcher = PriceWatcher()
  private var time: EngineTime
  private var polledAt: EngineTime
  private var durableSeen: UInt64 = 0
  /// The next account to be compared because news may have been missed; 0: none is.
  var nextCompared = 0
  /// Accounts of which alone news may have been missed.
  var missedAccounts: [AccountID] = []
  var droppedBefore: UInt64 = 0
  /// Missed news that the core was told of.
  private var droppedTold: UInt64 = 0
  /// When the journal was last seen to move, or to have nothing to do.
  private var progressAt: EngineTime
  private var utc: UTCTime

  struct PendingReply: BitwiseCopyable {
    var reply: Reply
    var lsn: UInt64
    /// Says that an order was taken: never told before that is durable (INV-09).
    var isPromise = false
  }

  package init(
    machine: consuming Machine, journal: consuming JournalAppender, door: consuming Door, gate: consuming Gate,
    durability: DurabilityMode, writtenCapacity: Int = Limits.orderIDWindow
  ) {
    written = WrittenSet(capacity: writtenCapacity)
    time = journal.time
    polledAt = journal.time
    progressAt = .never
    utc = .zero
    self.machine = machine
    self.journal = journal
    self.door = door
    self.gate = gate
    self.durability = durability
  }

  // MARK: Inputs

  /// Whether a command fits in now: one that can open risk only while the journal has more than its reserve, and keeps
  /// up with what it was given.
  package func canAccept(opensRisk: Bool, now: EngineTime = .zero) -> Bool {
    guard journal.freeBytes >= Self.stepBytesMax, hasQueueRoom else { return false }
    return !opensRisk || (journal.canAcceptNewRisk && !isJournalStalled(now))
  }

  /// The journal is dead, or its thread hangs: nothing has become durable for longer than may be lost.
  package func isJournalStalled(_ now: EngineTime) -> Bool {
    journal.ring.state == .dead
      || (progressAt < now && now.nanoseconds - progressAt.nanoseconds > Self.lossWindow(durability))
  }

  /// How long nothing may become durable although there is something to: `journal.loss_window`.
  private static func lossWindow(_ mode: DurabilityMode) -> Int64 { mode == .async ? 2_000_000_000 : 1_000_000_000 }

  /// Looks whether the journal moves. It need not be alive to say that it does not.
  private mutating func watchJournal(_ now: EngineTime) {
    let durable = journal.ring.durableLsn
    if now > polledAt { polledAt = now }
    guard durable != durableSeen || durable >= journal.lsn else { return }
    durableSeen = durable
    progressAt = polledAt
  }

  /// Runs one input: step, record, then act. `false`: no room now, nothing happened.
  ///
  /// `body` is filled with zeros up to a multiple of 64 bytes.
  @discardableResult
  package mutating func submit(
    _ type: RecordType, _ body: UnsafeRawBufferPointer, now: EngineTime, utc: UTCTime
  ) -> Bool {
    guard journal.freeBytes >= Self.stepBytesMax, hasQueueRoom else {
      counters.ringFull += 1
      return false
    }
    advance(to: now, utc)
    let lsn = journal.nextLsn
    output.clear()
    guard let base = body.baseAddress else { preconditionFailure("an input has a body") }
    unsafe machine.step(type, base, at: StepStamp(time: time, utc: self.utc, lsn: lsn), into: &output)
    unsafe record(type, body, lsn: lsn)
    counters.inputs += 1
    takeRequests(now: now)
    takeReplies(isPromise: type == .newOrder)
    followTriggers()
    return true
  }

  @discardableResult
  package mutating func submit<Body: BitwiseCopyable>(
    _ type: RecordType, _ body: Body, now: EngineTime, utc: UTCTime
  ) -> Bool {
    var room = PaddedBody()
    precondition(MemoryLayout<Body>.size <= MemoryLayout<PaddedBody>.size, "a body fits a padded one")
    return unsafe withUnsafeMutableBytes(of: &room) { bytes in
      unsafe bytes.storeBytes(of: body, as: Body.self)
      let length = (MemoryLayout<Body>.size + 63) & ~63
      return unsafe submit(type, UnsafeRawBufferPointer(rebasing: bytes[0..<length]), now: now, utc: utc)
    }
  }

  /// Records a part of a value that no decision reads, in its place between inputs. `false`: no room, nothing happened.
  package mutating func note(_ type: RecordType, _ body: UnsafeRawBufferPointer, now: EngineTime, utc: UTCTime) -> Bool
  {
    precondition(type == .blob || type == .commit, "everything else is an input, or follows from one")
    guard journal.freeBytes >= Self.stepBytesMax else { return false }
    advance(to: now, utc)
    return unsafe journal.append(type.rawValue, time: time, utc: self.utc, body: body) != nil
  }

  /// What replays have put on a wire may not go there again.
  package mutating func noteWritten(_ wireID: Text32) { _ = written.insert(wireID) }

  // MARK: Turns

  /// One turn: frames that may go now, news of the venue, due times, unfinished work, prices. Returns how much was done.
  package mutating func poll(now: EngineTime, utc: UTCTime) -> Int {
    watchJournal(now)
    var work = releaseWaiting(now: now)
    work += pushReady(now: now)
    work += takeUnsent(now: now, utc: utc)
    let news = takeNews(now: now, utc: utc)
    work += news
    if machine.nextDue <= now, submit(.timer, EmptyInput(), now: now, utc: utc) { work += 1 }
    var steps = 0
    while machine.hasUnfinishedWork, steps < Self.bulkStepsPerTurn {
      guard submit(.proceed, EmptyInput(), now: now, utc: utc) else { break }
      steps += 1
    }
    work += steps
    work += compareMissed(now: now, utc: utc)
    work += takePrices(now: now, utc: utc)
    journal.publish()
    return work
  }

  /// Shows what was recorded to the journal thread. Call once after a batch of inputs; `poll` does it by itself.
  package mutating func publish() { journal.publish() }

  /// When `poll` has to be called again if nothing from outside happens.
  package var nextDue: EngineTime {
    if !waiting.isEmpty || !ready.isEmpty || !unsent.isEmpty || machine.hasUnfinishedWork { return .zero }
    return min(machine.nextDue, min(door.nextDue, watcher.nextDue))
  }

  /// The next answer that may be given: in `strict` not before its record is durable (INV-09).
  ///
  /// While the journal is dead, answers to what cannot open risk are given all the same: nobody may wait for a disk
  /// to learn that a kill was taken.
  package mutating func takeReply() -> Reply? {
    guard let first = replies.first else { return nil }
    guard durability == .strict, first.lsn > journal.ring.durableLsn else { return replies.popFirst()?.reply }
    guard journal.ring.state == .dead else { return nil }
    for index in 0..<replies.count where !replies[index].isPromise { return replies.remove(at: index).reply }
    return nil
  }

  // MARK: Recording

  /// Bytes that one step can append at most, with headers and the filler at the end of a lap.
  static var stepBytesMax: Int {
    StepOutput.byteCapacity + (StepOutput.eventCapacity + 4) * JournalFormat.headerBytes + 2 * JournalFormat.recordBytes
  }

  private var hasQueueRoom: Bool {
    waiting.room >= StepOutput.requestCapacity && ready.room >= StepOutput.requestCapacity
      && unsent.room >= 2 * StepOutput.requestCapacity && replies.room >= StepOutput.replyCapacity
  }

  private mutating func advance(to now: EngineTime, _ utc: UTCTime) {
    // INV-12: the clock of the machine may stand still between two inputs, it never takes the record back.
    if now > time { time = now }
    self.utc = utc
  }

  /// The input and behind it its events, in one chain.
  private mutating func record(_ type: RecordType, _ body: UnsafeRawBufferPointer, lsn: UInt64) {
    guard
      let written = unsafe journal.append(type.rawValue, version: 1, time: time, utc: utc, seq: 0, body: body)
    else { preconditionFailure("room was asked for before the step (INV-16)") }
    precondition(written == lsn, "record numbers rise by exactly 1 (INV-11)")
    for index in 0..<output.eventCount {
      let event = output.event(index)
      let appended = unsafe journal.append(
        event.typeRaw, version: 1, time: time, utc: utc, seq: event.seq, body: output.body(index))
      precondition(appended != nil, "room was asked for before the step (INV-16)")
    }
    if machine.inputCount % Self.hashInterval == 0 {
      let digest = machine.stateDigest
      let record = StateHashRecord(high: digest.high, low: digest.low, inputCount: machine.inputCount)
      let appended = journal.append(.stateHash, time: time, utc: utc, record)
      precondition(appended != nil, "room was asked for before the step (INV-16)")
    }
  }

  private mutating func takeReplies(isPromise: Bool) {
    for index in 0..<output.replyCount {
      let reply = output.reply(at: index)
      let accepts = reply.outcomeRaw == Reply.Outcome.accepted.rawValue
      replies.push(PendingReply(reply: reply, lsn: journal.lsn, isPromise: isPromise && accepts))
    }
  }

  // MARK: Frames

  private mutating func takeRequests(now: EngineTime) {
    // What is not published dies with the process: no frame leaves before its intent is in the ring for good (INV-10).
    if output.requestCount > 0 { journal.publish() }
    for index in 0..<output.requestCount {
      var request = output.request(at: index)
      // The whole group of this input: its last record is what must be durable.
      request.intentLsn = journal.lsn
      if mustWait(request) {
        waiting.push(request)
      } else if request.kind == .cancelOrder, dropWaiting(request) {
        // The frame it was meant for never left, and neither does the cancel.
      } else {
        send(request, now: now)
      }
    }
  }

  /// In `strict`, orders and amends wait until their intent is on the disk (INV-10): an id is burnt by its record, and an
  /// order whose record is lost would be sent again when it is repeated. Only when the journal makes no progress do those
  /// that cannot open risk leave without.
  private func mustWait(_ request: VenueRequest) -> Bool {
    guard keepsFramesBack, Self.writesOrder(request), request.intentLsn > journal.ring.durableLsn else { return false }
    return request.opensRisk != 0 || !isJournalStalled(polledAt)
  }

  /// In the other modes the ring keeps what the disk does not have yet; not one whose name is gone, since the next run
  /// would not find it.
  private var keepsFramesBack: Bool {
    durability == .strict || journal.ring.alarms.contains(.ringUnlinked)
  }

  private static func writesOrder(_ request: VenueRequest) -> Bool {
    request.kind == .newOrder || request.kind == .amendOrder
  }

  /// Takes the frame that `cancel` is about out of the queue, if it has not left.
  private mutating func dropWaiting(_ cancel: VenueRequest) -> Bool {
    for index in 0..<waiting.count where waiting[index].kind == .newOrder && waiting[index].wireID == cancel.wireID {
      notSent(waiting.remove(at: index))
      return true
    }
    return false
  }

  private mutating func releaseWaiting(now: EngineTime) -> Int {
    var released = 0
    while let first = waiting.first {
      // A frame past its time leaves the queue as well, as not sent.
      let isFree = !mustWait(first)
      guard isFree || now > first.signBy else { break }
      _ = waiting.popFirst()
      if isFree { send(first, now: now) } else { notSent(first) }
      released += 1
    }
    return released
  }

  private mutating func send(_ request: VenueRequest, now: EngineTime) {
    // Order is kept: nothing overtakes a frame that the door has no room for, but cancels.
    if !ready.isEmpty && request.kind != .cancelOrder {
      ready.push(request)
    } else if !write(request, now: now) {
      ready.push(request)
    }
  }

  private mutating func pushReady(now: EngineTime) -> Int {
    var pushed = 0
    while let first = ready.first {
      guard write(first, now: now) else { break }
      _ = ready.popFirst()
      pushed += 1
    }
    return pushed
  }

  /// The last write point. `false`: the door has no room; everything else is settled here.
  private mutating func write(_ request: VenueRequest, now: EngineTime) -> Bool {
    if Self.writesOrder(request) {
      guard now <= request.signBy else {
        notSent(request)
        return true
      }
      gate.refresh(now: now)
      let state = gate.state(
        account: request.account, instrument: request.instrument, venue: request.venue, now: now)
      // INV-13: halted and killed let no order pass, paused none that can open risk.
      guard state == .on || (state == .paused && request.opensRisk == 0) else {
        counters.gateRefusals += 1
        notSent(request)
        return true
      }
      precondition(
        request.opensRisk == 0 || request.riskToken != 0, "a frame that can open risk has no verdict (INV-06)")
      precondition(
        durability != .strict || request.opensRisk == 0 || request.intentLsn <= journal.ring.durableLsn,
        "a frame left before its intent was durable (INV-10)")
      let id = request.kind == .newOrder ? request.wireID : request.newWireID
      if !id.isEmpty { precondition(!written.contains(id), "wire id \(id) is written twice (INV-07)") }
    }
    guard door.submit(request, now: now, utc: utc) else { return false }
    if request.kind == .newOrder { _ = written.insert(request.wireID) }
    if request.kind == .amendOrder, !request.newWireID.isEmpty { _ = written.insert(request.newWireID) }
    counters.frames += 1
    return true
  }

  /// What became of a frame that nothing is recorded of.
  package enum UnrecordedOutcome: Sendable { case sent, gateShut, noRoom }

  /// Sends an order that closes a position while nothing can be recorded. Its id is one that no start hands out again.
  package mutating func sendUnrecorded(_ request: VenueRequest, now: EngineTime, utc: UTCTime) -> UnrecordedOutcome {
    precondition(
      request.kind == .newOrder && request.opensRisk == 0, "only what closes leaves without a record (INV-10)")
    precondition(isJournalStalled(now), "whatever can be recorded is")
    self.utc = utc
    gate.refresh(now: now)
    let state = gate.state(account: request.account, instrument: request.instrument, venue: request.venue, now: now)
    guard state == .on || state == .paused else {
      counters.gateRefusals += 1
      return .gateShut
    }
    precondition(!written.contains(request.wireID), "wire id \(request.wireID) is written twice (INV-07)")
    guard door.submit(request, now: now, utc: utc) else { return .noRoom }
    _ = written.insert(request.wireID)
    counters.frames += 1
    return .sent
  }

  private mutating func notSent(_ request: VenueRequest) {
    unsent.push(VenueEvent(.notSent, to: request))
    counters.framesNotSent += 1
  }

  // MARK: News

  private mutating func takeUnsent(now: EngineTime, utc: UTCTime) -> Int {
    var taken = 0
    while taken < Self.eventsPerTurn, let first = unsent.first {
      guard submit(.venueEvent, first, now: now, utc: utc) else { break }
      _ = unsent.popFirst()
      taken += 1
    }
    return taken
  }

  private mutating func takeNews(now: EngineTime, utc: UTCTime) -> Int {
    var taken = 0
    while taken < Self.eventsPerTurn {
      // Asked before the event is taken: a fill that was taken has to be recorded.
      guard journal.freeBytes >= Self.stepBytesMax, hasQueueRoom else {
        dropNews(now: now, utc: utc)
        break
      }
      if counters.newsDropped != droppedTold {
        // First of all: the end of an answer whose middle is missing must not count for the whole.
        var gap = ReconcileInput()
        gap.isGap = 1
        guard submit(.reconcile, gap, now: now, utc: utc) else { break }
        droppedTold = counters.newsDropped
        continue
      }
      guard let event = door.poll(now: now, utc: utc) else { break }
      // A new link says nothing about what was missed: all that it serves is read anew.
      if event.kind == .connected { noteMissed(event.account) }
      let isRecorded = submit(.venueEvent, event, now: now, utc: utc)
      precondition(isRecorded, "room was asked for before the event was taken (INV-16)")
      taken += 1
    }
    counters.venueEvents += UInt64(taken)
    return taken
  }

  /// With a ring that is full and a journal that does not move, the venue must not be kept waiting: what it says is
  /// dropped, and asked for once there is room.
  private mutating func dropNews(now: EngineTime, utc: UTCTime) {
    guard isJournalStalled(now), journal.freeBytes < Self.stepBytesMax else { return }
    for _ in 0..<Self.eventsPerTurn {
      guard door.poll(now: now, utc: utc) != nil else { return }
      counters.newsDropped += 1
    }
  }

  /// Marks and trigger fires from the best prices the door shows.
  private mutating func takePrices(now: EngineTime, utc: UTCTime) -> Int {
    watcher.beginLook()
    guard journal.canAcceptNewRisk, !isJournalStalled(now) else { return 0 }
    var taken = 0
    for number in 1..<(machine.instrumentCount + 1) {
      let instrument = InstrumentID(number: UInt16(number))
      let isWatched = machine.watchesPrice(of: instrument)
      guard isWatched || watcher.needsFirst(instrument) else { continue }
      let top = door.top(of: instrument)
      guard top.isValid != 0 else { continue }
      if watcher.marks(instrument, top, isWatched: isWatched, now: now) {
        var input = MarkInput()
        input.market = top
        input.instrument = instrument
        guard submit(.mark, input, now: now, utc: utc) else { return taken }
        taken += 1
      }
      while let fire = watcher.nextFire(instrument, top) {
        guard submit(.triggerFire, fire, now: now, utc: utc) else { return taken }
        refreshTrigger(fire.orderNumber)
        taken += 1
      }
    }
    return taken
  }

  /// Tells the watcher which emulated triggers this input made, moved or ended.
  private mutating func followTriggers() {
    for index in 0..<output.eventCount where output.event(index).typeRaw == RecordType.order.rawValue {
      let image = unsafe output.body(index).loadUnaligned(as: OrderImage.self)
      if image.emulatedRaw != 0 { refreshTrigger(image.orderNumber) }
    }
  }

  private mutating func refreshTrigger(_ orderNumber: UInt64) {
    watcher.set(orderNumber, machine.trigger(of: orderNumber))
  }
}

/// The largest body of a fixed input, in 64-byte steps.
package struct PaddedBody: BitwiseCopyable {
  package var a = (Text64(), Text64(), Text64(), Text64(), Text64(), Text64(), Text64(), Text64())
}
