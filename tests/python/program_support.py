"""The workspace's programs, run as a user runs them."""

import os
import re
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from btt_support import HANG_S, ROOT


def program(name: str) -> Path:
    """A Rust example, as `make test` builds it."""
    cache = os.environ.get("BLENDTORCH_CACHE") or Path.home() / ".cache" / "blendtorch"
    target = Path(os.environ.get("CARGO_TARGET_DIR") or Path(cache) / "target")
    path = target / "debug" / name
    assert path.exists(), f"{path} is missing: cargo build -p blendtorch-examples --all-features"
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
