"""The workspace's programs, run as a user runs them."""

import os
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from blendtorch import btt

from support import HANG_S, ROOT
from support.processes import ends_well, eventually


def program(name: str) -> Path:
    """A Rust example, as `make test` builds it."""
    cache = os.environ.get("BLENDTORCH_CACHE") or Path.home() / ".cache" / "blendtorch"
    target = Path(os.environ.get("CARGO_TARGET_DIR") or Path(cache) / "target")
    path = target / "debug" / name
    assert path.exists(), f"{path} is missing: make checked"
    return path


def example(*command: Any) -> str:
    """What an example prints, whose torch takes one core; it must end well."""
    return ends_well(command, cwd=ROOT, env={**os.environ, "OMP_NUM_THREADS": "1"})


def installed(name: str) -> Path:
    """A program of the wheel that is installed for the tests."""
    path = Path(sys.executable).with_name(name)
    assert path.exists(), f"{path} is missing: install the wheel, as `make test` does"
    return path


class Run:
    """A running program and what it has written; it ends with the test."""

    def __init__(self, command: Sequence[Any], output: Path, cwd: Path = ROOT) -> None:
        self.output = output
        with output.open("wb") as out:
            self.process = subprocess.Popen(
                list(map(str, command)),
                cwd=cwd,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
            )

    def said(self) -> str:
        return self.output.read_text()

    def says(self, pattern: str) -> bool:
        """Whether it has said so; fails if it ended without."""
        ended = self.process.poll() is not None
        found = re.search(pattern, self.said()) is not None
        assert found or not ended, self.said()
        return found

    def ends_well(self) -> str:
        assert self.process.wait(HANG_S) == 0, self.said()
        return self.said()

    def __enter__(self) -> "Run":
        return self

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        try:
            self.process.wait(HANG_S)
        finally:
            self.process.kill()


class Launch(Run):
    """A running `blendtorch-launch`, and the launch info that it writes.

    `words` is the program, or how it is run on another host; without it the wheel's is run.
    """

    def __init__(
        self, description: Path, output: Path, words: Sequence[Any] = (), cwd: Path = ROOT
    ) -> None:
        self.info = output.with_suffix(".json")
        assert self.info != description
        words = words or [installed("blendtorch-launch")]
        super().__init__([*words, "--out-launch-info", self.info, description], output, cwd)

    def started(self) -> btt.LaunchInfo:
        """Waits for the launch info; fails with what the program says if it ends without it."""

        def has_started() -> bool:
            ended = self.process.poll() is not None
            written = self.info.exists()
            assert written or not ended, self.said()
            return written

        eventually("it has started", has_started)
        return btt.LaunchInfo.load_json(self.info)
