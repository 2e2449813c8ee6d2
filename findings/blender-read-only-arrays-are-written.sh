#!/bin/sh
# A GPU buffer over a read-only array is written to.
#
# Seen with bpy 4.5.15 on Python 3.11, Linux with Mesa.
# It needs no GPU and no display.
#
# A good guess: gpu.types.Buffer takes an array by Python's buffer protocol, which says whether it
# may be written; a read-only one is refused, or where something is read back into it.
# What happens: it is taken, and read_color writes into it.
# Output:
#   saw: writeable=False; before: 7 to 7, after: 255 to 255
#
# Here: arrays to render into are checked first, since those of a published draft are read-only
# (btb/offscreen.py, `_fits`).
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3.11}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check bpy==4.5.15
cat >"$folder/finding.py" <<'END'
import os

os.environ.setdefault("LP_NUM_THREADS", "0")  # Mesa, without a GPU, draws in this thread.
import bpy, gpu, numpy as np

scene = bpy.context.scene
scene.render.engine = "BLENDER_WORKBENCH"
scene.render.resolution_x = scene.render.resolution_y = 16
bpy.ops.render.render()  # Makes a graphics context.
array = np.full((4, 4, 4), 7, np.uint8)
array.flags.writeable = False
before = int(array.min()), int(array.max())
buffer = gpu.types.Buffer("UBYTE", array.shape, array)
target = gpu.types.GPUOffScreen(4, 4)
with target.bind():
    framebuffer = gpu.state.active_framebuffer_get()
    framebuffer.clear(color=(1, 1, 1, 1))
    framebuffer.read_color(0, 0, 4, 4, 4, 0, "UBYTE", data=buffer)
after = int(array.min()), int(array.max())
print(
    f"saw: writeable={array.flags.writeable}; before: {before[0]} to {before[1]}, "
    f"after: {after[0]} to {after[1]}"
)
assert not array.flags.writeable and before == (7, 7) and after == (255, 255), (before, after)
END
"$folder/venv/bin/python" "$folder/finding.py" >"$folder/said"
grep '^saw: ' "$folder/said"
