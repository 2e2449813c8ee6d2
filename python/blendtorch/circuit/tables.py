"""Columns as numpy arrays, and as pandas' where they are asked for.

Owns the import of pandas, which nothing else needs.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import _blendtorch

#: Numbers, or words (the last is None: absent) and the place of each.
Numbers = _blendtorch.Numbers | NDArray[Any]
Column = Numbers | tuple[list[str | None], Numbers]


def array_of(column: Column) -> NDArray[Any]:
    """Numbers over the memory that they were read into; words as objects."""
    if isinstance(column, tuple):
        words, places = column
        named: NDArray[Any] = np.array(words, object)
        return np.asarray(named[np.asarray(places)])
    return np.asarray(column)


def pandas() -> Any:
    """The module.

    Raises:
        ImportError: It is not installed.
    """
    try:
        import pandas
    except ImportError as error:
        raise ImportError("a table needs pandas: pip install pandas") from error
    return pandas


def frame_column(pd: Any, column: Column) -> Any:
    """For a table: words are categories, so that each is there once."""
    if isinstance(column, tuple):
        words, places = column
        codes = np.asarray(places).astype(np.int64)
        codes[codes == len(words) - 1] = -1
        return pd.Categorical.from_codes(codes, categories=words[:-1])
    return np.asarray(column)
