internal import CCore

/// A ring as it was granted: from the control thread to the hot one.
struct OpenRing: BitwiseCopyable {
  /// Answers say this when the ring was opened, and again if it is revoked.
  var token: UInt64 = 0
  var address: UInt64 = 0
  /// What its orders carry.
  var session: UInt64 = 0
  /// Between two commands that are not cancels, on average.
  var intervalNanoseconds: Int64 = 0
  var accounts = AccountSet()
  var bell: Int32 = -1
  var role = RoleID.none
  var slot: UInt8 = 0
  /// 1: orders of live accounts may leave.
  var isLive: UInt8 = 0
}

/// The end of a grant. Without a reason what lies in the ring is run first.
struct CloseRing: BitwiseCopyable {
  var token: UInt64 = 0
  var slot: UInt64 = 0
  var reasonRaw: UInt64 = 0
}

/// Accounts by number.
struct AccountSet: BitwiseCopyable {
  private var words = InlineArray<20, UInt64>(repeating: 0)

  mutating func insert(_ account: AccountID) {
    precondition(account.index < Limits.accountCount && Limits.accountCount <= 20 * 64, "a number that is given out")
    words[account.index >> 6] |= 1 << UInt64(account.index & 63)
  }

  func contains(_ account: AccountID) -> Bool {
    account.index < Limits.accountCount && words[account.index >> 6] & 1 << UInt64(account.index & 63) != 0
  }
}

/// The engine's ends of one granted ring. What stands in its memory is believed only once it was copied and checked.
///
/// Owner: the hot thread.
@safe struct ClientRing: ~Copyable {
  /// So much of its rate may be used at once.
  private static let burstNanoseconds: Int64 = 1_000_000_000

  let grant: OpenRing
  var commands: RingConsumer<cc_command>
  private var replies: RingProducer<cc_reply>
  private let header: UnsafeMutablePointer<cc_client_header>
  /// Answers that the ring had no room for.
  private(set) var dropped: UInt64 = 0
  /// When its rate is used up to now (GCRA).
  private var rateTime = EngineTime.zero
  private var recorded: UInt64 = 0
  /// Of the question whose answer is that the ring is empty and let go; 0: it is not being closed.
  var closing: UInt64 = 0
  var isRevoked = false

  /// The caller promises the memory of a `ClientMemory` at `grant.address`, as long as this value lives.
  init(unsafe grant: OpenRing, recorded: UInt64) {
    guard let base = unsafe UnsafeMutableRawPointer(bitPattern: UInt(grant.address)) else {
      preconditionFailure("a ring has memory")
    }
    self.grant = grant
    self.recorded = recorded
    unsafe header = base.assumingMemoryBound(to: cc_client_header.self)
    unsafe commands = RingConsumer(
      ClientMemory.commands, unsafeAt: base + cc_client_commands_offset(), onDamage: .refuse)
    unsafe replies = RingProducer(
      ClientMemory.replies, unsafeAt: base + cc_client_replies_offset(), onDamage: .refuse)
  }

  /// Nothing to read, and nothing wrong.
  var isQuiet: Bool { isRevoked || commands.isUntouched }

  var isDamaged: Bool { commands.isDamaged || replies.isDamaged }

  // MARK: Telling

  mutating func answer(_ reply: cc_reply) {
    guard !isRevoked else { return }
    var reply = reply
    reply.recorded = recorded
    reply.dropped = dropped
    guard !replies.tryPush(reply) else { return }
    dropped += 1
    unsafe cc_client_store_dropped(header, dropped)
  }

  mutating func answer(_ sequence: UInt64, _ outcome: Int, _ reason: Reason, order: UInt64 = 0) {
    var reply = cc_reply()
    reply.sequence = sequence
    reply.outcome = UInt64(outcome)
    reply.reason = UInt64(reason.rawValue)
    reply.order_number = order
    answer(reply)
  }

