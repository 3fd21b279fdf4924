import OMSLib

/// `oms kill`: shuts the gate, then cancels every own open order.
struct KillCommand: Command {
  static let spec = CommandSpec(
    "kill", group: .trading, summary: "Shut the gate and cancel every own open order",
    details: """
      Asks nothing. The gate file is written first, so that no order leaves even when the engine does not answer; then \
      the engine cancels and confirms order by order. Undone by `oms resume --confirm SCOPE` only.
      """,
    examples: [
      .init("oms kill --reason 'fat finger'", "everything"),
      .init("oms kill -a sim.main", "one account"),
      .init("oms kill --flatten", "close the positions too; that part asks"),
    ],
    flags: ladderFlags + [.toggle("flatten", "Then close the positions in the scope")],
    objects: ["event", "order"], exits: [.confirmation, .notFound, .unknown, .partial],
    seeAlso: ["resume", "pause", "flatten"], effect: .acts)

  private let request: RequestDraft
  private let flatten: RequestDraft?
  private let reason: String
  private let isWhole: Bool

  init(_ line: ParsedLine) throws(ErrorObject) {
    request = try ladderRequest("kill", line, of: Self.spec)
    reason = line.arguments.string("reason") ?? ""
    isWhole = !["account", "symbol", "strategy", "venue"].contains { line.arguments.has($0) }
    if line.arguments.has("flatten") {
      var flatten = RequestDraft("flatten")
      flatten.set("account", line.arguments.string("account") ?? (isWhole ? "all" : nil))
      for name in ["symbol", "strategy", "venue"] { flatten.set(name, line.arguments.string(name)) }
      flatten.addTimeout(line)
      flatten.addConsent(line)
      self.flatten = flatten
    } else {
      flatten = nil
    }
  }

  func run(_ context: inout CommandContext) throws(ErrorObject) -> ExitStatus {
    let isGateShut = isWhole && context.shutGate(reason: reason)
    let status: ExitStatus
    do {
      status = try context.perform(request)
    } catch {
      // The engine did not confirm, but no order passes the gate any more: part of what was asked is certain.
      guard isGateShut, error.exit == ExitCode.unknown.rawValue || error.exit == ExitCode.unreachable.rawValue else {
        throw error
      }
      var partial = error
      partial.exit = ExitCode.partial.rawValue
      partial.code = "partial.gate_only"
      partial.message = "the gate is shut; the engine did not confirm the cancels: \(error.message)"
      partial.hint = "oms orders --open, as soon as an engine answers; it will start killed"
      throw partial
    }
    guard status == .ok, let flatten else { return status }
    return try context.perform(flatten)
  }
}
