import Foundation
import OMSLib
import Testing

/// TAB in real shells, beside a real engine.
@Suite struct CompletionTests {
  /// What is typed, and what TAB makes of it.
  static let lines: [(typed: String, completed: String)] = [
    ("oms snap", "oms snapshot"), ("oms snapshot li", "oms snapshot list"),
    ("oms -q snapshot ta", "oms -q snapshot take"),
    ("oms orders --op", "oms orders --open"), ("oms order b", "oms order buy"), ("oms -I def", "oms -I default"),
    ("oms events --level al", "oms events --level alarm"), ("oms orders --sort upd", "oms orders --sort updated"),
    ("oms orders --fields id,rem", "oms orders --fields id,remaining"), ("oms help emer", "oms help emergency"),
    ("oms explain risk.coll", "oms explain risk.collar"), ("oms man saf", "oms man safety"),
    ("oms orders -a sim.al", "oms orders -a sim.alpha"), ("oms orders -a sim.", "oms orders -a sim."),
    ("oms orders --account=sim.al", "oms orders --account=sim.alpha"), ("oms orders -a @de", "oms orders -a @desk"),
    ("oms orders -a @", "oms orders -a @desk"),
    ("oms flatten -a sim.beta,@de", "oms flatten -a sim.beta,@desk"),
    ("oms ticker BTC-USDT-", "oms ticker BTC-USDT-PERP"),
    ("oms order buy sim:ETH-USDT-", "oms order buy sim:ETH-USDT-PERP"), ("oms cancel reb", "oms cancel rebal-1"),
    ("oms cancel rebal-1 ba", "oms cancel rebal-1 basis:7"), ("oms amend basis:", "oms amend basis:7"),
    ("oms cancel -a sim.beta reb", "oms cancel -a sim.beta reb"), ("oms order buy BTC-USDT 1 --id reb", ""),
    ("oms guard -- oms cancel reb", "oms guard -- oms cancel rebal-1"),
    ("oms config check -C con", "oms config check -C conf/"),
    ("oms config check --config-dir=con", "oms config check --config-dir=conf/"),
    ("oms batch plan", "oms batch plan.jsonl"),
  ]

  private static let accounts = """
    accounts: { sim: { alpha: { type: main }, beta: { type: main } } }
    groups: { desk: [sim.alpha] }

    """

  /// Runs `script` beside an engine with two accounts, a group and two open orders.
  private static func besideAnEngine(_ script: String, _ shell: Shell) throws -> Ran {
    let conf = shell.directory.appending(path: "conf")
    try FileManager.default.createDirectory(at: conf, withIntermediateDirectories: true)
    try Data(accounts.utf8).write(to: conf.appending(path: "accounts.yaml"))
    try Data().write(to: shell.directory.appending(path: "plan.jsonl"))
    return try shell.bash(
      """
      trap 'oms stop --force -q' EXIT
      oms run --detach -q -C conf && oms order buy BTC-USDT 0.01 --limit 55000 --id rebal-1 -a sim.alpha -q &&
      oms order sell BTC-USDT-PERP 0.02 --limit 65000 --id basis:7 -a sim.beta -q || exit 99
      \(script)
      """, variables: ["TERM": "xterm", "HOME": shell.directory.path])
  }

