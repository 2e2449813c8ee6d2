"""What a launcher has of an instance, by docs/control.md alone: the socket where it is asked, and
the page of memory that outlives it."""

import fcntl
import json
import mmap
import os
import socket
import struct
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from support import HANG_S
from support.runtimes import MARK

WORDS = 512
# Where the words of a page are.
MAGIC, VERSION, LIFE, PID, STATE, FRAMES, EPISODE, SAMPLE = 0, 1, 2, 3, 4, 6, 10, 11
RESUME = range(24, 28)
MESSAGES, BEFORE = 12, 29
STATES = [
    "starting",
    "rendering",
    "waiting_for_consumer",
    "waiting_for_agent",
    "waiting_for_request",
    "quiet",
]


class Page:
    """A page as a launcher makes it, in its first life."""

    def __init__(self) -> None:
        self.file = os.memfd_create("page", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        os.ftruncate(self.file, 8 * WORDS)
        seals = fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL
        fcntl.fcntl(self.file, fcntl.F_ADD_SEALS, seals)
        self.memory = mmap.mmap(self.file, 8 * WORDS)
        self[MAGIC] = int.from_bytes(b"BTpage\0\0", "little")
        self[VERSION] = self[LIFE] = 1

    @property
    def path(self) -> str:
        return f"/proc/{os.getpid()}/fd/{self.file}"

    def __getitem__(self, word: int) -> int:
        value: int = struct.unpack_from("<Q", self.memory, 8 * word)[0]
        return value

    def __setitem__(self, word: int, value: int) -> None:
        struct.pack_into("<Q", self.memory, 8 * word, value)

    @property
    def state(self) -> str:
        return STATES[self[STATE]]

    @property
    def place(self) -> tuple[int | None, int | None]:
        """Episode and sample."""
        episode, sample = (self[word] - 1 if self[word] else None for word in (EPISODE, SAMPLE))
        return episode, sample

    @property
    def resume(self) -> list[int]:
        """Base, play, next episode, how many are over."""
        return [self[word] for word in RESUME]

    def begin_life(self, life: int) -> None:
        self[BEFORE] += self[MESSAGES]
        for word in range(PID, RESUME.start):
            self[word] = 0
        self[LIFE] = life

    def close(self) -> None:
        self.memory.close()
        os.close(self.file)


class Launcher:
    """Starts processes as instances, one after another, and asks them."""

    def __init__(self, folder: Path, page: Page | None = None) -> None:
        self.page = page
        self.life = 0
        self.asked = 0
        self.abouts: list[dict[str, Any]] = []
        """What the instance has said of itself in this life."""
        self.errors: list[str] = []
        """Errors that have left its script."""
        self.said: list[tuple[str, Any]] = []
        """What it has said unasked, by topic."""
        self.process: subprocess.Popen[str] | None = None
        self._socket = str(folder / "control")
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(self._socket)
        self._listener.listen()
        self._listener.settimeout(HANG_S)
        self._answers: dict[int, Any] = {}
        self._line: socket.socket | None = None
        self._lines: Any = None

    def start(self, command: Sequence[Any], env: dict[str, str] | None = None) -> None:
        """Begins the next life, of a process that connects."""
        self.life += 1
        self.abouts, self.errors, self.said, self._answers = [], [], [], {}
        given = {"BLENDTORCH_CONTROL": self._socket, "BLENDTORCH_LIFE": str(self.life)}
        if self.page is not None:
            self.page.begin_life(self.life)
            given["BLENDTORCH_PAGE"] = self.page.path
        self.process = subprocess.Popen(
            list(map(str, command)),
            env={**(env or os.environ), **given},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._line, _ = self._listener.accept()
        self._line.settimeout(HANG_S)
        self._lines = self._line.makefile("rb")
        self.hear()

    def hear(self) -> bool:
        """Reads the next word of the instance; False where it has said its last."""
        line = self._lines.readline()
        if not line:
            return False
        said = json.loads(line)
        match said.pop("word"):
            case "hello":
                self.abouts.append(said)
            case "answer":
                self._answers[said["id"]] = said["outcome"]
            case "script_error":
                self.errors.append(said["traceback"])
            case "said":
                self.said.append((said["topic"], said["value"]))
            case word:
                raise AssertionError(f"an instance says {word!r}: {said}")
        return True

    @property
    def about(self) -> dict[str, Any]:
        """What the instance says of itself."""
        return self.abouts[-1]

    def until(self, what: str, so: Any) -> None:
        """Reads its words until that is so."""
        while not so():
            assert self.hear(), f"it ended before {what}: {self.output()}"

    def ask(self, word: str, **more: Any) -> int:
        """Asks; the number that the answer will have."""
        self.asked += 1
        assert self._line is not None
        self._line.sendall(json.dumps({"id": self.asked, "word": word, **more}).encode() + b"\n")
        return self.asked

    def outcome(self, number: int) -> Any:
        """`{"Ok": value}` or `{"Err": {"kind", "message"}}`."""
        self.until("it answered", lambda: number in self._answers)
        return self._answers[number]

    def tell(self, word: str, **more: Any) -> Any:
        """The same, of what is asked now."""
        return self.outcome(self.ask(word, **more))

    def set(self, **values: Any) -> Any:
        return self.tell("set", values=values)

    def call(self, service: str, name: str, arguments: Any = None) -> int:
        """Asks for a call, which is answered when the main thread has made it."""
        return self.ask("call", service=service, name=name, arguments=arguments)

    def stop(self) -> None:
        assert self.tell("stop", why="enough") == {"Ok": None}

    def say(self, line: str) -> None:
        """Writes a line to its standard input."""
        assert self.process is not None and self.process.stdin is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def ends(self) -> tuple[int, str]:
        """Waits for its end, and hears all that it says; its exit code and what it printed."""
        assert self.process is not None
        while self.hear():
            pass
        said, _ = self.process.communicate(timeout=HANG_S)
        return self.process.returncode, said

    def reported(self) -> dict[str, Any]:
        """What a script of `support.runtimes` has reported; it must end well."""
        code, said = self.ends()
        lines = [line for line in said.splitlines() if line.startswith(MARK)]
        assert code == 0 and lines, f"exit {code}\n{said}"
        values: dict[str, Any] = json.loads(lines[-1].removeprefix(MARK))
        return values

    def output(self) -> str:
        """What it has printed, for messages: it is ended."""
        assert self.process is not None
        self.process.kill()
        return self.process.communicate()[0]

    def close(self) -> None:
        for part in (self._lines, self._line, self._listener):
            if part is not None:
                part.close()
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            for stream in (self.process.stdin, self.process.stdout):
                if stream is not None:
                    stream.close()

    def __enter__(self) -> "Launcher":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
