#!/usr/bin/env bash
# Installs the Debian packages named as arguments that are missing. Asks apt nothing and calls it not at all when
# everything is there. Works as root and with sudo.
set -euo pipefail

missing=()
for package in "$@"; do
  status=$(dpkg-query -W -f '${Status}' "$package" 2>/dev/null || true)
  [ "$status" = "install ok installed" ] || missing+=("$package")
done
if [ ${#missing[@]} -eq 0 ]; then
  exit 0
fi

if ! command -v apt-get >/dev/null; then
  echo "install-packages: missing: ${missing[*]}; no apt-get here, install them by hand and try again" >&2
  exit 1
fi
as_root=()
if [ "$(id -u)" -ne 0 ]; then
  if ! command -v sudo >/dev/null; then
    echo "install-packages: missing: ${missing[*]}; run as root, or install sudo" >&2
    exit 1
  fi
  as_root=(sudo)
fi

echo "installing: ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
install() {
  "${as_root[@]}" apt-get install -y --no-install-recommends "${missing[@]}" </dev/null >/dev/null
}
# The lists of a new machine may be absent or old; one refresh is enough to know.
if ! install 2>/dev/null; then
  "${as_root[@]}" apt-get update </dev/null >/dev/null
  install
fi
