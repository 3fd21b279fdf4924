#!/usr/bin/env bash
# Checks form: the Swift formatter, and the syntax of the shell scripts. Silent when all is well.
set -uo pipefail

failed=0
swift format lint --strict --parallel --recursive Sources Tests Package.swift || failed=1
for script in scripts/*.sh .ci/run; do
  bash -n "$script" || failed=1
done
if [ "$failed" -ne 0 ]; then
  echo "lint: format with: swift format --in-place --parallel --recursive Sources Tests Package.swift" >&2
fi
exit "$failed"
