#!/bin/sh
# A white surface that faces a white studio lamp is 0.93 in Workbench, and shininess has 32 steps.
#
# Seen with bpy 4.5.15 on Python 3.11, Linux, software OpenGL; it needs no GPU and no display.
#
# A good guess: a lamp of Blender's studio light with the diffuse colour 1 and no wrap makes a white
# surface that faces it 1, as Lambert's law says; and a material's viewport roughness and metalness are
# followed as they are set.
# What happens: Workbench divides the wrapped light by (1 + wrap)² with a quick reciprocal, which is
# up to 7 % off: 0.934 without wrap, 1.028 of what it should be with a wrap of 0.2. Roughness and
# metalness of a material share a byte: the square root of the one in 32 steps, the other in 8, cut down.
# So 0.86 and 0.99 metalness are the same, and 0.14 is none at all.
# Output:
#   saw: facing a lamp without wrap: 0.934
#   saw: facing a lamp with wrap 0.2: 0.857, and 1 / 1.2 is 0.833
#   saw: metalness 0.13 is as 0: True; 0.86 as 0.99: True; 0.99 as 1: False
#
# Here: pictures that we draw ourselves have both (python/blendtorch/btb/solid/programs.py, looks.py).
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3.11}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check bpy==4.5.15
cat >"$folder/finding.py" <<'END'
import bpy
import gpu
import numpy as np
from mathutils import Matrix

bpy.ops.wm.read_factory_settings(use_empty=True)
scene = bpy.context.scene
scene.render.engine = "BLENDER_WORKBENCH"
scene.render.resolution_x = scene.render.resolution_y = 16
eye = bpy.data.objects.new("eye", bpy.data.cameras.new("eye"))
scene.collection.objects.link(eye)
scene.camera = eye
bpy.ops.render.render()  # Makes the graphics context.
bpy.ops.mesh.primitive_plane_add(size=10)
material = bpy.data.materials.new("white")
material.diffuse_color, material.roughness = (1, 1, 1, 1), 1.0
bpy.context.object.data.materials.append(material)
system = bpy.context.preferences.system
system.viewport_aa = "OFF"
system.use_studio_light_edit = True
for lamp in system.solid_lights:
    lamp.diffuse_color = lamp.specular_color = (0, 0, 0)
lamp = system.solid_lights[0]
lamp.use, lamp.direction, lamp.diffuse_color = True, (0, 0, 1), (1, 1, 1)
space = next(a for s in bpy.data.screens for a in s.areas if a.type == "VIEW_3D").spaces.active
region = next(r for s in bpy.data.screens for a in s.areas if a.type == "VIEW_3D"
              for r in a.regions if r.type == "WINDOW")
space.shading.type, space.overlay.show_overlays = "SOLID", False
target = gpu.types.GPUOffScreen(16, 16, format="RGBA16F")
projection = Matrix(((0.5, 0, 0, 0), (0, 0.5, 0, 0), (0, 0, -0.01, 0), (0, 0, 0, 1)))


def seen(wrap, metalness=0.0, shine=False):
    lamp.smooth, material.metallic = wrap, metalness
    space.shading.show_specular_highlight = shine
    scene.update_tag()
    bpy.context.view_layer.update()
    target.draw_view3d(scene, bpy.context.view_layer, space, region, Matrix(), projection,
                       do_color_management=False)
    with target.bind():
        pixels = gpu.state.active_framebuffer_get().read_color(0, 0, 16, 16, 4, 0, "FLOAT")
    return float(np.array(pixels.to_list()).reshape(16, 16, 4)[8, 8, 1])


facing, wrapped = seen(0.0), seen(0.2)
metal = {value: seen(0.0, value, shine=True) for value in (0.0, 0.13, 0.86, 0.99, 1.0)}
same = metal[0.13] == metal[0.0], metal[0.86] == metal[0.99], metal[0.99] == metal[1.0]
print(f"saw: facing a lamp without wrap: {facing:.3f}")
print(f"saw: facing a lamp with wrap 0.2: {wrapped:.3f}, and 1 / 1.2 is {1 / 1.2:.3f}")
print(f"saw: metalness 0.13 is as 0: {same[0]}; 0.86 as 0.99: {same[1]}; 0.99 as 1: {same[2]}")
assert abs(facing - 0.934) < 0.002 and abs(wrapped - 0.857) < 0.002 and same == (True, True, False)
END
"$folder/venv/bin/python" "$folder/finding.py" >"$folder/said" 2>"$folder/noise" ||
    { cat "$folder/said"; tail -5 "$folder/noise" >&2; exit 1; }
grep '^saw: ' "$folder/said"
