"""A Blender that runs the scripts of many tests, one after another: a start takes longer than most.

It is as real as one of a script's own. What it does not show is how a process begins and ends:
tests of that, of the command line and of the environment have Blenders of their own. One whose
script failed is not used again.
"""

import json
import os
import select
import subprocess
from pathlib import Path
from typing import Any

from support import HANG_S

_SERVER = Path(__file__).with_name("serve.py")


class SharedBlender:
    """One process, for the scripts of many tests."""

    def __init__(self, command: list[str], env: dict[str, str]) -> None:
        """Starts it: `command` ends before Blender's options for scripts."""
        self.env = env
        self.ran: list[str] = []
        self.answers, told = os.pipe()
        options = ["--python-exit-code", "1", "--python", str(_SERVER), "--"]
        options += [str(told), str(os.getpid())]
        try:
            self.process = subprocess.Popen(
                [*command, *options],
                env=env,
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=[told],
            )
        finally:
            os.close(told)

    def run(self, script: Path, argv: list[str]) -> subprocess.CompletedProcess[str]:
        """As `subprocess.run` of a Blender that runs `script`, with these `sys.argv`."""
        self.ran.append(str(script))
        files = [script.with_suffix(f".{name}") for name in ("stdout", "stderr")]
        for file in files:
            file.write_text("")
        asked = {"script": str(script), "argv": argv}
        asked |= {"stdout": str(files[0]), "stderr": str(files[1])}
        assert self.process.stdin
        self.process.stdin.write(json.dumps(asked).encode() + b"\n")
        self.process.stdin.flush()
        code = self._answer()
        out, err = (file.read_text(errors="backslashreplace") for file in files)
        return subprocess.CompletedProcess(argv, code, out, err)

    def _answer(self) -> int:
        """The exit code that the server tells, or its own where it has ended instead."""
        ready, _, _ = select.select([self.answers], [], [], HANG_S)
        if not ready:
            self.kill()
            raise subprocess.TimeoutExpired(self.process.args, HANG_S)
        answer = os.read(self.answers, 100)
        return int(answer) if answer else self.process.wait(HANG_S)

    def end(self) -> int:
        """Lets it end, as a Blender whose script has come to its end; the exit code."""
        assert self.process.stdin
        # Said, and not by closing: a worker that some test has forked may hold the pipe open.
        self.process.stdin.write(b"end\n")
        self.process.stdin.close()
        try:
            return self.process.wait(HANG_S)
        finally:
            self.kill()

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
        if self.answers >= 0:
            os.close(self.answers)
            self.answers = -1


_shared: dict[str, SharedBlender] = {}

# What pytest says of each test, and no script asks for.
_OTHERWISE = {"PYTEST_CURRENT_TEST"}


def run_shared(
    command: list[str], env: dict[str, str], script: Path, argv: list[str]
) -> subprocess.CompletedProcess[str]:
    """Runs `script` in the Blender that tests share which is started by this command."""
    assert "--background" in command, "a Blender with a window is not shared: say alone=True"
    env = {key: value for key, value in env.items() if key not in _OTHERWISE}
    place = command[0]
    blender = _shared.get(place) or _shared.setdefault(place, SharedBlender(command, env))
    assert env == blender.env, "the shared Blender has another environment: say alone=True"
    done: Any = None
    try:
        done = blender.run(script, argv)
    finally:
        if done is None or done.returncode != 0:
            _shared.pop(place).kill()
    return done


def end_all() -> None:
    """Ends them all; fails where one did not end well, as a script's own would have."""
    codes = {}
    while _shared:
        place, blender = _shared.popitem()
        codes[place] = (blender.end(), blender.ran)
    bad = {place: code for place, code in codes.items() if code[0] != 0}
    assert not bad, f"Blenders that did not end with 0, and what they ran: {bad}"
