#!/bin/sh
# Networks of neurons beside BMTK and NEST: OUT/neurons.rows.json, and what it was made of.
#
#   scripts/peers/neurons.sh OUT NAME=PLACE…
#
# Builders and readers (scripts/peers/circuit), the step loop alone, and the whole command. Spikes of
# both must be equal, and the voltages of a multimeter within 1e-9 mV: else it fails.
set -eu

out=$(cd "$1" && pwd -P)
peer=${2#*=}/bin/python
here=scripts/peers
program=$TARGET/release/blendtorch
rounds=${QUICK:+1}
rounds=${rounds:-5}
cells=1000
[ -z "${QUICK:-}" ] || cells=200

"$VENV/bin/python" $here/circuit/compare.py "$peer" --rounds "$rounds" \
    ${QUICK:+--cells 200 --edges 1000000} >"$out/circuit.json"

rm -rf "$out/neurons"
"$TARGET/release/neurons" --out "$out/neurons" --rounds "$rounds" ${QUICK:+--cells 500 --ms 100}
"$peer" $here/neurons/nest_loop.py "$out/neurons"

"$VENV/bin/python" $here/neurons/network.py $cells 1000 "$out/b"
"$VENV/bin/python" $here/neurons/whole.py "$program" "$peer" "$out/b/config.json" \
    "$out/whole.json" --rounds "$rounds"
"$VENV/bin/python" $here/neurons/rows.py "$out"
rm -rf "$out/b" "$out"/neurons/*.network "$out"/neurons/*.seen
