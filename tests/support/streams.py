"""Publishers in threads of the test's process, and datasets with patience."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from blendtorch import btb, btt
from blendtorch.btt.epochs import leave

from support import HANG_S, LONG_MS


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
        # Without a consumer it would wait for one, and for one that has kept its connection for
        # another epoch.
        leave([publisher.address])
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


def is_held_back(publisher: btb.DataPublisher) -> bool:
    """Whether it waits in `publish`: all queues behind it are full."""
    before = publisher.stats()
    time.sleep(0.5)
    after = publisher.stats()
    return after["messages"] == before["messages"] and after["blocked"] > before["blocked"]


def numbered(count: int) -> Callable[[btb.DataPublisher], None]:
    """Publishes so many numbered items."""

    def publish(publisher: btb.DataPublisher) -> None:
        for number in range(count):
            publisher.publish(number=number)

    return publish


def one_and_another(go_on: threading.Event) -> Callable[[btb.DataPublisher], None]:
    """Publishes `x=1`, and `x=2` once it is told to go on."""

    def publish(publisher: btb.DataPublisher) -> None:
        publisher.publish(x=1)
        go_on.wait(HANG_S)
        publisher.publish(x=2)

    return publish
