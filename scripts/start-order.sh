#!/usr/bin/env bash
# usage: start-order.sh
#
# Writes scripts/start-order.txt: the functions that short commands run, by which the linker lays them side by side, so
# that a command touches few pages. Needs valgrind. Names that are gone are passed over at a build, so the list may be
# old: then a command is a little slower to start, and nothing else.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
bin=$root/.build/release
work=$(mktemp -d)
export XDG_RUNTIME_DIR=$work XDG_STATE_HOME=$work XDG_CONFIG_HOME=$work
cleanup() {
  "$bin/oms" stop -q --force 2>/dev/null || true
  rm -rf "$work"
}
trap cleanup EXIT

# Valgrind does not read debug information of such a size.
objcopy --strip-debug "$bin/oms" "$work/program"
"$bin/oms" run --detach -q

# trace NAME WORD...
trace() {
  local name=$1
  shift
  valgrind --tool=callgrind --demangle=no --callgrind-out-file="$work/$name.calls" "$work/program" "$@" >/dev/null 2>&1
  grep -oE '^c?fn=\([0-9]+\) .*' "$work/$name.calls" | sed -E "s/^c?fn=\([0-9]+\) //; s/'[0-9]+$//"
}

{
  trace order order buy BTC-USDT 0.001 --limit 20000 --id start-order
  trace cancel cancel start-order
  trace status status -o jsonl
  trace orders orders -o jsonl
  trace version --version
} | grep -E '^[A-Za-z_$][A-Za-z0-9_$.]*$' | sort -u >"$work/list"
count=$(wc -l <"$work/list")
[ "$count" -ge 300 ] || { echo "start-order: only $count functions were seen" >&2; exit 1; }
mv "$work/list" "$root/scripts/start-order.txt"
echo "$count functions"
