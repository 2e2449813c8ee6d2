#!/bin/sh
# What each Blender renders and publishes, beside the first: OUT/blenders.json.
#
#   scripts/peers/blenders.sh OUT NAME=PLACE…
set -eu

out=$1
shift
"$VENV/bin/python" benches/blenders.py --out "$out/blenders.json" \
    ${QUICK:+--rounds 1 --seconds 1} "$@"
