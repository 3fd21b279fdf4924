import OMSLib

/// `oms events`: the event log, past and live.
struct EventsCommand: Command {
  static let spec = CommandSpec(
    "events", group: .audit, summary: "Show what happened, and go on with what happens",
    details: """
      `seq` is one line of numbers over all types and all restarts. --after SEQ means strictly greater, whatever the \
      filters; so a reader that keeps the last `seq` misses nothing and sees nothing twice.
      """,
    examples: [
      .init("oms events -n 20", "the last twenty"),
      .init("oms events --type fill --after 1201 --follow", "every fill since, then live"),
      .init("oms events --id rebal-1 --follow --until-done", "one order to its end; the status tells which"),
    ],
    flags: [
      .toggle("follow", short: "f", "Go on with what happens"),
      .value("type", .thing(.objects), "LIST", "Only objects of these types: order, fill, event"),
      .value("kind", .text, "GLOB", "Only events of these kinds: 'venue.*'"),
      .value("symbol", .symbol, nil, "Only this symbol"),
      .value("strategy", .name, nil, "Only this strategy"),
      .value("venue", .thing(.venue), nil, "Only this venue"),
      .value("id", .id, nil, "Only of this order"),
      .value("level", .choice(["info", "warn", "error", "alarm"]), nil, "Only events of this level or above"),
      .value("last", short: "n", .count, nil, "The last N", section: "Start"),
      .value("since", .time, nil, "From this instant on", section: "Start"),
      .value("after", .count, "SEQ", "From behind this number on", section: "Start"),
      .toggle("from-start", "From the first one kept", section: "Start"),
      .value("take", .count, nil, "End after this many", section: "End"),
      .value("idle", .duration, nil, "End with 31 when quiet that long", section: "End"),
      .toggle("until-done", "End with the order's own code when it is done", section: "End"),
      .toggle("no-gaps", "End with 40 instead of skipping what is lost", section: "End"),
    ],
    objects: ["event", "order", "fill", "gap"],
    exits: [.notFound, .otherEnd, .timeout, .gap], seeAlso: ["fills", "orders", "journal dump"])

  private let request: RequestDraft
  private let follows: Bool
  /// `nil`: only what comes.
  private let past: EventHistory?

  init(_ line: ParsedLine) throws(ErrorObject) {
    let starts = ["last", "since", "after", "from-start"].filter { line.arguments.has($0) }
    guard starts.count <= 1 else {
      throw .usage("value", "--\(starts[0]) and --\(starts[1]) exclude each other: one start is enough")
    }
    follows = line.arguments.has("follow") || line.arguments.has("until-done")
    guard line.arguments.integer("take") != 0 else { throw .usage("count", "--take: 1 is the least") }
    var request = try RequestDraft("events", line, of: Self.spec, except: ["type"])
    if line.arguments.has("type") { request.set("type", .list(line.arguments.list("type"))) }
    request.set("follow", if: follows)
    request.addAccounts(line)
    self.request = request
    let readsPast = !follows || !starts.isEmpty
    let isWaitingForEnd = line.arguments.has("until-done")
    past =
      readsPast && !isWaitingForEnd
      ? EventHistory(
        request: request, after: line.arguments.integer("after").map { UInt64($0) },
        take: line.arguments.integer("take"), hasNoGaps: line.arguments.has("no-gaps")) : nil
  }

  func run(_ context: inout CommandContext) throws(ErrorObject) -> ExitStatus {
    let conversation = Conversation(isEndless: follows)
    guard let past else { return try context.perform(request, conversation) }
    guard let rest = try past.read(&context) else { return .ok }
    return try context.perform(rest, conversation)
  }
}
