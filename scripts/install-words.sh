#!/usr/bin/env bash
# usage: install-words.sh SHARE
#
# Installs the manual and the completions below SHARE, where man, bash, zsh and fish look for them.
set -euo pipefail

share=$1
for page in man/*.[1-9]; do
  install -D -m 0644 "$page" "$share/man/man${page##*.}/${page##*/}"
done
install -D -m 0644 completions/oms.bash "$share/bash-completion/completions/oms"
install -D -m 0644 completions/_oms "$share/zsh/site-functions/_oms"
install -D -m 0644 completions/oms.fish "$share/fish/vendor_completions.d/oms.fish"
