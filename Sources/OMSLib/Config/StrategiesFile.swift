/// `strategies.yaml`: which strategies there are. What each of them wants is its own affair; here their references to
/// accounts and exchanges are compared with what is configured.
struct StrategiesFile {
  static let name = "strategies.yaml"

  private(set) var strategies: [StrategySetting] = []
  private(set) var killSwitch = StrategyKillSettings()

  init(_ node: YAMLNode, accounts: [AccountSetting], venues: [VenueSetting], problems: inout ProblemList) {
    let references = References(accounts: accounts, venues: venues)
    var fields = SettingFields(node, problems: &problems)
    fields.takeVersion(&problems)
    if let node = fields.take("strategies") {
      for entry in SettingFields(node, problems: &problems).all() {
        if entry.key == "kill_switch" {
          readKillSwitch(entry.value, &problems)
        } else {
          readStrategy(entry, references, &problems)
        }
      }
    }
    fields.finish(&problems)
  }

  private mutating func readStrategy(_ entry: YAMLEntry, _ references: References, _ problems: inout ProblemList) {
    var fields = SettingFields(entry.value, problems: &problems)
    var isEnabled = true
    fields.set(&isEnabled, "enabled", &problems) { $0.flag(&$1) }
    var missing = Missing()
    references.check(entry.value, exchange: nil, strategy: entry.key, missing: &missing, &problems)
    let isReachable = missing.names.isEmpty || missing.hasOthers
    if isEnabled, !isReachable {
      problems.warning(
        "config.unreachable", at: entry.keyPlace,
        "strategy '\(entry.key)' is enabled, and none of the accounts and exchanges it names is configured")
    }
    strategies.append(
      StrategySetting(
        name: entry.key, isEnabled: isEnabled, parameters: entry.value, missing: missing.names,
        isReachable: isReachable, place: entry.keyPlace))
  }

  private mutating func readKillSwitch(_ node: YAMLNode, _ problems: inout ProblemList) {
    var fields = SettingFields(node, problems: &problems)
    fields.set(&killSwitch.maxDailyLoss, "max_daily_loss", &problems) { $0.money(&$1) }
    fields.set(&killSwitch.maxConsecutiveLosses, "max_consecutive_losses", &problems) { $0.integer(1...1_000_000, &$1) }
    for item in fields.take("emergency_contacts")?.list(&problems) ?? [] {
      for entry in SettingFields(item, problems: &problems).all() {
        guard let address = entry.value.text(&problems) else { continue }
        killSwitch.contacts.append(.init(kind: entry.key, address: address))
      }
    }
    fields.finish(&problems)
  }

  /// What a strategy names in vain, and whether it names anything else.
  private struct Missing {
    var names: [String] = []
    var hasOthers = false
  }

  /// What a strategy may refer to.
  private struct References {
    let accounts: [AccountSetting]
    let venues: [VenueSetting]

    /// Walks through the parameters of a strategy. A name that is not configured keeps a part of it off: a warning.
    func check(
      _ node: YAMLNode, exchange outer: String?, strategy: String, missing: inout Missing,
      _ problems: inout ProblemList
    ) {
      switch node.content {
      case .scalar, .probe: return
      case .sequence(let items):
        for item in items {
          check(item, exchange: outer, strategy: strategy, missing: &missing, &problems)
        }
      case .mapping(let entries):
        let exchange = entries.first { $0.key == "exchange" }.flatMap { scalar($0.value) } ?? outer
        for entry in entries {
          switch (entry.key, entry.value.content) {
          case ("exchange", .scalar(let name, _)):
            checkExchange(name, at: entry.value.place, strategy, &missing, &problems)
          case ("exchanges", .sequence(let items)):
            for item in items {
              guard let name = scalar(item) else { continue }
              checkExchange(name, at: item.place, strategy, &missing, &problems)
            }
          case ("account", .scalar(let name, _)):
            checkAccount(name, of: exchange, at: entry.value.place, strategy, &missing, &problems)
          case ("accounts", .mapping(let pairs)):
            for pair in pairs {
              guard let name = scalar(pair.value) else { continue }
              checkAccount(name, of: pair.key, at: pair.value.place, strategy, &missing, &problems)
            }
          default: check(entry.value, exchange: exchange, strategy: strategy, missing: &missing, &problems)
          }
        }
      }
    }

    private func scalar(_ node: YAMLNode) -> String? {
      if case .scalar(let text, _) = node.content { text } else { nil }
    }

    private func checkExchange(
      _ name: String, at place: SourcePlace, _ strategy: String, _ missing: inout Missing,
      _ problems: inout ProblemList
    ) {
      if venues.contains(where: { $0.name == name }) {
        missing.hasOthers = true
        return
      }
      report("exchange '\(name)' is not configured", at: place, strategy, &missing, &problems)
    }

    private func checkAccount(
      _ name: String, of exchange: String?, at place: SourcePlace, _ strategy: String, _ missing: inout Missing,
      _ problems: inout ProblemList
    ) {
      let full = exchange.map { "\($0).\(name)" } ?? name
      if accounts.contains(where: { $0.name == full }) {
        missing.hasOthers = true
        return
      }
      report("account '\(full)' is not configured", at: place, strategy, &missing, &problems)
    }

    private func report(
      _ what: String, at place: SourcePlace, _ strategy: String, _ missing: inout Missing,
      _ problems: inout ProblemList
    ) {
      problems.warning("config.reference", at: place, "\(what): this leg of '\(strategy)' stays off")
      if !missing.names.contains(what) { missing.names.append(what) }
    }
  }
}
