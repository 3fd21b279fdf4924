import OMSLib

/// Everything a command touches: the engine, the two outputs, the clock, the directories.
struct CommandContext: ~Copyable {
  let spec: CommandSpec
  let line: ParsedLine
  let paths: InstancePaths
  var output: Renderer
  var errors: OutputFile
  /// Errors and summaries are JSON.
  let errorsAreJSON: Bool
  let isOutputTerminal: Bool
  /// Questions can be asked: both ends of the conversation are a terminal and nobody forbade it.
  let canAsk: Bool
  let clock: SystemClock
  var progress: Progress
  private var signals: Int32 = -1

  init(
    spec: CommandSpec, line: ParsedLine, output: consuming Renderer, errors: consuming OutputFile, errorsAreJSON: Bool,
    isOutputTerminal: Bool, isErrorTerminal: Bool, canAsk: Bool, clock: SystemClock
  ) {
    self.spec = spec
    self.line = line
    paths = InstancePaths(
      instance: line.arguments.string("instance"), configDirectory: line.arguments.string("config-dir"),
      environment: line.environment)
    self.output = output
    self.errors = errors
    self.errorsAreJSON = errorsAreJSON
    self.isOutputTerminal = isOutputTerminal
    self.canAsk = canAsk
    self.clock = clock
    let isWanted = isErrorTerminal && !line.arguments.has("quiet") && line.environment["TERM"] != "dumb"
    progress = Progress(isWanted: isWanted, begin: isWanted ? clock.monotonic() : 0)
  }

  var arguments: Arguments { line.arguments }
  var isQuiet: Bool { line.arguments.has("quiet") }

  var now: UTCTime { UTCTime(nanoseconds: clock.realtime()) }

  /// The descriptor signals are read from; from the first call on they do not end the process by themselves.
  mutating func signalSource() throws(ErrorObject) -> Int32 {
    if signals < 0 {
      do {
        signals = try SignalSource.open()
      } catch {
        throw .io(error, "signals")
      }
    }
    return signals
  }

  /// A remark for people, on standard error.
  mutating func say(_ text: String) throws(ErrorObject) {
    guard !isQuiet else { return }
    try clearProgress()
    try errors.write("oms: \(text)\n")
    try errors.flush()
  }

  /// What `-v` wants to see.
  mutating func tell(_ text: @autoclosure () -> String) throws(ErrorObject) {
    guard line.arguments.count("verbose") > 0 else { return }
    try clearProgress()
    try errors.write("oms: \(text())\n")
    try errors.flush()
  }

  /// A connection to the engine, or exit 16.
  mutating func connect() throws(ErrorObject) -> ControlClient {
    let signals = try signalSource()
    let patience = arguments.duration("retry-connect").map { clock.boottime() + $0 }
    let socket = paths.socket
    try tell("connecting to \(socket)")
    while true {
      do throws(SystemError) {
        return try ControlClient(path: paths.socket, signals: signals, clock: clock)
      } catch {
        guard let patience, clock.boottime() < patience else { throw notRunning(error) }
        clock.pause(milliseconds: 20)
      }
    }
  }

  private func notRunning(_ error: SystemError) -> ErrorObject {
    var failure = ErrorObject(
      "engine.not_running", .unreachable,
      "no engine answers for instance '\(paths.instance)' at \(paths.socket) (errno \(error.errno))",
      hint: "start one with `oms run`, or run a command inside one: `oms run -- COMMAND`")
    failure.retry = "after"
    failure.retryAfterMilliseconds = 1000
    return failure
  }
}
