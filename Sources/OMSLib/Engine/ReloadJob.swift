/// A new configuration for a running engine: read and checked as a whole, then applied as a whole, or nothing is changed.
///
/// Accounts, groups, strategies, routing and limits change while it runs. A file that changes anything else is refused:
/// it needs a restart.
final class ReloadJob: Job {
  enum Purpose {
    case apply(Consent)
    /// Says what applying would do.
    case rehearse(Consent)
    /// Says what differs, and ends with 41 if anything does.
    case compare
  }

  private let purpose: Purpose
  private var tokens: [UInt64]?
  private var summary = ""
  private var accountCount = 0
  private var limits: [SetLimitInput] = []
  private var differences: [(key: String, a: SettingValue?, b: SettingValue?)] = []
  /// It changes the engine: no other may begin before it ends.
  private var isApplying = false

  init(_ agent: ControlAgent, _ client: ClientID?, _ number: UInt64, _ purpose: Purpose) {
    self.purpose = purpose
    super.init(agent, client, number, timeout: nil, standard: 10_000_000_000)
  }

  override var diesWithClient: Bool { !isApplying }
  override func wants(_ token: UInt64) -> Bool { tokens?.contains(token) == true }

  override func step(_ agent: ControlAgent) -> Bool {
    do throws(RequestError) {
      switch purpose {
      case .compare:
        _ = try read(agent)
        showDifferences(agent)
        return end(agent, exit: differences.isEmpty ? 0 : 41)
      case .rehearse(let consent):
        let settings = try read(agent)
        showDifferences(agent)
        try confirm(try plan(agent, settings), consent, agent)
        return end(agent, exit: 0)
      case .apply(let consent):
        if tokens == nil { tokens = try begin(agent, consent) }
      }
      for token in tokens ?? [] where agent.takeAnswer(token) != nil { tokens?.removeAll { $0 == token } }
      // The next one must find the names of this one.
      guard tokens?.isEmpty == true, agent.view.names.accounts.count >= accountCount else {
        guard isLate(agent) else { return false }
        throw RequestError(
          "outcome.unknown", exit: 31, "the new configuration is in force, but a new account was not compared in time")
      }
      forgetTimes(agent)
      Diagnostics.info(.config, "configuration reloaded: \(summary)")
      showDifferences(agent)
      note(agent, "configuration reloaded: \(summary)")
      return end(agent, exit: 0)
    } catch {
      if case .apply = purpose {
        Diagnostics.error(.config, "\(error.message) [\(error.code), exit \(error.exit)]")
      }
      return fail(agent, error)
    }
  }

  override func end(_ agent: ControlAgent, exit: UInt8) -> Bool {
    if isApplying { agent.isReloading = false }
    return super.end(agent, exit: exit)
  }

  /// What a file has changed is not what a command set until a time any more.
  private func forgetTimes(_ agent: ControlAgent) {
    let places = limits.compactMap { LimitPlace($0)?.timed(.zero, until: .zero, agent.view.names) }
    do throws(SystemError) { try agent.timedLimits.replace(places, with: []) } catch {
      Diagnostics.warn(.limits, "until when limits hold cannot be written (errno \(error.errno))")
    }
  }

  private func begin(_ agent: ControlAgent, _ consent: Consent) throws(RequestError) -> [UInt64] {
    guard !agent.isReloading else {
      throw RequestError("busy.reload", exit: 17, "another reload is under way")
    }
    let settings = try read(agent)
    let plan = try plan(agent, settings)
    try confirm(plan, consent, agent)
    isApplying = true
    agent.isReloading = true
    summary = plan.summary
    accountCount = plan.names.accounts.count
    limits = plan.limits
    var tokens: [UInt64] = []
    for command in plan.commands {
      var command = command
      command.token = agent.makeToken()
      tokens.append(command.token)
      agent.ask(HotMessage(.simulator, command))
    }
    // First the text, then what follows from it: whoever reads the record finds both in the order in which they counted.
    let configuration = agent.record(settings)
    summary += ", sha256 \(configuration.digest.hex)"
    for input in plan.accounts { agent.ask(HotMessage(.defineAccount, input)) }
    for input in plan.strategies { agent.ask(HotMessage(.defineStrategy, input)) }
    for input in plan.limits { agent.ask(HotMessage(.setLimit, input)) }
    agent.gateNames.names = plan.names
    var fence = RowQuery()
    fence.token = agent.makeToken()
    tokens.append(fence.token)
    agent.ask(HotMessage(.namesChanged, fence))
    for account in plan.opened {
      var input = ReconcileInput()
      input.account = account
      // An account that has no books yet takes over what it finds.
      input.fixes = 1
      input.token = agent.makeToken()
      tokens.append(input.token)
      agent.ask(HotMessage(.reconcile, input))
    }
    agent.settings = settings
    return tokens
  }

  private func plan(_ agent: ControlAgent, _ settings: EngineSettings) throws(RequestError) -> ReloadPlan {
    do throws(EngineFailure) {
      return try ReloadPlan(
        from: agent.settings, to: settings, names: agent.view.names, durability: agent.facts.durability)
    } catch {
      throw RequestError(error.code, exit: error.exit, "\(error.message); nothing was changed")
    }
  }

