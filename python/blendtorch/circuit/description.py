"""Descriptions of network scenes: what `blendtorch render network.json` takes.

Owns their reading as a dictionary. What the keys are and what is wrong with them, Rust knows.
"""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .. import _blendtorch
from .as_json import plain


class Description(dict[str, Any]):
    """A description, checked: all keys with their defaults, and absolute paths."""

    files: list[Path]
    """The files that the scene is made of: network, results, arrays."""


def array_file(text: str) -> tuple[Path, str | None]:
    """The file and the array in it that a text names, as `cells.npz:exc` or `cells.npy`."""
    file, array = _blendtorch.array_file(text)
    return Path(file), array


def scene_description(
    source: str | os.PathLike[str] | Mapping[str, Any], folder: str | os.PathLike[str] = "."
) -> Description:
    """Reads and checks a description.

    Args:
        source: the path of a `network.json`, or what would stand in one.
        folder: where relative paths of a mapping are looked up.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it cannot be: all that is wrong with it, with key and remedy.
    """
    if isinstance(source, Mapping):
        where = Path(folder).absolute() / "network.json"
        text, files = _blendtorch.scene_description(where, json.dumps(plain(dict(source))))
    else:
        text, files = _blendtorch.scene_description(Path(source))
    made = Description(json.loads(text))
    made.files = [Path(one) for one in files]
    return made
