import Foundation
import Testing

/// What `oms` says to a person at a terminal, and to those who have none.
@Suite struct TerminalTests {
  /// An engine with an account of real money (a drill on the built-in exchange) and one of paper.
  private static func live<R>(_ body: (Shell) throws -> R) throws -> R {
    try Shell.with { shell in
      let begun = try shell.bash(
        """
        mkdir conf
        funds='sim_balances: { USDT: "100000", BTC: "1" }'
        echo "accounts: { sim: { drill: { type: main, mode: live, $funds }, paper: { type: main, $funds } } }" > conf/accounts.yaml
        echo 'account: { "*": { max_order_notional: "50000 USDT" } }' > conf/risk.yaml
        oms run -C conf --live --yes --detach -q
        """)
      #expect(begun.status == 0, "\(begun.errors)")
      defer { _ = try? shell.oms("stop", "--force", "-q") }
      return try body(shell)
    }
  }

  private static func paper<R>(_ body: (Shell) throws -> R) throws -> R {
    try Shell.with { shell in
      try #expect(shell.oms("run", "--detach", "-q").status == 0)
      defer { _ = try? shell.oms("stop", "--force", "-q") }
      return try body(shell)
    }
  }

  private static let order = "oms order buy BTC-USDT 0.001 --limit 40000 -a sim.drill --live"

  @Test func anOrderOfRealMoneyShowsWhatItIsAndNoIsTheAnswerToSilence() throws {
    try Self.live { shell in
      for (name, keys) in [
        ("Enter", "\n"), ("no", "n\n"), ("anything else", "yo\n"), ("Ctrl-C", "\u{3}"), ("EOF", "\u{4}"),
      ] {
        let typist = try Typist(shell, Self.order)
        typist.reads("go on? [y/N] ").types(keys)
        #expect(typist.status() == 12, "\(name): \(typist.transcript)")
        #expect(typist.transcript.contains("not confirmed; nothing was done [confirm.declined, exit 12]"))
      }
      let preview = try Typist(shell, Self.order)
      for part in [
        "mode          live", "account       sim.drill", "symbol        BTC-USDT", "side          buy",
        "qty           0.00100", "price         40000.00", "notional      40", "last          6", "distance_pct  -3",
        "est_fee       0.04", "est_cost_bps  -3", "headroom      19960",
      ] {
        preview.reads("  " + part)
      }
      #expect(preview.reads("[y/N] ").types("\n").status() == 12)
      try #expect(shell.oms("orders", "-o", "id").output.isEmpty, "something was sent")
      let meant = try Typist(shell, Self.order + " --id meant -q")
      #expect(meant.reads("[y/N] ").types("y\n").status() == 0, "\(meant.transcript)")
      try #expect(shell.oms("orders", "--open", "-o", "id").output == "meant\n")
    }
  }

  @Test func changesCancelsAndLimitsAskToo() throws {
    try Self.live { shell in
      try #expect(shell.bash(Self.order + " --yes --id a -q").status == 0)
      let amend = try Typist(shell, "oms amend a --limit 41000 --live")
      amend.reads("action        amend").reads("price         41000.00").reads("was 0.00100 at 40000.00").reads(
        "[y/N] ")
      #expect(amend.types("\n").status() == 12)
      try #expect(shell.oms("orders", "a", "-o", "tsv", "--fields", "price").output == "40000.00\n")
      let cancel = try Typist(shell, "oms cancel --all -a sim.drill")
      cancel.reads("sim.drill").reads("40000.00").reads("1 orders would be cancelled").reads("[y/N] ")
      #expect(cancel.types("\n").status() == 12)
      try #expect(shell.oms("orders", "--open", "-o", "id").output == "a\n")
      let tighter = try Typist(shell, "oms risk set max_order_notional 40000 -a sim.drill")
      #expect(tighter.status() == 0, "\(tighter.transcript)")
      let looser = try Typist(shell, "oms risk set max_order_notional 90000 -a sim.drill")
      #expect(looser.reads("type sim.drill to go on: ").types("y\n").status() == 12)
      let named = try Typist(shell, "oms risk set max_order_notional 90000 -a sim.drill")
      #expect(named.reads("type sim.drill to go on: ").types("sim.drill\n").status() == 0, "\(named.transcript)")
      // By id and by the ladder nothing is asked: they open no risk.
      try #expect(Typist(shell, "oms cancel a").status() == 0)
    }
  }

