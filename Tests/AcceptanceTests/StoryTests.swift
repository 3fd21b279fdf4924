import Foundation
import Testing

/// What a person does with `oms` from a shell, against the real engine. Each story is a script with a session of its own;
/// what it prints is what it proves.
@Suite struct StoryTests {
  struct Story: Sendable, CustomTestStringConvertible {
    let name: String
    let script: String
    let output: String

    var testDescription: String { name }
  }

  static let stories = [
    Story(
      name: "a market order fills at once",
      script: """
        oms order buy BTC-USDT 0.01 --market --wait filled --id first -o tsv --fields id,status,filled
        oms fills --id first -o tsv --fields side,qty,role
        """,
      output: "first\tfilled\t0.01000\nbuy\t0.01000\ttaker\n"),
    Story(
      name: "what does not fill in time is cancelled",
      script: """
        oms order buy BTC-USDT 0.02 --limit 50000 --id slow --wait filled --timeout 200ms --on-timeout cancel -q
        echo $?
        oms orders slow -o tsv --fields status,filled,remaining
        """,
      output: "31\ncancelled\t0.00000\t0.02000\n"),
    Story(
      name: "an order whose answer is lost is sent once, however often it is repeated",
      script: """
        oms sim fault --drop-ack 1
        until oms order buy ETH-USDT 0.5 --market --id once --wait filled --timeout 1s -q; do
          [ $? -eq 30 ] || exit 1
        done
        oms order buy ETH-USDT 0.5 --market --id once --wait filled -o tsv --fields replayed
        oms fills --id once -o tsv --fields qty
        oms reconcile -a all -q; echo "$?"
        """,
      output: "true\n0.5000\n0\n"),
    Story(
      name: "a ladder on standard input is answered line by line",
      script: """
        for i in 1 2 3; do
          echo "{\\"symbol\\":\\"BTC-USDT\\",\\"side\\":\\"buy\\",\\"qty\\":\\"0.001\\",\\"limit\\":\\"${i}0000\\",\\"id\\":\\"rung-$i\\"}"
        done | oms batch - -a sim.main -o tsv --fields line,ok
        oms orders --open --sort price:desc -o tsv --fields id,price
        """,
      output: "1\ttrue\n2\ttrue\n3\ttrue\nrung-3\t30000.00\nrung-2\t20000.00\nrung-1\t10000.00\n"),
    Story(
      name: "one bad line of a table stops no other",
      script: """
        printf '%s\\n' buy,BTC-USDT,0.001,40000 buy,GOLD-USDT,1,1 sell,ETH-USDT,0.1,9000 |
          jq -Rc 'split(",") | {side: .[0], symbol: .[1], qty: .[2], limit: .[3]}' |
          oms batch - -a sim.main --on-error continue --echo -o jsonl > answers
        echo "${PIPESTATUS[2]}"
        jq -r 'select(.ok | not) | "\\(.line) \\(.error.code) \\(.sent) \\(.input.symbol)"' answers
        oms orders --open -o id | wc -l
        """,
      output: "32\n2 notfound.symbol no GOLD-USDT\n2\n"),
    Story(
      name: "stale orders go and marked ones stay",
      script: """
        oms order buy BTC-USDT 0.001 --limit 30000 --id old -q
        oms order buy BTC-USDT 0.001 --limit 31000 --id kept --tag keep=yes -q
        oms cancel --all -a sim.main --older-than 0s --not-tag keep=yes --yes -o tsv --fields id,status
        oms orders --open -o id | oms cancel - -o tsv --fields ok
        oms orders --open -o id
        """,
      output: "old\tcancelled\ntrue\n"),
    Story(
      name: "flatten closes every position and cancels what is open",
      script: """
        oms order buy BTC-USDT-PERP 0.5 --market --wait filled -q
        oms order sell ETH-USDT-PERP 2 --market --wait filled -q
        oms order buy BTC-USDT-PERP 0.1 --limit 40000 -q
        oms positions --nonzero -o tsv --fields symbol,side,qty
        oms flatten -a all --yes -q; echo "$?"
        oms positions --nonzero -o id; oms orders --open -o id
        """,
      output: "BTC-USDT-PERP\tlong\t0.500\nETH-USDT-PERP\tshort\t-2.000\n0\n"),
    Story(
      name: "after a kill nothing is open and nothing enters until it is resumed",
      script: """
        oms order buy BTC-USDT 0.001 --limit 20000 --id resting -q
        oms kill --reason drill -q; echo "$?"
        oms order buy BTC-USDT 0.001 --market -q; echo "$?"
        oms status -o tsv --fields trading,halt_reason,orders_open
        oms resume -q; echo "$?"
        oms resume --confirm all -q
        oms order buy BTC-USDT 0.001 --market --wait filled -q; echo "$?"
        """,
      output: "0\n15\nkilled\tdrill\t0\n12\n0\n"),
    Story(
      name: "a reader that left misses nothing and reads nothing twice",
      script: """
        follow() { oms events --type fill --after "$(cat seq)" --follow --take "$1" --idle 10s -o jsonl; }
        echo 0 > seq
        for qty in 0.01 0.02 0.03; do
          oms order buy BTC-USDT $qty --market --wait filled -q
          if [ $qty = 0.01 ]; then follow 1 > got; jq .seq got > seq; fi
        done
        follow 2 >> got
        jq -r .qty got
        """,
      output: "0.01000\n0.02000\n0.03000\n"),
    Story(
      name: "what a guarded script placed goes with it, and nothing else",
      script: """
        oms order buy BTC-USDT 0.001 --limit 25000 --id mine -q
        oms guard -q -- bash -c 'oms order buy BTC-USDT 0.001 --limit 26000 --id its -q; kill -9 $$'
        echo "$?"
        oms orders -o tsv --fields id,status --sort id
        """,
      output: "137\nits\tcancelled\nmine\topen\n"),
    Story(
      name: "a guarded script that wants to be flat leaves the positions of others",
      script: """
        oms order buy BTC-USDT-PERP 0.2 --market --wait filled -q
        oms guard --on-exit flatten -q -- oms order buy BTC-USDT-PERP 0.5 --market --wait filled -q
        echo "$?"
        oms positions --nonzero -o tsv --fields symbol,qty
        """,
      output: "0\nBTC-USDT-PERP\t0.200\n"),
    Story(
      name: "a limit shows what of it is used and whether it is exceeded",
      script: """
        oms order buy BTC-USDT-PERP 0.1 --limit 50000 -q
        oms order buy BTC-USDT-PERP 0.1 --limit 40000 -q
        show() { oms risk show "$@" -a sim.main -o tsv --fields limit,used,breached; }
        show | grep -P '^max_(open_orders|position_qty)\\t'
        show --breached
        oms risk set max_open_orders 1 -a sim.main --yes -q
        show --breached
        """,
      output: "max_position_qty\t0.2\tfalse\nmax_open_orders\t2\tfalse\nmax_open_orders\t2\ttrue\n"),
    Story(
      name: "a snapshot is kept and a difference with the exchange is found",
      script: """
        oms reconcile -a all -q; echo "$?"
        oms sim account sim.main --set BTC=1.001 --silent
        oms snapshot take -q; echo "$?"
        oms snapshot list -o id | wc -l
        oms reconcile -a all -o tsv --fields account,asset,ours,theirs; echo "$?"
        oms snapshot prune --keep 14d -q; echo "$?"
        """,
      output: "0\n0\n1\nsim.main\tBTC\t1.00000\t1.00100\n41\n0\n"),
    Story(
      name: "two snapshots differ by what happened between them",
      script: """
        oms order buy BTC-USDT 0.001 --limit 30000 --id first -q
        oms snapshot take -q --note 'before'
        one=$(oms snapshot list -o id)
        oms snapshot show $one -o tsv --fields id,orders_open,note | sed "s/$one/one/"
        oms snapshot diff $one $one; echo "$?"
        oms order buy BTC-USDT-PERP 0.5 --market --wait filled --id later -q
        oms cancel first -q
        oms snapshot take -q
        oms snapshot diff $one -o tsv --fields kind,symbol,id,ours,theirs,diff | grep -v ^balance; echo "${PIPESTATUS[0]}"
        oms snapshot show 99 -q; echo "$?"
        """,
      output: """
        one\t1\tbefore
        0
        position\tBTC-USDT-PERP\t\t0.000\t0.500\t0.500
        order\tBTC-USDT\tfirst\topen 0.00000/0.00100 at 30000.00\tcancelled 0.00000/0.00100 at 30000.00\t
        order\tBTC-USDT-PERP\tlater\t\tfilled 0.500/0.500\t
        41
        18

        """),
    Story(
      name: "profit and loss add up per account and per fill",
      script: """
        oms order buy BTC-USDT 0.10 --market --wait filled -q
        oms order sell BTC-USDT 0.10 --market --wait filled -q
        oms pnl -a sim.main -o tsv --fields scope,name,mode,ccy
        paid=$(oms fills --by symbol --sum fee -o tsv --fields fee)
        awk "BEGIN { exit $(oms pnl -a sim.main -o tsv --fields fees) + $paid != 0 }" && echo same
        oms balances --asset BTC -a sim.main --value BTC --nonzero -o tsv --fields value_ccy
        """,
      output: "account\tsim.main\tpaper\tUSDT\nsame\nBTC\n"),
  ]

