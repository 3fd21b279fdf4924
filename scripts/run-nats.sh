#!/usr/bin/env bash
# Starts nats-server in the foreground with configs/nats.conf: loopback only, JetStream on, state in a scratch
# directory that goes when it ends. One that is installed is used; else Debian's package is unpacked below .build, since
# installing it would start a service on the same port.
set -euo pipefail

unpack() {
  mkdir -p .build/nats
  (cd .build/nats && apt-get download nats-server </dev/null >/dev/null && dpkg -x nats-server_*.deb .)
}

# Debian keeps it where only root's PATH leads.
server=$(PATH=$PATH:/usr/sbin command -v nats-server || true)
if [ -z "$server" ]; then
  server=.build/nats/usr/sbin/nats-server
  if [ ! -x "$server" ]; then
    command -v apt-get >/dev/null || { echo "run-nats: there is no nats-server; install it and try again" >&2; exit 1; }
    echo "unpacking Debian's nats-server below .build/nats"
    # The lists of a new machine may be absent or old; one refresh is enough to know.
    if ! unpack 2>/dev/null; then
      as_root=()
      [ "$(id -u)" -eq 0 ] || as_root=(sudo)
      "${as_root[@]}" apt-get update </dev/null >/dev/null
      unpack
    fi
  fi
fi
state=$(mktemp -d)
trap 'rm -rf "$state"' EXIT
echo "nats-server on nats://127.0.0.1:4222, state in $state until Ctrl-C"
"$server" -c configs/nats.conf -sd "$state" &
running=$!
trap 'kill "$running" 2>/dev/null || true' INT TERM HUP
# A signal ends the wait before the server has ended: it is waited for again.
status=0
wait "$running" || status=$?
while kill -0 "$running" 2>/dev/null; do
  status=0
  wait "$running" || status=$?
done
exit "$status"
