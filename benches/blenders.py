"""What one instance of each Blender renders and publishes, beside the others.

    blenders.py managed=bpy bpy-5.0.1=ENVIRONMENT --out blenders.json

Each plays `scenes.blend.py`, as in `bench --only scenes`: half of the time its frames are published
to this process, which batches them, and half of the time they are only rendered. Every round runs
each case once. What was measured is written as it came; whoever reads it makes medians, and ratios
of the same round.
"""

import argparse
import json
import os
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from blendtorch import btt

HERE = Path(__file__).resolve().parent
PHASES = 4
# From the word that images come to the first phase: time to hear it, in frames.
LEAD = 1.0
# To open, compile shaders and warm up.
PATIENCE_MS = 180_000


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "blenders", nargs="+", metavar="NAME=PLACE", help="the first is the baseline"
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=3.0, help=f"of a phase; {PHASES} a case")
    parser.add_argument("--out", type=Path, required=True)
    return parser.parse_args()


def launched(place: str, script: str, arguments: list[str]) -> btt.BlenderLauncher:
    """One instance of the Blender that is there."""
    return btt.BlenderLauncher(
        "",
        HERE / script,
        named_sockets=["DATA"],
        instance_args=[arguments],
        proto="ipc",
        background=True,
        blender=place,
    )


def about(place: str) -> dict[str, Any]:
    """Which Blender it is, and what draws in it."""
    with launched(place, "about.blend.py", []) as bl:
        addresses = bl.launch_info.addresses["DATA"]
        item = next(iter(btt.RemoteIterableDataset(addresses, timeoutms=PATIENCE_MS)))
    return {name: item[name] for name in ("blender", "renderer", "software")}


def run(place: str, engine: str, seconds: float) -> dict[str, float]:
    """One case: images a second that are published and that are only rendered, and milliseconds
    of the stages of one that is published."""
    with TemporaryDirectory() as folder:
        start, report = Path(folder, "start"), Path(folder, "report")
        arguments = ["--engine", engine, "--phases", PHASES, "--seconds", seconds]
        arguments += ["--start", start, "--report", report]
        if engine != "WORKBENCH":
            arguments += ["--samples", 1]
        if engine == "EEVEE":
            arguments += ["--size", 320, 240]
        with launched(place, "scenes.blend.py", list(map(str, arguments))) as bl:
            addresses = bl.launch_info.addresses["DATA"]
            stream = btt.RemoteIterableDataset(addresses, 10, PATIENCE_MS, max_items=1 << 40)
            for _ in btt.DataLoader(stream):
                if not start.exists():
                    begin(start)
            bl.wait()
        phases = json.loads(report.read_text())
    total = {True: dict.fromkeys(phases[0], 0.0), False: dict.fromkeys(phases[0], 0.0)}
    for phase in phases:
        for name, value in phase.items():
            total[phase["publishing"]][name] += value
    published, rendered = total[True], total[False]
    return {
        "published": published["frames"] / published["seconds"],
        "rendered": rendered["frames"] / rendered["seconds"],
        **{
            f"{stage}_ms": published[stage] * 1e3 / published["frames"]
            for stage in ("cpu", "render", "read_back", "publish", "wait")
        },
    }


def begin(start: Path) -> None:
    """Tells the instance when the first phase begins; nobody reads half of it."""
    unfinished = start.with_suffix(".unfinished")
    unfinished.write_text(str(time.monotonic() + LEAD))
    os.replace(unfinished, start)


def main() -> None:
    opts = options()
    places = dict(blender.split("=", 1) for blender in opts.blenders)
    there = {name: about(place) for name, place in places.items()}
    # Without a graphics card a frame of EEVEE's takes seconds, the first one minutes.
    software = any(one["software"] for one in there.values())
    engines = ["WORKBENCH", "CYCLES"] if software else ["WORKBENCH", "EEVEE", "CYCLES"]
    cases = [(engine, name) for engine in engines for name in places]
    rounds: dict[tuple[str, str], list[dict[str, float]]] = {case: [] for case in cases}
    for number in range(opts.rounds):
        for engine, name in cases:
            measured = run(places[name], engine, opts.seconds)
            rounds[engine, name].append(measured)
            rate = measured["published"]
            said = f"round {number + 1} of {opts.rounds}: {engine}, {name}: {rate:.1f} images/s"
            print(said, file=sys.stderr)
    found = [{"engine": e, "blender": n, "rounds": r} for (e, n), r in rounds.items()]
    opts.out.write_text(json.dumps({"blenders": there, "cases": found}, indent=1))


if __name__ == "__main__":
    main()
