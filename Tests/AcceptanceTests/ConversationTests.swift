import Foundation
import OMSLib
import Testing

/// The client against an engine that says what the test wants.
@Suite struct ConversationTests {
  static let order =
    #"{"type":"order","v":1,"seq":1,"ts":"2026-11-20T11:36:29.123456789Z","id":"x-1","sent":"yes","status":"open","price":"64000.00","qty":"0.01000"}"#

  @Test func resultsArriveByteForByte() throws {
    try Shell.with { shell in
      try FakeEngine.with(shell) { _ in
        [.note("a word"), .data(Self.order), .end(0)]
      } _: { _ in
        let ran = try shell.oms("order", "buy", "BTC-USDT", "0.01", "--limit", "64000", "--id", "x-1")
        #expect(ran.status == 0)
        #expect(ran.output == Self.order + "\n")
        #expect(ran.errors == "oms: a word\n")
        let quiet = try shell.oms("orders", "-q")
        #expect(quiet.status == 0 && quiet.output.isEmpty && quiet.errors.isEmpty)
        let answer1 = try shell.oms("orders", "-o", "tsv", "--fields", "price,id").output
        #expect(answer1 == "64000.00\tx-1\n")
        let answer2 = try shell.oms("orders", "-o", "id").output
        #expect(answer2 == "x-1\n")
      }
    }
  }

