#!/bin/sh
# An object that the viewport does not show is not evaluated, unless it is the scene's camera.
#
# Seen with bpy 4.5.15 on Python 3.11, Linux.
# It needs no GPU and no display.
#
# A good guess: evaluated_get() of an object that was moved says where it is now.
# What happens: one with hide_viewport stays where it was when it was hidden, also after an
# update; as the scene's camera it is evaluated, though it is a mesh and still hidden.
# Output:
#   saw: hidden and moved to x=5: evaluated at x=0; made the scene's camera: x=5
#
# Here: labels of what only renders show, and of hidden cameras, had been of the old place
# (btb/meshes.py makes the object the camera for a moment).
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3.11}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check bpy==4.5.15
cat >"$folder/finding.py" <<'END'
import bpy

cube = bpy.data.objects["Cube"]
cube.hide_viewport = True
bpy.context.view_layer.update()
cube.location.x = 5
depsgraph = bpy.context.evaluated_depsgraph_get()
stale = cube.evaluated_get(depsgraph).matrix_world.translation.x
bpy.context.scene.camera = cube
depsgraph = bpy.context.evaluated_depsgraph_get()
fresh = cube.evaluated_get(depsgraph).matrix_world.translation.x
print(f"saw: hidden and moved to x=5: evaluated at x={stale:g}; made the scene's camera: x={fresh:g}")
assert (stale, fresh) == (0, 5), (stale, fresh)
END
"$folder/venv/bin/python" "$folder/finding.py" >"$folder/said"
grep '^saw: ' "$folder/said"
