import OMSLib

/// `oms path`: prints a directory of the instance.
struct PathCommand: Command {
  static let spec = CommandSpec(
    "path", group: .administration, summary: "Print where an instance keeps something",
    examples: [
      .init("cat \"$(oms path logs)\"/events-*.jsonl", "the event log"),
      .init("ls \"$(oms path state)\"/snapshots", "the snapshots"),
      .init("oms path shm", "the journal's ring in shared memory"),
    ],
    arguments: [
      ArgumentSpec(
        "NAME", .choice(["config", "state", "logs", "run", "shm", "cache", "socket"]), help: "Which one")
    ],
    seeAlso: ["status"])

  private let name: String

  init(_ line: ParsedLine) throws(ErrorObject) { name = line.arguments.words[0] }

  func run(_ context: inout CommandContext) throws(ErrorObject) -> ExitStatus {
    let paths = context.paths
    let path =
      switch name {
      case "config": paths.configDirectory
      case "state": paths.currentStateDirectory
      case "logs": paths.currentLogDirectory
      case "run": paths.runDirectory
      case "shm": Self.ring(paths)
      case "cache": paths.cacheDirectory
      default: paths.socket
      }
    try context.output.text(path + "\n")
    return .ok
  }

  /// The journal's ring as the state names it; where there is none, what its name begins with.
  private static func ring(_ paths: InstancePaths) -> String {
    guard let name = MachineFacts.text(paths.currentStateDirectory + "/journal/ring"), name.hasPrefix("/oms-") else {
      return paths.journalMemory
    }
    return "/dev/shm" + name
  }
}
