"""Senders and viewers of live activity in Python, without Blender: what is seen of spikes, who
waits, and what is said of ends that are none."""

import importlib
import math
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from blendtorch import btb
from blendtorch.btb.network.live import Hello, LiveView, Shown
from blendtorch.btb.network.live_values import Decay, Flash, Indicator, Pulsar, values_of
from blendtorch.circuit import LiveSender
from support import ROOT

LONG = 20_000
CELLS = np.array([[0, 0, 300], [50, 0, 310], [0, 50, 320]], np.float32)


class Canvas:
    """Keeps what it is told, and takes its time."""

    def __init__(self, each: float = 0.0) -> None:
        self.hello: list[Hello] = []
        self.shown: list[tuple[int, int, float, list[float]]] = []
        self.each = each

    def begin(self, hello: Hello) -> None:
        """A network."""
        if hello.description.get("name") == "impossible":
            raise ValueError("there is no such thing")
        self.hello.append(hello)

    def apply(self, shown: Shown) -> None:
        """A picture."""
        time.sleep(self.each)
        values = shown.values["exc"].tolist()
        self.shown.append((shown.step, shown.intervals, shown.stop_ms, values))


@pytest.fixture
def canvas() -> Canvas:
    """A canvas."""
    return Canvas()


@pytest.fixture
def view(canvas: Canvas) -> Iterator[LiveView]:
    """A viewer that draws on it."""
    with LiveView("tcp://127.0.0.1:0", 1, canvas=canvas) as one:
        yield one


def send_all(address: str, intervals: int, **options: object) -> list[dict[str, object]]:
    with LiveSender(address, {"exc": CELLS}, devices={"fibers": 2}, **options) as live:  # type: ignore[arg-type]
        for k in range(intervals):
            live.send(k, k, k + 1, {"exc": [k % 3]}, devices={"fibers": [k, 0.5]})
    return live.counts()


def test_each_interval_is_drawn_where_the_simulation_waits(view: LiveView, canvas: Canvas) -> None:
    counts: list[dict[str, object]] = []
    canvas.each = 0.01
    options = {"policy": "slow", "window": 2, "linger": 20.0}
    sending = threading.Thread(target=lambda: counts.extend(send_all(view.address, 30, **options)))
    sending.start()
    for shown in view.session(LONG):
        assert shown.intervals == 1 and shown.spikes == {"exc": 1}
        assert shown.devices["fibers"].tolist() == [shown.step, 0.5]
    sending.join()
    assert [step for step, *_ in canvas.shown] == list(range(30))
    # A cell is lit in the picture of its interval, and in no other.
    assert all(values == [float(k % 3 == n) for n in range(3)] for k, _, _, values in canvas.shown)
    (one,) = counts
    assert (one["drawn"], one["pictures"], one["lost"], one["left_out"]) == (30, 30, 0, 0)
    assert float(str(one["waited_s"])) > 0.1
    assert view.ended is not None and view.ended.how == "finished"


def test_a_slow_viewer_shows_the_newest_and_misses_no_spike(view: LiveView, canvas: Canvas) -> None:
    counts: list[dict[str, object]] = []
    canvas.each = 0.05
    sending = threading.Thread(
        target=lambda: counts.extend(send_all(view.address, 60, linger=20.0))
    )
    sending.start()
    spikes = sum(shown.spikes["exc"] for shown in view.session(LONG))
    sending.join()
    assert spikes == 60 and sum(intervals for _, intervals, *_ in canvas.shown) == 60
    assert len(canvas.shown) < 30 and canvas.shown[-1][0] == 59
    several = [values for _, intervals, _, values in canvas.shown if intervals >= 3]
    assert several and all(values == [1.0, 1.0, 1.0] for values in several)
    (one,) = counts
    assert (one["applied"], one["drawn"], one["pictures"]) == (60, 60, len(canvas.shown))
    assert one["waited_s"] == 0.0


def test_a_network_that_cannot_be_shown_is_said_on_both_ends(
    view: LiveView, capfd: pytest.CaptureFixture[str]
) -> None:
    names = [{"name": "impossible"}, {"show": {"as": "fireworks"}}]
    for name, words in zip(names, ("no such thing", "fireworks"), strict=True):
        with LiveSender(view.address, {"exc": CELLS}, description=name) as live:
            until = time.monotonic() + 20
            while time.monotonic() < until and live.counts()[0]["state"] != "gone":
                view.next(20)
            with pytest.warns(RuntimeWarning, match=f"cannot show this network: .*{words}"):
                live.send(0, 0, 1)
        assert words in capfd.readouterr().err
        view.next(200)


