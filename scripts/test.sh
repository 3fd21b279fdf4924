#!/usr/bin/env bash
# usage: test.sh
#
# Everything the gate runs, in order; a stage that fails does not stop the ones that can still say something.
# Stages of the simulator take SEEDS and POINTS from the environment.
set -uo pipefail

export TALLY=.build/log/tally
mkdir -p .build/log
rm -f "$TALLY"

stage() {
  echo "--- $1"
  scripts/count.sh "$@"
}

stage lint scripts/lint.sh
stage build-release make --no-print-directory build
if stage build-tests swift build --build-tests; then
  SHOW='^✘|^✔ Test run|[Ee]rror:|Fatal' stage swift-test swift test --skip-build --disable-xctest
fi
scripts/total.sh "$TALLY"
