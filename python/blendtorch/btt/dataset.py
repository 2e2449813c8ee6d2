"""A dataset whose items come from Blender instances, here or on another machine."""

import json
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from os import PathLike, fspath
from typing import TYPE_CHECKING, Any

from .._blendtorch import ItemStream, instances_at, timeout_seconds
from ..renamed import also_called
from .counters import Counters, Latest, worker
from .epochs import Epochs, Iteration
from .file import FileRecorder, make_folder_of
from .following import Following
from .receipts import Receipts
from .replay import FileDataset, SingleFileDataset, as_it_is

if TYPE_CHECKING:
    from torch.utils.data import IterableDataset
else:
    try:
        from torch.utils.data import IterableDataset
    except ImportError:  # Everything but torch's own DataLoader works without it.
        IterableDataset = object

# The original has the datasets of recordings in this module too.
__all__ = ["FileDataset", "RemoteIterableDataset", "SingleFileDataset"]

Item = dict[str, Any]


def worker_id() -> int:
    """The number of this worker of torch's DataLoader; 0 where there is none."""
    return _worker()[0]


def worker_count() -> int:
    """How many workers torch's DataLoader has; 1 where this is none."""
    return _worker()[1]


def _worker() -> tuple[int, int]:
    info = worker()
    return (0, 1) if info is None else (info.id, info.num_workers)


