import OMSLib

/// `oms positions`: lists positions.
struct PositionsCommand: RequestCommand {
  static let spec = CommandSpec(
    "positions", group: .state, summary: "List positions",
    examples: [
      .init("oms positions --nonzero", "what is held"),
      .init("oms positions -a all --by symbol --sum qty,notional,upnl", "exposure over all accounts"),
      .init("oms positions --sort upnl --limit-rows 5", "the worst five"),
    ],
    flags: [
      .value("symbol", .symbol, nil, "Only this symbol"),
      .value("strategy", .name, nil, "Only this strategy"),
      .value("venue", .thing(.venue), nil, "Only this venue"),
      .toggle("nonzero", "Leave out the closed ones"),
      watchFlag,
    ],
    objects: ["position"], exits: [.notFound], seeAlso: ["balances", "flatten", "pnl"])

  let request: RequestDraft
  private let watch: WatchPeriod

  init(_ line: ParsedLine) throws(ErrorObject) {
    var request = try RequestDraft("positions", line, of: Self.spec, except: ["watch"])
    request.addAccounts(line)
    self.request = request
    watch = WatchPeriod(line)
  }

  func run(_ context: inout CommandContext) throws(ErrorObject) -> ExitStatus {
    try context.watch(request, watch)
  }
}
