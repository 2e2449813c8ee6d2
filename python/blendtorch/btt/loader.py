"""Batches of a remote dataset as torch tensors."""

from collections.abc import Iterable, Iterator
from typing import Any

from .._blendtorch import BatchStream, Memory
from .dataset import RemoteIterableDataset


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

    def __iter__(self) -> Iterator[dict[str, Any]]:
        from torch import from_dlpack

        dataset = self.dataset
        stream = self._stream = BatchStream(
            dataset.addresses,
            queue_size=dataset.queue_size,
            timeout_ms=dataset.timeoutms,
            max_items=dataset.max_items_here(),
            batch_size=self.batch_size,
            drop_last=self.drop_last,
            prefetch_bytes=self.prefetch_bytes,
        )
        try:
            for batch in stream:
                yield {
                    name: from_dlpack(column) if isinstance(column, Memory) else column
                    for name, column in batch.items()
                }
        finally:
            stream.close()