  mutating func show(recorded sequence: UInt64) {
    guard sequence != recorded else { return }
    recorded = sequence
    unsafe cc_client_store_recorded(header, sequence)
  }

  func show(state: Int, _ reason: Reason = .none) {
    unsafe cc_client_store_state(header, UInt64(state), UInt64(reason.rawValue))
  }

  func show(isSleeping: Bool) { unsafe cc_client_store_sleeping(header, isSleeping ? 1 : 0) }

  // MARK: Rate

  /// Whether one more order or change is within the rate; then it is counted.
  mutating func spend(now: EngineTime) -> Bool {
    let next = max(rateTime, now).advanced(byNanoseconds: grant.intervalNanoseconds)
    guard next.nanoseconds - now.nanoseconds <= Self.burstNanoseconds else { return false }
    rateTime = next
    return true
  }
}

// MARK: Reading

extension ClientRing {
  /// What a command asks for.
  enum Wish {
    case order(RoleOrderInput)
    case cancel(RoleCancelInput)
    case amend(RoleAmendInput)
  }

  /// `nil`: no client that uses the header writes such values.
  func read(_ command: cc_command) -> Wish? {
    guard command.sequence > 0, command.sequence <= RoleStamp.sequenceMax, command.reserved == 0 else { return nil }
    let stamp = RoleStamp(grant.role, command.sequence)
    switch command.kind {
    case UInt64(cc_command_order): return order(command, stamp).map { .order($0) }
    case UInt64(cc_command_cancel):
      guard hasNoTerms(command), command.price == 0, command.stop_price == 0, command.quantity == 0 else { return nil }
      var input = RoleCancelInput(stamp)
      input.target = command.target
      return .cancel(input)
    case UInt64(cc_command_amend):
      guard hasNoTerms(command), command.price >= 0, command.stop_price >= 0, command.quantity >= 0 else { return nil }
      var input = RoleAmendInput(stamp)
      input.target = command.target
      input.amend.price = command.price
      input.amend.stopPrice = command.stop_price
      input.amend.quantity = command.quantity
      input.amend.mayReplace = 1
      return .amend(input)
    default: return nil
    }
  }

  private func hasNoTerms(_ command: cc_command) -> Bool {
    command.account | command.instrument | command.strategy | command.side | command.order_kind
      | command.time_in_force | command.flags | command.position_side == 0
  }

  private func order(_ command: cc_command, _ stamp: RoleStamp) -> RoleOrderInput? {
    let flags = OrderFlags([.postOnly, .reduceOnly])
    guard let account = UInt16(exactly: command.account), let instrument = UInt16(exactly: command.instrument),
      let strategy = UInt16(exactly: command.strategy),
      let side = UInt8(exactly: command.side).flatMap({ Side(rawValue: $0) }),
      let kind = UInt8(exactly: command.order_kind).flatMap({ OrderKind(rawValue: $0) }), kind != .trailingStop,
      let force = UInt8(exactly: command.time_in_force).flatMap({ TimeInForce(rawValue: $0) }), force != .gtd,
      let position = UInt8(exactly: command.position_side).flatMap({ PositionSide(rawValue: $0) }),
      command.flags & ~UInt64(flags.rawValue) == 0, command.target == 0
    else { return nil }
    var input = RoleOrderInput(stamp)
    input.order.account = AccountID(number: account)
    input.order.instrument = InstrumentID(number: instrument)
    input.order.strategy = StrategyID(number: strategy)
    input.order.sideRaw = side.rawValue
    input.order.kindRaw = kind.rawValue
    input.order.timeInForceRaw = force.rawValue
    input.order.positionSideRaw = position.rawValue
    input.order.flagsRaw = UInt16(command.flags) | (grant.isLive != 0 ? OrderFlags.liveAllowed.rawValue : 0)
    input.order.price = command.price
    input.order.stopPrice = command.stop_price
    input.order.quantity = command.quantity
    input.order.session = grant.session
    return input
  }
}
