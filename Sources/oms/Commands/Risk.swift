import OMSLib

/// `oms risk show`: the limits and their use.
struct RiskShowCommand: RequestCommand {
  static let spec = CommandSpec(
    "risk show", group: .state, summary: "Show limits and how much of them is used",
    examples: [
      .init("oms risk show -a sim.main", "one account"),
      .init("oms risk show --breached", "what stands in the way"),
      .init("oms risk show --sort used_pct:desc --limit-rows 5", "what is nearest to its limit"),
    ],
    flags: [
      .toggle("breached", "Only limits that are exceeded"),
      .value("symbol", .symbol, nil, "Only this symbol"),
      .value("strategy", .name, nil, "Only this strategy"),
    ],
    objects: ["risk"], exits: [.notFound], seeAlso: ["risk check", "risk set"])
  let request: RequestDraft
  init(_ line: ParsedLine) throws(ErrorObject) {
    var request = try RequestDraft("risk_show", line, of: Self.spec)
    request.addAccounts(line)
    self.request = request
  }
}

/// `oms risk check`: the verdict on an order that is not sent.
struct RiskCheckCommand: RequestCommand {
  static let spec = CommandSpec(
    "risk check", group: .state, summary: "Say what risk would say to an order, and send nothing",
    examples: [
      .init("oms risk check buy BTC-USDT 1 --limit 64000", "0 or 14"),
      .init("oms risk check buy ETH-USDT 0.1 --market -a sim.sub01", "for another account"),
      .init("oms risk check buy BTC-USDT --quote 500 --market -q && echo yes", "a test"),
    ],
    arguments: OrderCommand.orderArguments, flags: OrderCommand.orderFlags, objects: ["risk", "plan"],
    exits: [.modeGuard, .risk, .halted, .notFound], seeAlso: ["order", "risk show"])
  let request: RequestDraft
  init(_ line: ParsedLine) throws(ErrorObject) {
    var request = try OrderCommand.orderRequest("risk_check", line, of: Self.spec)
    request.set("live", if: line.isLive)
    self.request = request
  }
}

/// `oms risk set`: changes a limit at run time.
struct RiskSetCommand: RequestCommand {
  static let spec = CommandSpec(
    "risk set", group: .state, summary: "Change a limit of the running engine",
    details: """
      Of one scope: an account, a symbol, a strategy, a venue, or without any of them the total. With --until the engine puts \
      the configured value back by itself; one that starts after that time does so before it takes an order, and one that \
      starts before it keeps what was set until then.
      """,
    examples: [
      .init("oms risk set max_order_notional 10000 -a sim.main", "until the engine stops"),
      .init("oms risk set max_open_orders 20 -a 'sim.sub*' --until \"$(date -u -d tomorrow +%F)\"", "until midnight"),
      .init("oms risk set max_order_qty 0.5 --symbol BTC-USDT", "of one symbol"),
    ],
    arguments: [
      ArgumentSpec("LIMIT", .thing(.limit), help: "Name of the limit"),
      ArgumentSpec("VALUE", .decimal, help: "Its new value"),
    ],
    flags: [
      .value("symbol", .symbol, nil, "Only for this symbol"),
      .value("strategy", .name, nil, "Only for this strategy"),
      .value("venue", .thing(.venue), nil, "Only for this venue"),
      .value("until", .time, nil, "Back to the configured value then"),
      .value("confirm", .text, "SCOPE", "The scope, said in words instead of typed"),
    ],
    objects: ["risk"], exits: [.confirmation, .notFound, .unknown], seeAlso: ["risk show", "risk reset"],
    effect: .acts)
  let request: RequestDraft
  init(_ line: ParsedLine) throws(ErrorObject) {
    var request = try RequestDraft("risk_set", line, of: Self.spec)
    request.set("limit", line.arguments.words[0])
    request.set("value", line.arguments.words[1])
    request.addAccounts(line)
    request.addConsent(line)
    self.request = request
  }
}

/// `oms risk reset`: back to the configured limits.
struct RiskResetCommand: RequestCommand {
  static let spec = CommandSpec(
    "risk reset", group: .state, summary: "Put limits back to their configured values",
    examples: [
      .init("oms risk reset -a sim.main", "all limits of one account"),
      .init("oms risk reset max_order_notional -a 'sim.sub*'", "one limit of some accounts"),
      .init("oms risk reset max_open_orders -a all", "one limit everywhere"),
    ],
    arguments: [ArgumentSpec("LIMIT", .thing(.limit), .optional, help: "Only this one")],
    flags: [
      .value("symbol", .symbol, nil, "Only for this symbol"),
      .value("strategy", .name, nil, "Only for this strategy"),
      .value("venue", .thing(.venue), nil, "Only for this venue"),
      .value("confirm", .text, "SCOPE", "The scope, said in words instead of typed"),
    ],
    objects: ["risk"], exits: [.confirmation, .notFound, .unknown], seeAlso: ["risk set"], effect: .acts)
  let request: RequestDraft
  init(_ line: ParsedLine) throws(ErrorObject) {
    var request = try RequestDraft("risk_reset", line, of: Self.spec)
    request.set("limit", line.arguments.words.first)
    request.addAccounts(line)
    request.addConsent(line)
    self.request = request
  }
}
