"""Arrays that descriptions name: `cells.npy`, `cells.npz:name`, `cells.h5:/path`.

Owns that no array is unpickled, and the words for one that is not there.
"""

import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ...circuit.description import array_file

if TYPE_CHECKING:
    from numpy.typing import NDArray

_DAMAGED = (EOFError, KeyError, MemoryError, ValueError, zipfile.BadZipFile, zlib.error)


def named(text: str) -> "NDArray[Any]":
    """The array of a text: a file, and after a colon an array in it."""
    return array(*array_file(text))


def of_series(said: Mapping[str, Any]) -> "NDArray[Any]":
    """The array of a device's values."""
    return array(Path(said["file"]), said.get("array"))


def array(path: Path, name: str | None) -> "NDArray[Any]":
    """An array of a file; without a name the only one in it.

    Raises:
        ValueError: it is not there, or no array of numbers.
        OSError: the file cannot be read.
    """
    kind = path.suffix.lower()
    try:
        if kind == ".npy":
            # Mapped: a header that claims more numbers than the file has room for is no memory.
            found = np.array(np.load(path, mmap_mode="r", allow_pickle=False))
        elif kind == ".npz":
            with np.load(path, allow_pickle=False) as file:
                found = file[_one(path, list(file.files), name)]
        else:
            found = _of_hdf5(path, name)
    except _DAMAGED as error:
        if str(path) in str(error):
            raise
        raise ValueError(f"{path} cannot be read as an array of numbers: {error}") from error
    made = np.asarray(found)
    if made.dtype.kind not in "fiub":
        raise ValueError(f"{path}: {name or 'the array'} has no numbers but {made.dtype}")
    return made


def _of_hdf5(path: Path, name: str | None) -> Any:
    try:
        import h5py
    except ImportError as error:
        raise ValueError(
            f"{path}: this Python has no h5py to read it with: save the array with numpy.savez, "
            "or install h5py into Blender's Python"
        ) from error
    with h5py.File(path, "r") as file:
        there: list[str] = []
        file.visititems(lambda key, one: there.append(key) if hasattr(one, "dtype") else None)
        return file[_one(path, there, name.strip("/") if name else None)][()]


def _one(path: Path, there: list[str], name: str | None) -> str:
    if name is None and len(there) == 1:
        return there[0]
    if name in there and name is not None:
        return name
    asked = f"no array {name!r}" if name else "several arrays, or none"
    raise ValueError(f"{path} has {asked}; there are: {', '.join(there[:20]) or 'none'}")
