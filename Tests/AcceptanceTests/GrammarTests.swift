import Foundation
import Testing

/// Command lines that need no engine: what is refused before anything happens, and what is known without asking.
@Suite struct GrammarTests {
  static let usage: [(String, String)] = [
    ("ordr buy", "usage.command"), ("order", "usage.argument"), ("order buy BTC-USDT", "usage.quantity"),
    ("order buy BTC-USDT 1", "usage.kind"), ("order buy BTC-USDT 1 --limit 1 --market", "usage.kind"),
    ("order buy BTC-USDT 1 --limit 1e3", "usage.decimal"), ("order buy BTC-USDT 1,5 --market", "usage.quantity"),
    ("order buy BTC-USDT 1 --limit 64000 --limit 6400", "usage.twice"),
    ("order buy BTC-USDT 1 --market --max-slippage 50", "usage.bps"),
    ("order buy BTC-USDT 1 --quote 5 --market", "usage.quantity"),
    ("order buy BTC-USDT 1 --market --timeout 5", "usage.duration"),
    ("order hold BTC-USDT 1 --market", "usage.value"), ("order buy BTC-USDT 1 --market --id e/1", "usage.id"),
    ("order buy BTC-USDT 1 --market --tif now", "usage.value"),
    ("order buy BTC-USDT 1 --market --wait long", "usage.value"),
    ("order buy BTC-USDT 1 --market --tag a=1 --tag a=2", "usage.twice"),
    ("amend x", "usage.argument"), ("cancel", "usage.argument"), ("cancel --all", "usage.scope"),
    ("cancel x --all -a sim.main", "usage.argument"), ("cancel x --symbol BTC-USDT", "usage.argument"),
    ("cancel x -", "usage.argument"), ("orders --open --done", "usage.value"), ("orders --fields nope", "usage.field"),
    ("fills --take 1", "usage.value"), ("events --since now --after 5", "usage.value"),
    ("events --take 0", "usage.count"),
    ("wait", "usage.argument"), ("wait x --when a==1", "usage.argument"), ("wait --engine maybe", "usage.value"),
    ("risk", "usage.command"), ("risk sho", "usage.command"), ("risk set max_order_notional 1e5", "usage.decimal"),
    ("sim clock 1h", "usage.value"), ("sim fault", "usage.argument"),
    ("sim account sim.main --set BTC=x", "usage.decimal"),
    ("batch --window 0", "usage.count"), ("batch --rate 5", "usage.rate"), ("guard", "usage.argument"),
    ("path nowhere", "usage.value"), ("status --retry-connect soon", "usage.duration"), ("status -x", "usage.flag"),
    ("pnl --by symbol", "usage.value"), ("pnl --since today", "usage.flag"), ("orders --venue-sight", "usage.flag"),
    ("guard --on-exit burn", "usage.value"), ("--nope", "usage.flag"),
    ("accounts show", "usage.argument"),
  ]

  @Test(arguments: usage) func refusesWithTwo(line: String, code: String) throws {
    try Shell.with { shell in
      let ran = try shell.run(["oms"] + line.split(separator: " ").map(String.init) + ["-o", "jsonl"])
      #expect(ran.status == 2, "\(line): \(ran.errors)")
      #expect(ran.output.isEmpty)
      let errors = ran.errors.split(separator: "\n")
      #expect(errors.count == 1)
      #expect(ran.errors.contains("\"code\":\"\(code)\""), "\(line): \(ran.errors)")
      #expect(ran.errors.contains("\"sent\":\"no\""))
    }
  }

  @Test(arguments: [
    "status", "orders", "fills --follow", "order buy BTC-USDT 1 --market", "cancel x", "events -f", "batch -",
    "stop", "ticker BTC-USDT", "reconcile", "guard -- true", "pause",
  ])
  func withoutAnEngineEndsWithSixteenAtOnce(line: String) throws {
    try Shell.with { shell in
      let ran = try shell.run(["oms"] + line.split(separator: " ").map(String.init))
      #expect(ran.status == 16, "\(line): \(ran.errors)")
      #expect(ran.output.isEmpty)
      #expect(ran.errors.contains("[engine.not_running, exit 16]"))
      #expect(ran.errors.split(separator: "\n").count <= 4)
    }
  }

