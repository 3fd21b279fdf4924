/// `accounts.yaml`: accounts by exchange, groups of them, and how they are used.
struct AccountsFile {
  static let name = "accounts.yaml"

  private(set) var accounts: [AccountSetting] = []
  private(set) var groups: [GroupSetting] = []
  private(set) var routing = RoutingSettings()
  /// Limits that stand with an account.
  private(set) var limits: [LimitSetting] = []
  /// Where the first entry of each exchange stands, in the order of the file.
  private(set) var exchanges: [(name: String, place: SourcePlace)] = []

  private let reportCurrency: String
  private var placeOfAccount: [String: SourcePlace] = [:]

  /// Reads the whole file; what is wrong is left out and reported.
  init(_ node: YAMLNode, reportCurrency: String, problems: inout ProblemList) {
    self.reportCurrency = reportCurrency
    var fields = SettingFields(node, problems: &problems)
    fields.takeVersion(&problems)
    if let node = fields.take("accounts") { readExchanges(node, &problems) }
    checkParents(&problems)
    if let node = fields.take("groups") { readGroups(node, &problems) }
    if let node = fields.take("account_routing") { readRouting(node, &problems) }
    fields.finish(&problems)
  }

  // MARK: Accounts

  private mutating func readExchanges(_ node: YAMLNode, _ problems: inout ProblemList) {
    for exchange in SettingFields(node, problems: &problems).all() {
      guard exchange.checkExchangeName(&problems) else { continue }
      exchanges.append((exchange.key, exchange.keyPlace))
      for entry in SettingFields(exchange.value, problems: &problems).all() {
        readEntry(entry, exchange: exchange.key, &problems)
      }
    }
  }

  /// One entry of an exchange: one account, or as many as its `generate` says.
  private mutating func readEntry(_ entry: YAMLEntry, exchange: String, _ problems: inout ProblemList) {
    var fields = SettingFields(entry.value, problems: &problems)
    let generate = fields.take("generate")
    var account = AccountSetting(name: "\(exchange).\(entry.key)", venue: exchange)
    account.place = entry.keyPlace
    let limits = readFields(&fields, of: &account, &problems)
    fields.finish(&problems)
    guard let generate else {
      add(account, limits, &problems)
      return
    }
    guard let generator = AccountGenerator(generate, problems: &problems) else { return }
    for number in 1...generator.count {
      account.name = "\(exchange).\(generator.name.text(number))"
      account.key = generator.vaultPath.map { .vault($0.text(number)) } ?? account.key
      guard add(account, limits, &problems) else { return }
    }
  }

  private func readFields(
    _ fields: inout SettingFields, of account: inout AccountSetting, _ problems: inout ProblemList
  ) -> [LimitSetting] {
    enum AccountType: String, CaseIterable { case main, sub }
    var type: AccountType?
    fields.set(&type, "type", &problems) { $0.word(&$1) }
    let parent = fields.take("parent")
    if let name = parent?.text(&problems) { account.parent = "\(account.venue).\(name)" }
    switch (type, parent) {
    case (.sub, nil):
      problems.error("config.missing", at: fields.place, "a sub-account needs its main account; add 'parent: main'")
    case (.main, let parent?):
      problems.error("config.value", at: parent.place, "a main account has no parent; remove it, or write 'type: sub'")
    default: break
    }
    readKey(&fields, of: &account, &problems)
    fields.set(&account.mode, "mode", &problems) { $0.mode(&$1) }
    fields.set(&account.isSpotEnabled, "spot_enabled", &problems) { $0.flag(&$1) }
    fields.set(&account.isFuturesEnabled, "futures_enabled", &problems) { $0.flag(&$1) }
    fields.set(&account.onExit, "on_exit", &problems) { $0.word(&$1) }
    fields.set(&account.positionMode, "position_mode", &problems) { $0.word(&$1) }
    fields.set(&account.strategy, "strategy", &problems) { $0.text(&$1) }
    fields.set(&account.permissions, "permissions", &problems) { $0.permissions(&$1) }
    fields.set(&account.balances, "sim_balances", &problems) { $0.balances(&$1) }
    return readLimits(&fields, &problems)
  }

  private func readKey(_ fields: inout SettingFields, of account: inout AccountSetting, _ problems: inout ProblemList) {
    if let path = fields.take("api_key_vault_path")?.text(&problems) { account.key = .vault(path) }
    guard let node = fields.take("key"), let text = node.text(&problems) else { return }
    guard account.key == .none else {
      problems.error("config.duplicate", at: node.place, "the key is given twice; keep 'key' or 'api_key_vault_path'")
      return
    }
    let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    let reference = parts.count == 2 && !parts[1].isEmpty ? String(parts[1]) : ""
    switch (parts[0], reference.isEmpty) {
    case ("vault", false): account.key = .vault(reference)
    case ("keystore", false): account.key = .keystore(reference)
    case ("credential", false): account.key = .credential(reference)
    // The value is not repeated: it may be the key itself.
    default:
      problems.error(
        "config.value", at: node.place, "not a reference; write vault:PATH, keystore:NAME or credential:NAME")
    }
  }

