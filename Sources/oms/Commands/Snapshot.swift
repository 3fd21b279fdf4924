import OMSLib

/// `oms snapshot take`: writes the state of the engine to disk.
struct SnapshotTakeCommand: RequestCommand {
  static let spec = CommandSpec(
    "snapshot take", group: .audit, summary: "Take a snapshot of the engine's state",
    examples: [
      .init("oms snapshot take", "now"),
      .init("oms snapshot take --note 'before the upgrade'", "with a word on why"),
      .init("oms snapshot take -o id", "its name alone"),
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
    details: "By what they say of themselves; `oms snapshot show` checks all of one.",
    examples: [
      .init("oms snapshot list", "all of them"),
      .init("oms snapshot list --sort seq:desc --limit-rows 1", "the newest"),
    ],
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

/// `oms snapshot show`: one snapshot, after everything in it was checked.
struct SnapshotShowCommand: Command {
  static let spec = CommandSpec(
    "snapshot show", group: .audit, summary: "Check a snapshot and show what it is of",
    details: "ID is its name, the number of its last record, or `newest`. Needs no engine.",
    examples: [.init("oms snapshot show newest", "the newest")],
    arguments: [ArgumentSpec("ID", .thing(.snapshot), help: "Which snapshot")], flags: [.stateDirectory],
    objects: ["snapshot"], exits: [.notFound], seeAlso: ["snapshot list", "snapshot diff"])

  private let id: String

  init(_ line: ParsedLine) throws(ErrorObject) { id = line.arguments.words.first ?? "newest" }

  func run(_ context: inout CommandContext) throws(ErrorObject) -> ExitStatus {
    let desk = try context.snapshotDesk()
    let object: [UInt8]
    do throws(EngineFailure) { object = try desk.show(try desk.find(id)) } catch { throw ErrorObject(error) }
    try context.output.take(object)
    return .ok
  }
}

/// `oms snapshot diff`: what two snapshots say differently.
struct SnapshotDiffCommand: Command {
  static let spec = CommandSpec(
    "snapshot diff", group: .audit, summary: "Compare two snapshots",
    details: """
      One `drift` per balance, position, order and trading state that differs: `ours` is ID's, `theirs` that of ID2 \
      (without it: of the newest). What moves by itself is passed over, and so are finished orders that have left the \
      table. 0 when there is no difference, 41 when there is one. Needs no engine.
      """,
    examples: [
      .init("oms snapshot diff 1200", "what has changed since record 1200", needs: "such a snapshot"),
      .init("oms snapshot diff 1200 4711", "between two", needs: "two snapshots"),
      .init("oms snapshot diff newest newest && echo same", "a test"),
    ],
    arguments: [
      ArgumentSpec("ID", .thing(.snapshot), help: "The earlier one"),
      ArgumentSpec("ID2", .thing(.snapshot), .optional, help: "The later one; without it the newest"),
    ],
    flags: [.stateDirectory],
    objects: ["drift"], exits: [.notFound, .drift], seeAlso: ["snapshot list", "reconcile"])

  private let words: [String]

  init(_ line: ParsedLine) throws(ErrorObject) { words = line.arguments.words }

  func run(_ context: inout CommandContext) throws(ErrorObject) -> ExitStatus {
    let desk = try context.snapshotDesk()
    let differences: [[UInt8]]
    do throws(EngineFailure) {
      differences = try desk.differences(
        try desk.find(words.first ?? ""), try desk.find(words.count > 1 ? words[1] : "newest"))
    } catch {
      throw ErrorObject(error)
    }
    for object in differences { try context.output.take(object) }
    return differences.isEmpty ? .ok : ExitStatus(.drift)
  }
}

/// `oms snapshot restore`: takes a stopped instance back to a snapshot.
struct SnapshotRestoreCommand: Command {
  static let spec = CommandSpec(
    "snapshot restore", group: .audit, summary: "Take a stopped instance back to a snapshot",
    details: """
      The journal is put aside under a name of its own, and nothing of it is removed. Numbers of records, events and \
      orders go on above all there were; ids that were used stay used. What happened behind the snapshot comes back \
      from the venues at the next start: each account waits for its own before it takes new risk. Asks, or needs --yes.
      """,
    examples: [
      .init("oms snapshot restore newest --dry-run", "what it would be", needs: "a stopped instance"),
      .init("oms snapshot restore 1200 --yes", "back to record 1200", needs: "a stopped instance"),
    ],
    arguments: [ArgumentSpec("ID", .thing(.snapshot), help: "Which snapshot")], flags: [.stateDirectory],
    objects: ["snapshot"], exits: [.configuration, .confirmation, .busy, .notFound],
    seeAlso: ["snapshot show", "snapshot diff", "run", "reconcile"], effect: .acts)

  private let id: String

  init(_ line: ParsedLine) throws(ErrorObject) { id = line.arguments.words.first ?? "" }

  func run(_ context: inout CommandContext) throws(ErrorObject) -> ExitStatus {
    let desk = try context.restoreDesk()
    let name: String
    let object: [UInt8]
    do throws(EngineFailure) {
      let snapshots = try desk.snapshots()
      name = try snapshots.find(id)
      object = try snapshots.show(name)
    } catch {
      throw ErrorObject(error)
    }
    if context.arguments.has("dry-run") {
      try context.output.take(object)
      return .ok
    }
    try confirm(name, &context)
    let report: Restoration.Report
    do throws(EngineFailure) {
      report = try desk.restore(name, runDirectory: context.paths.runDirectory, utc: context.now)
    } catch {
      throw ErrorObject(error)
    }
    for finding in report.findings { try context.say("warning: \(finding)") }
    try context.say("the journal up to record \(report.highest.lsn) is kept as \(report.aside)")
    try context.output.take(report.object)
    return .ok
  }

  private func confirm(_ name: String, _ context: inout CommandContext) throws(ErrorObject) {
    guard !context.arguments.has("yes") else { return }
    try context.say("this goes back to \(name); what happened behind it is asked of the venues at the next start")
    guard context.canAsk else {
      throw ErrorObject("confirm.needed", .confirmation, "a restore must be meant", hint: "say --yes")
    }
    try context.demandYes()
  }
}

extension FlagSpec {
  /// Where `oms run --state` keeps an instance.
  static var stateDirectory: FlagSpec {
    .value("state", .directory, nil, "The state directory, if it is not the usual one")
  }
}

extension CommandContext {
  /// The state directory that `--state` names, or that of the instance.
  var stateDirectory: String {
    guard let path = arguments.string("state") else { return paths.currentStateDirectory }
    return path.hasPrefix("/") ? path : WorkingDirectory.path + "/" + path
  }

  /// The snapshots of the instance.
  func snapshotDesk() throws(ErrorObject) -> SnapshotDesk {
    do throws(EngineFailure) { return try restoreDesk(fallback: "").snapshots() } catch { throw ErrorObject(error) }
  }

  /// With the journal's second directory as the configuration names it.
  func restoreDesk() throws(ErrorObject) -> RestoreDesk {
    let directory = try readableConfigDirectory()
    guard let settings = ConfigLoader.load(directory: directory, disk: KernelFileSystem()).settings else {
      throw ErrorObject(
        "config.invalid", .configuration, "the configuration is invalid: it names the journal's directories",
        hint: "oms run -C \(directory)")
    }
    return restoreDesk(fallback: settings.journal.fallback)
  }

  private func restoreDesk(fallback: String) -> RestoreDesk {
    let state = stateDirectory
    return RestoreDesk(
      stateDirectory: state, logDirectory: state == paths.stateDirectory ? paths.logDirectory : state + "/logs",
      instance: paths.instance, fallback: fallback)
  }
}

extension ErrorObject {
  /// An error of the engine's parts that a command uses without an engine.
  init(_ failure: EngineFailure) {
    self.init(failure.code, ExitCode(rawValue: failure.exit) ?? .failure, failure.message)
  }
}