  @Test func killWithoutAnEngineShutsTheGate() throws {
    try Shell.with { shell in
      let ran = try shell.oms("kill", "--reason", "drill")
      #expect(ran.status == 32, "\(ran.errors)")
      #expect(ran.errors.contains("partial.gate_only"))
      let gate = shell.directory.appending(path: "s/oms/default/gate")
      #expect(FileManager.default.fileExists(atPath: gate.path))
    }
  }

  @Test func waitsForAnEngineOnlyAsLongAsTold() throws {
    try Shell.with { shell in
      let stopped = try shell.oms("wait", "--engine", "stopped")
      #expect(stopped.status == 0)
      let ready = try shell.oms("wait", "--engine", "ready", "--timeout", "50ms")
      #expect(ready.status == 31)
      let answer1 = try shell.oms("status", "--retry-connect", "50ms").status
      #expect(answer1 == 16)
    }
  }

  @Test func helpGoesToStandardOutput() throws {
    try Shell.with { shell in
      for words in [["oms"], ["oms", "--help"], ["oms", "help"], ["oms", "help", "--all"], ["oms", "-h"]] {
        let ran = try shell.run(words)
        #expect(ran.status == 0)
        #expect(ran.errors.isEmpty)
        #expect(ran.output.contains("order"))
      }
      let codes = try shell.oms("help", "exit-codes")
      #expect(codes.output.contains("unknown: it left, no answer came"))
      let version = try shell.oms("--version")
      #expect(version.status == 0 && version.lines.count == 1 && version.output.hasPrefix("oms "))
      let answer2 = try shell.oms("version", "-o", "jsonl").output
      #expect(answer2.hasPrefix(#"{"type":"version","v":1,"#))
    }
  }

  /// The names that find a command and the names in its description are written twice.
  @Test func everyCommandExplainsItselfAndHasItsOwnName() throws {
    try Shell.with { shell in
      let json = try shell.oms("help", "--json")
      let table = try #require(try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any])
      let commands = try #require(table["commands"] as? [[String: Any]])
      #expect(commands.count >= 40)
      for command in commands {
        let name = try #require(command["name"] as? String)
        let help = try shell.run(["oms"] + name.split(separator: " ").map(String.init) + ["--help"])
        #expect(help.status == 0, "\(name): \(help.errors)")
        #expect(help.output.hasPrefix("oms \(name)"), "\(name) is found under another name")
        #expect(help.output.contains("Examples:"), "\(name) has no examples")
        let flags = try #require(command["flags"] as? [[String: Any]])
        for flag in flags { #expect(help.output.contains("\(flag["name"] ?? "")")) }
        for other in try #require(command["see_also"] as? [String]) {
          #expect(commands.contains { $0["name"] as? String == other }, "\(name) refers to `\(other)`")
        }
      }
    }
  }

  @Test func aClosedPipeIsNoFailureAndAFullDiskIs() throws {
    try Shell.with { shell in
      let closed = try shell.bash("set -o pipefail; oms help --json | head -c 1")
      #expect(closed.status == 0)
      let full = try shell.bash("oms help --all > /dev/full")
      #expect(full.status == 1)
      #expect(full.errors.contains("io.write"))
    }
  }

  @Test func pathsFollowTheEnvironment() throws {
    try Shell.with { shell in
      let base = shell.directory.path
      let answer3 = try shell.oms("path", "state").output
      #expect(answer3 == "\(base)/s/oms/default\n")
      let answer4 = try shell.oms("-I", "x", "path", "run").output
      #expect(answer4 == "\(base)/r/oms/x\n")
      let answer5 = try shell.oms("path", "logs", variables: ["OMS_INSTANCE": "y"]).output
      #expect(answer5 == "\(base)/s/oms/y/logs\n")
      let answer6 = try shell.oms("path", "config", "-C", "conf").output
      #expect(answer6 == "conf\n")
    }
  }

  @Test func errorsAreJSONWhenTheEnvironmentSaysSo() throws {
    try Shell.with { shell in
      let json = try shell.oms("status", variables: ["OMS_ERRORS": "json"])
      #expect(json.errors.hasPrefix(#"{"type":"error","v":1,"ts":""#))
      let human = try shell.oms("status")
      #expect(human.errors.hasPrefix("oms: error: "))
    }
  }
}
