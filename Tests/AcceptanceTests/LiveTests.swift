import Testing

/// Real money, as far as a machine without an exchange can have it: an engine with live accounts, and behind TCP or TLS an
/// exchange that speaks Binance's protocols.
@Suite struct LiveTests {
  private static let stage = """
    export passphrase='correct horse battery'
    state=$XDG_STATE_HOME/oms/default
    serve() {
      mkdir -p -m 700 $state
      oms venue serve --keystore $state --passphrase-fd 9 9<<<"$passphrase" "$@" > venue 2> said & venue=$!
      until [ -s venue ] || ! kill -0 $venue; do sleep 0.02; done
    }
    configure() {
      mkdir -p conf
      jq -r '"exchanges:\\n  binance:\\n    adapter: binance\\n    markets: [BTC-USDT, BTC-USDT-PERP]\\n"
        + "    ca: \\"\\(.ca // "")\\"\\n    endpoints: \\({spot: .spot, usdm: .usdm} | tojson)"' \\
        venue > conf/exchanges.yaml
      printf 'accounts: { binance: { main: { type: main, mode: live, api_key_vault_path: binance_main } } }\\n' \\
        > conf/accounts.yaml
      printf 'instance_tag: a1b2c\\ndefault_account: ""\\n' > conf/oms.yaml
    }
    live() { oms run -C conf --live --yes --passphrase-fd 9 "$@" 9<<<"$passphrase"; }
    order() { oms order "$@" -a binance.main --live --yes; }

    """

  @Test(arguments: ["", "--tls"]) func ordersTradeAtTheExchange(encryption: String) throws {
    try Shell.with { shell in
      let ran = try shell.bash(
        Self.stage + """
          serve \(encryption); configure
          live -- bash -c '
            order() { oms order "$@" -a binance.main --live --yes -o jsonl; }
            order buy BTC-USDT 0.001 --market --wait filled | jq -r "[.status, .filled, .sent, .mode] | join(\\" \\")"
            id=$(order sell BTC-USDT-PERP 0.010 --limit 90000 --no-collar --wait open | jq -r .id)
            oms amend $id --limit 91000 --live --yes -o jsonl | jq -r "[.status, .price] | join(\\" \\")"
            oms cancel $id -o jsonl | jq -r .status
            order buy BTC-USDT-PERP 0.010 --market --wait filled | jq -r .status
            oms positions -o tsv --fields symbol,side,qty | grep long
            oms reconcile -a binance.main; echo $?
          ' 2> failed
          cat failed >&2
          kill $venue; wait $venue
          """)
      #expect(
        ran.lines == [
          "filled 0.00100 yes live", "open 91000.0", "cancelled", "filled", "BTC-USDT-PERP\tlong\t0.010", "0",
        ], "\(ran.output)\(ran.errors)")
    }
  }

  /// What was open stays open and known, and nothing is sent twice.
  @Test func aKilledEngineFindsItsOrdersAgain() throws {
    try Shell.with { shell in
      let ran = try shell.bash(
        Self.stage + """
          serve; configure
          live --detach --state $state
          order buy BTC-USDT 0.001 --limit 50000 --no-collar --id mine --wait open > first
          kill -KILL $(cat $XDG_RUNTIME_DIR/oms/default/pid)
          until ! [ -e $XDG_RUNTIME_DIR/oms/default/oms.sock ] || ! oms status > /dev/null 2>&1; do sleep 0.05; done
          live --detach --state $state
          order buy BTC-USDT 0.001 --limit 50000 --no-collar --id mine -o jsonl | jq -r '[.status, .replayed] | @csv'
          oms orders --open -o tsv --fields id,status
          oms cancel mine -o jsonl | jq -r .status
          oms stop
          kill $venue; wait $venue
          """)
      #expect(
        ran.lines == [#""open",true"#, "mine\topen", "cancelled"], "\(ran.output)\(ran.errors)")
    }
  }

  /// Without its exchange, its key or its passphrase an engine does not begin, and says which it was.
  @Test func whatIsMissingIsNamed() throws {
    try Shell.with { shell in
      let ran = try shell.bash(
        Self.stage + """
          serve; configure
          oms run -C conf --live --yes --passphrase-fd 9 9<<<'wrong one' -- true 2> said; echo $?
          grep -c 'passphrase' said
          oms run -C conf --live --yes -- true 2>/dev/null; echo $?
          sed -i s/binance_main/binance_other/ conf/accounts.yaml
          live -- true 2> said; echo $?; grep -o 'oms vault put binance_other' said
          sed -i s/binance_other/binance_main/ conf/accounts.yaml
          sed -i 's/markets: .*/markets: [DOGE-USDT]/' conf/exchanges.yaml
          live -- true 2> said; grep -o "has no market 'DOGE-USDT'" said
          kill $venue; wait $venue
          live -- true 2> said; echo $?; grep -o "exchange 'binance' does not tell what it lists" said
          """)
      #expect(
        ran.lines == [
          "11", "1", "11", "11", "oms vault put binance_other", "has no market 'DOGE-USDT'", "16",
          "exchange 'binance' does not tell what it lists",
        ], "\(ran.output)\(ran.errors)")
    }
  }

  /// On paper no key is unsealed and no exchange asked: both are not even there.
  @Test func anEngineOnPaperSpeaksToNobody() throws {
    try Shell.with { shell in
      let ran = try shell.bash(
        Self.stage + """
          serve; configure; kill $venue; wait $venue
          oms run -C conf -- bash -c '
            oms order buy BTC-USDT 0.001 --market -a binance.main --live --yes; echo $?
            oms accounts -o tsv --fields account,mode
          ' 2> /dev/null
          """)
      #expect(ran.lines == ["13", "binance.main\tlive"], "\(ran.output)\(ran.errors)")
    }
  }
}
