"""Batches of a remote dataset as torch tensors."""

from collections.abc import Iterable, Iterator
from typing import Any

from .._blendtorch import BatchStream, Memory
from .dataset import RemoteIterableDataset
from .receipts import Receipts, read_receipts


class DataLoader:
    """Iterates batches: dicts of torch tensors, stacked along a new first dimension.

    Batches are assembled by a thread without the GIL, each array copied once from where it was
    received into the memory of the tensor. What is no array, number or bool comes as a list with
    one value an item.
    """

    def __init__(
        self,
        dataset: RemoteIterableDataset | str | Iterable[str],
        batch_size: int = 8,
        drop_last: bool = False,
        prefetch_bytes: int = 64 << 20,
    ) -> None:
        """Stores how to batch; sockets are opened where it is iterated.

        Args:
            dataset: a dataset, or the addresses of one.
            batch_size: items in a batch.
            drop_last: leave out a last batch with fewer items.
            prefetch_bytes: bytes of finished batches that may wait for the loop.

        Raises:
            ValueError: the dataset transforms its items in Python, one by one: batch those with
                torch.utils.data.DataLoader.
        """
        if not isinstance(dataset, RemoteIterableDataset):
            dataset = RemoteIterableDataset(dataset)
        overridden = type(dataset)._item is not RemoteIterableDataset._item
        if dataset.item_transform is not None or overridden:
            raise ValueError(
                "this dataset transforms each item in Python: give it to "
                "torch.utils.data.DataLoader, or transform the batches"
            )
        if batch_size < 1:
            raise ValueError(f"batch_size must be at least 1, not {batch_size}")
        self.dataset = dataset
        self.batch_size = batch_size
        self.drop_last = drop_last
        self.prefetch_bytes = prefetch_bytes
        self._stream: BatchStream | None = None

    def stats(self) -> dict[str, Any]:
        """Counters of the latest iteration, as `RemoteIterableDataset.stats`."""
        return {} if self._stream is None else self._stream.stats()

    def receipts(self) -> Receipts:
        """What the latest iteration in this process has received; for `merge_receipts`."""
        return read_receipts(self._stream)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return _Batches(self) if self.dataset.max_items_here() > 0 else iter(())


class _Batches:
    """One iteration. After an error of one item or one batch it may go on."""

    def __init__(self, loader: DataLoader) -> None:
        from torch import from_dlpack

        dataset = loader.dataset
        self._from_dlpack = from_dlpack
        self._stream = loader._stream = BatchStream(
            dataset.addresses,
            queue_size=dataset.queue_size,
            timeout_ms=dataset.timeoutms,
            max_items=dataset.max_items_here(),
            batch_size=loader.batch_size,
            drop_last=loader.drop_last,
            prefetch_bytes=loader.prefetch_bytes,
        )

    def __iter__(self) -> "_Batches":
        return self

    def __next__(self) -> dict[str, Any]:
        return {
            name: self._from_dlpack(column) if isinstance(column, Memory) else column
            for name, column in next(self._stream).items()
        }

    def close(self) -> None:
        """Ends the iteration: what has been received and not been asked for is counted."""
        if stream := getattr(self, "_stream", None):  # else opening it has failed
            stream.close()

    def __del__(self) -> None:
        self.close()
