/// `generate: { count: 200, name: "sub%03d", api_key_vault_path: "binance_sub%03d" }`: many accounts in one entry.
struct AccountGenerator {
  let count: Int
  let name: NumberedText
  let vaultPath: NumberedText?

  init?(_ node: YAMLNode, problems: inout ProblemList) {
    var fields = SettingFields(node, problems: &problems)
    let countNode = fields.take("count")
    let nameNode = fields.take("name")
    if countNode == nil || nameNode == nil {
      problems.error("config.missing", at: node.place, "generate needs 'count' and 'name', for example \"sub%03d\"")
    }
    vaultPath = fields.take("api_key_vault_path")?.numberedText(&problems)
    fields.finish(&problems)
    let count = countNode?.integer(1...Limits.accountCount, &problems)
    let name = nameNode?.numberedText(&problems)
    guard let count, let name else { return nil }
    self.count = count
    self.name = name
  }
}

/// A text with one number in it: `sub%03d` gives `sub001`, `sub002`, ...
struct NumberedText: Hashable, Sendable {
  private let prefix: String
  private let width: Int
  private let suffix: String

  /// `nil` unless `pattern` has exactly one `%d` or `%0Nd`, N from 1 to 9.
  init?(_ pattern: String) {
    let parts = pattern.split(separator: "%", omittingEmptySubsequences: false)
    guard parts.count == 2 else { return nil }
    let tail = parts[1]
    prefix = String(parts[0])
    if tail.hasPrefix("d") {
      width = 1
      suffix = String(tail.dropFirst())
      return
    }
    let digits = tail.prefix(2)
    guard digits.count == 2, digits.first == "0", let width = digits.last?.wholeNumberValue, width > 0,
      tail.dropFirst(2).hasPrefix("d")
    else { return nil }
    self.width = width
    suffix = String(tail.dropFirst(3))
  }

  func text(_ number: Int) -> String {
    let digits = String(number)
    return prefix + String(repeating: "0", count: max(0, width - digits.count)) + digits + suffix
  }
}

extension YAMLNode {
  func numberedText(_ problems: inout ProblemList) -> NumberedText? {
    guard let text = text(&problems) else { return nil }
    guard let pattern = NumberedText(text) else {
      problems.error("config.value", at: place, "'\(text)' needs one number, written %d or for example %03d")
      return nil
    }
    return pattern
  }

  func mode(_ problems: inout ProblemList) -> Mode? {
    enum Word: String, CaseIterable { case paper, live }
    guard let word: Word = word(&problems) else { return nil }
    return word == .live ? .live : .paper
  }

  /// `[read, trade, transfer]`
  func permissions(_ problems: inout ProblemList) -> AccountPermissions? {
    enum Word: String, CaseIterable { case read, trade, transfer }
    guard let items = list(&problems) else { return nil }
    var permissions: AccountPermissions = []
    for item in items {
      guard let word: Word = item.word(&problems) else { return nil }
      switch word {
      case .read: permissions.insert(.read)
      case .trade: permissions.insert(.trade)
      case .transfer: permissions.insert(.transfer)
      }
    }
    return permissions
  }

  /// `{USDT: "1000", BTC: 0.5}`, sorted by asset.
  func balances(_ problems: inout ProblemList) -> [BalanceSetting]? {
    var balances: [BalanceSetting] = []
    for entry in SettingFields(self, problems: &problems).all() {
      guard let amount = entry.value.money(&problems) else { continue }
      guard isAsset(entry.key) else {
        problems.error("config.name", at: entry.keyPlace, "asset '\(entry.key)': 1 to 16 of A-Z and 0-9")
        continue
      }
      balances.append(BalanceSetting(asset: entry.key, amount: amount))
    }
    return balances.sorted { $0.asset < $1.asset }
  }

  func isAsset(_ text: String) -> Bool {
    (1...16).contains(text.utf8.count)
      && text.utf8.allSatisfy { ($0 >= 0x41 && $0 <= 0x5A) || ($0 >= 0x30 && $0 <= 0x39) }
  }

  /// `{ enabled: true, schedule: daily, time: "00:00 UTC" }`
  func rebalanceSchedule(_ problems: inout ProblemList) -> RebalanceSchedule? {
    var fields = SettingFields(self, problems: &problems)
    var schedule = RebalanceSchedule(isEnabled: false, period: .daily, minuteOfDay: 0)
    fields.set(&schedule.isEnabled, "enabled", &problems) { $0.flag(&$1) }
    fields.set(&schedule.period, "schedule", &problems) { $0.word(&$1) }
    fields.set(&schedule.minuteOfDay, "time", &problems) { $0.minuteOfDay(&$1) }
    fields.finish(&problems)
    return schedule
  }

  /// `00:00 UTC`; the zone must be said and be UTC.
  private func minuteOfDay(_ problems: inout ProblemList) -> Int? {
    if problems.describes(self, .timeOfDay) { return nil }
    guard let text = text(&problems) else { return nil }
    let bytes = Array(text.utf8)
    let isForm = bytes.count == 9 && bytes[2] == UInt8(ascii: ":") && text.hasSuffix(" UTC")
    guard isForm, let hour = Int(text.prefix(2)), let minute = Int(text.dropFirst(3).prefix(2)),
      (0...23).contains(hour), (0...59).contains(minute)
    else {
      problems.error("config.unit", at: place, "'\(text)' is not a time of day; write for example \"00:00 UTC\"")
      return nil
    }
    return hour * 60 + minute
  }
}
