import OMSLib

/// `oms fills`: lists executions.
struct FillsCommand: RequestCommand {
  static let spec = CommandSpec(
    "fills", group: .state, summary: "List executions",
    examples: [
      .init("oms fills --since today", "today's executions"),
      .init("oms fills --since today --by symbol --sum qty,notional,fee -o csv", "exact sums per symbol"),
      .init("oms fills --follow -o jsonl", "as they happen"),
    ],
    flags: [
      .value("id", .id, nil, "Only of this order"),
      .value("symbol", .symbol, nil, "Only this symbol"),
      .value("strategy", .name, nil, "Only this strategy"),
      .value("venue", .thing(.venue), nil, "Only this venue"),
      .value("since", .time, nil, "Then or later"),
      .value("until", .time, nil, "Before"),
      .toggle("follow", short: "f", "Go on with what happens"),
      .value("take", .count, nil, "End after this many", section: "Following"),
      .value("idle", .duration, nil, "End with 31 when quiet that long", section: "Following"),
    ],
    objects: ["fill"], exits: [.notFound, .timeout], seeAlso: ["orders", "events", "pnl"])

  let request: RequestDraft
  private let follows: Bool

  init(_ line: ParsedLine) throws(ErrorObject) {
    follows = line.arguments.has("follow")
    if follows {
      guard !line.arguments.has("until") else { throw .usage("value", "--until and --follow exclude each other") }
      var request = try RequestDraft("events", line, of: Self.spec)
      request.set("type", .list(["fill"]))
      request.addAccounts(line)
      self.request = request
    } else {
      guard !line.arguments.has("take"), !line.arguments.has("idle") else {
        throw .usage("value", "--take and --idle go with --follow")
      }
      var request = try RequestDraft("fills", line, of: Self.spec)
      request.addAccounts(line)
      self.request = request
    }
  }

  var conversation: Conversation { Conversation(isEndless: follows) }
}
