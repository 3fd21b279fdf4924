#!/usr/bin/env bash
# usage: coverage.sh [BAR]
#
# Runs the tests with coverage and prints line coverage: core, risk, journal, every other folder of OMSLib, all of it.
# With BAR, a percentage, a folder among Core, Risk and Journal below it fails. Ends with "N passed, N failed".
set -uo pipefail

bar=${1:-0}
scratch=.build/coverage
swift test --disable-xctest --enable-code-coverage --scratch-path "$scratch" </dev/null || exit 1
report=$(find "$scratch"/*/debug/codecov -maxdepth 1 -name '*.json' | head -n 1)
if [ -z "$report" ]; then
  echo "coverage: the tests left no report below $scratch" >&2
  exit 1
fi

jq -r '
  .data[0].files[]
  | select(.filename | test("/Sources/OMSLib/"))
  | [(.filename | capture("/Sources/OMSLib/(?<folder>[^/]+)/").folder), .summary.lines.covered, .summary.lines.count]
  | @tsv' "$report" |
  awk -v bar="$bar" '
    { covered[$1] += $2; count[$1] += $3; allCovered += $2; all += $3 }
    function share(some, whole) { return whole ? 100 * some / whole : 0 }
    function row(name, some, whole) {
      return sprintf("%-14s %6d of %6d lines  %5.1f %%", name, some, whole, share(some, whole))
    }
    function gate(name) {
      if (!(name in count)) return
      print row(name, covered[name], count[name])
      if (share(covered[name], count[name]) < bar) { failed++ } else { passed++ }
      seen[name] = 1
    }
    END {
      gate("Core"); gate("Risk"); gate("Journal")
      for (name in count) if (!(name in seen)) print row(name, covered[name], count[name]) | "sort"
      close("sort")
      print row("all", allCovered, all)
      printf "%d passed, %d failed\n", passed, failed
      exit failed > 0
    }'
