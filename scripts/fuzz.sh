#!/usr/bin/env bash
# usage: fuzz.sh SECONDS
#
# Runs every target of omsfuzz under libFuzzer with the address sanitizer, SECONDS in all. Inputs that found new paths
# are kept in .build/corpus; an input that crashes is left in .build/crashes. Ends with "N passed, N failed".
set -uo pipefail

seconds=$1
scratch=.build/fuzz
OMS_FUZZ=1 swift build -c release --scratch-path "$scratch" --product omsfuzz \
  -Xswiftc -sanitize=fuzzer,address -Xcc -fsanitize=fuzzer-no-link,address </dev/null || exit 1
binary=$scratch/release/omsfuzz

mapfile -t targets < <("$binary" 2>/dev/null)
if [ ${#targets[@]} -eq 0 ]; then
  echo "fuzz: $binary names no targets" >&2
  exit 1
fi
each=$((seconds / ${#targets[@]}))
[ "$each" -gt 0 ] || each=1
passed=0
failed=0
for target in "${targets[@]}"; do
  mkdir -p ".build/corpus/$target" .build/crashes
  log=.build/log/fuzz-$target.log
  if "$binary" "$target" -max_total_time="$each" -timeout=10 -rss_limit_mb=2048 \
    -artifact_prefix=".build/crashes/$target-" ".build/corpus/$target" >"$log" 2>&1; then
    passed=$((passed + 1))
    printf '%-16s %s\n' "$target" "$(tail -n 1 "$log")"
  else
    failed=$((failed + 1))
    printf '%-16s failed: see %s\n' "$target" "$log"
    grep -m 3 -E 'ERROR|Fatal error|artifact' "$log"
  fi
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
