#!/usr/bin/env bash
# usage: test-fault.sh OMS [STORY...]
#
# Stories of a real engine under which the machine fails. OMS is a binary with faults on command (build-fault.sh); each
# story replaces the plan while the engine runs, and has to show that its fault fired. Ends with "N passed, N failed".
set -uo pipefail

oms=$(realpath "$1")
shift
base=$(mktemp -d /tmp/oms-fault-XXXXXX)
trap 'rm -rf "$base"' EXIT

# What a story uses. Everything it prints is compared with what is wanted.
plan() {
  printf '%s\n' "$@" >plan.new
  mv plan.new plan
}
begin() {
  rm -f r/oms/default/ready
  OMS_FAULT_PLAN=$PWD/plan OMS_FAULT_REPORT=$PWD/report "$oms" run --state "$PWD/state" -q "$@" >>said 2>&1 &
  session=$!
  until [ -e r/oms/default/ready ]; do
    kill -0 $session 2>/dev/null || return 1
    sleep 0.01
  done
}
oms() { "$oms" "$@" 2>>refusals; }
buy() { oms order buy BTC-USDT 0.001 --limit 30000 --id "$1" -o tsv --fields status; }
long() { oms order buy BTC-USDT-PERP 0.01 --market --wait filled -q; }
positions() { oms positions -a sim.main -o tsv --fields symbol,qty | awk '$2 != 0'; }
code() {
  "$@" -q
  echo $?
}
# The place of a rule in the plan, and what must be told of it.
fired() { grep -q "^$1 $2 .* $3\$" report && echo "fired"; }
# Until the engine has said so.
says() {
  for _ in $(seq 400); do
    grep -q "$1" said && echo "$1" && return
    sleep 0.05
  done
  echo "it never said: $1"
}
crash() {
  kill -9 "$(cat r/oms/default/pid)"
  oms wait --engine stopped --timeout 10s -q
}
# All that was acknowledged is in a record that is whole, and the books are the exchange's.
sound() {
  oms journal verify state/journal -q && oms reconcile -a all -q && echo sound
}


story_a_full_disk_keeps_risk_out_and_lets_it_go() {
  begin
  buy one
  buy other
  long
  plan 'pwrite state/journal/ * errno 28' 'fallocate state/journal/ * errno 28'
  oms cancel one -o tsv --fields status
  says "no disk takes the journal"
  code buy two
  code oms cancel --all -a all --yes
  code oms flatten -a sim.main --yes
  positions
  code oms kill --reason drill
  fired 1 pwrite errno
  plan '# a disk'
  says "the journal is written again"
  code oms resume --confirm all
  buy three
  oms orders --open -o id
  sound
}
want_a_full_disk_keeps_risk_out_and_lets_it_go='open
open
cancelled
no disk takes the journal
16
0
0
0
fired
the journal is written again
0
open
three
sound'

story_a_failed_sync_costs_a_segment_and_nothing_else() {
  begin
  buy one
  plan 'fdatasync state/journal/ 1 errno 5'
  buy two
  buy three
  fired 1 fdatasync errno
  crash
  plan '# a disk'
  begin
  oms orders --open -o id | sort | paste -sd' '
  sound
}
want_a_failed_sync_costs_a_segment_and_nothing_else='open
open
open
fired
one three two
sound'

story_where_no_segment_can_be_opened_the_fallback_takes_it() {
  echo "journal: { fallback: \"$PWD/spare\" }" >c/oms.yaml
  begin -C c
  buy one
  plan 'fdatasync state/journal/ 1+ errno 5' 'open state/journal/ 1+ errno 30'
  buy two
  buy three
  fired 1 fdatasync errno
  fired 2 open errno
  # Behind the answers, which wait for no disk.
  for _ in $(seq 400); do
    [ -z "$(find spare -name 'SEGMENT*')" ] || break
    sleep 0.05
  done
  find spare -name 'SEGMENT*' | wc -l
  crash
  plan '# a disk'
  begin -C c
  oms orders --open -o id | sort | paste -sd' '
  oms reconcile -a all -q && echo same
}
want_where_no_segment_can_be_opened_the_fallback_takes_it='open
open
open
fired
fired
1
one three two
same'

story_short_writes_and_signals_are_nothing_to_speak_of() {
  begin
  plan 'pwrite state/journal/ 1 errno 4' 'pwrite state/journal/ 3 errno 4' 'fdatasync state/journal/ 1 errno 4' \
    'pwrite state/journal/ * short 65'
  buy one
  buy two
  fired 1 pwrite errno
  fired 3 fdatasync errno
  fired 4 pwrite short
  crash
  plan '# a disk'
  begin
  oms orders --open -o id | sort | paste -sd' '
  sound
}
want_short_writes_and_signals_are_nothing_to_speak_of='open
open
fired
fired
fired
one two
sound'

story_a_clock_that_steps_back_keeps_risk_out_until_a_person_says_so() {
  begin
  buy one
  plan 'realtime * 1 step -20000000000'
  for n in $(seq 200); do
    oms order buy BTC-USDT 0.001 --limit 30000 --id "n$n" -q || break
    sleep 0.05
  done
  code buy late
  fired 1 realtime step
  oms cancel one -o tsv --fields status
  code oms resume --confirm all
  code buy still
  code oms resume --confirm all --clock
  buy two
  sound
}
want_a_clock_that_steps_back_keeps_risk_out_until_a_person_says_so='open
15
fired
cancelled
0
15
0
open
sound'

stories=("$@")
[ ${#stories[@]} -gt 0 ] || mapfile -t stories < <(compgen -A function story_ | sed 's/^story_//')
passed=0
failed=0
for story in "${stories[@]}"; do
  directory=$base/$((passed + failed))
  mkdir -p "$directory"/{r,s,c,k}
  got=$(
    cd "$directory" || exit 1
    export XDG_RUNTIME_DIR=$PWD/r XDG_STATE_HOME=$PWD/s XDG_CONFIG_HOME=$PWD/c XDG_CACHE_HOME=$PWD/k LC_ALL=C
    plan '# nothing fails'
    : >report
    "story_$story"
    plan '# nothing fails'
    "$oms" stop -q >/dev/null 2>&1 || kill -9 "$(cat r/oms/default/pid)" 2>/dev/null
  )
  wanted=want_$story
  if [ "$got" = "${!wanted}" ]; then
    passed=$((passed + 1))
    echo "passed  ${story//_/ }"
  else
    failed=$((failed + 1))
    echo "FAILED  ${story//_/ }"
    diff <(echo "${!wanted}") <(echo "$got") | sed 's/^/        /'
    tail -n 5 "$directory/said" "$directory/refusals" 2>/dev/null | sed 's/^/        /'
  fi
  grep -rlsa '^/oms-' "$directory" --include=ring | xargs -r cat | while read -r name; do rm -f "/dev/shm$name"; done
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
