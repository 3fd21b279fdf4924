#!/usr/bin/env bash
# usage: total.sh TALLY
#
# Prints what the stages of one run gave, with their seconds, builds apart; the last line is "N passed, N failed".
set -euo pipefail

awk '
  { passed += $2; failed += $3
    if ($1 ~ /^build/) building += $4; else testing += $4
    printf "%-12s %6d passed %4d failed %5d s\n", $1, $2, $3, $4 }
  END {
    printf "builds %d s, tests %d s\n", building, testing
    printf "%d passed, %d failed\n", passed, failed
    exit failed > 0 }' "$1"
