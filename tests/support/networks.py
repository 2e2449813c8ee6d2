"""Small networks for tests of scenes: the golden files of the BSB, and arrays."""

import gzip
from pathlib import Path
from typing import Any

from support.runtimes import Runtime

GOLDEN = Path(__file__).resolve().parents[1] / "golden/network"

PRELUDE = """
import os, shutil, time, warnings
from mathutils import Vector
from bpy_extras.object_utils import world_to_camera_view
from blendtorch import circuit
from blendtorch.btb import network
folder = sys.argv[sys.argv.index("--") + 1]
bpy.ops.wm.read_factory_settings(use_empty=True)
NET, SPIKES = folder + "/net.hdf5", folder + "/results.hdf5"

def plain(**more):
    "A description: small pictures, Workbench, nothing beside cells."
    return {"network": NET, "resolution": "96x72", "engine": "workbench", "samples": 1,
            "legend": False} | more

def seen(name="seen", engine=None):
    "The picture of the current frame: rows from the top, sRGB, 0 to 1."
    scene = bpy.context.scene
    if engine: scene.render.engine = engine
    scene.cycles.use_denoising = False
    scene.display.shading.light, scene.display.render_aa = "FLAT", "OFF"
    scene.display.shading.background_type = "WORLD"
    scene.render.image_settings.file_format = "PNG"
    scene.render.filepath = f"{folder}/{name}.png"
    bpy.ops.render.render(write_still=True)
    image = bpy.data.images.load(scene.render.filepath)
    values = np.array(image.pixels[:]).reshape(scene.render.resolution_y, -1, 4)[::-1, :, :3]
    bpy.data.images.remove(image)
    return values

def warned(act):
    "What it warns of."
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        act()
    return [str(one.message) for one in heard if issubclass(one.category, RuntimeWarning)]
"""


def unpacked(folder: Path) -> Path:
    """A folder with the golden networks of the BSB's v3 and v8, and their results: `net.hdf5` and
    `results.hdf5`, `v8.hdf5` and `v8.nio`."""
    for name, path in (
        ("net.hdf5", "bsb_v3/small_v3.hdf5"),
        ("results.hdf5", "bsb_v3/results_v3.hdf5"),
        ("v8.hdf5", "bsb_v8/small_v8.hdf5"),
        ("v8.nio", "bsb_v8/results_v8.nio"),
    ):
        (folder / name).write_bytes(gzip.decompress((GOLDEN / f"{path}.gz").read_bytes()))
    return folder


_once: dict[tuple[str, str], dict[str, Any]] = {}


def reported_once(runtime: Runtime, code: str, folder: Path) -> dict[str, Any]:
    """What a script reports that begins with `PRELUDE`, and for whom the golden networks are in a
    folder: it runs in each Blender once, however many tests look at it."""
    key = (runtime.name, code)
    if key not in _once:
        _once[key] = runtime.reported(unpacked(folder), code, str(folder))
    return _once[key]
