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
      let file = agent.settings.limits.first {
        $0.kind == kind && $0.scope == target.scope
          && ($0.target == target.name || $0.target == "*" || $0.target.isEmpty)
      }
      let source = file?.source ?? (cell.isSet != 0 ? "command" : "default")
      data(
        agent,
        objects.risk(scope: target.scope.word, name: target.name ?? "all", kind: kind, cell, source: source))
    }
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

/// `risk set` and `risk reset` of one limit.
final class RiskSetJob: Job {
  private let request: RiskSetRequest
  private let isReset: Bool
  private var tokens: [UInt64]?

  init(_ agent: ControlAgent, _ client: ClientID?, _ number: UInt64, _ request: RiskSetRequest, isReset: Bool) {
    self.request = request
    self.isReset = isReset
    super.init(agent, client, number, timeout: nil)
  }

  override func wants(_ token: UInt64) -> Bool { tokens?.contains(token) == true }

  override func step(_ agent: ControlAgent) -> Bool {
    do throws(RequestError) {
      if tokens == nil { tokens = try ask(agent) }
      for token in tokens ?? [] {
        guard let reply = agent.takeAnswer(token) else { continue }
        tokens?.removeAll { $0 == token }
        guard reply.outcomeRaw != Reply.Outcome.refused.rawValue else {
          throw Refusals.error(reply, account: nil, symbol: nil, id: nil)
        }
      }
      guard tokens?.isEmpty == true else {
        guard isLate(agent) else { return false }
        throw RequestError("outcome.unknown", exit: 30, "the change of the limit was not confirmed in time")
      }
      return end(agent, exit: 0)
    } catch {
      return fail(agent, error)
    }
  }

  private func ask(_ agent: ControlAgent) throws(RequestError) -> [UInt64] {
    guard let kind = LimitKind.allCases.first(where: { $0.word == request.limit }) else {
      throw .usage("value", "unknown limit '\(request.limit ?? "")'")
    }
    var value = Money.zero
    if !isReset {
      guard let text = request.value else { throw .usage("member", "member 'value' is missing") }
      guard let money = try Resolver.decimal(text, "value").money(.halfEven) else {
        throw .usage("decimal", "value '\(text)' is too large")
      }
      value = money
    }
    guard agent.settings.mode == .paper || request.consent.yes else {
      throw RequestError("confirm.scope", exit: 12, "changing limits of a live engine: confirm it", hint: "say --yes")
    }
    var tokens: [UInt64] = []
    for (scope, number, mode) in try targets(agent) {
      var input = SetLimitInput()
      input.value = value
      input.kindRaw = kind.rawValue
      input.scopeRaw = scope.rawValue
      input.target = number
      input.modeRaw = mode.rawValue
      input.isReset = isReset ? 1 : 0
      input.token = agent.makeToken()
      tokens.append(input.token)
      agent.ask(HotMessage(.setLimit, input))
    }
    return tokens
  }

  private func targets(_ agent: ControlAgent) throws(RequestError) -> [(LimitScope, UInt16, Mode)] {
    guard let account = request.selection.account else { return [(.total, 0, agent.settings.mode)] }
    return try agent.resolver.accounts(account).map {
      (.account, $0.number, agent.view.names.accounts[$0.index].mode)
    }
  }
}
