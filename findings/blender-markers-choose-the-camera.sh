#!/bin/sh
# A change of any marker of the timeline makes Blender choose the scene's camera at once.
#
# Seen with bpy 4.5.15 on Python 3.11, Linux.
# It needs no GPU and no display.
#
# A good guess: a marker's camera becomes the scene's when the frame changes; a script that has set
# scene.camera since keeps it, and a marker of a frame far away does nothing now.
# What happens: setting `camera` of any marker, also to what it is already, makes the camera that is
# bound at the current frame the scene's, immediately.
# Output:
#   saw: in frame 10 scene.camera is 'early'; set by hand: 'mine'
#   saw: after the marker of frame 100 got the camera it had: 'early'
#
# Here: renders by another camera unbind all markers for that time, and choose the scene's camera
# last, before and after (btb/settings.py).
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3.11}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check bpy==4.5.15
cat >"$folder/finding.py" <<'END'
import bpy

scene = bpy.context.scene

def camera(name):
    made = bpy.data.objects.new(name, bpy.data.cameras.new(name))
    scene.collection.objects.link(made)
    return made

early, late, mine = camera("early"), camera("late"), camera("mine")
scene.timeline_markers.new("first", frame=1).camera = early
scene.timeline_markers.new("last", frame=100).camera = late
scene.frame_set(10)
bound = scene.camera.name
scene.camera = mine
by_hand = scene.camera.name
print(f"saw: in frame 10 scene.camera is {bound!r}; set by hand: {by_hand!r}")
scene.timeline_markers["last"].camera = late
after = scene.camera.name
print(f"saw: after the marker of frame 100 got the camera it had: {after!r}")
assert (bound, by_hand, after) == ("early", "mine", "early")
END
"$folder/venv/bin/python" "$folder/finding.py" >"$folder/said"
grep '^saw: ' "$folder/said"
