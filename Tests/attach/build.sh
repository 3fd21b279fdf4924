#!/bin/sh
# Builds the C programs that stand beside the engine, into the directory given: `attach` needs the header and the four
# files that reading tables takes, `ring` three more to trade; `hostile` abuses its ring; `peer` is the other process of the
# tests, with faults on command.
set -eu
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
core="$here/../../Sources/CCore"
compile() {
  output=$1
  shift
  "${CC:-cc}" -std=gnu11 -O2 -Wall -Wextra -Werror -I "$core/include" -o "$output.$$" "$@"
  mv "$output.$$" "$output"
}
compile "$1/attach" "$here/attach.c" "$core/table.c" "$core/owner.c" "$core/shm.c" "$core/clock.c"
for program in ring hostile; do
  compile "$1/$program" "$here/$program.c" "$core/client.c" "$core/table.c" "$core/owner.c" "$core/shm.c" \
    "$core/clock.c" "$core/net.c" "$core/thread.c" -lpthread
done
compile "$1/peer" -DOMS_FAULT "$here/peer.c" "$core/table.c" "$core/owner.c" "$core/shm.c" "$core/clock.c" \
  "$core/sys.c" "$core/fault.c" -lpthread
