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
      oms venue serve > venue & venue=$!
      until [ -s venue ]; do sleep 0.02; done
      port=$(sed 's/.*"rest":"[^"]*:\\([0-9]*\\)","streams":"[^"]*","ws_api":"[^"]*ws-api.*/\\1/' venue)
      17 venue serve --spot 127.0.0.1:$port
      kill $venue; wait $venue
      """)
}
