"""The processes of a launcher's instances, with the words of `subprocess.Popen`."""

import os
import signal
import subprocess
import time
from typing import Any

from .._blendtorch import Fleet

_ENDS = {signal.SIGTERM, signal.SIGKILL, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT}


class InstanceProcess:
    """One instance's process. Its launcher ends it; see `BlenderLauncher.status` for more."""

    def __init__(self, fleet: Fleet, index: int, command: str) -> None:
        """Of the instance of that number."""
        self._fleet = fleet
        self._index = index
        self.args = command
        self.returncode: int | None = None
        """The exit code, -N where signal N ended it, once `poll` or `wait` has seen the end."""

    @property
    def pid(self) -> int:
        """The process; another one after it was started again."""
        return int(self._status()["pid"])

    def poll(self) -> int | None:
        """The exit code, or None while it runs, or will again."""
        if self.returncode is None:
            status = self._status()
            if not status["running"] and not status["restarting"]:
                number = status["signal"]
                self.returncode = status["exit_code"] if number is None else -number
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Waits for the end: the exit code.

        Raises:
            subprocess.TimeoutExpired: it did not end within `timeout` seconds.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        while (code := self.poll()) is None:
            if timeout is not None and deadline is not None and time.monotonic() >= deadline:
                raise subprocess.TimeoutExpired(self.args, timeout)
            time.sleep(0.02)
        return code

    def send_signal(self, number: int) -> None:
        """Sends it a signal; nothing if it has ended. One that ends it is its end: it is not
        started again."""
        if number in _ENDS:
            self._fleet.release(self._index)
        if self.poll() is None and self._status()["running"]:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """Asks it to end: SIGTERM."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """Ends it: SIGKILL."""
        self.send_signal(signal.SIGKILL)

    def _status(self) -> dict[str, Any]:
        return self._fleet.status()[self._index]
