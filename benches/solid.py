"""Pictures of solid surfaces, drawn by ourselves beside Blender's own 3D view.

    python benches/solid.py --out out/solid.json [--bpy PYTHON ...] [--quick]

Rows: a 640 × 480 picture of an empty scene, of 20 monkeys, of the demo's cube, and image, depth,
normals and ids of the monkeys, drawn both ways in turns in one process; then pictures a second of
as many instances as there are cores, all of which draw one way at a time.
"""

import argparse
import json
import os
import statistics
import sys
from pathlib import Path
from typing import Any

import blender_scripts

SCRIPT = "solid.blend.py"
GOALS = {"empty": 0.3, "monkeys": 0.55, "cube": None, "passes": 0.5}


def row(name: str, ours: list[float], view: list[float], goal: float | None) -> dict[str, Any]:
    """A row, said on the way."""
    ratio = statistics.median(ours) / statistics.median(view)
    made = {"name": name, "ours": ours, "view": view, "ratio": ratio, "goal": goal}
    spread = " ".join(
        f"{which} {statistics.median(values):.3g} [{min(values):.3g}-{max(values):.3g}]"
        for which, values in (("ours", ours), ("view", view))
    )
    aim = "" if goal is None else f", goal {goal}"
    print(f"{name}: {spread}, ratio {ratio:.3g}{aim}", file=sys.stderr)
    return made


def pictures(bpy: Path, frames: int) -> list[dict[str, Any]]:
    """Milliseconds of processor time a picture, of each scene."""
    made = []
    for scene, goal in GOALS.items():
        told = blender_scripts.run(bpy, SCRIPT, scene, "--frames", frames)
        name = f"{scene}, 640x480, Blender {told['blender']}: ms a picture"
        made.append(row(name, told["ours"], told["view"], goal))
    return made


def together(bpy: Path, scene: str, seconds: float, phases: int) -> dict[str, Any]:
    """Pictures a second of as many instances as there are cores."""
    cores = len(os.sched_getaffinity(0))
    options = (scene, "--phases", phases, "--seconds", seconds)
    told = blender_scripts.together(bpy, cores, SCRIPT, *options)
    both = {
        way: [sum(counts) / seconds for counts in zip(*(one[way] for one in told), strict=True)]
        for way in ("ours", "view")
    }
    name = f"{scene}, {cores} instances on {cores} cores: pictures a second"
    return row(name, both["ours"], both["view"], 1.8 if scene == "cube" else None)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bpy", type=Path, nargs="+", help="Blenders; else the managed one")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--quick", action="store_true", help="few frames, to try it")
    opts = parser.parse_args()
    rows = []
    for bpy in opts.bpy or [blender_scripts.managed()]:
        rows += pictures(bpy, 4 if opts.quick else 40)
        for scene in ("cube", "monkeys"):
            rows.append(together(bpy, scene, *((0.5, 2) if opts.quick else (4.0, 6))))
    opts.out.parent.mkdir(parents=True, exist_ok=True)
    opts.out.write_text(json.dumps(rows, indent=1))


main()
