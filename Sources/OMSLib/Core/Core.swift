/// The pure, deterministic heart: (state, input) -> (state, events, requests).
///
/// It reads nothing but its state and the record: no clock, no I/O, no randomness, no floating point, no allocation after
/// start. Live, replay, backtest and the simulator run this same code.
///
/// Owner: one driver. `step` is on the order path.
package struct Core: ~Copyable {
  /// Of the rules in here. A change that makes any recorded input produce other events needs a new number.
  package static let version: UInt32 = 11
  /// Of whose snapshots this core can go on. An older version may be named only if each of its tables has the same row
  /// size here and means the same, or `CoreState.load` brings its rows over; a test of the change has to show it.
  package static let loadableVersions: [UInt32] = [6, 7, 8, 9, 10, version]

  package internal(set) var state: CoreState
  /// Where the input under way stands.
  var stamp = StepStamp(time: .zero, utc: .zero, lsn: 0)
  /// When the venue said what is applied, by its own clock; zero where the input is not its word.
  var newsTime = UTCTime.zero

  package init(capacity: CoreCapacity = .standard) {
    state = CoreState(capacity: capacity)
  }

  /// Applies one input. What follows from it is in `output`; the caller has cleared that before.
  ///
  /// - Precondition: `body` holds a whole body of `type`, zero-filled to 64 bytes; time never goes back (INV-12).
  package mutating func step(
    _ type: RecordType, _ body: UnsafeRawPointer, at stamp: StepStamp, into output: inout StepOutput
  ) {
    precondition(type.isInput, "only inputs change the state")
    precondition(stamp.time >= state.globals[0].lastTime, "record time never decreases (INV-12)")
    self.stamp = stamp
    newsTime = .zero
    state.globals[0].lastTime = stamp.time
    state.globals[0].lastUTC = stamp.utc
    state.globals[0].inputCount += 1
    rollDay()
    switch type {
    case .newOrder: newOrder(unsafe body.loadUnaligned(as: NewOrderInput.self), &output)
    case .venueEvent: venueEvent(unsafe body.loadUnaligned(as: VenueEvent.self), &output)
    case .cancelOrder: cancelOrder(unsafe body.loadUnaligned(as: CancelOrderInput.self), &output)
    case .amendOrder: amendOrder(unsafe body.loadUnaligned(as: AmendOrderInput.self), &output)
    case .cancelMany: cancelMany(unsafe body.loadUnaligned(as: CancelManyInput.self), &output)
    case .mark: mark(unsafe body.loadUnaligned(as: MarkInput.self), &output)
    case .timer: fireTimers(&output)
    case .proceed: proceed(&output)
    case .triggerFire: triggerFire(unsafe body.loadUnaligned(as: TriggerFireInput.self), &output)
    case .roleOrder: roleOrder(unsafe body.loadUnaligned(as: RoleOrderInput.self), &output)
    case .roleCancel: roleCancel(unsafe body.loadUnaligned(as: RoleCancelInput.self), &output)
    case .roleAmend: roleAmend(unsafe body.loadUnaligned(as: RoleAmendInput.self), &output)
    default: unsafe administer(type, body, &output)
    }
    state.commit()
  }

  /// The inputs that are not on the order path.
  private mutating func administer(_ type: RecordType, _ body: UnsafeRawPointer, _ output: inout StepOutput) {
    switch type {
    case .start: start(unsafe body.loadUnaligned(as: StartInput.self), &output)
    case .defineAsset: define(unsafe body.loadUnaligned(as: DefineAssetInput.self))
    case .defineVenue: define(unsafe body.loadUnaligned(as: DefineVenueInput.self))
    case .defineInstrument: define(unsafe body.loadUnaligned(as: Instrument.self))
    case .defineAccount: define(unsafe body.loadUnaligned(as: DefineAccountInput.self))
    case .defineStrategy: define(unsafe body.loadUnaligned(as: DefineStrategyInput.self))
    case .openRole: openRole(unsafe body.loadUnaligned(as: OpenRoleInput.self), &output)
    case .setTrading: setTrading(unsafe body.loadUnaligned(as: SetTradingInput.self), &output)
    case .setLimit: setLimit(unsafe body.loadUnaligned(as: SetLimitInput.self), &output)
    case .setAccount: setAccount(unsafe body.loadUnaligned(as: SetAccountInput.self), &output)
    case .clockOffset: clockOffset(unsafe body.loadUnaligned(as: ClockOffsetInput.self), &output)
    case .reconcile: reconcile(unsafe body.loadUnaligned(as: ReconcileInput.self), &output)
    case .gate: setTrading(unsafe body.loadUnaligned(as: SetTradingInput.self), &output)
    case .acknowledgeAlarm: acknowledge(unsafe body.loadUnaligned(as: AlarmInput.self), &output)
    case .setText: setText(unsafe body.loadUnaligned(as: SetTextInput.self))
    case .idIndex: state.globals[0].idIndexLsn = unsafe body.loadUnaligned(as: IDIndexInput.self).lsn
    // What it changes are inputs of their own.
    case .configuration: break
    default: preconditionFailure("input type without a rule")
    }
  }

  /// When a `timer` input is due; `.never` when nothing waits for time.
  package var nextDue: EngineTime { state.due.first?.time ?? .never }

  /// Whether `proceed` inputs are needed to finish bulk work.
  package var hasUnfinishedWork: Bool {
    for i in 0..<CoreState.bulkCount where state.bulks[i].isActive != 0 { return true }
    return false
  }

  private mutating func rollDay() {
    let day: Int64 = 86_400_000_000_000
    guard stamp.utc.nanoseconds - state.globals[0].dayStart.nanoseconds >= day else { return }
    let start = UTCTime(nanoseconds: stamp.utc.nanoseconds - stamp.utc.nanoseconds % day)
    guard start > state.globals[0].dayStart else { return }
    state.globals[0].dayStart = start
    for i in 0..<Int(state.globals[0].accountCount) {
      state.accounts[i + 1].realisedToday = .zero
      state.accounts[i + 1].feesToday = .zero
      state.accounts[i + 1].fundingToday = .zero
      state.accounts[i + 1].unrealisedDayStart = state.accounts[i + 1].unrealised
    }
    for i in 0..<Int(state.globals[0].strategyCount) { state.strategies[i + 1].realisedToday = .zero }
  }
}

