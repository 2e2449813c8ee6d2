#!/bin/sh
# Without a window, drawing with the GPU module is refused until Workbench has rendered once.
#
# Seen with bpy 4.5.15 on Python 3.11, Linux with Mesa.
# It needs no GPU and no display.
#
# A good guess: in background mode there is no drawing, as the error says; whoever wants the 3D view
# as pixels needs a window, or a virtual display.
# What happens: a render by Workbench makes a graphics context that stays, and from then on
# GPUOffScreen draws and reads as with a window. The smallest render there is will do.
# Output:
#   saw: at first: SystemError: GPU functions for drawing are not available in background mode
#   saw: after a Workbench render of 16 x 16 pixels: cleared to (0, 128, 255, 255)
#
# Here: it is how everything draws in background mode (btb/runtime.py, `make_gpu_context`).
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3.11}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check bpy==4.5.15
cat >"$folder/finding.py" <<'END'
import os

os.environ.setdefault("LP_NUM_THREADS", "0")  # Mesa, without a GPU, draws in this thread.
import bpy, gpu

def cleared():
    try:
        target = gpu.types.GPUOffScreen(4, 4)
    except SystemError as error:
        return f"SystemError: {error}"
    with target.bind():
        framebuffer = gpu.state.active_framebuffer_get()
        framebuffer.clear(color=(0, 0.5, 1, 1))
        pixel = framebuffer.read_color(0, 0, 1, 1, 4, 0, "UBYTE").to_list()[0][0]
    return f"cleared to {tuple(pixel)}"

first = cleared()
print("saw: at first:", first)
scene = bpy.context.scene
scene.render.engine = "BLENDER_WORKBENCH"
scene.render.resolution_x = scene.render.resolution_y = 16
bpy.ops.render.render()
later = cleared()
print("saw: after a Workbench render of 16 x 16 pixels:", later)
assert first.startswith("SystemError") and later == "cleared to (0, 128, 255, 255)", (first, later)
END
"$folder/venv/bin/python" "$folder/finding.py" >"$folder/said"
grep '^saw: ' "$folder/said"
