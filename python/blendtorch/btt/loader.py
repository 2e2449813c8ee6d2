"""Batches of a remote dataset, or of recordings, as torch tensors."""

from collections.abc import Iterable, Iterator
from typing import Any

from .._blendtorch import BatchStream, Memory
from .dataset import RemoteIterableDataset
from .receipts import Receipts, read_receipts
from .replay import FileDataset, SingleFileDataset

KINDS = (RemoteIterableDataset, SingleFileDataset, FileDataset)
Dataset = RemoteIterableDataset | SingleFileDataset | FileDataset


class DataLoader:
    """Iterates batches: dicts of torch tensors, stacked along a new first dimension.

    Batches are assembled by a thread without the GIL, each array copied once from where it was
    received into the memory of the tensor. What is no array, number or bool comes as a list with
    one value an item.
    """

    def __init__(
        self,
        dataset: "Dataset | str | Iterable[str]",
        batch_size: int = 8,
        drop_last: bool = False,
        prefetch_bytes: int = 64 << 20,
        *,
        shuffle: bool = False,
    ) -> None:
        """Stores how to batch; sockets and files are opened where it is iterated.

        Args:
            dataset: a dataset, or the addresses of one.
            batch_size: items in a batch.
            drop_last: leave out a last batch with fewer items.
            prefetch_bytes: bytes of finished batches that may wait for the loop.
            shuffle: each iteration has another order, drawn from torch's generator. For recordings:
                a stream has the order of its arrival.

        Raises:
            ValueError: the dataset transforms its items in Python, one by one: batch those with
                torch.utils.data.DataLoader.
        """
        if not isinstance(dataset, Dataset):
            dataset = RemoteIterableDataset(dataset)
        plain = any(type(dataset)._item is kind._item for kind in KINDS)
        if dataset.item_transform is not None or not plain:
            raise ValueError(
                "this dataset transforms each item in Python: give it to "
                "torch.utils.data.DataLoader, or transform the batches"
            )
        if shuffle and isinstance(dataset, RemoteIterableDataset):
            raise ValueError("a stream cannot be shuffled: record it and shuffle the recordings")
        if batch_size < 1:
            raise ValueError(f"batch_size must be at least 1, not {batch_size}")
        self.dataset = dataset
        self.batch_size = batch_size
        self.drop_last = drop_last
        self.prefetch_bytes = prefetch_bytes
        self.shuffle = shuffle
        self._stream: BatchStream | None = None

    def stats(self) -> dict[str, Any]:
        """Counters of the latest iteration, as `RemoteIterableDataset.stats`."""
        return {} if self._stream is None else self._stream.stats()

    def receipts(self) -> Receipts:
        """What the latest iteration in this process has received; for `merge_receipts`."""
        return read_receipts(self._stream)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        if isinstance(self.dataset, RemoteIterableDataset) and self.dataset.max_items_here() <= 0:
            return iter(())
        return _Batches(self)

    def _open(self) -> BatchStream:
        dataset = self.dataset
        if isinstance(dataset, RemoteIterableDataset):
            return BatchStream(
                dataset.addresses,
                queue_size=dataset.queue_size,
                timeout_ms=dataset.timeoutms,
                max_items=dataset.max_items_here(),
                record=dataset.record_path_here(),
                batch_size=self.batch_size,
                drop_last=self.drop_last,
                prefetch_bytes=self.prefetch_bytes,
            )
        seed = None
        if self.shuffle:
            from torch import randint

            seed = int(randint(2**63 - 1, ()))
        return BatchStream.replay(
            dataset.paths,
            seed=seed,
            batch_size=self.batch_size,
            drop_last=self.drop_last,
            prefetch_bytes=self.prefetch_bytes,
        )


class _Batches:
    """One iteration. After an error of one item or one batch it may go on."""

    def __init__(self, loader: DataLoader) -> None:
        from torch import from_dlpack

        self._from_dlpack = from_dlpack
        self._stream = loader._stream = loader._open()

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