// MARK: Events and replies

extension Core {
  mutating func nextSeq() -> UInt64 {
    let seq = state.globals[0].nextSeq
    state.globals[0].nextSeq = seq + 1
    return seq
  }

  /// Exports the order in `slot` as it is now.
  mutating func emitOrder(_ slot: Int, _ output: inout StepOutput) {
    state.orders[slot].image.updated = stamp.utc
    precondition(
      state.orders[slot].image.filled >= 0 && state.orders[slot].image.filled <= state.orders[slot].image.quantity,
      "0 <= filled <= quantity (INV-03)")
    let seq = nextSeq()
    state.orders[slot].image.seqLow = UInt32(truncatingIfNeeded: seq)
    // The image is the row's beginning.
    unsafe output.emit(.order, seq: seq, bytes: state.orders.bytes(of: slot, MemoryLayout<OrderImage>.size))
  }

  mutating func notice(
    _ kind: NoticeKind, _ level: NoticeLevel, _ output: inout StepOutput, _ fill: (inout NoticeImage) -> Void = { _ in }
  ) {
    var image = NoticeImage()
    image.kindRaw = kind.rawValue
    image.levelRaw = level.rawValue
    image.modeRaw = state.globals[0].modeRaw
    fill(&image)
    output.emit(.notice, seq: nextSeq(), image)
  }

  /// A class 1 alarm: new risk stops until somebody acknowledges it (INV-24).
  mutating func raiseAlarm(_ output: inout StepOutput, _ fill: (inout NoticeImage) -> Void) {
    if state.globals[0].openAlarm == 0 { state.globals[0].alarmSince = stamp.time }
    state.globals[0].openAlarm += 1
    notice(.alarm, .alarm, &output, fill)
  }

  func refuse(_ token: UInt64, _ verdict: Verdict, order: UInt64 = 0, _ output: inout StepOutput) {
    guard token != 0 else { return }
    var reply = Reply()
    reply.token = token
    reply.outcomeRaw = Reply.Outcome.refused.rawValue
    reply.reasonRaw = verdict.reason.rawValue
    reply.limitValue = verdict.limit
    reply.limitUsed = verdict.used
    reply.limitScopeRaw = verdict.scope.rawValue
    reply.orderNumber = order
    output.reply(reply)
  }

  func answer(
    _ token: UInt64, _ outcome: Reply.Outcome, order: UInt64 = 0, count: UInt32 = 0, reason: Reason = .none,
    _ output: inout StepOutput
  ) {
    guard token != 0 else { return }
    var reply = Reply()
    reply.token = token
    reply.outcomeRaw = outcome.rawValue
    reply.orderNumber = order
    reply.count = count
    reply.reasonRaw = reason.rawValue
    output.reply(reply)
  }
}
