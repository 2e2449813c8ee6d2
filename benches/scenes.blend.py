"""Renders all the time and publishes in half of it, for the benches.

Time is cut into phases, the same ones for all instances: when the first begins, the bench writes
into the file `--start`. In half of them each frame is published; in the others it is rendered as
well, and nothing is published. A frame belongs to the phase in which it starts. Before the first
phase frames are published too, while shaders are compiled and queues fill.

At the end it writes a list to `--report`, an object for each phase: its frames and their seconds,
the processor seconds of this process, and the seconds of each stage.
"""

import argparse
import json
import time
from pathlib import Path

import bpy
import gpu
import numpy as np
from blendtorch import btb
from blendtorch.btb import cycles, runtime

WARM_UP = 5
# Of four phases: neither way is always the first of a pair.
PUBLISHING = (True, False, False, True)
now = time.monotonic


def options(arguments):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--engine", choices=["WORKBENCH", "EEVEE", "CYCLES"], required=True)
    parser.add_argument("--arrays", action="store_true", help="publish arrays instead of drafts")
    parser.add_argument("--size", type=int, nargs=2, default=(640, 480), help="width and height")
    parser.add_argument("--samples", type=int, help="of EEVEE and Cycles")
    parser.add_argument("--phases", type=int, required=True)
    parser.add_argument("--seconds", type=float, required=True, help="of a phase")
    parser.add_argument("--start", type=Path, required=True)
    parser.add_argument("--report", type=Path, required=True)
    return parser.parse_args(arguments)


class Scene:
    """A floor, and a sphere and a cube that are somewhere else in each frame."""

    def __init__(self, size):
        for obj in list(bpy.data.objects):
            bpy.data.objects.remove(obj)
        render = bpy.context.scene.render
        render.resolution_x, render.resolution_y = size
        render.resolution_percentage = 100
        # Cycles keeps its default of a thread for each core: with one alone, others spin.
        render.use_persistent_data = True
        bpy.ops.mesh.primitive_plane_add(size=20)
        bpy.ops.mesh.primitive_uv_sphere_add(segments=64, ring_count=32)
        self.moving = [bpy.context.active_object]
        bpy.ops.mesh.primitive_cube_add()
        self.moving.append(bpy.context.active_object)
        camera = bpy.data.objects.new("camera", bpy.data.cameras.new("camera"))
        sun = bpy.data.objects.new("sun", bpy.data.lights.new("sun", "SUN"))
        sun.rotation_euler = (0.6, 0.3, 0)
        for obj in (camera, sun):
            bpy.context.scene.collection.objects.link(obj)
        bpy.context.scene.camera = camera
        btb.Camera().look_at((0, 0, 1), (0, -9, 4))
        self.begin(0)

    def begin(self, seed):
        self.rng = np.random.default_rng(seed)

    def randomise(self):
        for obj in self.moving:
            obj.location = (*self.rng.uniform(-2, 2, size=2), 1)
            obj.rotation_euler = self.rng.uniform(-3, 3, size=3)


class Timed:
    """Takes the time of what an `OffScreenRenderer` draws: `seconds` went into it."""

    def __init__(self, renderer):
        self.offscreen, self.draw = renderer.offscreen, renderer._draw
        self.pixel = gpu.types.Buffer("UBYTE", 4)
        self.seconds = 0.0
        renderer._draw = self.timed

    def timed(self, *args, **kwargs):
        start = now()
        self.draw(*args, **kwargs)
        # A driver may draw no sooner than somebody reads. One pixel is read here, so that what is
        # left to the renderer is to read, and not to wait for the drawing.
        with self.offscreen.bind():
            framebuffer = gpu.state.active_framebuffer_get()
            framebuffer.read_color(0, 0, 1, 1, 4, 0, "UBYTE", data=self.pixel)
        self.seconds += now() - start


class View:
    """An `OffScreenRenderer`, with the style SOLID of Workbench."""

    def __init__(self):
        bpy.context.scene.render.engine = "BLENDER_WORKBENCH"
        self.off = btb.OffScreenRenderer()
        self.off.set_render_style("SOLID")
        self.timed = Timed(self.off)

    def layout(self):
        return {"image": self.off.layout()}

    def render(self, out=None):
        return {"image": self.off.render(out=out and out["image"])}

    def drawing(self):
        """Seconds of drawing so far, of those of `render`."""
        return self.timed.seconds


