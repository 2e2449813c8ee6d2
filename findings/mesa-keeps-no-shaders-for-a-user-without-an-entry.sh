#!/bin/sh
# Mesa keeps no compiled shaders for a user whom the system does not list, wherever HOME leads.
#
# Seen with Mesa 22.3.6 (Debian 12's llvmpipe, with bpy 4.5.15 on Python 3.11), Linux.
# It needs no GPU and no display, and user namespaces; it takes a minute or two of a processor.
#
# A good guess: compiled shaders are kept under HOME/.cache, so that EEVEE's first picture, most of
# which is compiling, takes long in the first process only; and MESA_SHADER_CACHE_DIR names another
# folder, which is made.
# What happens: the home is that of the system's list of users. For a user without an entry there, as
# in a container that runs with a number for a user, nothing is kept, with no word: each process
# compiles everything anew. XDG_CACHE_HOME is heeded. Of the path in MESA_SHADER_CACHE_DIR only the last part is
# made: where a folder above it is missing nothing is kept either.
# Output (seconds are of the processor, and differ between machines):
#   saw: OpenGL: 4.5 (Core Profile) Mesa 22.3.6
#   saw: HOME=home, which can be written to: 0 files kept
#   saw: MESA_SHADER_CACHE_DIR=a/b, and no folder a: 0 files kept
#   saw: XDG_CACHE_HOME=xdg, first process: 211 files kept
#   saw: EEVEE's first picture in a process that finds nothing kept: 21.3 s, in one that does: 2.1 s
#
# Here: Mesa is told a folder in ours, which is made before (blender/src/shader_cache.rs).
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3.11}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check bpy==4.5.15
cat >"$folder/finding.py" <<'END'
import os, pwd, sys, time

os.environ["LP_NUM_THREADS"] = "0"  # Mesa, without a GPU, draws in this thread.
try:
    raise SystemExit(f"there is an entry: {pwd.getpwuid(os.getuid())}")
except KeyError:
    pass
import bpy, gpu

scene, size = bpy.context.scene, 64
scene.render.engine = "BLENDER_WORKBENCH"
scene.render.resolution_x = scene.render.resolution_y = 16
bpy.ops.render.render()  # Makes a graphics context.
if "quick" in sys.argv:
    print("picture 0", gpu.platform.version_get(), flush=True)
    os._exit(0)
scene.render.engine = "BLENDER_EEVEE_NEXT"
scene.eevee.taa_samples = 1
area = next(one for one in bpy.context.screen.areas if one.type == "VIEW_3D")
region = next(one for one in area.regions if one.type == "WINDOW")
space = area.spaces.active
space.overlay.show_overlays = False
space.shading.type = "RENDERED"
camera, target = scene.camera, gpu.types.GPUOffScreen(size, size)
projection = camera.calc_matrix_camera(bpy.context.evaluated_depsgraph_get(), x=size, y=size)
began = time.process_time()
view = camera.matrix_world.inverted()
target.draw_view3d(scene, bpy.context.view_layer, space, region, view, projection)
print("picture", time.process_time() - began, gpu.platform.version_get(), flush=True)
os._exit(0)
END
# As a user of a number that the system does not list, to whom all of this folder belongs.
picture() { # QUICK VARIABLE=VALUE
    env -u XDG_CACHE_HOME -u MESA_SHADER_CACHE_DIR -u MESA_GLSL_CACHE_DIR \
        -u MESA_SHADER_CACHE_DISABLE HOME="$folder/home" "$2" \
        unshare --user --map-user=54321 --map-group=54321 \
        "$folder/venv/bin/python" "$folder/finding.py" "$1" 2>"$folder/errors" | grep '^picture ' ||
        { cat "$folder/errors" >&2; exit 1; }
}
kept() { find "$1" -type f 2>/dev/null | wc -l; }
mkdir "$folder/home"
none=$(picture whole NOTHING=)
at_home=$(kept "$folder/home")
picture quick MESA_SHADER_CACHE_DIR="$folder/a/b" >/dev/null
at_a=$(kept "$folder/a")
mkdir "$folder/xdg"
picture whole XDG_CACHE_HOME="$folder/xdg" >/dev/null
at_xdg=$(kept "$folder/xdg")
some=$(picture whole XDG_CACHE_HOME="$folder/xdg")
seconds() { echo "$1" | cut -d' ' -f2; }
echo "saw: OpenGL: $(echo "$none" | cut -d' ' -f3-)"
echo "saw: HOME=home, which can be written to: $at_home files kept"
echo "saw: MESA_SHADER_CACHE_DIR=a/b, and no folder a: $at_a files kept"
echo "saw: XDG_CACHE_HOME=xdg, first process: $at_xdg files kept"
printf "saw: EEVEE's first picture in a process that finds nothing kept: %.1f s, in one that does: %.1f s\n" \
    "$(seconds "$none")" "$(seconds "$some")"
[ "$at_home" -eq 0 ] && [ "$at_a" -eq 0 ] && [ "$at_xdg" -gt 100 ]
awk -v none="$(seconds "$none")" -v some="$(seconds "$some")" 'BEGIN { exit !(some < none / 3) }'
