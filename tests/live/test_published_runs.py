"""Runs of SONATA configurations that viewers see while they go on: the program, and Python."""

import json
import re
import signal
import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from blendtorch.btb.network.live import LiveView, Shown
from blendtorch.circuit import Spikes
from blendtorch.simulate import Simulation
from support import ROOT
from support.programs import program

CONFIG = ROOT / "tests/golden/sonata/b_ei_exp/config.json"
TSTOP = 100.0


class Watching:
    """Takes all of a session in a thread."""

    def __init__(self) -> None:
        self.spikes: Counter[int] = Counter()
        self.shown: list[Shown] = []
        self.view = LiveView("tcp://127.0.0.1:0", canvas=self._keep)
        self.cells = 0
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def _keep(self, shown: Shown) -> None:
        hello = self.view.hello
        assert hello is not None
        self.cells = len(hello.populations["cortex"])
        self.spikes[shown.step] += shown.spikes.get("cortex", 0)
        self.shown.append(shown)

    def _run(self) -> None:
        for _ in self.view.session(120_000):
            pass

    def end(self) -> None:
        """To the session's end."""
        self.thread.join(120)
        assert self.view.ended is not None
        self.view.close()


def of_file(out: Path) -> Counter[int]:
    """How many spikes each interval of 2 ms has, in a file; times are steps of 0.1 ms."""
    times = np.asarray(Spikes.read(out / "spikes.h5")["cortex"].timestamps)
    return Counter((np.round(times * 10).astype(int) // 20).tolist())


def simulate(out: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [program("blendtorch"), "simulate", CONFIG, "-o", out, "--set", f"run.tstop={TSTOP}"]
    return subprocess.run(
        [*map(str, command), *options], capture_output=True, text=True, timeout=180, check=False
    )


def test_the_program_publishes_each_spike_in_its_interval(tmp_path: Path) -> None:
    watching = Watching()
    look = tmp_path / "look.json"
    look.write_text(json.dumps({"show": {"as": "flash"}, "colors": "magma"}))
    done = simulate(
        tmp_path / "out", "--publish", watching.view.address, "--publish-every", "2",
        "--publish-wait", "2", "--publish-look", str(look),
    )  # fmt: skip
    watching.end()
    assert done.returncode == 0, done.stderr
    assert watching.view.ended is not None and watching.view.ended.how == "finished"
    whole = [one for one in watching.shown if one.stop_ms - one.start_ms > 1.9]
    assert len(whole) == 50 and whole[3].stop_ms == 8.0
    assert +watching.spikes == of_file(tmp_path / "out")
    number = len(watching.shown)
    assert f"has drawn {number} intervals in {number} pictures by now" in done.stderr


def test_nobody_listens_and_the_run_is_the_same(tmp_path: Path) -> None:
    plain = simulate(tmp_path / "plain")
    nobody = ("--publish", "tcp://127.0.0.1:9", "--publish-await", "1")
    alone = simulate(tmp_path / "alone", *nobody)
    assert (plain.returncode, alone.returncode) == (0, 0), alone.stderr
    assert of_file(tmp_path / "plain") == of_file(tmp_path / "alone")
    assert "not all viewers are there after 1 s: it begins without them" in alone.stderr
    assert re.search(r"never came; 10[01] snapshots were for nobody", alone.stderr), alone.stderr


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--publish", "nowhere.json"], "nowhere.json"),
        (["--publish", "tcp://no port"], "tcp://no port"),
        (["--publish", "tcp://127.0.0.1:9", "--publish-every", "0"], "an interval of 0 ms is none"),
        (["--publish", "tcp://127.0.0.1:9", "--publish-look", "none.json"], "none.json"),
    ],
)
def test_what_cannot_be_published_is_one_line(
    tmp_path: Path, options: list[str], words: str
) -> None:
    done = simulate(tmp_path / "out", *options)
    lines = [line for line in done.stderr.splitlines() if "error" in line]
    assert done.returncode == 1 and len(lines) == 1 and words in lines[0], done.stderr
    assert not (tmp_path / "out" / "spikes.h5").exists()


def test_a_run_in_python_is_published_in_pieces(tmp_path: Path) -> None:
    watching = Watching()
    changed: dict[str, Any] = {"run.tstop": TSTOP}
    with Simulation(CONFIG, changed=changed, output_dir=tmp_path) as run:
        run.publish(watching.view.address, every=2.0, policy="slow", window=3)
        run.run_until(33.3)
        run.run()
        run.finish()
    watching.end()
    assert +watching.spikes == of_file(tmp_path) and watching.cells > 100
    with (
        Simulation(CONFIG, changed=changed, output_dir=tmp_path) as run,
        pytest.raises(FileNotFoundError, match=r"nowhere\.json"),
    ):
        run.publish("nowhere.json")


def test_a_run_that_is_left_with_an_error_says_so(tmp_path: Path) -> None:
    watching = Watching()

    def fails() -> None:
        with Simulation(CONFIG, output_dir=tmp_path) as run:
            run.publish(watching.view.address, policy="slow")
            run.run_until(10.0)
            raise ArithmeticError("enough")

    with pytest.raises(ArithmeticError):
        fails()
    watching.end()
    assert watching.view.ended is not None and watching.view.ended.how == "failed"


WAITS = """
import sys
from blendtorch.simulate import Simulation
with Simulation(sys.argv[1], output_dir=sys.argv[2]) as run:
    run.publish(sys.argv[3], policy="slow", window=1)
    run.run_until(50.0)
"""


def test_ctrl_c_is_heard_while_a_run_waits_for_viewers(tmp_path: Path) -> None:
    """It was heard when the viewer was given up, after a minute."""
    view = LiveView("tcp://127.0.0.1:0", canvas=lambda shown: None)
    command = [sys.executable, "-c", WAITS, CONFIG, tmp_path, view.address]
    run = subprocess.Popen(list(map(str, command)), stderr=subprocess.PIPE, text=True)
    session = view.session(120_000)
    next(session)  # and its picture is never done
    run.send_signal(signal.SIGINT)
    try:
        _, said = run.communicate(timeout=40)
    finally:
        run.kill()
    assert run.returncode == -signal.SIGINT and "KeyboardInterrupt" in said, said
    for _ in session:
        pass
    assert view.ended is not None and view.ended.how == "interrupted"
    view.close()
