import OMSLib

/// `oms doctor`: looks at everything that can be wrong around an engine.
struct DoctorCommand: Command {
  static let spec = CommandSpec(
    "doctor", group: .administration, summary: "Look for what is wrong on this machine, each finding with its fix",
    details: """
      Looks at the binary, the machine, limits, the clock, files, the configuration, the engine if one runs, and units. \
      0 if nothing failed, 1 otherwise; warnings count only with --strict. --fix mends what is safe and local, after a \
      question each. Exchanges and keys are not looked at: this build has no network.
      """,
    examples: [
      .init("oms doctor", "everything"),
      .init("oms doctor --offline -q && echo ready", "as a test"),
      .init("oms doctor -o tsv --where 'status==fail' --fields name,detail,fix", "what must be mended"),
    ],
    flags: [
      .toggle("offline", "Ask no venue: do not compare accounts with it"),
      .toggle("strict", "Warnings count as failures"),
      .toggle("fix", "Mend modes of files, remove what dead engines left, after a question each"),
    ],
    objects: ["check"], exits: [.failure, .confirmation], seeAlso: ["check", "config check", "status"])

  init(_ line: ParsedLine) throws(ErrorObject) {}

  func run(_ context: inout CommandContext) throws(ErrorObject) -> ExitStatus {
    let directory = try context.readableConfigDirectory()
    let isFixing = context.arguments.has("fix")
    guard !isFixing || context.canAsk || context.arguments.has("yes") else {
      throw ErrorObject(
        "confirm.needed", .confirmation, "--fix asks about each repair, and there is nobody to ask", hint: "say --yes")
    }
    let engine = try engine(&context)
    let home = context.line.environment["HOME"]
    let files = FileDiagnosis(context.paths)
    var found = binary()
    found += MachineDiagnosis.machine()
    found += MachineDiagnosis.limits(state: context.paths.currentStateDirectory, clock: context.clock)
    found += MachineDiagnosis.clock() + files.files(isRunning: engine.isRunning)
    found += configuration(directory, of: context.paths.instance) + engine.found + FileDiagnosis.schedule(home: home)
    var worst = Diagnosis.Status.ok
    for var diagnosis in found {
      if isFixing, let repair = diagnosis.repair { try mend(&diagnosis, repair, &context) }
      if diagnosis.status == .fail || worst == .ok { worst = diagnosis.status }
      try context.output.take(
        CheckVerdict.object(
          diagnosis.name, diagnosis.status.rawValue, diagnosis.detail, fix: diagnosis.fix, milliseconds: nil,
          at: context.now))
    }
    let isFine = worst == .ok || (worst == .warn && !context.arguments.has("strict"))
    return isFine ? .ok : ExitStatus(.failure)
  }

  private func mend(
    _ diagnosis: inout Diagnosis, _ repair: Diagnosis.Repair, _ context: inout CommandContext
  ) throws(ErrorObject) {
    if !context.arguments.has("yes") {
      try context.say(diagnosis.detail)
      guard try context.isYes("\(repair.text)?") else { return }
    }
    do throws(SystemError) {
      try repair.perform()
      diagnosis.status = .ok
      diagnosis.detail += "; mended"
      diagnosis.fix = nil
    } catch {
      diagnosis.detail += "; not mended: \(error.call), errno \(error.errno)"
    }
  }

  private func binary() -> [Diagnosis] {
    [
      Diagnosis(
        "binary.build", Build.isDebug ? .warn : .ok, "oms \(Build.version)\(Build.isDebug ? ", a debug build" : "")",
        fix: Build.isDebug ? "make build; trade with the release build" : nil)
    ]
  }

  private func configuration(_ directory: String, of instance: String) -> [Diagnosis] {
    let loaded = ConfigLoader.load(directory: directory, disk: KernelFileSystem(), instance: instance)
    let problems = loaded.problems + ConfigModes.problems(loaded.paths)
    guard !problems.isEmpty else {
      let detail = loaded.paths.isEmpty ? "nothing is configured: a paper session" : "\(loaded.paths.count) files"
      return [Diagnosis("configuration.files", .ok, detail)]
    }
    return problems.map {
      Diagnosis(
        "configuration.files", $0.severity == .error ? .fail : .warn, "\($0)", fix: "oms config check -C \(directory)")
    }
  }

