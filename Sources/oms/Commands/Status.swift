import OMSLib

/// `oms status`: one line of truth.
struct StatusCommand: RequestCommand {
  static let spec = CommandSpec(
    "status", group: .session, summary: "Show whether the engine runs and trades",
    details: "0 when running with trading on, 15 when paused, halted or killed, 16 when not running.",
    examples: [
      .init("oms status -q || echo 'not trading'", "a test"),
      .init("oms status --latency", "with the latency of each stage"),
      .init("oms status -o tsv --fields trading,orders_open", "two of its members"),
    ],
    flags: [
      .toggle("latency", "Also a line per stage of the order path"),
      .toggle("accounts", "Also a line per account"),
      watchFlag,
    ],
    objects: ["status", "latency", "account"], exits: [.halted], seeAlso: ["events"])

  let request: RequestDraft
  private let watch: WatchPeriod

  init(_ line: ParsedLine) throws(ErrorObject) {
    request = try RequestDraft("status", line, of: Self.spec, except: ["watch"])
    watch = WatchPeriod(line)
  }

  func run(_ context: inout CommandContext) throws(ErrorObject) -> ExitStatus {
    try context.watch(request, watch)
  }
}
