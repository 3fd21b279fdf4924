#!/usr/bin/env bash
# Checks form: the Swift formatter, the syntax of the shell scripts, the manual. Silent when all is well.
set -uo pipefail

failed=0
swift format lint --strict --parallel --recursive Sources Tests Package.swift || failed=1
for script in scripts/*.sh .ci/run completions/oms.bash; do
  bash -n "$script" || failed=1
done
# What is not installed cannot be asked; the gate installs them.
if command -v zsh >/dev/null; then zsh -n completions/_oms || failed=1; fi
if command -v fish >/dev/null; then fish --no-execute completions/oms.fish || failed=1; fi
if command -v mandoc >/dev/null; then mandoc -T lint -W warning man/* || failed=1; fi
if [ "$failed" -ne 0 ]; then
  echo "lint: format with: swift format --in-place --parallel --recursive Sources Tests Package.swift" >&2
fi
exit "$failed"
