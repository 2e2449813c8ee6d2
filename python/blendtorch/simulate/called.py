"""The calls of the user's functions: tables for them, and what they gave.

Owns which tables a function sees: those of BMTK, by pandas, which is needed only here.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from .functions import DELAYS, SPIKES, WEIGHTS, Registry

if TYPE_CHECKING:
    from .simulation import Simulation

Given = Mapping[str, Mapping[str, Callable[..., Any]]]


class Called:
    """What Rust asks while a network is loaded."""

    def __init__(
        self,
        sim: "Simulation",
        place: str,
        text: str | None,
        changed: list[tuple[str, str]],
        given: Given,
    ) -> None:
        self._sim = sim
        self._config = (place, text, changed)
        self._given = given
        self._circuit: Any = None
        self._nodes: dict[str, Any] = {}

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
        table = table[table["edge_type_id"] == type_id]
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

    def _open(self) -> Any:
        if self._circuit is None:
            from ..circuit import Circuit

            self._circuit = Circuit._of(*self._config)
        return self._circuit

    def _table_of_nodes(self, name: str) -> Any:
        if name not in self._nodes:
            table = self._open().nodes[name].to_pandas()
            if "node_id" in table.columns:
                table = table.set_index("node_id", drop=False)
            self._nodes[name] = table
        return self._nodes[name]
