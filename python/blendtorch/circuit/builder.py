"""`NetworkBuilder`: a network is described, built and saved, in the words of BMTK's.

Owns the verbs and the numbers of types. What rules do is in `evaluate`, what files hold in
`saving`.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from . import saving
from .added import Numbers, added_nodes, imported_nodes
from .connections import BuiltEdges, Connections, Edge
from .ids import ids_of, whole_number
from .network import Circuit
from .pools import AddedNodes, NodePool

Nodes = dict[str, Any] | NodePool | None


class NetworkBuilder:
    """Describes the nodes and edges of a population, builds them and saves them as SONATA files.

    ```python
    net = NetworkBuilder("cortex")
    net.add_nodes(N=80, ei="e", model_type="point_neuron", x=np.random.rand(80))
    net.add_edges(source={"ei": "e"}, target={"ei": "e"}, connection_rule=rules.probability(0.1))
    net.build()
    net.save(output_dir="network")
    ```
    """

    def __init__(self, name: str, **network_properties: Any) -> None:
        if not name or "/" in name:
            raise ValueError(f'no population can be called "{name}"')
        self._name = name
        self.network_properties = network_properties
        self.clear()

    def clear(self) -> None:
        """Forgets all nodes and edges."""
        self._added: list[AddedNodes] = []
        self._numbered = 0
        self._connections: list[Connections] = []
        self._built: list[BuiltEdges] | None = None
        self._node_ids = Numbers(0)
        self._node_types = Numbers(100)
        self._edge_types = Numbers(100)

    @property
    def name(self) -> str:
        """The name of the network, which is that of its population."""
        return self._name

    @property
    def nodes_built(self) -> bool:
        """Whether all nodes have their numbers."""
        return self._numbered == len(self._added)

    @property
    def edges_built(self) -> bool:
        """Whether the rules have run."""
        return self._built is not None

    @property
    def nnodes(self) -> int:
        """How many nodes there are."""
        return sum(nodes.count for nodes in self._added)

    @property
    def nedges(self) -> int:
        """How many synapses `build` made; 0 before it."""
        return sum(edges.synapses for edges in self._built or [])

    def add_nodes(self, N: int = 1, **properties: Any) -> None:  # noqa: N803
        """Adds nodes of a new type.

        Args:
            N: How many.
            properties: A list or an array of length N has a value for each node and goes to the h5
                file; anything else, a tuple too, is one value for all and goes to the table of
                types. A list of tuples is a column of points. `node_id` and `node_type_id` are
                numbered by themselves, from 0 and 100, where they are not given. A dictionary of
                `dynamics_params` gives each node parameters of its own.
        """
        self._take(added_nodes(N, properties, self._node_types))

    def _take(self, nodes: AddedNodes) -> None:
        """Adds nodes, whose numbers are free."""
        for number in nodes.columns.get("node_id", ()):
            if not self._node_ids.take(int(number)):
                raise ValueError(f"node_id {number} is taken by another node")
        self._added.append(nodes)

    def import_nodes(
        self,
        nodes_file_name: str | os.PathLike[str],
        node_types_file_name: str | os.PathLike[str],
        population: str | None = None,
    ) -> None:
        """Adds nodes that were saved, with their numbers, so that edges can be added to them.

        Args:
            nodes_file_name: The h5 file.
            node_types_file_name: Its table of types.
            population: Which; the only one without it.
        """
        found = Circuit.from_files([(nodes_file_name, node_types_file_name)]).nodes
        if population is None and len(found) != 1:
            raise ValueError(f"name one of the populations of {nodes_file_name}: {list(found)}")
        name = next(iter(found)) if population is None else population
        if name not in found:
            raise ValueError(f'{nodes_file_name} has no population "{name}", but {list(found)}')
        for nodes in imported_nodes(found[name], self._node_types):
            self._take(nodes)

    def numbered_nodes(self) -> list[AddedNodes]:
        """All nodes, by calls of `add_nodes`, with their numbers."""
        for nodes in self._added[self._numbered :]:
            given = nodes.columns.get("node_id")
            numbers = self._node_ids.several(nodes.count) if given is None else map(int, given)
            nodes.ids = np.fromiter(numbers, np.uint64, nodes.count)
        self._numbered = len(self._added)
        return self._added

    def nodes(self, **properties: Any) -> NodePool:
        """Those nodes that have all of these properties.

        Args:
            properties: A value, a list of values of which a node has one, or a function of the
                value.
        """
        return NodePool(self, **properties)

    def add_edges(
        self,
        source: Nodes = None,
        target: Nodes = None,
        connection_rule: Any = 1,
        connection_params: dict[str, Any] | None = None,
        iterator: str = "one_to_one",
        **edge_type_properties: Any,
    ) -> Connections:
        """Adds edges of a new type; they are made by `build`.

        Args:
            source: Filters of this network's nodes, or `nodes(...)` of any network; all without it.
            target: As `source`.
            connection_rule: How many synapses a pair has: a number for all pairs, a function of a
                source and a target (see `iterator`), a function of tables (`rules.vectorised`), one
                of `blendtorch.circuit.rules`, or a list.
            connection_params: More arguments of a function.
            iterator: What a function gets: `one_to_one` a source and a target, `all_to_one` all
                sources and a target, `one_to_all` a source and all targets; of all it gives a list.
            edge_type_properties: One value for all edges, in the table of types.

        Returns:
            The edges to be, with `add_properties`.
        """
        ends = [self._pool(source, "source"), self._pool(target, "target")]
        if isinstance(edge_type_properties.get("dynamics_params"), dict):
            raise ValueError(
                "dynamics_params of edges is the name of a file; what each edge has of its own is "
                "told by add_properties"
            )
        wanted = edge_type_properties.get("edge_type_id")
        if wanted is None:
            edge_type_properties["edge_type_id"] = self._edge_types.next()
        elif not self._edge_types.take(whole_number(wanted, "edge_type_id")):
            raise ValueError(f"edge_type_id {wanted} is taken by other edges of this network")
        edge_type_properties["source_query"] = ends[0].filter_str
        edge_type_properties["target_query"] = ends[1].filter_str
        if "nsyns" in edge_type_properties:
            connection_rule = edge_type_properties.pop("nsyns")
        connections = Connections(
            ends[0], ends[1], connection_rule, connection_params, iterator, edge_type_properties
        )
        self._connections.append(connections)
        self._built = None
        return connections

    def _pool(self, nodes: Nodes, what: str) -> NodePool:
        if isinstance(nodes, NodePool):
            return nodes
        if nodes is None or isinstance(nodes, dict):
            return NodePool(self, **nodes or {})
        raise TypeError(
            f"{what} is a dictionary of properties or nodes(...) of a network, "
            f"not {type(nodes).__name__}"
        )

    def get_connections(self) -> list[Connections]:
        """What the calls of `add_edges` returned."""
        return list(self._connections)

    def build(self, force: bool = False) -> None:
        """Numbers the nodes and runs the rules of all edges, again if they have run.

        Args:
            force: Whether nodes that have numbers get new ones.
        """
        if force:
            self._numbered = 0
            self._node_ids = Numbers(0)
            for nodes in self._added:
                for number in nodes.columns.get("node_id", ()):
                    self._node_ids.take(int(number))
        self.numbered_nodes()
        self._built = [connections.built() for connections in self._connections]

    def edges(
        self,
        target_nodes: NodePool | dict[str, Any] | Sequence[int] | int | None = None,
        source_nodes: NodePool | dict[str, Any] | Sequence[int] | int | None = None,
        target_network: str | None = None,
        source_network: str | None = None,
        **properties: Any,
    ) -> list[Edge]:
        """The edges as objects, one each: for looking at small networks.

        Args:
            target_nodes: Numbers, or filters of this network's nodes, or `nodes(...)`.
            source_nodes: As `target_nodes`.
            target_network: The population of the targets.
            source_network: The population of the sources.
            properties: Values that an edge or its type must have.
        """
        if self._built is None:
            self.build()
        ends = _numbers(self, source_nodes), _numbers(self, target_nodes)
        found = []
        for connections, built in zip(self._connections, self._built or [], strict=True):
            names = (connections.source_network_name, connections.target_network_name)
            if source_network in (None, names[0]) and target_network in (None, names[1]):
                found += built.listed(connections.edge_type_properties, *ends, properties)
        return found

    def save(
        self,
        output_dir: str | os.PathLike[str] = ".",
        force_overwrite: bool = True,
        compression: Any = None,
        indices: bool = True,
    ) -> None:
        """Saves `NAME_nodes.h5`, `NAME_node_types.csv`, and for each two populations with edges
        `SOURCE_TARGET_edges.h5` and `SOURCE_TARGET_edge_types.csv`.

        Args:
            output_dir: The folder; it is made.
            force_overwrite: Whether files that are there are replaced.
            compression: Files are not compressed: libsonata's wheel reads no gzip.
            indices: Whether edges get index tables.
        """
        self.save_nodes(
            output_dir=output_dir, force_overwrite=force_overwrite, compression=compression
        )
        if self._connections:
            self.save_edges(output_dir=output_dir, force_overwrite=force_overwrite, indices=indices)

    def save_nodes(
        self,
        nodes_file_name: str | None = None,
        node_types_file_name: str | None = None,
        output_dir: str | os.PathLike[str] = ".",
        force_overwrite: bool = True,
        compression: Any = None,
    ) -> None:
        """Saves the nodes and their types; without names, under those of `save`."""
        _told_of(compression)
        added = self.numbered_nodes()
        folder = Path(output_dir)
        nodes = _free(folder / (nodes_file_name or f"{self.name}_nodes.h5"), force_overwrite)
        name = node_types_file_name or f"{self.name}_node_types.csv"
        types = _free(folder / name, force_overwrite)
        saving.nodes(nodes, self.name, added)
        saving.types(types, ["node_type_id"], [one.type_properties for one in added])

    def save_edges(
        self,
        edges_file_name: str | None = None,
        edge_types_file_name: str | None = None,
        output_dir: str | os.PathLike[str] = ".",
        src_network: str | None = None,
        trg_network: str | None = None,
        name: str | None = None,
        force_build: bool = True,
        force_overwrite: bool = True,
        compression: Any = None,
        indices: bool = True,
    ) -> None:
        """Saves the edges and their types, a pair of files for each two populations.

        Args:
            edges_file_name: Of the only (or first) two populations; else as `save` names it.
            edge_types_file_name: As `edges_file_name`.
            output_dir: The folder; it is made.
            src_network: Only edges from this population.
            trg_network: Only edges to this population.
            name: Of the population of edges, instead of `SOURCE_to_TARGET`.
            force_build: Whether edges are built that are not yet.
            force_overwrite: Whether files that are there are replaced.
            compression: As of `save`.
            indices: As of `save`.
        """
        _told_of(compression)
        if self._built is None:
            if not force_build:
                raise ValueError("the edges are not built: call build(), or pass force_build=True")
            self.build()
        together: dict[tuple[str, str], list[tuple[Connections, BuiltEdges]]] = {}
        for one in zip(self._connections, self._built or [], strict=True):
            names = (one[0].source_network_name, one[0].target_network_name)
            if src_network in (None, names[0]) and trg_network in (None, names[1]):
                together.setdefault(names, []).append(one)
        if not together:
            warnings.warn("there are no such edges, so none are saved", stacklevel=2)
        if edges_file_name or edge_types_file_name:
            together = dict(list(together.items())[:1])
        folder = Path(output_dir)
        for (source, target), parts in together.items():
            file = edges_file_name or f"{source}_{target}_edges.h5"
            table = edge_types_file_name or f"{source}_{target}_edge_types.csv"
            edges, types = (_free(folder / one, force_overwrite) for one in (file, table))
            ends = (
                (source, _above(parts[0][0].source_nodes)),
                (target, _above(parts[0][0].target_nodes)),
            )
            built = [one for _, one in parts]
            if not any(len(one.source) for one in built):
                warnings.warn(f"the rules made no edge from {source} to {target}", stacklevel=2)
            saving.edges(edges, name or f"{source}_to_{target}", ends, built, indices)
            first = ["edge_type_id", "target_query", "source_query"]
            saving.types(types, first, [one.edge_type_properties for one, _ in parts])


def _above(pool: NodePool) -> int:
    """The number above those of all nodes of a pool's network."""
    added = pool.network.numbered_nodes()
    return max((int(one.ids.max()) + 1 for one in added if one.count), default=0)


def _free(path: Path, force: bool) -> Path:
    if not force and path.exists():
        raise FileExistsError(f"{path} is there already; pass force_overwrite=True to replace it")
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def _told_of(compression: Any) -> None:
    if compression not in (None, "none"):
        warnings.warn(
            f"compression={compression!r}: files are not compressed, so that all readers read them",
            stacklevel=3,
        )


def _numbers(network: NetworkBuilder, nodes: Any) -> set[int] | None:
    if nodes is None:
        return None
    if isinstance(nodes, dict):
        nodes = network.nodes(**nodes)
    if isinstance(nodes, NodePool):
        return set(nodes.table().node_id.tolist())
    return set(ids_of(nodes, "ids of nodes").tolist())
