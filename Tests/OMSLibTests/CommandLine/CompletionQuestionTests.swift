import Testing

@testable import OMSLib

@Suite struct CompletionQuestionTests {
  static let specs = [
    CommandSpec("go", group: .session, summary: "Go", flags: [.toggle("fast", "")], takesCommand: true),
    CommandSpec(
      "buy", group: .trading, summary: "Buy",
      arguments: [
        ArgumentSpec("SYMBOL", .symbol, help: ""), ArgumentSpec("QTY", .quantity, .optional, help: ""),
      ],
      flags: [
        .value("limit", .decimal, nil, "Price"), .list("tag", .pair, nil, ""), .toggle("pin", "Pin it", isOn: true),
        .optional("watch", .duration, ""), .value("round", .choice(["down", "up"]), nil, ""),
        .value("from", .file, nil, ""),
      ]),
    CommandSpec("box open", group: .audit, summary: "Open a box", arguments: [ArgumentSpec("ID", .id, .any, help: "")]),
    CommandSpec("box shut", group: .audit, summary: "Shut a box"),
  ]

  /// The line up to the cursor; its last word may be empty.
  private static func question(_ line: String) -> CompletionQuestion {
    let words = line.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
    return CompletionQuestion(Array(words.dropLast()), cursor: words.last ?? "", specs: specs)
  }

  typealias Kind = CompletionQuestion.Kind

  static let lines: [(String, Kind)] = [
    ("", .commands(behind: nil)), ("b", .commands(behind: nil)), ("-a all ", .commands(behind: nil)),
    ("-a ", .value(.selection)), ("--output=", .value(.choice(["table", "jsonl", "json", "csv", "tsv", "id"]))),
    ("box ", .commands(behind: "box")), ("-q box sh", .commands(behind: "box")), ("crate ", .nothing),
    ("box shut ", .flags), ("box shut -- ", .nothing), ("box open ", .value(.id)), ("box open a b ", .value(.id)),
    ("buy ", .value(.symbol)), ("buy X ", .value(.quantity)), ("buy X 1 ", .flags), ("buy -", .flags),
    ("buy --limit ", .value(.decimal)), ("buy --limit -", .value(.decimal)), ("buy --limit 1 ", .value(.symbol)),
    ("buy --limit=1 ", .value(.symbol)), ("buy --limit=", .value(.decimal)), ("buy --pin=", .nothing),
    ("buy --what=", .nothing), ("buy --watch ", .value(.symbol)), ("buy --watch 2s ", .value(.symbol)),
    ("buy --watch 2s X ", .value(.quantity)), ("buy -- ", .value(.symbol)), ("buy -- -", .value(.symbol)),
    ("buy --from ", .value(.file)), ("buy -C ", .value(.directory)), ("buy - ", .value(.quantity)),
    ("go ", .flags), ("go -- ", .program(at: 2)), ("go --fast -I x -- ls -", .program(at: 5)),
  ]

  @Test(arguments: lines) func knowsWhatStandsAtTheCursor(line: String, kind: Kind) {
    #expect(Self.question(line).kind == kind)
  }

  @Test func completesTheLastOfAList() {
    let plain = Self.question("buy -a sim.main,@d")
    #expect(plain.prefix == "sim.main," && plain.stem == "@d")
    let glued = Self.question("buy --account=sim.main,")
    #expect(glued.prefix == "--account=sim.main," && glued.stem.isEmpty)
    #expect(Self.question("buy a,b").prefix.isEmpty, "a symbol is no list")
  }

  @Test func remembersWhatWasSaid() {
    let arguments = Self.question("buy -I desk --live --limit=5 X ").arguments
    #expect(arguments.string("instance") == "desk" && arguments.has("live") && arguments.string("limit") == "5")
    #expect(arguments.words == ["X"])
  }

  @Test func offersEachFlagOnceAndListsAgain() {
    let words = Self.question("buy --limit 1 --tag a=b --no-pin -q -").candidates?.map(\.word) ?? []
    #expect(!words.contains("--limit") && !words.contains("--no-pin") && !words.contains("--quiet"))
    #expect(words.contains("--tag") && words.contains("--round") && words.contains("--verbose"))
    #expect(words.first == "--tag", "the command's own come first")
    let fresh = Self.question("buy -").candidates ?? []
    #expect(fresh.contains { $0.word == "--no-pin" && $0.meaning == "Pin it" })
    #expect(Self.question("go -").candidates?.last?.word == "--")
    #expect(Self.question("buy -a").candidates?.contains { $0.word == "-a" } == true)
  }

  @Test func offersCommandsWithWhatTheyDo() {
    let words = Self.question("").candidates ?? []
    #expect(words.map(\.word) == ["go", "buy", "box"])
    #expect(words.map(\.meaning) == ["Go", "Buy", "open, shut"])
    #expect(Self.question("box ").candidates?.map(\.meaning) == ["Open a box", "Shut a box"])
    #expect(Self.question("buy --round ").candidates?.map(\.word) == ["down", "up"])
    #expect(Self.question("buy ").candidates == nil, "whoever knows the symbols has to be asked")
  }
}
