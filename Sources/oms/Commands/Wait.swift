import OMSLib

/// `oms wait`: blocks until a condition holds.
struct WaitCommand: Command {
  static let spec = CommandSpec(
    "wait", group: .session, summary: "Block until a condition holds",
    details: """
      The engine tells when it is so; nothing is polled. Without --timeout it waits as long as it takes. EXPR compares \
      numbers of the market and the accounts: 'BTC-USDT.last <= 59000', joined with `and`, `or`.
      """,
    examples: [
      .init("oms wait rebal-1 --for filled --timeout 20s", "one order"),
      .init("oms wait rebal-1 --for known", "until it is settled whether it left"),
      .init("oms wait --when 'BTC-USDT.last <= 59000' -q && oms order sell BTC-USDT 0.05 --market", "a stop by hand"),
    ],
    arguments: [ArgumentSpec("ID", .id, .any, help: "Orders to wait for")],
    flags: [
      .value(
        "for", .choice(["exists", "known", "ack", "open", "filled", "cancelled", "done"]), nil,
        "The state to wait for", default: "done"),
      .toggle("any", "One of the orders is enough"),
      .toggle("all", "All of them, as without"),
      .value("when", .expression, nil, "Until this holds"),
      .value("engine", .choice(["ready", "stopped"]), nil, "Until the engine is so"),
      .toggle("flat", "Until all positions of -a are closed"),
    ],
    objects: ["order", "position", "ticker", "balance", "pnl", "status"],
    exits: [.notFound, .otherEnd, .unknown, .timeout, .gap], seeAlso: ["order", "events"])

  private enum Target {
    case request(RequestDraft)
    case ready
    case stopped
  }

  private let target: Target
  private let timeout: Int64?

  init(_ line: ParsedLine) throws(ErrorObject) {
    let arguments = line.arguments
    timeout = line.timeout.flatMap { try? DurationText.parse($0) }
    let kinds = [!arguments.words.isEmpty, arguments.has("when"), arguments.has("engine"), arguments.has("flat")]
    guard kinds.count(where: { $0 }) == 1 else {
      throw .usage(
        "argument", "wait for one thing: ids, --when EXPR, --engine STATE or --flat", hint: "oms wait --help")
    }
    guard !(arguments.has("any") && arguments.has("all")) else {
      throw .usage("value", "--any and --all exclude each other")
    }
    guard arguments.words.isEmpty == false || !arguments.has("for") else {
      throw .usage("argument", "--for goes with ids")
    }
    if let state = arguments.string("engine") {
      target = state == "ready" ? .ready : .stopped
      return
    }
    var request = try RequestDraft("wait", line, of: Self.spec, except: ["all", "engine"])
    if !arguments.words.isEmpty { request.set("ids", .list(arguments.words)) }
    request.addAccounts(line)
    request.addTimeout(line, default: nil)
    target = .request(request)
  }

  func run(_ context: inout CommandContext) throws(ErrorObject) -> ExitStatus {
    switch target {
    case .request(let request): return try context.perform(request, Conversation(isEndless: true))
    case .ready: return try waitForEngine(&context, isReady: true)
    case .stopped: return try waitForEngine(&context, isReady: false)
    }
  }

  /// There is nobody to tell when an engine appears or is gone: this one looks.
  private func waitForEngine(_ context: inout CommandContext, isReady: Bool) throws(ErrorObject) -> ExitStatus {
    let deadline = timeout.map { context.clock.monotonic() + $0 }
    while true {
      if try engineAnswers(&context) == isReady { return .ok }
      if let deadline, context.clock.monotonic() >= deadline {
        throw ErrorObject(
          "wait.timeout", .timeout,
          "the engine is still not \(isReady ? "ready" : "stopped") at \(context.paths.socket)")
      }
      context.clock.pause(milliseconds: 10)
    }
  }

  private func engineAnswers(_ context: inout CommandContext) throws(ErrorObject) -> Bool {
    guard var client = try? ControlClient(path: context.paths.socket, signals: -1, clock: context.clock) else {
      return false
    }
    client.send(RequestDraft("status").line(number: 1))
    let deadline = context.clock.monotonic() + 1_000_000_000
    while true {
      guard case .reply(let reply) = try client.next(until: deadline) else { return false }
      if case .end(let exit) = reply.body { return exit == 0 || exit == ExitCode.halted.rawValue }
    }
  }
}
