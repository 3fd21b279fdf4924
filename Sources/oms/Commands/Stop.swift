import OMSLib

/// `oms stop`: ends the engine in order.
struct StopCommand: RequestCommand {
  static let spec = CommandSpec(
    "stop", group: .session, summary: "Stop the engine",
    details: """
      No new orders are taken, open ones are handled by policy and confirmed by id, a snapshot is taken, journal and \
      log are synced. What cannot be settled keeps the engine alive, unless --force is said.
      """,
    examples: [
      .init("oms stop", "each account's on_exit decides about its orders"),
      .init("oms stop --orders cancel --timeout 10s", "cancel everything that is open"),
      .init("oms stop --flatten --yes", "cancel everything and close the positions first"),
    ],
    flags: [
      .value("orders", .choice(["keep", "cancel"]), nil, "What becomes of open orders", default: "on_exit"),
      .toggle("flatten", "Cancel all orders and close all positions first"),
      .toggle("force", "Leave even if orders or positions could not be settled"),
    ],
    objects: ["summary"], exits: [.confirmation, .modeGuard, .unknown, .partial], seeAlso: ["kill"],
    effect: .acts)

  let request: RequestDraft

  init(_ line: ParsedLine) throws(ErrorObject) {
    guard !line.arguments.has("dry-run") else { throw .usage("dry_run", "`oms stop` has no dry run") }
    var request = try RequestDraft("stop", line, of: Self.spec)
    request.addTimeout(line, default: "30s")
    request.addConsent(line)
    self.request = request
  }

  var conversation: Conversation { Conversation(grace: 30_000_000_000, mayClose: true) }
}
