import OMSLib

/// `oms completion`: the script that makes a shell complete `oms`.
struct CompletionCommand: Command {
  static let spec = CommandSpec(
    "completion", group: .administration, summary: "Print the script that makes a shell complete commands",
    details: """
      The script asks the program at each TAB: commands, flags and their words, and from a running engine accounts, \
      groups, symbols and the ids of open orders (those of live accounts only behind --live). It takes 50 ms at most, \
      starts nothing and says nothing. `make install` puts the scripts where the shells look for them.
      """,
    examples: [
      .init("source <(oms completion bash)", "in bash, now; in ~/.bashrc for ever"),
      .init("mkdir -p fpath && oms completion zsh > fpath/_oms", "for zsh, in a directory of its fpath"),
      .init("oms completion fish > oms.fish", "for fish, in ~/.config/fish/completions"),
    ],
    arguments: [
      ArgumentSpec("bash|zsh|fish", .choice(CompletionScript.allCases.map(\.rawValue)), help: "Which shell")
    ],
    seeAlso: ["help", "man"])

  private let script: CompletionScript

  init(_ line: ParsedLine) throws(ErrorObject) {
    guard let script = CompletionScript(rawValue: line.arguments.words[0]) else {
      throw .usage("argument", "bash|zsh|fish is missing", hint: "oms completion --help")
    }
    self.script = script
  }

  func run(_ context: inout CommandContext) throws(ErrorObject) -> ExitStatus {
    try context.output.text(script.text)
    return .ok
  }
}
