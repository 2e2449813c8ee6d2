"""Publishers in processes of their own, so that a test's process may fork."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from support import HANG_S

PUBLISH = """
import sys
import numpy as np
from blendtorch import btb
btid, items = int(sys.argv[1]), int(sys.argv[2])
shape = [int(n) for n in sys.argv[4:]]
publisher = btb.DataPublisher("tcp://127.0.0.1:0", btid, lingerms=1000 * int(sys.argv[3]))
print(publisher.address, flush=True)
number = 0
while number != items:
    publisher.publish(number=number, image=np.full(shape, number % 256, np.uint8))
    number += 1
publisher.close()
"""


class Source:
    """A process that publishes numbered items and then ends; -1 publishes without end."""

    def __init__(
        self, items: int = -1, btid: int = 0, shape: tuple[int, ...] = (64, 64, 4)
    ) -> None:
        numbers = [str(number) for number in (btid, items, HANG_S, *shape)]
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-c", PUBLISH, *numbers],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout
        self.address = self.process.stdout.readline().strip()
        assert self.address, "the publisher did not start"

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()


@contextmanager
def sources(
    count: int, items: int = -1, shape: tuple[int, ...] = (64, 64, 4)
) -> Iterator[list[str]]:
    """The addresses of so many of them."""
    started = [Source(items, btid, shape) for btid in range(count)]
    try:
        yield [source.address for source in started]
    finally:
        for source in started:
            source.stop()
