import Testing

/// What a market did, read from a running engine.
@Suite struct MarketTests {
  private func inSession(_ script: String) throws -> Ran {
    try Shell.with { try $0.run(["oms", "run", "--", "bash", "-c", script]) }
  }

  @Test func tradesAreListedAndFollowed() throws {
    let ran = try inSession(
      """
      oms order buy BTC-USDT 0.01 --market --wait filled -q
      oms trades BTC-USDT -n 1 --where 'taker==buy' -o id | wc -l
      oms trades BTC-USDT --follow --take 2 --idle 20s -o id | wc -l
      oms trades BTC-USDT --follow --until 'qty>0' --idle 20s -o id | wc -l
      oms trades NOPE -q 2>/dev/null; echo $?
      oms trades BTC-USDT -n 1 --since -1m -q 2>/dev/null; echo $?
      """)
    #expect(ran.lines.suffix(4) == ["2", "1", "18", "2"], "\(ran.errors)")
  }

  @Test func candlesGoOnWithoutAHole() throws {
    let ran = try inSession(
      """
      oms candles BTC-USDT --interval 1s --follow --until 'closed==true' --idle 20s -o tsv --fields closed | tail -1
      oms sim clock +5s
      oms candles BTC-USDT --interval 1s -o jsonl |
        jq -s 'map(.open_ts[0:19]+"Z"|fromdate) | [.[1:], .[:-1]] | transpose | all(.[0]-.[1] == 1)'
      oms candles BTC-USDT --interval 7s -q 2>/dev/null; echo $?
      """)
    #expect(ran.lines == ["true", "true", "2"], "\(ran.errors)")
  }

  @Test func fundingIsThatOfPerpetuals() throws {
    let ran = try inSession(
      """
      oms funding -o tsv --fields symbol,interval_h
      oms funding BTC-USDT-PERP -o jsonl | jq -r '((.rate|tonumber)*3*365*100 - (.annual_pct|tonumber)) | fabs < 0.001'
      oms funding BTC-USDT -q 2>/dev/null; echo $?
      """)
    #expect(ran.lines == ["BTC-USDT-PERP\t8", "ETH-USDT-PERP\t8", "true", "18"], "\(ran.errors)")
  }

  @Test func exposureAddsSpotAndPerpetualsUp() throws {
    let ran = try inSession(
      """
      oms order sell BTC-USDT-PERP 1 --market --wait filled -q
      oms exposure -a sim.main -o tsv --fields mode,asset,qty
      oms exposure -a sim.main --by symbol -o tsv --fields symbol,qty
      oms exposure --by venue -o tsv --fields venue
      """)
    #expect(
      ran.lines == [
        "paper\tBTC\t0", "paper\tETH\t10", "BTC-USDT\t1", "BTC-USDT-PERP\t-1", "ETH-USDT\t10", "sim",
      ], "\(ran.errors)")
  }

  /// The engine is killed; the exchange in its process goes with it, and cancels when the countdown has passed in the time
  /// that it makes up.
  @Test func ordersFallWithTheEngineThatArmedTheCountdown() throws {
    let ran = try Shell.with { shell in
      try shell.bash(
        """
        begin() { oms run --state "$PWD/state" --detach -q || exit 1; }
        begin
        trap 'oms stop -q' EXIT
        oms order buy BTC-USDT 0.001 --limit 20000 --id guarded -q
        oms order buy BTC-USDT 0.001 --limit 20000 --id free -a sim.sub01 -q
        oms deadman arm 1s -a sim.main -o tsv --fields name,status
        oms deadman status -o tsv --fields detail | grep -c 'not armed'
        sleep 1.5
        oms orders guarded -o tsv --fields status
        kill -9 "$(cat "$XDG_RUNTIME_DIR/oms/default/pid")"
        oms wait --engine stopped --timeout 5s -q
        sleep 1.2
        begin
        oms wait guarded --for done --timeout 5s -q
        oms orders guarded free -o tsv --fields id,status,reason
        """)
    }
    #expect(
      ran.lines == [
        "deadman sim.main\tok", "3", "open", "guarded\tcancelled\tdeadman", "free\topen\t",
      ], "\(ran.errors)")
  }

  @Test func aCountdownIsTakenBack() throws {
    let ran = try inSession(
      """
      oms order buy BTC-USDT 0.001 --limit 20000 --id kept -q
      oms deadman arm 1s -q && oms deadman disarm -q
      oms sim clock +10s
      oms orders kept -o tsv --fields status
      oms deadman arm 10ms -q 2>/dev/null; echo $?
      """)
    #expect(ran.lines == ["open", "2"], "\(ran.errors)")
  }
}
