import Testing

/// Limits at run time, and the last step of the stop ladder, against a running engine.
@Suite struct RiskCommandTests {
  private static let files = """
    mkdir conf
    printf 'accounts: { sim: { a: { type: main, spot_enabled: true, futures_enabled: true } } }\\n' > conf/accounts.yaml
    printf 'account: { "sim.a": { max_order_notional: "1000 USDT" } }\\n' > conf/risk.yaml

    """

  private func inSession(_ script: String) throws -> Ran {
    try Shell.with { shell in
      try shell.bash(Self.files + "oms run -C conf -- bash -c '" + script + "'")
    }
  }

  private static let show = "oms risk show -a sim.a --where limit==max_order_notional -o tsv --fields value"

  @Test func aResetGoesBackToWhatTheFilesSay() throws {
    let ran = try inSession(
      """
      oms risk set max_order_notional 5000 -a sim.a -q && \(Self.show)
      oms risk reset max_order_notional -a sim.a -q && \(Self.show)
      oms risk set max_order_notional 7000 -a sim.a -q && oms risk reset -a sim.a -q && \(Self.show)
      """)
    #expect(ran.lines == ["5000", "1000", "1000"], "\(ran.errors)")
  }

  @Test func aLimitOfASymbolIsNotOneOfEverything() throws {
    let ran = try inSession(
      """
      oms risk set max_open_orders 0 --symbol BTC-USDT -q
      oms order buy BTC-USDT 0.001 --limit 50000 -q 2>/dev/null; echo $?
      oms order buy ETH-USDT 0.1 --limit 2500 -q; echo $?
      oms risk set max_open_orders 0 --symbol BTC-USDT -a sim.a -q 2>/dev/null; echo $?
      oms risk reset max_open_orders --symbol BTC-USDT -q
      oms order buy BTC-USDT 0.001 --limit 50000 -q; echo $?
      """)
    #expect(ran.lines == ["14", "0", "2", "0"], "\(ran.errors)")
  }

  @Test func aLimitUntilATimeGoesBackByItself() throws {
    let ran = try inSession(
      """
      oms risk set max_order_notional 5000 -a sim.a --until "$(date -u -d +1sec +%FT%TZ)" -q && \(Self.show)
      for try in $(seq 50); do [ "$(\(Self.show))" = 1000 ] && break; sleep 0.1; done; \(Self.show)
      oms risk set max_order_notional 5000 -a sim.a --until 2020-01-01 -q 2>/dev/null; echo $?
      """)
    #expect(ran.lines == ["5000", "1000", "2"], "\(ran.errors)")
  }

  /// The engine is killed and started again on its state, once before the time and once behind it.
  private func afterAKill(_ script: String) throws -> Ran {
    try Shell.with { shell in
      try shell.bash(
        Self.files + """
          begin() { oms run -C conf --state "$PWD/state" --detach -q || exit 1; }
          show() { oms risk show -a sim.a --where "limit==$1" -o tsv --fields value,source; }
          begin; trap 'oms stop -q' EXIT

          """ + script)
    }
  }

  @Test func aLimitUntilATimeOutlivesTheEngineAndNotTheTime() throws {
    let ran = try afterAKill(
      """
      until=$(date -u -d +1hour +%FT%TZ); soon=$(date -u -d +2sec +%FT%TZ)
      oms risk set max_order_notional 5000 -a sim.a --until "$until" -q
      oms risk set max_open_orders 7 -a sim.a --until "$soon" -q
      oms risk set max_leverage 2 -a sim.a -q
      show max_order_notional; show max_leverage
      kill -9 "$(oms status -o tsv --fields pid)"; oms wait --engine stopped --timeout 5s -q
      until [ "$(date -u +%FT%TZ)" \\> "$soon" ]; do sleep 0.1; done
      begin
      show max_order_notional; show max_open_orders; show max_leverage
      oms risk show -a sim.a -o jsonl | jq -r 'select(.until) | .limit, .until[0:19]+"Z"' > told
      [ "$(cat told)" = "$(printf 'max_order_notional\\n%s' "$until")" ]; echo "$?"
      """)
    #expect(
      ran.lines == [
        "5000\tcommand", "2\tcommand", "5000\tcommand", "2000\tdefault", "2\tcommand", "0",
      ], "\(ran.errors)")
  }

  /// A limit that is set anew has no time any more; one that is reset is the file's again.
  @Test func aLaterWordCountsForTheTimeToo() throws {
    let ran = try afterAKill(
      """
      until=$(date -u -d +1hour +%FT%TZ)
      oms risk set max_open_orders 7 -a sim.a --until "$until" -q
      oms risk set max_order_notional 5000 -a sim.a --until "$until" -q
      grep -c until state/timed-limits
      oms risk set max_open_orders 8 -a sim.a -q
      oms risk reset max_order_notional -a sim.a -q
      grep -c until state/timed-limits
      kill -9 "$(oms status -o tsv --fields pid)"; oms wait --engine stopped --timeout 5s -q
      begin
      show max_open_orders; show max_order_notional
      """)
    #expect(ran.lines == ["2", "0", "8\tcommand", "1000\trisk.yaml:1"], "\(ran.errors)")
  }

  @Test func aFileOfTimesThatCannotBeReadIsNamed() throws {
    let ran = try afterAKill(
      """
      oms risk set max_open_orders 7 -a sim.a --until "$(date -u -d +1hour +%FT%TZ)" -q
      oms stop -q; oms wait --engine stopped --timeout 5s -q
      sed -i s/7/9/ state/timed-limits
      oms run -C conf --state "$PWD/state" --detach -q 2> refused; echo "$?"
      grep -c "$PWD/state/timed-limits cannot be read.*config.timed_limits" refused
      rm state/timed-limits; begin
      show max_open_orders
      """)
    #expect(ran.lines == ["10", "1", "7\tcommand"], "\(ran.errors)")
  }

  @Test func aKillThatFlattensLeavesNothingAndIsAKill() throws {
    let ran = try inSession(
      """
      oms order buy BTC-USDT-PERP 0.01 --market --wait filled -q
      oms order buy BTC-USDT 0.001 --limit 50000 -q
      oms kill --flatten -q; echo $?
      oms positions --nonzero -o id | wc -l
      oms orders --open -o id | wc -l
      oms order buy BTC-USDT 0.001 --market -q 2>/dev/null; echo $?
      oms status -o tsv --fields trading
      oms accounts -o tsv --fields trading
      """)
    #expect(ran.lines == ["0", "0", "0", "15", "killed", "killed"], "\(ran.errors)")
  }
}
