"""Nodes as a builder's rules see them: one at a time, or a table of columns.

Owns the numbering and the filters of nodes. It writes nothing.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._blendtorch import nearest_name

#: Names under which positions are looked for, where a rule is not told.
POSITIONS = ("positions", "position")


class Node(dict[str, Any]):
    """One node: its own properties over those of its type. A dictionary, since a rule of pairs asks
    each node many times."""

    __slots__ = ("_nodes", "_row", "node_id")

    def __init__(self, nodes: AddedNodes, row: int) -> None:
        super().__init__(nodes.type_properties)
        for name, column in nodes.columns.items():
            self[name] = column[row]
        self._nodes = nodes
        self._row = row
        #: The number of the node in its population.
        self.node_id = self["node_id"] = int(nodes.ids[row])

    @property
    def node_type_id(self) -> int:
        """The number of its type."""
        return self._nodes.type_id

    @property
    def params(self) -> dict[str, Any]:
        """What the node has to itself."""
        return {name: self[name] for name in (*self._nodes.columns, "node_id")}

    @property
    def node_type_properties(self) -> dict[str, Any]:
        """What all nodes of its type have."""
        return self._nodes.type_properties

    def __hash__(self) -> int:  # type: ignore[override]
        return hash(self.node_id)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Node) and self._nodes is other._nodes and self._row == other._row

    def __ne__(self, other: object) -> bool:
        return not self == other


class AddedNodes:
    """What one call of `add_nodes` added."""

    def __init__(
        self, count: int, columns: dict[str, Any], type_properties: dict[str, Any]
    ) -> None:
        self.count = count
        self.columns = columns
        self.type_properties = type_properties
        self.type_id = int(type_properties["node_type_id"])
        #: uint64, once they are numbered.
        self.ids: NDArray[np.uint64] = np.empty(0, np.uint64)

    def names(self) -> set[str]:
        """All that can be asked of such a node."""
        return {*self.columns, *self.type_properties, "node_id"}

    def column(self, name: str) -> NDArray[Any] | None:
        """A property of all of them, rows first; None where they have none of this name."""
        if name == "node_id":
            return self.ids
        if name in self.columns:
            return as_column(self.columns[name])
        if name in self.type_properties:
            return as_column([self.type_properties[name]]).repeat(self.count, axis=0)
        return None

    def matching(self, name: str, wanted: Any) -> NDArray[np.bool_]:
        """Which of them have a property: equal to a value, one of a list, or by a function."""
        if name in self.columns or name == "node_id":
            values = self.ids if name == "node_id" else self.columns[name]
            plain = np.asarray(values) if not callable(wanted) and _simple(values) else None
            if plain is not None and plain.ndim == 1:
                if isinstance(wanted, list):
                    return np.isin(plain, wanted)
                if isinstance(wanted, str | int | float | np.generic):
                    return np.asarray(np.broadcast_to(plain == wanted, plain.shape))
            return np.fromiter((_matches(one, wanted) for one in values), bool, self.count)
        have = self.type_properties.get(name)
        return np.full(self.count, _matches(have, wanted))


def _simple(values: Any) -> bool:
    """Whether these are numbers or words, which numpy compares as Python does."""
    if isinstance(values, np.ndarray):
        return values.dtype.kind in "biufU"
    kinds = {type(one) for one in values}
    return len(kinds) == 1 and kinds <= {int, float, bool, str}


def _matches(have: Any, wanted: Any) -> bool:
    if have is None:
        return False
    if callable(wanted):
        return bool(wanted(have))
    if isinstance(wanted, list):
        return have in wanted
    return bool(np.all(have == wanted))


def as_column(values: Any) -> NDArray[Any]:
    """Numbers, words or points as an array of rows."""
    array = np.asarray(values)
    if array.dtype.kind == "O":
        return np.asarray([str(one) for one in values])
    return array


class NodePool:
    """Those nodes of a network that have the wanted properties; found when they are needed."""

    def __init__(self, network: Any, **properties: Any) -> None:
        self._network = network
        self._properties = properties

    @property
    def network(self) -> Any:
        """Whose nodes they are: a `NetworkBuilder`."""
        return self._network

    @property
    def network_name(self) -> str:
        """The name of that network, which is that of the population."""
        name: str = self._network.name
        return name

    @property
    def filter_str(self) -> str:
        """The filter in the words of a types file: `ei=='e'&layer=='4'`, or `*`."""
        words = [f"{name}=='{value}'" for name, value in self._properties.items()]
        return "&".join(words) or "*"

    def selected(self) -> list[tuple[AddedNodes, NDArray[np.intp]]]:
        """The rows of each call of `add_nodes` that belong to it."""
        added = self._network.numbered_nodes()
        known = set().union(*(nodes.names() for nodes in added)) if added else set()
        for name in self._properties:
            if added and name not in known:
                meant = nearest_name(name, sorted(known))
                hint = f'; did you mean "{meant}"?' if meant else ""
                warnings.warn(
                    f'no node of "{self.network_name}" has a property "{name}", so none is '
                    f"selected{hint}",
                    stacklevel=4,
                )
        found = []
        for nodes in added:
            mask = np.ones(nodes.count, bool)
            for name, wanted in self._properties.items():
                mask &= nodes.matching(name, wanted)
            found.append((nodes, np.flatnonzero(mask)))
        return found

    def table(self) -> NodeTable:
        """Their columns."""
        return NodeTable(self.network_name, self.selected())

    def __len__(self) -> int:
        return sum(len(rows) for _, rows in self.selected())

    def __iter__(self) -> Iterator[Node]:
        for nodes, rows in self.selected():
            for row in rows.tolist():
                yield Node(nodes, row)


class NodeTable:
    """Nodes as columns: `table["x"]` is an array with a row for each node.

    It has the length of its nodes; `table[name]` of a property of the type repeats it. Indexing by
    a number gives one `Node`. A rule for edges gets one row for each edge.
    """

    def __init__(
        self,
        population: str,
        selected: Sequence[tuple[AddedNodes, NDArray[np.intp]]],
        rows: NDArray[np.integer[Any]] | None = None,
        cache: dict[str, NDArray[Any]] | None = None,
    ) -> None:
        self.population = population
        self._selected = selected
        self._rows = rows
        self._cache: dict[str, NDArray[Any]] = {} if cache is None else cache

    def __len__(self) -> int:
        if self._rows is not None:
            return len(self._rows)
        return sum(len(rows) for _, rows in self._selected)

    @property
    def node_id(self) -> NDArray[np.uint64]:
        """Their numbers."""
        return self["node_id"]

    def names(self) -> list[str]:
        """The columns that all of them have."""
        sets = [nodes.names() for nodes, rows in self._selected if len(rows)]
        return sorted(set.intersection(*sets)) if sets else []

    def __contains__(self, name: object) -> bool:
        return name in self.names()

    def __getitem__(self, name: str) -> NDArray[Any]:
        column = self._cache.get(name)
        if column is None:
            column = self._cache[name] = self._whole(name)
        return column if self._rows is None else column[self._rows]

    def _whole(self, name: str) -> NDArray[Any]:
        parts = []
        for nodes, rows in self._selected:
            if not len(rows):
                continue
            part = nodes.column(name)
            if part is None:
                meant = nearest_name(name, self.names())
                hint = f'; did you mean "{meant}"?' if meant else ""
                raise KeyError(
                    f'nodes of "{self.population}" of type {nodes.type_id} have no "{name}"{hint}'
                )
            parts.append(part if len(rows) == len(part) else part[rows])
        if not parts:
            return np.empty(0)
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    def rows(self, rows: NDArray[np.integer[Any]]) -> NodeTable:
        """A table of some rows of this, in their order, with repetitions."""
        if self._rows is not None:
            rows = self._rows[rows]
        return NodeTable(self.population, self._selected, rows, self._cache)

    def nodes(self) -> list[Node]:
        """One object for each row."""
        every = [Node(nodes, row) for nodes, rows in self._selected for row in rows.tolist()]
        return every if self._rows is None else [every[row] for row in self._rows.tolist()]

    def positions(self, names: str | Sequence[str] | None = None) -> NDArray[np.float64]:
        """Where they are, rows × 3, float64.

        Args:
            names: The column of points, or those of the axes; without it `positions`, `position`
                or those of `x`, `y`, `z` that all nodes have. An axis that is missing is 0.
        """
        have = self.names()
        if names is None:
            found = [name for name in POSITIONS if name in have]
            axes = [name for name in ("x", "y", "z") if name in have]
            if not found and not axes:
                raise KeyError(
                    f'nodes of "{self.population}" have no positions: add them as `positions` or '
                    "as `x`, `y`, `z`"
                )
            names = found[0] if found else axes
        if isinstance(names, str):
            points = np.asarray(self[names], np.float64)
            points = points.reshape(len(self), -1)
        else:
            points = np.stack([np.asarray(self[name], np.float64) for name in names], axis=1)
        if points.shape[1] > 3:
            raise ValueError(f"positions have 1 to 3 axes, not {points.shape[1]}")
        return np.pad(points, ((0, 0), (0, 3 - points.shape[1])))
