internal import CCore

/// All granted rings: which of them have commands, what becomes of those, and whose ring is taken away.
///
/// Owner: the hot thread. Waits for no client; all memory is taken at start, but what the rings came with.
@safe struct ClientRings: ~Copyable {
  /// Commands of one ring in one turn.
  static let commandsPerTurn = 32
  static let capacity = Limits.grantCount

  /// For the control thread: a ring was revoked, or let go. Behind it the ring's bell means nothing any more.
  struct Notice: BitwiseCopyable {
    var reply = Reply()
    /// Not to be listened to from here on; -1: stays.
    var bell: Int32 = -1
  }

  private enum Taken { case done, noRoom, garbage }

  private let rings: UnsafeMutablePointer<ClientRing>
  /// Bits of the rings that are there.
  private var granted: UInt64 = 0
  /// Whose ring it is, by the number of the role, as one more than the ring's; 0: nobody's.
  private var holders = InlineArray<256, UInt8>(repeating: 0)
  private var notices = BoundedQueue<Notice>(capacity: 4 * Limits.grantCount)

  init() { unsafe rings = .allocate(capacity: Self.capacity) }

  deinit {
    for slot in 0..<Self.capacity where granted & 1 << UInt64(slot) != 0 {
      unsafe (rings + slot).deinitialize(count: 1)
    }
    unsafe rings.deallocate()
  }

  // MARK: Grants

  /// `recorded`: the last sequence of its role that was taken.
  mutating func open(_ grant: OpenRing, recorded: UInt64) {
    let slot = Int(grant.slot)
    precondition(slot < Self.capacity && granted & 1 << UInt64(slot) == 0, "a place is granted once")
    precondition(holders[grant.role.index] == 0, "a role has one holder")
    unsafe (rings + slot).initialize(to: ClientRing(unsafe: grant, recorded: recorded))
    granted |= 1 << UInt64(slot)
    holders[grant.role.index] = UInt8(slot + 1)
  }

  /// Ends a grant: answered with a notice once nothing of the ring is used any more.
  mutating func close(_ message: CloseRing) {
    let slot = Int(message.slot)
    precondition(slot < Self.capacity && granted & 1 << UInt64(slot) != 0, "what is closed was granted")
    unsafe rings[slot].closing = message.token
    guard let reason = Reason(rawValue: UInt16(truncatingIfNeeded: message.reasonRaw)), reason != .none else { return }
    unsafe rings[slot].show(state: Int(cc_client_revoked), reason)
    unsafe rings[slot].isRevoked = true
  }

  /// The engine ends: clients see it.
  mutating func closeAll() {
    forEach { slot in unsafe rings[slot].show(state: Int(cc_client_closed)) }
  }

  /// The oldest notice; it stays until ``dropNotice()``.
  var notice: Notice? { notices.first }
  mutating func dropNotice() { _ = notices.popFirst() }

  private mutating func revoke(_ slot: Int, _ reason: Reason) {
    unsafe rings[slot].show(state: Int(cc_client_revoked), reason)
    unsafe rings[slot].isRevoked = true
    var notice = Notice()
    notice.reply.token = unsafe rings[slot].grant.token
    notice.reply.outcomeRaw = Reply.Outcome.finished.rawValue
    notice.reply.reasonRaw = reason.rawValue
    notices.push(notice)
  }

  private mutating func letGo(_ slot: Int) {
    var notice = Notice()
    notice.reply.token = unsafe rings[slot].closing
    notice.reply.outcomeRaw = Reply.Outcome.accepted.rawValue
    notice.bell = unsafe rings[slot].grant.bell
    unsafe holders[rings[slot].grant.role.index] = 0
    if unsafe !rings[slot].isRevoked { unsafe rings[slot].show(state: Int(cc_client_closed)) }
    unsafe (rings + slot).deinitialize(count: 1)
    granted &= ~(1 << UInt64(slot))
    notices.push(notice)
  }

  // MARK: Turns

  @inline(__always)
  private func forEach(_ body: (Int) -> Void) {
    var left = granted
    while left != 0 {
      body(left.trailingZeroBitCount)
      left &= left &- 1
    }
  }

