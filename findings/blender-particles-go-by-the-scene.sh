#!/bin/sh
# Particles are simulated in the scene's range of frames; their cache's own range is overwritten.
#
# Seen with bpy 4.5.15 on Python 3.11, Linux.
# It needs no GPU and no display.
#
# A good guess: every simulation has a point cache with a range of frames, and goes on until that
# ends, wherever the scene's own range ends; cloth does.
# What happens: a particle system's cache gets the scene's range whenever a frame is evaluated, so
# that what was set there is lost, and in later frames particles stand still, silently.
# Output:
#   saw: scene ends at 20, caches set to end at 60: cloth's ends at 60, particles' at 20
#   saw: height in frames 10, 20, 30, 40: cloth falls on; particles -0.23 -1.96 -1.96 -1.96
#
# Here: an episode that goes past the scene's end extends that end too (btb/animation.py).
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3.11}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check bpy==4.5.15
cat >"$folder/finding.py" <<'END'
import bpy

scene = bpy.context.scene
scene.frame_start, scene.frame_end = 1, 20
bpy.ops.mesh.primitive_plane_add()
emitter = bpy.context.active_object
emitter.modifiers.new("particles", "PARTICLE_SYSTEM")
system = emitter.particle_systems[0]
system.settings.count, system.settings.lifetime = 10, 1000
system.settings.frame_start, system.settings.frame_end = 1, 2
bpy.ops.mesh.primitive_grid_add(x_subdivisions=4, y_subdivisions=4)
sheet = bpy.context.active_object
sheet.modifiers.new("cloth", "CLOTH")
caches = sheet.modifiers[0].point_cache, system.point_cache
for cache in caches:
    cache.frame_start, cache.frame_end = 1, 60
heights = []
for frame in range(1, 41):
    scene.frame_set(frame)
    depsgraph = bpy.context.evaluated_depsgraph_get()
    if frame % 10 == 0:
        particles = emitter.evaluated_get(depsgraph).particle_systems[0].particles
        corners = sheet.evaluated_get(depsgraph).data.vertices
        for points in ([v.co.z for v in corners], [p.location.z for p in particles]):
            heights.append(sum(points) / len(points))
cloth, fallen = heights[::2], heights[1::2]
ends = [cache.frame_end for cache in caches]
falls = all(a > b for a, b in zip(cloth, cloth[1:]))
print(
    f"saw: scene ends at 20, caches set to end at 60: cloth's ends at {ends[0]}, "
    f"particles' at {ends[1]}"
)
print(
    f"saw: height in frames 10, 20, 30, 40: cloth {'falls on' if falls else 'stands'}; particles",
    *(f"{z:.2f}" for z in fallen),
)
assert ends == [60, 20] and falls, (ends, cloth)
assert fallen[0] > fallen[1] + 1 and fallen[1] == fallen[2] == fallen[3], fallen
END
"$folder/venv/bin/python" "$folder/finding.py" >"$folder/said"
grep '^saw: ' "$folder/said"
