"""Batches of a remote dataset, or of recordings, as torch tensors."""

import warnings
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from .._blendtorch import BatchStream, Memory
from .counters import Counters, Latest
from .dataset import RemoteIterableDataset
from .receipts import Receipts
from .replay import FileDataset, SingleFileDataset, as_it_is
from .transform import ImageTransform, listed

if TYPE_CHECKING:
    from torch.utils.data import IterableDataset
else:
    try:
        from torch.utils.data import IterableDataset
    except ImportError:
        IterableDataset = object

KINDS = (RemoteIterableDataset, SingleFileDataset, FileDataset)
Dataset = RemoteIterableDataset | SingleFileDataset | FileDataset


class DataLoader(IterableDataset):
    """Iterates batches: dicts of torch tensors, stacked along a new first dimension.

    Batches are assembled by a thread without the GIL, each array copied once from where it was
    received into the memory of the tensor. What is no array, number or bool comes as a list with
    one value an item. The memory of tensors that have died is used again.

    To torch it is a dataset of batches: `torch.utils.data.DataLoader(loader, batch_size=None)`.
    """

    def __init__(
        self,
        dataset: "Dataset | str | Iterable[str]",
        batch_size: int = 8,
        drop_last: bool = False,
        prefetch_bytes: int = 64 << 20,
        *,
        shuffle: bool = False,
        transform: Mapping[str, ImageTransform] | None = None,
        pin_memory: bool = False,
        threads: int = 0,
    ) -> None:
        """Stores how to batch; sockets and files are opened where it is iterated.

        Args:
            dataset: a dataset, or the addresses of one.
            batch_size: items in a batch.
            drop_last: leave out a last batch with fewer items.
            prefetch_bytes: bytes of finished batches that may wait for the loop.
            shuffle: each iteration has another order, drawn from torch's generator. For recordings:
                a stream has the order of its arrival.
            transform: what becomes of the images of a field on their way into the batch.
            pin_memory: tensors come in page-locked memory, from which CUDA copies without waiting,
                by a further copy. Without CUDA it warns and does nothing, as torch's own loader.
            threads: so many copy or convert items that have come while others were copied; 0 for 2
                where there are 4 cores and 1 where there are fewer. A loader that waits for its
                publishers uses one, whatever this says.

        Raises:
            ValueError: the dataset transforms its items in Python, one by one: batch those with
                torch.utils.data.DataLoader.
            TypeError: `transform` is no mapping, or a value of it no ImageTransform.
            ModuleNotFoundError: torch is not installed.
        """
        _torch()
        if not isinstance(dataset, Dataset):
            dataset = RemoteIterableDataset(dataset)
        plain = any(type(dataset)._item is kind._item for kind in KINDS)
        if dataset.item_transform is not as_it_is or not plain:
            raise ValueError(
                "this dataset transforms each item in Python: give it to "
                "torch.utils.data.DataLoader, or transform the batches"
            )
        if shuffle and isinstance(dataset, RemoteIterableDataset):
            raise ValueError("a stream cannot be shuffled: record it and shuffle the recordings")
        if batch_size < 1:
            raise ValueError(f"batch_size must be at least 1, not {batch_size}")
        if threads < 0:
            raise ValueError(f"threads must be at least 1, or 0 for the default, not {threads}")
        self.dataset = dataset
        self.batch_size = batch_size
        self.drop_last = drop_last
        self.prefetch_bytes = prefetch_bytes
        self.shuffle = shuffle
        self.transform = dict(listed(transform))
        self.pin_memory = pin_memory
        self.threads = threads
        remote = isinstance(dataset, RemoteIterableDataset)
        self._counters = dataset._counters if remote else Counters()
        self._latest: Latest | None = None

    def stats(self) -> dict[str, Any]:
        """Counters of the latest iteration, as `RemoteIterableDataset.stats`."""
        return self._counters.stats(self._latest)

    def receipts(self) -> Receipts:
        """What the latest iteration has received; for `merge_receipts`."""
        return self._counters.receipts(self._latest)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        if isinstance(self.dataset, RemoteIterableDataset) and self.dataset.max_items_here() <= 0:
            return iter(())
        return _Batches(self)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_latest": None}

    def _open(self) -> BatchStream:
        dataset = self.dataset
        if isinstance(dataset, RemoteIterableDataset):
            return BatchStream(
                dataset.addresses,
                queue_size=dataset.queue_size,
                timeout_ms=dataset.timeoutms,
                max_items=dataset.max_items_here(),
                record=dataset.record_path_here(),
                desk=self._counters.desk(),
                batch_size=self.batch_size,
                drop_last=self.drop_last,
                prefetch_bytes=self.prefetch_bytes,
                transform=listed(self.transform),
                threads=self.threads,
            )
        seed = None
        if self.shuffle:
            seed = int(_torch().randint(2**63 - 1, ()))
        return BatchStream.replay(
            dataset.paths,
            seed=seed,
            desk=self._counters.desk(),
            batch_size=self.batch_size,
            drop_last=self.drop_last,
            prefetch_bytes=self.prefetch_bytes,
            transform=listed(self.transform),
            threads=self.threads,
        )


class _Batches:
    """One iteration. After an error of one item or one batch it may go on."""

    def __init__(self, loader: DataLoader) -> None:
        self._from_dlpack = _torch().from_dlpack
        self._pin = loader.pin_memory and _can_pin()
        self._stream = loader._open()
        loader._latest = Latest.of(self._stream)
        if isinstance(loader.dataset, RemoteIterableDataset):
            loader.dataset._latest = loader._latest

    def __iter__(self) -> "_Batches":
        return self

    def __next__(self) -> dict[str, Any]:
        return {
            name: self._tensor(column) if isinstance(column, Memory) else column
            for name, column in next(self._stream).items()
        }

    def _tensor(self, memory: Memory) -> Any:
        tensor = self._from_dlpack(memory)
        return tensor.pin_memory() if self._pin else tensor

    def close(self) -> None:
        """Ends the iteration: what has been received and not been asked for is counted."""
        if stream := getattr(self, "_stream", None):  # else opening it has failed
            stream.close()

    def __del__(self) -> None:
        self.close()


def _torch() -> Any:
    try:
        import torch
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            "btt.DataLoader makes torch tensors, and torch is not installed here: pip install "
            "torch, or iterate the dataset itself, whose items have numpy arrays",
            name=error.name,
        ) from error
    return torch


def _can_pin() -> bool:
    from torch import cuda

    if not cuda.is_available():
        warnings.warn(
            "pin_memory=True, but torch finds no CUDA: the batches are in ordinary memory",
            stacklevel=4,
        )
        return False
    return True
