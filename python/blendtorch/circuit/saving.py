"""Nodes and edges of a builder as files.

Owns the kinds of columns that files have. The files themselves are written in Rust.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import _blendtorch
from .connections import BuiltEdges
from .pools import AddedNodes, as_column

#: What files hold of numpy's kinds; others become the next that holds them.
KINDS = {
    "bool": "uint8",
    "int8": "int32",
    "int16": "int32",
    "uint16": "uint32",
    "float16": "float32",
    "longdouble": "float64",
    "float128": "float64",
}


def _kind(arrays: Sequence[NDArray[Any]]) -> str | None:
    """The name of the dtype that all of these have in common; None for words."""
    if any(array.dtype.kind not in "biuf" for array in arrays):
        return None
    name = str(np.result_type(*arrays))
    return KINDS.get(name, name)


def _alike(sets: list[dict[str, Any]]) -> list[list[tuple[str, Any]]]:
    """Columns as they are written. Sets with the same names share a group, where a column is of one
    kind."""
    arrays = [{name: as_column(values) for name, values in one.items()} for one in sets]
    kinds: dict[tuple[frozenset[str], str], str | None] = {}
    for one in arrays:
        group = frozenset(one)
        for name in one:
            if (group, name) not in kinds:
                alike = [other[name] for other in arrays if frozenset(other) == group]
                kinds[group, name] = _kind(alike)
    return [
        [(name, _written(array, kinds[frozenset(one), name])) for name, array in one.items()]
        for one in arrays
    ]


def _written(array: NDArray[Any], kind: str | None) -> Any:
    if kind is None:
        return [one.decode() if isinstance(one, bytes) else str(one) for one in array.tolist()]
    return np.ascontiguousarray(array, kind)


def nodes(path: Path, population: str, added: Sequence[AddedNodes]) -> None:
    """Writes the nodes of a population."""
    own = [
        {name: values for name, values in one.columns.items() if name != "node_id"} for one in added
    ]
    sets = [
        (one.type_id, np.ascontiguousarray(one.ids), columns)
        for one, columns in zip(added, _alike(own), strict=True)
    ]
    _blendtorch.write_nodes(path, population, sets)


def edges(
    path: Path,
    name: str,
    ends: tuple[tuple[str, int], tuple[str, int]],
    built: Sequence[BuiltEdges],
    indices: bool,
) -> None:
    """Writes edges between two populations.

    Args:
        path: The file.
        name: Of the population of edges.
        ends: The populations of sources and targets, and the number above those of their nodes.
        built: The edges, a part for each type.
        indices: Whether index tables are written.
    """
    own = [one.own_columns for one in built]
    sets = [
        (
            one.type_id,
            np.ascontiguousarray(one.source, np.uint32),
            np.ascontiguousarray(one.target, np.uint32),
            np.ascontiguousarray(one.sources.node_id, np.uint64),
            np.ascontiguousarray(one.targets.node_id, np.uint64),
            columns,
        )
        for one, columns in zip(built, _alike(own), strict=True)
    ]
    _blendtorch.write_edges(path, name, ends, sets, indices)


def types(path: Path, first: Sequence[str], rows: Sequence[dict[str, Any]]) -> None:
    """Writes a table of types: the columns of `first`, then all others in the order in which types
    have them."""
    columns = list(dict.fromkeys([*first, *(name for row in rows for name in row)]))
    words = [[_word(row.get(name)) for name in columns] for row in rows]
    _blendtorch.write_types(path, columns, words)


def _word(value: Any) -> str | None:
    if isinstance(value, tuple | list):
        plain: Iterable[Any] = (one.item() if isinstance(one, np.generic) else one for one in value)
        return str(type(value)(plain))
    return None if value is None else str(value)
