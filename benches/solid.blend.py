"""What pictures of solid surfaces take, drawn by ourselves and by Blender, in one process.

    solid.blend.py SCENE --seconds 4 --phases 4 --start FILE

SCENE is `empty`, `monkeys` (20 of them), `cube` (the demo's, 640 × 480), or `passes`: image, depth,
normals and ids of the monkeys. Everything moves before each frame. With `--phases` whole phases are
drawn one way, then the other, in the time that the file names: so many processes are in the same
one at a time. Without, ten frames of each take turns. Prints a line of JSON.
"""

import argparse
import json
import sys
import time
from pathlib import Path

import bpy
import gpu
import numpy as np
from blendtorch import btb
from blendtorch.btb.solid.picture import Solid

HERE = Path(__file__).resolve().parent
sys.path += [str(HERE), str(HERE.parent / "examples/datagen")]
import blend_parts  # noqa: E402
import cubes  # noqa: E402

OURS = Solid.draw
PASSES = ("image", "depth", "normal", "instance")


def refuse(solid, *_args, **_more):
    """Leaves a picture to Blender."""
    solid.reason = "measured"
    return False


class Scene:
    """Things that move, and a renderer."""

    def __init__(self, name):
        scene = cubes.empty_scene(640, 480)
        scene.render.engine = "BLENDER_WORKBENCH"
        self.rng = np.random.default_rng(0)
        self.moving = []
        if name in ("monkeys", "passes"):
            self.moving += blend_parts.monkeys(self.rng)
        elif name == "cube":
            self.moving.append(cubes.colored_cube("cube"))
        cam = cubes.camera((6, -6, 5) if name == "cube" else (0, -12, 0), (0, 0, 0))
        if name == "passes":
            self.renderer = btb.Renderer(passes=PASSES, engine="WORKBENCH", camera=cam)
        else:
            self.renderer = btb.OffScreenRenderer(cam)
            self.renderer.set_render_style("RENDERED" if name == "cube" else "SOLID")
        layout = self.renderer.layout()
        make = np.empty
        many = isinstance(layout, dict)
        self.out = {key: make(*one) for key, one in layout.items()} if many else make(*layout)

    def frame(self, ours):
        """Draws one, and gives what it took of the processor and of the clock."""
        for obj in self.moving:
            obj.rotation_euler = self.rng.uniform(-3, 3, 3)
        Solid.draw = OURS if ours else refuse
        cpu, wall = time.process_time(), time.perf_counter()
        self.renderer.render(self.out)
        return 1e3 * (time.process_time() - cpu), 1e3 * (time.perf_counter() - wall)


def in_turns(scene, frames):
    """Milliseconds of processor time of each way: a few frames of one, then of the other, of which
    the first two may have to make anew what the other way does not keep."""
    took = {True: [], False: []}
    for _ in range(max(frames // 8, 1)):
        for ours in (True, False):
            took[ours] += [scene.frame(ours)[0] for _ in range(10)][2:]
    return {"ours": took[True], "view": took[False]}


def in_phases(scene, opts):
    """Frames of each phase: ours and Blender's take turns."""
    for ours in (True, False, True, False):
        scene.frame(ours)
    start = blend_parts.ready(opts.start)
    counts = [0] * opts.phases
    while (phase := int((time.monotonic() - start) // opts.seconds)) < opts.phases:
        scene.frame(phase % 2 == 0)
        counts[phase] += 1
    return {"ours": counts[::2], "view": counts[1::2]}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("scene", choices=["empty", "monkeys", "cube", "passes"])
    parser.add_argument("--frames", type=int, default=30, help="of each way")
    parser.add_argument("--phases", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=3.0, help="of a phase")
    parser.add_argument("--start", type=Path, help="a file with the time when the first begins")
    opts = parser.parse_args(sys.argv[sys.argv.index("--") + 1 :] if "--" in sys.argv else None)
    scene = Scene(opts.scene)
    said = in_phases(scene, opts) if opts.phases else in_turns(scene, opts.frames)
    renderer = gpu.platform.renderer_get()
    said |= {"blender": bpy.app.version_string, "renderer": renderer}
    print("@@" + json.dumps(said), flush=True)


main()
