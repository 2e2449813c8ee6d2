"""The scene that fleets of renderers are measured with, and the bare loop beside which they are.

    python fleet.blend.py scene FILE.blend [--cubes]
    python fleet.blend.py bare FILE.blend --frames 60 --skip 10 [--size 1920 1080] [--all]

A Python with the bpy module runs it; nothing of blendtorch is used. `bare` renders frame after
frame with those passes enabled that a fleet writes, and writes nothing. Its last line is an object
of JSON: seconds and processor seconds of a frame after the first `--skip` of them, and the peak of
memory.

With cubes alone, whose faces are flat, previews cost VisionSim more: it compresses them as well as
zlib can, which takes longest for what has few colours.
"""

import argparse
import json
import math
import resource
import sys
import time
from pathlib import Path

import bpy

SIDE = 6
LAST_FRAME = 250
# Those of the files that VisionSim writes, and those of all that `blendtorch render` can.
FOUR = ("z", "normal", "vector", "object_index")
ALL = (
    *FOUR,
    *("material_index", "position", "emit"),
    *(
        f"{kind}_{part}"
        for kind in ("diffuse", "glossy")
        for part in ("direct", "indirect", "color")
    ),
    *("cryptomatte_object", "cryptomatte_material"),
)


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=["scene", "bare"])
    parser.add_argument("file", type=Path)
    parser.add_argument("--frames", type=int, default=60)
    parser.add_argument("--skip", type=int, default=10, help="frames before those that count")
    parser.add_argument("--size", type=int, nargs=2, help="width and height")
    parser.add_argument("--all", action="store_true", help="every pass")
    parser.add_argument("--cubes", action="store_true", help="instead of spheres, heads and rings")
    return parser.parse_args()


def material(number: int) -> bpy.types.Material:
    made = bpy.data.materials.new(f"material {number}")
    made.use_nodes = True
    shader = made.node_tree.nodes["Principled BSDF"]
    hue = 2 * math.pi * number / SIDE
    colour = [0.5 + 0.4 * math.cos(hue + shift) for shift in (0, 2, 4)]
    shader.inputs["Base Color"].default_value = (*colour, 1)
    shader.inputs["Roughness"].default_value = 0.2 + 0.1 * number
    return made


def shape(number: int, location: tuple[float, float, float], *, cubes: bool) -> bpy.types.Object:
    """One of three, or a cube."""
    match number % 3:
        case _ if cubes:
            bpy.ops.mesh.primitive_cube_add(size=0.9)
        case 0:
            bpy.ops.mesh.primitive_uv_sphere_add(segments=32, ring_count=16, radius=0.6)
            bpy.ops.object.shade_smooth()
        case 1:
            bpy.ops.mesh.primitive_monkey_add(size=1.2)
        case _:
            bpy.ops.mesh.primitive_torus_add(major_radius=0.5, minor_radius=0.2)
    made = bpy.context.active_object
    made.name = f"object {number}"
    made.location = location
    return made


def make(path: Path, *, cubes: bool) -> None:
    """36 objects, 35 of them move and turn; a camera that goes past them, Cycles, two samples."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.context.scene
    scene.frame_start, scene.frame_end, scene.frame_step = 1, LAST_FRAME, 1
    render = scene.render
    render.engine = "CYCLES"
    render.resolution_x, render.resolution_y, render.resolution_percentage = 320, 240, 100
    render.image_settings.file_format = "PNG"
    render.image_settings.color_mode = "RGB"
    cycles = scene.cycles
    cycles.device, cycles.samples, cycles.seed = "CPU", 2, 0
    cycles.use_denoising = cycles.use_adaptive_sampling = False
    scene.world = bpy.data.worlds.new("world")
    scene.world.use_nodes = True
    # A floor, and objects on it: 36 of them.
    bpy.ops.mesh.primitive_plane_add(size=40)
    bpy.context.active_object.name = "object 0"
    materials = [material(number) for number in range(SIDE)]
    bpy.context.active_object.data.materials.append(materials[0])
    for number in range(1, SIDE * SIDE):
        x, y = number % SIDE - 2.5, number // SIDE - 2.5
        made = shape(number, (1.6 * x, 1.6 * y, 0.7), cubes=cubes)
        made.data.materials.append(materials[number % SIDE])
        for frame, turn in ((1, 0), (LAST_FRAME, 4 * math.pi)):
            made.location.z = 0.7 + (0.8 if frame > 1 else 0) * (number % 4) / 3
            made.rotation_euler = (0, turn * (number % 3) / 3, turn)
            made.keyframe_insert("location", frame=frame)
            made.keyframe_insert("rotation_euler", frame=frame)
    sun = bpy.data.objects.new("sun", bpy.data.lights.new("sun", "SUN"))
    sun.rotation_euler, sun.data.energy = (0.6, 0.3, 0), 3
    camera = bpy.data.objects.new("camera", bpy.data.cameras.new("camera"))
    scene.collection.objects.link(sun)
    scene.collection.objects.link(camera)
    scene.camera = camera
    camera.data.lens = 35
    camera.rotation_euler = (math.radians(60), 0, 0)
    for frame, x in ((1, -2), (LAST_FRAME, 2)):
        camera.location = (x, -10, 6.5)
        camera.keyframe_insert("location", frame=frame)
    bpy.ops.wm.save_as_mainfile(filepath=str(path.resolve()))


def bare(opts: argparse.Namespace) -> dict[str, float]:
    bpy.ops.wm.open_mainfile(filepath=str(opts.file.resolve()))
    scene, layer = bpy.context.scene, bpy.context.view_layer
    if opts.size:
        scene.render.resolution_x, scene.render.resolution_y = opts.size
    # As both fleets do.
    scene.render.use_persistent_data = True
    for name in ALL if opts.all else FOUR:
        setattr(layer, f"use_pass_{name}", True)
    start = cpu = 0.0
    for number in range(opts.frames):
        if number == opts.skip:
            start, cpu = time.monotonic(), time.process_time()
        scene.frame_set(scene.frame_start + number)
        bpy.ops.render.render()
    frames = opts.frames - opts.skip
    return {
        "seconds": (time.monotonic() - start) / frames,
        "cpu": (time.process_time() - cpu) / frames,
        "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
    }


def main() -> None:
    opts = options()
    if opts.what == "scene":
        make(opts.file, cubes=opts.cubes)
    else:
        told = bare(opts)
        sys.stdout.flush()
        print(json.dumps(told))


if __name__ == "__main__":
    main()
