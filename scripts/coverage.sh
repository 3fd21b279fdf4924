#!/usr/bin/env bash
# usage: coverage.sh [BAR [ALL]]
#
# Runs the tests with coverage, in the test process and in every process that the acceptance tests start (one that is
# killed leaves no counts), and prints line coverage of the Swift sources: Core, Risk, Journal, every other folder of
# OMSLib, oms and omsim, all of it. With BAR, a percentage, Core, Risk or Journal below it fails; with ALL, the whole below it too.
# The lines that no test reaches are in .build/coverage/uncovered. Ends with "N passed, N failed".
set -uo pipefail

bar=${1:-0}
bar_all=${2:-0}
scratch=$PWD/.build/coverage
products=$scratch/debug
tools=$(dirname "$(readlink -f "$(command -v swift)")")

export OMS_PROFILES=$scratch/profiles
rm -rf "$OMS_PROFILES" "$products"/codecov
mkdir -p "$OMS_PROFILES"
swift test --disable-xctest --enable-code-coverage --scratch-path "$scratch" </dev/null
tested=$?

mapfile -t profiles < <(find "$OMS_PROFILES" "$products/codecov" -name "*.profraw" 2>/dev/null)
if [ ${#profiles[@]} -eq 0 ]; then
  echo "coverage: the tests left no profile below $scratch" >&2
  exit 1
fi
# What a killed process left half-written is passed over.
"$tools/llvm-profdata" merge -sparse -failure-mode=all -o "$scratch/all.profdata" "${profiles[@]}" || exit 1
rm -rf "$OMS_PROFILES"
objects=("$products/omsPackageTests.xctest" -object "$products/oms" -object "$products/omsim")
read_profile() { "$tools/llvm-cov" "$@" -instr-profile "$scratch/all.profdata" "${objects[@]}"; }
read_profile show -ignore-filename-regex='/Tests/|/\.build/' 2>/dev/null |
  awk -F '|' '/^\/.*:$/ { file = $0; next } $2 ~ /^ *0$/ { print file $1 "|" $3 }' >"$scratch/uncovered"

read_profile export -summary-only 2>/dev/null |
  jq -r '
    .data[0].files[]
    | select(.filename | test("/Sources/"))
    | [(.filename | capture("/Sources/(OMSLib/)?(?<folder>[^/]+)/").folder), .summary.lines.covered, .summary.lines.count]
    | @tsv' |
  awk -v bar="$bar" -v barAll="$bar_all" -v tested="$tested" '
    { covered[$1] += $2; count[$1] += $3; allCovered += $2; all += $3 }
    function share(some, whole) { return whole ? 100 * some / whole : 0 }
    function row(name, some, whole) {
      return sprintf("%-14s %6d of %6d lines  %5.1f %%", name, some, whole, share(some, whole))
    }
    function judge(some, whole, least) { if (share(some, whole) < least) { failed++ } else { passed++ } }
    function gate(name) {
      print row(name, covered[name], count[name])
      judge(covered[name], count[name], bar)
      seen[name] = 1
    }
    END {
      gate("Core"); gate("Risk"); gate("Journal")
      for (name in count) if (!(name in seen)) print row(name, covered[name], count[name]) | "sort"
      close("sort")
      print row("all", allCovered, all)
      judge(allCovered, all, barAll)
      if (tested != 0) { print "coverage: the tests failed"; failed++ }
      printf "%d passed, %d failed\n", passed, failed
      exit failed > 0
    }'
