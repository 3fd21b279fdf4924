import OMSLib

/// `oms config reload`: the running engine takes the files as they are now.
struct ConfigReloadCommand: RequestCommand {
  static let spec = CommandSpec(
    "config reload", group: .administration, summary: "Let the engine read its configuration again",
    details: """
      All of it or nothing: with one error, or with a change that needs a restart, nothing is changed. Accounts, groups, \
      routing, strategies and limits change while it runs. Loosening a limit of a live account is asked about, or needs \
      --yes. --dry-run shows what would change.
      """,
    examples: [
      .init("oms config reload", "take over what changed"),
      .init("oms config reload --dry-run", "what it would do"),
      .init("oms config reload --yes -q", "from a unit or a script"),
    ],
    objects: ["change"], exits: [.configuration, .confirmation, .busy, .timeout],
    seeAlso: ["config diff", "config check"], effect: .acts)

  let request: RequestDraft

  init(_ line: ParsedLine) throws(ErrorObject) {
    try refuseDirectory(line)
    var request = RequestDraft("config_reload")
    request.addConsent(line)
    self.request = request
  }

  var conversation: Conversation { Conversation(grace: 10_000_000_000) }
}

/// `oms config diff`: what the engine runs on against the files.
struct ConfigDiffCommand: RequestCommand {
  static let spec = CommandSpec(
    "config diff", group: .administration, summary: "Compare what the engine runs on with the files",
    details: "One line per value that differs; 0 if none does, 41 if some do.",
    examples: [
      .init("oms config diff", "what a reload would change"),
      .init("oms config diff -q || echo 'reload or restart'", "a test"),
      .init("oms config diff --where 'restart==true'", "what needs a restart"),
    ],
    objects: ["change"], exits: [.configuration, .drift], seeAlso: ["config reload", "config show"])

  let request: RequestDraft

  init(_ line: ParsedLine) throws(ErrorObject) {
    try refuseDirectory(line)
    request = RequestDraft("config_diff")
  }
}

private func refuseDirectory(_ line: ParsedLine) throws(ErrorObject) {
  guard !line.arguments.has("config-dir") else {
    throw .usage("argument", "an engine reads the directory it was started with; leave --config-dir out")
  }
}
