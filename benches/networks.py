"""Networks as scenes: ours beside one object a cell in plain `bpy`, and beside one `foreach_set`.

    networks.py --out networks.json [--network FILE] [--rounds 5] [--only PART,…]

`frames`: 20,000 cells with the same keys of "pulsar", drawn by Workbench without antialiasing at
640 x 480: setting a frame and drawing it. `files`: a network of 25,000 cells, FILE or one in the
same layout, from the file to a scene. `activity`: 1,000,000 cells, what a frame's activity takes
from the results to the attribute, beside one `foreach_set` of as many values. `memory`: of
1,000,000 cells, beyond the same points in a plain Blender, and beyond an empty one. With --cleo
also `live`, what our calls take while Cleo simulates, and, where it is named, `tutorial`: its
videos beside ours (`networks_cleo.py`).

All is processor time of Blenders that are there already; the ways take turns. Rows of values a
round go to OUT, as those of `fleet.py`; pictures of both ways go beside it.
"""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import h5py
from blendtorch import btt
from fleet_rows import Row
from networks_cleo import Cleo, live, tutorial
from networks_files import new_network, old_network, old_results
from networks_rows import row

HERE = Path(__file__).resolve().parent
PARTS = ("frames", "files", "activity", "memory")
# With a Python that has Cleo.
OTHERS = ("live", "tutorial")
# Of the results, as simulated; 25 ms are a second of 60 frames.
MS = 200.0
FRAMES = 480


@dataclass
class Blender:
    """One that does what it is asked for (`networks.blend.py`)."""

    process: subprocess.Popen[str]

    def ask(self, what: str, **how: Any) -> dict[str, Any]:
        """Its answer: `cpu`, `wall` and `result`."""
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write(json.dumps({"do": what, **how}) + "\n")
        self.process.stdin.flush()
        for line in self.process.stdout:
            if line.startswith("@@"):
                answer: dict[str, Any] = json.loads(line[2:])
                return answer
        sys.exit(f"the Blender that was asked for {what} has ended: {self.process.args!r}")


@contextmanager
def blender(bpy: Path, way: str, packages: Path) -> Iterator[Blender]:
    """One of a way, `plain` or `ours`."""
    command = [bpy, HERE / "networks.blend.py", way]
    paths = [str(packages), os.environ.get("PYTHONPATH", "")]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))}
    process = subprocess.Popen(
        list(map(str, command)), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=env
    )
    try:
        yield Blender(process)
    finally:
        assert process.stdin
        process.stdin.close()
        process.wait(120)


def reader(folder: Path) -> Path:
    """A folder with h5py alone, for the Blenders: from the Python that runs this."""
    there = Path(h5py.__file__).parent
    for found in (there, there.with_name("h5py.libs")):
        if found.exists():
            (folder / found.name).symlink_to(found)
    return folder


@dataclass
class Bench:
    """What all parts need."""

    bpy: Path
    folder: Path
    packages: Path
    rounds: int
    out: Path
    quick: bool

    def pair(self) -> tuple[Any, Any]:
        """Ours and theirs, to be entered."""
        return tuple(blender(self.bpy, way, self.packages) for way in ("ours", "plain"))  # type: ignore[return-value]

    def turns(self) -> Iterator[bool]:
        """Of each round: whether ours is first."""
        return (bool(number % 2) for number in range(self.rounds))


def old_files(bench: Bench, cells: int, spikes: int) -> dict[str, str]:
    """A network of version 3 and its results."""
    network, results = bench.folder / f"{cells}.hdf5", bench.folder / f"{cells}-{spikes}.hdf5"
    if not network.exists():
        old_network(network, cells)
    if not results.exists():
        old_results(results, cells, spikes, MS)
    return {"network": str(network), "results": str(results)}


def frames(bench: Bench) -> list[Row]:
    """Setting and drawing a frame."""
    cells = 1_000 if bench.quick else 20_000
    files = old_files(bench, cells, 2 * cells)
    ours, theirs = bench.pair()
    found: dict[str, list[float]] = {"ours": [], "theirs": []}
    with ours as mine, theirs as other:
        said = mine.ask("scene", network=files["network"])
        assert said["result"]["cells"] == cells, said
        mine.ask("animate", results=files["results"])
        view = mine.ask("view")["result"]
        assert other.ask("scene", network=files["network"])["result"]["cells"] == cells
        setting = other.ask("animate", results=files["results"])
        print(f"an object a cell: {setting['cpu']:.1f} s for the keys", file=sys.stderr)
        other.ask("camera", **view)
        for one in (mine, other):
            one.ask("frame", frame=1)
        for number, first in enumerate(bench.turns()):
            frame = 20 + number * FRAMES // (bench.rounds + 1)
            for which in ("ours", "theirs") if first else ("theirs", "ours"):
                took = (mine if which == "ours" else other).ask("frame", frame=frame)
                found[which].append(took["cpu"])
        for one, name in ((mine, "ours"), (other, "theirs")):
            one.ask("picture", path=str(bench.out.with_suffix(f".{name}.png")))
    name = f"{cells:,} cells with activity, set and drawn, beside an object a cell"
    return [row(name, "s", found["ours"], found["theirs"], times_at_most=0.1)]


