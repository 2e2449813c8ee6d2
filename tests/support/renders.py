"""`blendtorch render` over scenes of its tests, and what lies in its folders."""

import json
import os
import sqlite3
import subprocess
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import OpenEXR

from support import HANG_S
from support.processes import eventually, has_ended
from support.programs import Run, program
from support.runtimes import Runtime

LEDGER = "ledger.sqlite"
JOB = "render.job.json"

# Passes of renders that are compared.
BALL = ["-p", "frames,depths,flows,segmentations", "--previews"]
FRAMES = set(range(1, 9))

# What a scene does to its Blender, where its script may run: by the environment. `sleeps` may be a
# list, for each worker. Within a render nothing is done: flows have Blender play frames beside it.
ACTS = """
import json, os, signal, sys, time
import bpy

told = json.loads(os.environ.get("ACTS", "{}"))
held = []

def once(name, number):
    place = told.get("once")
    if place is None:
        return True
    try:
        open(f"{place}/{name}-{number}", "x").close()
    except FileExistsError:
        return False
    return True

def within_a_render():
    at = sys._getframe()
    while at is not None and at.f_code.co_name != "render":
        at = at.f_back
    return at is not None

@bpy.app.handlers.persistent
def acts(scene, *_):
    frame = scene.frame_current
    if within_a_render():
        return
    if frame in told.get("dies", ()) and once("dies", frame):
        os.kill(os.getpid(), signal.SIGKILL)
    if frame in told.get("hangs", ()) and once("hangs", frame):
        time.sleep(1000)
    held.append(bytearray(os.urandom(1 << 20)) * told.get("leaks", 0))
    sleeps = told.get("sleeps", 0)
    time.sleep(sleeps[mine] if isinstance(sleeps, list) else sleeps)

if told.get("opening") and once("opening", 0):
    os.kill(os.getpid(), signal.SIGKILL)
mine = int(sys.argv[sys.argv.index("-btid") + 1]) if "-btid" in sys.argv else None
if mine is not None:
    bpy.app.handlers.frame_change_pre.append(acts)
"""

# All scenes; `folder` is where they go.
SCENES = """
import math, os

def begin(frames=8):
    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.context.scene
    scene.render.engine = "CYCLES"
    scene.cycles.samples, scene.cycles.use_denoising = 1, False
    scene.render.resolution_x, scene.render.resolution_y = 48, 32
    scene.frame_start, scene.frame_end = 1, frames
    bpy.ops.mesh.primitive_plane_add(size=20)
    bpy.ops.mesh.primitive_uv_sphere_add(segments=16, ring_count=8)
    ball = bpy.context.object
    ball.name = "Ball"
    for frame, x in ((1, -2), (frames, 2)):
        ball.location = (x, 0, 1)
        ball.keyframe_insert("location", frame=frame)
    sun = bpy.data.objects.new("Sun", bpy.data.lights.new("Sun", "SUN"))
    sun.rotation_euler = (0.5, 0.3, 0)
    camera = bpy.data.objects.new("Camera", bpy.data.cameras.new("Camera"))
    camera.location, camera.rotation_euler = (0, -8, 4), (math.radians(65), 0, 0)
    for one in (sun, camera):
        scene.collection.objects.link(one)
    scene.camera = camera
    return scene, ball

def save(name):
    bpy.ops.wm.save_as_mainfile(filepath=f"{folder}/{name}.blend", compress=False)

begin()
save("ball")

scene, _ = begin()
text = bpy.data.texts.new("acts.py")
text.write(acts)
text.use_module = True
save("acts")

scene, _ = begin()
scene.camera = None
save("no_camera")

scene, _ = begin(2)
bpy.ops.mesh.primitive_cube_add()
bpy.context.object.name = "Linked"
bpy.data.libraries.write(f"{folder}/library.blend", {bpy.context.object})
scene, ball = begin(2)
with bpy.data.libraries.load(f"{folder}/library.blend", link=True) as (theirs, ours):
    ours.objects = ["Linked"]
scene.collection.objects.link(ours.objects[0])
open(f"{folder}/gone.png", "w").close()
image = bpy.data.images.new("gone", 4, 4)
image.filepath_raw = f"{folder}/texture.png"
image.file_format = "PNG"
image.save()
image = bpy.data.images.load(f"{folder}/texture.png")
material = bpy.data.materials.new("Painted")
material.use_nodes = True
node = material.node_tree.nodes.new("ShaderNodeTexImage")
node.image = image
material.node_tree.links.new(
    node.outputs["Color"], material.node_tree.nodes["Principled BSDF"].inputs["Base Color"])
ball.data.materials.append(material)
save("missing")
os.remove(f"{folder}/library.blend")
os.remove(f"{folder}/texture.png")

scene, _ = begin(12)
bpy.ops.rigidbody.world_add()
bpy.context.view_layer.objects.active = bpy.data.objects["Plane"]
bpy.ops.rigidbody.object_add(type="PASSIVE")
for n in range(2):
    bpy.ops.mesh.primitive_cube_add(size=1, location=(0.3 * n, 0, 1.2 + 1.1 * n))
    bpy.ops.rigidbody.object_add(type="ACTIVE")
save("bodies")

scene, _ = begin(2)
scene.use_nodes = True
tree = scene.node_tree
tree.nodes.clear()
layers = tree.nodes.new("CompositorNodeRLayers")
inverted = tree.nodes.new("CompositorNodeInvert")
out = tree.nodes.new("CompositorNodeComposite")
tree.links.new(layers.outputs["Image"], inverted.inputs["Color"])
tree.links.new(inverted.outputs["Color"], out.inputs["Image"])
scene.view_settings.view_transform = "Standard"
scene.render.image_settings.file_format = "PNG"
save("composed")
report()
"""


