"""What scripts share that Blenders run for benches: a scene, and the moment when all begin."""

import time

import bpy


def monkeys(rng, count=20):
    """So many of them, every other one smooth, each with a colour of its own."""
    made = []
    for number in range(count):
        place, turn = rng.uniform(-3, 3, 3), rng.uniform(-3, 3, 3)
        bpy.ops.mesh.primitive_monkey_add(location=place, rotation=turn)
        obj = bpy.context.object
        smooth = [number % 2 == 0] * len(obj.data.polygons)
        obj.data.polygons.foreach_set("use_smooth", smooth)
        material = bpy.data.materials.new("material")
        material.diffuse_color = (*rng.uniform(0, 1, 3), 1.0)
        obj.data.materials.append(material)
        made.append(obj)
    return made


def ready(start):
    """Says so, and gives the moment (of `time.monotonic`) that is in the file `start`, once it is
    there and the moment has come: as `blender_scripts.together` has it."""
    print("@@ready", flush=True)
    while not start.exists():
        time.sleep(0.01)
    begins = float(start.read_text())
    time.sleep(max(begins - time.monotonic(), 0))
    return begins
