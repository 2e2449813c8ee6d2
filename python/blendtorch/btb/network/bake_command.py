"""What `blendtorch render SCENE --bake FILE.blend` has a Blender do.

Owns its arguments and its answer, a line. All that is drawn and baked is others'.
"""

import sys
from pathlib import Path

import bpy

from .. import network

ANSWER = "blendtorch-baked"


def main() -> None:
    """Reads the arguments after `--`: the scene, the file, the first and the last frame, or ""."""
    scene, out, first, last = sys.argv[sys.argv.index("--") + 1 :]
    try:
        told = bake(Path(scene), Path(out), _frame(first), _frame(last))
    except Exception as error:
        # The one line that is shown.
        print(f"Error: {error}", file=sys.stderr, flush=True)
        raise SystemExit(1) from error
    print(f"{ANSWER} {told}", flush=True)


def bake(path: Path, out: Path, first: int | None, last: int | None) -> str:
    """Makes or opens the scene, bakes it and saves it; what it has, in words.

    Raises:
        ValueError: it shows no network, or has no such frames.
        OSError: a file of it is gone.
    """
    if path.suffix == ".json":
        bpy.ops.wm.read_factory_settings(use_empty=True)
        bpy.context.scene.render.engine = "CYCLES"
        told = list(network.show(path).warnings)
    else:
        bpy.ops.wm.open_mainfile(filepath=str(path), use_scripts=False)
        told = network.attach(bpy.context.scene)
    keys = network.bake(bpy.context.scene, first, last)
    bpy.ops.wm.save_as_mainfile(filepath=str(out.absolute()), check_existing=False, copy=True)
    said = ", ".join(f"{name}: {number} keys" for name, number in keys.items())
    return "; ".join([said or "objects with keys", *told])


def _frame(word: str) -> int | None:
    return int(word) if word else None
