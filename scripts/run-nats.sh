#!/usr/bin/env bash
# Starts nats-server in the foreground with configs/nats.conf: loopback only, JetStream on, state in a scratch
# directory that goes when it ends.
set -euo pipefail

scripts/install-packages.sh nats-server
state=$(mktemp -d)
trap 'rm -rf "$state"' EXIT
echo "nats-server on nats://127.0.0.1:4222, state in $state until Ctrl-C"
nats-server -c configs/nats.conf -sd "$state"
