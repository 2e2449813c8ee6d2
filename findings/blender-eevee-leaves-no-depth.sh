#!/bin/sh
# What EEVEE draws of the 3D view leaves no depth behind.
#
# Seen with bpy 4.5.15 on Python 3.11, Linux with Mesa.
# It needs no GPU and no display; without a GPU it takes a quarter of a minute.
#
# A good guess: after GPUOffScreen.draw_view3d the framebuffer has the picture's colours and depth,
# whichever engine has drawn it.
# What happens: with Workbench it has both; with EEVEE the depth is 0 in every pixel, with no word.
# Output:
#   saw: SOLID (Workbench): 108 pixels have a depth of their own, of 1024; lowest 0.99, highest 1.00
#   saw: RENDERED (EEVEE): 0 pixels have a depth of their own, of 1024; lowest 0.00, highest 0.00
#
# Here: depth beside an image of EEVEE's is drawn once more, by Workbench (btb/renderer.py,
# btb/surfaces.py).
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3.11}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check bpy==4.5.15
cat >"$folder/finding.py" <<'END'
import os

os.environ.setdefault("LP_NUM_THREADS", "0")  # Mesa, without a GPU, draws in this thread.
import bpy, gpu, numpy as np

scene, size = bpy.context.scene, 32
scene.render.engine = "BLENDER_WORKBENCH"
scene.render.resolution_x = scene.render.resolution_y = 16
bpy.ops.render.render()  # Makes a graphics context.
scene.render.engine = "BLENDER_EEVEE_NEXT"
scene.eevee.taa_samples = 1
area = next(one for one in bpy.context.screen.areas if one.type == "VIEW_3D")
region = next(one for one in area.regions if one.type == "WINDOW")
space = area.spaces.active
space.overlay.show_overlays = False
target = gpu.types.GPUOffScreen(size, size)
ranges = []
for style, engine in (("SOLID", "Workbench"), ("RENDERED", "EEVEE")):
    space.shading.type = style
    scene.update_tag()
    depsgraph = bpy.context.evaluated_depsgraph_get()
    camera = scene.camera
    projection = camera.calc_matrix_camera(depsgraph, x=size, y=size)
    view = camera.matrix_world.inverted()
    target.draw_view3d(scene, bpy.context.view_layer, space, region, view, projection)
    depth = np.empty((size, size), np.float32)
    with target.bind():
        gpu.state.active_framebuffer_get().read_depth(
            0, 0, size, size, data=gpu.types.Buffer("FLOAT", depth.shape, depth)
        )
    own = int(((depth > 0) & (depth < 1)).sum())
    ranges.append((float(depth.min()), float(depth.max()), own))
    print(
        f"saw: {style} ({engine}): {own} pixels have a depth of their own, of {depth.size}; "
        f"lowest {depth.min():.2f}, highest {depth.max():.2f}"
    )
assert 0 < ranges[0][0] < 1 and ranges[0][1] == 1 and ranges[0][2] > 0, ranges
assert ranges[1] == (0, 0, 0), ranges
END
"$folder/venv/bin/python" "$folder/finding.py" >"$folder/said"
grep '^saw: ' "$folder/said"
