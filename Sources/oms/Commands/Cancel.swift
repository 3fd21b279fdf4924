import OMSLib

/// `oms cancel`: cancels orders by id, by scope, or as they come on standard input.
struct CancelCommand: Command {
  static let spec = CommandSpec(
    "cancel", group: .trading, summary: "Cancel orders",
    details: """
      By id nothing is asked, also not for live accounts. `cancel -` reads ids or {"id":...} lines and answers in \
      order. --all needs a scope: -a, --symbol, --strategy or --venue.
      """,
    examples: [
      .init("oms cancel rebal-1 rebal-2", "by id; already cancelled is fine"),
      .init("oms cancel --all -a sim.main --older-than 10m", "what has been lying for ten minutes"),
      .init("oms orders --open -o id | oms cancel -", "whatever a filter finds"),
    ],
    arguments: [ArgumentSpec("ID", .id, .any, help: "Orders; - reads them from standard input")],
    flags: [
      .toggle("all", "Every own order in the scope"),
      .value("symbol", .symbol, nil, "Only in this symbol", section: "Scope"),
      .value("strategy", .name, nil, "Only of this strategy", section: "Scope"),
      .value("venue", .thing(.venue), nil, "Only at this venue", section: "Scope"),
      .value("side", .side, nil, "Only this side", section: "Narrowing"),
      .value("older-than", .duration, nil, "Only orders placed longer ago", section: "Narrowing"),
      .list("tag", .pair, nil, "Only with this tag", section: "Narrowing"),
      .list("not-tag", .pair, nil, "Not with this tag", section: "Narrowing"),
      .value("price-above", .decimal, "P", "Only above this price", section: "Narrowing"),
      .value("price-below", .decimal, "P", "Only below this price", section: "Narrowing"),
      .toggle("foreign", "Also orders that were not placed here", section: "Narrowing"),
    ],
    objects: ["order", "result", "plan"],
    exits: [.confirmation, .notFound, .venueRefusedKey, .otherEnd, .unknown, .partial],
    seeAlso: ["orders", "kill", "batch"], effect: .acts)

  private enum Mode {
    case request(RequestDraft)
    case standardInput(BatchSettings)
  }

  private let mode: Mode

  init(_ line: ParsedLine) throws(ErrorObject) {
    let words = line.arguments.words
    if line.arguments.has("all") {
      guard words.isEmpty else { throw .usage("argument", "give either ids or --all, not both") }
      mode = .request(try Self.all(line))
      return
    }
    for flag in Self.spec.flags where line.arguments.has(flag.name) {
      throw .usage("argument", "--\(flag.name) goes with --all", hint: "oms cancel --all -a SEL --\(flag.name) ...")
    }
    if words == ["-"] {
      var settings = BatchSettings()
      settings.isCancelling = true
      mode = .standardInput(settings)
      return
    }
    guard !words.contains("-") else { throw .usage("argument", "`-` stands alone: ids come from standard input") }
    guard !words.isEmpty else {
      throw .usage("argument", "what to cancel? ids, `-`, or --all with a scope", hint: "oms cancel --help")
    }
    // A dry run shows the orders that would be cancelled.
    let isDryRun = line.arguments.has("dry-run")
    var request = RequestDraft(isDryRun ? "orders" : "cancel")
    request.set("ids", .list(words))
    if !isDryRun { request.addTimeout(line) }
    mode = .request(request)
  }

  private static func all(_ line: ParsedLine) throws(ErrorObject) -> RequestDraft {
    var request = try RequestDraft("cancel_all", line, of: spec, except: ["all"])
    request.addAccounts(line)
    guard ["account", "symbol", "strategy", "venue"].contains(where: { request.has($0) }) else {
      throw .usage(
        "scope", "--all needs a scope: -a SEL, --symbol S, --strategy N or --venue V",
        hint: "oms cancel --all -a all means every account")
    }
    request.addTimeout(line)
    request.addConsent(line)
    return request
  }

  func run(_ context: inout CommandContext) throws(ErrorObject) -> ExitStatus {
    switch mode {
    case .request(let request): try context.perform(request)
    case .standardInput(let settings): try context.runBatch(settings, source: nil)
    }
  }
}
