"""Animations to disk: `blendtorch render` beside VisionSim and a bare loop of the same Blender.

    fleet.py --bpy PYTHON --program blendtorch --out fleet.json [--visionsim ENVIRONMENT]

The scene is `fleet.blend.py`'s. Every way is a program that is run and looked at from outside: the
processor time of its processes is read while they live, and when a frame was finished is what the
last of its files says (the time of its last change, a renaming too). Every round runs each case
once. Two files come out of it: what was measured of each case and round as it came, and beside it
`….rows.json`, values of rounds beside those of a baseline, for a table.

Without `--program` only the others are measured, without `--visionsim` only we and the bare loop.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from fleet_resume import resume
from fleet_rows import rows
from watching import Watched, watch

HERE = Path(__file__).resolve().parent
SCENE = HERE / "fleet.blend.py"
PEER = HERE.parent / "scripts" / "peers" / "visionsim" / "render.py"
PASSES = "frames,depths,normals,flows,segmentations"
ALL = PASSES + ",materials,diffuse,specular,points,emission,cryptomatte"
# Frames before those that count: by then each of two Blenders has begun, with its kernels loaded.
SKIP = 10
HD = (1920, 1080)
FINISHED = 10_000
# Of the large pictures; the first has what is made once.
MEMORY_FRAMES = 4


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bpy", type=Path, required=True, help="a Python that has bpy, 4.5.15")
    parser.add_argument("--program", type=Path, help="the program blendtorch")
    parser.add_argument("--visionsim", type=Path, help="VisionSim's environment, a folder")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--frames", type=int, default=100)
    parser.add_argument("--no-resume", action="store_true", help="not the 10,000 finished frames")
    parser.add_argument("--cubes", action="store_true", help="the scene of cubes alone")
    parser.add_argument("--no-memory", action="store_true", help="not the memory at 1920x1080")
    parser.add_argument("--out", type=Path, required=True)
    return parser.parse_args()


@dataclass(frozen=True)
class Case:
    """One way of rendering the animation."""

    way: str
    """`blendtorch`, `visionsim` or `bare`."""
    jobs: int
    memory: bool = False
    """All passes of a few large pictures, instead of many small ones."""

    def __str__(self) -> str:
        return f"{self.way}, {'1080p' if self.memory else f'{self.jobs} jobs'}"


@dataclass
class Bench:
    """What is run, and where."""

    opts: argparse.Namespace
    folder: Path
    scene: Path = field(init=False)

    def __post_init__(self) -> None:
        self.scene = self.folder / "fleet.blend"
        self._said(
            [
                str(self.opts.bpy),
                str(SCENE),
                "scene",
                str(self.scene),
                *["--cubes"] * self.opts.cubes,
            ]
        )

    def cases(self) -> Iterator[Case]:
        """In the order of a round."""
        ways = [("blendtorch", self.opts.program), ("visionsim", self.opts.visionsim)]
        yield from (Case("bare", jobs) for jobs in (1, 2))
        for way, there in ways:
            if there:
                yield from (Case(way, jobs) for jobs in (1, 2))
        if self.opts.program and not self.opts.no_memory:
            yield Case("bare", 1, memory=True)
            yield Case("blendtorch", 1, memory=True)

    def run(self, case: Case) -> dict[str, float]:
        """One case, once."""
        if case.way == "bare":
            return self._bare(case)
        with TemporaryDirectory(dir=self.folder) as folder:
            out = Path(folder, "out")
            frames = MEMORY_FRAMES if case.memory else self.opts.frames
            seen = watch(self._command(case, out, frames))
            return measured(seen, out, frames)

    def resume(self) -> float:
        """Seconds that 10,000 finished frames take before the next one."""
        with TemporaryDirectory(dir=self.folder) as folder:
            return resume(self.opts.program, self.scene, Path(folder), PASSES, FINISHED)

    def _bare(self, case: Case) -> dict[str, float]:
        # Half the frames do: it is one process, whose time is taken within.
        count = ["--frames", MEMORY_FRAMES if case.memory else max(self.opts.frames // 2, SKIP + 2)]
        count += ["--skip", 1 if case.memory else SKIP]
        size = ["--all", "--size", *HD] if case.memory else []
        command = list(map(str, [self.opts.bpy, SCENE, "bare", self.scene, *count, *size]))
        # Several at a time: a processor's threads share its caches, with whoever renders.
        with ThreadPoolExecutor(case.jobs) as pool:
            told = list(pool.map(self._said, [command] * case.jobs))
        each: list[dict[str, float]] = [json.loads(one.splitlines()[-1]) for one in told]
        return {name: sum(one[name] for one in each) / len(each) for name in each[0]}

    def _command(self, case: Case, out: Path, frames: int) -> list[str]:
        if case.way == "visionsim":
            python = self.opts.visionsim / "bin" / "python"
            command = [python, PEER, self.scene, out, "--jobs", case.jobs, "--frames", frames]
        else:
            command = [self.opts.program, "render", self.scene, "-o", out, "--jobs", case.jobs]
            command += ["--frames", f"1:{frames}", "--passes", ALL if case.memory else PASSES]
            command += ["--resolution", "x".join(map(str, HD))] if case.memory else ["--previews"]
        return list(map(str, command))

    def _said(self, command: list[str]) -> str:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            sys.exit(f"{' '.join(command)} ended with {done.returncode}:\n{done.stderr[-2000:]}")
        return done.stdout


def finished(out: Path, frames: int) -> list[float]:
    """When each of the frames was finished, the earliest first: all its files, by the number in
    their names."""
    last: dict[int, float] = {}
    for path in out.rglob("*"):
        hidden = any(part.startswith(".") for part in path.relative_to(out).parts)
        number = "".join(c if c.isdigit() else " " for c in path.stem).split()
        if hidden or not number or not path.is_file() or path.suffix not in (".png", ".exr"):
            continue
        frame = int(number[0])
        last[frame] = max(last.get(frame, 0.0), path.stat().st_ctime)
    if len(last) != frames:
        sys.exit(f"{out} has {len(last)} frames, not {frames}")
    return sorted(last.values())


def measured(seen: Watched, out: Path, frames: int) -> dict[str, float]:
    """What is kept of a run."""
    if seen.code:
        sys.exit(f"it ended with {seen.code}:\n{seen.said[-2000:]}")
    times = finished(out, frames)
    skip = min(SKIP, frames - 2)
    begin, end = times[skip - 1], times[-1]
    return {
        "cpu": (seen.blenders_at(end) - seen.blenders_at(begin)) / (frames - skip),
        "seconds": (end - begin) / (frames - skip),
        "wall": end - seen.began,
        "first": times[0] - seen.began,
        "total": seen.ended - seen.began,
        "head": seen.head,
        "head_percent": 100 * seen.head / (seen.ended - seen.began),
        "peak": seen.peak,
    }


def main() -> None:
    opts = options()
    if not opts.visionsim:
        print("fleet: without VisionSim, which `make peers` installs", file=sys.stderr)
    found: dict[str, list[dict[str, float]]] = {}
    resumed: list[float] = []
    with TemporaryDirectory() as folder:
        bench = Bench(opts, Path(folder))
        cases = list(bench.cases())
        for number in range(opts.rounds):
            for case in cases:
                began = time.monotonic()
                one = bench.run(case)
                one["load"] = os.getloadavg()[0]
                found.setdefault(str(case), []).append(one)
                took = time.monotonic() - began
                said = f"{one['cpu']:.3f} CPU s a frame, {took:.0f} s"
                print(
                    f"fleet: round {number + 1} of {opts.rounds}: {case}: {said}", file=sys.stderr
                )
            if opts.program and not opts.no_resume:
                resumed.append(bench.resume())
    opts.out.write_text(json.dumps({"cases": found, "resume": resumed}, indent=1))
    table = rows(found, resumed)
    opts.out.with_suffix(".rows.json").write_text(json.dumps(table, indent=1))


if __name__ == "__main__":
    main()