class Passes:
    """A `Renderer` of images."""

    def __init__(self, engine, samples):
        self.renderer = btb.Renderer(("image",), engine=engine, samples=samples, mode="rgba")
        self.layout, self.render = self.renderer.layout, self.renderer.render
        if engine == "CYCLES":
            self.tracing, self.reading = 0.0, 0.0
            self.take_time(cycles, "render", "tracing")
            self.take_time(runtime, "read_pass", "reading")
        else:
            self.timed = Timed(self.renderer._drawn)

    def take_time(self, module, name, counter):
        function = getattr(module, name)

        def timed(*args, **kwargs):
            start = now()
            result = function(*args, **kwargs)
            setattr(self, counter, getattr(self, counter) + now() - start)
            return result

        setattr(module, name, timed)

    def drawing(self):
        """Seconds of drawing so far, of those of `render`."""
        if self.renderer.engine == "CYCLES":
            return self.tracing - self.reading  # Passes are read before Cycles returns.
        return self.timed.seconds


class Frames:
    """Makes frames, and adds up what each stage takes."""

    def __init__(self, scene, view, pub, arrays):
        self.scene, self.view, self.pub, self.arrays = scene, view, pub, arrays
        self.count = 0
        self.randomising, self.rendering, self.publishing = 0.0, 0.0, 0.0
        # As large as what is rendered into in turn when drafts are published.
        self.kept = {name: np.empty(*layout) for name, layout in view.layout().items()}

    def make(self, publish):
        start = now()
        self.scene.randomise()
        moved = now()
        if publish and not self.arrays:
            with self.pub.begin(**self.view.layout()) as draft:
                begun = now()
                self.view.render(draft)
                rendered = now()
                draft.publish(frameid=self.count)
        else:
            begun = moved
            # Kept until the next one is made, as in a script that does more with it.
            self.kept = self.view.render(None if self.arrays else self.kept)
            rendered = now()
            if publish:
                self.pub.publish(frameid=self.count, **self.kept)
        self.count += 1
        self.randomising += moved - start
        self.rendering += rendered - begun
        self.publishing += begun - moved + now() - rendered

    def totals(self):
        """Of all frames so far."""
        drawing, stats = self.view.drawing(), self.pub.stats()
        waiting = stats["blocked"] + stats["waited"]
        return {
            "frames": self.count,
            "seconds": now(),
            "cpu": time.process_time(),
            "randomise": self.randomising,
            "render": drawing,
            "read_back": self.rendering - drawing,
            "publish": self.publishing - waiting,
            "wait": waiting,
        }


class Phases:
    """Which phase it is: -1 before the first."""

    def __init__(self, start, seconds):
        self.file, self.seconds = start, seconds
        self.start = None

    def current(self):
        if self.start is None and self.file.exists():
            self.start = float(self.file.read_text())
        since = -1 if self.start is None else now() - self.start
        return max(int(since // self.seconds), -1)


def main():
    btargs, remainder = btb.parse_blendtorch_args()
    opts = options(remainder)
    scene = Scene(opts.size)
    view = View() if opts.engine == "WORKBENCH" else Passes(opts.engine, opts.samples)
    pub = btb.DataPublisher(btargs.btsockets["DATA"], btargs.btid, lingerms=60_000)
    frames = Frames(scene, view, pub, opts.arrays)
    for _ in range(WARM_UP):
        frames.make(publish=False)
    phases = Phases(opts.start, opts.seconds)
    report = [{"publishing": PUBLISHING[i % 4], "frames": 0} for i in range(opts.phases)]
    phase, before = -1, frames.totals()
    while phase < opts.phases:
        frames.make(publish=phase < 0 or PUBLISHING[phase % 4])
        if (current := phases.current()) == phase:
            continue
        totals = frames.totals()
        if phase >= 0:
            report[phase] |= {name: totals[name] - before[name] for name in totals}
        phase, before = current, totals
        # The two phases of a round show the same: what is seen is what a frame costs.
        scene.begin((btargs.btid, phase // 2 + 1))
    opts.report.write_text(json.dumps(report))
    pub.close()


main()