def files(bench: Bench, network: Path | None) -> list[Row]:
    """From the file to a scene; a Blender of its own each time."""
    if network is None:
        network = bench.folder / "new.hdf5"
        new_network(network, 1_000 if bench.quick else 25_000)
    found: dict[str, list[float]] = {"ours": [], "theirs": []}
    cells = set()
    for first in bench.turns():
        for which in ("ours", "plain") if first else ("plain", "ours"):
            with blender(bench.bpy, which, bench.packages) as one:
                took = one.ask("scene", network=str(network))
            found["ours" if which == "ours" else "theirs"].append(took["cpu"])
            cells.add(took["result"]["cells"])
    (number,) = cells
    size = network.stat().st_size / 1e6
    name = f"a file of {number:,} cells ({size:.0f} MB) to a scene, beside an object a cell"
    return [row(name, "s", found["ours"], found["theirs"], times_at_most=0.1)]


def activity(bench: Bench) -> list[Row]:
    """What a frame takes without drawing."""
    cells = 20_000 if bench.quick else 1_000_000
    made = []
    # A spike a second of each cell, ten, and fifty, where 200 ms are shown.
    for spikes in (cells // 5, 2 * cells, 10 * cells):
        files = old_files(bench, cells, spikes)
        ours, _ = bench.pair()
        with ours as mine:
            mine.ask("scene", network=files["network"], engine="CYCLES")
            mine.ask("animate", results=files["results"])
            frames = [20 + number * FRAMES // 40 for number in range(8 * bench.rounds)]
            said = mine.ask("activity", frames=frames)["result"]
        print(f"{spikes:,} spikes: {said['lit']} cells are lit", file=sys.stderr)
        name = f"activity of {cells:,} cells with {spikes:,} spikes, beside one foreach_set"
        made.append(row(name, "ms", said["ours"], said["set"], times_at_most=1.5))
    return made


def memory(bench: Bench) -> list[Row]:
    """Beyond what the same points take in a plain Blender, and beyond an empty one."""
    cells = 20_000 if bench.quick else 1_000_000
    files = old_files(bench, cells, 2 * cells)
    ways = ["ours", "by hand", "empty"]
    found: dict[str, list[dict[str, float]]] = {way: [] for way in ways}
    for first in bench.turns():
        for which in ways if first else ways[::-1]:
            with blender(bench.bpy, "ours", bench.packages) as one:
                if which == "ours":
                    one.ask("scene", network=files["network"], engine="CYCLES")
                    one.ask("animate", results=files["results"])
                elif which == "by hand":
                    one.ask("cloud", cells=cells)
                found[which].append(one.ask("used", frame=30)["result"])
    made = []
    for than, beside in (("the same points by hand", "by hand"), ("an empty Blender", "empty")):
        for what, goal in (("mb", 200.0), ("peak", None)):
            mine, theirs = ([one[what] for one in found[way]] for way in ("ours", beside))
            beyond = [a - b for a, b in zip(mine, theirs, strict=True)]
            most = ", at most until then" if what == "peak" else ""
            name = f"memory of {cells:,} cells and their activity beyond {than}{most}"
            made.append(row(name, "MB", beyond, at_most=goal if beside == "by hand" else None))
    return made


def videos(bench: Bench, cleo: Cleo) -> list[Row]:
    """Those of Cleo's tutorial, theirs and ours."""
    made, every = tutorial(cleo, bench.rounds, bench.quick)
    bench.out.with_suffix(".tutorial.json").write_text(json.dumps(every, indent=1))
    return made


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bpy", type=Path, help="a Python that has bpy; else the managed one")
    parser.add_argument("--network", type=Path, help="of 25,000 cells, by the BSB")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--cleo", type=Path, help="a Python that has it, for live and tutorial")
    parser.add_argument("--ffmpeg", type=Path, default="ffmpeg", help="a program, for the same")
    parser.add_argument("--only", help="of " + ", ".join(PARTS + OTHERS))
    parser.add_argument("--quick", action="store_true", help="few cells: whether it works")
    parser.add_argument("--out", type=Path, required=True)
    return parser.parse_args()


def main() -> None:
    opts = options()
    bpy = opts.bpy or Path(btt.discover_blender("bpy")["path"])
    parts = opts.only.split(",") if opts.only else list(PARTS) + ["live"] * bool(opts.cleo)
    if not set(parts) <= {*PARTS, *OTHERS} or ({*parts} & {*OTHERS} and not opts.cleo):
        sys.exit(f"networks.py: there are {', '.join(PARTS + OTHERS)}; the last two need --cleo")
    made: list[Row] = []
    with TemporaryDirectory(prefix="blendtorch-networks-") as name:
        packages = Path(name, "packages")
        packages.mkdir()
        reader(packages)
        bench = Bench(bpy, Path(name), packages, opts.rounds, opts.out.absolute(), opts.quick)
        cleo = Cleo(opts.cleo, opts.ffmpeg, Path(name))
        measured = {
            "frames": lambda: frames(bench),
            "files": lambda: files(bench, opts.network),
            "activity": lambda: activity(bench),
            "memory": lambda: memory(bench),
            "live": lambda: live(cleo, opts.rounds, opts.quick),
            "tutorial": lambda: videos(bench, cleo),
        }
        for part in parts:
            made += measured[part]()
            opts.out.write_text(json.dumps(made, indent=1))
            print(json.dumps(made[-1]), file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
