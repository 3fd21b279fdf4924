import OMSLib

/// `oms deadman arm`: the venue cancels everything when this engine falls silent.
struct DeadmanArmCommand: RequestCommand {
  static let spec = CommandSpec(
    "deadman arm", group: .trading, summary: "Have the venue cancel the orders when the engine falls silent",
    details: """
      The engine renews the venue's own countdown every third of DUR, until it is disarmed. When it does not any more, because \
      it, the machine or the line is gone, the venue cancels the open orders of the account. A stop leaves the countdown running: \
      disarm first if orders are to stay. Who arms an engine that was started anew has to arm again.
      """,
    examples: [
      .init("oms deadman arm 60s", "all accounts"),
      .init("oms deadman arm 10s -a sim.main", "one account, a short countdown"),
      .init("oms deadman status", "what is armed"),
    ],
    arguments: [ArgumentSpec("DUR", .duration, help: "How long the venue waits: 1s to 24h")],
    objects: ["check"], exits: [.notFound, .venueRejected, .timeout],
    seeAlso: ["deadman disarm", "deadman status", "guard"],
    effect: .acts)
  let request: RequestDraft
  init(_ line: ParsedLine) throws(ErrorObject) {
    var request = try RequestDraft("deadman", line, of: Self.spec)
    request.set("verb", "arm")
    request.set("length", line.arguments.words[0])
    request.addAccounts(line)
    request.addTimeout(line)
    self.request = request
  }
}

/// `oms deadman disarm`: takes the countdown back.
struct DeadmanDisarmCommand: RequestCommand {
  static let spec = CommandSpec(
    "deadman disarm", group: .trading, summary: "Take the venue's countdown back",
    examples: [
      .init("oms deadman disarm", "all accounts"),
      .init("oms deadman disarm -a sim.main", "one account"),
      .init("oms deadman disarm -q && oms stop --orders keep", "leave orders behind knowingly"),
    ],
    objects: ["check"], exits: [.notFound, .venueRejected, .timeout], seeAlso: ["deadman arm"], effect: .acts)
  let request: RequestDraft
  init(_ line: ParsedLine) throws(ErrorObject) {
    var request = try RequestDraft("deadman", line, of: Self.spec)
    request.set("verb", "disarm")
    request.addAccounts(line)
    request.addTimeout(line)
    self.request = request
  }
}

/// `oms deadman status`: which countdowns run.
struct DeadmanStatusCommand: RequestCommand {
  static let spec = CommandSpec(
    "deadman status", group: .trading, summary: "Show which of the venues' countdowns run",
    examples: [
      .init("oms deadman status", "all accounts"),
      .init("oms deadman status -a sim.main -o tsv --fields status,detail", "one account"),
      .init("oms deadman status --where 'status!=ok'", "what was not confirmed"),
    ],
    objects: ["check"], exits: [.notFound], seeAlso: ["deadman arm"])
  let request: RequestDraft
  init(_ line: ParsedLine) throws(ErrorObject) {
    var request = try RequestDraft("deadman", line, of: Self.spec)
    request.set("verb", "status")
    request.addAccounts(line)
    self.request = request
  }
}
