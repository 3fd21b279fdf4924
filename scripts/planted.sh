#!/usr/bin/env bash
# usage: planted.sh [NAME...]
#
# Measures the simulator: applies each patch of Tests/planted to a copy of the tree, builds omsim there, and looks for
# the first seed that finds the bug. A bug that 1,000 seeds do not find is a failure. Those of Tests/planted/crash are for
# the crash campaign: 300 points have to find them.
#
# One copy is built, and only what a patch touches is built again; builds are debug ones, with assertions. SEEDS and
# POINTS (1000, 300), JOBS (the number of CPUs) and KEEP (a directory for the copy that stays, so that the next run builds
# less) change that.
set -uo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
seeds=${SEEDS:-1000}
points=${POINTS:-300}
jobs=${JOBS:-$(nproc)}
copy=${KEEP:-$(mktemp -d)}
[ -n "${KEEP:-}" ] || trap 'rm -rf "$copy"' EXIT
mkdir -p "$copy"
cp -a "$root/Sources" "$root/Tests" "$root/Package.swift" "$copy/"
cd "$copy" || exit 2

passed=0
failed=0
table=()

# tell RESULT NAME SECONDS_OF_BUILD SECONDS_OF_SEARCH WHAT
tell() {
  if [ "$1" = found ]; then passed=$((passed + 1)); else failed=$((failed + 1)); fi
  table+=("$(printf '%-42s %-10s %5s s %5s s  %s' "$2" "$1" "$3" "$4" "$5")")
  echo "${table[-1]}"
}

# The lowest seed of a list of failures, or nothing.
lowest() { grep FAILED | sort -t ' ' -k 2 -n | head -1 | sed 's/; repeat.*//'; }

for patch in Tests/planted/*.patch Tests/planted/crash/*.patch; do
  name=$(basename "$patch" .patch)
  if [ "$#" -gt 0 ] && [[ " $* " != *" $name "* ]]; then continue; fi
  begun=$(date +%s)
  if ! patch -p1 --silent --forward <"$patch"; then
    tell "no patch" "$name" 0 0 "it does not apply to this tree any more"
    continue
  fi
  is_built=yes
  swift build --product omsim >build.log 2>&1 || is_built=
  if [[ $patch == */crash/* ]]; then swift build --product oms >>build.log 2>&1 || is_built=; fi
  built=$(date +%s)
  what=
  if [ -z "$is_built" ]; then
    result="no build"
    what=$(grep -m 1 error: build.log)
  elif [[ $patch == */crash/* ]]; then
    what=$(TMPDIR=$copy .build/debug/omsim crash --points "$points" --jobs 6 2>&1 | grep -m 1 FAILED)
    result=${what:+found}
  else
    what=$(.build/debug/omsim simulate --seeds "$seeds" --jobs "$jobs" --first 2>/dev/null | lowest)
    result=${what:+found}
  fi
  tell "${result:-not found}" "$name" $((built - begun)) $(($(date +%s) - built)) "$what"
  patch -p1 --silent --reverse <"$patch"
done

echo
echo "bug                                        result       build  search  first seed or point"
printf '%s\n' "${table[@]}"
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
