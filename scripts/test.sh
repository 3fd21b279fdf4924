#!/usr/bin/env bash
# usage: test.sh
#
# Everything the gate runs, in order; a stage that fails does not stop the ones that can still say something.
# OMS_SHARED names the folder of golden vectors; SEEDS says how many seeds the simulator runs, POINTS how often the crash
# campaign kills.
set -uo pipefail

export OMS_SHARED=${OMS_SHARED:-../shared}
export TALLY=.build/log/tally
mkdir -p .build/log
rm -f "$TALLY"

stage() {
  echo "--- $1"
  scripts/count.sh "$@"
}

stage lint scripts/lint.sh
stage build-release make --no-print-directory build
stage hotpath .build/release/omsim hotpath
if stage build-tests swift build --build-tests; then
  SHOW='^✘|^✔ Test run|[Ee]rror:|Fatal' stage swift-test swift test --skip-build --disable-xctest
fi
omsim=.build/release/omsim
if [ -d "$OMS_SHARED/golden" ]; then
  stage golden "$omsim" golden "$OMS_SHARED/golden"
else
  echo "--- golden: no vectors in $OMS_SHARED/golden; not run"
fi
if [ -d "$OMS_SHARED/clients" ]; then
  stage vectors "$omsim" vectors "${OMS_VECTORS_DIR:-$OMS_SHARED/clients/vectors}"
  stage websocket scripts/ws.sh "$omsim"
  SHOW='^FAIL|^clients' stage clients scripts/clients.sh .build/release/oms
else
  echo "--- clients: none in $OMS_SHARED/clients; not run"
fi
# Fresh seeds for every commit, and the same ones whenever it is tested again.
from=$((16#$(git rev-parse --short=7 HEAD 2>/dev/null || date +%y%m%d)))
stage simulate "$omsim" simulate --from "$from" --seeds "${SEEDS:-500}"
SHOW='FAILED|kept|repeat|passed|acknowledged' stage crash "$omsim" crash --points "${POINTS:-300}"
SHOW='FAILED|kept|repeat|passed|acknowledged' stage crash-wire "$omsim" crash --wire --points "${WIRE_POINTS:-50}"
scripts/total.sh "$TALLY"
