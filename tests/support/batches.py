"""A scene of numbered items, and the stream of their batches below `btt.DataLoader`."""

from collections.abc import Callable

import numpy as np
from blendtorch import btb
from blendtorch._blendtorch import BatchStream

from support import LONG_MS


def scene(n: int) -> Callable[[btb.DataPublisher], None]:
    """Publishes so many items, of every kind of value that a batch can have."""

    def publish(publisher: btb.DataPublisher) -> None:
        for i in range(n):
            publisher.publish(
                image=np.full((48, 64, 3), i, np.uint8),
                xy=np.full((8, 2), i, np.float32),
                frameid=i,
                reward=i / 2 if i % 2 else i // 2,
                done=i % 3 == 0,
                speed=np.float32(i),
                name=f"item {i}",
                extra={"at": (i, np.full(2, i))},
            )

    return publish


def batch_stream(address: str) -> BatchStream:
    return BatchStream(
        [address],
        queue_size=10,
        timeout_ms=LONG_MS,
        max_items=None,
        batch_size=4,
        drop_last=False,
        prefetch_bytes=1 << 20,
    )