def test_what_is_no_network_is_refused_before_it_travels() -> None:
    with pytest.raises(ValueError, match=r"positions are \(n, 3\), not \(3, 2\)"):
        LiveSender("tcp://127.0.0.1:9", {"exc": CELLS[:, :2]})
    with pytest.raises(ValueError, match="no address"):
        LiveSender([], {"exc": CELLS})
    with pytest.raises(FileNotFoundError, match=r"nowhere\.json"):
        LiveSender("/nowhere.json", {"exc": CELLS})
    with pytest.raises(ValueError, match='"wait" is none'):
        LiveSender("tcp://127.0.0.1:9", {"exc": CELLS}, policy="wait")  # type: ignore[arg-type]
    with LiveSender("tcp://127.0.0.1:9", {"exc": CELLS}, linger=0.1) as live:
        for wrong, words in (
            ([3], "no cell 3"),
            ([-1], "there is no cell -1"),
            ([0.5], "whole numbers"),
        ):
            with pytest.raises(ValueError, match=words):
                live.send(0, 0, 1, {"exc": wrong})
        with pytest.raises(ValueError, match="an interval from 1 to NaN"):
            live.send(0, 1, math.nan)
    with pytest.raises(OSError, match="closed"):
        live.send(0, 0, 1)


SIMULATION = """
import sys, time
import numpy as np
from blendtorch.circuit import LiveSender
live = LiveSender(sys.argv[1], {"exc": np.zeros((3, 3), np.float32)}, policy="slow")
for k in range(3):
    live.send(k, k, k + 1, {"exc": [k]})
print("sent", flush=True)
"""


def simulation(view: LiveView, end: str, tmp_path: Path) -> subprocess.Popen[str]:
    """A simulation that ends so after three intervals."""
    script = tmp_path / "simulation.py"
    script.write_text(SIMULATION + end)
    command = [sys.executable, str(script), view.address]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.parametrize(
    ("end", "how", "words"),
    [
        ("", "finished", None),
        ("raise ValueError('the voltage is NaN')", "failed", "the voltage is NaN"),
        ("sys.exit(3)", "failed", None),
        ("del live", "failed", "was left before its end"),
    ],
)
def test_a_simulation_that_ends_early_says_so(
    view: LiveView, canvas: Canvas, tmp_path: Path, end: str, how: str, words: str | None
) -> None:
    process = simulation(view, end, tmp_path)
    for _ in view.session(LONG):
        pass
    process.communicate(timeout=60)
    assert [step for step, *_ in canvas.shown] == [0, 1, 2]
    assert view.ended is not None and view.ended.how == how
    assert words is None or words in (view.ended.reason or "")


