import OMSLib

/// `oms snapshot take`: writes the state of the engine to disk.
struct SnapshotTakeCommand: RequestCommand {
  static let spec = CommandSpec(
    "snapshot take", group: .audit, summary: "Take a snapshot of the engine's state",
    examples: [
      .init("oms snapshot take", "now"),
      .init("oms snapshot take --note 'before the upgrade'", "with a word on why"),
    ],
    flags: [.value("note", .text, nil, "Kept with it")],
    objects: ["snapshot"], exits: [.busy, .unknown], seeAlso: ["snapshot list", "snapshot prune", "reconcile"],
    effect: .acts)
  let request: RequestDraft
  init(_ line: ParsedLine) throws(ErrorObject) { request = try RequestDraft("snapshot_take", line, of: Self.spec) }
}

/// `oms snapshot list`: the snapshots that are kept.
struct SnapshotListCommand: RequestCommand {
  static let spec = CommandSpec(
    "snapshot list", group: .audit, summary: "List snapshots",
    examples: [.init("oms snapshot list --sort seq:desc --limit-rows 1", "the newest")],
    objects: ["snapshot"], seeAlso: ["snapshot take"])
  let request: RequestDraft
  init(_ line: ParsedLine) throws(ErrorObject) { request = RequestDraft("snapshot_list") }
}

/// `oms snapshot prune`: removes old snapshots.
struct SnapshotPruneCommand: Command {
  static let spec = CommandSpec(
    "snapshot prune", group: .audit, summary: "Remove old snapshots",
    details: "The two newest sound ones stay, however old. Needs no engine.",
    examples: [.init("oms snapshot prune --keep 14d", "keep two weeks")],
    flags: [.value("keep", .duration, nil, "Keep those made within this time")],
    seeAlso: ["snapshot list"], effect: .acts)

  private let before: UTCTime

  init(_ line: ParsedLine) throws(ErrorObject) {
    guard let keep = line.arguments.duration("keep") else { throw .usage("argument", "--keep DUR is missing") }
    before = UTCTime(nanoseconds: line.now.nanoseconds - keep)
  }

  func run(_ context: inout CommandContext) throws(ErrorObject) -> ExitStatus {
    let state = context.paths.currentStateDirectory
    guard KernelFileSystem().exists(state + "/snapshots") else { return .ok }
    let identity = try context.journalOptions(nil).identity
    let store = SnapshotStore(fileSystem: KernelFileSystem(), directory: state + "/snapshots", identity: identity)
    do throws(SnapshotError) {
      let removed = try store.prune(madeBefore: before)
      for name in removed { try? context.say("removed \(name)") }
    } catch {
      throw ErrorObject("io.snapshot", .failure, "\(error)")
    }
    return .ok
  }
}
