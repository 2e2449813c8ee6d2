#!/bin/sh
# Workbench draws an instance in the colour of the object that makes it, not of the one it shows.
#
# Seen with bpy 4.5.15 on Python 3.11, Linux with Mesa. Blender 3.4.1 and 5.0.1 do the same.
# It needs no GPU and no display.
#
# A good guess: with the colour type "Object" a surface has the colour of its object, wherever that
# is instanced; so the colour says which object it is.
# What happens: instances of a collection have the colour of their empty, which has no surface
# itself and shows its colour nowhere else; those of particles and points that of their emitter.
# Output:
#   saw: the cube's colour is red, that of the empty which makes its instance is green
#   saw: the instance is drawn green
#
# Here: ids that Workbench draws as colours are of what makes an instance, and which one it is
# follows from where it is (btb/passes/colors.py, btb/passes/flat.py).
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3.11}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check bpy==4.5.15
cat >"$folder/finding.py" <<'END'
import os, tempfile

os.environ.setdefault("LP_NUM_THREADS", "0")  # Mesa, without a GPU, draws in this thread.
import bpy

scene = bpy.context.scene
scene.render.engine = "BLENDER_WORKBENCH"
scene.render.resolution_x = scene.render.resolution_y = 16
scene.render.film_transparent = True
scene.display.render_aa = "OFF"
scene.display.shading.light, scene.display.shading.color_type = "FLAT", "OBJECT"
scene.view_settings.view_transform = "Raw"
scene.render.dither_intensity = 0
cube = bpy.data.objects["Cube"]
group = bpy.data.collections.new("group")
group.objects.link(cube)
scene.collection.children[0].objects.unlink(cube)
empty = bpy.data.objects.new("Empty", None)
empty.instance_type, empty.instance_collection = "COLLECTION", group
scene.collection.objects.link(empty)
cube.color, empty.color = (1, 0, 0, 1), (0, 1, 0, 1)
with tempfile.TemporaryDirectory() as folder:
    scene.render.filepath = folder + "/picture.png"
    bpy.ops.render.render(write_still=True)
    image = bpy.data.images.load(scene.render.filepath)
    image.colorspace_settings.name = "Non-Color"
    middle = tuple(round(v, 2) for v in image.pixels[4 * (8 * 16 + 8) : 4 * (8 * 16 + 8) + 3])
print("saw: the cube's colour is red, that of the empty which makes its instance is green")
print(f"saw: the instance is drawn {'green' if middle == (0, 1, 0) else middle}")
assert middle == (0, 1, 0), middle
END
"$folder/venv/bin/python" "$folder/finding.py" >"$folder/said"
grep '^saw: ' "$folder/said"