def test_a_simulation_that_is_killed_is_noticed_and_the_next_one_shown(
    view: LiveView, canvas: Canvas, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    process = simulation(view, "time.sleep(600)", tmp_path)
    session = view.session(LONG)
    for _ in range(3):
        next(session)
    os.kill(process.pid, signal.SIGKILL)
    assert list(session) == []
    process.communicate(timeout=60)
    assert view.ended is not None and view.ended.how == "lost"
    assert "the sender is gone at 3 ms, without a word" in capfd.readouterr().err
    again = simulation(view, "", tmp_path)
    assert len(list(view.session(LONG))) == 3
    again.communicate(timeout=60)
    assert view.ended.how == "finished" and len(canvas.hello) == 2


def test_a_simulation_that_hangs_is_said_once(
    view: LiveView,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("blendtorch.btb.network.live.QUIET_S", 0.5)
    process = simulation(view, "time.sleep(600)", tmp_path)
    session = view.session(2000)
    for _ in range(3):
        next(session)
    with pytest.raises(TimeoutError, match="nothing was sent"):
        next(session)
    assert capfd.readouterr().err.count("since 3 ms: the simulation is slow, or hangs") == 1
    process.kill()
    process.communicate(timeout=60)


def test_what_any_program_sends_does_not_end_a_viewer(
    view: LiveView, canvas: Canvas, capfd: pytest.CaptureFixture[str]
) -> None:
    from blendtorch.btt import DuplexChannel

    with DuplexChannel(view.address) as other:
        for k in range(5):
            other.send(live="hello", session=k, description="\x1b[2J")
            other.send(anything=np.zeros(3))
        until = time.monotonic() + 20
        while view.counts()["malformed"] < 10 and time.monotonic() < until:
            assert view.next(50) is None
    assert view.counts()["malformed"] == 10
    said = capfd.readouterr().err
    assert said.count("cannot be read") == 1 and "\x1b" not in said
    send = threading.Thread(target=send_all, args=(view.address, 3))
    send.start()
    assert sum(shown.intervals for shown in view.session(LONG)) == 3
    send.join()


def test_a_simulation_can_begin_when_all_viewers_are_there(
    view: LiveView, canvas: Canvas, tmp_path: Path
) -> None:
    with (
        pytest.warns(RuntimeWarning, match=r"not all viewers are there after 0\.2 s"),
        LiveSender(view.address, {"exc": CELLS}, await_viewers=0.2, linger=0.1),
    ):
        pass
    view.next(200)
    pid = simulation(view, "", tmp_path)
    begun: list[bool] = []

    def late() -> None:
        with LiveSender(view.address, {"exc": CELLS}, await_viewers=60.0, linger=20.0) as live:
            begun.append(True)
            live.send(0, 0, 1, {"exc": [0]})

    assert len(list(view.session(LONG))) == 3
    pid.communicate(timeout=60)
    sending = threading.Thread(target=late)
    sending.start()
    time.sleep(0.3)
    assert not begun, "nobody has looked yet"
    assert len(list(view.session(LONG))) == 1
    sending.join()
    assert begun


def test_spikes_become_values() -> None:
    flash = Flash(3)
    flash.add(np.array([1], np.uint32), 0, 1)
    flash.add(np.array([2], np.uint32), 1, 2)
    assert flash.out.tolist() == [0, 1, 1]
    flash.drawn()
    flash.add(None, 2, 3)
    assert flash.out.tolist() == [0, 0, 0]

    decay = Decay(2, tau_ms=20.0)
    decay.add(np.array([0, 1, 1, 1], np.uint32), 0, 1)
    decay.add(None, 1, 2)
    one = math.exp(-1.5 / 20)
    np.testing.assert_allclose(decay.out, [one, 1.0], rtol=1e-6)

    pulsar = Pulsar(2, spike_duration=5.0)
    pulsar.add(np.array([0], np.uint32), 0, 1)
    np.testing.assert_allclose(pulsar.out, [0.3 + 0.7 * 0.8, 0.3], rtol=1e-6)
    pulsar.add(None, 1, 6)
    np.testing.assert_allclose(pulsar.out, [0.3, 0.3], rtol=1e-6)

    indicator = Indicator(1, rise_ms=10.0, decay_ms=100.0, amplitude=0.5)
    indicator.add(np.array([0], np.uint32), -0.05, 0.05)
    values = []
    for k in range(300):
        indicator.add(None, k + 0.05, k + 1.05)
        values.append(float(indicator.out[0]))
    assert max(values) == pytest.approx(0.5, abs=2e-3)
    assert values.index(max(values)) == pytest.approx(25.6, abs=1.5)  # ln(10) · 10 · 100 / 90
    with pytest.raises(ValueError, match="known are flash"):
        values_of({"as": "fireworks"}, 3)


def test_what_the_documentation_names_is_there() -> None:
    """`LiveSender` was in `blendtorch.circuit.live` alone."""
    text = (ROOT / "docs/live.md").read_text()
    named = set(re.findall(r"\b(blendtorch(?:\.[a-z]\w*)+)\.([A-Z]\w+)", text))
    named |= set(re.findall(r"from (blendtorch\S*) import (\w+)", text))
    named.discard(("blendtorch.cleo", "VideoVisualizer"))  # of a Python that has Cleo
    assert ("blendtorch.circuit", "LiveSender") in named
    for module, name in named:
        assert hasattr(importlib.import_module(module), name), (module, name)


def test_importing_the_view_needs_no_blender() -> None:
    assert "bpy" not in sys.modules
    assert btb is not None
