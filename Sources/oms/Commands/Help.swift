import OMSLib

/// `oms help`: what there is.
struct HelpCommand: Command {
  static let spec = CommandSpec(
    "help", group: .administration, summary: "Show help",
    examples: [
      .init("oms help order", "one command"),
      .init("oms help exit-codes", "what a script can rely on"),
      .init("oms help --json", "the whole table, for tools"),
    ],
    arguments: [ArgumentSpec("COMMAND", .text, .any, help: "A command, or exit-codes")],
    flags: [
      .toggle("all", "Every command"),
      .toggle("json", "The whole table of commands as one JSON object"),
    ])

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
      let table = HelpJSON.table(CommandTable.specs, version: Build.version)
      try context.output.text(String(decoding: table, as: UTF8.self))
    } else {
      try context.output.text(try Self.text(words, isAll: isAll))
    }
    return .ok
  }

  static func text(_ words: [String], isAll: Bool = false) throws(ErrorObject) -> String {
    if isAll { return HelpText.tree(CommandTable.specs) }
    if words.isEmpty { return HelpText.overview(CommandTable.specs) }
    if words == ["exit-codes"] { return HelpText.exitCodes() }
    let name = words.joined(separator: " ")
    if let entry = CommandTable.entry(named: name) { return HelpText.command(entry.spec) }
    let members = CommandTable.specs.filter { $0.name.hasPrefix(name + " ") }
    if !members.isEmpty { return HelpText.tree(members) }
    throw CommandTable.unknownCommand(name)
  }
}
