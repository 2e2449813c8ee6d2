#!/bin/sh
# VisionSim's forward flow is the motion to the frame before, and its last channel is 1.
#
# Seen with VisionSim 0.1.0a2, bpy 4.5.15, RPyC 6.0.2 and OpenEXR 3.5.3 on Python 3.11, Linux.
# It needs no GPU and no display; the client and Blender talk over localhost.
#
# A good guess, which is what its source says: a flow file has "forward flows x/y then backwards
# flows x/y" in R, G, B and A: how far what is in a pixel moves until the next frame, and back to the
# frame before, in pixels.
# What happens: R and G are the motion from this frame to the one before. B is minus the motion to
# the next one, and A is 1 in every pixel, where the vertical half of it should be. Blender's pass
# Vector has these four numbers, X, Y, Z and W; its last one does not come into the file.
# Output:
#   saw: a plane that moves by (1, 2) pixels until this frame and by (3, 6) to the next one
#   saw: R, G, B, A = (-1.00, -2.00, -3.00, 1.00)
#
# Here: flow files name their channels by meaning, forward is (-Z, W) and backward (X, -Y) in pixels
# with y down; only `--layout a2` writes the pass as it is, with its real fourth number.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python=$folder/venv/bin/python
"${PYTHON:-python3.11}" -m venv "$folder/venv"
"$python" -m pip install --quiet --disable-pip-version-check bpy==4.5.15 rpyc==6.0.2 \
    OpenEXR==3.5.3 ephemeral-port-reserve==1.1.4
# Of what it asks for, the renderer needs no more; the rest is 5 GB.
"$python" -m pip install --quiet --disable-pip-version-check --no-deps visionsim==0.1.0a2
# There is no program `blender` in the wheel of bpy.
cat >"$folder/blender.py" <<'END'
import runpy, sys

import bpy

runpy.run_path(sys.argv[sys.argv.index("--python") + 1], run_name="__main__")
END
cat >"$folder/scene.py" <<'END'
import sys

import bpy

bpy.ops.wm.read_factory_settings(use_empty=True)
scene = bpy.context.scene
scene.frame_start, scene.frame_end = 1, 3
scene.render.engine = "CYCLES"
scene.cycles.samples = 1
scene.cycles.use_denoising = False
scene.render.resolution_x, scene.render.resolution_y = 64, 48
camera = bpy.data.objects.new("camera", bpy.data.cameras.new("camera"))
scene.collection.objects.link(camera)
scene.camera = camera
# As far away as the focal length is long in pixels: a unit is a pixel.
camera.location = (0, 0, 64 * camera.data.lens / camera.data.sensor_width)
bpy.ops.mesh.primitive_plane_add(size=30)
plane = bpy.context.active_object
for frame, x, y in ((1, 0, 0), (2, 1, 2), (3, 4, 8)):
    plane.location = (x, y, 0)
    plane.keyframe_insert("location", frame=frame)
bpy.ops.wm.save_as_mainfile(filepath=sys.argv[1])
END
cat >"$folder/finding.py" <<'END'
import sys

import numpy as np
import OpenEXR
from visionsim.simulate.blender import BlenderClient

folder = sys.argv[1]
with BlenderClient.spawn(executable=f"{sys.executable} {folder}/blender.py") as client:
    client.initialize(f"{folder}/scene.blend", f"{folder}/out")
    client.include_flows(debug=False)
    client.render_frame(2)
with OpenEXR.File(f"{folder}/out/flows/flow_000002.exr") as file:
    flow = file.channels()["RGBA"].pixels
middle = flow[24, 32]
print("saw: a plane that moves by (1, 2) pixels until this frame and by (3, 6) to the next one")
print(f"saw: R, G, B, A = ({', '.join(f'{value:.2f}' for value in middle)})")
assert np.allclose(middle, (-1, -2, -3, 1), atol=0.01), middle
assert (flow[..., 3] == 1).all(), flow[..., 3]
END
"$python" "$folder/scene.py" "$folder/scene.blend" >"$folder/made"
"$python" "$folder/finding.py" "$folder" >"$folder/said"
grep '^saw: ' "$folder/said"
