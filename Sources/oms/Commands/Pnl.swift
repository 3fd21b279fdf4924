import OMSLib

/// `oms pnl`: profit and loss.
struct PnlCommand: RequestCommand {
  static let spec = CommandSpec(
    "pnl", group: .state, summary: "Show profit and loss",
    details: """
      Since midnight UTC, one line per account; paper and live are never added up. By symbol, or over another time, the \
      fills say what was realized and paid.
      """,
    examples: [
      .init("oms pnl", "per account"),
      .init("oms pnl -a sim.main -o tsv --fields total,equity", "two numbers"),
      .init("oms fills --since today --by symbol --sum rpnl,fee", "where today's came from"),
    ],
    flags: [
      .value("by", .choice(["account"]), nil, "One line per", default: "account"),
      .value("venue", .thing(.venue), nil, "Only this venue"),
      watchFlag,
    ],
    objects: ["pnl"], exits: [.notFound], seeAlso: ["positions", "fills"])

  let request: RequestDraft
  private let watch: WatchPeriod

  init(_ line: ParsedLine) throws(ErrorObject) {
    var request = try RequestDraft("pnl", line, of: Self.spec, except: ["by", "watch"])
    request.addAccounts(line)
    self.request = request
    watch = WatchPeriod(line)
  }

  func run(_ context: inout CommandContext) throws(ErrorObject) -> ExitStatus {
    try context.watch(request, watch)
  }
}
