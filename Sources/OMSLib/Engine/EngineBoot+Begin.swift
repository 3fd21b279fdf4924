internal import Synchronization

/// What the gate's names mean. The hot thread reads them when the gate has changed; the control thread replaces them when
/// the configuration does.
final class GateNames: Sendable {
  private let current = Mutex(NameDirectory())

  var names: NameDirectory {
    get { current.withLock { $0 } }
    set { current.withLock { $0 = newValue } }
  }

  func target(_ scope: GateScope) -> GateTarget? {
    let names = names
    var target = GateTarget()
    switch scope.kind {
    case .everything: return target
    case .venue: target.venue = names.venueID(named: scope.name) ?? .none
    case .account: target.account = names.accountID(named: scope.name) ?? .none
    case .strategy: target.strategy = names.strategyID(named: scope.name) ?? .none
    case .symbol:
      target.instrument = names.instruments.first { $0.name.description == scope.name }?.id ?? .none
    }
    return target == GateTarget() ? nil : target
  }
}

extension EngineBoot {
  private static let readyNanoseconds: Int64 = 5_000_000_000
  /// While a network is silent.
  private static let restNanoseconds: Int64 = 2_000_000

  /// The first inputs of a run: start, new names, limits, the gate as it is, and a comparison of every account.
  mutating func begin(
    _ options: EngineOptions, _ identity: JournalIdentity, _ definitions: Definitions, _ gateNames: GateNames
  ) throws(EngineFailure) {
    var names = view.names
    try enter(.start, start(options, identity), &names)
    let configuration = RecordedConfiguration(options.settings, number: UInt64(journal.ring.epoch) << 32)
    for part in configuration.blob.parts { try note(.blob, part) }
    try note(.commit, configuration.blob.commit)
    try enter(.configuration, configuration.input(isReload: false), &names)
    // A calendar that went back while nobody looked.
    let last = journal.report.end.utc
    if journal.report.end.lsn > 0, clock.utc < last {
      let step = ClockStep.input(clock.utc.nanoseconds - last.nanoseconds)
      if step.isAlarm == ClockOffsetInput.alarm { try enter(.clockOffset, step, &names) }
    }
    var index = IDIndexInput()
    index.lsn = ids.completeLsn
    if index.lsn != agent.machine.state.global.idIndexLsn { try enter(.idIndex, index, &names) }
    for input in definitions.assets { try enter(.defineAsset, input, &names) }
    for input in definitions.venues { try enter(.defineVenue, input, &names) }
    for input in definitions.instruments { try enter(.defineInstrument, input, &names) }
    for input in definitions.accounts { try enter(.defineAccount, input, &names) }
    for input in definitions.strategies { try enter(.defineStrategy, input, &names) }
    for input in Definitions.limits(options.settings, names) { try enter(.setLimit, input, &names) }
    for input in timedInputs(options.settings, names) { try enter(.setLimit, input, &names) }
    try wires.connect(&agent.door, names, options.settings, clock)
    register(names)
    try wires.startLookup()
    gateNames.names = names
    agent.gate.reader.namesChanged()
    GateSync.bring(&agent, to: agent.gate.reader.reading, now: clock.now, utc: clock.utc)
    for (index, account) in names.accounts.enumerated().dropFirst() where !account.isRemoved && !account.name.isEmpty {
      var input = ReconcileInput()
      input.account = AccountID(number: UInt16(index))
      // An account that has no books yet takes over what it finds.
      input.fixes = index >= view.names.accounts.count ? 1 : 0
      try enter(.reconcile, input, &names)
    }
    settle(names)
  }

  private func start(_ options: EngineOptions, _ identity: JournalIdentity) -> StartInput {
    var input = StartInput()
    input.epoch = journal.ring.epoch
    input.tag = identity.tag
    input.coreVersion = options.core.number
    input.modeRaw = options.settings.mode.rawValue
    input.strict = options.durability == .strict ? 1 : 0
    input.mayHaveLost = journal.report.mayHaveLost ? 1 : 0
    return input
  }

  private mutating func enter<Body: BitwiseCopyable>(
    _ type: RecordType, _ body: Body, _ names: inout NameDirectory
  ) throws(EngineFailure) {
    unsafe withUnsafeBytes(of: body) { unsafe names.apply(type, $0) }
    // The journal thread does not run yet: whoever fills the ring empties it.
    for _ in 0..<1_000 {
      if agent.submit(type, body, now: clock.now, utc: clock.utc) { return }
      flush()
    }
    throw EngineFailure(1, "io.journal", "the journal takes no more records while starting")
  }

