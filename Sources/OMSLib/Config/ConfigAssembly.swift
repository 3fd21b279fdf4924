/// Puts the files together and checks what none of them can check alone.
enum ConfigAssembly {
  static func assemble(_ nodes: [String: YAMLNode], problems: inout ProblemList) -> EngineSettings {
    var settings = EngineSettings()
    let defaultAccountPlace = nodes[OMSFile.name].flatMap {
      OMSFile.read($0, into: &settings, problems: &problems)
    }
    let declared = nodes[ExchangesFile.name].map { ExchangesFile.read($0, problems: &problems) } ?? []
    if let node = nodes[AccountsFile.name] {
      let file = AccountsFile(node, reportCurrency: settings.reportCurrency, problems: &problems)
      settings.accounts = file.accounts
      settings.groups = file.groups
      settings.routing = file.routing
      settings.limits = file.limits
      settings.venues = venues(declared, usedBy: file, &problems)
    } else {
      settings.accounts = EngineSettings.builtIn.accounts
      settings.venues = venues(declared, usedBy: nil, &problems)
    }
    checkDefaultAccount(&settings, at: defaultAccountPlace, &problems)
    if let node = nodes[StrategiesFile.name] {
      let file = StrategiesFile(node, accounts: settings.accounts, venues: settings.venues, problems: &problems)
      settings.strategies = file.strategies
      settings.strategyKillSwitch = file.killSwitch
    }
    if let node = nodes[RiskFile.name] {
      let file = RiskFile(node, reportCurrency: settings.reportCurrency, problems: &problems)
      settings.killTriggers = file.killTriggers
      settings.limits = LimitTargets(settings).resolve(file.limits, over: settings.limits, problems: &problems)
    }
    checkLiveAccounts(settings, nodes, &problems)
    if nodes[StrategiesFile.name] != nil { checkStrategyNames(settings, &problems) }
    LimitFilters(settings).check(&problems)
    return settings
  }

  /// Accounts and rules that are for a strategy which no file knows.
  private static func checkStrategyNames(_ settings: EngineSettings, _ problems: inout ProblemList) {
    func check(_ name: String, at place: SourcePlace, _ subject: String) {
      if settings.strategies.contains(where: { $0.name == name }) { return }
      let near = Spelling.nearest(to: name, among: settings.strategies.map(\.name))
      problems.warning(
        "config.reference", at: place,
        "\(subject) is for strategy '\(name)', which is not in strategies.yaml"
          + (near.map { "; did you mean '\($0)'?" } ?? ""))
    }
    for account in settings.accounts {
      guard let name = account.strategy, let place = account.place else { continue }
      check(name, at: place, "account '\(account.name)'")
    }
    for rule in settings.routing.strategyAccounts { check(rule.strategy, at: rule.place, "this rule") }
  }

  // MARK: Exchanges

  private static func venues(
    _ declared: [(venue: VenueSetting, place: SourcePlace)], usedBy file: AccountsFile?, _ problems: inout ProblemList
  ) -> [VenueSetting] {
    var venues: [VenueSetting] = []
    for (venue, place) in declared {
      let accounts = file?.accounts.filter { $0.venue == venue.name } ?? []
      let live = accounts.first { $0.mode == .live }
      if venue.adapter == .simulated || venue.adapter.isAvailable && live != nil {
        venues.append(venue)
      } else if let live {
        problems.error(
          "config.adapter", at: place,
          "adapter '\(venue.adapter.rawValue)' is not available in this build and '\(live.name)' is live; "
            + "make it paper, or use the adapter 'sim'")
      } else {
        let reason =
          venue.adapter.isAvailable
          ? "no account of '\(venue.name)' is live"
          : "adapter '\(venue.adapter.rawValue)' is not available in this build"
        problems.warning(
          "config.adapter", at: place, "\(reason): '\(venue.name)' is the built-in exchange, on paper")
        venues.append(venue.standIn)
      }
    }
    for (name, place) in file?.exchanges ?? [] where !venues.contains(where: { $0.name == name }) {
      if declared.contains(where: { $0.venue.name == name }) { continue }
      if name != "sim", let live = file?.accounts.first(where: { $0.venue == name && $0.mode == .live }) {
        problems.error(
          "config.adapter", at: live.place ?? place,
          "'\(live.name)' is live and exchange '\(name)' has no entry in exchanges.yaml; add one with its adapter")
      } else if name != "sim" {
        problems.warning(
          "config.adapter", at: place,
          "exchange '\(name)' has no entry in exchanges.yaml: it is the built-in exchange, on paper")
      }
      venues.append(.builtIn(name: name))
    }
    if file == nil, !venues.contains(where: { $0.name == "sim" }) { venues.append(.builtIn(name: "sim")) }
    checkBuiltIn(venues, declared, &problems)
    return venues
  }

