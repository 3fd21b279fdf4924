import OMSLib

/// `oms guard`: ties orders to the life of a command.
struct GuardCommand: Command {
  static let spec = CommandSpec(
    "guard", group: .session, summary: "Run a command and clean up what it placed when it ends",
    details: """
      The command gets OMS_SESSION; orders placed below it belong to the session. When it ends, or dies, or this \
      process dies, the engine settles them as --on-exit says: `flatten` also closes what the session's fills have left of \
      a position. Ends with the command's status; 30 or 32 when the clean-up did not finish, which --timeout bounds.
      """,
    examples: [
      .init("oms guard -- ./maker.sh", "its open orders are cancelled at the end"),
      .init("oms guard --on-exit flatten -- ./strategy", "and the positions it opened are closed"),
      .init("oms guard --on-exit keep -- ./maker.sh", "nothing is touched"),
    ],
    flags: [
      .value(
        "on-exit", .choice(["cancel", "flatten", "keep"]), nil, "What becomes of the session's orders",
        default: "cancel")
    ],
    objects: ["order"], exits: [.unknown, .partial], seeAlso: ["kill"], effect: .acts, takesCommand: true)

  private let command: [String]
  private let onExit: String

  init(_ line: ParsedLine) throws(ErrorObject) {
    command = line.arguments.command
    guard !line.arguments.has("dry-run") else { throw .usage("dry_run", "`oms guard` has no dry run") }
    onExit = line.arguments.string("on-exit") ?? "cancel"
    guard !command.isEmpty else {
      throw .usage("argument", "nothing to run: oms guard -- COMMAND...", hint: "oms guard --help")
    }
  }

  func run(_ context: inout CommandContext) throws(ErrorObject) -> ExitStatus {
    let session = "guard-\(ProcessIdentity.number)-\(context.clock.realtime() / 1_000_000)"
    var client = try context.connect()
    client.send(request(session, isEnd: false).line(number: 1))
    _ = try context.follow(1, Conversation(), deadline: context.clock.monotonic() + 5_000_000_000, &client, acts: false)
    let child = try start(session)
    let status = try wait(child, &client, &context)
    var end = request(session, isEnd: true)
    end.set("timeout", context.line.timeout)
    client.send(end.line(number: 2))
    let limit = context.clock.monotonic() + 30_000_000_000
    let cleanUp = try context.follow(2, Conversation(), deadline: limit, &client, acts: true)
    return cleanUp == .ok ? ExitStatus(rawValue: status) : cleanUp
  }

  private func request(_ session: String, isEnd: Bool) -> RequestDraft {
    var request = RequestDraft("session")
    request.set("session", session)
    request.set("on_exit", onExit)
    request.set("end", if: isEnd)
    return request
  }

  private func start(_ session: String) throws(ErrorObject) -> ChildProcess {
    do {
      return try ChildProcess.start(command, with: [("OMS_SESSION", session)])
    } catch {
      throw ErrorObject("usage.command", exit: 127, "\(command[0]) cannot be run (errno \(error.errno))")
    }
  }

  /// Passes signals on and returns the command's status.
  private func wait(
    _ child: ChildProcess, _ client: inout ControlClient, _ context: inout CommandContext
  ) throws(ErrorObject) -> UInt8 {
    while true {
      do {
        if let status = try child.end(wait: false) { return status }
      } catch {
        throw .io(error, "guard")
      }
      switch try client.next(until: nil) {
      case .signal(let signal): if signal != SignalSource.child { child.signal(signal) }
      case .closed:
        // The engine is gone or has dropped the session: its own rule settles the orders. The command goes on.
        try context.say("the engine closed the connection; the session's orders are settled by it alone")
        do {
          return try child.end(wait: true) ?? 0
        } catch {
          throw .io(error, "guard")
        }
      case .reply, .timeout, .input: continue
      }
    }
  }
}
