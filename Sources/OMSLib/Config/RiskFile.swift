/// `risk.yaml`: limits by scope. A limit that is not here keeps its built-in value.
struct RiskFile {
  static let name = "risk.yaml"

  private(set) var limits: [LimitSetting] = []
  private(set) var killTriggers: [KillTrigger] = []
  private let reportCurrency: String

  init(_ node: YAMLNode, reportCurrency: String, problems: inout ProblemList) {
    self.reportCurrency = reportCurrency
    var fields = SettingFields(node, problems: &problems)
    fields.takeVersion(&problems)
    if let node = fields.take("global") { readGlobal(node, &problems) }
    for (key, scope) in Self.scopes {
      guard let node = fields.take(key) else { continue }
      for entry in SettingFields(node, problems: &problems).all() {
        var inner = SettingFields(entry.value, problems: &problems)
        readLimits(&inner, scope: scope, target: entry.key, &problems)
        inner.finish(&problems)
      }
    }
    fields.finish(&problems)
  }

  private static let scopes: [(String, LimitScope)] = [
    ("venue", .venue), ("account", .account), ("symbol", .instrument), ("strategy", .strategy),
  ]

  /// The key of each limit that has one value and one unit.
  private enum Unit { case amount, fraction, count, plain, seconds }
  private static let keys: [(key: String, kind: LimitKind, unit: Unit)] = [
    ("max_order_quantity", .maxOrderQuantity, .plain),
    ("max_order_notional", .maxOrderNotional, .amount),
    ("max_gross_notional", .maxGrossNotional, .amount),
    ("max_net_notional", .maxNetNotional, .amount),
    ("max_open_orders", .maxOpenOrders, .count),
    ("max_orders_per_second", .maxOrdersPerSecond, .count),
    ("max_leverage", .maxLeverage, .plain),
    ("min_liquidation_distance", .minLiquidationDistance, .fraction),
    ("max_var", .maxVaR, .amount),
    ("daily_loss", .dailyLoss, .amount),
    ("collar", .collar, .fraction),
    ("max_slippage", .maxSlippage, .fraction),
    ("max_market_age", .maxMarketAge, .seconds),
    ("max_repeated_rejects", .maxRepeatedRejects, .count),
    ("max_balance", .maxBalance, .amount),
  ]

  private mutating func readGlobal(_ node: YAMLNode, _ problems: inout ProblemList) {
    var fields = SettingFields(node, problems: &problems)
    readLimits(&fields, scope: .total, target: "", &problems)
    for item in fields.take("kill_on")?.list(&problems) ?? [] {
      guard let trigger: KillTrigger = item.word(&problems), !killTriggers.contains(trigger) else { continue }
      killTriggers.append(trigger)
    }
    fields.finish(&problems)
  }

  private mutating func readLimits(
    _ fields: inout SettingFields, scope: LimitScope, target: String, _ problems: inout ProblemList
  ) {
    for (key, kind, unit) in Self.keys {
      guard let node = fields.take(key), let value = value(of: node, unit, &problems) else { continue }
      add(kind, scope, target, value, node)
    }
    if let node = fields.take("max_position") { readPosition(node, scope, target, &problems) }
    if let node = fields.take("drawdown") { readDrawdown(node, scope, target, &problems) }
  }

  private func value(of node: YAMLNode, _ unit: Unit, _ problems: inout ProblemList) -> Money? {
    switch unit {
    case .amount: node.amount(in: reportCurrency, &problems)
    case .fraction: node.fraction(&problems)
    case .plain: node.money(&problems)
    case .count: node.integer(0...1_000_000_000, &problems).map { Money(Int64($0)) }
    // Nanoseconds are 10^-9 of a second.
    case .seconds: node.duration(&problems).map { Money(units: Int128($0) * 1_000_000_000) }
    }
  }

  /// `"10000 USDT"` bounds the notional of a position; `{ BTC: "2" }` its quantity, asset by asset; in the scope of a
  /// symbol a plain number bounds its quantity.
  private mutating func readPosition(
    _ node: YAMLNode, _ scope: LimitScope, _ target: String, _ problems: inout ProblemList
  ) {
    if problems.describes(node, .position) { return }
    if case .mapping = node.content {
      guard scope == .account else {
        problems.error("config.value", at: node.place, "quantities by asset belong to accounts; write an amount here")
        return
      }
      for balance in SettingFields(node, problems: &problems).all() {
        guard let value = balance.value.money(&problems) else { continue }
        guard node.isAsset(balance.key) else {
          problems.error("config.name", at: balance.keyPlace, "asset '\(balance.key)': 1 to 16 of A-Z and 0-9")
          continue
        }
        add(.maxPositionQuantity, scope, target, value, balance.value, asset: balance.key)
      }
      return
    }
    if scope == .instrument, case .scalar(let text, _) = node.content, !text.contains(" ") {
      guard let value = node.money(&problems) else { return }
      add(.maxPositionQuantity, scope, target, value, node)
      return
    }
    guard let value = node.amount(in: reportCurrency, &problems) else { return }
    add(.maxPositionNotional, scope, target, value, node)
  }

  private mutating func readDrawdown(
    _ node: YAMLNode, _ scope: LimitScope, _ target: String, _ problems: inout ProblemList
  ) {
    var fields = SettingFields(node, problems: &problems)
    var last = Money.zero
    let stages: [(String, LimitKind)] = [
      ("mild", .drawdownMild), ("moderate", .drawdownModerate), ("severe", .drawdownSevere),
    ]
    for (key, kind) in stages {
      guard let stage = fields.take(key), let value = stage.fraction(&problems) else { continue }
      if value < last {
        problems.error("config.range", at: stage.place, "'\(key)' is below the stage before it")
      }
      last = value
      add(kind, scope, target, value, stage)
    }
    fields.finish(&problems)
  }

  private mutating func add(
    _ kind: LimitKind, _ scope: LimitScope, _ target: String, _ value: Money, _ node: YAMLNode, asset: String = ""
  ) {
    limits.append(
      LimitSetting(kind: kind, scope: scope, target: target, asset: asset, value: value, place: node.place))
  }
}
