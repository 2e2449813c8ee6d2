"""Runs in Blender: does what it is asked for, a line of JSON each, and says what that took.

    networks.blend.py plain|ours

A line on stdin is `{"do": NAME, …}`, what a method of that name of `networks_plain.Plain` or
`networks_ours.Ours` takes; the answer is a line that begins with `@@`: processor seconds of the
whole process, wall seconds, and what the method gave back. So two Blenders that are there at the
same time take turns, and neither's start is measured.
"""

import json
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import bpy


def way(name):
    if name == "plain":
        from networks_plain import Plain as Way
    else:
        from networks_ours import Ours as Way
    return Way()


def prepared(width, height):
    """Nothing in the scene, and Workbench without antialiasing."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.context.scene
    scene.render.engine = "BLENDER_WORKBENCH"
    scene.render.resolution_x, scene.render.resolution_y = width, height
    scene.render.resolution_percentage = 100
    scene.display.render_aa = "OFF"


def main():
    there = way(sys.argv[-1])
    prepared(640, 480)
    for line in sys.stdin:
        asked = json.loads(line)
        act = getattr(there, asked.pop("do"))
        wall, cpu = time.perf_counter(), time.process_time()
        result = act(**asked)
        took = {"cpu": time.process_time() - cpu, "wall": time.perf_counter() - wall}
        print("@@" + json.dumps({**took, "result": result}), flush=True)


main()
