import Testing

/// The exchange as a process of its own: it survives engines, engines survive it.
@Suite struct ExchangeProcessTests {
  /// Starts an exchange behind a door with this test's name, and an engine that uses it.
  private static let prelude = """
    door=at-$$
    exchange() {
      omsim exchange --door $door --state "$PWD/exchange" --ready-fd 3 3> up & exchange=$!
      until [ -s up ]; do sleep 0.01; done; rm up
    }
    ledger() {
      rm -f exchange/ledger; kill -USR1 $exchange
      until [ -f exchange/ledger ]; do sleep 0.01; done
    }
    begin() { oms run ${flags-} --state "$PWD/state" --sim-door $door --detach -q || exit 1; }
    finish() { oms stop -q; kill $exchange; wait $exchange; rm -f /dev/shm/oms-*-$door-*; }
    exchange; trap finish EXIT; begin

    """

  @Test func anEngineThatWasKilledMeetsWhatItsOrdersDidMeanwhile() throws {
    try Shell.with { shell in
      let ran = try shell.bash(
        Self.prelude + """
          oms order buy BTC-USDT 0.01 --market --id done --wait filled -o tsv --fields status
          oms order buy BTC-USDT 0.001 --limit 30000 --id rest -q
          oms order sell ETH-USDT 0.5 --limit 9000 --id gone -q
          oms sim price ETH-USDT 3001
          kill -9 "$(oms status -o tsv --fields pid)"
          oms wait --engine stopped --timeout 5s -q
          begin
          oms order buy BTC-USDT 0.01 --market --id done -o tsv --fields status,replayed
          oms orders --open -o id | sort
          oms reconcile -a all -q; echo "$?"
          oms sim price ETH-USDT 9100
          oms wait gone --for filled --timeout 5s -q; echo "$?"
          oms sim clock freeze
          ledger
          grep -c '^fill sim.main .* BTC-USDT ' exchange/ledger
          awk '$1 == "balance" && $2 == "sim.main" && $3 == "spot" && $4 == "BTC" { print $6 }' exchange/ledger
          oms balances -a sim.main --asset BTC -o tsv --fields total | head -1
          oms journal verify exchange/exchange -q; echo "$?"
          """)
      #expect(
        ran.lines == [
          "filled", "filled\ttrue", "gone", "rest", "0", "0", "1", "1010000000000000000", "1.01000", "0",
        ], "\(ran.errors)")
    }
  }

  @Test func theEndOfTheExchangeIsAnOutageForTheEngine() throws {
    try Shell.with { shell in
      let ran = try shell.bash(
        Self.prelude + """
          oms order buy BTC-USDT 0.001 --limit 30000 --id rest -q
          kill -9 $exchange; wait $exchange 2> none
          oms events --from-start --follow --kind venue.disconnect --take 1 --idle 5s -o tsv --fields kind
          oms order buy BTC-USDT 0.001 --market --id lost --wait filled -o tsv --fields status,reason
          exchange
          until oms order buy BTC-USDT 0.001 --market --wait filled --timeout 5s -q 2> none; do sleep 0.05; done
          oms orders --open -o id
          oms reconcile -a all -q; echo "$?"
          oms cancel rest -o tsv --fields status
          """)
      #expect(ran.lines == ["venue.disconnect", "rejected\tnot_sent", "rest", "0", "cancelled"], "\(ran.errors)")
    }
  }

  /// What people ask of an exchange in the engine's own process, they can ask of this one.
  @Test func peopleSeeItsBookAndHearItsRefusals() throws {
    try Shell.with { shell in
      let ran = try shell.bash(
        """
        mkdir conf
        spot='type: main, spot_enabled: true'
        echo "accounts: { sim: { main: { $spot }, late: { $spot } } }" > conf/accounts.yaml
        flags="-C conf"

        """ + Self.prelude + """
          oms sim clock freeze
          echo '{"bids":[["57000","1"],["56999","2"],["56000","3"]],"asks":[["58001","0.3"],["58002","0.4"]]}' > levels
          oms sim book BTC-USDT --file levels -q; echo "$?"
          oms book BTC-USDT --depth 3 -o jsonl > book.jsonl; jq -c '[.bids, .asks]' book.jsonl
          oms sim account sim.main --set USDT=5 -q; echo "$?"
          oms sim account sim.late --set USDT=5 -q 2> none; echo "$?"
          """)
      #expect(
        ran.lines == [
          "0",
          #"[[["57000.00","1.00000"],["56999.00","2.00000"],["56000.00","3.00000"]],"#
            + #"[["58001.00","0.30000"],["58002.00","0.40000"]]]"#,
          "0", "13",
        ], "\(ran.errors)")
    }
  }

  /// With `oms snapshot take` it makes an image of its own, and goes on from there.
  @Test func itsImagesAreMadeByItself() throws {
    try Shell.with { shell in
      let ran = try shell.bash(
        Self.prelude + """
          oms order buy BTC-USDT 0.01 --market --wait filled -q
          oms snapshot take -q; echo "$?"
          ls exchange/exchange/images | wc -l
          oms order buy BTC-USDT 0.01 --market --wait filled -q
          oms order buy BTC-USDT 0.001 --limit 30000 --id rest -q
          kill -9 $exchange; wait $exchange 2> none
          exchange
          until oms order buy BTC-USDT 0.001 --market --wait filled --timeout 5s -q 2> none; do sleep 0.05; done
          oms orders --open -o id
          oms reconcile -a all -q; echo "$?"
          kill $exchange; wait $exchange
          ls exchange/exchange/images | wc -l
          """)
      #expect(ran.lines == ["0", "1", "rest", "0", "2"], "\(ran.errors)")
    }
  }
}
