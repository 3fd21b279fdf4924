import OMSLib

/// How the client follows one request.
struct Conversation {
  /// No limit of time: a stream, or a wait without `--timeout`.
  var isEndless = false
  /// The engine stops by itself after the timeout it was told; the client gives it this much longer.
  var grace: Int64 = 2_000_000_000
  /// The connection may close before the answer: the engine is leaving.
  var mayClose = false
}

extension CommandContext {
  /// Sends the request, shows what comes back and returns the status; on a terminal asks first where the engine wants
  /// a confirmation.
  mutating func perform(_ request: RequestDraft, _ conversation: Conversation = Conversation()) throws(ErrorObject)
    -> ExitStatus
  {
    if arguments.has("dry-run"), spec.effect == .acts, !request.hasDryRun { throw noDryRun }
    var client = try connect()
    try takeJob(&client)
    do {
      return try exchange(request, conversation, &client)
    } catch {
      guard error.exit == ExitCode.confirmation.rawValue, canAsk, !request.has("yes"), !request.has("dry_run") else {
        throw error
      }
      return try askAndRepeat(request, conversation, &client, refusal: error)
    }
  }

  var noDryRun: ErrorObject { .usage("dry_run", "`oms \(spec.name)` has no dry run; nothing was done") }

  /// `--job`: a lock of that name, held as long as the connection.
  mutating func takeJob(_ client: inout ControlClient) throws(ErrorObject) {
    guard let job = arguments.string("job") else { return }
    var request = RequestDraft("job")
    request.set("job", job)
    request.set("lock_wait", arguments.string("lock-wait"))
    client.send(request.line(number: 1))
    let patience = (arguments.duration("lock-wait") ?? 0) + 5_000_000_000
    _ = try follow(1, Conversation(), deadline: clock.monotonic() + patience, &client, acts: false)
  }

  private mutating func exchange(
    _ request: RequestDraft, _ conversation: Conversation, _ client: inout ControlClient
  ) throws(ErrorObject) -> ExitStatus {
    let number = UInt64(request.has("yes") ? 3 : 2)
    client.send(request.line(number: number))
    let limit = line.timeout.flatMap { try? DurationText.parse($0) } ?? 5_000_000_000
    let isEndless = conversation.isEndless && line.timeout == nil
    let deadline = isEndless ? nil : clock.monotonic() + limit + conversation.grace
    return try follow(number, conversation, deadline: deadline, &client, acts: spec.effect == .acts)
  }

  /// Reads replies to one request until its end.
  mutating func follow(
    _ number: UInt64, _ conversation: Conversation, deadline: Int64?, _ client: inout ControlClient, acts: Bool
  ) throws(ErrorObject) -> ExitStatus {
    var deadline = deadline
    var interruption: UInt8?
    var failure: ErrorObject?
    while true {
      switch try nextEvent(&client, until: deadline, { "waiting for the engine" }) {
      case .reply(let reply):
        guard reply.request == number else { continue }
        switch reply.body {
        case .data(let object):
          try output.take(object)
          if !acts, output.isClosed || output.isFull { return .ok }
        case .note(let text): try say(text)
        case .error(let object): failure = Self.error(object)
        case .end(let exit): return try end(exit, failure, interruption)
        }
      case .signal(let signal):
        guard signal != SignalSource.child else { continue }
        let status = UInt8(128 + signal)
        guard acts, interruption == nil else { return ExitStatus(rawValue: status) }
        // Nothing is taken back by leaving: learn what came of it first.
        interruption = status
        var abandon = RequestDraft("abandon")
        abandon.set("request", .number(Int64(number)))
        client.send(abandon.line(number: number + 100))
        let settle = clock.monotonic() + (line.timeout.flatMap { try? DurationText.parse($0) } ?? 5_000_000_000)
        deadline = min(deadline ?? settle, settle)
      case .timeout: throw failure ?? (acts ? unanswered("in time") : lateAnswer())
      case .closed:
        if conversation.mayClose { return .ok }
        throw failure ?? (acts ? unanswered("before the connection broke") : engineGone())
      case .input: continue
      }
    }
  }

  private func end(_ exit: UInt8, _ failure: ErrorObject?, _ interruption: UInt8?) throws(ErrorObject) -> ExitStatus {
    if var failure {
      failure.exit = exit == 0 ? failure.exit : exit
      failure.command = failure.command ?? spec.name
      throw failure
    }
    if exit == 0 || exit == ExitCode.interrupted.rawValue, let interruption {
      return ExitStatus(rawValue: interruption)
    }
    return ExitStatus(rawValue: exit)
  }

  static func error(_ bytes: ArraySlice<UInt8>) -> ErrorObject {
    guard let document = try? JSONReader.read(Array(bytes)), let error = ErrorObject(document.root) else {
      return ErrorObject("internal.reply", .failure, "the engine sent an error this client does not understand")
    }
    return error
  }

  private func unanswered(_ when: String) -> ErrorObject {
    var error = ErrorObject(
      "outcome.unknown", .unknown, "`oms \(spec.name)` left for the engine and no answer came \(when)",
      hint: "repeat it only with the same id, or ask: oms orders --open; oms wait ID --for known")
    error.sent = "unknown"
    error.retry = "same_id"
    error.command = spec.name
    return error
  }

  private func lateAnswer() -> ErrorObject {
    var error = ErrorObject(
      "engine.no_answer", .unreachable, "the engine of instance '\(paths.instance)' did not answer in time",
      hint: "oms status; give it more time with --timeout")
    error.retry = "after"
    error.retryAfterMilliseconds = 1000
    return error
  }

  private func engineGone() -> ErrorObject {
    var error = ErrorObject(
      "engine.gone", .unreachable, "the engine of instance '\(paths.instance)' closed the connection")
    error.retry = "after"
    error.retryAfterMilliseconds = 1000
    return error
  }
}