  /// Bits of the rings that have something to be looked at: commands, damage, or an end.
  private var pending: UInt64 {
    var bits: UInt64 = 0
    forEach { slot in
      let needsLook = unsafe !rings[slot].isQuiet || rings[slot].closing != 0
      bits |= needsLook ? 1 << UInt64(slot) : 0
    }
    return bits
  }

  /// Before sleep: nothing waits here.
  var isQuiet: Bool { pending == 0 && notices.isEmpty }

  /// From here on clients ring when they have pushed. Announce before the bell does, then look once more.
  func announceSleep() { forEach { slot in unsafe rings[slot].show(isSleeping: true) } }
  func wakeUp() { forEach { slot in unsafe rings[slot].show(isSleeping: false) } }

  /// Runs what clients have put into their rings, in the order of the rings' numbers. Returns how much there was to do.
  mutating func take<Door: VenueDoor & ~Copyable, Gate: FrameGate & ~Copyable>(
    _ agent: inout CoreAgent<Core, Door, Gate>, now: EngineTime, utc: UTCTime
  ) -> Int {
    var work = 0
    var left = pending
    while left != 0, notices.room >= 2 {
      let slot = left.trailingZeroBitCount
      left &= left &- 1
      work += take(slot, &agent, now, utc)
    }
    return work
  }

  private mutating func take<Door: VenueDoor & ~Copyable, Gate: FrameGate & ~Copyable>(
    _ slot: Int, _ agent: inout CoreAgent<Core, Door, Gate>, _ now: EngineTime, _ utc: UTCTime
  ) -> Int {
    var count = 0
    var isBlocked = false
    while count < Self.commandsPerTurn, unsafe !rings[slot].isRevoked, let command = unsafe rings[slot].commands.peek()
    {
      switch run(command, slot, &agent, now, utc) {
      case .done:
        // Only now, when it is in the journal's ring or was refused, may the client use the place again.
        unsafe rings[slot].commands.advance()
        count += 1
        continue
      case .noRoom: isBlocked = true
      case .garbage: revoke(slot, .badCommand)
      }
      break
    }
    if unsafe rings[slot].isDamaged && !rings[slot].isRevoked { revoke(slot, .ringDamaged) }
    let role = unsafe rings[slot].grant.role
    unsafe rings[slot].show(recorded: agent.machine.state.roles[role.index].lastSequence)
    if unsafe rings[slot].closing != 0 && rings[slot].isQuiet {
      letGo(slot)
      return count + 1
    }
    return isBlocked ? count : max(count, unsafe rings[slot].isRevoked ? 1 : 0)
  }

  /// Hands the core's answer to whoever holds the role now.
  mutating func deliver(_ reply: Reply) {
    let holder = Int(holders[reply.role.index & 255])
    guard holder > 0 else { return }
    var image = cc_reply()
    image.sequence = reply.token
    image.outcome =
      switch Reply.Outcome(rawValue: reply.outcomeRaw) {
      case .accepted: UInt64(cc_reply_accepted)
      case .replayed: UInt64(cc_reply_replayed)
      default: UInt64(cc_reply_refused)
      }
    image.reason = UInt64(reply.reasonRaw)
    image.order_number = reply.orderNumber
    unsafe rings[holder - 1].answer(image)
  }

  // MARK: Commands

  private mutating func run<Door: VenueDoor & ~Copyable, Gate: FrameGate & ~Copyable>(
    _ command: cc_command, _ slot: Int, _ agent: inout CoreAgent<Core, Door, Gate>, _ now: EngineTime, _ utc: UTCTime
  ) -> Taken {
    guard let wish = unsafe rings[slot].read(command) else { return .garbage }
    let role = unsafe rings[slot].grant.role
    // The core asks the same; here it costs no record.
    guard command.sequence > agent.machine.state.roles[role.index].lastSequence else {
      return refuse(slot, command.sequence, .sequenceRepeated)
    }
    switch wish {
    case .order(let input): return place(input, slot, &agent, now, utc)
    case .cancel(let input): return cancel(input, slot, &agent, now, utc)
    case .amend(let input): return amend(input, slot, &agent, now, utc)
    }
  }

