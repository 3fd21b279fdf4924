#!/usr/bin/env bash
# usage: query.sh [LINES]
#
# Times queries of the event log of a running engine, 2,000,000 lines by default, beside jq on the same file. The lines are
# those of orders that were placed and cancelled, multiplied. Every answer of `oms` is compared with that of jq, byte for byte,
# before a time counts. Bar: 20 times as fast as jq.
set -euo pipefail

lines=${1:-2000000}
root=$(cd "$(dirname "$0")/.." && pwd)
bin=${OMS_BIN:-$root/.build/release}
work=$(mktemp -d "${TMPDIR:-/tmp}/oms-query-XXXXXX")
export XDG_RUNTIME_DIR=$work XDG_STATE_HOME=$work XDG_CONFIG_HOME=$work
cleanup() {
  "$bin/oms" stop -q --force 2>/dev/null || true
  rm -rf "$work"
}
trap cleanup EXIT
oms() { "$bin/oms" "$@"; }

# Four lines of the log for each order: new, open, pending_cancel, cancelled.
oms run --state "$work/pattern" --detach -q
awk 'BEGIN {
  for (i = 1; i <= 250; i++) {
    eth = i % 7 == 0
    printf "{\"symbol\":\"%s\",\"side\":\"buy\",\"qty\":\"0.01\",\"limit\":\"%d\",\"id\":\"q-%d\"}\n", eth ? "ETH-USDT" : "BTC-USDT", eth ? 1500 + i : 30000 + 80 * i, i
    printf "{\"op\":\"cancel\",\"id\":\"q-%d\"}\n", i
  }
}' | oms batch - -a sim.main -q 2> "$work/said" || { cat "$work/said" >&2; exit 1; }
oms stop -q
oms wait --engine stopped -q

# The same again and again, under numbers and ids of their own, is the log that the next engine finds.
mkdir -p "$work/state/logs"
log=$work/state/logs/events-$(date -u +%Y%m%d).jsonl
grep '"id":"q-' "$work/pattern"/logs/events-*.jsonl | awk -v n="$lines" '
  {
    match($0, /"seq":[0-9]+/); head[NR] = substr($0, 1, RSTART + 5); rest = substr($0, RSTART + RLENGTH)
    match(rest, /"id":"q/); middle[NR] = substr(rest, 1, RSTART + 5); tail[NR] = substr(rest, RSTART + RLENGTH)
  }
  END {
    for (i = 1; i <= n; i++) {
      k = (i - 1) % NR + 1
      print head[k] i middle[k] "r" int((i - 1) / NR) tail[k]
    }
  }' > "$log"
logs=("$log")
printf '%s lines, %s MB\n' "$(wc -l < "$log")" "$(($(wc -c < "$log") >> 20))"
oms run --state "$work/state" --detach -q

seconds() { # COMMAND...: the least of three
  local best=
  for _ in 1 2 3; do
    local begin end
    begin=$(date +%s%N)
    "$@" > "$work/answer"
    end=$(date +%s%N)
    if [ -z "$best" ] || [ $((end - begin)) -lt "$best" ]; then best=$((end - begin)); fi
  done
  echo "$best"
}
once() { local begin; begin=$(date +%s%N); "$@" > "$work/reference"; echo $(($(date +%s%N) - begin)); }

passed=0 failed=0
compare() { # NAME WHERE FILTER
  local theirs ours
  theirs=$(once jq -c "select($3)" "${logs[@]}")
  ours=$(seconds oms events --from-start --where "$2" -o jsonl)
  cmp "$work/answer" "$work/reference" || { echo "$1: the answers differ" >&2; exit 1; }
  local ratio=$((theirs * 10 / ours)) verdict=met
  if [ "$ratio" -ge 200 ]; then passed=$((passed + 1)); else failed=$((failed + 1)) verdict=MISSED; fi
  printf '%-10s %7d lines   oms %6d ms   jq %7d ms   %4d.%d times as fast (bar 20): %s\n' "$1" \
    "$(wc -l < "$work/answer")" $((ours / 1000000)) $((theirs / 1000000)) $((ratio / 10)) $((ratio % 10)) "$verdict"
}
compare order 'id == r77-33' '.id == "r77-33"'
compare status 'status == cancelled and symbol == ETH-USDT' '.status == "cancelled" and .symbol == "ETH-USDT"'
compare number 'price >= 49900' '(.price // "0" | tonumber) >= 49900'
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
