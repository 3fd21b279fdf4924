/// `risk show`: every limit at every scope asked for, with where it comes from.
final class RiskShowJob: Job {
  private struct Target {
    var scope: LimitScope
    var number: Int
    var name: String?
    var mode: Mode
    var read: RowCopy<LimitCell>
  }

  private let request: StateRequest
  private var targets: [Target] = []
  private var next = 0

  init(_ agent: ControlAgent, _ client: ClientID?, _ number: UInt64, _ request: StateRequest) {
    self.request = request
    super.init(agent, client, number, timeout: nil)
  }

  override func wants(_ token: UInt64) -> Bool { next < targets.count && targets[next].read.wants(token) }

  override func step(_ agent: ControlAgent) -> Bool {
    do throws(RequestError) {
      if targets.isEmpty { try resolve(agent) }
      while next < targets.count {
        guard targets[next].read.step(agent) else {
          guard isLate(agent) else { return false }
          throw RequestError("engine.stalled", exit: 16, "the engine did not answer in time")
        }
        show(agent, targets[next])
        next += 1
      }
      return end(agent, exit: 0)
    } catch {
      return fail(agent, error)
    }
  }

  private func resolve(_ agent: ControlAgent) throws(RequestError) {
    if request.selection.account == nil {
      let modes: [Mode] = agent.settings.mode == .live ? [.paper, .live] : [.paper]
      for mode in modes { targets.append(Self.target(.total, 0, nil, mode)) }
    }
    for account in try agent.resolver.accounts(request.selection.account) {
      let row = agent.view.names.accounts[account.index]
      targets.append(Self.target(.account, account.index, row.name, row.mode))
    }
  }

  private static func target(_ scope: LimitScope, _ number: Int, _ name: String?, _ mode: Mode) -> Target {
    Target(
      scope: scope, number: number, name: name, mode: mode,
      read: RowCopy(
        .limits, first: 0, limit: LimitKind.allCases.count,
        argument: UInt64(scope.rawValue) << 40 | UInt64(mode.rawValue) << 32 | UInt64(number)))
  }

  private func show(_ agent: ControlAgent, _ target: Target) {
    let objects = StateObjects(names: agent.view.names, utc: agent.utc)
    for cell in target.read.rows where cell.value < Money(units: .max / 4) {
      guard let kind = LimitKind(rawValue: cell.kindRaw), cell.isBreached || !request.breached else { continue }
      let source = source(of: cell, kind, target, agent.settings)
      let place = LimitPlace(kind: kind, scope: target.scope, target: UInt16(target.number), mode: target.mode)
      let timed = place.timed(cell.value, until: .zero, agent.view.names)
      let until = timed.flatMap { timed in agent.timedLimits.all.first { $0.isAbout(timed) && $0.value == cell.value } }
      data(
        agent,
        objects.risk(
          scope: target.scope.word, name: target.name ?? "all", kind: kind, cell, source: source,
          until: source == Self.command ? until?.until : nil))
    }
  }

  private static let command = "command"

  /// What is in force comes from the file only while it is what the file says: a command may have changed it since.
  private func source(of cell: LimitCell, _ kind: LimitKind, _ target: Target, _ settings: EngineSettings) -> String {
    let limits = settings.limits.filter { $0.kind == kind && $0.scope == target.scope && $0.asset.isEmpty }
    if let own = limits.last(where: { $0.target == target.name ?? "" }) {
      return own.value == cell.value ? own.source : Self.command
    }
    if cell.isSet != 0 { return Self.command }
    return limits.last { $0.target == "*" }?.source ?? "default"
  }
}

/// One limit as the hot thread copies it.
struct LimitCell: BitwiseCopyable {
  var value = Money.zero
  var used = Money.zero
  var kindRaw: UInt8 = 0
  var isSet: UInt8 = 0
  /// 0: single orders are held against this limit, or it is not of this scope.
  var hasUse: UInt8 = 0
  var reserved: (UInt8, UInt32, UInt64) = (0, 0, 0)

  var use: Money? { hasUse == 0 ? nil : used }

  /// Whether what is used now lies beyond the limit: of the distance to liquidation below it.
  var isBreached: Bool {
    guard hasUse != 0 else { return false }
    return kindRaw == LimitKind.minLiquidationDistance.rawValue ? used < value : used > value
  }
}

/// `risk set` of one limit, `risk reset` of one or of all: back to what the files say, else to the built-in value.
final class RiskSetJob: Job {
  private let request: RiskSetRequest
  private let isReset: Bool
  private var tokens: [UInt64]?
  private var places: [LimitPlace] = []
  private var until: UTCTime?
  private var value = Money.zero
  /// What holds now, where real money is concerned and nobody has said that it is meant.
  private var current: [RowCopy<LimitCell>] = []
  /// As the file has these places once they are changed, and as it had them before.
  private var timed: [TimedLimit] = []
  private var before: [TimedLimit] = []

  init(_ agent: ControlAgent, _ client: ClientID?, _ number: UInt64, _ request: RiskSetRequest, isReset: Bool) {
    self.request = request
    self.isReset = isReset
    super.init(agent, client, number, timeout: nil)
  }

  override func wants(_ token: UInt64) -> Bool {
    tokens?.contains(token) == true || current.contains { $0.wants(token) }
  }

