import OMSLib

/// `oms pnl`: profit and loss.
struct PnlCommand: RequestCommand {
  static let spec = CommandSpec(
    "pnl", group: .state, summary: "Show profit and loss",
    details: "Paper and live are never added up.",
    examples: [
      .init("oms pnl", "per account"),
      .init("oms pnl --by symbol --since today", "where today's came from"),
    ],
    flags: [
      .value(
        "by", .choice(["account", "strategy", "symbol", "venue", "day"]), nil, "One line per", default: "account"),
      .value("symbol", .symbol, nil, "Only this symbol"),
      .value("strategy", .name, nil, "Only this strategy"),
      .value("venue", .name, nil, "Only this venue"),
      .value("since", .time, nil, "From then on"),
      .value("ccy", .name, "CCY", "In this currency"),
      watchFlag,
    ],
    objects: ["pnl"], exits: [.notFound], seeAlso: ["positions", "fills"])

  let request: RequestDraft
  private let watch: WatchPeriod

  init(_ line: ParsedLine) throws(ErrorObject) {
    var request = try RequestDraft("pnl", line, of: Self.spec, except: ["watch"])
    request.addAccounts(line)
    self.request = request
    watch = WatchPeriod(line)
  }

  func run(_ context: inout CommandContext) throws(ErrorObject) -> ExitStatus {
    try context.watch(request, watch)
  }
}