  private func readLimits(_ fields: inout SettingFields, _ problems: inout ProblemList) -> [LimitSetting] {
    var limits: [LimitSetting] = []
    let keys: [(String, LimitKind)] = [
      ("max_balance_usdt", .maxBalance), ("max_position_usdt", .maxPositionNotional), ("max_leverage", .maxLeverage),
    ]
    for (key, kind) in keys {
      guard let node = fields.take(key), let value = node.money(&problems) else { continue }
      if kind != .maxLeverage, reportCurrency != "USDT" {
        problems.error(
          "config.unit", at: node.place, "'\(key)' counts USDT and limits are kept in \(reportCurrency); use risk.yaml")
        continue
      }
      limits.append(LimitSetting(kind: kind, scope: .account, target: "", value: value, place: node.place))
    }
    return limits
  }

  /// `false` when there is no room for more.
  @discardableResult
  private mutating func add(
    _ account: AccountSetting, _ limits: [LimitSetting], _ problems: inout ProblemList
  ) -> Bool {
    guard let place = account.place else { preconditionFailure("an account of a file has a place") }
    do throws(MalformedText) {
      _ = try AccountName(account.name)
    } catch {
      problems.error("config.name", at: place, "\(error)")
      return false
    }
    if let first = placeOfAccount[account.name] {
      problems.error(
        "config.duplicate", at: place, "duplicate account '\(account.name)', first at \(first.line):\(first.column)")
      return true
    }
    guard accounts.count < OMSLib.Limits.accountCount else {
      problems.error("config.size", at: place, "more than \(OMSLib.Limits.accountCount) accounts")
      return false
    }
    accounts.append(account)
    placeOfAccount[account.name] = place
    for var limit in limits {
      limit.target = account.name
      self.limits.append(limit)
    }
    return true
  }

  private func checkParents(_ problems: inout ProblemList) {
    for account in accounts {
      guard let parent = account.parent, let place = account.place else { continue }
      guard let main = accounts.first(where: { $0.name == parent }) else {
        problems.error("config.reference", at: place, "parent '\(parent)' of '\(account.name)' is not configured")
        continue
      }
      if main.parent != nil {
        problems.error("config.reference", at: place, "parent '\(parent)' of '\(account.name)' is itself a sub-account")
      }
    }
  }

  // MARK: Groups and routing

  private mutating func readGroups(_ node: YAMLNode, _ problems: inout ProblemList) {
    for entry in SettingFields(node, problems: &problems).all() {
      guard let members = entry.value.list(&problems) else { continue }
      var names: [String] = []
      for member in members {
        guard let text = member.text(&problems) else { continue }
        let matching = accounts.map(\.name).filter(AccountPattern(text).matches)
        if matching.isEmpty {
          problems.error("config.reference", at: member.place, "no account '\(text)' is configured")
        }
        names += matching.filter { !names.contains($0) }
      }
      groups.append(GroupSetting(name: entry.key, accounts: names))
    }
  }

  private mutating func readRouting(_ node: YAMLNode, _ problems: inout ProblemList) {
    var fields = SettingFields(node, problems: &problems)
    if let node = fields.take("default"), let name = node.text(&problems) {
      checkShortName(name, at: node.place, &problems)
      routing.defaultAccount = name
    }
    if let node = fields.take("strategies") {
      for entry in SettingFields(node, problems: &problems).all() {
        guard let name = entry.value.text(&problems) else { continue }
        checkShortName(name, at: entry.value.place, &problems)
        routing.strategyAccounts.append(StrategyAccount(strategy: entry.key, account: name, place: entry.keyPlace))
      }
      routing.strategyAccounts.sort { $0.strategy < $1.strategy }
    }
    if let node = fields.take("balance_rules") {
      var inner = SettingFields(node, problems: &problems)
      inner.set(&routing.minMainBalance, "min_main_balance", &problems) { $0.money(&$1) }
      inner.set(&routing.maxSubBalance, "max_sub_balance", &problems) { $0.money(&$1) }
      inner.finish(&problems)
    }
    fields.set(&routing.rebalance, "rebalance", &problems) { $0.rebalanceSchedule(&$1) }
    fields.finish(&problems)
  }

  private func checkShortName(_ name: String, at place: SourcePlace, _ problems: inout ProblemList) {
    let isKnown = accounts.contains { $0.name.dropFirst($0.venue.count + 1) == name }
    if !isKnown {
      problems.warning("config.reference", at: place, "no exchange has an account '\(name)': this rule stays off")
    }
  }
}

extension YAMLEntry {
  /// Whether its key can stand before the point of an account's name.
  func checkExchangeName(_ problems: inout ProblemList) -> Bool {
    if case .probe = value.content { return true }
    if (try? AccountName("\(key).main")) != nil { return true }
    problems.error(
      "config.name", at: keyPlace,
      "exchange '\(key)': a lower-case letter, then up to 30 of a-z, 0-9, '-' and '_'")
    return false
  }
}
