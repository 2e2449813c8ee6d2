#!/bin/sh
# VisionSim's transforms.json has two focal lengths for square pixels, unless the picture is square.
#
# Seen with VisionSim 0.1.0a2, bpy 4.5.15 and RPyC 6.0.2 on Python 3.11, Linux.
# It needs no GPU and no display; the client and Blender talk over localhost.
#
# A good guess: `fl_x` and `fl_y` are the focal length in pixels, as in nerfstudio's format, and
# equal where pixels are square; and the same as in the matrix `intrinsics` beside them.
# What happens: `fl_y` is `fl_x` times height / width. The matrix has the right one.
# Output:
#   saw: 640x480: fl_x 888.89, fl_y 666.67, intrinsics 888.89 and 888.89
#   saw: 480x480: fl_x 666.67, fl_y 666.67, intrinsics 666.67 and 666.67
#
# Here: `transforms.json` of `blendtorch render` has the right one at both places, in every layout.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python=$folder/venv/bin/python
"${PYTHON:-python3.11}" -m venv "$folder/venv"
"$python" -m pip install --quiet --disable-pip-version-check bpy==4.5.15 rpyc==6.0.2 \
    ephemeral-port-reserve==1.1.4
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

bpy.ops.wm.save_as_mainfile(filepath=sys.argv[1])
END
cat >"$folder/finding.py" <<'END'
import sys

from visionsim.simulate.blender import BlenderClient

folder = sys.argv[1]
found = []
with BlenderClient.spawn(executable=f"{sys.executable} {folder}/blender.py") as client:
    client.initialize(f"{folder}/scene.blend", f"{folder}/out")
    for height, width in ((480, 640), (480, 480)):
        client.set_resolution(height=height, width=width)
        told = client.render_animation(frame_start=1, frame_end=1, dry_run=True)
        lengths = [told["fl_x"], told["fl_y"], told["intrinsics"][0][0], told["intrinsics"][1][1]]
        found.append([float(length) for length in lengths])
        x, y, first, second = (f"{length:.2f}" for length in lengths)
        print(f"saw: {width}x{height}: fl_x {x}, fl_y {y}, intrinsics {first} and {second}")
wide, square = found
assert wide[1] < 0.76 * wide[0] and abs(wide[3] - wide[0]) < 0.01, found
assert max(square) - min(square) < 0.01, found
END
"$python" "$folder/scene.py" "$folder/scene.blend" >"$folder/made"
"$python" "$folder/finding.py" "$folder" >"$folder/said"
grep '^saw: ' "$folder/said"
