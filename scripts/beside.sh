#!/bin/sh
# Runs two commands of the shell at once: one that waits for the network beside one that computes.
#
#   scripts/beside.sh FETCH COMPUTE
#
# Ends with an error if one of them does, and then does not wait for the other.
set -eu

[ $# -eq 2 ] || { echo "usage: $0 FETCH COMPUTE" >&2; exit 2; }
sh -c "$1" &
fetch=$!
trap 'kill "$fetch" 2>/dev/null || true' EXIT
sh -c "$2"
wait "$fetch"
trap - EXIT
