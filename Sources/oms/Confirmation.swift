import OMSLib

extension CommandContext {
  /// Shows the plan of `request`, asks, and sends it again with the consent. Everything but a clear yes means no.
  mutating func askAndRepeat(
    _ request: RequestDraft, _ conversation: Conversation, _ client: inout ControlClient, refusal: ErrorObject
  ) throws(ErrorObject) -> ExitStatus {
    try showPlan(of: request, &client)
    // A scope to type is in the hint's last word: `--confirm SCOPE`.
    let scope = refusal.code == "confirm.scope" ? refusal.hint?.split(separator: " ").last.map(String.init) : nil
    try errors.write(scope.map { "oms: type \($0) to go on: " } ?? "oms: go on? [y/N] ")
    try errors.flush()
    let answer = readLine() ?? ""
    var meant = request
    if let scope {
      guard answer == scope else { throw declined() }
      meant.set("confirm", scope)
    } else {
      guard ["y", "Y", "yes"].contains(answer) else { throw declined() }
    }
    meant.set("yes", if: true)
    client.send(meant.line(number: 3))
    let limit = line.timeout.flatMap { try? DurationText.parse($0) } ?? 5_000_000_000
    return try follow(
      3, conversation, deadline: clock.monotonic() + limit + conversation.grace, &client, acts: true)
  }

  /// The dry run of the request, on standard error as a table.
  private mutating func showPlan(of request: RequestDraft, _ client: inout ControlClient) throws(ErrorObject) {
    var preview = request
    preview.set("dry_run", if: true)
    client.send(preview.line(number: 4))
    var options = OutputOptions()
    options.format = .table
    var table = Renderer(options, to: OutputFile(descriptor: 2))
    let deadline = clock.monotonic() + 5_000_000_000
    while true {
      guard case .reply(let reply) = try client.next(until: deadline) else { break }
      guard reply.request == 4 else { continue }
      switch reply.body {
      case .data(let object): try table.take(object)
      case .note(let text): try say(text)
      case .error(let object): throw Self.error(object)
      case .end:
        try table.finish(at: now)
        return
      }
    }
  }

  private func declined() -> ErrorObject {
    ErrorObject("confirm.declined", .confirmation, "not confirmed; nothing was done")
  }
}
