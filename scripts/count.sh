#!/usr/bin/env bash
# usage: count.sh NAME COMMAND [ARGUMENT...]
#
# Runs COMMAND without input, shows what it prints, keeps it in .build/log/NAME.log, and ends with one line
# "N passed, N failed". The numbers are the command's own last such line; else the tests that Swift Testing reports;
# else one, by exit status. A command that fails without naming a failure counts as one failure.
# With SHOW=PATTERN only lines that match are shown; the log has all. With TALLY=FILE the numbers are added to that
# file, for a total over several commands.
set -uo pipefail

name=$1
shift
log=.build/log/$name.log
mkdir -p .build/log
begin=$SECONDS
"$@" </dev/null 2>&1 | tee "$log" | grep -E --line-buffered "${SHOW:-}"
status=${PIPESTATUS[0]}
elapsed=$((SECONDS - begin))

own=$(grep -E '^[0-9]+ passed, [0-9]+ failed$' "$log" | tail -n 1)
if [ -n "$own" ]; then
  passed=${own%% passed*}
  failed=${own##*, }
  failed=${failed%% failed*}
else
  # A test with arguments is reported as one test; its cases have lines of their own that do not begin with "Test ".
  passed=$(grep -cE '^[^ ]+ Test .* passed after ' "$log")
  failed=$(grep -cE '^[^ ]+ Test .* failed after ' "$log")
  # "Test run with ..." is the summary of the whole run, not a test.
  if grep -q '^[^ ]* Test run with 0 tests' "$log"; then
    echo "$name: no test ran"
    failed=1
  fi
  passed=$((passed - $(grep -cE '^[^ ]+ Test run with .* passed after ' "$log")))
  failed=$((failed - $(grep -cE '^[^ ]+ Test run with .* failed after ' "$log")))
  if [ "$passed" -eq 0 ] && [ "$failed" -eq 0 ] && [ "$status" -eq 0 ]; then passed=1; fi
fi
if [ "$status" -ne 0 ] && [ "$failed" -eq 0 ]; then
  echo "$name: ended with status $status"
  failed=1
fi

if [ -n "${TALLY:-}" ]; then
  echo "$name $passed $failed $elapsed" >>"$TALLY"
else
  echo "$passed passed, $failed failed"
fi
[ "$failed" -eq 0 ]
