#!/bin/sh
# Within Cycles' own render, the result is black where the picture is rendered in tiles.
#
# Seen with bpy 4.5.15 on Python 3.11, Linux.
# It needs no GPU and no display.
#
# A good guess: RenderEngine.get_result() has the pixels once Cycles' render has returned, however
# they were made.
# What happens: with `use_auto_tile` (on in a new file, for pictures of more than 2048 pixels a
# side) the passes read as zeros there: tiles are put together from a file on disk later.
# Output:
#   saw: use_auto_tile=False: largest value of the Combined pass 1.000
#   saw: use_auto_tile=True: largest value of the Combined pass 0.000
#
# Here: `btb.Renderer` reads passes there, so it switches tiles off; in Blender 5 it makes them as
# large as the picture.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3.11}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check bpy==4.5.15
cat >"$folder/finding.py" <<'END'
import bpy, cycles, numpy as np

scene = bpy.context.scene
scene.render.engine = "CYCLES"
scene.cycles.samples = 1
scene.cycles.use_denoising = False
scene.render.resolution_x = scene.render.resolution_y = 128
scene.cycles.tile_size = 64
original, found = cycles.CyclesRender.render, []

def render(self, depsgraph):
    original(self, depsgraph)
    result = self.get_result()
    combined = next(p for p in result.layers[0].passes if p.name == "Combined")
    pixels = np.empty(result.resolution_x * result.resolution_y * combined.channels, np.float32)
    combined.rect.foreach_get(pixels)
    found.append(float(pixels.max()))

cycles.CyclesRender.render = render
for tiled in (False, True):
    scene.cycles.use_auto_tile = tiled
    bpy.ops.render.render()
    print(f"saw: use_auto_tile={tiled}: largest value of the Combined pass {found[-1]:.3f}")
assert found[0] > 0.1 and found[1] == 0, found
END
"$folder/venv/bin/python" "$folder/finding.py" >"$folder/said"
grep '^saw: ' "$folder/said"