  // MARK: The engine

  private func engine(_ context: inout CommandContext) throws(ErrorObject) -> (isRunning: Bool, found: [Diagnosis]) {
    var hello = RequestDraft("hello")
    hello.set("protocol", .number(Request.protocolVersion))
    do {
      _ = try context.collect(hello)
    } catch {
      guard error.code != "engine.not_running" else {
        return (
          false, [Diagnosis("engine.state", .warn, "no engine answers for '\(context.paths.instance)'", fix: "oms run")]
        )
      }
      return (true, [Diagnosis("engine.protocol", .fail, error.message, fix: error.hint ?? "restart the engine")])
    }
    var found = [Diagnosis("engine.protocol", .ok, "client and engine speak \(Request.protocolVersion)")]
    do {
      if let status = try context.collect(RequestDraft("status")).rows.first { found += Self.state(status) }
      var orders = RequestDraft("orders")
      orders.set("open", .flag)
      let edge = UTCTime(nanoseconds: context.now.nanoseconds - 60_000_000_000).rfc3339
      let unknown = try context.collect(orders).rows.count {
        $0.text("status") == "unknown" && $0.text("updated") ?? "" <= edge
      }
      found.append(
        Diagnosis(
          "engine.unknown", unknown == 0 ? .ok : .fail, "\(unknown) orders unknown for more than a minute",
          fix: unknown == 0 ? nil : "oms orders --status unknown; oms reconcile"))
      let snapshots = try context.collect(RequestDraft("snapshot_list")).rows
      found.append(
        Diagnosis(
          "engine.snapshot", snapshots.isEmpty ? .warn : .ok,
          snapshots.compactMap { $0.text("id") }.max().map { "the last is \($0)" } ?? "none yet",
          fix: snapshots.isEmpty ? "oms snapshot take" : nil))
      found += try differences(&context)
    } catch {
      found.append(Diagnosis("engine.answers", .fail, error.message, fix: error.hint ?? "oms status"))
    }
    return (true, found)
  }

  private static func state(_ status: Row) -> [Diagnosis] {
    let state = "\(status.text("state") ?? "?"), trading \(status.text("trading") ?? "?")"
    let isFine = status.text("state") == "running" && status.text("trading") == "on"
    let lag = Int64(status.text("loop_lag_ns") ?? "") ?? 0
    let fill = status.text("ring_high_pct").flatMap { Decimal(plain: $0) } ?? .zero
    return [
      Diagnosis("engine.state", isFine ? .ok : .warn, state, fix: isFine ? nil : "oms events -n 20; oms resume"),
      Diagnosis(
        "engine.loop_lag", lag > 50_000_000 ? .warn : .ok, DurationText.text(nanoseconds: lag),
        fix: lag > 50_000_000 ? "give the hot thread a CPU of its own (--cpu)" : nil),
      Diagnosis(
        "engine.ring", fill > Decimal(50) ? .warn : .ok, "\(fill.canonicalText)% of the journal ring is unwritten",
        fix: fill > Decimal(50) ? "the disk is too slow or dead; see limits.sync" : nil),
    ]
  }

  /// What it runs on against the files, and what it holds against what the venues hold.
  private func differences(_ context: inout CommandContext) throws(ErrorObject) -> [Diagnosis] {
    var found: [Diagnosis] = []
    do {
      let changes = try context.collect(RequestDraft("config_diff")).rows.count
      found.append(
        Diagnosis(
          "configuration.running", changes == 0 ? .ok : .warn, "\(changes) values differ from the files",
          fix: changes == 0 ? nil : "oms config diff; oms config reload"))
    } catch {
      found.append(Diagnosis("configuration.running", .warn, error.message, fix: "oms config check"))
    }
    guard !context.arguments.has("offline") else { return found }
    let drifts = try context.collect(RequestDraft("reconcile")).rows.count
    found.append(
      Diagnosis(
        "engine.drift", drifts == 0 ? .ok : .fail, "\(drifts) differences from the venues",
        fix: drifts == 0 ? nil : "oms reconcile, then with --fix"))
    return found
  }
}
