"""Batches of a remote dataset, or of recordings, as torch tensors."""

import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from .._blendtorch import BatchStream, Memory
from .counters import Counters, Latest
from .dataset import RemoteIterableDataset
from .epochs import Epochs, Iteration
from .following import Following
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

    A stream that has ended with its dataset's `max_items` goes on in the next iteration, as that of
    the dataset itself would: nothing is thrown away between two epochs. A batch has items of one.
    """

    def __init__(
        self,
        dataset: "Dataset | str | Iterable[str] | Following",
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
            dataset: a dataset, or the addresses of one, or a `Following`.
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
        self._epochs: Epochs[BatchStream] = Epochs()

    def close(self) -> None:
        """Leaves the publishers, to which an iteration that has ended with `max_items` stays
        connected for the next one; what they have sent since counts as discarded. The next
        iteration connects anew."""
        self._epochs.close()

    def stats(self) -> dict[str, Any]:
        """Counters of the latest iteration, as `RemoteIterableDataset.stats`."""
        return self._counters.stats(self._latest)

    def receipts(self) -> Receipts:
        """What the latest iteration has received, as `RemoteIterableDataset.receipts`."""
        return self._counters.receipts(self._latest)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        if isinstance(self.dataset, RemoteIterableDataset) and self.dataset.max_items_here() <= 0:
            return iter(())
        return _Batches(self)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_latest": None, "_epochs": Epochs()}

    def _batching(self) -> dict[str, Any]:
        return {
            "batch_size": self.batch_size,
            "drop_last": self.drop_last,
            "prefetch_bytes": self.prefetch_bytes,
            "transform": listed(self.transform),
            "threads": self.threads,
        }

    def _open(self) -> tuple[BatchStream, Callable[[BatchStream], None]]:
        """A stream, and what becomes of it when it has ended."""
        dataset = self.dataset
        if isinstance(dataset, RemoteIterableDataset):
            connection = {**dataset._connection(), **self._batching()}
            stream = self._epochs.open(BatchStream, connection, dataset._epoch())
            return stream, partial(self._epochs.keep, connection=connection)
        seed = None
        if self.shuffle:
            seed = int(_torch().randint(2**63 - 1, ()))
        desk = self._counters.desk()
        stream = BatchStream.replay(dataset.paths, seed=seed, desk=desk, **self._batching())
        return stream, BatchStream.close


class _Batches(Iteration[BatchStream]):
    """One iteration. After an error of one item or one batch it may go on."""

    def __init__(self, loader: DataLoader) -> None:
        self._from_dlpack = _torch().from_dlpack
        self._pin = loader.pin_memory and _can_pin()
        stream, keep = loader._open()
        super().__init__(stream, keep)
        loader._latest = Latest.of(stream)
        if isinstance(loader.dataset, RemoteIterableDataset):
            loader.dataset._latest = loader._latest

    def __iter__(self) -> "_Batches":
        return self

    def __next__(self) -> dict[str, Any]:
        return {
            name: self._tensor(column) if isinstance(column, Memory) else column
            for name, column in self._next().items()
        }

    def _tensor(self, memory: Memory) -> Any:
        tensor = self._from_dlpack(memory)
        return tensor.pin_memory() if self._pin else tensor


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
