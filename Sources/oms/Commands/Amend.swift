import OMSLib

/// `oms amend`: changes price or size of an open order.
struct AmendCommand: RequestCommand {
  static let spec = CommandSpec(
    "amend", group: .trading, summary: "Change price or size of an open order",
    details: "Atomic where the venue can. Where it cannot, --cancel-replace allows two steps; the queue place is lost.",
    examples: [
      .init("oms amend rebal-1 --limit 55100", "a new price"),
      .init("oms amend rebal-1 --qty 0.005", "less of it"),
      .init("oms amend rebal-1 --limit 55200 --cancel-replace", "also where the venue has no amend"),
    ],
    arguments: [ArgumentSpec("ID", .id, help: "The order")],
    flags: [
      .value("qty", .decimal, "QTY", "New quantity, with what is filled already"),
      .value("limit", .decimal, "P", "New limit price"),
      .value("stop", .decimal, "P", "New trigger price"),
      .toggle("cancel-replace", "Cancel and place anew where the venue cannot amend"),
      .value("round", .choice(["down", "up", "nearest"]), nil, "Round a value that is too fine"),
    ],
    objects: ["order", "plan"],
    exits: [
      .confirmation, .modeGuard, .risk, .halted, .notFound, .conflict, .venueRejected,
      .venueRefusedKey, .venueLimited, .marketClosed, .otherEnd, .unknown,
    ],
    seeAlso: ["order", "cancel"], effect: .acts)

  let request: RequestDraft

  init(_ line: ParsedLine) throws(ErrorObject) {
    guard ["qty", "limit", "stop"].contains(where: { line.arguments.has($0) }) else {
      throw .usage("argument", "nothing to change: give --qty, --limit or --stop")
    }
    var request = try RequestDraft("amend", line, of: Self.spec)
    request.set("id", line.arguments.words[0])
    request.addTimeout(line)
    request.addConsent(line)
    self.request = request
  }
}
