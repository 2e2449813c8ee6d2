"""Publishers, programs and processes for the tests of btt."""

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from blendtorch import btb, btt

ROOT = Path(__file__).resolve().parents[2]
CUBE = ROOT / "examples" / "datagen" / "cube.blend.py"

# Against hangs only, with room for a slow machine.
HANG_S = 600
LONG_MS = HANG_S * 1000


@contextmanager
def publishing(work: Callable[[btb.DataPublisher], Any], btid: int = 0) -> Iterator[str]:
    """The address of a publisher that does `work` in a thread, and then ends."""
    publisher = btb.DataPublisher("tcp://127.0.0.1:0", btid, lingerms=LONG_MS)
    failed: list[BaseException] = []

    def run() -> None:
        try:
            work(publisher)
        except OSError as error:
            failed.append(error)  # the test has left
        finally:
            publisher.close()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield publisher.address
    finally:
        # Without a consumer it would wait for one.
        publisher.close()
        thread.join(HANG_S)
    assert not thread.is_alive(), "the publisher hangs"


def dataset(*addresses: str, **options: Any) -> btt.RemoteIterableDataset:
    """A dataset with patience."""
    return btt.RemoteIterableDataset(addresses, **{"timeoutms": LONG_MS, **options})


def travel(**fields: Any) -> dict[str, Any]:
    """What arrives of an item."""
    with publishing(lambda publisher: publisher.publish(**fields)) as address:
        (item,) = dataset(address)
    return item


def run_python(code: str, *args: str, python: str = sys.executable) -> str:
    """What a program prints; it must end well."""
    done = subprocess.run(
        [python, "-P", "-c", code, *args],
        capture_output=True,
        text=True,
        timeout=HANG_S,
        check=False,
    )
    assert done.returncode == 0, f"exit {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def eventually(what: str, so: Callable[[], bool]) -> None:
    """Polls until it is so."""
    deadline = time.monotonic() + HANG_S
    while not so():
        assert time.monotonic() < deadline, f"it never came about that {what}"
        time.sleep(0.01)


def has_ended(pid: int) -> bool:
    """Whether a process is gone; one that nobody has waited for counts as gone."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return True
    return stat.rsplit(") ", 1)[1][0] in "ZX"
