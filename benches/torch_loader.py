"""A consumer of ours in Python: `btt.DataLoader` giving torch tensors.

torch_loader.py consumer --addresses A... --items N --size ROWS COLUMNS
"""

from argparse import Namespace
from collections.abc import Iterator

import roles
from blendtorch import btt


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
    roles.main(None, consume)