  /// Limits of real money become wider only when somebody says so.
  private func confirm(_ plan: ReloadPlan, _ consent: Consent, _ agent: ControlAgent) throws(RequestError) {
    guard agent.settings.mode == .live, !plan.loosened.isEmpty, !consent.yes else { return }
    guard !consent.dryRun else {
      for text in plan.loosened { note(agent, "loosens \(text)") }
      return
    }
    throw RequestError(
      "confirm.needed", exit: 12,
      "this loosens \(plan.loosened.joined(separator: ", ")); nothing was changed", hint: "oms config reload --yes")
  }

  private func showDifferences(_ agent: ControlAgent) {
    for difference in differences {
      var json = JSONWriter()
      json.beginObject()
      json.member("type", "change")
      json.member("v", 1)
      json.member("ts", agent.utc)
      json.member("key", difference.key)
      json.member("running", difference.a?.text)
      json.member("disk", difference.b?.text)
      json.member("restart", ReloadPlan.needsRestart(difference.key))
      json.member("origin", (difference.b ?? difference.a)?.origin)
      json.endObject()
      data(agent, json.bytes)
    }
  }

  private func read(_ agent: ControlAgent) throws(RequestError) -> EngineSettings {
    let loaded = ConfigLoader.load(
      directory: agent.facts.configDirectory, disk: KernelFileSystem(),
      instance: agent.facts.keepsState ? agent.settings.instance : nil)
    guard var settings = loaded.settings else {
      let errors = loaded.problems.filter { $0.severity == .error }
      for problem in errors {
        if client == nil { Diagnostics.error(.config, "\(problem)") } else { note(agent, "\(problem)") }
      }
      throw RequestError(
        errors.first?.code ?? "config.invalid", exit: 10,
        "the configuration has \(errors.count) errors, the first is \(errors.first.map { "\($0.place)" } ?? "unknown"): "
          + "\(errors.first?.message ?? ""); nothing was changed")
    }
    differences = SettingValue.differences(agent.settings.values, settings.values)
    settings.instance = agent.settings.instance
    settings.mode = agent.settings.mode
    if settings.mode == .paper { settings = settings.onPaper }
    if let policy = agent.facts.exitPolicy {
      for index in settings.accounts.indices { settings.accounts[index].onExit = policy }
    }
    return settings
  }
}

/// What has to be told to whom so that an engine that runs on one configuration runs on another.
///
/// Pure: both configurations and the names that the journal has defined in; inputs and commands out, in order.
struct ReloadPlan {
  /// To the built-in exchange: accounts that it does not have yet, and their money.
  private(set) var commands: [SimulatorCommand] = []
  private(set) var accounts: [DefineAccountInput] = []
  private(set) var strategies: [DefineStrategyInput] = []
  private(set) var limits: [SetLimitInput] = []
  /// Accounts that have no books yet.
  private(set) var opened: [AccountID] = []
  /// What names mean behind all of it.
  private(set) var names: NameDirectory
  private(set) var summary = ""
  /// Limits of live accounts that become wider, in words.
  private(set) var loosened: [String] = []

  init(
    from old: EngineSettings, to new: EngineSettings, names known: NameDirectory, durability: DurabilityMode
  ) throws(EngineFailure) {
    names = known
    let fixed = Self.fixed(old, new, durability)
    guard fixed.isEmpty else {
      throw EngineFailure(
        10, "config.restart", "a restart is needed for new values of \(fixed.joined(separator: ", "))")
    }
    let definitions = try Definitions(settings: new, names: known, listings: VenueListing.builtIn(new))
    guard definitions.assets.isEmpty, definitions.venues.isEmpty, definitions.instruments.isEmpty else {
      throw EngineFailure(10, "config.restart", "a restart is needed for new exchanges and instruments")
    }
    accounts = definitions.accounts
    strategies = definitions.strategies
    for input in accounts { tell(.defineAccount, input) }
    for input in strategies { tell(.defineStrategy, input) }
    for input in accounts where input.isRemoved == 0 { open(input, new, known) }
    limits = changes(old, new)
    let removed = accounts.count { $0.isRemoved != 0 }
    summary =
      "\(opened.count) accounts opened, \(accounts.count - removed - opened.count) changed, \(removed) closed, "
      + "\(limits.count) limits set"
  }

  private mutating func tell<Body: BitwiseCopyable>(_ type: RecordType, _ body: Body) {
    unsafe withUnsafeBytes(of: body) { unsafe names.apply(type, $0) }
  }

