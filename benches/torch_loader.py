"""Ours in Python: `btb.DataPublisher` of arrays, and `btt.DataLoader` giving torch tensors.

torch_loader.py producer --address A --items N --size ROWS COLUMNS
torch_loader.py consumer --addresses A... --items N --size ROWS COLUMNS
"""

from argparse import Namespace
from collections.abc import Callable, Iterator

import roles
from blendtorch import btb, btt


class Producer:
    """An array, kept and published again and again."""

    def __init__(self, args: Namespace) -> None:
        import numpy as np

        self.publisher = btb.DataPublisher(args.address, args.number, lingerms=60_000)
        self.image = np.full((*args.size, 4), 127, dtype=np.uint8)

    def publish(self, number: Callable[[], int]) -> None:
        """One message."""
        frame = number()
        self.image[-1, -1, -1] = frame & 255
        self.publisher.publish(image=self.image, frameid=frame)

    def close(self) -> None:
        """Waits until all is taken."""
        self.publisher.close()


def consume(args: Namespace) -> Iterator[list[int]]:
    """The numbers of the images of each batch."""
    dataset = btt.RemoteIterableDataset(args.addresses, timeoutms=60_000, max_items=1 << 40)
    loader = btt.DataLoader(dataset, batch_size=args.batch)
    for batch in loader:
        frames = batch["frameid"].tolist()
        # By numpy, as in baseline.py.
        lasts = batch["image"].numpy()[:, -1, -1, -1].tolist()
        assert lasts == [frame & 255 for frame in frames], "a wrong image"
        yield frames
    stats = loader.stats()
    assert stats["missing"] + stats["duplicated"] == 0, stats


if __name__ == "__main__":
    roles.main(Producer, consume)