def make_scenes(runtime: Runtime, folder: Path) -> Path:
    """Makes the scenes; the folder. `none.blend` is text, `cut.blend` the half of a scene."""
    runtime.reported(folder, f"folder = {str(folder)!r}\nacts = {ACTS!r}\n{SCENES}")
    (folder / "none.blend").write_text("no scene")
    whole = (folder / "ball.blend").read_bytes()
    (folder / "cut.blend").write_bytes(whole[: len(whole) // 2])
    return folder


@dataclass(frozen=True)
class Rendered:
    """How a render ended, and what it said."""

    code: int
    said: str

    def well(self) -> "Rendered":
        assert self.code == 0, f"exit {self.code}\n{self.said}"
        return self

    def error(self) -> str:
        """Its one error; it must have ended with 1."""
        assert self.code == 1, f"exit {self.code}\n{self.said}"
        errors = [line for line in self.said.splitlines() if ": error: " in line]
        assert len(errors) == 1, self.said
        return errors[0].partition(": error: ")[2]

    def warnings(self) -> list[str]:
        lines = self.said.splitlines()
        return [line.partition(": warning: ")[2] for line in lines if ": warning: " in line]


def command(scene: Path, out: Path, *words: Any, jobs: int = 1) -> list[Any]:
    """The command line; the scene may be a render.json."""
    return [program("blendtorch"), "render", scene, "-o", out, "--jobs", jobs, *words]


def environment(**variables: str) -> dict[str, str]:
    """What a user has, and these."""
    return {**os.environ, **variables}


def run(words: Iterable[Any], **options: Any) -> Rendered:
    """Runs a program to its end."""
    done = subprocess.run(
        list(map(str, words)),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=HANG_S,
        check=False,
        **options,
    )
    return Rendered(done.returncode, done.stdout + done.stderr)


def render(scene: Path, out: Path, *words: Any, jobs: int = 1, **options: Any) -> Rendered:
    """Renders to the end."""
    return run(command(scene, out, *words, jobs=jobs), **options)


def inspect(out: Path, *words: Any) -> Rendered:
    """`blendtorch inspect`."""
    return run([program("blendtorch"), "inspect", out, *words])


def described(path: Path, scene: Path, **keys: Any) -> Path:
    """A render.json."""
    path.write_text(json.dumps({"scene": str(scene), **keys}))
    return path


def acting(path: Path, scenes: Path, acts: dict[str, Any], **keys: Any) -> Path:
    """A render.json of the scene that acts."""
    given = {"autoexec": True, "env": {"ACTS": json.dumps(acts)}, **keys}
    return described(path, scenes / "acts.blend", **given)


class Going(Run):
    """A render that goes on."""

    def __init__(self, scene: Path, out: Path, *words: Any, jobs: int = 1) -> None:
        self.out = out
        output = out.with_suffix(".txt")
        super().__init__(command(scene, out, *words, jobs=jobs), output)

    def has(self, files: int, folder: str) -> None:
        """Waits until there are so many files."""

        def so() -> bool:
            count = len(list((self.out / folder).glob("*")))
            assert count >= files or self.process.poll() is None, self.said()
            return count >= files

        eventually(f"{files} files are in {folder}", so)

    def blenders(self) -> list[int]:
        """The processes of its workers, in their order."""
        found = {}
        for pid in descendants(self.process.pid):
            words = Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0")
            if "-btid" in words:
                found[int(words[words.index("-btid") + 1])] = pid
        return [found[number] for number in sorted(found)]

    def ends(self, number: int) -> int:
        """Sends it a signal; its exit code. No process of it stays."""
        theirs = descendants(self.process.pid)
        self.process.send_signal(number)
        code = self.process.wait(HANG_S)
        eventually("all its processes have ended", lambda: all(map(has_ended, theirs)))
        return code


def descendants(pid: int) -> list[int]:
    """The processes that it has started, and those that they have."""
    found = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            children = [int(child) for child in task.read_text().split()]
        except (FileNotFoundError, ProcessLookupError):
            continue
        for child in children:
            found += [child, *descendants(child)]
    return found


def files(out: Path) -> dict[str, bytes]:
    """What lies in a folder, by name, but for the ledger and what says which job it is."""
    found = {str(path.relative_to(out)): path for path in out.rglob("*") if path.is_file()}
    return {
        name: path.read_bytes()
        for name, path in sorted(found.items())
        if not name.startswith("ledger.") and name != JOB
    }


def same(out: Path, whole: Path) -> None:
    """All files of two folders have the same names and the same bytes."""
    ours, theirs = files(out), files(whole)
    assert ours.keys() == theirs.keys()
    differ = [name for name in ours if ours[name] != theirs[name]]
    assert not differ, differ


def rows(out: Path, query: str) -> list[tuple[Any, ...]]:
    """What the ledger answers."""
    with sqlite3.connect(f"file:{out / LEDGER}?mode=rw", uri=True) as ledger:
        return ledger.execute(query).fetchall()


def done_frames(out: Path) -> set[int]:
    """Frames of which every file is done, by the ledger."""
    query = "SELECT frame FROM files GROUP BY frame HAVING min(state = 'done')"
    return {frame for (frame,) in rows(out, query)}


def begun(logs: Path) -> Counter[int]:
    """How often workers have begun with each frame, by their logs."""
    began: Counter[int] = Counter()
    for log in logs.glob("*.log"):
        for line in log.read_text().splitlines():
            if "blendtorch: frame " in line:
                began[int(line.rpartition(" ")[2])] += 1
    return began


def channels(path: Path) -> dict[str, np.ndarray]:
    """The channels of an OpenEXR file, by name."""
    with OpenEXR.File(str(path), separate_channels=True) as file:
        return {name: one.pixels for name, one in file.channels().items()}
