import OMSLib

/// `oms help`: what there is.
struct HelpCommand: Command {
  static let spec = CommandSpec(
    "help", group: .administration, summary: "Show help",
    examples: [
      .init("oms help order", "one command"),
      .init("oms help emergency", "one topic; `oms help` lists them"),
      .init("oms help --json", "the whole table, for tools"),
    ],
    arguments: [ArgumentSpec("WORD", .thing(.topic), .any, help: "A command, a group of commands, or a topic")],
    flags: [
      .toggle("all", "Every command"),
      .toggle("json", "The whole table of commands as one JSON object"),
    ],
    objects: ["help"], seeAlso: ["man", "explain", "schema"])

  private let words: [String]
  private let isAll: Bool
  private let isJSON: Bool

  init(_ line: ParsedLine) throws(ErrorObject) {
    words = line.arguments.words
    isAll = line.arguments.has("all")
    isJSON = line.arguments.has("json")
  }

  func run(_ context: inout CommandContext) throws(ErrorObject) -> ExitStatus {
    if isJSON {
      let table = HelpJSON.table(CommandTable.specs, topics: HelpTopics.all, version: Build.version)
      try context.output.text(String(decoding: table, as: UTF8.self))
    } else if words.isEmpty, !isAll {
      try context.output.text(Self.overview(context.paths, context.clock))
    } else {
      try context.output.text(try Self.text(words))
    }
    return .ok
  }

  /// The most used commands, and how the engine is if it says so at once.
  static func overview(_ paths: InstancePaths, _ clock: SystemClock) -> String {
    HelpText.overview(
      CommandTable.specs, topics: HelpTopics.all, state: EngineGlance.sentence(paths, clock: clock))
  }

  private static func text(_ words: [String]) throws(ErrorObject) -> String {
    if words.isEmpty { return HelpText.tree(CommandTable.specs) }
    let name = words.joined(separator: " ")
    if let entry = CommandTable.entry(named: name) { return HelpText.command(entry.spec) }
    let members = CommandTable.specs.filter { $0.name.hasPrefix(name + " ") }
    if !members.isEmpty { return HelpText.tree(members) }
    if let topic = HelpTopics.topic(named: name) { return topic.text }
    let known = CommandTable.specs.map(\.name) + HelpTopics.all.map(\.name)
    let guess = Spelling.nearest(to: name, among: known).map { "; did you mean `oms help \($0)`?" } ?? ""
    throw .usage("command", "there is no help on '\(name)'\(guess)", hint: "oms help; oms help --all")
  }
}