  /// All exchanges that the built-in one stands for share its tables, and its names.
  private static func checkBuiltIn(
    _ venues: [VenueSetting], _ declared: [(venue: VenueSetting, place: SourcePlace)], _ problems: inout ProblemList
  ) {
    var count = 0
    for venue in venues where venue.adapter == .simulated {
      count += venue.instruments.count
      guard let place = declared.first(where: { $0.venue.name == venue.name })?.place else { continue }
      if count > VenueSetting.builtInSymbolCount {
        problems.error(
          "config.size", at: place,
          "the built-in exchange lists \(VenueSetting.builtInSymbolCount) symbols at most, over all exchanges it stands for"
        )
        return
      }
      for listed in venue.instruments where venue.name.utf8.count + listed.name.utf8.count > 31 {
        problems.error(
          "config.name", at: place, "'\(venue.name)' and '\(listed.name)' have more than 31 bytes together; shorten one"
        )
      }
    }
  }

  // MARK: Accounts

  /// Naming an account of the built-in session brings it along. Without a choice the only account is the default.
  private static func checkDefaultAccount(
    _ settings: inout EngineSettings, at place: SourcePlace?, _ problems: inout ProblemList
  ) {
    let accounts = settings.accounts
    guard let place else {
      let hasBuiltIn = accounts.contains { $0.name == settings.defaultAccount }
      if !hasBuiltIn {
        settings.defaultAccount = accounts.count == 1 && accounts[0].mode == .paper ? accounts[0].name : ""
      }
      return
    }
    if settings.defaultAccount.isEmpty { return }
    if let account = accounts.first(where: { $0.name == settings.defaultAccount }) {
      if account.mode == .live {
        problems.error(
          "config.value", at: place, "default_account '\(account.name)' is live; a default must be a paper account")
      }
      return
    }
    let builtIn = EngineSettings.builtIn
    guard !accounts.contains(where: { $0.venue == "sim" }),
      let account = builtIn.accounts.first(where: { $0.name == settings.defaultAccount && $0.parent == nil })
    else {
      problems.error("config.reference", at: place, "account '\(settings.defaultAccount)' is not configured")
      return
    }
    settings.accounts.append(account)
    if !settings.venues.contains(where: { $0.name == account.venue }) { settings.venues += builtIn.venues }
  }

  /// Keys and a tag are for exchanges out there; the built-in one asks for neither, also where an account is marked live.
  private static func checkLiveAccounts(
    _ settings: EngineSettings, _ nodes: [String: YAMLNode], _ problems: inout ProblemList
  ) {
    let live = settings.accounts.filter { $0.mode == .live }
    for venue in settings.venues where venue.adapter != .simulated {
      for account in settings.accounts where account.venue == venue.name && account.mode == .paper {
        guard let place = account.place else { continue }
        problems.warning(
          "config.adapter", at: place,
          "'\(account.name)' is on paper and '\(venue.name)' has live accounts: it trades on the built-in exchange, and only "
            + "in an engine on paper")
      }
    }
    let builtIn = settings.venues.filter { $0.adapter == .simulated }.map(\.name)
    let real = live.filter { !builtIn.contains($0.venue) }
    if settings.tag.isEmpty, let first = real.first, let place = first.place {
      problems.error(
        "config.missing", at: nodes[OMSFile.name]?.place ?? place,
        "'\(first.name)' is live and needs an instance_tag in oms.yaml, for example 'instance_tag: a1b2c'")
    }
    for account in real where account.key == .none {
      guard let place = account.place else { continue }
      problems.error(
        "config.missing", at: place, "live account '\(account.name)' has no key; add 'api_key_vault_path: NAME'")
    }
    for account in live {
      let hasLimit = settings.limits.contains {
        $0.scope == .account && $0.kind == .maxOrderNotional && ($0.target == account.name || $0.target == "*")
      }
      guard !hasLimit, let place = account.place else { continue }
      problems.warning(
        "config.limits", at: place, "live account '\(account.name)' runs on the built-in limits; set them in risk.yaml")
    }
  }
}

