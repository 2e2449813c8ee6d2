"""`bsb.core`: networks by their files."""

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..btb.network import BlenderNetwork

__all__ = ["from_hdf5"]


def from_hdf5(path: str | os.PathLike[str]) -> "BlenderNetwork":
    """The network of a file of the BSB's, of v3 to v8.

    Raises:
        ImportError: this Python is not Blender's.
        OSError: the file cannot be read.
        ValueError: it is damaged, or no network.
    """
    try:
        import bpy  # noqa: F401
    except ImportError as error:
        raise ImportError(
            "networks are drawn inside Blender: run this script with `blender -b -P script.py` or "
            "`python -m blendtorch.bpy_main -b -P script.py`; to read a network elsewhere, use "
            "blendtorch.circuit.CellNetwork"
        ) from error
    from ..btb import network

    return network.from_hdf5(path)
