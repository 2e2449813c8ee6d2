#!/bin/sh
# The render operator's argument `layer` does not choose the view layer in background mode.
#
# Seen with bpy 4.5.15 on Python 3.11, Linux.
# It needs no GPU and no display.
#
# A good guess: bpy.ops.render.render(layer=NAME) renders that view layer alone.
# What happens: every view layer whose `use` is set is rendered, whatever was asked for; only
# `use` chooses.
# Output:
#   saw: asked for 'second', rendered: ['first', 'second']
#   saw: with first.use = False, rendered: ['second']
#
# Here: `btb.Renderer` switches the other layers off for its renders, `btb.CompositeRenderer`
# refuses one that is not used.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3.11}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check bpy==4.5.15
cat >"$folder/finding.py" <<'END'
import bpy

seen = []

class Recorder(bpy.types.RenderEngine):
    bl_idname = "RECORDER"
    bl_label = "Recorder"

    def render(self, depsgraph):
        seen.append(depsgraph.view_layer_eval.name)

bpy.utils.register_class(Recorder)
scene = bpy.context.scene
scene.render.engine = "RECORDER"
scene.render.resolution_x = scene.render.resolution_y = 8
scene.view_layers[0].name = "first"
scene.view_layers.new("second")
bpy.ops.render.render(layer="second", scene=scene.name)
print("saw: asked for 'second', rendered:", seen)
both = list(seen)
seen.clear()
scene.view_layers["first"].use = False
bpy.ops.render.render(scene=scene.name)
bpy.utils.unregister_class(Recorder)
print("saw: with first.use = False, rendered:", seen)
assert both == ["first", "second"] and seen == ["second"], (both, seen)
END
"$folder/venv/bin/python" "$folder/finding.py" >"$folder/said"
grep '^saw: ' "$folder/said"
