"""A Blender that draws a network while it is simulated: what comes is in the picture, and what
cannot be drawn ends nothing."""

import json
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from blendtorch.circuit import LiveSender
from support.runtimes import MARK, Runtime

CELLS = np.array([[-60, 0, 0], [0, 0, 0], [60, 0, 0]], np.float32)
FIBER = {"kind": "light", "name": "fiber", "model": {"model": "fiber"}, "coords": [[0, 0, -50]],
         "max_value": 5.0}  # fmt: skip
LOOK: dict[str, Any] = {
    "populations": {"exc": {"color": "#ff0000", "radius": 15}},
    "show": {"as": "flash", "rest": 0.0},
    "time": {"fps": 10, "ms_per_s": 10},
    "camera": {"elevation": 90, "azimuth": -90, "orthographic": True},
    "light": False,
    "legend": False,
    "resolution": "96x48",
    "engine": "cycles",
    "samples": 1,
}

VIEWER = """
import warnings
bpy.ops.wm.read_factory_settings(use_empty=True)
view = btb.network.LiveView("tcp://127.0.0.1:0", 3)
print("@@address " + view.address, flush=True)
renderer, pictures, problems = None, [], []
for shown in view.session(120_000):
    if renderer is None:
        renderer = btb.Renderer(passes=("image",), engine="CYCLES", samples=1)
    image = renderer.render()["image"].astype(float)
    # How red the left, the middle and the right third are.
    red = (image[..., 0] - image[..., 2]).reshape(48, 3, 32).max((0, 2))
    blue = image[..., 2].mean()
    pictures.append((shown.step, shown.intervals, red.tolist(), float(blue),
                     bpy.context.scene.frame_current))
report(pictures=pictures, ended=view.ended.how, objects=sorted(o.name for o in bpy.data.objects),
       counts=view.counts())
"""


class Viewer:
    """A Blender that runs `VIEWER`."""

    def __init__(self, runtime: Runtime, folder: Path) -> None:
        command = runtime.script_command(folder, VIEWER)
        self.process = subprocess.Popen(
            command, env=runtime.environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            text=True,
        )  # fmt: skip
        self.address = self._line("@@address ")

    def _line(self, start: str) -> str:
        assert self.process.stdout is not None and self.process.stderr is not None
        for line in self.process.stdout:
            if line.startswith(start):
                return line.removeprefix(start).strip()
        raise AssertionError(self.process.stderr.read())

    def report(self) -> dict[str, Any]:
        """What it reports when it ends."""
        told: dict[str, Any] = json.loads(self._line(MARK))
        out, err = self.process.communicate(timeout=120)
        assert self.process.returncode == 0, out + err
        return told


@pytest.fixture
def viewer(bpy_runtime: Runtime, tmp_path: Path) -> Iterator[Viewer]:
    """A Blender that draws what comes."""
    one = Viewer(bpy_runtime, tmp_path)
    yield one
    one.process.kill()
    one.process.communicate()


def test_each_interval_is_in_the_picture_where_the_simulation_waits(viewer: Viewer) -> None:
    options: dict[str, Any] = {"policy": "slow", "window": 1, "linger": 60.0}
    with LiveSender(
        viewer.address, {"exc": CELLS}, description=LOOK | {"devices": [FIBER]},
        devices={"fiber": 1}, **options,
    ) as live:  # fmt: skip
        for k in range(4):
            spikes = {"exc": [k]} if k < 3 else {}
            live.send(k, k, k + 1, spikes, devices={"fiber": [5.0 if k == 3 else 0.0]})
    told = viewer.report()
    assert told["ended"] == "finished"
    assert [step for step, *_ in told["pictures"]] == [0, 1, 2, 3]
    for k, (_, intervals, red, blue, frame) in enumerate(told["pictures"]):
        assert intervals == 1 and frame == k + 1
        lit = [value > 100 for value in red]
        assert lit == [k == third for third in range(3)], (k, red)
        assert (blue > 1.0) == (k == 3), (k, blue)
    (counts,) = live.counts()
    assert (counts["drawn"], counts["pictures"], counts["lost"]) == (4, 4, 0)


def test_a_late_blender_draws_the_newest_and_no_spike_is_missed(viewer: Viewer) -> None:
    with LiveSender(viewer.address, {"exc": CELLS}, description=LOOK, linger=60.0) as live:
        for k in range(300):
            live.send(k, k, k + 1, {"exc": [k % 2]})
    told = viewer.report()
    assert sum(intervals for _, intervals, *_ in told["pictures"]) == 300
    assert len(told["pictures"]) < 100 and told["pictures"][-1][0] == 299
    several = [red for _, intervals, red, *_ in told["pictures"] if intervals > 1]
    assert several and all(min(red[:2]) > 100 > red[2] for red in several)
    (counts,) = live.counts()
    assert (counts["applied"], counts["drawn"]) == (300, 300)


def test_values_are_shown_through_a_colour_map(viewer: Viewer) -> None:
    look = LOOK | {"show": {"as": "decay"}, "colors": {"map": "viridis", "low": 0.0, "high": 1.0}}
    options: dict[str, Any] = {"policy": "slow", "window": 1, "linger": 60.0}
    with LiveSender(viewer.address, {"exc": CELLS}, description=look, **options) as live:
        live.send(0, 0, 1, values={"exc": [0.0, 0.5, 1.0]})
    (picture,) = viewer.report()["pictures"]
    # viridis ends in yellow; its other end, and its middle, are more blue than red.
    assert picture[2][2] > 100 > max(picture[2][:2])


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"network": "/etc/passwd"}, "network is of files"),
        ({"colour": "red"}, "unknown field `colour`"),
        ({"show": {"as": "report", "report": "/etc/passwd"}}, "a report is of files"),
        ({"draw_as": "objects"}, "draw_as cannot be objects"),
        ({"populations": {"exc": 3}}, "no JSON object"),
        ({"devices": [3]}, "a device is no JSON object"),
    ],
)
def test_what_cannot_be_drawn_is_said_and_the_next_network_drawn(
    viewer: Viewer, wrong: dict[str, Any], words: str
) -> None:
    gone = threading.Event()
    with LiveSender(viewer.address, {"exc": CELLS}, description=LOOK | wrong) as live:
        for _ in range(600):
            if live.counts()[0]["state"] == "gone":
                gone.set()
                break
            gone.wait(0.1)
        with pytest.warns(RuntimeWarning, match="cannot show this network"):
            live.send(0, 0, 1)
    assert gone.is_set()
    with LiveSender(viewer.address, {"exc": CELLS}, description=LOOK, linger=60.0) as live:
        live.send(0, 0, 1, {"exc": [2]})
    told = viewer.report()
    assert told["ended"] == "finished" and len(told["pictures"]) == 1
    assert words