  override func step(_ agent: ControlAgent) -> Bool {
    do throws(RequestError) {
      if places.isEmpty { try prepare(agent) }
      if tokens == nil {
        guard current.allSatisfy({ $0.step(agent) }) else { return false }
        try demandConsent()
        current = []
        tokens = try send(agent)
      }
      for token in tokens ?? [] {
        guard let reply = agent.takeAnswer(token) else { continue }
        tokens?.removeAll { $0 == token }
        guard reply.outcomeRaw != Reply.Outcome.refused.rawValue else {
          try keep(before, agent)
          throw Refusals.error(reply, account: nil, symbol: nil, id: nil)
        }
      }
      guard tokens?.isEmpty == true else {
        guard isLate(agent) else { return false }
        throw RequestError("outcome.unknown", exit: 30, "the change of the limit was not confirmed in time")
      }
      try keep(until == nil ? [] : timed, agent)
      return end(agent, exit: 0)
    } catch {
      return fail(agent, error)
    }
  }

  private func prepare(_ agent: ControlAgent) throws(RequestError) {
    let kinds = try kinds()
    until = try Resolver.time(request.until, now: agent.utc)
    if let until, !(agent.utc < until) { throw .usage("time", "until '\(request.until ?? "")' is past") }
    if !isReset {
      guard let text = request.value else { throw .usage("member", "member 'value' is missing") }
      guard let money = try Resolver.decimal(text, "value").money(.halfEven) else {
        throw .usage("decimal", "value '\(text)' is too large")
      }
      value = money
    }
    let isMeant = (try? request.consent.demandScope(of: request.selection, "")) != nil
    for (scope, number, mode) in try targets(agent) {
      for kind in kinds { places.append(LimitPlace(kind: kind, scope: scope, target: number, mode: mode)) }
      guard mode == .live, !isMeant else { continue }
      current.append(
        RowCopy(
          .limits, first: 0, limit: LimitKind.allCases.count,
          argument: UInt64(scope.rawValue) << 40 | UInt64(mode.rawValue) << 32 | UInt64(number)))
    }
  }

  /// Tightening asks nothing; what lets more risk in than now has to be meant.
  private func demandConsent() throws(RequestError) {
    let loosens = current.contains { copy in
      copy.rows.contains { cell in
        guard let kind = places.first(where: { $0.kind.rawValue == cell.kindRaw })?.kind else { return false }
        return isReset || (kind == .minLiquidationDistance ? value < cell.value : cell.value < value)
      }
    }
    guard loosens else { return }
    try request.consent.demandScope(of: request.selection, "this loosens a limit of real money")
  }

  private func send(_ agent: ControlAgent) throws(RequestError) -> [UInt64] {
    try noteTimes(value, agent)
    return places.map { place in
      var input = isReset ? place.configured(agent.settings, agent.view.names) : place.input
      if !isReset { input.value = value }
      input.until = until ?? .zero
      input.token = agent.makeToken()
      agent.ask(HotMessage(.setLimit, input))
      return input.token
    }
  }

  /// The file knows the time before anything changes; where it has one already, the earlier of both until the change is
  /// confirmed. Whatever becomes of this engine, no limit stays longer than somebody asked for.
  private func noteTimes(_ value: Money, _ agent: ControlAgent) throws(RequestError) {
    let names = agent.view.names
    timed = places.compactMap { $0.timed(value, until: until ?? .zero, names) }
    before = agent.timedLimits.all.filter { old in timed.contains { $0.isAbout(old) } }
    guard until != nil else { return }
    try keep(
      timed.map { limit in
        var limit = limit
        if let old = before.first(where: { $0.isAbout(limit) }) { limit.until = min(limit.until, old.until) }
        return limit
      }, agent)
  }

  private func keep(_ limits: [TimedLimit], _ agent: ControlAgent) throws(RequestError) {
    do throws(SystemError) {
      try agent.timedLimits.replace(timed, with: limits)
    } catch {
      throw RequestError(
        "io.state", exit: 1,
        "until when limits hold cannot be written (\(error.call), errno \(error.errno)); see `oms risk show`")
    }
  }

  private func kinds() throws(RequestError) -> [LimitKind] {
    guard let name = request.limit else {
      guard isReset else { throw .usage("member", "member 'limit' is missing") }
      return LimitKind.allCases
    }
    guard let kind = LimitKind.allCases.first(where: { $0.word == name }) else {
      throw .usage("value", "unknown limit '\(name)'", hint: "oms risk show")
    }
    return [kind]
  }

  /// One scope at a time: limits of an account in one symbol do not exist.
  private func targets(_ agent: ControlAgent) throws(RequestError) -> [(LimitScope, UInt16, Mode)] {
    let scope = request.selection
    guard [scope.account, scope.symbol, scope.strategy, scope.venue].count(where: { $0 != nil }) <= 1 else {
      throw .usage("value", "a limit has one scope: an account, a symbol, a strategy or a venue")
    }
    if let account = scope.account {
      return try agent.resolver.accounts(account).map {
        (.account, $0.number, agent.view.names.accounts[$0.index].mode)
      }
    }
    let selected = try agent.resolver.selected(scope)
    let place: (LimitScope, UInt16) =
      if !selected.instrument.isNone {
        (.instrument, selected.instrument.number)
      } else if !selected.strategy.isNone {
        (.strategy, selected.strategy.number)
      } else if !selected.venue.isNone { (.venue, selected.venue.number) } else { (.total, 0) }
    let modes: [Mode] = agent.settings.mode == .live ? Mode.allCases : [.paper]
    return modes.map { (place.0, place.1, $0) }
  }
}
