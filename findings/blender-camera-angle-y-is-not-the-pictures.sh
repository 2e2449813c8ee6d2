#!/bin/sh
# A camera's angle_y is not the vertical angle of what it renders.
#
# Seen with bpy 4.5.15 on Python 3.11, Linux.
# It needs no GPU and no display.
#
# A good guess: `angle_x` and `angle_y`, "camera lens horizontal/vertical field of view", are those
# of the picture, and equal for a square one with square pixels.
# What happens: with the sensor fit AUTO, the default, `angle_y` goes by the setting "sensor
# height", 24 mm, which has no part in what is rendered then. It is the same for every resolution,
# and right for pictures of 3:2 alone.
# Output:
#   saw: 300x200: angle_y 26.99 degrees, the picture's 26.99
#   saw: 200x200: angle_y 26.99 degrees, the picture's 39.60
#   saw: 320x180: angle_y 26.99 degrees, the picture's 22.90
#
# Here: `btb.Camera` and `transforms.json` take the focal length from Blender's own projection.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3.11}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check bpy==4.5.15
cat >"$folder/finding.py" <<'END'
from math import atan, degrees

import bpy

camera = bpy.context.scene.camera
assert camera.data.sensor_fit == "AUTO"
depsgraph = bpy.context.evaluated_depsgraph_get()
found = []
for width, height in ((300, 200), (200, 200), (320, 180)):
    # What a picture of that size is projected by: 1 / tan(half of the angle).
    projection = camera.calc_matrix_camera(depsgraph, x=width, y=height)
    seen = degrees(2 * atan(1 / projection[1][1]))
    told = degrees(camera.data.angle_y)
    print(f"saw: {width}x{height}: angle_y {told:.2f} degrees, the picture's {seen:.2f}")
    found.append((told, seen))
assert len({round(told, 4) for told, _ in found}) == 1, found
assert abs(found[0][1] - found[0][0]) < 0.01, found
assert found[1][1] - found[1][0] > 12 and found[2][0] - found[2][1] > 4, found
END
"$folder/venv/bin/python" "$folder/finding.py" >"$folder/said"
grep '^saw: ' "$folder/said"