  @Test func theEnginesRefusalIsTheCommands() throws {
    try Shell.with { shell in
      var refusal = RequestError("risk.max_order_notional", exit: 14, "too large", hint: "oms risk show")
      refusal.id = "x-1"
      let error = refusal
      try FakeEngine.with(shell) { _ in
        [.error(error), .end(14)]
      } _: { _ in
        let human = try shell.oms("order", "buy", "BTC-USDT", "1", "--market")
        #expect(human.status == 14)
        #expect(
          human.errors
            == "oms: error: too large [risk.max_order_notional, exit 14]\n  sent: no    id: x-1\n  hint: oms risk show\n"
        )
        let json = try shell.oms("order", "buy", "BTC-USDT", "1", "--market", "-o", "jsonl")
        #expect(json.errors.contains(#""code":"risk.max_order_notional","exit":14"#))
        #expect(json.errors.contains(#""command":"order","id":"x-1""#))
      }
    }
  }

  @Test func theEndDecidesAlsoWithoutAnError() throws {
    try Shell.with { shell in
      try FakeEngine.with(shell) { _ in
        [.data(Self.order), .end(24)]
      } _: { _ in
        let answer3 = try shell.oms("order", "buy", "BTC-USDT", "1", "--market", "--wait", "filled", "-q").status
        #expect(answer3 == 24)
      }
    }
  }

  /// What may have left is never called a failure.
  @Test func anEngineThatLeavesMakesAnOrderUnknownAndAReadUnreachable() throws {
    try Shell.with { shell in
      try FakeEngine.with(shell) { _ in
        [.close]
      } _: { _ in
        let order = try shell.oms("order", "buy", "BTC-USDT", "1", "--market", "-o", "jsonl")
        #expect(order.status == 30)
        #expect(order.errors.contains(#""sent":"unknown","retry":"same_id""#))
        let answer4 = try shell.oms("orders").status
        #expect(answer4 == 16)
        let answer5 = try shell.oms("cancel", "x-1").status
        #expect(answer5 == 30)
      }
    }
  }

  static let commands: [String] = [
    "order buy BTC-USDT 0.01 --limit 64000 --id a --tag k=v --post-only --tif gtd:2027-01-01 --wait filled --on-timeout cancel",
    "order sell BTC/USDT 50% --market --max-slippage 50bps --reduce-only --position long --live --yes -a sim.main",
    "order buy binance:BTC-USDT --quote 100 --stop 5 --limit 6 --tp 7 --sl 4 --collar 5% --round down --dry-run",
    "order sell BTC-USDT all --trail 50bps --expire 1h --hidden --iceberg 1 --oco b --strategy s --no-collar",
    "amend a --qty 1 --limit 2 --stop 3 --cancel-replace --round up", "cancel a b",
    "cancel --all -a 'sim.*' --symbol BTC-USDT --older-than 0s --not-tag k=v --tag a=b --side buy --price-above 1 --foreign",
    "flatten -a all --yes --symbol BTC-USDT --max-slippage 5bps --keep-orders --confirm all", "pause --reason why",
    "halt --strategy s", "kill -a sim.main --reason drill", "resume --confirm all --clock",
    "orders a b --id c,d --open --symbol BTC-USDT --status open,partial --since today --until now",
    "fills --id a --symbol BTC-USDT --since -15m --until now", "fills --follow --take 3 --idle 1s --since @5",
    "positions --nonzero -a all --symbol BTC-USDT", "balances --asset USDT --nonzero --value USDT",
    "pnl --by account --venue sim", "accounts", "accounts show sim.main",
    "risk show --breached -a sim.main",
    "risk check buy BTC-USDT 1 --limit 5",
    "risk set max_open_orders 5 -a sim.main --until now --yes --confirm sim.main",
    "risk reset -a all", "events -f --type fill,order --kind x.* --id a --level warn -n 5 --take 3 --no-gaps",
    "events --after 0 --until-done", "events --from-start", "status --latency --accounts", "snapshot take --note x",
    "snapshot list", "reconcile -a all --fix", "symbols BTC-* --class perp",
    "ticker BTC-USDT ETH-USDT --follow --every 1s",
    "book BTC-USDT --depth 1 --max-age 5s", "wait a --for known --any", "wait --when a.last<=5 --timeout 1s",
    "wait --flat -a all",
    "stop --orders cancel --force --flatten", "sim price BTC-USDT 5", "sim fill a 0.5", "sim latency 5ms --jitter 1ms",
    "sim clock +1h", "sim account sim.main --set BTC=1.001 --silent", "sim book BTC-USDT --spread 3bps",
    "sim reset --seed 7", "sim fault --drop-ack 1 --reject -2010:2 --stale-feed BTC-USDT --partial 50% --auth-fail",
  ]

  /// Every flag that the shell takes is a member that the engine knows.
  @Test func theEngineUnderstandsEveryCommand() throws {
    try Shell.with { shell in
      try FakeEngine.with(shell) { _ in
        [.end(0)]
      } _: { engine in
        for command in Self.commands {
          let words = command.split(separator: " ").map { $0.replacingOccurrences(of: "'", with: "") }
          let before = engine.requests.count
          let ran = try shell.run(["oms"] + words)
          #expect(ran.status == 0, "\(command): \(ran.errors) \(engine.refused.last?.message ?? "")")
          #expect(engine.requests.count > before, "\(command) asked nothing")
        }
        #expect(engine.refused.isEmpty)
      }
    }
  }

  @Test func environmentVariablesAreDefaultsOfFlags() throws {
    try Shell.with { shell in
      try FakeEngine.with(shell) { _ in
        [.data(Self.order), .end(0)]
      } _: { engine in
        let variables = [
          "OMS_ACCOUNT": "sim.sub01", "OMS_LIVE": "1", "OMS_TIMEOUT": "3s", "OMS_SESSION": "g-1", "OMS_OUTPUT": "id",
        ]
        let ran = try shell.oms("order", "buy", "BTC-USDT", "1", "--market", variables: variables)
        #expect(ran.output == "x-1\n")
        guard case .order(let order)? = engine.requests.first?.operation else {
          Issue.record("no order was asked for")
          return
        }
        #expect(order.selection.account == "sim.sub01")
        #expect(order.consent.live && !order.consent.yes)
        #expect(order.timeout == 3_000_000_000)
        #expect(order.session == "g-1")
      }
    }
  }

  @Test func aReaderThatLeavesEndsAStreamQuietly() throws {
    try Shell.with { shell in
      try FakeEngine.with(shell) { _ in
        [.forever(#"{"type":"event","v":1,"seq":1}"#)]
      } _: { _ in
        let ran = try shell.bash("set -o pipefail; oms events -f | head -1")
        #expect(ran.status == 0, "\(ran.errors)")
        #expect(ran.output == #"{"type":"event","v":1,"seq":1}"# + "\n")
        #expect(ran.errors.isEmpty)
      }
    }
  }

  @Test func aSignalEndsAStreamWithItsNumber() throws {
    try Shell.with { shell in
      try FakeEngine.with(shell) { _ in
        [.data(#"{"type":"event","v":1,"seq":1}"#)]
      } _: { _ in
        let ran = try shell.bash(
          "mkfifo p; oms events -f > p & pid=$!; read -r line < p; kill -TERM $pid; wait $pid; echo $? \"$line\"")
        #expect(ran.output.hasPrefix("143 {"), "\(ran.output) \(ran.errors)")
      }
    }
  }

  @Test func watchingAPipeNumbersTheSets() throws {
    try Shell.with { shell in
      try FakeEngine.with(shell) { _ in
        [.data(#"{"type":"status","v":1}"#), .end(0)]
      } _: { _ in
        let ran = try shell.bash("oms status --watch 50ms | head -2")
        #expect(ran.output == "{\"type\":\"status\",\"v\":1,\"batch\":1}\n{\"type\":\"status\",\"v\":1,\"batch\":2}\n")
      }
    }
  }

  @Test func aJobThatIsHeldEndsWithSeventeenBeforeAnythingIsSent() throws {
    try Shell.with { shell in
      try FakeEngine.with(shell) { request in
        if case .job = request.operation { return [.error(RequestError("busy.job", exit: 17, "held")), .end(17)] }
        return [.data(Self.order), .end(0)]
      } _: { engine in
        let ran = try shell.oms("order", "buy", "BTC-USDT", "1", "--market", "--job", "nightly")
        #expect(ran.status == 17)
        #expect(engine.requests.count == 1)
      }
    }
  }

  @Test func guardTiesTheCommandToASession() throws {
    try Shell.with { shell in
      try FakeEngine.with(shell) { _ in
        [.end(0)]
      } _: { engine in
        let ran = try shell.oms("guard", "--", "bash", "-c", "oms order buy BTC-USDT 1 --market -q; exit 7")
        #expect(ran.status == 7, "\(ran.errors)")
        guard engine.requests.count == 3, case .session(let begin) = engine.requests[0].operation,
          case .order(let order) = engine.requests[1].operation,
          case .session(let end) = engine.requests[2].operation
        else {
          Issue.record("\(engine.requests)")
          return
        }
        #expect(begin.onExit == .cancel && !begin.ends && end.ends)
        #expect(order.session == begin.session && end.session == begin.session)
        let killed = try shell.oms("guard", "--", "bash", "-c", "kill -9 $$")
        #expect(killed.status == 137)
        let answer6 = try shell.oms("guard", "--", "no-such-command").status
        #expect(answer6 == 127)
      }
    }
  }

  @Test func killWritesTheGateAndAsksTheEngine() throws {
    try Shell.with { shell in
      try FakeEngine.with(shell) { _ in
        [.data(#"{"type":"event","v":1}"#), .end(0)]
      } _: { engine in
        let answer7 = try shell.oms("kill", "--reason", "drill").status
        #expect(answer7 == 0)
        guard case .trading(let request)? = engine.requests.first?.operation else {
          Issue.record("the engine was not asked")
          return
        }
        #expect(request.verb == .kill && request.reason == "drill")
        let entries = try GateFile(path: shell.directory.path + "/s/oms/default/gate").entries()
        #expect(entries.map(\.scope) == [.everything])
        #expect(entries.map(\.state) == [.killed])
      }
    }
  }

  /// A dry run that an operation does not know must not become the real thing.
  @Test(arguments: [
    "cancel a", "kill", "reconcile --fix", "snapshot take", "sim reset", "resume --confirm all", "pause",
    "amend a --qty 1", "risk reset", "stop", "order buy B 1 --market",
  ])
  func aDryRunNeverActs(line: String) throws {
    try Shell.with { shell in
      try FakeEngine.with(shell) { _ in
        [.end(0)]
      } _: { engine in
        _ = try shell.run(["oms"] + line.split(separator: " ").map(String.init) + ["--dry-run"])
        for request in engine.requests {
          switch request.operation {
          case .orders: continue
          case .order(let order): #expect(order.consent.dryRun)
          case .amend(let amend): #expect(amend.consent.dryRun)
          default: Issue.record("\(line) asked for \(request.operation)")
          }
        }
        #expect(!FileManager.default.fileExists(atPath: shell.directory.path + "/s/oms/default/gate"))
      }
    }
  }
}
