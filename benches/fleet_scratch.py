"""What the way to a shared folder costs: files written into it, or made on scratch and copied.

    fleet_scratch.py --bpy PYTHON --program blendtorch --out scratch.json [--shared FOLDER]
                     [--scratch FOLDER ...]

The scene is `fleet.blend.py`'s, all passes of 1920x1080. Every round runs each case once: straight
into the folder, and by way of each scratch folder. What is kept of a run, as it came: frames a
second, the mean seconds that a frame's files took to be encoded and written (the ledger's), and the
processor seconds of all Blenders a frame. `--shared` is where the files go: name a folder of the
file system that is asked about.
"""

import argparse
import json
import sqlite3
import statistics
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from watching import watch

SCENE = Path(__file__).resolve().parent / "fleet.blend.py"
PASSES = "frames,depths,normals,flows,segmentations"


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bpy", type=Path, required=True, help="a Python that has bpy, 4.5.15")
    parser.add_argument("--program", type=Path, required=True, help="the program blendtorch")
    parser.add_argument("--shared", type=Path, help="where files go; a temporary folder")
    parser.add_argument("--scratch", type=Path, action="append", default=[])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--frames", type=int, default=12)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--resolution", default="1920x1080")
    parser.add_argument("--out", type=Path, required=True)
    return parser.parse_args()


def run(opts: argparse.Namespace, scene: Path, scratch: Path | None) -> dict[str, float]:
    """One case, once."""
    with TemporaryDirectory(dir=opts.shared) as folder:
        out = Path(folder, "out")
        command = [opts.program, "render", scene, "-o", out, "--frames", f"1:{opts.frames}"]
        command += ["--jobs", opts.jobs, "--passes", PASSES, "--resolution", opts.resolution]
        command += ["--scratch", scratch] if scratch else []
        seen = watch(list(map(str, command)))
        if seen.code:
            sys.exit(f"it ended with {seen.code}:\n{seen.said[-2000:]}")
        with sqlite3.connect(out / "ledger.sqlite") as ledger:
            query = "SELECT sum(seconds), sum(bytes), count(DISTINCT frame) FROM files"
            seconds, size, frames = ledger.execute(query).fetchone()
            times = ledger.execute("SELECT frame, max(modified_ns) FROM files GROUP BY frame")
            ends = sorted(end / 1e9 for _, end in times)
        return {
            "rate": (len(ends) - opts.jobs) / (ends[-1] - ends[opts.jobs - 1]),
            "writing": seconds / frames,
            "megabytes": size / frames / 1e6,
            "cpu": seen.blenders_at(ends[-1]) / frames,
        }


def told(found: dict[str, list[dict[str, float]]]) -> Iterator[str]:
    """Medians, with the least and the most."""
    for case, runs in found.items():
        words = []
        for key in ("rate", "writing", "cpu"):
            values = [one[key] for one in runs]
            middle = statistics.median(values)
            words.append(f"{key} {middle:.3f} ({min(values):.3f} to {max(values):.3f})")
        yield f"{case}: {', '.join(words)}"


def main() -> None:
    opts = options()
    found: dict[str, list[dict[str, float]]] = {}
    with TemporaryDirectory() as folder:
        scene = Path(folder, "fleet.blend")
        command = [str(opts.bpy), str(SCENE), "scene", str(scene)]
        subprocess.run(command, check=True, capture_output=True)
        for number in range(opts.rounds):
            for scratch in (None, *opts.scratch):
                case = f"by way of {scratch}" if scratch else "straight"
                found.setdefault(case, []).append(run(opts, scene, scratch))
                print(f"scratch: round {number + 1} of {opts.rounds}: {case}", file=sys.stderr)
    opts.out.write_text(json.dumps(found, indent=1))
    print("\n".join(told(found)))


if __name__ == "__main__":
    main()