  @Test func whatCannotBeUndoneWantsItsScopeTyped() throws {
    try Self.live { shell in
      let opening = "oms order buy BTC-USDT-PERP 0.1 --market --wait filled -a sim.drill --live --yes -q"
      try #expect(shell.bash(opening).status == 0)
      let flatten = try Typist(shell, "oms flatten -a sim.drill --live")
      flatten.reads("side          sell").reads("qty           0.100").reads("type sim.drill to go on: ")
      #expect(flatten.types("y\n").status() == 12)
      try #expect(shell.oms("positions", "--nonzero", "-o", "id").lines.count == 1)
      let meant = try Typist(shell, "oms flatten -a sim.drill --live")
      #expect(meant.reads("to go on: ").types("sim.drill\n").status() == 0, "\(meant.transcript)")
      try #expect(shell.oms("positions", "--nonzero", "-o", "id").output.isEmpty)
      try #expect(Typist(shell, "oms kill --reason drill").status() == 0)
      let resume = try Typist(shell, "oms resume")
      #expect(resume.reads("type all to go on: ").types("\n").status() == 12)
      try #expect(shell.oms("status", "-q").status == 15)
      try #expect(Typist(shell, "oms resume").reads("type all to go on: ").types("all\n").status() == 0)
      try #expect(shell.oms("status", "-q").status == 0)
    }
  }

  @Test func anEngineWithRealMoneyWantsItsNameTyped() throws {
    try Shell.with { shell in
      _ = try shell.bash(
        "mkdir conf; echo 'accounts: { sim: { drill: { type: main, mode: live } } }' > conf/accounts.yaml")
      let line = "oms run -C conf --live -- echo started"
      let wrong = try Typist(shell, line)
      wrong.reads("live accounts: sim.drill").reads("type the name of the instance, default, to start it: ")
      #expect(wrong.types("yes\n").status() == 12)
      #expect(!wrong.transcript.contains("started"))
      let right = try Typist(shell, line)
      #expect(right.reads("to start it: ").types("default\n").status() == 0, "\(right.transcript)")
      #expect(right.transcript.contains("started"))
    }
  }

  /// All lines are judged before the question, and one answer is for all of them.
  @Test func aBatchOfRealMoneyAsksOnce() throws {
    try Self.live { shell in
      let line = #"{"symbol":"BTC-USDT","side":"buy","qty":"0.001","limit":"40000","account":"sim.drill"}"# + "\n"
      try Data(String(repeating: line, count: 3).utf8).write(to: shell.directory.appending(path: "lines"))
      let no = try Typist(shell, "oms batch lines --live")
      no.reads("live order buy BTC-USDT: 3 lines, 120 in all").reads("go on? [y/N] ")
      #expect(no.types("\n").status() == 12)
      try #expect(shell.oms("orders", "-o", "id").output.isEmpty)
      let yes = try Typist(shell, "oms batch lines --live")
      #expect(yes.reads("[y/N] ").types("y\n").status() == 0, "\(yes.transcript)")
      try #expect(shell.oms("orders", "--open", "-o", "id").lines.count == 3)
    }
  }

  /// The best of some: how busy the machine is must not matter.
  @Test func withoutATerminalTheAnswerIsTwelveAtOnceAndNothingIsSent() throws {
    try Self.live { shell in
      let lines = [
        Self.order, "oms cancel --all -a sim.drill", "oms flatten -a sim.drill --live", "oms resume",
        "oms risk set max_order_notional 90000 -a sim.drill",
      ]
      try #expect(shell.bash(Self.order + " --yes --id a -q && oms kill -q && oms resume --confirm all -q").status == 0)
      try #expect(shell.bash(Self.order + " --yes --id b -q").status == 0)
      for line in lines {
        var best = TimeInterval.infinity
        for _ in 0..<5 {
          let begin = Date()
          let ran = try shell.bash(line + " < /dev/null")
          best = min(best, Date().timeIntervalSince(begin))
          #expect(ran.status == 12, "\(line): \(ran.errors)")
          #expect(ran.errors.contains("--yes") || ran.errors.contains("--confirm"), "\(ran.errors)")
        }
        #expect(best < 0.1, "\(line) took \(best) s")
      }
      // At a terminal too, when nobody is to be asked.
      for wish in ["oms --no-input", "OMS_NO_INPUT=1 oms", "CI=1 oms"] {
        try #expect(Typist(shell, Self.order.replacingOccurrences(of: "oms", with: wish)).status() == 12)
      }
      try #expect(shell.oms("orders", "--open", "-o", "id").output == "b\n")
    }
  }

