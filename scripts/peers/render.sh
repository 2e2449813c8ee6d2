#!/bin/sh
# Animations to disk beside VisionSim: OUT/render.json and OUT/render.rows.json; and whether its own
# commands read what we write for it: OUT/render-read.txt.
#
#   scripts/peers/render.sh OUT NAME=PLACE…
#
# Both render by the same version of Blender; what is drawn of the files stays in OUT/render.
set -eu

out=$(cd "$1" && pwd -P)
peer=${2#*=}
here=scripts/peers/visionsim
program=$TARGET/release/blendtorch
bpy=$("$VENV/bin/python" -c '
from blendtorch.btt import discover_blender
print(discover_blender("bpy")["path"])')
"$VENV/bin/python" benches/fleet.py --bpy "$bpy" --program "$program" --visionsim "$peer" \
    --out "$out/render.json" ${QUICK:+--rounds 1 --frames 24 --no-memory --no-resume}

# A few frames by each, read by VisionSim.
rm -rf "$out/render"
mkdir "$out/render"
scene=$out/render/fleet.blend
"$bpy" benches/fleet.blend.py scene "$scene" >/dev/null
"$peer/bin/python" $here/render.py "$scene" "$out/render/theirs" --frames 3 2>/dev/null
"$program" render "$scene" -o "$out/render/ours" --layout a2 --frames 1:3 --previews \
    --passes frames,depths,normals,flows,segmentations
"$peer/bin/python" $here/read.py "$out/render/ours" --theirs "$out/render/theirs" \
    --out "$out/render/drawn" >"$out/render-read.txt" || { cat "$out/render-read.txt" >&2; exit 1; }
