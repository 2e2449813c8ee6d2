#!/bin/sh
# Cycles draws black what has its colour from an attribute that is called "color".
#
# Seen with bpy 4.5.15 on Python 3.11, Linux. bpy 5.0.1 does the same, with clouds of points too. It
# needs no GPU and no display.
#
# A good guess: an attribute may have any name, and an Attribute node of that name gives what it holds.
# What happens: an attribute "color", of colours at points, is black in Cycles, without a word; one
# called "Color", or anything else, is drawn.
# Output:
#   saw: a red attribute called color is drawn black
#   saw: a red attribute called Color is drawn red
#   saw: a red attribute called cell_color is drawn red
#
# Here: the colours of cells are called cell_color (python/blendtorch/btb/network/points.py).
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3.11}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check bpy==4.5.15
cat >"$folder/finding.py" <<'END'
import tempfile

import bpy

def drawn(name):
    """The middle of a picture of a triangle that shows an attribute, which is red."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.context.scene
    scene.render.engine, scene.cycles.samples = "CYCLES", 1
    scene.render.resolution_x = scene.render.resolution_y = 16
    scene.view_settings.view_transform = "Raw"
    scene.camera = bpy.data.objects.new("camera", bpy.data.cameras.new("camera"))
    scene.camera.location = 0, 0, 5
    mesh = bpy.data.meshes.new("mesh")
    mesh.from_pydata([(-9, -9, 0), (9, -9, 0), (0, 9, 0)], [], [(0, 1, 2)])
    mesh.attributes.new(name, "FLOAT_COLOR", "POINT").data.foreach_set("color", [1, 0, 0, 1] * 3)
    material = bpy.data.materials.new("material")
    material.use_nodes = True
    tree = material.node_tree
    tree.nodes.clear()
    attribute, emission, output = (
        tree.nodes.new("ShaderNode" + kind) for kind in ("Attribute", "Emission", "OutputMaterial")
    )
    attribute.attribute_name = name
    tree.links.new(attribute.outputs["Color"], emission.inputs["Color"])
    tree.links.new(emission.outputs[0], output.inputs["Surface"])
    mesh.materials.append(material)
    for made in (scene.camera, bpy.data.objects.new("mesh", mesh)):
        scene.collection.objects.link(made)
    with tempfile.TemporaryDirectory() as folder:
        scene.render.filepath = folder + "/picture.png"
        bpy.ops.render.render(write_still=True)
        image = bpy.data.images.load(scene.render.filepath)
        image.colorspace_settings.name = "Non-Color"
        red, green, blue = image.pixels[4 * (8 * 16 + 8) : 4 * (8 * 16 + 8) + 3]
    return "red" if red > 0.9 and green + blue < 0.1 else "black" if red < 0.1 else str(red)

found = []
for name in ("color", "Color", "cell_color"):
    found.append(drawn(name))
    print(f"saw: a red attribute called {name} is drawn {found[-1]}")
assert found == ["black", "red", "red"], found
END
"$folder/venv/bin/python" "$folder/finding.py" >"$folder/said"
grep '^saw: ' "$folder/said"
