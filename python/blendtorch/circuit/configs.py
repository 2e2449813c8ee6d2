"""Configurations as dictionaries."""

from __future__ import annotations

import json
import os
import warnings
from typing import Any

from .. import _blendtorch


def read_config(path: str | os.PathLike[str]) -> dict[str, Any]:
    """A SONATA configuration: split files put together, variables replaced, paths absolute.

    Raises:
        ValueError: It is wrong; all that is wrong is said.
        OSError: It cannot be read.
    """
    text, said = _blendtorch.read_config(os.fspath(path))
    for one in said:
        warnings.warn(one, stacklevel=2)
    config: dict[str, Any] = json.loads(text)
    return config
