#!/usr/bin/env bash
# usage: Fuzz/run.sh NAME SECONDS [FUZZER-ARGUMENT...]
#
# Compiles OMSLib together with Fuzz/NAME/*.swift under libFuzzer and the address sanitizer, and feeds it random bytes for
# SECONDS, starting from Fuzz/NAME/seeds. A target is one function `LLVMFuzzerTestOneInput`; it is part of the module, so
# it sees everything. Inputs found go to .build/fuzz/NAME/corpus; one that crashes stays as .build/fuzz/NAME/crash-*.
# Optimised by default; OPTIMIZE=-Onone builds sooner and runs slower.
# Ends with "N passed, N failed".
set -euo pipefail

name=${1:?usage: Fuzz/run.sh NAME SECONDS}
seconds=${2:?usage: Fuzz/run.sh NAME SECONDS}
shift 2
cd "$(dirname "$0")/.."
target=Fuzz/$name
[ -d "$target" ] || { echo "no such target: $name; there are: $(cd Fuzz && ls -d -- */ | tr -d / | tr '\n' ' ')" >&2; exit 2; }

out=$PWD/.build/fuzz/$name
mkdir -p "$out/corpus" .build/fuzz/c

# What the fuzzer's C objects and binary are made of; they are made again only when one of it is newer.
newest() { find "$@" -type f -newer "$stamp" 2>/dev/null | head -n 1; }
stamp=$out/fuzzer
if [ ! -e "$stamp" ] || [ -n "$(newest Sources/OMSLib Sources/CCore "$target" Fuzz/run.sh)" ]; then
  objects=()
  for source in Sources/CCore/*.c; do
    object=.build/fuzz/c/$(basename "$source" .c).o
    clang -std=gnu11 -O1 -g -fsanitize=address -ISources/CCore/include -c "$source" -o "$object"
    objects+=("$object")
  done
  echo "module CCore { umbrella header \"$PWD/Sources/CCore/include/CCore.h\" export * }" >.build/fuzz/c/module.modulemap
  mapfile -t sources < <(find Sources/OMSLib "$target" -name '*.swift' | sort)
  swiftc "${OPTIMIZE:--O}" -g -wmo -parse-as-library -module-name OMSLib -package-name oms -swift-version 6 -strict-memory-safety \
    -enable-upcoming-feature ExistentialAny -enable-upcoming-feature MemberImportVisibility \
    -enable-upcoming-feature InternalImportsByDefault -enable-experimental-feature Lifetimes \
    -sanitize=fuzzer,address -Xcc -fmodule-map-file=.build/fuzz/c/module.modulemap -ISources/CCore/include \
    "${sources[@]}" "${objects[@]}" -lyaml -lzstd -lssl -lcrypto -o "$stamp"
fi

# Swift's own crash handler would keep the sanitizer from writing its report.
export SWIFT_BACKTRACE=enable=no ASAN_OPTIONS=detect_leaks=0
if "$stamp" -max_total_time="$seconds" -timeout=5 -artifact_prefix="$out/" -print_final_stats=1 "$@" \
  "$out/corpus" $( [ -d "$target/seeds" ] && echo "$target/seeds" ) 2>"$out/log"; then
  grep -E 'stat::number_of_executed_units|stat::average_exec_per_sec|DONE' "$out/log" || true
  echo "1 passed, 0 failed"
else
  tail -n 40 "$out/log" >&2
  echo "0 passed, 1 failed"
  exit 1
fi
