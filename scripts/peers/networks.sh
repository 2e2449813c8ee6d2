#!/bin/sh
# Networks as scenes, beside one object a cell in plain bpy and beside Cleo: OUT/networks.rows.json.
#
#   scripts/peers/networks.sh OUT NAME=PLACE…
#
# The BSB builds the file of 25,000 cells, once: it stays in the folder of the peers, as it takes
# minutes. What is measured is in benches/networks.py.
set -eu

out=$(cd "$1" && pwd -P)
shift
bsb='' cleo=''
for peer in "$@"; do
    case $peer in
    bsb=*) bsb=${peer#*=} ;;
    cleo=*) cleo=${peer#*=} ;;
    esac
done
times=50
[ -z "${QUICK:-}" ] || times=1
network=$(dirname "$bsb")/network-$((500 * times)).hdf5
[ -f "$network" ] || "$bsb/bin/python" scripts/peers/networks/bsb_network.py "$network" \
    --times $times >&2

"$TARGET/release/blendtorch" setup --video >&2
ffmpeg=$(command -v ffmpeg || echo "$(dirname "$bsb")"/../ffmpeg-*/ffmpeg)
rounds=${QUICK:+1}
# A picture of what both ways draw stays in OUT beside the figures.
"$VENV/bin/python" benches/networks.py --out "$out/networks.rows.json" --rounds "${rounds:-5}" \
    ${QUICK:+--quick} --network "$network" --only frames,files,tutorial \
    --cleo "$cleo/bin/python" --ffmpeg "$ffmpeg"
