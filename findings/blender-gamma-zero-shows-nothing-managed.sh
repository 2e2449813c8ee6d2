#!/bin/sh
# With gamma 0, Blender's view settings do nothing at all: no view transform, no exposure.
#
# Seen with bpy 4.5.15 on Python 3.11, Linux.
# It needs no GPU and no display.
#
# A good guess: 0 is the lowest gamma that can be set, and what is saved becomes darker towards it:
# black, since the exponent is 1 / gamma. Or it is the same as 1.
# What happens: towards 0 it does become black. At 0 itself a line is printed about an exponent that
# is too great, and the picture is saved with its scene-linear values, as if there were no view
# transform and no exposure.
# Output:
#   saw: gamma may be from 0 to 5
#   saw: 0.25 by Standard, exposure 0: gamma 1 gives 137, 0.5 gives 74, 0.01 gives 0, 0 gives 64
#   saw: 0.25 by Standard, exposure 1: gamma 1 gives 188, 0.5 gives 138, 0.01 gives 0, 0 gives 64
#   saw: 0.25 by AgX, exposure 1: gamma 1 gives 170, 0.5 gives 113, 0.01 gives 0, 0 gives 64
#
# Here: VisionSim's previews are saved with it, `Raw` and exposure 1, and are right because of it;
# `--layout a2` writes the values that it means, without any of the three.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3.11}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check bpy==4.5.15
cat >"$folder/finding.py" <<'END'
import sys

import bpy

path = sys.argv[1]
scene = bpy.context.scene
scene.render.image_settings.file_format = "PNG"
view = scene.view_settings
image = bpy.data.images.new("grey", 4, 4, float_buffer=True)
image.pixels = [0.25, 0.25, 0.25, 1] * 16
limits = view.bl_rna.properties["gamma"]
print(f"saw: gamma may be from {limits.hard_min:g} to {limits.hard_max:g}")
found = []
for transform, exposure in (("Standard", 0), ("Standard", 1), ("AgX", 1)):
    view.view_transform, view.exposure = transform, exposure
    values = {}
    for gamma in (1, 0.5, 0.01, 0):
        view.gamma = gamma
        image.save_render(path)
        saved = bpy.data.images.load(path)
        saved.colorspace_settings.name = "Non-Color"
        values[gamma] = round(saved.pixels[0] * 255)
        bpy.data.images.remove(saved)
    said = ", ".join(f"{gamma} gives {value}" for gamma, value in values.items())
    print(f"saw: 0.25 by {transform}, exposure {exposure}: gamma {said}")
    found.append(list(values.values()))
for values in found:
    assert values[0] > 130 and values[0] > values[1] > values[2] == 0 and values[3] == 64, found
END
"$folder/venv/bin/python" "$folder/finding.py" "$folder/saved.png" >"$folder/said"
grep '^saw: ' "$folder/said"