class RemoteIterableDataset(IterableDataset):
    """Iterates what the publishers at `addresses` send, taking from them fairly.

    An item is a dict of what was published, arrays as numpy arrays, and `btid`, the instance's
    number. Sockets are opened where it is iterated, so that it can be sent to the workers of
    torch's DataLoader: each of W workers yields `max_items // W` items, and no two the same.

    An iteration that has ended with `max_items` is an epoch: the next one over the same dataset, in
    the same process, goes on with the connections and with what they have received meanwhile, so
    that nothing is thrown away between the two. So it is with torch's `persistent_workers=True`.
    Until then the publishers are held back; `close()` lets them go, as does the dataset's end. An
    iteration that is broken off leaves the publishers, and what had been received is discarded.
    """

    def __init__(
        self,
        addresses: str | Iterable[str] | Following,
        queue_size: int = 10,
        timeoutms: float | None = 10000,
        max_items: int = 100000,
        item_transform: Callable[[Item], Any] | None = None,
        record_path_prefix: str | PathLike[str] | None = None,
    ) -> None:
        """Stores how to connect.

        Args:
            addresses: as in `launch_info.addresses["DATA"]`; or `Following("launch_info.json")`,
                of a fleet whose instances come, go and move.
            queue_size: items queued for each address before its publisher is held back.
            timeoutms: silence longer than this raises TimeoutError; None or -1 waits for ever. A
                publisher that is connected gets two minutes for its first item (a first frame may
                compile shaders), as does an instance that this program launched and that runs;
                and where items took longer lately, four times the longest wait is waited for.
                What the loop does with an item is no silence.
            max_items: the iteration ends after so many items, or when all publishers have ended.
            item_transform: called with each item; what it returns is yielded.
            record_path_prefix: every item is also appended to a file, as it was received: worker
                number w writes `{prefix}_{w:02d}.mcap`. `FileDataset` reads them.
        """
        timeout_seconds(timeoutms)  # wrong is said here, and not by a worker
        if item_transform is not None and not callable(item_transform):
            raise TypeError(
                "item_transform must be a function that is called with each item, not "
                f"{type(item_transform).__name__}"
            )
        self.addresses: list[str] | Following
        if isinstance(addresses, Following):
            self.addresses = addresses
        else:
            self.addresses = [addresses] if isinstance(addresses, str) else list(addresses)
        self.queue_size = queue_size
        self.timeoutms = timeoutms
        self.max_items = max_items
        self.item_transform = item_transform or as_it_is
        self.record_path_prefix: str | None = None
        self.enable_recording(record_path_prefix)
        self._counters = Counters()
        self._latest: Latest | None = None
        self._epochs: Epochs[ItemStream] = Epochs()

    @also_called(n="max_items")
    def stream_length(self, max_items: int) -> None:
        """Sets how many items an iteration yields, from the next one on."""
        self.max_items = max_items

    @also_called(fname="prefix")
    def enable_recording(self, prefix: str | PathLike[str] | None) -> None:
        """Sets where the next iterations are recorded; None: nowhere. Files that are there are
        replaced when an iteration starts."""
        self.record_path_prefix = None if prefix is None else fspath(prefix)

    def close(self) -> None:
        """Leaves the publishers, to which an iteration that has ended with `max_items` stays
        connected for the next one; what they have sent since counts as discarded. The next
        iteration connects anew. (A `DataLoader` over this dataset has connections, and a `close()`,
        of its own; those of torch's workers end with them.)"""
        self._epochs.close()

    def stats(self) -> dict[str, Any]:
        """Counters of the latest iteration, whoever iterates: this process, a `DataLoader` over
        this dataset, or torch's DataLoader with workers, whose counters are put together (they
        come twice a second, and at the end). Empty before the first. They go on over the epochs of
        one connection: after the second of 1000 items, `received` is 2000.

        `received`, `duplicated`, `reordered`, `missing` (gaps in the sequence numbers of a
        publisher: lost if this is its only consumer, else see `receipts`), `malformed`,
        `discarded` (received, and left over when the connection ended), `bytes`, `shm_bytes`,
        `ended` (publishers that have said so), `killed` (that have not, and of which their
        launcher, on this machine, knows how much they had published: what is `missing` of them is
        exact), `unfinished` (publishers that have gone without a word), `blocked` (seconds of
        waiting), `assembling` (seconds in which a `DataLoader` of ours filled batches), and the
        same for each of `publishers`, with its `address`, how it came to its `end` ("finished",
        "failed", "interrupted", "killed"; None where nobody has said so) and the `reason`.
        """
        return self._counters.stats(self._latest)

    def receipts(self) -> Receipts:
        """What the latest iteration has received, whoever iterates, and the epochs before it over
        the same connections; for `merge_receipts`."""
        return self._counters.receipts(self._latest)

    def instances(self) -> list[dict[str, Any] | None]:
        """What the launchers on this machine say of the instances at the addresses, in their order:
        as in `Fleet.status()["instances"]`, and `is`, the same in words ("rendering for 3.0 s, its
        slowest frame took 1.2 s", "restarts in 0.5 s"). None where no launcher here knows one."""
        addresses = self.addresses
        known = addresses.addresses() if isinstance(addresses, Following) else addresses
        told: list[dict[str, Any] | None] = json.loads(instances_at(known))
        return told

    def __iter__(self) -> Iterator[Any]:
        return _Items(self) if self.max_items_here() > 0 else iter(())

    def _item(self, item: Item) -> Any:
        """What is yielded for an item; subclasses may override it."""
        return self.item_transform(item)

    def max_items_here(self) -> int:
        """How many items an iteration yields in this process: a worker's share, or all."""
        return self.max_items // worker_count()

    def record_path_here(self) -> str | None:
        """The file that an iteration in this process records to; its folder is made.

        Raises:
            OSError: the folder cannot be made.
        """
        if self.record_path_prefix is None:
            return None
        path = FileRecorder.filename(self.record_path_prefix, worker_id())
        make_folder_of(path)
        return path

    def _connection(self) -> dict[str, Any]:
        """What connections are made with."""
        of = self.addresses
        return {
            "addresses": [] if isinstance(of, Following) else list(of),
            "follow": (of.file, of.socket) if isinstance(of, Following) else None,
            "queue_size": self.queue_size,
            "timeout_ms": self.timeoutms,
        }

    def _epoch(self) -> dict[str, Any]:
        """What may be another in each iteration."""
        return {
            "max_items": self.max_items_here(),
            "record": self.record_path_here(),
            "desk": self._counters.desk(),
        }

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_latest": None, "_epochs": Epochs()}


class _Items(Iteration[ItemStream]):
    """One iteration. After a TimeoutError or a MalformedMessageError it may go on; an
    InstanceFailedError comes after the last item."""

    def __init__(self, dataset: RemoteIterableDataset) -> None:
        self._dataset = dataset
        connection = dataset._connection()
        stream = dataset._epochs.open(ItemStream, connection, dataset._epoch())
        super().__init__(stream, partial(dataset._epochs.keep, connection=connection))
        dataset._latest = Latest.of(stream)

    def __iter__(self) -> "_Items":
        return self

    def __next__(self) -> Any:
        return self._dataset._item(self._next())