  private func refuse(_ slot: Int, _ sequence: UInt64, _ reason: Reason) -> Taken {
    unsafe rings[slot].answer(sequence, Int(cc_reply_unrecorded), reason)
    return .done
  }

  private func place<Door: VenueDoor & ~Copyable, Gate: FrameGate & ~Copyable>(
    _ input: RoleOrderInput, _ slot: Int, _ agent: inout CoreAgent<Core, Door, Gate>, _ now: EngineTime, _ utc: UTCTime
  ) -> Taken {
    var input = input
    let sequence = input.stamp.sequence
    guard unsafe rings[slot].spend(now: now) else { return refuse(slot, sequence, .grantRate) }
    let (account, instrument) = (input.order.account.index, input.order.instrument.index)
    guard account > 0, account <= agent.machine.accountCount else { return refuse(slot, sequence, .unknownAccount) }
    guard unsafe rings[slot].grant.accounts.contains(input.order.account) else {
      return refuse(slot, sequence, .outOfScope)
    }
    guard instrument > 0, instrument <= agent.machine.instrumentCount else {
      return refuse(slot, sequence, .unknownInstrument)
    }
    input.order.market = agent.door.top(of: input.order.instrument)
    if let reason = agent.journalRefusal(of: input.order, now: now, utc: utc) { return refuse(slot, sequence, reason) }
    return agent.submit(.roleOrder, input, now: now, utc: utc) ? .done : .noRoom
  }

  private func cancel<Door: VenueDoor & ~Copyable, Gate: FrameGate & ~Copyable>(
    _ input: RoleCancelInput, _ slot: Int, _ agent: inout CoreAgent<Core, Door, Gate>, _ now: EngineTime,
    _ utc: UTCTime
  ) -> Taken {
    let sequence = input.stamp.sequence
    guard let order = agent.machine.findOrder(of: input.stamp.role, input.target) else {
      return refuse(slot, sequence, .unknownOrder)
    }
    let row = agent.machine.state.orders[order]
    // What changes nothing needs no record, however often it is asked for.
    if row.status.isDone || row.cancelRequested != 0 {
      unsafe rings[slot].answer(
        sequence, Int(cc_reply_replayed), row.status.isDone ? .orderDone : .none, order: row.image.orderNumber)
      return .done
    }
    if Unrecorded.isNeeded(agent, now: now) {
      _ = Unrecorded.cancel(order, Scope(), &agent, now, utc)
      unsafe rings[slot].answer(sequence, Int(cc_reply_accepted), .none, order: row.image.orderNumber)
      return .done
    }
    return agent.submit(.roleCancel, input, now: now, utc: utc) ? .done : .noRoom
  }

  private func amend<Door: VenueDoor & ~Copyable, Gate: FrameGate & ~Copyable>(
    _ input: RoleAmendInput, _ slot: Int, _ agent: inout CoreAgent<Core, Door, Gate>, _ now: EngineTime,
    _ utc: UTCTime
  ) -> Taken {
    var input = input
    let sequence = input.stamp.sequence
    guard unsafe rings[slot].spend(now: now) else { return refuse(slot, sequence, .grantRate) }
    guard let order = agent.machine.findOrder(of: input.stamp.role, input.target) else {
      return refuse(slot, sequence, .unknownOrder)
    }
    let row = agent.machine.state.orders[order]
    let grant = unsafe rings[slot].grant
    guard grant.accounts.contains(row.image.account) else { return refuse(slot, sequence, .outOfScope) }
    guard row.mode == .paper || grant.isLive != 0 else { return refuse(slot, sequence, .liveNotAllowed) }
    guard !Unrecorded.isNeeded(agent, now: now) else { return refuse(slot, sequence, .journalDead) }
    input.amend.market = agent.door.top(of: row.image.instrument)
    return agent.submit(.roleAmend, input, now: now, utc: utc) ? .done : .noRoom
  }
}
