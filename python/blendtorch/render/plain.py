"""Values as JSON has them, and paths as every process reads them."""

from os import PathLike, fspath
from pathlib import Path
from typing import Any


def plain(value: Any) -> Any:
    """A value as JSON has it: paths are texts, tuples and arrays are lists."""
    if isinstance(value, PathLike):
        return fspath(value)
    if hasattr(value, "tolist"):  # Arrays and numbers of numpy and of torch.
        return value.tolist()
    if isinstance(value, dict):
        return {key: plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple | range):
        return [plain(one) for one in value]
    return value


def absolute(path: "str | PathLike[str]") -> str:
    """A path of this program, as a Blender reads it too."""
    return str(Path(path).expanduser().absolute())
