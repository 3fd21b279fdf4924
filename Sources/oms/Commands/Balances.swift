import OMSLib

/// `oms balances`: lists balances.
struct BalancesCommand: RequestCommand {
  static let spec = CommandSpec(
    "balances", group: .state, summary: "List balances",
    examples: [
      .init("oms balances -a sim.main", "one account"),
      .init("oms balances --asset USDT --sum free,locked", "what is there of one asset, exact"),
      .init("oms balances --nonzero --sort value:desc", "the largest first"),
    ],
    flags: [
      .value("asset", .name, "A", "Only this asset"),
      .value("venue", .thing(.venue), nil, "Only this venue"),
      .toggle("nonzero", "Leave out empty ones"),
      .value("value", .name, "CCY", "Value in this currency"),
    ],
    objects: ["balance"], exits: [.notFound], seeAlso: ["positions", "accounts"])

  let request: RequestDraft

  init(_ line: ParsedLine) throws(ErrorObject) {
    var request = try RequestDraft("balances", line, of: Self.spec, except: ["value"])
    request.set("ccy", line.arguments.string("value"))
    request.addAccounts(line)
    self.request = request
  }
}