  private mutating func note<Body: BitwiseCopyable>(_ type: RecordType, _ body: Body) throws(EngineFailure) {
    for _ in 0..<1_000 {
      let isDone = unsafe withUnsafeBytes(of: body) { unsafe agent.note(type, $0, now: clock.now, utc: clock.utc) }
      if isDone { return }
      flush()
    }
    throw EngineFailure(1, "io.journal", "the journal takes no more records while starting")
  }

  private mutating func flush() {
    agent.publish()
    _ = exchangeJournal?.writer?.poll(now: clock.now, utc: clock.utc)
    _ = journal.writer?.poll(now: clock.now, utc: clock.utc)
  }

  private mutating func register(_ names: NameDirectory) {
    for (index, asset) in names.assets.enumerated().dropFirst() {
      agent.door.register(asset: AssetID(number: UInt16(index)), name: Text32(asset.name) ?? Text32())
    }
    for rules in names.instruments.dropFirst() where !rules.id.isNone {
      agent.door.register(instrument: rules, at: names.venue(rules.venue) ?? "")
    }
    for (index, account) in names.accounts.enumerated().dropFirst() where !account.isRemoved {
      agent.door.register(
        account: AccountID(number: UInt16(index)), name: Text64(account.name) ?? Text64(), venue: account.venue)
    }
  }

  /// Works until every account is open, for a few seconds at most: an account that stays closed refuses by itself.
  private mutating func settle(_ names: NameDirectory) {
    let end = clock.now.advanced(byNanoseconds: Self.readyNanoseconds)
    let descriptors = agent.door.descriptors
    let network = descriptors.isEmpty ? nil : try? DescriptorWait(descriptors)
    while clock.now < end, agent.door.mayAnswer(at: clock.now) {
      let work = agent.poll(now: clock.now, utc: clock.utc)
      flush()
      while agent.takeReply() != nil {}
      let isOpen = names.accounts.indices.dropFirst().allSatisfy { index in
        let account = names.accounts[index]
        return account.isRemoved || account.name.isEmpty || agent.machine.state.accounts[index].isOpen != 0
          || !agent.door.serves(AccountID(number: UInt16(index)))
      }
      if isOpen && work == 0 && !agent.machine.hasUnfinishedWork { return }
      guard work == 0 else { continue }
      let now = clock.now
      switch network {
      case .some(let wait):
        wait.wait(until: min(agent.nextDue, now.advanced(byNanoseconds: Self.restNanoseconds)), now: now)
      case .none: break
      }
    }
  }
}

/// Brings the core into line with the gate file: the stricter of the two counts, and what is killed is cancelled.
enum GateSync {
  static func bring<Door: VenueDoor & ~Copyable, Gate: FrameGate & ~Copyable>(
    _ agent: inout CoreAgent<Core, Door, Gate>, to reading: GateReading, now: EngineTime, utc: UTCTime
  ) {
    if reading.trouble != .none {
      var input = SetTradingInput()
      input.stateRaw = TradingState.halted.rawValue
      input.reason = Text64("the gate file is damaged") ?? Text64()
      if current(agent.machine, Scope()) < .halted { _ = agent.submit(.gate, input, now: now, utc: utc) }
      return
    }
    for entry in reading.entries {
      guard let target = entry.target else { continue }
      var input = SetTradingInput()
      input.scope = Scope(
        account: target.account, instrument: target.instrument, strategy: target.strategy, venue: target.venue)
      guard current(agent.machine, input.scope) < entry.state else { continue }
      input.stateRaw = entry.state.rawValue
      input.cancelsOrders = entry.state == .killed ? 1 : 0
      _ = agent.submit(.gate, input, now: now, utc: utc)
    }
  }

  private static func current(_ core: borrowing Core, _ scope: Scope) -> TradingState {
    let raw: UInt8
    if !scope.account.isNone {
      raw = core.state.accounts[scope.account.index].tradingRaw
    } else if !scope.instrument.isNone {
      raw = core.state.instruments[scope.instrument.index].tradingRaw
    } else if !scope.strategy.isNone {
      raw = core.state.strategies[scope.strategy.index].tradingRaw
    } else if !scope.venue.isNone {
      raw = core.state.venues[scope.venue.index].tradingRaw
    } else {
      raw = core.state.global.tradingRaw
    }
    return TradingState(rawValue: raw) ?? .halted
  }
}
