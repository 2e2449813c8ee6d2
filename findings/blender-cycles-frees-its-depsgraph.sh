#!/bin/sh
# Once Cycles has rendered, the depsgraph that its engine was called with has no instances any more.
#
# Seen with bpy 4.5.15 on Python 3.11, Linux. Blender 3.4.1 and 5.0.1 do the same.
# It needs no GPU and no display.
#
# A good guess: a RenderEngine's `render` has its depsgraph until it returns.
# What happens: in background mode Cycles frees it within its render, to save memory, unless
# `use_persistent_data` is on; what is asked of it afterwards is answered as if nothing were there.
# Output:
#   saw: use_persistent_data=False: 3 instances before, 0 after
#   saw: use_persistent_data=True: 3 instances before, 3 after
#
# Here: where instances are is looked up before Cycles renders, and told apart by what it gave only
# afterwards (btb/cycles.py, btb/passes/instances.py).
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3.11}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check bpy==4.5.15
cat >"$folder/finding.py" <<'END'
import bpy, cycles

scene = bpy.context.scene
scene.render.engine = "CYCLES"
scene.cycles.samples = 1
scene.cycles.use_denoising = False
scene.render.resolution_x = scene.render.resolution_y = 16
original, counts = cycles.CyclesRender.render, []

def render(self, depsgraph):
    before = len(depsgraph.object_instances)
    original(self, depsgraph)
    counts.append((before, len(depsgraph.object_instances)))

cycles.CyclesRender.render = render
for keep in (False, True):
    scene.render.use_persistent_data = keep
    bpy.ops.render.render()
    before, after = counts[-1]
    print(f"saw: use_persistent_data={keep}: {before} instances before, {after} after")
(before, after), (kept_before, kept_after) = counts
assert before == 3 and after == 0, counts
assert kept_before == kept_after == 3, counts
END
"$folder/venv/bin/python" "$folder/finding.py" >"$folder/said"
grep '^saw: ' "$folder/said"
