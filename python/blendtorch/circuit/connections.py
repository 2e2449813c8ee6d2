"""The edges of one call of `add_edges`: the rules first, the edges after `build`.

Owns how rules become columns of edges. It writes nothing.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .evaluate import ITERATORS, pairs
from .pools import NodePool, NodeTable, as_column
from .rules import is_vectorised


@dataclass
class Property:
    """What `add_properties` was told."""

    names: list[str]
    #: Whether `names` was one name, so that the rule gives one value.
    single: bool
    rule: Any
    params: dict[str, Any]
    dtypes: list[Any]


class Edge(Mapping[str, Any]):
    """One edge: properties of its type, and its own."""

    def __init__(self, source: int, target: int, common: dict[str, Any], own: dict[str, Any]):
        self.source_node_id = self.source_gid = source
        self.target_node_id = self.target_gid = target
        self.edge_type_properties = common
        self.synaptic_properties = own

    @property
    def edge_type_id(self) -> int:
        """The number of its type."""
        return int(self.edge_type_properties["edge_type_id"])

    def _all(self) -> dict[str, Any]:
        return {**self.synaptic_properties, **self.edge_type_properties}

    def __getitem__(self, name: str) -> Any:
        return self._all()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._all())

    def __len__(self) -> int:
        return len(self._all())

    def __repr__(self) -> str:
        return f"{self.source_node_id} --> {self.target_node_id} {self._all()!r}"


@dataclass
class BuiltEdges:
    """Edges of one type, by the rows of their ends, in the order of source, then target."""

    type_id: int
    source: NDArray[np.uint32]
    target: NDArray[np.uint32]
    #: Synapses of each; None: one.
    nsyns: NDArray[np.uint32] | None
    sources: NodeTable
    targets: NodeTable
    columns: dict[str, NDArray[Any]] = field(default_factory=dict)

    @property
    def synapses(self) -> int:
        """How many synapses there are; at least one an edge."""
        return len(self.source) if self.nsyns is None else int(self.nsyns.sum())

    @property
    def own_columns(self) -> dict[str, NDArray[Any]]:
        """What each edge has to itself; without any property the number of synapses."""
        if self.columns:
            return self.columns
        one = self.nsyns
        return {"nsyns": np.ones(len(self.source), np.uint32) if one is None else one}

    def listed(
        self,
        common: dict[str, Any],
        sources: set[int] | None,
        targets: set[int] | None,
        properties: dict[str, Any],
    ) -> list[Edge]:
        """Edges as objects: those between some nodes that have all of some properties."""
        found = []
        columns = self.own_columns
        ends = zip(
            self.sources.node_id[self.source].tolist(),
            self.targets.node_id[self.target].tolist(),
            strict=True,
        )
        for row, (source, target) in enumerate(ends):
            if sources is not None and source not in sources:
                continue
            if targets is not None and target not in targets:
                continue
            own = {name: column[row] for name, column in columns.items()}
            edge = Edge(source, target, common, own)
            if all(name in edge and edge[name] == one for name, one in properties.items()):
                found.append(edge)
        return found


class Connections:
    """Edges between two pools of nodes, as `add_edges` returns it."""

    def __init__(
        self,
        source_nodes: NodePool,
        target_nodes: NodePool,
        rule: Any,
        rule_params: dict[str, Any] | None,
        iterator: str,
        edge_type_properties: dict[str, Any],
    ) -> None:
        if iterator not in ITERATORS:
            raise ValueError(f'no iterator "{iterator}"; there are {", ".join(ITERATORS)}')
        self.source_nodes = source_nodes
        self.target_nodes = target_nodes
        self.connector = rule
        self.connector_params = dict(rule_params or {})
        self.iterator = iterator
        self.edge_type_properties = edge_type_properties
        self._properties: list[Property] = []

    @property
    def source_network_name(self) -> str:
        """The population of the sources."""
        return self.source_nodes.network_name

    @property
    def target_network_name(self) -> str:
        """The population of the targets."""
        return self.target_nodes.network_name

    @property
    def edge_type_id(self) -> int:
        """The number of the type of these edges."""
        return int(self.edge_type_properties["edge_type_id"])

    @property
    def property_names(self) -> list[str]:
        """The columns that each of the edges will have."""
        return [name for one in self._properties for name in one.names] or ["nsyns"]

    def max_connections(self) -> int:
        """How many pairs there are."""
        return len(self.source_nodes) * len(self.target_nodes)

    def add_properties(
        self,
        names: str | Sequence[str],
        rule: Any = None,
        rule_params: dict[str, Any] | None = None,
        values: Any = None,
        dtypes: Any = None,
    ) -> None:
        """Gives each edge values of its own; a pair with several synapses gets an edge for each.

        Args:
            names: The property, or several that one rule gives.
            rule: A function of a source and a target; with `rules.vectorised`, of two tables with a
                row for each edge; or a value for all edges.
            rule_params: More arguments of the function.
            values: Instead of a rule, a value for each edge, in the order of source, then target.
            dtypes: The type, or one for each name: numpy's, `float`, `int`, `str`. Without it
                numbers are float64.
        """
        if (rule is None) == (values is None):
            raise ValueError("add_properties takes a rule or values, one of them")
        single = isinstance(names, str)
        listed = [names] if isinstance(names, str) else list(names)
        kinds = list(dtypes) if isinstance(dtypes, list | tuple) else [dtypes] * len(listed)
        if len(kinds) != len(listed):
            raise ValueError(f"there are {len(listed)} names and {len(kinds)} dtypes")
        taken = set(self.property_names) - {"nsyns"}
        for name in listed:
            if name in taken or listed.count(name) > 1:
                raise ValueError(f'these edges have a property "{name}" already')
        if values is not None:
            rule = values if isinstance(values, list | np.ndarray) else list(values)
        self._properties.append(Property(listed, single, rule, dict(rule_params or {}), kinds))

    def built(self) -> BuiltEdges:
        """Runs the rules."""
        sources, targets = self.source_nodes.table(), self.target_nodes.table()
        source, target, many = pairs(
            self.connector, self.connector_params, self.iterator, sources, targets
        )
        if self._properties and many is not None:
            source, target, many = np.repeat(source, many), np.repeat(target, many), None
        edges = BuiltEdges(self.edge_type_id, source, target, many, sources, targets)
        for one in self._properties:
            edges.columns.update(_columns(one, edges))
        return edges


def _columns(one: Property, edges: BuiltEdges) -> dict[str, NDArray[Any]]:
    """The values of a property, or of several at once."""
    count = len(edges.source)
    if callable(one.rule):
        rule: Callable[..., Any] = functools.partial(one.rule, **one.params)
        if is_vectorised(one.rule):
            ends = edges.sources.rows(edges.source), edges.targets.rows(edges.target)
            given = rule(*ends)
            columns = [given] if one.single or given is None else list(given)
        else:
            sources, targets = edges.sources.nodes(), edges.targets.nodes()
            ends_of = zip(edges.source.tolist(), edges.target.tolist(), strict=True)
            each = [rule(sources[source], targets[target]) for source, target in ends_of]
            columns = [each] if one.single else _transposed(each, one.names)
    elif isinstance(one.rule, list | np.ndarray) and np.ndim(one.rule) > 0:
        columns = [one.rule] if one.single else _transposed(list(one.rule), one.names)
    else:
        common = [one.rule] if one.single else one.rule
        columns = [[value] * count for value in common]
    if any(_is_missing(values) for values in columns):
        raise _missing(one.names)
    if len(columns) != len(one.names):
        raise ValueError(f"the rule of {one.names} gave {len(columns)} properties")
    named = zip(one.names, columns, one.dtypes, strict=True)
    return {name: _column(name, values, dtype, count) for name, values, dtype in named}


def _transposed(rows: list[Any], names: list[str]) -> list[Any]:
    """Columns of rows; of no rows, as many empty ones."""
    if _is_missing(rows):
        raise _missing(names)
    return [list(column) for column in zip(*rows, strict=True)] if rows else [[]] * len(names)


def _is_missing(values: Any) -> bool:
    """Whether a value is None, or all are."""
    if values is None:
        return True
    kind = getattr(getattr(values, "dtype", None), "kind", "O")
    return kind == "O" and isinstance(values, Iterable) and any(one is None for one in values)


def _missing(names: list[str]) -> ValueError:
    shown = " and ".join(f'"{name}"' for name in names)
    return ValueError(f"the rule of {shown} gave None: it must return a value for every edge")


def _column(name: str, values: Any, dtype: Any, count: int) -> NDArray[Any]:
    array = as_column(values) if dtype is None else np.asarray(values, dtype)
    if dtype is None and array.dtype.kind in "biuf":
        array = array.astype(np.float64, copy=False)
    if array.shape[:1] != (count,):
        there = len(array) if array.ndim else "one"
        raise ValueError(f'"{name}" has {there} values for {count} edges')
    return array
