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
    objects: ["snapshot"], exits: [.busy, .unknown], seeAlso: ["snapshot list", "reconcile"], effect: .acts)
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
