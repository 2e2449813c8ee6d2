#!/bin/sh
# A render saved by Image.save_render is another picture than the one that the render itself writes,
# where it is grey.
#
# Seen with bpy 4.5.15 on Python 3.11, Linux with Mesa. Blender 3.4.1 does the same.
# It needs no GPU and no display.
#
# A good guess: `render(write_still=True)` and `save_render` of its result write the same file: of
# the same pixels, by the same settings.
# What happens: they do in RGB. In BW they differ by up to 17 of 255 levels with these colours.
# Output:
#   saw: RGB: of 255 levels the two files differ by up to 0
#   saw: BW: of 255 levels the two files differ by up to 17
#
# Here: pictures for a display are those that the render writes (btb/passes/saved.py).
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3.11}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check bpy==4.5.15
cat >"$folder/finding.py" <<'END'
import os, tempfile

os.environ.setdefault("LP_NUM_THREADS", "0")  # Mesa, without a GPU, draws in this thread.
import bpy, numpy as np

scene = bpy.context.scene
scene.render.engine = "BLENDER_WORKBENCH"
scene.render.resolution_x = scene.render.resolution_y = 64
scene.display.shading.light, scene.display.shading.color_type = "FLAT", "OBJECT"
bpy.data.objects["Cube"].color = (0.8, 0.1, 0.05, 1)
settings = scene.render.image_settings
settings.file_format = "PNG"

def pixels(path):
    image = bpy.data.images.load(path)
    image.colorspace_settings.name = "Non-Color"
    values = np.rint(np.array(image.pixels[:]).reshape(-1, image.channels)[:, :3] * 255)
    bpy.data.images.remove(image)
    return values

off = {}
with tempfile.TemporaryDirectory() as folder:
    for mode in ("RGB", "BW"):
        settings.color_mode = mode
        scene.render.filepath = f"{folder}/{mode}-written.png"
        bpy.ops.render.render(write_still=True)
        bpy.data.images["Render Result"].save_render(f"{folder}/{mode}-saved.png", scene=scene)
        written, saved = pixels(scene.render.filepath), pixels(f"{folder}/{mode}-saved.png")
        off[mode] = int(np.abs(written - saved).max())
        print(f"saw: {mode}: of 255 levels the two files differ by up to {off[mode]}")
assert off["RGB"] == 0 and off["BW"] > 5, off
END
"$folder/venv/bin/python" "$folder/finding.py" >"$folder/said"
grep '^saw: ' "$folder/said"
