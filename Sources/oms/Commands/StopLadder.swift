import OMSLib

/// `oms pause`: no new risk.
struct PauseCommand: RequestCommand {
  static let spec = CommandSpec(
    "pause", group: .trading, summary: "Refuse new risk; reducing and cancelling go on",
    examples: [
      .init("oms pause --reason 'odd prices'", "everything"),
      .init("oms pause -a sim.main --symbol BTC-USDT", "one symbol of one account"),
      .init("oms pause --venue sim", "all accounts of a venue"),
    ],
    flags: ladderFlags, objects: ["event"], exits: [.notFound, .unknown],
    seeAlso: ["halt", "kill", "resume"], effect: .acts)
  let request: RequestDraft
  init(_ line: ParsedLine) throws(ErrorObject) { request = try ladderRequest("pause", line, of: Self.spec) }
}

/// `oms halt`: no new orders at all.
struct HaltCommand: RequestCommand {
  static let spec = CommandSpec(
    "halt", group: .trading, summary: "Refuse all new orders; open ones stay",
    examples: [
      .init("oms halt --reason 'deploying'", "everything"),
      .init("oms halt -a 'sim.sub*'", "some accounts"),
      .init("oms halt --strategy trend-btc", "one strategy", needs: "such a strategy"),
    ],
    flags: ladderFlags, objects: ["event"], exits: [.notFound, .unknown],
    seeAlso: ["pause", "kill", "resume"], effect: .acts)
  let request: RequestDraft
  init(_ line: ParsedLine) throws(ErrorObject) { request = try ladderRequest("halt", line, of: Self.spec) }
}

/// `oms resume`: undoes pause, halt and kill.
struct ResumeCommand: RequestCommand {
  static let spec = CommandSpec(
    "resume", group: .trading, summary: "Open trading again after pause, halt or kill",
    details: "It must be told what it resumes: the scope is typed, or said with --confirm.",
    examples: [
      .init("oms resume --confirm all", "after a kill of everything"),
      .init("oms resume -a sim.main --confirm sim.main", "one account"),
      .init("oms resume --clock --confirm all", "after the clock went back and was set right"),
    ],
    flags: ladderFlags + [
      .value("confirm", .text, "SCOPE", "The scope, said in words instead of typed"),
      .toggle("clock", "Accept a clock that went back"),
    ],
    objects: ["event"], exits: [.confirmation, .notFound, .unknown],
    seeAlso: ["pause", "halt", "kill"], effect: .acts)
  let request: RequestDraft
  init(_ line: ParsedLine) throws(ErrorObject) { request = try ladderRequest("resume", line, of: Self.spec) }
}

let ladderFlags: [FlagSpec] = [
  .value("symbol", .symbol, nil, "Only this symbol", section: "Scope"),
  .value("strategy", .name, nil, "Only this strategy", section: "Scope"),
  .value("venue", .thing(.venue), nil, "Only this venue", section: "Scope"),
  .value("reason", .text, nil, "Why; kept in the event log, 64 bytes at most"),
]

func ladderRequest(_ verb: String, _ line: ParsedLine, of spec: CommandSpec) throws(ErrorObject) -> RequestDraft {
  guard line.arguments.string("reason")?.utf8.count ?? 0 <= 64 else {
    throw .usage("value", "--reason: 64 bytes at most")
  }
  var request = try RequestDraft("trading", line, of: spec, except: ["flatten"])
  request.set("verb", verb)
  request.addAccounts(line)
  request.addTimeout(line)
  request.addConsent(line)
  return request
}
