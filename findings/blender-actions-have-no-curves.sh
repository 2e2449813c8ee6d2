#!/bin/sh
# In Blender 5.0 an action has no fcurves, and a scene no node_tree: what they were is elsewhere.
#
# Seen with bpy 5.0.1 on Python 3.11, Linux. It needs no GPU and no display.
#
# A good guess: what 4.5's reference calls legacy still works: action.fcurves for the curves of an
# action, which every script that writes keys by the thousand uses, and scene.node_tree for the
# compositor.
# What happens: both are gone. Curves are in an action's layer, strip and channel bag of a slot, and
# the compositor's nodes are a group that the scene names. scene.use_nodes is still there, and setting
# it makes no nodes.
# Output:
#   saw: action.fcurves: gone
#   saw: scene.node_tree: gone, also after scene.use_nodes = True
#   saw: scene.compositing_node_group: None until one is given
#   saw: keys by way of layer, strip and channel bag: 0.25 half-way
#
# Here: keys and glare go by what a Blender has (python/blendtorch/btb/network/bake.py, glare.py).
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3.11}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check bpy==5.0.1
cat >"$folder/finding.py" <<'END'
import bpy

scene, cube = bpy.context.scene, bpy.data.objects["Cube"]
action = bpy.data.actions.new("keys")
curves = hasattr(action, "fcurves")
print("saw: action.fcurves:", "there" if curves else "gone")
scene.use_nodes = True
tree = hasattr(scene, "node_tree")
print(f"saw: scene.node_tree: {'there' if tree else 'gone, also after scene.use_nodes = True'}")
group = scene.compositing_node_group
print("saw: scene.compositing_node_group:", group and group.name, "until one is given")
slot = action.slots.new("OBJECT", "cube")
bag = action.layers.new("layer").strips.new(type="KEYFRAME").channelbag(slot, ensure=True)
curve = bag.fcurves.new("color", index=0)
curve.keyframe_points.add(2)
curve.keyframe_points.foreach_set("co", [0.0, 0.0, 10.0, 0.5])
curve.update()
cube.animation_data_create().action = action
cube.animation_data.action_slot = slot
scene.frame_set(5)
print(f"saw: keys by way of layer, strip and channel bag: {cube.color[0]:.2f} half-way")
assert not curves and not tree and group is None and abs(cube.color[0] - 0.25) < 1e-6
END
"$folder/venv/bin/python" "$folder/finding.py" >"$folder/said" 2>"$folder/noise" ||
    { tail -5 "$folder/noise" >&2; exit 1; }
grep '^saw: ' "$folder/said"
