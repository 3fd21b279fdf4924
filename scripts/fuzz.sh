#!/usr/bin/env bash
# usage: fuzz.sh SECONDS
#
# Runs every target of omsfuzz under libFuzzer with the address sanitizer, SECONDS each (TARGETS="decimal request" runs
# those only). It begins with the samples in Fuzz/TARGET, for the configuration with those in configs. Inputs that found
# new paths are kept in .build/corpus; an input that crashes is left in .build/crashes. Ends with "N passed, N failed".
set -uo pipefail

seconds=$1
scratch=.build/fuzz
OMS_FUZZ=1 swift build -c release --scratch-path "$scratch" --product omsfuzz \
  -Xswiftc -sanitize=fuzzer,address -Xcc -fsanitize=fuzzer-no-link,address </dev/null || exit 1
binary=$scratch/release/omsfuzz

if [ -n "${TARGETS:-}" ]; then
  read -ra targets <<<"$TARGETS"
else
  mapfile -t targets < <("$binary" 2>/dev/null)
fi
if [ ${#targets[@]} -eq 0 ]; then
  echo "fuzz: $binary names no targets" >&2
  exit 1
fi
# The first byte of such a sample chooses the file it is read as; it is tried as each of them.
mkdir -p .build/corpus/configuration
for sample in configs/*.yaml; do
  for file in 0 1 2 3 4 5; do
    { printf "\\x0$file"; cat "$sample"; } >".build/corpus/configuration/sample-$file-$(basename "$sample")"
  done
done

# Swift's own crash handler would keep the sanitizer from writing its report.
export SWIFT_BACKTRACE=enable=no ASAN_OPTIONS=detect_leaks=0
passed=0
failed=0
for target in "${targets[@]}"; do
  mkdir -p ".build/corpus/$target" .build/crashes .build/log
  corpora=(".build/corpus/$target")
  [ ! -d "Fuzz/$target" ] || corpora+=("Fuzz/$target")
  log=.build/log/fuzz-$target.log
  if "$binary" "$target" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 \
    -artifact_prefix=".build/crashes/$target-" "${corpora[@]}" >"$log" 2>&1; then
    passed=$((passed + 1))
    printf '%-16s %s\n' "$target" "$(grep -E '^Done [0-9]+ runs' "$log")"
  else
    failed=$((failed + 1))
    printf '%-16s failed: see %s\n' "$target" "$log"
    grep -m 3 -E 'ERROR|Fatal error|artifact' "$log"
  fi
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
