"""How many instances draw most pictures without a graphics card.

    python benches/instances.py --out out/instances.json [--blender PYTHON] [--quick]

Pictures a second of N instances that draw at the same time, each without threads, for N from 1 to
twice as many as there are cores: Workbench (20 monkeys), EEVEE and Cycles (the demo's cube, 1
sample), 640 x 480. The baseline of each row are as many instances as cores.
"""

import argparse
import json
import os
import statistics
import sys
from pathlib import Path

import blender_scripts
from fleet_rows import Row
from networks_rows import row

SCRIPT = "instances.blend.py"
ENGINES = ("WORKBENCH", "EEVEE", "CYCLES")


def measure(blender: Path, engine: str, rounds: int, seconds: float) -> list[Row]:
    """A row for each N: rounds go through all of them."""
    cores = len(os.sched_getaffinity(0))
    found: dict[int, list[float]] = {n: [] for n in range(1, 2 * cores + 1)}
    for number in range(rounds):
        for n, rates in found.items():
            told = blender_scripts.together(blender, n, SCRIPT, engine, "--seconds", seconds)
            rates.append(sum(one["pictures"] / one["seconds"] for one in told))
            each = 1e3 * sum(one["cpu"] for one in told) / sum(one["pictures"] for one in told)
            memory = statistics.median(one["memory"] for one in told) / 1e9
            print(
                f"{engine}, {n} instances on {cores} cores, round {number + 1}: {rates[-1]:.4g} "
                f"pictures/s, {each:.4g} ms of a processor each, {memory:.2f} GB an instance",
                file=sys.stderr,
            )
    return [
        row(f"{engine}, {n} on {cores} cores: pictures a second", "1/s", rates, found[cores])
        for n, rates in found.items()
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--blender", type=Path, help="a Python that has bpy; else the managed one")
    parser.add_argument("--quick", action="store_true", help="a second each, to try it")
    opts = parser.parse_args()
    blender = opts.blender or blender_scripts.managed()
    rounds, seconds = (1, 1.0) if opts.quick else (3, 5.0)
    rows = [one for engine in ENGINES for one in measure(blender, engine, rounds, seconds)]
    opts.out.parent.mkdir(parents=True, exist_ok=True)
    opts.out.write_text(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()
