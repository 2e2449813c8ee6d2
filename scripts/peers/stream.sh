#!/bin/sh
# Streaming beside the original's way and libzmq: from Python to Python, OUT/streams.json, and by
# the bench program, OUT/stream/bench.json.
#
#   scripts/peers/stream.sh OUT NAME=PLACE…
#
# The places are all the one Python environment that has pyzmq and torch.
set -eu

out=$1
"$VENV/bin/python" benches/streams.py --out "$out/streams.json" ${QUICK:+--rounds 1}
bench=$TARGET/release/bench
rm -rf "$out/stream"
[ -x "$bench" ] || { echo "stream: $bench is missing: make peers builds it" >&2; exit 1; }
"$bench" --python "$VENV/bin/python" --only throughput,latency --out "$out/stream" ${QUICK:+--quick}
