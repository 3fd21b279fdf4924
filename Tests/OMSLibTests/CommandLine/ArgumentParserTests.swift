import Testing

@testable import OMSLib

@Suite struct ArgumentParserTests {
  static let spec = CommandSpec(
    "try", group: .trading, summary: "Try",
    arguments: [
      ArgumentSpec("SIDE", .side, help: ""), ArgumentSpec("QTY", .quantity, .optional, help: ""),
    ],
    flags: [
      .value("limit", .decimal, nil, ""), .toggle("market", ""), .list("tag", .pair, nil, ""),
      .toggle("pin", "", isOn: true), .optional("watch", .duration, ""), .toggle("follow", short: "f", ""),
      .value("since", .time, nil, ""),
    ])

  private func parse(_ line: String) -> Result<Arguments, ErrorObject> {
    let words = line.split(separator: " ").map(String.init)
    return Result { () throws(ErrorObject) in try ArgumentParser.parse(words, of: Self.spec) }
  }

  private func code(_ line: String) -> String {
    switch parse(line) {
    case .success: "ok"
    case .failure(let error): "\(error.code) \(error.exit)"
    }
  }

  static let lines: [(String, String)] = [
    ("buy", "ok"), ("buy 1", "ok"), ("--limit 1 buy", "ok"), ("buy --limit=1 1", "ok"), ("buy -- 1", "ok"),
    ("buy --tag a=1 --tag b=2", "ok"), ("buy --no-pin", "ok"), ("buy --watch 1", "ok"), ("buy --watch 2s 1", "ok"),
    ("buy -f -q -y -a sim.main -o csv", "ok"), ("buy -v -vv", "ok"), ("buy --since -15m", "ok"), ("--help", "ok"),
    ("", "usage.argument 2"), ("hold", "usage.value 2"), ("buy 1 2", "usage.argument 2"),
    ("buy --limit 1 --limit 2", "usage.twice 2"), ("buy --limit=1 --limit=1", "usage.twice 2"),
    ("buy --market --market", "usage.twice 2"), ("buy --pin --no-pin", "usage.twice 2"),
    ("buy --limt 1", "usage.flag 2"), ("buy --limit", "usage.flag 2"), ("buy --market=1", "usage.flag 2"),
    ("buy --no-market", "usage.flag 2"), ("buy -x", "usage.flag 2"), ("buy -qy", "usage.flag 2"),
    ("buy -vvv", "usage.flag 2"), ("buy --limit 1e5", "usage.decimal 2"), ("buy 1x", "usage.quantity 2"),
    ("buy --tag a", "usage.pair 2"), ("buy -o xml", "usage.value 2"), ("buy -a", "usage.flag 2"),
    ("buy --LIMIT 1", "usage.flag 2"), ("buy -- --limit", "usage.quantity 2"),
  ]

  @Test(arguments: lines) func holdsToTheGrammar(line: String, outcome: String) {
    #expect(code(line) == outcome)
  }

  @Test func keepsWhatWasSaid() throws {
    let arguments = try parse("--tag a=1 buy --limit=64000 0.5 --tag b=x=y --no-pin --watch -vv").get()
    #expect(arguments.words == ["buy", "0.5"])
    #expect(arguments.string("limit") == "64000")
    #expect(arguments.pairs("tag").map(\.key) == ["a", "b"])
    #expect(arguments.pairs("tag").map(\.value) == ["1", "x=y"])
    #expect(!arguments.toggle("pin", isOn: true))
    #expect(arguments.has("watch"))
    #expect(arguments.string("watch") == nil)
    #expect(arguments.count("verbose") == 2)
  }

  @Test func namesTheNearestFlag() {
    guard case .failure(let error) = parse("buy --limti 1") else {
      Issue.record("accepted")
      return
    }
    #expect(error.message.contains("did you mean --limit?"))
    #expect(error.command == "try")
  }

  @Test func whatFollowsTwoDashesBelongsToTheOtherCommand() throws {
    var spec = Self.spec
    spec.takesCommand = true
    let arguments = try ArgumentParser.parse(["buy", "--", "sh", "-c", "x", "--limit"], of: spec)
    #expect(arguments.words == ["buy"])
    #expect(arguments.command == ["sh", "-c", "x", "--limit"])
  }

  /// Any words at all: an error with exit 2 or a result, never a trap, and never a scalar kept twice.
  @Test(arguments: 0..<200) func survivesAnyWords(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    let pool = [
      "buy", "1", "--limit", "--limit=2", "--tag", "a=b", "--", "-", "--no-pin", "-f", "-a", "--watch", "5s", "-15m",
      "--since", "=", "--=", "--no-", "-", "é", "--limit=", "-vv", "\u{0}",
    ]
    let words = (0..<random.below(8)).map { _ in pool[Int(random.below(UInt64(pool.count)))] }
    do {
      let arguments = try ArgumentParser.parse(words, of: Self.spec)
      #expect(arguments.strings("limit").count <= 1)
    } catch {
      #expect(error.exit == 2)
      #expect(error.sent == "no")
    }
  }
}
