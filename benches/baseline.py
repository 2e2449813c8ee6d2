"""The original's way of streaming: pyzmq, pickle, torch's default_collate, num_workers=0.

    baseline.py producer --address A --items N --size ROWS COLUMNS
    baseline.py consumer --addresses A... --items N --size ROWS COLUMNS

Written anew from what the original does (PUSH binds, PULL connects, one pickle a message).
"""

from argparse import Namespace
from collections.abc import Callable, Iterator

import roles


class Producer:
    """The original's publisher."""

    def __init__(self, args: Namespace) -> None:
        import numpy as np
        import zmq

        self.context = zmq.Context()
        self.socket = self.context.socket(zmq.PUSH)
        self.socket.setsockopt(zmq.SNDHWM, 10)
        self.socket.setsockopt(zmq.IMMEDIATE, 1)
        self.socket.bind(args.address)
        self.image = np.full((*args.size, 4), 127, dtype=np.uint8)
        self.btid = args.number

    def publish(self, number: Callable[[], int]) -> None:
        """One pickle."""
        frame = number()
        self.image[-1, -1, -1] = frame & 255
        self.socket.send_pyobj({"btid": self.btid, "image": self.image, "frameid": frame})

    def close(self) -> None:
        """Waits until what is queued has been sent."""
        self.socket.close(linger=60_000)
        self.context.term()


def consume(args: Namespace) -> Iterator[list[int]]:
    """The original's dataset in torch's loader."""
    import zmq
    from torch.utils.data import DataLoader, IterableDataset

    class Stream(IterableDataset):
        def __iter__(self):
            socket = zmq.Context.instance().socket(zmq.PULL)
            socket.setsockopt(zmq.RCVHWM, 10)
            for address in args.addresses:
                socket.connect(address)
            for _ in range(args.items):
                yield socket.recv_pyobj()

    return looked_at(iter(DataLoader(Stream(), batch_size=args.batch, num_workers=0)))


def looked_at(batches: Iterator[dict]) -> Iterator[list[int]]:
    """Each producer's images come once, in order, and as they were sent."""
    latest: dict[int, int] = {}
    for batch in batches:
        frames = batch["frameid"].tolist()
        # By numpy: indexing a small torch tensor would take longer than the rest of this.
        lasts = batch["image"].numpy()[:, -1, -1, -1].tolist()
        assert lasts == [frame & 255 for frame in frames], "a wrong image"
        for btid, frame in zip(batch["btid"].tolist(), frames, strict=True):
            assert latest.get(btid, -1) < frame, "an image came twice"
            latest[btid] = frame
        yield frames


if __name__ == "__main__":
    roles.main(Producer, consume)
