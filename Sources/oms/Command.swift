import OMSLib

/// One command of the table: what it is called and takes, the checked options, and what it does.
protocol Command: SendableMetatype {
  static var spec: CommandSpec { get }
  /// Refuses combinations that make no sense, so that `run` never sees them.
  init(_ line: ParsedLine) throws(ErrorObject)
  func run(_ context: inout CommandContext) throws(ErrorObject) -> ExitStatus
}

/// A command that is one request to the engine and its results.
protocol RequestCommand: Command {
  var request: RequestDraft { get }
  /// How the client follows the answer.
  var conversation: Conversation { get }
}

extension RequestCommand {
  var conversation: Conversation { Conversation() }

  func run(_ context: inout CommandContext) throws(ErrorObject) -> ExitStatus {
    try context.perform(request, conversation)
  }
}

/// What a command is made of: its words and flags, and the world outside that gives them their defaults.
struct ParsedLine {
  let arguments: Arguments
  let environment: Environment
  /// The instant `now` and `-15m` refer to.
  let now: UTCTime

  /// `--live`, or `OMS_LIVE=1`.
  var isLive: Bool { arguments.has("live") || environment["OMS_LIVE"] == "1" }

  /// `--timeout`, or `OMS_TIMEOUT`.
  var timeout: String? {
    if let flag = arguments.string("timeout") { return flag }
    guard let text = environment["OMS_TIMEOUT"], (try? DurationText.parse(text)) != nil else { return nil }
    return text
  }
}
