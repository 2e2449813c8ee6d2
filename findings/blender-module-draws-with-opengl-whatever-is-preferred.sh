#!/bin/sh
# Blender's module draws with OpenGL, also where the preferences say Vulkan.
#
# Seen with bpy 5.0.1 on Python 3.11, Linux, software OpenGL (Mesa 22.3.6 and 25.0.7, the latter with
# its Vulkan driver lavapipe installed and found by vulkaninfo); it needs no GPU and no display.
#
# A good guess: `preferences.system.gpu_backend = "VULKAN"`, saved, chooses Vulkan from the next start
# on, as it does for the program, which also has `--gpu-backend vulkan`; or it chooses it before the
# first picture, since without a window the graphics context is only made then.
# What happens: the module starts with factory settings and so with OPENGL; the preferences that it
# reads afterwards say VULKAN, as do those that a script sets, and it draws with OpenGL all the same,
# without a word. The module has no command line.
# Output:
#   saw: saved VULKAN
#   saw: at the next start OPENGL, after reading the preferences VULKAN, drawn with OPENGL
#
# Here: Vulkan is no way to draw without a window (docs/speed.md, "Other ways to the same picture").
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3.11}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check bpy==5.0.1
mkdir "$folder/config"
cat >"$folder/save.py" <<'END'
import bpy

system = bpy.context.preferences.system
system.gpu_backend = "VULKAN"
bpy.ops.wm.save_userpref()
print("saw: saved", system.gpu_backend)
END
cat >"$folder/draw.py" <<'END'
import bpy
import gpu

at_start = bpy.context.preferences.system.gpu_backend
bpy.ops.wm.read_userpref()
read = bpy.context.preferences.system.gpu_backend
scene = bpy.context.scene
scene.render.engine = "BLENDER_WORKBENCH"
scene.render.resolution_x = scene.render.resolution_y = 16
bpy.ops.render.render()  # Makes the graphics context.
drawn = gpu.platform.backend_type_get()
print(f"saw: at the next start {at_start}, after reading the preferences {read}, drawn with {drawn}")
assert (at_start, read, drawn) == ("OPENGL", "VULKAN", "OPENGL"), "this has changed"
END
for script in save draw; do
    BLENDER_USER_CONFIG="$folder/config" "$folder/venv/bin/python" "$folder/$script.py" 2>/dev/null |
        tee "$folder/said" | grep "^saw:"
done
grep -q "drawn with OPENGL" "$folder/said"
