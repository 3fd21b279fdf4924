#!/usr/bin/env bash
# usage: planted.sh [NAME...]
#
# Measures the simulator: applies each patch of Tests/planted to a copy of the tree, builds omsim there, and looks for
# the first seed that finds the bug. A bug that 1,000 seeds do not find is a failure. Those of Tests/planted/crash are for
# the crash campaign: 300 points have to find them.
set -uo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
cp -a "$root/Sources" "$root/Tests" "$root/Package.swift" "$copy/"
cd "$copy" || exit 2

passed=0
failed=0
for patch in Tests/planted/*.patch Tests/planted/crash/*.patch; do
  name=$(basename "$patch" .patch)
  if [ "$#" -gt 0 ] && [[ " $* " != *" $name "* ]]; then continue; fi
  if ! patch -p1 --silent --forward <"$patch"; then
    echo "$name: the patch does not apply to this tree any more"
    failed=$((failed + 1))
    continue
  fi
  found=
  if [[ $patch == */crash/* ]]; then
    if swift build --product oms >build.log 2>&1 && swift build --product omsim >build.log 2>&1; then
      found=$(TMPDIR=$copy .build/debug/omsim crash --points 300 --jobs 6 2>&1 | grep -m 1 FAILED)
    fi
  elif swift build --product omsim >build.log 2>&1; then
    for from in 1 21 41 61 81 101 201 301 401 501 601 701 801 901; do
      seeds=$((from < 101 ? 20 : 100))
      found=$(.build/debug/omsim simulate --from "$from" --seeds "$seeds" 2>/dev/null | grep -m 1 FAILED)
      [ -n "$found" ] && break
    done
  else
    found="the planted bug does not build: $(grep -m 1 error: build.log)"
    failed=$((failed + 1))
    passed=$((passed - 1))
  fi
  if [ -n "$found" ]; then
    echo "$name: ${found%%; repeat*}"
    passed=$((passed + 1))
  else
    echo "$name: not found"
    failed=$((failed + 1))
  fi
  patch -p1 --silent --reverse <"$patch"
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
