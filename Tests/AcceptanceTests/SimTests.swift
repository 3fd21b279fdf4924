import Testing

/// The controls of the built-in exchange, each against a running engine.
@Suite struct SimTests {
  @Test(arguments: [
    "price BTC-USDT 58000", "latency 1ms --jitter 1ms", "latency 0ms", "clock +1h", "clock freeze", "clock run",
    "account sim.main --set USDT=99000", "account sim.main --set BTC=2 --silent", "book BTC-USDT --spread 3bps",
    "book BTC-USDT --file levels", "fault --drop-ack 1", "fault --dup-ack 1", "fault --reject -2010:1",
    "fault --disconnect 1ms", "fault --stale-feed BTC-USDT", "fault --seq-gap BTC-USDT", "fault --rate-limit 1",
    "fault --partial 50%", "fault --late-fill 10ms", "fault --lost-cancel 1", "fault --auth-fail", "fault --clear",
    "fill resting 0.004", "reset", "reset --seed 7",
  ])
  func everyControlIsObeyed(control: String) throws {
    try Shell.with { shell in
      let script = """
        echo '{"bids":[["57000","1"]],"asks":[["58001","0.3"]]}' > levels
        oms order buy BTC-USDT 0.01 --limit 50000 --id resting -q || exit 99
        oms sim \(control)
        """
      let ran = try shell.run(["oms", "run", "--", "bash", "-c", script])
      #expect(ran.status == 0, "\(ran.errors)")
    }
  }

  /// Positions, money and orders are those of the new market; ids and trade numbers go on.
  @Test func aResetIsFollowedByTheBooks() throws {
    let script = """
      oms order buy BTC-USDT-PERP 0.01 --market --id old --wait filled -q
      oms order buy BTC-USDT 0.01 --limit 50000 --id resting -q
      oms sim reset --seed 7 || exit 99
      oms orders resting -o tsv --fields status,reason
      oms positions --nonzero -o tsv | wc -l
      oms pnl -a sim.main -o tsv --fields realized
      oms order buy BTC-USDT 0.01 --market --id new --wait filled -o tsv --fields status
      oms fills -o tsv --fields trade_id | sort -n | uniq -d | wc -l
      oms reconcile -a all -q; echo $?
      oms order buy BTC-USDT-PERP 0.01 --market --id old -o tsv --fields replayed
      """
    try Shell.with { shell in
      let ran = try shell.run(["oms", "run", "--", "bash", "-c", script])
      #expect(ran.output == "cancelled\tcancelled_by_venue\n0\n0\nfilled\n0\n0\ntrue\n", "\(ran.errors)")
    }
  }

  /// With a state directory the exchange that comes back is the one behind the reset, and orders keep their numbers.
  @Test func aResetOutlivesTheEngine() throws {
    try Shell.with { shell in
      let ran = try shell.bash(
        """
        begin() { oms run --state "$PWD/state" --detach -q || exit 1; }
        begin
        trap 'oms stop -q' EXIT
        oms order buy BTC-USDT-PERP 0.01 --market --wait filled -q
        oms sim reset || exit 99
        oms order buy ETH-USDT-PERP 2 --market --wait filled -q
        oms order buy BTC-USDT 0.001 --limit 20000 --id resting -q
        # Numbers are shown once they are durable.
        oms events --from-start --follow --symbol ETH-USDT-PERP --type order --take 3 > durable
        oms orders -o tsv --fields id,seq --sort id > before
        oms stop -q
        oms wait --engine stopped --timeout 5s -q
        begin
        oms orders -o tsv --fields id,seq --sort id | head -2 | cmp - <(head -2 before) && echo same numbers
        oms positions --nonzero -o tsv --fields symbol,qty
        oms reconcile -a all -q; echo "$?"
        """)
      #expect(ran.lines == ["same numbers", "ETH-USDT-PERP\t2.000", "0"], "\(ran.errors)")
    }
  }

