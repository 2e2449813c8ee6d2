#!/bin/sh
# With motion blur, Cycles' depth of a pixel is that of some moment within the shutter.
#
# Seen with bpy 4.5.15 on Python 3.11, Linux.
# It needs no GPU and no display.
#
# A good guess: the pass Depth is of the frame, or the mean of what the image is the mean of.
# What happens: it is taken from the first sample of each pixel, whose moment is drawn at random:
# a wall that comes nearer by 1 a frame has every depth within 1, however many samples there are.
# Output:
#   saw: a flat wall at distance 10, motion blur False: depth from 10.00 to 10.00
#   saw: a flat wall at distance 10, motion blur True: depth from 9.51 to 10.49
#
# Here: `btb.Renderer` refuses depth and normals of a scene with motion blur (btb/cycles.py).
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3.11}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check bpy==4.5.15
cat >"$folder/finding.py" <<'END'
import bpy, cycles, numpy as np

scene = bpy.context.scene
for obj in list(bpy.data.objects):
    if obj != scene.camera:
        bpy.data.objects.remove(obj)
scene.camera.location, scene.camera.rotation_euler = (0, 0, 10), (0, 0, 0)
bpy.ops.mesh.primitive_plane_add(size=100)
wall = bpy.context.active_object
for frame, z in ((0, -1), (2, 1)):
    wall.location.z = z
    wall.keyframe_insert("location", frame=frame)
for curve in wall.animation_data.action.fcurves:
    for point in curve.keyframe_points:
        point.interpolation = "LINEAR"
scene.frame_set(1)
scene.render.engine = "CYCLES"
scene.cycles.samples = 64
scene.cycles.use_denoising = False
scene.render.resolution_x = scene.render.resolution_y = 32
scene.render.motion_blur_shutter = 1
scene.view_layers[0].use_pass_z = True
original, found = cycles.CyclesRender.render, []

def render(self, depsgraph):
    original(self, depsgraph)
    result = self.get_result()
    depth = next(one for one in result.layers[0].passes if one.name == "Depth")
    pixels = np.empty(result.resolution_x * result.resolution_y, np.float32)
    depth.rect.foreach_get(pixels)
    found.append((float(pixels.min()), float(pixels.max())))

cycles.CyclesRender.render = render
for blur in (False, True):
    scene.render.use_motion_blur = blur
    bpy.ops.render.render()
    low, high = found[-1]
    print(f"saw: a flat wall at distance 10, motion blur {blur}: depth from {low:.2f} to {high:.2f}")
assert abs(found[0][0] - 10) < 1e-3 and abs(found[0][1] - 10) < 1e-3, found
assert 9.5 <= found[1][0] < 9.6 and 10.4 < found[1][1] <= 10.5, found
END
"$folder/venv/bin/python" "$folder/finding.py" >"$folder/said"
grep '^saw: ' "$folder/said"
