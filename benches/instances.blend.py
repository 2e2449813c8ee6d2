"""Draws for `instances.py`: pictures in the seconds that follow a moment which a file names.

    instances.blend.py ENGINE --seconds 6 --start FILE

ENGINE is Blender's, as `btb.Renderer` takes it. 640 x 480, 1 sample; `WORKBENCH` draws 20 monkeys,
others the demo's cube. Everything moves before each picture. Says `@@ready`, and then, as JSON, how
many pictures there were, the processor seconds of them, and the process's most memory.
"""

import argparse
import json
import resource
import sys
import time
from pathlib import Path

import bpy
import numpy as np
from blendtorch import btb

HERE = Path(__file__).resolve().parent
sys.path += [str(HERE), str(HERE.parent / "examples/datagen")]
import blend_parts  # noqa: E402
import cubes  # noqa: E402


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("engine")
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--start", type=Path, required=True)
    opts = parser.parse_args(sys.argv[sys.argv.index("--") + 1 :])
    scene = cubes.empty_scene(640, 480)
    rng = np.random.default_rng(0)
    if opts.engine == "WORKBENCH":
        moving = blend_parts.monkeys(rng)
        camera = cubes.camera((0, -12, 0), (0, 0, 0))
    else:
        moving = [cubes.colored_cube("cube")]
        bpy.ops.object.light_add(type="SUN", rotation=(0.6, 0.3, 0))
        camera = cubes.camera((6, -6, 5), (0, 0, 0))
    scene.render.threads_mode, scene.render.threads = "FIXED", 1
    samples = None if opts.engine == "WORKBENCH" else 1
    renderer = btb.Renderer(("image",), engine=opts.engine, samples=samples, camera=camera)

    def picture():
        for obj in moving:
            obj.rotation_euler = rng.uniform(-3, 3, 3)
        renderer.render()

    picture()
    picture()
    start = blend_parts.ready(opts.start)
    pictures, cpu = 0, time.process_time()
    while time.monotonic() < start + opts.seconds:
        picture()
        pictures += 1
    seconds = time.monotonic() - start
    used = time.process_time() - cpu
    memory = 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    said = {"pictures": pictures, "seconds": seconds, "cpu": used, "memory": memory}
    print("@@" + json.dumps(said), flush=True)


main()
