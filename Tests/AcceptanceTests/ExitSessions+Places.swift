/// Lines about what needs no engine: the keystore, and the exchange that is served.
extension ExitSessions {
  static let secrets = Session(
    name: "secrets",
    lines: #"""
      given() { echo '{"key":"k","secret":"s"}'; }
      word='correct horse'
      11 vault init
      11 vault lock
      11 vault list
      11 vault status
      0 vault init --passphrase-fd 9 9<<<$word
      19 vault init --passphrase-fd 9 9<<<$word
      11 vault unlock
      0 vault put a.b --from-fd 8 --passphrase-fd 9 8< <(given) 9<<<$word
      2 vault put a.c
      11 vault put a.c --from-fd 8 8< <(given)
      12 vault put a.b --from-fd 8 --passphrase-fd 9 8< <(given) 9<<<$word
      0 vault list
      11 vault status
      0 vault lock
      11 vault rm a.b --yes
      12 vault rm a.b
      18 vault rm a.c --yes
      flock $XDG_STATE_HOME/oms/default/keystore.lock sleep 60 & holder=$!
      17 vault put a.c --from-fd 8 --passphrase-fd 9 8< <(given) 9<<<$word
      17 vault rm a.b --yes --passphrase-fd 9 9<<<$word
      pkill -9 -P $holder; wait $holder
      0 vault rm a.b --yes --passphrase-fd 9 9<<<$word
      """#)

  static let venues = Session(
    name: "venues",
    lines: """
      2 venue serve --accounts 1
      2 venue serve --spot localhost
      2 venue serve --tls-cert a.pem
      10 venue serve --tls-cert nothing.pem --tls-key nothing.pem
      0 TERM venue serve --accounts 2
      2 venue serve --passphrase-fd 1
      2 venue serve --speed 2
      2 venue serve --tls-flaw host --tls-cert a.pem --tls-key a.pem
      1 venue serve --replay nothing
      11 venue serve --keystore kept
      0 TERM venue serve --fence 20ms --keystore kept --passphrase-fd 9 9<<<'correct horse battery'
      11 venue serve --keystore kept --passphrase-fd 9 9<<<'another horse'
      oms venue serve > venue & venue=$!
      until [ -s venue ]; do sleep 0.02; done
      port=$(sed 's/.*"rest":"[^"]*:\\([0-9]*\\)","streams":"[^"]*","ws_api":"[^"]*ws-api.*/\\1/' venue)
      17 venue serve --spot 127.0.0.1:$port
      control=$(jq -r .control venue)
      0 sim dump --venue $control
      2 sim dump
      2 sim dump --venue ftp://127.0.0.1/x
      16 sim dump --venue ${control}x
      0 sim price BTC-USDT 58000 --venue $control
      2 sim price BTC-USDT 58000 --venue $control --dry-run
      2 sim price BTC-USDT 58000 --venue $control --job x
      18 sim price DOGE-USDT 1 --venue $control
      18 sim fill nobody --venue $control
      2 sim fault --mute
      2 sim fault --answer rubbish --venue $control
      0 sim fault --mute --venue $control
      kill $venue; wait $venue
      16 sim fault --clear --venue $control
      """)
}
