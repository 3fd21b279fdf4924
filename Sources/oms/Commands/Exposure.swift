import OMSLib

/// `oms exposure`: what is held, added up.
struct ExposureCommand: RequestCommand {
  static let spec = CommandSpec(
    "exposure", group: .state, summary: "Add up what is held, per asset, symbol or venue",
    details: """
      Spot balances and positions together: qty is how much more is long than short, net its value, gross the value of all of \
      it. Money of the report currency is no exposure; paper and live stand apart; a sum without a price is null.
      """,
    examples: [
      .init("oms exposure", "per asset"),
      .init("oms exposure --by symbol -a 'sim.sub*'", "per symbol, of some accounts"),
      .init("oms exposure --by venue -o tsv --fields venue,net,gross", "per venue"),
    ],
    flags: [
      .value("by", .choice(["asset", "symbol", "venue"]), nil, "One line per", default: "asset"),
      .value("symbol", .symbol, nil, "Only this symbol"),
      .value("venue", .thing(.venue), nil, "Only this venue"),
      watchFlag,
    ],
    objects: ["group"], exits: [.notFound], seeAlso: ["positions", "balances", "risk show"])

  let request: RequestDraft
  private let watch: WatchPeriod

  init(_ line: ParsedLine) throws(ErrorObject) {
    var request = try RequestDraft("exposure", line, of: Self.spec, except: ["watch"])
    request.addAccounts(line)
    self.request = request
    watch = WatchPeriod(line)
  }

  func run(_ context: inout CommandContext) throws(ErrorObject) -> ExitStatus {
    try context.watch(request, watch)
  }
}
