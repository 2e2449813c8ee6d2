"""The tutorial of Cleo's videos, theirs beside ours: `scripts/peers/networks/cleo_tutorial.py`.

Each run is a process of its own. What a frame of the video takes is the difference of a long run
and a short one, so that neither imports nor starts of Blender are in it. Live is what our calls
take of the processor time of the simulation, in the long runs, while a viewer in another process
hears each interval and says that it is drawn.
"""

import ast
import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fleet_rows import Row
from networks_rows import row

TUTORIAL = Path(__file__).resolve().parent.parent / "scripts/peers/networks/cleo_tutorial.py"
# (neurons, frames of a long run and of a short one, theirs and ours, the ratio to be reached)
SIZES = (
    (500, {"theirs": (100, 10), "ours": (100, 10)}, 1.0),
    (100_000, {"theirs": (6, 2), "ours": (42, 2)}, 0.25),
)
VIEWER = """
from blendtorch._blendtorch import LiveViewer
viewer = LiveViewer("tcp://127.0.0.1:0", None)
print(viewer.address, flush=True)
while True:
    told = viewer.next(600_000)
    if told is None or told[0] not in ("hello", "snapshot"):
        break
    viewer.seen(True)
print(viewer.counts(), flush=True)
"""
Took = dict[str, float]


@dataclass
class Cleo:
    """Where the programs are."""

    python: Path
    ffmpeg: Path
    folder: Path

    def run(self, way: str, neurons: int, ms: int, *also: str) -> Took:
        """One run of the tutorial; a frame is a millisecond."""
        out = self.folder / f"{way}-{neurons}-{ms}.mp4"
        command = [self.python, TUTORIAL, out, "--neurons", neurons, "--ms", ms]
        command += ["--ffmpeg", self.ffmpeg, *also]
        if way == "theirs":
            return self._told(command)
        with subprocess.Popen(
            [self.python, "-c", VIEWER], stdout=subprocess.PIPE, text=True
        ) as one:
            assert one.stdout
            try:
                at = one.stdout.readline().strip()
                took = self._told([*command, "--ours", "--publish", at])
            except SystemExit:
                one.kill()
                raise
            seen = ast.literal_eval(one.stdout.readline())
        # Else it was not live.
        assert seen["applied"] == ms and not seen["missed"], (ms, seen)
        return took

    def _told(self, command: list[Any]) -> Took:
        done = subprocess.run(list(map(str, command)), capture_output=True, text=True)
        said = [line for line in done.stdout.splitlines() if line.startswith("@@")]
        if done.returncode or not said:
            sys.exit(f"{' '.join(map(str, command))}\n{done.stderr[-3000:]}")
        took: Took = json.loads(said[-1][2:])
        return took


def drawn(took: Took) -> float:
    """Processor seconds of what comes after the simulation."""
    return took["generate"] + took["save"]


def tutorial(cleo: Cleo, rounds: int, quick: bool) -> tuple[list[Row], dict[str, Any]]:
    """Rows, and all that was measured."""
    rows: list[Row] = []
    every: dict[str, Any] = {}
    for neurons, lengths, goal in SIZES:
        frame: dict[str, list[float]] = {"theirs": [], "ours": []}
        first: dict[str, list[float]] = {"theirs": [], "ours": []}
        kept: list[dict[str, Any]] = []
        for number in range(rounds):
            for way in ("ours", "theirs") if number % 2 else ("theirs", "ours"):
                long, short = (6, 2) if quick else lengths[way]
                took = {ms: cleo.run(way, neurons, ms) for ms in (short, long)}
                frame[way].append((drawn(took[long]) - drawn(took[short])) / (long - short))
                first[way].append(drawn(took[short]) - short * frame[way][-1])
                kept.append({"way": way, **{str(ms): one for ms, one in took.items()}})
        every[str(neurons)] = kept
        name = f"Cleo's tutorial, {neurons:,} neurons: a frame of the video"
        rows.append(row(name, "s", frame["ours"], frame["theirs"], times_at_most=goal))
        name = f"Cleo's tutorial, {neurons:,} neurons: before the first frame"
        rows.append(row(name, "s", first["ours"], first["theirs"]))
        ours = [longest(one) for one in kept if one["way"] == "ours"]
        rows.append(live_row(neurons, ours))
    return rows, every


def live(cleo: Cleo, rounds: int, quick: bool) -> list[Row]:
    """What our calls take while it simulates, without any video."""
    made = []
    for neurons, lengths, _ in SIZES:
        ms = 6 if quick else lengths["ours"][0]
        runs = [cleo.run("ours", neurons, ms, "--no-video") for _ in range(rounds)]
        made.append(live_row(neurons, runs))
    return made


def live_row(neurons: int, runs: list[Took]) -> Row:
    """Of the simulation without our calls."""
    name = f"live, {neurons:,} neurons: our calls, of the simulation's processor time"
    return row(name, "%", [100 * share(took) for took in runs], at_most=2.0)


def longest(kept: dict[str, Any]) -> Took:
    """The long run."""
    took: Took = kept[max((key for key in kept if key != "way"), key=int)]
    return took


def share(took: Took) -> float:
    """Of a simulation: our calls, and what threads of ours did meanwhile."""
    ours = took["calls"] + max(0.0, took["simulate_threads"])
    return ours / (took["simulate"] - ours)