/// Finds out whom the limits of `risk.yaml` are about.
struct LimitTargets {
  private let settings: EngineSettings

  init(_ settings: EngineSettings) { self.settings = settings }

  /// One setting per target. What names an account by itself wins over a group or pattern; two that are equally near
  /// are an error, because either could be the one that was meant.
  func resolve(
    _ limits: [LimitSetting], over inherited: [LimitSetting], problems: inout ProblemList
  ) -> [LimitSetting] {
    var table = Table(inherited)
    for limit in limits where !isPattern(limit) {
      checkTarget(limit, &problems)
      table.add(limit, isExact: true, &problems)
    }
    for limit in limits where isPattern(limit) {
      let names = accounts(limit.target)
      if names.isEmpty {
        problems.error("config.reference", at: limit.place, missing(limit.target))
      }
      for name in names {
        var copy = limit
        copy.target = name
        table.add(copy, isExact: false, &problems)
      }
    }
    return table.limits
  }

  /// Limits in the order they were added, one of a kind per target.
  private struct Table {
    private struct Key: Hashable {
      let kind: LimitKind
      let scope: LimitScope
      let target: String
      let asset: String
    }

    private(set) var limits: [LimitSetting] = []
    private var first: [Key: (place: SourcePlace, isExact: Bool)] = [:]

    init(_ inherited: [LimitSetting]) {
      limits = inherited
      for limit in inherited { first[Self.key(limit)] = (limit.place, true) }
    }

    private static func key(_ limit: LimitSetting) -> Key {
      Key(kind: limit.kind, scope: limit.scope, target: limit.target, asset: limit.asset)
    }

    mutating func add(_ limit: LimitSetting, isExact: Bool, _ problems: inout ProblemList) {
      let key = Self.key(limit)
      guard let earlier = first[key] else {
        first[key] = (limit.place, isExact)
        limits.append(limit)
        return
      }
      guard earlier.isExact == isExact else { return }
      problems.error(
        "config.duplicate", at: limit.place, "this limit of '\(limit.target)' is set twice, first at \(earlier.place)")
    }
  }

  private func isPattern(_ limit: LimitSetting) -> Bool {
    limit.scope == .account && limit.target != "*"
      && (limit.target.hasPrefix("@") || !AccountPattern(limit.target).isName)
  }

  private func accounts(_ target: String) -> [String] {
    if target.hasPrefix("@") { return settings.groups.first { $0.name == target.dropFirst() }?.accounts ?? [] }
    return settings.accounts.map(\.name).filter(AccountPattern(target).matches)
  }

  private func checkTarget(_ limit: LimitSetting, _ problems: inout ProblemList) {
    if limit.target == "*" { return }
    switch limit.scope {
    case .total: return
    case .account:
      if !settings.accounts.contains(where: { $0.name == limit.target }) {
        problems.error("config.reference", at: limit.place, missing(limit.target))
      }
    case .venue:
      if !settings.venues.contains(where: { $0.name == limit.target }) {
        problems.error("config.reference", at: limit.place, "exchange '\(limit.target)' is not configured")
      }
    case .instrument:
      if !settings.venues.contains(where: { $0.instruments.contains { $0.name == limit.target } }) {
        problems.warning("config.reference", at: limit.place, "no exchange lists '\(limit.target)'")
      }
    case .strategy:
      if !settings.strategies.contains(where: { $0.name == limit.target }) {
        problems.warning("config.reference", at: limit.place, "strategy '\(limit.target)' is not in strategies.yaml")
      }
    }
  }

  private func missing(_ target: String) -> String {
    if target.hasPrefix("@") { return "account group '\(target)' is not defined in accounts.yaml, or is empty" }
    let near = Spelling.nearest(to: target, among: settings.accounts.map(\.name))
    return "account '\(target)' is not configured" + (near.map { "; did you mean '\($0)'?" } ?? "")
  }
}
