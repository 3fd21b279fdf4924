import OMSLib

/// `oms orders`: lists orders.
struct OrdersCommand: RequestCommand {
  static let spec = CommandSpec(
    "orders", group: .state, summary: "List orders",
    examples: [
      .init("oms orders --open", "what is working"),
      .init("oms orders --id rebal-1 -o tsv --fields status,filled", "one order, two of its fields"),
      .init("oms orders --done --since today --by symbol --sum filled", "today's volume, exact"),
    ],
    arguments: [ArgumentSpec("ID", .id, .any, help: "Orders; one that does not exist ends with 18")],
    flags: [
      .value("id", .ids, nil, "Orders, as a list"),
      .toggle("open", "Only working ones"),
      .toggle("done", "Only finished ones"),
      .value("symbol", .symbol, nil, "Only this symbol"),
      .value("strategy", .name, nil, "Only this strategy"),
      .value("venue", .thing(.venue), nil, "Only this venue"),
      .value("status", .choices(orderStatuses), nil, "Only in these states"),
      .value("since", .time, nil, "Created then or later"),
      .value("until", .time, nil, "Created before"),
      .toggle("venue-view", "Ask the venue instead of our records; without ids it lists what is open there"),
      watchFlag,
    ],
    objects: ["order"], exits: [.notFound, .timeout], seeAlso: ["fills", "cancel", "wait"])

  static let orderStatuses = [
    "new", "sent", "open", "partial", "pending_cancel", "pending_amend", "unknown", "filled", "cancelled", "rejected",
    "expired",
  ]

  let request: RequestDraft
  private let watch: WatchPeriod

  init(_ line: ParsedLine) throws(ErrorObject) {
    var request = try RequestDraft("orders", line, of: Self.spec, except: ["id", "status", "watch"])
    let ids = line.arguments.words + line.arguments.list("id")
    if !ids.isEmpty { request.set("ids", .list(ids)) }
    if line.arguments.has("status") { request.set("status", .list(line.arguments.list("status"))) }
    guard !(line.arguments.has("open") && line.arguments.has("done")) else {
      throw .usage("value", "--open and --done exclude each other")
    }
    request.addAccounts(line)
    self.request = request
    watch = WatchPeriod(line)
  }

  func run(_ context: inout CommandContext) throws(ErrorObject) -> ExitStatus {
    try context.watch(request, watch)
  }
}
