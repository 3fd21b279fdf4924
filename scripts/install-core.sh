#!/usr/bin/env bash
# usage: install-core.sh BINARY PREFIX
#
# Installs BINARY as PREFIX/bin/oms, and as PREFIX/libexec/oms/core-N under the version of its core. Binaries of other
# cores stay in libexec/oms; the one that is replaced is put there first, should it be missing: only the core that wrote a
# journal can finish it for the next.
set -euo pipefail

binary=$1
prefix=$2
kept=$prefix/libexec/oms

core_of() {
  local core
  core=$("$1" version -o jsonl 2>/dev/null | sed -n 's/.*"core":\([0-9][0-9]*\)[,}].*/\1/p') || return 1
  [ -n "$core" ] && echo "$core"
}

core=$(core_of "$binary") || {
  echo "install: $binary does not say the version of its core" >&2
  exit 1
}
install -d "$prefix/bin" "$kept"
if [ -x "$prefix/bin/oms" ] && before=$(core_of "$prefix/bin/oms") && [ "$before" != "$core" ]; then
  install -m 0755 "$prefix/bin/oms" "$kept/core-$before"
  echo "install: core $before stays as $kept/core-$before"
fi
install -m 0755 "$binary" "$prefix/bin/oms"
ln -f "$prefix/bin/oms" "$kept/core-$core"
