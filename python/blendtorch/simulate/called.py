"""The calls of the user's functions: tables for them, and what they gave.

Owns which tables a function sees: those of BMTK, by pandas, which is needed only here.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ..circuit import Circuit
from .functions import DELAYS, SPIKES, WEIGHTS, Registry

Given = Mapping[str, Mapping[str, Callable[..., Any]]]
Files = list[tuple[str, str | None]]


class Called:
    """What Rust asks while a network is loaded."""

    def __init__(self, sim: Any, given: Given) -> None:
        self._sim = sim
        self._given = given
        self._files: tuple[Files, Files] = ([], [])
        self._circuit: Circuit | None = None
        self._nodes: dict[str, Any] = {}

    def found(self, nodes: Files, edges: Files) -> None:
        """Takes the files of the network, each with that of its types."""
        self._files = (nodes, edges)

    def weights(self, edges: str, type_id: int, name: str) -> list[float]:
        """The weights of all edges of a type."""
        return self._of_edges(WEIGHTS, edges, type_id, name)

    def delays(self, edges: str, type_id: int, name: str) -> list[float]:
        """The delays of all edges of a type."""
        return self._of_edges(DELAYS, edges, type_id, name)

    def spikes(self, nodes: str, ids: list[int], name: str) -> list[list[float]]:
        """The spikes of virtual cells."""
        function = SPIKES.get(name, dict(self._given.get(SPIKES.what, {})))
        table = self._table_of_nodes(nodes)
        trains = []
        for node_id in ids:
            node = {"node_id": node_id, "population": nodes, **table.loc[node_id].to_dict()}
            times = function(node, self._sim)
            flat = np.asarray([] if times is None else times, dtype=np.float64).ravel()
            trains.append(flat.tolist())
        return trains

    def _of_edges(self, registry: Registry, edges: str, type_id: int, name: str) -> list[float]:
        function = registry.get(name, dict(self._given.get(registry.what, {})))
        population = self._open().edges[edges]
        table = population.to_pandas()
        table = table[table["edge_type_id"].to_numpy() == type_id]
        sources = self._table_of_nodes(population.source_population)
        targets = self._table_of_nodes(population.target_population)
        values = function(
            table,
            sources.loc[table["source_node_id"].to_numpy()],
            targets.loc[table["target_node_id"].to_numpy()],
        )
        values = np.broadcast_to(np.asarray(values, dtype=np.float64), (len(table),))
        numbers: list[float] = values.tolist()
        return numbers

    def _open(self) -> Circuit:
        if self._circuit is None:
            self._circuit = Circuit.from_files(*self._files)
        return self._circuit

    def _table_of_nodes(self, name: str) -> Any:
        if name not in self._nodes:
            self._nodes[name] = self._open().nodes[name].to_pandas()
        return self._nodes[name]
