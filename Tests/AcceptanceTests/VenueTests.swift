import Foundation
import Testing

/// The exchange that anybody can test against: started, asked by a shell, ended.
@Suite struct VenueTests {
  /// Asks without any client of HTTP: what is not there on a fresh machine cannot be missing.
  private static let ask = """
    about() { jq -r "$1" venue; }
    ask() {
      local place=${1#*://}
      exec 4<> /dev/tcp/${place%:*}/${place##*:}
      printf 'GET %s HTTP/1.1\\r\\nhost: x\\r\\nconnection: close\\r\\n%s\\r\\n' "$2" "${3:-}" >&4
      cat <&4 | sed '1,/^\\r$/d'
    }
    serve() {
      rm -f venue; oms venue serve "$@" > venue 2> said & venue=$!
      until [ -s venue ]; do sleep 0.02; done
    }

    """

  @Test func itAnswersBothProductsAndKeepsItsAccounts() throws {
    try Shell.with { shell in
      let ran = try shell.bash(
        Self.ask + """
          serve --seed 5 --accounts 3
          about '[.type, .ca, (.accounts | length), .accounts[0].name, .accounts[1].name] | @csv'
          about '.accounts | map(.api_key, .secret) | unique | map(length) | unique | @csv'
          ask $(about .spot.rest) '/api/v3/depth?symbol=BTCUSDT&limit=5' | jq -c '[(.bids|length),(.asks|length)]'
          ask $(about .usdm.rest) '/fapi/v1/exchangeInfo' | jq -c '[.symbols[].symbol]'
          ask $(about .spot.rest) '/api/v3/account' | jq -c '[.code]'
          kill $venue; wait $venue; echo $?
          """)
      #expect(
        ran.lines == [
          #""venue",,3,"main","sub1""#, "64", "[5,5]", #"["BTCUSDT","ETHUSDT"]"#, "[-2014]", "0",
        ], "\(ran.output)\(ran.errors)")
    }
  }

  @Test func anOrderSignedInAShellTrades() throws {
    try Shell.with { shell in
      let ran = try shell.bash(
        Self.ask + """
          serve
          key=$(about '.accounts[0].api_key') secret=$(about '.accounts[0].secret')
          order="symbol=BTCUSDT&side=BUY&type=MARKET&quantity=0.01&timestamp=$(date +%s%3N)"
          signature=$(printf %s "$order" | openssl dgst -sha256 -hmac $secret -r | cut -d' ' -f1)
          place=$(about .spot.rest); place=${place#*://}
          send() {
            exec 4<> /dev/tcp/${place%:*}/${place##*:}
            printf 'POST /api/v3/order?%s HTTP/1.1\\r\\nhost: x\\r\\nx-mbx-apikey: %s\\r\\n' "$1" $key >&4
            printf 'connection: close\\r\\ncontent-length: 0\\r\\n\\r\\n' >&4
            cat <&4 | sed '1,/^\\r$/d'
          }
          send "$order&signature=$signature" | jq -c '[.status,.executedQty,(.fills|length>0)]'
          send "$order&signature=${signature/[0-9a-f]/x}" | jq -c '[.code]'
          kill $venue; wait $venue
          """)
      #expect(ran.lines == [#"["FILLED","0.01000000",true]"#, "[-1022]"], "\(ran.output)\(ran.errors)")
    }
  }

  @Test func whatItMadeForItsEncryptionGoesWithIt() throws {
    try Shell.with { shell in
      let ran = try shell.bash(
        Self.ask + """
          serve --tls
          about '.spot.rest, .spot.streams' | sed 's/:.*//'
          ca=$(about .ca); head -1 $ca
          kill -INT $venue; wait $venue; echo $?
          [ -e $ca ] || echo gone
          """)
      #expect(
        ran.lines == ["https", "wss", "-----BEGIN CERTIFICATE-----", "0", "gone"], "\(ran.output)\(ran.errors)")
    }
  }

  /// Under the names that accounts refer to, beside what was there.
  @Test func itsKeysAreInAKeystore() throws {
    try Shell.with { shell in
      let ran = try shell.bash(
        Self.ask + """
          pass() { "$@" --passphrase-fd 9 9<<<'correct horse battery'; }
          state=$XDG_STATE_HOME/oms/default
          pass oms vault init -q
          printf '{"key":"k","secret":"s"}' | pass oms vault put other --from-stdin -q
          for accounts in 3 2; do
            pass serve --accounts $accounts --keystore $state
            about '.accounts | map(.entry) | join(" ")'
            kill $venue; wait $venue
          done
          oms vault list -o tsv --fields name,kind,can_trade,can_withdraw
          serve; about '.accounts[0].entry'; kill $venue; wait $venue
          cat said
          """)
      #expect(
        ran.lines == [
          "binance_main binance_sub1 binance_sub2", "binance_main binance_sub1", "binance_main\thmac\ttrue\tfalse",
          "binance_sub1\thmac\ttrue\tfalse", "binance_sub2\thmac\ttrue\tfalse", "other\thmac\t\t", "null",
        ], "\(ran.output)\(ran.errors)")
    }
  }

  /// As openssl says it, which checks like any client.
  @Test(arguments: [
    ("expired", "10:certificate has expired"), ("host", "62:hostname mismatch"),
    ("self-signed", "18:self-signed certificate"), ("unknown", "20:unable to get local issuer certificate"),
  ])
  func nobodyMayBelieveIt(flaw: String, said: String) throws {
    try Shell.with { shell in
      let ran = try shell.bash(
        Self.ask + """
          serve --tls-flaw \(flaw)
          place=$(about .spot.rest); ca=$(about .ca)
          openssl s_client -connect ${place#*://} -CAfile $ca -verify_hostname localhost < /dev/null 2>&1 |
            sed -n 's/^verify error:num=//p' | head -1
          kill $venue; wait $venue
          """)
      #expect(ran.lines == [said], "\(ran.output)\(ran.errors)")
    }
  }
}
