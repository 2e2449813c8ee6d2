#!/bin/sh
# Workbench draws every point of a cloud in one colour, whatever its attributes say.
#
# Seen with bpy 4.5.15 on Python 3.11, Linux with Mesa. bpy 5.0.1 does the same, in grey. It needs no GPU
# and no display.
#
# A good guess: with the colour type "Attribute" (VERTEX) a point has the colour of its cloud's colour
# attribute, as a mesh's vertices have.
# What happens: a mesh does so; a cloud of points, converted from one with such an attribute, is drawn
# white. Cycles and EEVEE show it, by an Attribute node of its material.
# Output:
#   saw: a mesh's vertices with a red attribute are drawn red
#   saw: a cloud's points with the same attribute are drawn white
#
# Here: for Workbench cells are one mesh with vertex colours (python/blendtorch/btb/network/mesh.py).
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
scene.display.shading.light, scene.display.shading.color_type = "FLAT", "VERTEX"
scene.view_settings.view_transform = "Raw"
scene.render.dither_intensity = 0
bpy.data.objects.remove(bpy.data.objects["Cube"])

def middle():
    with tempfile.TemporaryDirectory() as folder:
        scene.render.filepath = folder + "/picture.png"
        bpy.ops.render.render(write_still=True)
        image = bpy.data.images.load(scene.render.filepath)
        image.colorspace_settings.name = "Non-Color"
        return tuple(round(v, 2) for v in image.pixels[4 * (8 * 16 + 8) : 4 * (8 * 16 + 8) + 3])

def with_red(mesh):
    attribute = mesh.attributes.new("activity", "FLOAT_COLOR", "POINT")
    attribute.data.foreach_set("color", [1.0, 0.0, 0.0, 1.0] * len(mesh.vertices))
    mesh.attributes.active_color = attribute
    made = bpy.data.objects.new("cells", mesh)
    scene.collection.objects.link(made)
    return made

bpy.ops.mesh.primitive_cube_add()
cube = bpy.context.object
of_cube = cube.data
bpy.data.objects.remove(cube)
as_mesh = with_red(of_cube)
drawn = {"a mesh's vertices with a red": middle()}
bpy.data.objects.remove(as_mesh)

points = bpy.data.meshes.new("points")
points.vertices.add(1)
points.attributes.new("radius", "FLOAT", "POINT").data.foreach_set("value", [2.0])
as_cloud = with_red(points)
for one in bpy.context.selected_objects:
    one.select_set(False)
as_cloud.select_set(True)
bpy.context.view_layer.objects.active = as_cloud
bpy.ops.object.convert(target="POINTCLOUD")
kept = [round(v) for v in as_cloud.data.attributes["activity"].data[0].color]
assert kept == [1, 0, 0, 1], kept
drawn["a cloud's points with the same"] = middle()
names = {(1, 0, 0): "red", (1, 1, 1): "white"}
for what, color in drawn.items():
    print(f"saw: {what} attribute are drawn {names.get(color, color)}")
assert list(drawn.values()) == [(1, 0, 0), (1, 1, 1)], drawn
END
"$folder/venv/bin/python" "$folder/finding.py" >"$folder/said"
grep '^saw: ' "$folder/said"
