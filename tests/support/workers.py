"""Scene scripts that call a worker's verbs, without a head."""

from pathlib import Path
from typing import Any

from support.runtimes import Runtime

# A scene of its own, and the verbs without the answers around them.
WORKER = """
import math, os, pathlib
from blendtorch.btb import instance
from blendtorch.btb.worker import telling
from blendtorch.btb.worker.verbs import Worker

events = []
instance.say = lambda topic, value: events.append(value)

def new_scene():
    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.context.scene
    scene.render.engine = "CYCLES"
    scene.cycles.samples, scene.cycles.use_denoising = 1, False
    scene.render.resolution_x, scene.render.resolution_y = 64, 48
    scene.frame_start, scene.frame_end = 1, 5
    bpy.ops.mesh.primitive_cube_add(size=2)
    bpy.context.object.name = "Cube"
    for frame, x in ((1, 0), (5, 4)):
        bpy.data.objects["Cube"].location.x = x
        bpy.data.objects["Cube"].keyframe_insert("location", index=0, frame=frame)
    scene.camera = bpy.data.objects.new("Camera", bpy.data.cameras.new("Camera"))
    scene.collection.objects.link(scene.camera)
    scene.camera.location = (0, -8, 0)
    scene.camera.rotation_euler = (math.pi / 2, 0, 0)
    return scene

def save(name="scene.blend"):
    path = f"{folder}/{name}"
    bpy.ops.wm.save_as_mainfile(filepath=path)
    return path

def ok(answer):
    assert "ok" in answer, answer
    return answer["ok"]

def error(answer):
    assert "error" in answer, answer
    return f"{answer['error']['type']}: {answer['error']['text']}"

def apply(step, /, **kwargs):
    return ok(worker.apply([[step, kwargs]]))[0]

def refused(step, /, **kwargs):
    return error(worker.apply([[step, kwargs]]))

def warned():
    texts = [event["text"] for event in events if event["event"] == "warning"]
    events.clear()
    return texts

worker = Worker()
"""

# A worker whose frames are kept: nothing is written, no head is told.
RENDERS = """
from blendtorch.btb.worker import prepared, run as running

frames = {}
class Writer:
    '''A writer that keeps what it is given.'''
    def __init__(self, spec, folder): self.spec, self.closed = json.loads(spec), False
    def warnings(self): return ["to be known"]
    def write(self, frame, arrays, about):
        frames[frame] = {name: np.array(array) for name, array in arrays.items()}
        events.append({"event": "written", "frame": frame, "about": json.loads(about)})
    def flush(self): pass
    def close(self): self.closed = True

def prepare(passes, **kwargs):
    spec = {"layout": "flat", "previews": False, "multilayer": False, "files": [
        {"pass": name, "format": "exr", "bits": 32, "codec": "ZIP"} for name in passes]}
    return ok(worker.prepare(passes={name: {} for name in passes}, spec=spec, folder=folder,
                             **kwargs))

def ids(told):
    objects = {thing["name"]: [n + 1, 0] for n, thing in enumerate(told["objects"])}
    return {"instances": objects, "materials": {n: i + 1 for i, n in enumerate(told["materials"])}}

def said():
    values = [(event["event"], event["frame"]) for event in events if "frame" in event]
    events.clear()
    return values
"""


def reported(runtime: Runtime, tmp_path: Path, code: str) -> dict[str, Any]:
    """What a script reports that has a worker, and `folder` for its files."""
    return runtime.reported(tmp_path, f"folder = {str(tmp_path)!r}\n{WORKER}{code}")