  /// Parts of the configuration that an engine reads once.
  private static func fixed(_ old: EngineSettings, _ new: EngineSettings, _ durability: DurabilityMode) -> [String] {
    var parts: [String] = []
    func compare<Part: Equatable>(_ name: String, _ a: Part, _ b: Part) { if a != b { parts.append(name) } }
    if !new.tag.isEmpty { compare("instance_tag", old.tag.isEmpty ? new.tag : old.tag, new.tag) }
    compare("report currency", old.reportCurrency, new.reportCurrency)
    compare("data_dir", old.dataDirectory, new.dataDirectory)
    compare("journal", old.journal, new.journal)
    compare("snapshot", old.snapshot, new.snapshot)
    compare("log", old.log, new.log)
    compare("nats", old.nats, new.nats)
    compare("gateway", old.gateway, new.gateway)
    compare("cpu", old.cpus, new.cpus)
    compare("operators", old.operators, new.operators)
    compare("exchanges", old.venues, new.venues)
    if EngineOptions.durability(new) != durability { parts.append("journal durability (a live account was added)") }
    for account in new.accounts {
      guard let before = old.accounts.first(where: { $0.name == account.name && $0.mode == account.mode }) else {
        continue
      }
      compare("position_mode of \(account.name)", before.positionMode, account.positionMode)
    }
    return parts
  }

  /// The exchange learns of an account; one that was never there gets its money.
  private mutating func open(_ input: DefineAccountInput, _ settings: EngineSettings, _ known: NameDirectory) {
    let isNew = input.id.index >= known.accounts.count
    guard isNew || known.accounts[input.id.index].isRemoved,
      let account = settings.accounts.first(where: { $0.name == input.name.description })
    else { return }
    opened.append(input.id)
    var command = SimulatorCommand(.openAccount)
    command.control.text = input.name
    command.control.account = input.id.number
    command.control.sideRaw = input.hedgeMode
    commands.append(command)
    guard isNew else { return }
    for fund in SimulatedBoot.funds(of: account) {
      guard let asset = names.assetID(named: fund.asset) else { continue }
      var command = SimulatorCommand(.openingDeposit)
      command.control = ExchangeControl(.deposit)
      command.control.account = input.id.number
      command.control.asset = asset.number
      command.control.walletRaw = fund.wallet.rawValue
      command.control.amount = fund.amount
      command.control.detail = 1
      commands.append(command)
    }
  }

  /// Limits that a file has changed, added or dropped. What a person set since stays, unless the file changed there too.
  private mutating func changes(_ old: EngineSettings, _ new: EngineSettings) -> [SetLimitInput] {
    let before = Definitions.limits(old, names)
    let after = Definitions.limits(new, names)
    var inputs: [SetLimitInput] = []
    for input in before where !after.contains(where: { $0.isAboutSame(as: input) }) {
      var reset = input
      reset.isReset = 1
      inputs.append(reset)
    }
    inputs += after.filter { input in !before.contains { $0.isAboutSame(as: input) && $0.value == input.value } }
    for input in inputs where input.modeRaw == Mode.live.rawValue {
      guard let kind = LimitKind(rawValue: input.kindRaw), let scope = LimitScope(rawValue: input.scopeRaw) else {
        preconditionFailure("a limit of a file has a kind and a scope")
      }
      let (was, will) = (Self.value(input, before, kind, scope), Self.value(input, after, kind, scope))
      // The one limit that is a least.
      guard kind == .minLiquidationDistance ? will < was : will > was else { continue }
      let target = input.target == 0 ? "" : " of \(name(scope, input.target))"
      loosened.append("\(kind.word)\(target) (\(scope.word)) from \(Self.text(was)) to \(Self.text(will))")
    }
    return inputs
  }

  /// What `limits` say for the target of `input`: of itself, of each that has none, the built-in one.
  private static func value(
    _ input: SetLimitInput, _ limits: [SetLimitInput], _ kind: LimitKind, _ scope: LimitScope
  ) -> Money {
    if let own = limits.first(where: { $0.isAboutSame(as: input) }) { return own.value }
    var each = input
    each.target = 0
    return limits.first { $0.isAboutSame(as: each) }?.value ?? LimitDefaults.value(kind, scope, .live)
  }

  private static func text(_ money: Money) -> String { Decimal(money)?.canonicalText ?? "more than can be told" }

  private func name(_ scope: LimitScope, _ target: UInt16) -> String {
    switch scope {
    case .total: "all"
    case .venue: names.venue(VenueID(number: target)) ?? "\(target)"
    case .account: names.account(AccountID(number: target))?.name ?? "\(target)"
    case .instrument: names.instrument(InstrumentID(number: target))?.name.description ?? "\(target)"
    case .strategy: "strategy \(target)"
    }
  }

  /// Whether a value below this key is read once, at the start.
  static func needsRestart(_ key: String) -> Bool {
    let top = key.prefix { $0 != "." }
    let changing = [
      "accounts", "groups", "account_routing", "global", "venue", "account", "symbol", "strategy", "strategies",
      "default_account",
    ]
    return !changing.contains(String(top)) || key.hasSuffix(".position_mode")
  }
}

extension SetLimitInput {
  fileprivate func isAboutSame(as other: SetLimitInput) -> Bool {
    kindRaw == other.kindRaw && scopeRaw == other.scopeRaw && target == other.target && modeRaw == other.modeRaw
      && asset == other.asset
  }
}
