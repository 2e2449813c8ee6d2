"""Small `.blend` files to render, whose thing moves in frames 1 to 4, and what lies in a folder."""

import json
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from support.processes import eventually, has_ended
from support.programs import Run
from support.runtimes import Runtime

_MAKE = """
import math

def keyed(owner, path, values, index=-1):
    for frame, value in values.items():
        setattr(owner, path, value) if index < 0 else getattr(owner, path).__setitem__(index, value)
        owner.keyframe_insert(path, index=index, frame=frame)

def scene(name, add, samples=1, camera="PERSP"):
    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.context.scene
    scene.render.engine = "CYCLES"
    scene.cycles.samples, scene.cycles.use_denoising = samples, False
    scene.render.resolution_x, scene.render.resolution_y = 48, 32
    scene.frame_start, scene.frame_end = 1, 4
    scene.frame_current = 3
    add()
    keyed(bpy.context.object, "location", {1: -1, 4: 1}, 0)
    for name_, kind in (("Camera", camera), ("Round", "PANO")):
        data = bpy.data.cameras.new(name_)
        data.type = kind
        obj = bpy.data.objects.new(name_, data)
        scene.collection.objects.link(obj)
        obj.location, obj.rotation_euler = (0, -8, 0), (math.pi / 2, 0, 0)
    scene.camera = bpy.data.objects["Camera"]
    save(name)
    return scene

def save(name):
    bpy.ops.wm.save_as_mainfile(filepath=f"{sys.argv[-1]}/{name}.blend")

scene("monkey", bpy.ops.mesh.primitive_monkey_add)
scene("metaballs", bpy.ops.object.metaball_add)
# Takes about a second a frame.
slow = scene("slow", bpy.ops.mesh.primitive_cube_add)
slow.cycles.samples, slow.frame_end, slow.cycles.use_adaptive_sampling = 800, 40, False
save("slow")
cube = scene("cube", bpy.ops.mesh.primitive_cube_add)
# Frame 3 is seen by a camera that nothing can be rendered with.
for frame, name in ((1, "Camera"), (3, "Round"), (4, "Camera")):
    cube.timeline_markers.new(name, frame=frame).camera = bpy.data.objects[name]
cube.frame_set(1)
save("third")
cube.timeline_markers.clear()
cube.camera = None
save("blind")
report(ok=True)
"""


def make(runtime: Runtime, folder: Path) -> Path:
    """The folder with `monkey`, `cube`, `metaballs`: 48 × 32, one sample of Cycles, frames 1 to 4,
    current frame 3; `slow`: 40 frames of a second or so; `third`: its frame 3 cannot be rendered;
    `blind`: without a camera."""
    folder.mkdir()
    runtime.reported(folder, _MAKE, str(folder))
    return folder


FRAMES = [f"{n:06}.png" for n in (1, 2, 3, 4)]
"""What a whole render of `monkey` leaves in `frames`."""


def files(root: Path, kind: str) -> list[str]:
    """The names of the files of a pass."""
    return sorted(path.name for path in (root / kind).iterdir()) if (root / kind).is_dir() else []


def times(root: Path, kind: str = "frames") -> dict[str, int]:
    """When each file of a pass was written."""
    return {path.name: path.stat().st_mtime_ns for path in (root / kind).iterdir()}


def transforms(root: Path) -> dict[str, Any]:
    """What `transforms.json` says."""
    read: dict[str, Any] = json.loads((root / "transforms.json").read_text())
    return read


def ends_with(run: Run, pids: Sequence[int], number: signal.Signals) -> int:
    """Sends a signal to a program; its exit code, when none of these processes is left."""
    run.process.send_signal(number)
    code = run.process.wait(60)
    eventually("no Blender is left", lambda: all(has_ended(pid) for pid in pids))
    return code


class Updates(list[dict[str, Any]]):
    """A progress function that keeps what it is told."""

    def __call__(self, **values: Any) -> None:
        self.append(values)
