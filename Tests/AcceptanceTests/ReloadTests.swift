import Testing

/// A configuration that changes under a running engine (SIGHUP): all of it or nothing.
@Suite struct ReloadTests {
  @Test func accountsAndLimitsChangeWhileItRuns() throws {
    try Shell.with { shell in
      let ran = try shell.bash(
        """
        mkdir conf
        accounts() { echo "accounts: { sim: { $1 } }" > conf/accounts.yaml; }
        limit() { echo "account: { \\"*\\": { max_order_notional: \\"$1 USDT\\" } }" > conf/risk.yaml; }
        accounts 'main: { type: main }, old: { type: main }'
        limit 1000
        oms run -C conf --state "$PWD/state" --detach -q 2> said || exit 1
        trap 'oms stop -q' EXIT
        process=$(oms status -o tsv --fields pid)
        order() { oms order buy BTC-USDT $1 --market --wait filled -q "${@:2}" 2> refusal; echo "$1 $?"; }
        order 0.02 -a sim.main
        accounts 'main: { type: main }, new: { type: main, sim_balances: { USDT: "5000" } }'
        limit 2000
        kill -HUP $process; kill -HUP $process; sleep 0.02; kill -HUP $process
        for n in $(seq 100); do oms accounts -o id | grep -q sim.new && break; sleep 0.05; done
        oms accounts -o tsv --fields account,state | sort
        order 0.02 -a sim.main
        order 0.03 -a sim.new
        oms balances -a sim.new --asset USDT -o tsv --fields wallet,total | sort
        oms order buy BTC-USDT 0.01 --market -a sim.old -q 2> refusal; echo "closed $?"
        oms sim reset; oms balances -a sim.new --asset USDT -o tsv --fields total | head -1
        accounts 'main: { type: main }, third: { typ: main }'
        limit 3000
        kill -HUP $process
        for n in $(seq 100); do grep -q 'nothing was changed' said && break; sleep 0.05; done
        order 0.04 -a sim.main
        oms accounts -o id | grep -c third || true
        accounts 'main: { type: main, position_mode: hedge }, new: { type: main }'
        kill -HUP $process
        for n in $(seq 100); do grep -q 'restart is needed' said && break; sleep 0.05; done
        order 0.04 -a sim.main
        oms reconcile -a all -q; echo "same $?"
        """)
      #expect(
        ran.lines == [
          "0.02 14", "sim.main\tready", "sim.new\tready", "sim.old\tremoved", "0.02 0", "0.03 0", "futures\t100000.00",
          ran.lines.count > 7 ? ran.lines[7] : "",
          "closed 18", "5000.00", "0.04 14", "0", "0.04 14", "same 0",
        ], "\(ran.output) \(ran.errors)")
    }
  }
}