  /// Types into `program` at a terminal; Ctrl-G notes what the line has become.
  private static func expectAtTerminal(_ program: String, setUp: String, listing: String) throws {
    try Shell.with { shell in
      var keys = setUp + "\n"
      for line in lines { keys += line.typed + "\t\u{07}\n" }
      keys += "oms cancel \t\t\u{07}\nexit\n"
      try Data(keys.utf8).write(to: shell.directory.appending(path: "keys"))
      let ran = try besideAnEngine("script -qefc '\(program)' /dev/null < keys", shell)
      let seen = (try? String(contentsOf: shell.directory.appending(path: "seen"), encoding: .utf8)) ?? ""
      let became = seen.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
      #expect(became.count == wanted.count, "\(ran.output)\(ran.errors)")
      for (line, wanted) in zip(became, wanted) { #expect(line == wanted) }
      #expect(ran.output.contains(listing), "\(ran.output)")
    }
  }

  private static let wanted = lines.map { $0.completed.isEmpty ? $0.typed : $0.completed } + ["oms cancel"]

  @Test func bashCompletesAtATerminal() throws {
    try Self.expectAtTerminal(
      "bash --norc --noprofile -i",
      setUp: """
        note() { printf '%s\\n' "$READLINE_LINE" >> seen; READLINE_LINE=; READLINE_POINT=0; }
        bind -x '"\\C-g": note'; source <(oms completion bash)
        """,
      listing: "rebal-1  (buy 0.01000 BTC-USDT at 55000.00, sim.alpha)")
  }

  @Test func zshCompletesAtATerminal() throws {
    try Self.expectAtTerminal(
      "zsh -f -i",
      setUp: """
        mkdir fpath; oms completion zsh > fpath/_oms; fpath=($PWD/fpath $fpath); autoload -U compinit; compinit -u -d dump
        setopt no_auto_menu
        note() { print -r -- "$BUFFER" >> seen; BUFFER= }; zle -N note; bindkey '^G' note
        """,
      listing: "-- buy 0.01000 BTC-USDT at 55000.00, sim.alpha")
  }

  @Test func fishCompletes() throws {
    try Shell.with { shell in
      var script = "oms completion fish | source\n"
      for line in Self.lines { script += "complete -C '\(line.typed)'; echo ====\n" }
      try Data(script.utf8).write(to: shell.directory.appending(path: "script"))
      let ran = try Self.besideAnEngine("fish --no-config script", shell)
      #expect(ran.errors.isEmpty, "\(ran.errors)")
      let answers = ran.output.components(separatedBy: "====\n").dropLast()
      try #require(answers.count == Self.lines.count, "\(ran.output)")
      for (line, answer) in zip(Self.lines, answers) {
        let words = answer.split(separator: "\n").map { $0.prefix { $0 != "\t" } }
        let last = line.completed.split(separator: " ").last ?? ""
        let isOne = !line.completed.isEmpty && line.completed != line.typed
        #expect(isOne ? words == [last] : words.count != 1, "\(line.typed): \(answer)")
      }
      #expect(ran.output.contains("rebal-1\tbuy 0.01000 BTC-USDT at 55000.00, sim.alpha"))
    }
  }

  // MARK: The program's answers

  private static func answer(_ shell: Shell, _ words: [String]) throws -> [String] {
    let ran = try shell.run(["oms", "__complete", "--"] + words)
    #expect(ran.status == 0 && ran.errors.isEmpty, "\(ran.errors)")
    return ran.lines
  }

  private static func expect(_ wanted: [String], of words: [String], _ shell: Shell) throws {
    let lines = try answer(shell, words)
    #expect(lines == wanted, "\(words)")
  }

  @Test func withoutAnEngineThereIsSilence() throws {
    try Shell.with { shell in
      for words in [
        ["cancel", ""], ["order", "buy", ""], ["orders", "--venue", ""], ["nonsense", ""], ["order", "--nonsense="],
      ] {
        try Self.expect(["words"], of: words, shell)
      }
      try Self.expect([], of: [], shell)
      try Self.expect(["words", "all\tevery account"], of: ["orders", "-a", ""], shell)
      let begun = try FileManager.default.contentsOfDirectory(atPath: shell.directory.appending(path: "r").path)
      #expect(begun.isEmpty, "an engine was started")
    }
  }

  @Test func anEngineIsAskedOnce() throws {
    try Shell.with { shell in
      let row = #"{"type":"account","v":1,"account":"sim.a","mode":"paper","trading":"on","group":["desk"]}"#
      try FakeEngine.with(shell, answer: { _ in [.data(row), .end(0)] }) { engine in
        let words = try Self.answer(shell, ["orders", "-a", ""])
        #expect(words == ["words", "sim.a\tpaper, trading on", "@desk\ta group", "all\tevery account"])
        #expect(engine.requests.count == 1)
        _ = try Self.answer(shell, ["orders", "--"])
        #expect(engine.requests.count == 1, "flags are nobody else's")
      }
    }
  }

  /// It costs 50 ms and what it would have known.
  @Test func anEngineThatDoesNotAnswerHoldsNobodyUp() throws {
    try Shell.with { shell in
      try FakeEngine.with(shell, answer: { _ in [] }) { engine in
        let begin = Date()
        try Self.expect(["words", "all\tevery account"], of: ["orders", "-a", ""], shell)
        #expect(engine.requests.count == 1 && Date().timeIntervalSince(begin) < 5)
      }
    }
  }

  @Test func ordersOfLiveAccountsAreOfferedBehindLiveOnly() throws {
    try Shell.with { shell in
      let ran = try shell.bash(
        """
        mkdir conf; echo 'accounts: { sim: { drill: { type: main, mode: live } } }' > conf/accounts.yaml
        oms run -C conf --live --yes -- bash -c '
          oms order buy BTC-USDT 0.001 --limit 50000 --id real-1 -a sim.drill --live --yes -q
          oms __complete -- cancel ""; oms __complete -- cancel --live ""'
        """)
      #expect(
        ran.lines == ["words", "words", "real-1\tbuy 0.00100 BTC-USDT at 50000.00, sim.drill"],
        "\(ran.output)\(ran.errors)")
    }
  }

  @Test func whatBelongsToOthersIsLeftToTheShell() throws {
    try Shell.with { shell in
      try Self.expect(["program 4"], of: ["guard", "--on-exit", "keep", "--", "ls", "-"], shell)
      try Self.expect(["program 5"], of: ["run", "--", "oms", "guard", "--", ""], shell)
      try Self.expect(["files"], of: ["batch", ""], shell)
      try Self.expect(["directories"], of: ["journal", "verify", ""], shell)
    }
  }

  @Test func namesOfKeysAreShownAndTheirValuesAreNot() throws {
    try Shell.with { shell in
      let words = try Self.answer(shell, ["config", "get", "journal."])
      #expect(words.contains("journal.retain\t") && words.count > 2)
    }
  }
}
