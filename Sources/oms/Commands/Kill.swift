import OMSLib

/// `oms kill`: shuts the gate, then cancels every own open order.
struct KillCommand: Command {
  static let spec = CommandSpec(
    "kill", group: .trading, summary: "Shut the gate and cancel every own open order",
    details: """
      Asks nothing. The gate file is written first, so that no order leaves even when the engine does not answer; then \
      the engine cancels and confirms order by order. Undone by `oms resume --confirm SCOPE` only. With --flatten the scope is \
      paused first, its positions are closed, and whatever has come of that, it is killed. What is killed already closes \
      nothing: resume it, then kill with --flatten.
      """,
    examples: [
      .init("oms kill --reason 'fat finger'", "everything"),
      .init("oms kill -a sim.main", "one account"),
      .init(
        "oms kill --flatten", "close the positions too; that part asks", needs: "an engine that is not killed already"),
    ],
    flags: ladderFlags + [.toggle("flatten", "Then close the positions in the scope")],
    objects: ["event", "order"], exits: [.confirmation, .modeGuard, .notFound, .unknown, .partial],
    seeAlso: ["resume", "pause", "flatten"], effect: .acts)

  private let request: RequestDraft
  /// What closes the positions, and what lets nothing else out meanwhile.
  private let flatten: (pause: RequestDraft, close: RequestDraft)?
  private let reason: String
  /// What the gate can say by itself; `nil` when only the engine knows what is meant (globs, groups, a symbol of one
  /// account).
  private let gateScopes: [GateScope]?
  /// What is shut when the engine does not answer: never less than what was asked for.
  private let widerScope: GateScope

  init(_ line: ParsedLine) throws(ErrorObject) {
    request = try ladderRequest("kill", line, of: Self.spec)
    reason = line.arguments.string("reason") ?? ""
    let given = ["account", "symbol", "strategy", "venue"].filter { line.arguments.has($0) }
    gateScopes = Self.gateScopes(given, line)
    widerScope = gateScopes.flatMap { $0.count == 1 ? $0.first : nil } ?? .everything
    if line.arguments.has("flatten") {
      var flatten = RequestDraft("flatten")
      flatten.set("account", line.arguments.string("account") ?? (given.isEmpty ? "all" : nil))
      for name in ["symbol", "strategy", "venue"] { flatten.set(name, line.arguments.string(name)) }
      flatten.addTimeout(line)
      flatten.addConsent(line)
      self.flatten = (try ladderRequest("pause", line, of: Self.spec), flatten)
    } else {
      flatten = nil
    }
  }

  private static func gateScopes(_ given: [String], _ line: ParsedLine) -> [GateScope]? {
    guard let kind = given.first else { return [.everything] }
    guard given.count == 1 else { return nil }
    switch kind {
    case "account":
      let names = line.arguments.list("account")
      if names == ["all"] { return [.everything] }
      return names.allSatisfy(Shapes.isName) ? names.map { GateScope(.account, $0) } : nil
    case "strategy": return line.arguments.string(kind).map { [GateScope(.strategy, $0)] }
    case "venue": return line.arguments.string(kind).map { [GateScope(.venue, $0)] }
    // Only the engine knows which name is the canonical one.
    default: return nil
    }
  }

  func run(_ context: inout CommandContext) throws(ErrorObject) -> ExitStatus {
    // Refused there: the gate has no rehearsal.
    if request.has("dry_run") { return try context.perform(request) }
    guard let flatten else { return try kill(&context) }
    let flattened: Result<ExitStatus, ErrorObject>
    do throws(ErrorObject) {
      _ = try context.perform(flatten.pause)
      flattened = .success(try context.perform(flatten.close))
    } catch {
      flattened = .failure(error)
    }
    let status = try kill(&context)
    let closed = try flattened.get()
    return status == .ok ? closed : status
  }

  private func kill(_ context: inout CommandContext) throws(ErrorObject) -> ExitStatus {
    var gateTrouble = gateScopes.map { context.shutGate($0, reason: reason) } ?? .some("the engine knows the scope")
    do {
      return try context.perform(request)
    } catch {
      guard error.exit == ExitCode.unknown.rawValue || error.exit == ExitCode.unreachable.rawValue else { throw error }
      // The engine did not confirm. What the gate says is certain all the same; when it could not say it exactly, it
      // says more.
      if gateTrouble != nil { gateTrouble = context.shutGate([widerScope], reason: reason) }
      throw Self.unconfirmed(error, gateTrouble)
    }
  }

  private static func unconfirmed(_ error: ErrorObject, _ gateTrouble: String?) -> ErrorObject {
    var result = error
    if let gateTrouble {
      result.exit = ExitCode.unknown.rawValue
      result.code = "outcome.unknown"
      result.message = "neither the gate nor the engine confirmed: \(gateTrouble); \(error.message)"
    } else {
      result.exit = ExitCode.partial.rawValue
      result.code = "partial.gate_only"
      result.message = "the gate is shut; the engine did not confirm the cancels: \(error.message)"
      result.hint = "oms orders --open, as soon as an engine answers; it will start killed"
    }
    result.sent = "unknown"
    return result
  }
}

extension CommandContext {
  /// Writes the gate file of the instance; an answer says why that failed.
  func shutGate(_ scopes: [GateScope], reason: String) -> String? {
    let directory = paths.currentStateDirectory
    do throws(SystemError) {
      try ScratchFile.makeDirectories(directory)
    } catch {
      return "\(directory) cannot be made (errno \(error.errno))"
    }
    let gate = GateFile(path: directory + "/gate")
    let seconds = UInt32(clamping: clock.realtime() / 1_000_000_000)
    for scope in scopes {
      do throws(GateError) {
        try GateFile.prepare(KernelFileSystem(), in: directory, seconds: seconds)
        try gate.set(scope, .killed, reason: reason, user: ProcessIdentity.user, seconds: seconds)
      } catch {
        return "\(gate.path): \(error)"
      }
    }
    return nil
  }
}
