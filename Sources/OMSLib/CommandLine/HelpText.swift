/// Help for people, made of the table of commands.
package enum HelpText {
  /// `oms COMMAND --help`: synopsis, examples first, flags by section, output, exit codes.
  package static func command(_ spec: CommandSpec) -> String {
    var text = "\(spec.synopsis)\n\n\(spec.summary).\n"
    if !spec.examples.isEmpty { text += "\nExamples:\n" + examples(spec.examples) }
    if !spec.details.isEmpty { text += "\n" + wrapped(spec.details, indent: 0) }
    if !spec.arguments.isEmpty {
      text += "\nArguments:\n"
      text += list(spec.arguments.map { ($0.usage, $0.help) })
    }
    for (section, flags) in sections(spec.flags) {
      text += "\n\(section.isEmpty ? "Flags" : section):\n" + list(flags.map { ($0.usage, explanation($0)) })
    }
    let own = Set(spec.flags.map(\.name))
    text += "\nFlags of every command:\n"
    text += list(FlagSpec.global.filter { !own.contains($0.name) }.map { ($0.usage, explanation($0)) })
    text += "\nOutput: " + (spec.objects.isEmpty ? "nothing" : spec.objects.joined(separator: ", ")) + "\n"
    text += "\nExit codes:\n" + list(exits(of: spec).map { ("\($0.rawValue)", $0.meaning) })
    if !spec.seeAlso.isEmpty {
      text += "\nSee also: " + spec.seeAlso.map { "oms \($0)" }.joined(separator: ", ") + "\n"
    }
    return text
  }

  /// The twelve most used.
  package static let common = [
    "run", "status", "order", "cancel", "orders", "fills", "positions", "balances", "kill", "resume", "batch", "events",
  ]

  /// `oms` and `oms --help`. `state`: a sentence on the engine, where it is known.
  package static func overview(_ specs: [CommandSpec], topics: [HelpTopic], state: String?) -> String {
    var text = """
      oms COMMAND [ARGUMENTS] [FLAGS]

      An order management system for the shell: `oms run` holds the engine, every other command talks to it.


      """
    text += list(common.compactMap { name in specs.first { $0.name == name } }.map { ($0.name, $0.summary) })
    text += """

      oms run -- oms order buy BTC-USDT 0.01 --market    a first order, on the simulated venue
      oms help --all                                     every command
      oms COMMAND --help                                 one command, examples first
      oms help TOPIC                                     one subject


      """
    text += wrapped("Topics: " + topics.map(\.name).joined(separator: ", "), indent: 0)
    if let state { text += "\n\(state)\n" }
    return text
  }

  /// `oms help --all`.
  package static func tree(_ specs: [CommandSpec]) -> String {
    var text = ""
    for group in CommandSpec.Group.allCases {
      let members = specs.filter { $0.group == group }
      guard !members.isEmpty else { continue }
      text += "\(text.isEmpty ? "" : "\n")\(group.rawValue):\n" + list(members.map { ($0.name, $0.summary) })
    }
    return text
  }

  static func examples(_ examples: [CommandSpec.Example]) -> String {
    examples.map { example in
      let needs = example.needs.map { " (needs \($0))" } ?? ""
      return "  \(example.line)\n      \(example.meaning)\(needs)\n"
    }.joined()
  }

  package static func exits(of spec: CommandSpec) -> [ExitCode] {
    let common: [ExitCode] = [.ok, .failure, .usage, .configuration, .unreachable, .interrupted]
    return (common + spec.exits).reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
      .sorted { $0.rawValue < $1.rawValue }
  }

  static func explanation(_ flag: FlagSpec) -> String {
    var text = flag.help
    if let choices = flag.shape?.choices, !choices.isEmpty, flag.valueName != choices.joined(separator: "|") {
      text += " (\(choices.joined(separator: ", ")))"
    }
    if let value = flag.defaultValue { text += " [default: \(value)]" }
    return text
  }

  /// Flags in the order of the table, grouped by section in the order of first mention.
  static func sections(_ flags: [FlagSpec]) -> [(String, [FlagSpec])] {
    var result: [(String, [FlagSpec])] = []
    for flag in flags {
      if let index = result.firstIndex(where: { $0.0 == flag.section }) {
        result[index].1.append(flag)
      } else {
        result.append((flag.section, [flag]))
      }
    }
    return result
  }

  static func list(_ rows: [(String, String)]) -> String {
    let width = min(28, rows.map { $0.0.count }.max() ?? 0)
    var text = ""
    for (head, body) in rows {
      let start = head.count > width ? "  \(head)\n" + pad("", width + 4) : "  " + pad(head, width + 2)
      text += start + wrapped(body, indent: width + 4).drop { $0 == " " }
    }
    return text
  }

  private static func pad(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.count))
  }

  /// Lines of at most 100 characters, each with `indent` spaces before it.
  static func wrapped(_ text: String, indent: Int) -> String {
    var result = ""
    for paragraph in text.split(separator: "\n", omittingEmptySubsequences: false) {
      var line = pad("", indent)
      for word in paragraph.split(separator: " ") {
        if line.count + word.count + 1 > 100, line.count > indent {
          result += line + "\n"
          line = pad("", indent)
        }
        if line.count > indent { line += " " }
        line += word
      }
      result += line + "\n"
    }
    return result
  }
}
