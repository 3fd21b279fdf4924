import Foundation
import Testing

/// Every reading command before a reader that has gone and before a full disk.
@Suite struct PipeTests {
  /// What each is called with to print something.
  private static let arguments = [
    "status": "", "orders": "", "fills": "", "positions": "", "balances": "", "pnl": "", "exposure": "", "accounts": "",
    "risk show": "", "risk check": "buy BTC-USDT 0.01 --limit 30000", "symbols": "", "ticker": "BTC-USDT",
    "book": "BTC-USDT", "trades": "BTC-USDT", "candles": "BTC-USDT", "funding": "BTC-USDT-PERP",
    "events": "--from-start", "logs": "", "snapshot list": "", "snapshot show": "$new", "snapshot diff": "$old $new",
    "journal verify": "", "journal dump": "", "deadman status": "", "config check": "-o jsonl", "config show": "",
    "config get": "accounts.sim.main.type", "config diff": "", "config schema": "accounts", "config path": "",
    "check": "engine", "doctor": "", "path": "state", "version": "", "explain": "12",
    "schema": "order", "help": "", "completion": "bash", "wait": "rests --for open",
  ]

  private static let begin = """
    mkdir -p conf
    printf 'accounts:\\n  sim:\\n    main:\\n      type: main\\n' > conf/accounts.yaml
    oms run -C conf --state "$PWD/state" --detach -q || exit 99
    trap 'oms stop --force -q' EXIT
    export OMS_CONFIG_DIR="$PWD/conf"
    oms order buy BTC-USDT 0.01 --market -a sim.main -q
    oms snapshot take -q; old=$(oms snapshot list -o id | tail -1)
    oms order buy BTC-USDT 0.01 --limit 30000 -a sim.main --id rests -q
    oms snapshot take -q; new=$(oms snapshot list -o id | tail -1)
    try() {
      "$@" > said 2> errors; local plain=$?
      # A reader that is gone before the first byte comes.
      exec 3> >(exit 0); wait $!
      "$@" >&3 2>> errors; local closed=$?
      exec 3>&-
      "$@" > /dev/full 2>> errors; echo "$plain $closed $? $([ -s said ] && echo said || echo silent)"
    }

    """

  @Test func aReaderThatLeavesIsNoFailureAndAFullDiskIs() throws {
    try Shell.with { shell in
      let json = try shell.oms("help", "--json")
      let table = try #require(try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any])
      let commands = try #require(table["commands"] as? [[String: Any]])
      let reading = commands.filter { $0["effect"] as? String == "reads" }.compactMap { $0["name"] as? String }
      // One hands over to another program, the code of one says whether a bar was met, one makes files once, two are about
      // a keystore that is not there, and one about an exchange that nobody serves.
      let others: Set<String> = ["man", "bench", "config init", "vault list", "vault status", "sim dump"]
      #expect(Set(reading).subtracting(others) == Set(Self.arguments.keys), "each has its line here")
      let names = Self.arguments.keys.sorted()
      let calls = names.map { "try oms \($0) \(Self.arguments[$0] ?? "")\n" }.joined()
      let ran = try shell.bash(Self.begin + calls)
      #expect(ran.lines.count == names.count, "\(ran.output) \(ran.errors)")
      for (name, line) in zip(names, ran.lines) {
        // Two snapshots differ; and nothing to say is no failure to say it.
        let code = name == "snapshot diff" ? "41" : "0"
        #expect(line == "\(code) \(code) 1 said" || line == "0 0 0 silent", "\(name): \(line)")
      }
      #expect(ran.lines.filter { $0.hasSuffix("silent") }.count <= 2, "\(zip(names, ran.lines).map { "\($0) \($1)" })")
    }
  }
}
