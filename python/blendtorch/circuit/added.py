"""What `add_nodes` is told, sorted into what each node has and what its type has."""

from __future__ import annotations

from collections.abc import Iterator
from types import GeneratorType
from typing import Any

import numpy as np

from .ids import ids_of, whole_number
from .network import NodePopulation
from .pools import AddedNodes


class Numbers:
    """Numbers that are given out once each, from a first one upwards."""

    def __init__(self, first: int) -> None:
        self._next = first
        self._taken: set[int] = set()

    def take(self, number: int) -> bool:
        """Takes one that was asked for; False where it is gone."""
        if number in self._taken:
            return False
        self._taken.add(number)
        return True

    def next(self) -> int:
        """The next free one."""
        while self._next in self._taken:
            self._next += 1
        self._taken.add(self._next)
        return self._next

    def several(self, count: int) -> Iterator[int]:
        """So many."""
        return (self.next() for _ in range(count))


def sorted_properties(count: int, properties: dict[str, Any]) -> tuple[dict[str, Any], ...]:
    """The columns and the properties of the type.

    A list or an array has a value for each node, all else is one value for all. Of
    `dynamics_params` as a dictionary, each parameter is a column of its own, as SONATA has it.

    Raises:
        ValueError: A list is of another length.
    """
    columns: dict[str, Any] = {}
    common: dict[str, Any] = {}
    for name, value in properties.items():
        if isinstance(value, GeneratorType | range):
            value = list(value)
        if name == "dynamics_params" and isinstance(value, dict):
            for parameter, one in value.items():
                alone = not isinstance(one, list | np.ndarray)
                columns[f"dynamics_params/{parameter}"] = [one] * count if alone else one
        elif isinstance(value, list | np.ndarray) and np.ndim(value) != 0:
            columns[name] = value
        else:
            common[name] = value
    for name, column in columns.items():
        if len(column) != count:
            raise ValueError(
                f'"{name}" has {len(column)} values for N={count} nodes: give one for each, or a '
                "single value (or a tuple) for all"
            )
    return columns, common


def added_nodes(count: int, properties: dict[str, Any], types: Numbers) -> AddedNodes:
    """The nodes of one call, with the number of their type but without their own.

    Raises:
        TypeError: Something is no whole number that must be one.
        ValueError: It is negative; properties that contradict each other; a number of a type that
            is taken.
    """
    count = whole_number(count, "N")
    columns, common = sorted_properties(count, properties)
    if "node_type_id" in columns:
        raise ValueError("node_type_id is one number for all nodes of a call of add_nodes")
    wanted = common.get("node_type_id")
    if wanted is None:
        common["node_type_id"] = types.next()
    elif not types.take(whole_number(wanted, "node_type_id")):
        raise ValueError(f"node_type_id {wanted} is taken by other nodes of this network")
    if "node_id" in common:
        columns["node_id"] = [common.pop("node_id")]
        if count != 1:
            raise ValueError("node_id is a list with a number for each node")
    if "node_id" in columns:
        columns["node_id"] = ids_of(columns["node_id"], "node_ids")
    return AddedNodes(count, columns, common)


def imported_nodes(population: NodePopulation, types: Numbers) -> list[AddedNodes]:
    """The nodes of a population that was saved, by types, with their numbers.

    Raises:
        ValueError: A number of a type is taken.
    """
    ids, of_types = population.node_ids, population.node_type_ids
    columns = {name: population[name] for name in population.attribute_names}
    parameters = population.dynamics_params.items()
    columns |= {f"dynamics_params/{name}": column for name, column in parameters}
    added = []
    for number in dict.fromkeys(of_types.tolist()):
        if not types.take(number):
            raise ValueError(f"node_type_id {number} is taken by other nodes of this network")
        rows = np.flatnonzero(of_types == number)
        own = {name: column[rows] for name, column in columns.items()}
        own = {name: column for name, column in own.items() if not _absent(column)}
        words = {
            name: column[0]
            for name, column in own.items()
            if column.dtype.kind == "O" and len(set(column)) == 1
        }
        rest = {name: column for name, column in own.items() if name not in words}
        rest["node_id"] = ids[rows]
        added.append(AddedNodes(len(rows), rest, {"node_type_id": number, **words}))
    return added


def _absent(column: np.ndarray[Any, Any]) -> bool:
    """Whether no node has a value."""
    if column.dtype.kind == "O":
        return all(one is None for one in column)
    return bool(column.dtype.kind == "f" and np.isnan(column).all())
