#!/bin/sh
# A script cannot give a new point cloud points: it has to convert a mesh.
#
# Seen with bpy 4.5.15 on Python 3.11, Linux. bpy 5.0.1 does the same. It needs no GPU and no display.
#
# A good guess: bpy.data.pointclouds.new() and then as many points as wanted, as
# bpy.data.hair_curves.new() and its add_curves() do, or as meshes and their vertices.add().
# What happens: a new point cloud has no points and nothing to add any. An object with a mesh of
# vertices alone is converted by an operator, which needs it selected and active; a mesh's own
# attributes of points come along, and "radius" where it has one, else there is none.
# Output:
#   saw: a new point cloud has 0 points; resize, add: no, no
#   saw: a mesh of 3 vertices becomes a cloud of 3 points with cell_id 7, 8, 9
#   saw: its attributes: cell_id, position
#
# Here: clouds of cells are made so, once (python/blendtorch/btb/network/points.py).
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3.11}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check bpy==4.5.15
cat >"$folder/finding.py" <<'END'
import bpy

cloud = bpy.data.pointclouds.new("cloud")
ways = {
    "resize": hasattr(cloud, "resize") or hasattr(cloud.points, "resize"),
    "add": hasattr(cloud.points, "add"),
}
said = ", ".join("yes" if there else "no" for there in ways.values())
print(f"saw: a new point cloud has {len(cloud.points)} points; {', '.join(ways)}: {said}")

mesh = bpy.data.meshes.new("mesh")
mesh.vertices.add(3)
mesh.attributes.new("cell_id", "INT", "POINT").data.foreach_set("value", [7, 8, 9])
made = bpy.data.objects.new("mesh", mesh)
bpy.context.scene.collection.objects.link(made)
for one in bpy.context.selected_objects:
    one.select_set(False)
made.select_set(True)
bpy.context.view_layer.objects.active = made
bpy.ops.object.convert(target="POINTCLOUD")
ids = [one.value for one in made.data.attributes["cell_id"].data]
print(f"saw: a mesh of 3 vertices becomes a cloud of {len(made.data.points)} points with cell_id",
      ", ".join(map(str, ids)))
names = sorted(name for name in made.data.attributes.keys() if name[0] != ".")
print("saw: its attributes:", ", ".join(names))
assert not any(ways.values()) and len(cloud.points) == 0 and ids == [7, 8, 9], (ways, ids)
END
"$folder/venv/bin/python" "$folder/finding.py" >"$folder/said"
grep '^saw: ' "$folder/said"
