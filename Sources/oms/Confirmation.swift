import OMSLib

extension CommandContext {
  /// Shows the plan of `request`, asks, and sends it again with the consent. Everything but a clear yes means no.
  mutating func askAndRepeat(
    _ request: RequestDraft, _ conversation: Conversation, _ client: inout ControlClient, refusal: ErrorObject
  ) throws(ErrorObject) -> ExitStatus {
    if request.hasDryRun { try showPlan(of: request, &client) }
    try say(refusal.message)
    var meant = request
    if let scope = Self.scope(of: refusal) {
      try demand("type \(scope) to go on:", scope)
      meant.set("confirm", scope)
    } else {
      try demandYes()
    }
    meant.set("yes", if: true)
    client.send(meant.line(number: 3))
    let limit = line.timeout.flatMap { try? DurationText.parse($0) } ?? 5_000_000_000
    return try follow(
      3, conversation, deadline: clock.monotonic() + limit + conversation.grace, &client, acts: true)
  }

  /// What has to be typed, as the hint names it: `say --confirm SCOPE`.
  private static func scope(of refusal: ErrorObject) -> String? {
    guard refusal.code == "confirm.scope", let hint = refusal.hint, hint.hasPrefix("say --confirm ") else { return nil }
    return String(hint.dropFirst("say --confirm ".count))
  }

  /// Asks whether to go on: `y`, or nothing is done.
  mutating func demandYes(_ question: String = "go on?") throws(ErrorObject) {
    guard try isYes(question) else { throw Self.declined }
  }

  mutating func isYes(_ question: String) throws(ErrorObject) -> Bool {
    ["y", "Y", "yes"].contains(try answer(to: "\(question) [y/N]"))
  }

  /// Wants `word` typed.
  mutating func demand(_ question: String, _ word: String) throws(ErrorObject) {
    guard try answer(to: question) == word else { throw Self.declined }
  }

  /// Enter, the end of input and Ctrl-C are all the empty answer.
  private mutating func answer(to question: String) throws(ErrorObject) -> String {
    try clearProgress()
    try errors.write("oms: \(question) ")
    try errors.flush()
    if let answer = DescriptorReader.typedLine(0, signals: try signalSource()) { return answer }
    try errors.write("\n")
    try errors.flush()
    return ""
  }

  /// The dry run of the request, on standard error: what is one thing line by line, what is many as a table.
  private mutating func showPlan(of request: RequestDraft, _ client: inout ControlClient) throws(ErrorObject) {
    var preview = request
    preview.set("dry_run", if: true)
    client.send(preview.line(number: 4))
    var objects: [[UInt8]] = []
    let deadline = clock.monotonic() + 5_000_000_000
    while true {
      guard case .reply(let reply) = try client.next(until: deadline) else { break }
      guard reply.request == 4 else { continue }
      switch reply.body {
      case .data(let object): objects.append(Array(object))
      case .note(let text): try say(text)
      case .error(let object): throw Self.error(object)
      case .end: return try show(objects)
      }
    }
  }

  private mutating func show(_ objects: [[UInt8]]) throws(ErrorObject) {
    try clearProgress()
    var options = OutputOptions()
    options.format = .table
    options.width = line.environment["COLUMNS"].flatMap { Int($0) } ?? Terminal.width(2)
    options.isUpright = objects.count == 1
    var table = Renderer(options, to: OutputFile(descriptor: 2))
    for object in objects { try table.take(object) }
    try table.finish(at: now)
  }

  private static var declined: ErrorObject {
    ErrorObject("confirm.declined", .confirmation, "not confirmed; nothing was done")
  }
}
