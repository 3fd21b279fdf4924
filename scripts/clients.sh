#!/usr/bin/env bash
# usage: clients.sh OMS
#
# Clients that others wrote (ccxt, Binance's own) against `oms venue serve`, plain and encrypted, where loopback is the
# only network. Their Python environments are made once, in OMS_CLIENTS (default ~/.cache/oms-clients). Ends with
# "N passed, N failed".
set -uo pipefail

clients=${OMS_SHARED:-../shared}/clients
not_run() {
  echo "clients: $1; not run"
  echo "0 passed, 0 failed"
  exit 0
}
[ -f "$clients/run.sh" ] || not_run "there are none in $clients"
log=$PWD/.build/log
mkdir -p "$log"

if [ "${2:-}" != inside ]; then
  # They have real exchanges' addresses built in: never without the seal.
  sh "$clients/sealed.sh" true 2>"$log/clients-seal.log" || not_run "no network can be sealed here"
  environments=${OMS_CLIENTS:-$HOME/.cache/oms-clients}
  if ! sh "$clients/setup.sh" "$environments" >"$log/clients-setup.log" 2>&1; then
    if grep -qiE 'connection|resolution|unreachable|timed out' "$log/clients-setup.log"; then
      not_run "there is no package index"
    fi
    echo "clients: their environments cannot be made, see $log/clients-setup.log"
    echo "0 passed, 1 failed"
    exit 1
  fi
  OMS_CLIENTS=$environments exec sh "$clients/sealed.sh" "$0" "$1" inside
fi

passed=0
failed=0
for encryption in "" --tls; do
  name=venue${encryption#--}
  "$1" venue serve --seed 7 $encryption >"$log/$name.json" 2>"$log/$name.err" &
  venue=$!
  for _ in $(seq 200); do
    [ -s "$log/$name.json" ] && break
    sleep 0.05
  done
  about() { jq -r "$1 // empty" "$log/$name.json"; }
  if [ -z "$(about .seed)" ]; then
    echo "clients: the venue did not begin, see $log/$name.err"
    failed=$((failed + 1))
    kill "$venue" 2>/dev/null
    continue
  fi
  export VENUE_HTTP VENUE_WS VENUE_WSAPI VENUE_FHTTP VENUE_FWS VENUE_FWSAPI
  export VENUE_KEY VENUE_SECRET VENUE_KEY2 VENUE_SECRET2 VENUE_CA
  VENUE_HTTP=$(about .spot.rest) VENUE_WS=$(about .spot.streams) VENUE_WSAPI=$(about .spot.ws_api)
  VENUE_FHTTP=$(about .usdm.rest) VENUE_FWS=$(about .usdm.streams) VENUE_FWSAPI=$(about .usdm.ws_api)
  VENUE_KEY=$(about '.accounts[0].api_key') VENUE_SECRET=$(about '.accounts[0].secret')
  VENUE_KEY2=$(about '.accounts[1].api_key') VENUE_SECRET2=$(about '.accounts[1].secret')
  VENUE_CA=$(about .ca)
  [ -n "$VENUE_CA" ] || unset VENUE_CA
  sh "$clients/run.sh" "$OMS_CLIENTS" >"$log/clients-$name.log" 2>&1
  grep -v '^[0-9]* passed' "$log/clients-$name.log"
  tally=$(grep -oE '^[0-9]+ passed, [0-9]+ failed$' "$log/clients-$name.log" | tail -n 1)
  if [ -z "$tally" ]; then
    echo "clients: they did not come to their end, see $log/clients-$name.log"
    failed=$((failed + 1))
  else
    echo "clients${encryption:+, encrypted}: $tally"
    passed=$((passed + ${tally%% *}))
    without=${tally#*, }
    failed=$((failed + ${without%% *}))
  fi
  kill "$venue"
  if ! wait "$venue"; then
    echo "clients: the venue did not end well, see $log/$name.err"
    failed=$((failed + 1))
  fi
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
