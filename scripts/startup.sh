#!/usr/bin/env bash
# usage: startup.sh [ROUNDS]
#
# Times whole short commands against a running engine, one process each, interleaved: `oms order` beside the least C client
# that sends the same order over the same socket, and beside `redis-cli ping`; `oms --version` beside a C program that does
# nothing. Bars: an order takes at most twice the C client and a third of redis-cli.
set -euo pipefail

rounds=${1:-300}
root=$(cd "$(dirname "$0")/.." && pwd)
bin=$root/.build/release
work=$(mktemp -d)
export XDG_RUNTIME_DIR=$work XDG_STATE_HOME=$work XDG_CONFIG_HOME=$work
for source in client pairs; do cc -O2 -Wall -Wextra -Werror -static -o "$work/$source" "$root/Tests/startup/$source.c"; done
echo 'int main(void) { return 0; }' | cc -O2 -static -x c -o "$work/nothing" -

redis-server --port 0 --unixsocket "$work/redis" --save '' --daemonize no >"$work/redis.log" 2>&1 &
redis=$!
cleanup() {
  "$bin/oms" stop -q --force 2>/dev/null || true
  kill "$redis" 2>/dev/null || true
  rm -rf "$work"
}
trap cleanup EXIT
"$bin/oms" run --detach -q
socket=$work/oms/default/oms.sock
until [ -S "$work/redis" ]; do sleep 0.02; done

line='{"req":2,"op":"order","side":"buy","symbol":"BTC-USDT","qty":"0.001","limit":"20000","id":"c-%","timeout":"5s"}'
"$work/pairs" "$rounds" -- "$work/client" "$socket" "$line" \
  -- "$bin/oms" order buy BTC-USDT 0.001 --limit 20000 --id o-% \
  -- redis-cli -s "$work/redis" ping >"$work/order"
"$work/pairs" "$rounds" -- "$work/nothing" -- "$bin/oms" --version >"$work/version"

awk -F '\t' '
  { name[NR] = $1; sub(/.*\//, "", name[NR]); p50[NR] = $2; p99[NR] = $3; ratio[NR] = $4 }
  END {
    for (i = 1; i <= NR; i++) printf "%-10s p50 %7d us   p99 %7d us   %6.3fx the C client\n", name[i], p50[i], p99[i], ratio[i]
    ok = ratio[2] <= 2; fast = p50[3] >= 3 * p50[2]
    printf "oms order: %.2fx the C client (bar <= 2): %s\n", ratio[2], ok ? "met" : "MISSED"
    printf "oms order: %.2fx faster than redis-cli ping (bar >= 3): %s\n", p50[3] / p50[2], fast ? "met" : "MISSED"
    printf "%d passed, %d failed\n", ok + fast, 2 - ok - fast
    exit !(ok && fast)
  }' "$work/order"; status=$?
awk -F '\t' 'NR == 2 { printf "oms --version: p50 %d us, %.2fx a C program that does nothing\n", $2, $4 }' "$work/version"
exit $status
