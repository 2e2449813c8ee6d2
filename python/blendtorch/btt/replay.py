"""Datasets over recordings, for torch's DataLoader: with `len()`, shuffled, by several workers."""

from bisect import bisect_right
from collections.abc import Callable, Iterator
from itertools import accumulate
from os import PathLike, fspath
from typing import TYPE_CHECKING, Any

from .._blendtorch import recordings_of
from .file import FileReader

if TYPE_CHECKING:
    from torch.utils.data import Dataset
else:
    try:
        from torch.utils.data import Dataset
    except ImportError:  # Everything but torch's own DataLoader works without it.
        Dataset = object

Item = dict[str, Any]


def as_it_is(item: Item) -> Any:
    """What becomes of an item where no transform was given. (Subclasses of the original's datasets
    call `item_transform` themselves.)"""
    return item


class _Recorded(Dataset):
    """Items of files, one file after the other."""

    def __init__(self, paths: list[str], item_transform: Callable[[Item], Any] | None) -> None:
        self.paths = paths
        self.item_transform = item_transform or as_it_is
        self._readers = [FileReader(path) for path in paths]
        self._ends = list(accumulate(len(reader) for reader in self._readers))

    def __len__(self) -> int:
        return self._ends[-1]

    def __getitem__(self, index: int) -> Any:
        number = index + len(self) if index < 0 else index
        if not 0 <= number < len(self):
            raise IndexError(f"item {index} was asked for, the recordings have {len(self)}")
        file = bisect_right(self._ends, number)
        before = self._ends[file - 1] if file else 0
        return self._item(self._readers[file].read(number - before))

    def __iter__(self) -> Iterator[Any]:
        return (self[number] for number in range(len(self)))

    def _item(self, item: Item) -> Any:
        """What is given for an item; subclasses may override it."""
        return self.item_transform(item)


class SingleFileDataset(_Recorded):
    """The items of one recording."""

    def __init__(
        self,
        path: str | PathLike[str],
        item_transform: Callable[[Item], Any] | None = None,
    ) -> None:
        """Opens a recording, as `FileReader` does.

        Args:
            path: the file.
            item_transform: called with each item; what it returns is given.
        """
        super().__init__([fspath(path)], item_transform)


class FileDataset(_Recorded):
    """The items of all recordings of a prefix, as `RemoteIterableDataset` wrote them.

    torch.utils.data.DataLoader(btt.FileDataset("run"), batch_size=8, shuffle=True, num_workers=2)
    """

    def __init__(
        self,
        record_path_prefix: str | PathLike[str],
        item_transform: Callable[[Item], Any] | None = None,
    ) -> None:
        """Opens the recordings, as `FileReader` does.

        Args:
            record_path_prefix: of `{prefix}_{worker:02d}.mcap`.
            item_transform: called with each item; what it returns is given.

        Raises:
            FileNotFoundError: there are none; it says what was looked for.
        """
        paths = [fspath(path) for path in recordings_of(fspath(record_path_prefix))]
        super().__init__(paths, item_transform)
