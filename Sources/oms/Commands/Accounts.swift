import OMSLib

/// `oms accounts`: lists accounts.
struct AccountsCommand: Command {
  static let spec = CommandSpec(
    "accounts", group: .state, summary: "List accounts, or the groups of them",
    examples: [
      .init("oms accounts", "all of them"),
      .init("oms accounts show sim.main -o jsonl", "one, with everything known about it"),
      .init("oms accounts --where 'trading != on' -o id", "those that do not trade"),
      .init("oms accounts groups", "what `-a @NAME` stands for"),
    ],
    arguments: [
      ArgumentSpec(
        "list|show|groups", .choice(["list", "show", "groups"]), .optional, help: "list is meant when left out"),
      ArgumentSpec("NAME", .account, .optional, help: "The account to show"),
    ],
    flags: [.value("venue", .thing(.venue), nil, "Only this venue")],
    objects: ["account", "group"], exits: [.notFound], seeAlso: ["balances", "status"])

  private let request: RequestDraft
  private let showsGroups: Bool

  init(_ line: ParsedLine) throws(ErrorObject) {
    let words = line.arguments.words
    var request = try RequestDraft("accounts", line, of: Self.spec)
    request.addAccounts(line)
    if words.first == "show" {
      guard words.count == 2 else { throw .usage("argument", "NAME is missing: oms accounts show NAME") }
      guard !request.has("account") else { throw .usage("twice", "the account is given twice: NAME and -a") }
      request.set("account", words[1])
    } else if words.count == 2 {
      throw .usage("argument", "`oms accounts \(words[0])` takes no name; use -a or `oms accounts show \(words[1])`")
    }
    self.request = request
    showsGroups = words.first == "groups"
  }

  func run(_ context: inout CommandContext) throws(ErrorObject) -> ExitStatus {
    guard showsGroups else { return try context.perform(request) }
    var groups: [(name: String, accounts: [String])] = []
    for row in try context.collect(request).rows {
      guard let account = row.text("account") else { continue }
      for name in row.root["group"]?.elements.compactMap(\.string) ?? [] {
        let index = groups.firstIndex { $0.name == name } ?? groups.count
        if index == groups.count { groups.append((name, [])) }
        groups[index].accounts.append(account)
      }
    }
    groups.sort { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    for group in groups { try context.output.take(Self.object(group.name, group.accounts, at: context.now)) }
    return .ok
  }

  private static func object(_ name: String, _ accounts: [String], at time: UTCTime) -> [UInt8] {
    var json = JSONWriter()
    json.beginObject()
    json.member("type", "group")
    json.member("v", 1)
    json.member("ts", time)
    json.member("group", name)
    json.member("count", accounts.count)
    json.name("accounts")
    json.beginArray()
    for account in accounts { json.string(account) }
    json.endArray()
    json.endObject()
    return json.bytes
  }
}
