#!/usr/bin/env bash
# usage: build-fault.sh BUILD TARGET
#
# Links TARGET/oms anew from the debug build in the directory BUILD, with the C parts compiled for faults on command
# (-DOMS_FAULT, see cc_fault.h). The Swift objects are those of the build: only C files ask for the define, so nothing else
# would come out of compiling them again.
set -euo pipefail

build=$1
target=$2
objects=$build/oms.product/Objects.LinkFileList
[ -f "$objects" ] || {
  echo "build-fault: $objects is missing; first: swift build --build-tests" >&2
  exit 1
}
if grep -rl OMS_FAULT Sources --include='*.swift' --include='*.h' | grep -v '/cc_fault.h$' | xargs -r grep -l '#if.*OMS_FAULT'; then
  echo "build-fault: these are not compiled anew, but ask for OMS_FAULT" >&2
  exit 1
fi
mkdir -p "$target"
faulty=()
for source in Sources/CCore/*.c; do
  object=$target/$(basename "$source" .c).o
  clang -c -g -O1 -std=gnu11 -Wall -Wextra -Werror -DOMS_FAULT -ISources/CCore/include -o "$object" "$source"
  faulty+=("$object")
done
# The list names a path a line, as a shell would quote it.
eval "all=($(cat "$objects"))"
kept=()
for object in "${all[@]}"; do
  [[ $object == */CCore.build/* ]] || kept+=("$object")
done
swiftc -emit-executable -o "$target/oms" -module-name oms -Xlinker --defsym -Xlinker main=oms_main \
  "${kept[@]}" "${faulty[@]}" -lyaml -lzstd -lssl -lcrypto
