import OMSLib

/// The program: finds the command, runs it, and is the one place that turns errors into words and exit codes.
@main
enum Oms {
  static func main() {
    let words = Array(CommandLine.arguments.dropFirst())
    let status = run(words, .process)
    leave(with: status)
  }

  /// What scripts say and people do not: it is in no help.
  private static func hidden(_ words: [String], _ environment: Environment) throws(ErrorObject) -> Bool {
    switch words.first {
    case "__complete": CompletionAnswer.print(Array(words.dropFirst()), environment)
    case "__generate" where words.count == 2: try GeneratedFiles.write(below: words[1])
    default: return false
    }
    return true
  }

  private static func run(_ words: [String], _ environment: Environment) -> ExitStatus {
    let errorsAreJSON = wantsJSONErrors(words, environment)
    var errors = OutputFile(descriptor: 2)
    do throws(ErrorObject) {
      if try hidden(words, environment) { return .ok }
      guard let match = try CommandTable.find(in: words) else { return try withoutCommand(words, environment) }
      return try run(match, environment, errorsAreJSON: errorsAreJSON)
    } catch {
      let clock = SystemClock()
      let now = UTCTime(nanoseconds: clock.realtime())
      // Nobody is left to be told when standard error fails too.
      try? errors.write(errorsAreJSON ? error.json(at: now) : Array(error.text.utf8))
      try? errors.flush()
      return ExitStatus(rawValue: error.exit)
    }
  }

  private static func run(
    _ match: CommandTable.Match, _ environment: Environment, errorsAreJSON: Bool
  ) throws(ErrorObject) -> ExitStatus {
    let spec = match.type.spec
    let arguments = try ArgumentParser.parse(match.rest, of: spec)
    let clock = SystemClock()
    if arguments.has("help") {
      try printAll(HelpText.command(spec), environment)
      return .ok
    }
    let line = ParsedLine(
      arguments: arguments, environment: environment, now: UTCTime(nanoseconds: clock.realtime()))
    let isTerminal = Terminal.isTerminal(1)
    var options = try OutputOptions(
      arguments, environment, spec: spec, isTerminal: isTerminal,
      terminalWidth: isTerminal ? Terminal.width(1) : nil)
    options.isStream = arguments.has("follow") || arguments.has("until-done")
    let isPaged = isTerminal && !options.isStream && !arguments.has("watch")
    let command = try withCommandName(spec) { () throws(ErrorObject) in try match.type.init(line) }
    let isErrorTerminal = Terminal.isTerminal(2)
    let mayAsk =
      !arguments.has("no-input") && environment["OMS_NO_INPUT"] != "1" && environment["CI"] == nil
      && isErrorTerminal && Terminal.isTerminal(0)
    ignoreBrokenPipes()
    let output = OutputFile(descriptor: 1, pager: isPaged ? Terminal.pager(environment) : nil)
    var context = CommandContext(
      spec: spec, line: line, output: Renderer(options, to: output), errors: OutputFile(descriptor: 2),
      errorsAreJSON: errorsAreJSON, isOutputTerminal: isTerminal, isErrorTerminal: isErrorTerminal, canAsk: mayAsk,
      clock: clock)
    return try finish(&context) { (context) throws(ErrorObject) in
      try withCommandName(spec) { () throws(ErrorObject) in try command.run(&context) }
    }
  }

  /// Whatever happens, what the command has shown so far comes out before its error.
  private static func finish(
    _ context: inout CommandContext, _ body: (inout CommandContext) throws(ErrorObject) -> ExitStatus
  ) throws(ErrorObject) -> ExitStatus {
    let status: ExitStatus
    do {
      status = try body(&context)
    } catch {
      try? context.clearProgress()
      try? context.output.finish(at: context.now)
      try? context.output.close()
      throw error
    }
    try context.clearProgress()
    do {
      try context.output.finish(at: context.now)
      try context.output.close()
    } catch {
      // What it was to do is done.
      var error = error
      if context.spec.effect == .acts { error.sent = "yes" }
      throw error
    }
    if let note = context.output.note { try context.say(note) }
    return status
  }

  private static func withCommandName<R>(
    _ spec: CommandSpec, _ body: () throws(ErrorObject) -> R
  ) throws(ErrorObject) -> R {
    do {
      return try body()
    } catch {
      var error = error
      error.command = error.command ?? spec.name
      throw error
    }
  }

  /// `oms`, `oms --help`, `oms --version`.
  private static func withoutCommand(_ words: [String], _ environment: Environment) throws(ErrorObject) -> ExitStatus {
    let arguments = try ArgumentParser.parse(words, of: HelpCommand.spec)
    if arguments.has("version") {
      try printAll("oms \(Build.version)\n", environment)
    } else {
      let paths = InstancePaths(
        instance: arguments.string("instance"), configDirectory: arguments.string("config-dir"),
        environment: environment)
      try printAll(HelpCommand.overview(paths, SystemClock()), environment)
    }
    return .ok
  }

  private static func printAll(_ text: String, _ environment: Environment) throws(ErrorObject) {
    ignoreBrokenPipes()
    var output = OutputFile(descriptor: 1, pager: Terminal.isTerminal(1) ? Terminal.pager(environment) : nil)
    try output.write(text)
    try output.close()
  }

  /// `-o jsonl` anywhere in the line, so that also a line that cannot be parsed is answered as it wished.
  private static func wantsJSONErrors(_ words: [String], _ environment: Environment) -> Bool {
    if let form = environment["OMS_ERRORS"] { return form == "json" }
    for (index, word) in words.enumerated() {
      if ["--output=jsonl", "--output=json", "-ojsonl"].contains(word) { return true }
      if word == "-o" || word == "--output", index + 1 < words.count, ["jsonl", "json"].contains(words[index + 1]) {
        return true
      }
      if word == "--" { break }
    }
    return ["jsonl", "json"].contains(environment["OMS_OUTPUT"] ?? "")
  }
}