  @Test func aBookFromAFileStandsUntilTheSpreadIsSet() throws {
    let script = """
      echo '{"bids":[["57000","1"],["56000.5","2"]],"asks":[["58001","0.3"]]}' > levels
      oms sim book BTC-USDT --file levels && oms sim book BTC-USDT --file levels || exit 99
      sleep 0.3
      oms book BTC-USDT -o jsonl | jq -c '[.bids,.asks]'
      oms sim book BTC-USDT --spread 1bps
      oms book BTC-USDT --depth 20 -o jsonl | jq -c '.bids | length'
      echo '{"bids":[["57000"]]}' > levels
      oms sim book BTC-USDT --file levels; echo $?
      """
    try Shell.with { shell in
      let ran = try shell.run(["oms", "run", "--", "bash", "-c", script])
      let book = #"[[["57000.00","1.00000"],["56000.50","2.00000"]],[["58001.00","0.30000"]]]"#
      #expect(ran.output == book + "\n20\n2\n", "\(ran.errors)")
    }
  }

  /// An order that the venue dropped without a word is open in our records and not there.
  @Test func theVenueIsAskedForItsOwnView() throws {
    let script = """
      oms order buy BTC-USDT 0.01 --limit 50000 --id a --tag desk=x -q
      oms order sell BTC-USDT 0.02 --limit 70000 --id b -q
      oms order buy ETH-USDT-PERP 1 --limit 2000 --id c -a sim.sub01 -q
      oms sim fill b 0.005; oms sim latency 5ms
      oms orders --venue-view -a all -o jsonl |
        jq -r '[.id, .account, .side, .kind, .qty, .filled, .status, .tags.desk, .owner, .seq] | map(tostring) | join(" ")'
      oms orders --venue-view --symbol ETH-USDT-PERP -o id
      oms cancel a -q
      oms orders a --venue-view -o tsv --fields id,status,done
      oms orders unheard --venue-view -q; echo "$?"
      oms orders --venue-view --done -q; echo "$?"
      """
    try Shell.with { shell in
      let ran = try shell.run(["oms", "run", "--", "bash", "-c", script])
      #expect(
        ran.lines == [
          "a sim.main buy limit 0.01000 0.00000 open x oms null",
          "b sim.main sell limit 0.02000 0.00500 partial null oms null",
          "c sim.sub01 buy limit 1.000 0.000 open null oms null", "c", "a\tcancelled\ttrue", "18", "2",
        ], "\(ran.output) \(ran.errors)")
    }
  }

  /// With a journal that works it is an ordinary flatten, recorded like any.
  @Test func anUnrecordedFlattenRecordsWhatItCan() throws {
    let script = """
      oms order buy BTC-USDT-PERP 0.1 --market --wait filled -q
      oms flatten -a all --unrecorded --yes -o tsv --fields side,status,filled
      oms positions --nonzero -o id | wc -l
      oms orders -o id | wc -l
      """
    try Shell.with { shell in
      let ran = try shell.run(["oms", "run", "--", "bash", "-c", script])
      #expect(ran.output == "sell\tfilled\t0.100\n0\n2\n", "\(ran.errors)")
    }
  }

  /// What of an object used to be `null`.
  @Test func objectsSayWhatTheEngineKnows() throws {
    let script = """
      oms order sell ETH-USDT-PERP 3 --market --wait filled -a sim.sub01 -q
      oms positions --nonzero -o jsonl |
        jq -c '(.liq_price | tonumber > 3000) and (.funding_next | test("T(00|08|16):00:00.000000000Z$"))'
      oms accounts -o jsonl |
        jq -c 'select(.account == "sim.sub01") | (.rate_used | tonumber >= 0) and .ws == "up" and .last_event_ms >= 0'
      oms guard -- oms order buy BTC-USDT 0.01 --limit 50000 --id guarded -q > /dev/null
      oms orders guarded -o tsv --fields status,reason
      until [ $(oms orders -o jsonl | jq -c 'select(.seq == null)' | wc -l) = 0 ]; do sleep 0.05; done; echo 0
      oms ticker BTC-USDT BTC-USDT-PERP -o jsonl | jq -c '.funding | if . == null then . else tonumber | . < 0.01 end'
      """
    try Shell.with { shell in
      let ran = try shell.run(["oms", "run", "--", "bash", "-c", script])
      #expect(ran.output == "true\ntrue\ncancelled\tsession\n0\nnull\ntrue\n", "\(ran.errors)")
    }
  }
}
