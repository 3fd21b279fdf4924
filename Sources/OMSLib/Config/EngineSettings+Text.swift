// The effective configuration as text: every value that counts, defaults included, a line each, in a fixed order. Equal
// configurations are equal text, whatever the files looked like. No secrets: references to keys, and of addresses that may
// hold a password or token only what is none.
extension EngineSettings {
  package var text: String {
    var lines = SettingLines()
    engineText(&lines)
    for venue in venues { Self.text(of: venue, &lines) }
    for account in accounts { Self.text(of: account, &lines) }
    for group in groups { lines.add("group \(group.name)", group.accounts.joined(separator: " ")) }
    routingText(&lines)
    for strategy in strategies {
      lines.add("strategy \(strategy.name) enabled", strategy.isEnabled)
      lines.add("strategy \(strategy.name)", strategy.parameters)
    }
    riskText(&lines)
    return lines.text
  }

  private func engineText(_ lines: inout SettingLines) {
    lines.add("instance", instance)
    lines.add("tag", tag)
    lines.add("mode", mode)
    lines.add("default_account", defaultAccount)
    lines.add("report_currency", reportCurrency)
    lines.add("data_dir", dataDirectory)
    lines.add("journal durability", journal.durability)
    lines.add("journal segment_bytes", journal.segmentBytes)
    lines.add("journal retain", journal.retention)
    lines.add("journal fallback", journal.fallback)
    lines.add("snapshot every_ns", snapshot.everyNanoseconds)
    lines.add("snapshot retain", snapshot.retention)
    lines.add("log level", log.level)
    lines.add("log retain", log.retention)
    lines.add("nats url", SecretText.withoutCredentials(nats.url))
    lines.add("nats retain", nats.retention)
    lines.add("nats replicas", nats.replicas)
    lines.add("gateway listen", gateway.listen)
    lines.add("gateway certificate", gateway.certificatePath)
    lines.add("gateway key", gateway.keyPath)
    for cpu in cpus { lines.add("cpu \(cpu.agent)", cpu.cpu) }
    for (index, operatorKey) in operators.enumerated() { lines.add("operator \(index + 1)", operatorKey) }
  }

  private static func text(of venue: VenueSetting, _ lines: inout SettingLines) {
    let name = "exchange \(venue.name)"
    lines.add("\(name) adapter", venue.adapter.rawValue)
    for endpoint in venue.endpoints {
      for (kind, address) in [
        ("rest", endpoint.rest), ("orders", endpoint.orderSocket), ("streams", endpoint.streams),
      ] {
        lines.add("\(name) \(endpoint.product) \(kind)", SecretText.withoutCredentials(address))
      }
    }
    if venue.adapter != .simulated {
      lines.add("\(name) environment", venue.environment.rawValue)
      lines.add("\(name) ca", venue.authorityFile)
      lines.add("\(name) markets", venue.markets.joined(separator: " "))
    }
    lines.add("\(name) orders_by_websocket", venue.entersOrdersByWebSocket)
    lines.add("\(name) recv_window_ns", venue.receiveWindowNanoseconds)
    lines.add("\(name) visibility_window_ns", venue.visibilityWindowNanoseconds)
    lines.add("\(name) cancel_reserve_e8", venue.cancelReserve.e8)
    if let maker = venue.maker { lines.add("\(name) maker_e8", maker.e8) }
    if let taker = venue.taker { lines.add("\(name) taker_e8", taker.e8) }
    for deadman in venue.deadman { lines.add("\(name) deadman_ns \(deadman.product)", deadman.nanoseconds) }
    lines.add("\(name) seed", venue.seed)
    for listed in venue.instruments {
      lines.add(
        "\(name) instrument \(listed.name)",
        "\(listed.native) \(listed.instrumentClass) \(listed.base) \(listed.quote) tick \(listed.tick) lot \(listed.lot) "
          + "max_qty \(listed.maxQuantity) min_notional \(listed.minNotional) max_leverage \(listed.maxLeverage) "
          + "start_price \(listed.startPrice)")
    }
  }

  private static func text(of account: AccountSetting, _ lines: inout SettingLines) {
    let name = "account \(account.name)"
    lines.add("\(name) exchange", account.venue)
    lines.add("\(name) mode", account.mode)
    lines.add("\(name) parent", account.parent ?? "")
    lines.add("\(name) key", account.key)
    lines.add("\(name) spot", account.isSpotEnabled)
    lines.add("\(name) futures", account.isFuturesEnabled)
    lines.add("\(name) position_mode", account.positionMode)
    lines.add("\(name) permissions", account.permissions.rawValue)
    lines.add("\(name) on_exit", account.onExit)
    lines.add("\(name) strategy", account.strategy ?? "")
    for balance in account.balances { lines.add("\(name) balance \(balance.asset)", balance.amount) }
  }

  private func routingText(_ lines: inout SettingLines) {
    lines.add("routing default", routing.defaultAccount)
    for entry in routing.strategyAccounts { lines.add("routing \(entry.strategy)", entry.account) }
    if let amount = routing.minMainBalance { lines.add("routing min_main_balance", amount) }
    if let amount = routing.maxSubBalance { lines.add("routing max_sub_balance", amount) }
    if let plan = routing.rebalance {
      lines.add("routing rebalance", "\(plan.isEnabled) \(plan.period) minute \(plan.minuteOfDay)")
    }
  }

  private func riskText(_ lines: inout SettingLines) {
    if let loss = strategyKillSwitch.maxDailyLoss { lines.add("kill_switch max_daily_loss", loss) }
    if let count = strategyKillSwitch.maxConsecutiveLosses { lines.add("kill_switch max_consecutive_losses", count) }
    // The address of a webhook is its password.
    for contact in strategyKillSwitch.contacts { lines.add("kill_switch contact", contact.kind) }
    for limit in limits {
      lines.add("limit \(limit.scope) \(limit.target) \(limit.kind) \(limit.asset)", limit.value)
    }
    for trigger in killTriggers { lines.add("kill_trigger", trigger.rawValue) }
  }
}

/// `name: value` lines. A value that breaks a line is quoted, so that a line is a setting.
private struct SettingLines {
  private(set) var text = ""

  mutating func add(_ name: String, _ value: some Any) { add(name, "\(value)") }

  mutating func add(_ name: String, _ value: String) {
    let isPlain = value.utf8.allSatisfy { $0 >= 0x20 }
    text += "\(name): \(isPlain ? value : value.debugDescription)\n"
  }

  mutating func add(_ name: String, _ retention: Retention) {
    switch retention {
    case .forever: add(name, "forever")
    case .nanoseconds(let nanoseconds): add(name, "\(nanoseconds) ns")
    }
  }

  /// A tree as its leaves.
  mutating func add(_ name: String, _ node: YAMLNode) {
    switch node.content {
    case .probe: preconditionFailure("what was read has no probes")
    case .scalar(let value, _): add(name, value)
    case .sequence(let nodes):
      for (index, node) in nodes.enumerated() { add("\(name) \(index + 1)", node) }
    case .mapping(let entries):
      for entry in entries { add("\(name) \(entry.key)", entry.value) }
    }
  }
}
