#!/usr/bin/env bash
# Runs two commands of the shell at once: one that waits for the network beside one that computes.
#
#   scripts/beside.sh FETCH COMPUTE
#
# Ends with an error as soon as one of them does, and then, as on Ctrl-C, ends the other with all that
# it has started.
set -euo pipefail

[ $# -eq 2 ] || { echo "usage: $0 FETCH COMPUTE" >&2; exit 2; }
set -m # each is a process group of its own
bash -c "$1" </dev/null &
fetch=$!
bash -c "$2" </dev/null &
compute=$!
trap 'kill -TERM -- "-$fetch" "-$compute" 2>/dev/null || true' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
wait -n || exit
wait -n
