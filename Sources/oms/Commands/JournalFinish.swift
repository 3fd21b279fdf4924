import OMSLib

/// `oms journal finish`: what a core owes to the version that follows it.
struct JournalFinishCommand: Command {
  static let spec = CommandSpec(
    "journal finish", group: .audit, summary: "Close a stopped instance's journal for the next version",
    details: """
      Replays what the last engine left, puts the end of the journal right, closes it, and writes a snapshot of that very \
      end. Only the core that wrote a journal can do this. A start that meets a journal of another core has it done by \
      libexec/oms/core-VERSION beside its own executable, which is the binary of that version; by hand it is needed only \
      where that is missing. Without --state it holds the lock of the instance; with it, no engine may be started on the \
      directory meanwhile.
      """,
    examples: [
      .init(
        "oms journal finish --state /var/lib/oms/main", "before another version is installed",
        needs: "a stopped instance")
    ],
    flags: [
      .stateDirectory,
      .value("fallback", .directory, nil, "The journal's second directory, as oms.yaml has it"),
      .value(
        "keep-orders", .count, "N", "Orders kept in memory, as the engine was run with", default: "\(Limits.orderCount)"
      ),
    ],
    objects: ["snapshot"], exits: [.configuration, .busy, .notFound],
    seeAlso: ["journal verify", "snapshot list", "run"],
    effect: .acts)

  private let orders: Int

  init(_ line: ParsedLine) throws(ErrorObject) {
    orders = line.arguments.integer("keep-orders") ?? Limits.orderCount
    guard Limits.canKeep(orders: orders) else {
      throw .usage("argument", "--keep-orders \(orders) is no power of two from 64 to \(Limits.orderCount)")
    }
  }

  func run(_ context: inout CommandContext) throws(ErrorObject) -> ExitStatus {
    let finish = JournalFinish(
      stateDirectory: context.stateDirectory, fallback: context.arguments.string("fallback"), orderCapacity: orders)
    let object: [UInt8]
    do throws(EngineFailure) {
      let runDirectory = context.arguments.has("state") ? nil : context.paths.runDirectory
      object = try finish.run(utc: context.now, underLockIn: runDirectory, of: context.paths.instance)
    } catch {
      throw ErrorObject(error)
    }
    try context.output.take(object)
    return .ok
  }
}