  @Test(arguments: [40, 80, 200]) func tablesFitTheTerminal(columns: UInt16) throws {
    try Self.paper { shell in
      try #expect(shell.oms("order", "buy", "BTC-USDT", "0.01", "--limit", "40000", "--id", "a", "-q").status == 0)
      for line in ["orders", "symbols", "balances", "risk show -a sim.main", "status", "events -n 5", "accounts"] {
        let typist = try Typist(shell, "oms \(line)", columns: columns, variables: ["PAGER": "cat", "NO_COLOR": "1"])
        #expect(typist.status() == 0)
        let table = typist.lines.filter { !$0.hasPrefix("oms: ") }
        #expect(table.count > 1 && table.allSatisfy { $0.count <= Int(columns) }, "\(line): \(typist.transcript)")
        let note = typist.lines.contains { $0.hasPrefix("oms: columns left out for want of width: ") }
        if columns == 40 { #expect(note || table[0].count <= 40, "\(line): \(typist.transcript)") }
      }
      let wide = try Typist(shell, "oms orders", columns: 200)
      #expect(wide.status() == 0 && !wide.transcript.contains("left out"))
      let followed = try Typist(
        shell, "oms events --after 0 --follow --take 3", columns: columns, variables: ["NO_COLOR": "1"])
      #expect(
        followed.status() == 0
          && followed.lines.filter { !$0.hasPrefix("oms: ") }.allSatisfy { $0.count <= Int(columns) })
    }
  }

  @Test func colourIsForTerminalsThatWantIt() throws {
    try Self.paper { shell in
      try #expect(shell.oms("order", "buy", "BTC-USDT", "0.1", "--market", "--wait", "filled", "-q").status == 0)
      func isColoured(_ line: String, _ variables: [String: String] = [:]) throws -> Bool {
        let typist = try Typist(shell, line, columns: 200, variables: variables)
        #expect(typist.status() == 0)
        return typist.transcript.contains("\u{1B}[3")
      }
      let line = "oms pnl -a sim.main"
      try #expect(isColoured(line))
      try #expect(!isColoured(line, ["NO_COLOR": "1"]))
      try #expect(!isColoured(line, ["TERM": "dumb"]))
      try #expect(!isColoured(line + " --color never"))
      try #expect(isColoured(line + " --color always", ["NO_COLOR": "1"]))
      try #expect(!isColoured(line + " | cat"))
      try #expect(isColoured("CLICOLOR_FORCE=1 \(line) -o table | cat"))
    }
  }

  @Test func aPagerShowsWhatIsTallerThanTheScreen() throws {
    try Self.paper { shell in
      func shown(_ line: String, rows: UInt16 = 4, _ pager: String = "sed 's/^/paged /'") throws -> String {
        let typist = try Typist(shell, line, rows: rows, columns: 200, variables: ["OMS_PAGER": pager])
        #expect(typist.status() == 0, "\(typist.transcript)")
        return typist.transcript
      }
      try #expect(shown("oms symbols").contains("paged BTC-USDT"))
      try #expect(shown("oms help --all").contains("paged "))
      try #expect(shown("oms order --help").contains("paged "))
      try #expect(!shown("oms symbols", rows: 20).contains("paged"))
      try #expect(!shown("oms symbols | cat").contains("paged"))
      try #expect(!shown("oms events --after 0 --follow --take 6").contains("paged"))
      try #expect(!shown("oms symbols", rows: 4, "cat").contains("paged"))
      // A person who has seen enough is no failure, and one who has no pager sees it all the same.
      try #expect(shown("oms symbols", rows: 4, "head -1").contains("SYMBOL"))
      let other = try Typist(
        shell, "PAGER=\"sed 's/^/other /'\" oms symbols", rows: 4, columns: 200, variables: [:])
      #expect(other.status() == 0 && other.transcript.contains("other BTC-USDT"))
    }
  }

  @Test func whoeverWaitsAtATerminalIsToldThatItTakesTime() throws {
    try Self.paper { shell in
      let line = "oms wait --when 'BTC-USDT.last < 1' --timeout 900ms"
      let typist = try Typist(shell, line)
      typist.reads("oms: waiting for the engine, 0.").reads("\r\u{1B}[K").reads("wait.timeout, exit 31")
      #expect(typist.status() == 31)
      let unseen = try Typist(shell, line + " 2> err; cat err")
      #expect(unseen.status() == 0 && !unseen.transcript.contains("waiting"))
      let quiet = try Typist(shell, line + " -q")
      #expect(quiet.status() == 31 && !quiet.transcript.contains("waiting"))
      let brief = try Typist(shell, "oms status")
      #expect(brief.status() == 0 && !brief.transcript.contains("waiting"))
      let rows = (0..<9).map { #"{"symbol":"BTC-USDT","side":"buy","qty":"0.001","limit":"\#(30000 + $0)"}"# + "\n" }
      try Data(rows.joined().utf8).write(to: shell.directory.appending(path: "lines"))
      let batch = try Typist(shell, "oms batch lines --rate 5/s > out")
      batch.reads("of 9 lines answered, ")
      #expect(batch.reads("batch: 9 lines, 9 ok").status() == 0)
    }
  }
}
