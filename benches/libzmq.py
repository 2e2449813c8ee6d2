"""libzmq by pyzmq, without pickle: a header frame and an image frame, sent from numpy's memory and
copied once, from where libzmq received it into a batch.

    libzmq.py producer --address A --items N --size ROWS COLUMNS
    libzmq.py consumer --addresses A... --items N --size ROWS COLUMNS
"""

import struct
import time
from argparse import Namespace
from collections.abc import Callable, Iterator
from pathlib import Path

import roles

# The producer's number, and the image's.
HEADER = struct.Struct("<qq")
# Batches whose memory is used in turn.
ROTATING = 3


class Producer:
    """PUSH binds."""

    def __init__(self, args: Namespace) -> None:
        import numpy as np
        import zmq

        self.context = zmq.Context()
        self.socket = self.context.socket(zmq.PUSH)
        self.socket.setsockopt(zmq.SNDHWM, 10)
        self.socket.setsockopt(zmq.IMMEDIATE, 1)
        self.socket.bind(args.address)
        self.number = args.number
        self.done = Path(args.done)
        # libzmq sends from this memory when it gets to it: nothing may be written there any more.
        self.images = [np.full((*args.size, 4), 127, dtype=np.uint8) for _ in range(2)]
        for last, image in enumerate(self.images):
            image[-1, -1, -1] = last

    def publish(self, number: Callable[[], int]) -> None:
        """Two frames. pyzmq itself copies an image that is small."""
        frame = number()
        header = HEADER.pack(self.number, frame)
        self.socket.send_multipart([header, self.images[frame & 1]], copy=False)

    def close(self) -> None:
        """Waits until the consumer has taken all.

        Over ipc libzmq's consumer forgets what it has not yet read when a producer closes.
        """
        while not self.done.exists():
            time.sleep(0.005)
        self.socket.close(linger=60_000)
        self.context.term()


def consume(args: Namespace) -> Iterator[list[int]]:
    """PULL connects."""
    import numpy as np
    import zmq

    socket = zmq.Context.instance().socket(zmq.PULL)
    socket.setsockopt(zmq.RCVHWM, 10)
    for address in args.addresses:
        socket.connect(address)
    batches = np.ones((ROTATING, args.batch, args.size[0] * args.size[1] * 4), dtype=np.uint8)

    def looked_at() -> Iterator[list[int]]:
        latest: dict[int, int] = {}
        frames: list[int] = []
        for item in range(args.items):
            header, image = socket.recv_multipart(copy=False)
            row = batches[item // args.batch % ROTATING, item % args.batch]
            row[:] = np.frombuffer(image.buffer, dtype=np.uint8)
            producer, frame = HEADER.unpack(header.buffer)
            assert row[-1] == frame & 1, "a wrong image"
            assert latest.get(producer, -1) < frame, "an image came twice"
            latest[producer] = frame
            frames.append(frame)
            if len(frames) == args.batch or item + 1 == args.items:
                yield frames
                frames = []

    return looked_at()


if __name__ == "__main__":
    roles.main(Producer, consume)
