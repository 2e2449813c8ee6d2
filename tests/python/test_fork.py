"""Sockets and threads do not survive a fork: a child that inherits them must neither hang nor
touch the parent's stream."""

import os
import signal
import threading
import time
from typing import Any

import numpy as np
import pytest
from blendtorch import btb, btt


def publish(publisher: btb.DataPublisher, count: int) -> threading.Thread:
    def run() -> None:
        for frame in range(count):
            publisher.publish(image=np.full((64, 64, 3), frame % 256, np.uint8), frameid=frame)
        publisher.close()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return thread


def in_child(work: Any) -> int:
    """Runs `work` in a forked child, which must end within a minute; its exit code."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            code = work()
        finally:
            os._exit(code)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.01)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    raise AssertionError("the child hung")


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("batches", [False, True])
def test_a_child_that_drops_an_inherited_stream_disturbs_nothing(batches: bool) -> None:
    publisher = btb.DataPublisher("tcp://127.0.0.1:0", btid=0, lingerms=60_000)
    dataset = btt.RemoteIterableDataset(publisher.address, timeoutms=60_000)
    source: Any = btt.DataLoader(dataset, batch_size=4) if batches else dataset
    thread = publish(publisher, 400)
    stream = iter(source)
    next(stream)

    def drop_all() -> int:
        nonlocal source, stream
        try:
            next(stream)
        except OSError as error:
            said = "before a fork" in str(error)
        else:
            said = False
        source = stream = None
        return 0 if said else 3

    assert in_child(drop_all) == 0
    for _ in stream:
        pass
    thread.join(60)
    stats = source.stats()
    assert (stats["received"], stats["missing"]) == (400, 0)
