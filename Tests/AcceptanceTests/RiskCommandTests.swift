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
      """)
    #expect(ran.lines == ["0", "0", "0", "15", "killed"], "\(ran.errors)")
  }
}
