import OMSLib

/// `oms reconcile`: compares our books with the venue's.
struct ReconcileCommand: RequestCommand {
  static let spec = CommandSpec(
    "reconcile", group: .audit, summary: "Compare balances, positions, orders and fills with the venue",
    details: "One `drift` per difference; 0 without any, 41 with.",
    examples: [
      .init("oms reconcile -a all", "look"),
      .init("oms reconcile -a sim.main --fix", "take over what the venue says"),
      .init("oms reconcile -a all -q || echo drift", "a test for cron"),
    ],
    flags: [
      .toggle("fix", "Take over what the venue says"),
      .value("since", .time, nil, "Compare fills from then on"),
      .value("symbol", .symbol, nil, "Only this symbol"),
      .value("venue", .thing(.venue), nil, "Only this venue"),
    ],
    objects: ["drift"], exits: [.notFound, .timeout, .drift], seeAlso: ["snapshot take", "balances"],
    effect: .acts)
  let request: RequestDraft
  init(_ line: ParsedLine) throws(ErrorObject) {
    var request = try RequestDraft("reconcile", line, of: Self.spec)
    request.addAccounts(line)
    request.addTimeout(line, default: "30s")
    self.request = request
  }
  var conversation: Conversation { Conversation(grace: 30_000_000_000) }
}
