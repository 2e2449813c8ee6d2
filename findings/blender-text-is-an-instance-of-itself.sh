#!/bin/sh
# The surface of a text object stands among the depsgraph's instances as an instance of itself.
#
# Seen with bpy 4.5.15 on Python 3.11, Linux.
# It needs no GPU and no display.
#
# A good guess: what has is_instance set is a copy of another object; an object of its own has one
# entry.
# What happens: a text has two entries: its curve, and a mesh with is_instance set whose parent is
# the text itself.
# Output:
#   saw: entries of a text object (type, is_instance, parent): [('FONT', False, None), ('MESH', True, 'words')]
#
# Here: `btb.Camera.visibility` would take a text for something that stands before it
# (btb/drawn.py).
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3.11}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check bpy==4.5.15
cat >"$folder/finding.py" <<'END'
import bpy

curve = bpy.data.curves.new("words", "FONT")
curve.body = "words"
text = bpy.data.objects.new("words", curve)
bpy.context.scene.collection.objects.link(text)
depsgraph = bpy.context.evaluated_depsgraph_get()
lines = []
for one in depsgraph.object_instances:
    if one.object.original == text:
        parent = one.parent.original.name if one.parent else None
        lines.append((one.object.type, one.is_instance, parent))
print("saw: entries of a text object (type, is_instance, parent):", lines)
assert ("MESH", True, "words") in lines, lines
END
"$folder/venv/bin/python" "$folder/finding.py" >"$folder/said"
grep '^saw: ' "$folder/said"
