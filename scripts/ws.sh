#!/usr/bin/env bash
# usage: ws.sh OMSIM
#
# Our WebSocket against the adversarial peer of OMS_SHARED, in both directions: it attacks a server that echoes, then our
# client connects to each of its cases. Ends with "N passed, N failed".
set -uo pipefail

omsim=$1
adversary=${OMS_SHARED:-../shared}/clients/ws/ws_adversary.py
if [ ! -f "$adversary" ]; then
  echo "ws: there is no peer at $adversary; not run"
  echo "0 passed, 0 failed"
  exit 0
fi
log=.build/log
mkdir -p "$log"
passed=0
failed=0

# The port that a program says it listens on, once it has said so.
port_of() {
  for _ in $(seq 200); do
    port=$(grep -oE '127\.0\.0\.1:[0-9]+' "$1" | head -n 1)
    if [ -n "$port" ]; then
      echo "${port##*:}"
      return
    fi
    sleep 0.05
  done
  echo "ws: nobody listens, see $1" >&2
  return 1
}
# Adds up what the peer found, and shows what was not right.
judge() {
  passed=$((passed + $(grep -cE '^ok ' "$1")))
  failed=$((failed + $(grep -cE '^FAIL ' "$1")))
  grep -E '^FAIL ' "$1"
}

"$omsim" websocket-echo --serve 0 >"$log/ws-server.log" 2>&1 &
server=$!
port=$(port_of "$log/ws-server.log") || exit 1
python3 "$adversary" attack "ws://127.0.0.1:$port/" >"$log/ws-attack.log" 2>&1
judge "$log/ws-attack.log"
# Without an answer about compression the case is passed over: declined, as it should be.
passed=$((passed + $(grep -c '^skip .* server does not agree to permessage-deflate$' "$log/ws-attack.log")))
if ! grep -qE '^[0-9]+ passed, [0-9]+ failed$' "$log/ws-attack.log"; then
  echo "ws: the attack did not come to its end, see $log/ws-attack.log"
  failed=$((failed + 1))
fi
kill "$server"
if ! wait "$server"; then
  echo "ws: the server did not end well"
  failed=$((failed + 1))
fi

python3 "$adversary" serve 0 >"$log/ws-serve.log" 2>&1 &
peer=$!
port=$(port_of "$log/ws-serve.log") || exit 1
cases=0
for name in $(python3 "$adversary" list | sed 's/ .*//'); do
  timeout 60 "$omsim" websocket-echo --connect "ws://127.0.0.1:$port/$name" >>"$log/ws-client.log" 2>&1
  status=$?
  cases=$((cases + 1))
  # 1: the handshake was refused, which is right in some cases; the peer says in which.
  if [ "$status" -gt 1 ]; then
    echo "ws: the client ended with status $status in the case $name"
    failed=$((failed + 1))
  fi
done
timeout 60 "$omsim" websocket-echo --connect "ws://127.0.0.1:$port/done" >/dev/null 2>&1
wait "$peer"
judge "$log/ws-serve.log"
said=$(grep -cE '^(ok|FAIL) ' "$log/ws-serve.log")
if [ "$said" -ne "$cases" ]; then
  echo "ws: the peer judged $said of $cases cases, see $log/ws-serve.log"
  failed=$((failed + 1))
fi
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
