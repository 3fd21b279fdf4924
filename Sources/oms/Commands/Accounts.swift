import OMSLib

/// `oms accounts`: lists accounts.
struct AccountsCommand: RequestCommand {
  static let spec = CommandSpec(
    "accounts", group: .state, summary: "List accounts",
    examples: [
      .init("oms accounts", "all of them"),
      .init("oms accounts show sim.main -o jsonl", "one, with everything known about it"),
      .init("oms accounts --where 'trading != on' -o id", "those that do not trade"),
    ],
    arguments: [
      ArgumentSpec("list|show", .choice(["list", "show"]), .optional, help: "list is meant when left out"),
      ArgumentSpec("NAME", .account, .optional, help: "The account to show"),
    ],
    flags: [.value("venue", .name, nil, "Only this venue")],
    objects: ["account"], exits: [.notFound], seeAlso: ["balances", "status"])

  let request: RequestDraft

  init(_ line: ParsedLine) throws(ErrorObject) {
    let words = line.arguments.words
    var request = try RequestDraft("accounts", line, of: Self.spec)
    request.addAccounts(line)
    if words.first == "show" {
      guard words.count == 2 else { throw .usage("argument", "NAME is missing: oms accounts show NAME") }
      guard !request.has("account") else { throw .usage("twice", "the account is given twice: NAME and -a") }
      request.set("account", words[1])
    } else if words.count == 2 {
      throw .usage("argument", "`oms accounts list` takes no name; use -a or `oms accounts show \(words[1])`")
    }
    self.request = request
  }
}