  @Test(arguments: stories) func story(_ story: Story) throws {
    try Shell.with { shell in
      let ran = try shell.run(["oms", "run", "--", "bash", "-uc", story.script])
      #expect(ran.output == story.output, "\(ran.errors)")
    }
  }

  /// A sum of money only an explicit wish may touch: the engine, the command and the person must all mean it.
  @Test func aLiveAccountHasThreeLocks() throws {
    try Shell.with { shell in
      let ran = try shell.bash(
        """
        mkdir conf
        echo 'accounts: { sim: { drill: { type: main, mode: live } } }' > conf/accounts.yaml
        echo 'account: { "*": { max_order_notional: "1000 USDT" } }' > conf/risk.yaml
        order='oms order buy BTC-USDT --market -a sim.drill -q'
        oms run -C conf -- $order 0.001 --live --yes; echo $?
        oms run -C conf --live -- true; echo $?
        oms run -C conf --live --yes -- bash -c "
          $order 0.001; echo \\$?
          $order 0.001 --live; echo \\$?
          $order 0.001 --live --yes --wait filled; echo \\$?
          $order 1 --live --yes; echo \\$?"
        """)
      #expect(ran.lines == ["13", "12", "13", "12", "0", "14"], "\(ran.errors)")
    }
  }

  /// Killed without a word and started again on the same state, the engine carries on: same orders, same answers to
  /// repeated ids, one event line without a gap, nothing twice at the exchange.
  @Test func anEngineThatWasKilledCarriesOn() throws {
    try Shell.with { shell in
      let ran = try shell.bash(
        """
        begin() { oms run --state "$PWD/state" --detach -q || exit 1; }
        list() { oms orders -o csv --fields id,status,filled,venue_id --sort id; }
        begin
        trap 'oms stop -q' EXIT
        oms order buy BTC-USDT 0.001 --limit 30000 --id rest-1 -q
        oms order sell ETH-USDT 0.1 --limit 9000 --id rest-2 -q
        oms order buy BTC-USDT 0.01 --market --id done-1 --wait filled -q
        list > before
        for round in 1 2; do
          kill -9 "$(oms status -o tsv --fields pid)"
          oms wait --engine stopped --timeout 5s -q
          begin
        done
        list | cmp before - && echo same orders
        oms order buy BTC-USDT 0.001 --limit 30000 --id rest-1 -o tsv --fields id,status,replayed
        oms order buy BTC-USDT 0.01 --market --id done-1 -o tsv --fields id,status,replayed
        oms fills -o tsv --fields id
        oms reconcile -a all -q; echo "$?"
        oms cancel rest-1 rest-2 -o tsv --fields id,status
        trap - EXIT
        oms stop -q; echo "$?"
        cat state/logs/events-*.jsonl | jq -s 'map(.seq) == [range(1; length + 1)]'
        oms journal verify state/journal -q; echo "$?"
        oms journal verify state/exchange -q; echo "$?"
        """)
      #expect(
        ran.lines == [
          "same orders", "rest-1\topen\ttrue", "done-1\tfilled\ttrue", "done-1", "0", "rest-1\tcancelled",
          "rest-2\tcancelled", "0", "true", "0", "0",
        ], "\(ran.errors)")
    }
  }

  /// `stop --flatten` leaves nothing open behind, and a snapshot to start from.
  @Test func anEngineThatStopsFlatLeavesNothingOpen() throws {
    try Shell.with { shell in
      let ran = try shell.bash(
        """
        begin() { oms run --state "$PWD/state" --detach -q || exit 1; }
        begin
        trap 'oms stop -q' EXIT
        oms order buy BTC-USDT-PERP 0.1 --market --wait filled -q
        oms order buy BTC-USDT 0.001 --limit 20000 -q
        oms stop --flatten -q; echo "$?"
        oms wait --engine stopped --timeout 5s -q
        ls state/snapshots | wc -l
        begin
        oms positions --nonzero -o id; oms orders --open -o id
        oms status -o tsv --fields trading,orders_open
        """)
      #expect(ran.lines == ["0", "1", "on\t0"], "\(ran.errors)")
    }
  }
}
