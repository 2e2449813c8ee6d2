"""Circuits that are there: populations of nodes and edges, read when they are asked for.

Owns how columns look in Python: numpy arrays over the memory that was read into; pandas where it is
asked for.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .. import _blendtorch
from .as_json import as_json
from .ids import ids_of, whole_number
from .naming import Named, unknown
from .tables import Column, array_of, frame_column, pandas

if TYPE_CHECKING:
    import pandas as pd

Path_ = str | os.PathLike[str]
#: Edges that so few others part are read at once.
CLOSE = 16_384


class Circuit:
    """A network of nodes and edges, in SONATA files.

    ```python
    circuit = Circuit.from_config("config.json")
    cortex = circuit.nodes["cortex"]
    cortex["x"]                                  # a numpy array, a value for each node
    edges = circuit.edges["cortex_to_cortex"]
    edges.afferent([7])["syn_weight"]            # of the edges to node 7
    circuit.ids({"population": "cortex", "layer": ["L4", "L5"]})
    ```
    """

    def __init__(self, files: _blendtorch.CircuitFiles) -> None:
        self._files = files
        for text in files.warnings:
            warnings.warn(text, stacklevel=3)
        #: The populations of nodes, by name.
        self.nodes = Named(
            "population of nodes", {one.name(): NodePopulation(one) for one in files.nodes()}
        )
        #: The populations of edges, by name.
        self.edges = Named(
            "population of edges", {one.name(): EdgePopulation(one) for one in files.edges()}
        )

    @classmethod
    def from_config(cls, path: Path_) -> Circuit:
        """That of a configuration; all that is wrong with it is one error.

        Raises:
            ValueError: The configuration or a file is not what it should be.
            OSError: A file cannot be read.
        """
        return cls(_blendtorch.CircuitFiles.of_config(os.fspath(path)))

    @classmethod
    def from_files(
        cls,
        nodes: Iterable[Path_ | tuple[Path_, Path_ | None]],
        edges: Iterable[Path_ | tuple[Path_, Path_ | None]] = (),
        node_sets: Path_ | None = None,
    ) -> Circuit:
        """That of files without a configuration: each an h5 file, or a pair of it and its table of
        types."""

        def pairs(files: Iterable[Any]) -> list[tuple[str, str | None]]:
            both = [one if isinstance(one, tuple) else (one, None) for one in files]
            return [
                (os.fspath(file), None if table is None else os.fspath(table))
                for file, table in both
            ]

        sets = None if node_sets is None else os.fspath(node_sets)
        return cls(_blendtorch.CircuitFiles.of_files(pairs(nodes), pairs(edges), sets))

    @property
    def node_sets(self) -> list[str]:
        """The names of the node sets that the configuration defines."""
        return self._files.node_sets()

    def ids(self, node_set: str | Mapping[str, Any] | list[Any]) -> dict[str, NDArray[np.uint64]]:
        """The nodes of a set: their ids, ascending, by population.

        Args:
            node_set: The name of a set or of a population, `all`, or a set as a configuration has
                it.

        Raises:
            ValueError: There is no such set, population or attribute.
        """
        found, said = self._files.resolved(as_json(node_set))
        for text in said:
            warnings.warn(text, stacklevel=2)
        return {name: np.asarray(ids) for name, ids in found}

    def __repr__(self) -> str:
        return f"Circuit(nodes={list(self.nodes)}, edges={list(self.edges)})"


class NodePopulation:
    """A population of nodes. `population["x"]` is an attribute of all, in the order of the file."""

    def __init__(self, nodes: _blendtorch.NodesOf) -> None:
        self._nodes = nodes

    @property
    def name(self) -> str:
        """Its name."""
        return self._nodes.name()

    @property
    def file(self) -> Path:
        """The file that it is in."""
        return Path(self._nodes.file())

    def __len__(self) -> int:
        return len(self._nodes)

    @property
    def node_ids(self) -> NDArray[np.uint64]:
        """The ids, in the order of the file."""
        return np.asarray(self._nodes.node_ids())

    @property
    def node_type_ids(self) -> NDArray[np.uint64]:
        """The types, in the order of the file."""
        return np.asarray(self._nodes.node_type_ids())

    @property
    def attribute_names(self) -> list[str]:
        """What can be asked for, of the h5 file and the table of types."""
        return self._nodes.attribute_names()

    @property
    def positions(self) -> NDArray[np.float64] | None:
        """Where the nodes are, n × 3; None where the file does not say."""
        points = self._nodes.positions()
        return None if points is None else np.asarray(points)

    @property
    def dynamics_params(self) -> dict[str, NDArray[Any]]:
        """Parameters of single nodes, which are over those of the file that the type names."""
        return {name: array_of(column) for name, column in self._nodes.dynamics_params()}

    def __contains__(self, name: object) -> bool:
        return name in self.attribute_names

    def __getitem__(self, name: str) -> NDArray[Any]:
        """An attribute, from the h5 file over the table. Absent: NaN of numbers, None of words.

        Raises:
            KeyError: No node has it.
        """
        return array_of(self._column(name))

    def _column(self, name: str) -> Column:
        column = self._nodes.attribute(name)
        if column is None:
            hint = self._nodes.meant(name)
            raise KeyError(f'nodes of "{self.name}" have no attribute "{name}"{hint}')
        return column

    def to_pandas(self) -> pd.DataFrame:
        """All attributes as a table by node id; words are categories."""
        pd = pandas()
        columns: dict[str, Any] = {"node_type_id": self.node_type_ids}
        for name in self.attribute_names:
            columns[name] = frame_column(pd, self._column(name))
        for name, column in self._nodes.dynamics_params():
            columns[f"dynamics_params/{name}"] = frame_column(pd, column)
        return pd.DataFrame(columns, index=pd.Index(self.node_ids, name="node_id"))

    def __repr__(self) -> str:
        return f"NodePopulation({self.name!r}, {len(self)} nodes)"


class EdgePopulation:
    """A population of edges. `population["delay"]` is an attribute of all, in the order of the
    file; large ones are better read in `blocks`, or for some nodes."""

    def __init__(self, edges: _blendtorch.EdgesOf) -> None:
        self._edges = edges

    @property
    def name(self) -> str:
        """Its name."""
        return self._edges.name()

    @property
    def file(self) -> Path:
        """The file that it is in."""
        return Path(self._edges.file())

    @property
    def source_population(self) -> str:
        """Whose nodes the edges come from."""
        return self._edges.ends()[0]

    @property
    def target_population(self) -> str:
        """Whose nodes the edges go to."""
        return self._edges.ends()[1]

    def __len__(self) -> int:
        return len(self._edges)

    @property
    def attribute_names(self) -> list[str]:
        """What can be asked for, of the h5 file and the table of types; parameters of single edges
        as `dynamics_params/NAME`."""
        parameters = [f"dynamics_params/{name}" for name in self._edges.dynamics_names()]
        return self._edges.attribute_names() + parameters

    def __contains__(self, name: object) -> bool:
        return name in self.attribute_names

    def read(self, first: int = 0, last: int | None = None, *names: str) -> Edges:
        """Edges from `first` to before `last`, in the order of the file, with these attributes; all
        without names.

        Raises:
            KeyError: No edge has an attribute of this name.
            ValueError: There are fewer edges, or the file is damaged.
        """
        wanted = list(names) or self.attribute_names
        end = len(self) if last is None else last
        source, target, types, columns = self._edges.read(first, end, wanted)
        missing = set(wanted) - {name for name, _ in columns}
        if missing:
            name = min(missing)
            hint = self._edges.meant(name)
            raise KeyError(f'edges of "{self.name}" have no attribute "{name}"{hint}')
        ends = np.asarray(source), np.asarray(target), np.asarray(types)
        return Edges(np.arange(first, end, dtype=np.uint64), *ends, dict(columns))

    def blocks(self, size: int = 1_000_000, *names: str) -> Iterator[Edges]:
        """All edges, so many at a time.

        Raises:
            ValueError: A block would have none.
        """
        step = whole_number(size, "the size of a block")
        if step == 0:
            raise ValueError("a block has at least one edge, not 0")
        starts = range(0, len(self), step)
        return (self.read(first, min(first + step, len(self)), *names) for first in starts)

    def __getitem__(self, name: str) -> NDArray[Any]:
        """An attribute of all edges, from the h5 file over the table."""
        return self.read(0, None, name)[name]

    def afferent(self, targets: Iterable[int] | int, *names: str) -> Edges:
        """The edges to these nodes: a list or a column of ids, or one.

        Raises:
            TypeError: It is a mask, or has fractions.
            ValueError: An id is negative.
        """
        return self._of(targets, True, names)

    def efferent(self, sources: Iterable[int] | int, *names: str) -> Edges:
        """The edges from these nodes; else as `afferent`."""
        return self._of(sources, False, names)

    def _of(self, nodes: Iterable[int] | int, afferent: bool, names: tuple[str, ...]) -> Edges:
        ids = ids_of(nodes, "ids of nodes").tolist()
        ranges = np.asarray(self._edges.of_nodes(ids, afferent))
        if not len(ranges):
            return self.read(0, 0, *names)
        # Ranges that lie close together are read at once: of a source, edges are all over a file.
        far = np.flatnonzero(ranges[1:, 0] - ranges[:-1, 1] > CLOSE) + 1
        parts = []
        for near in np.split(ranges, far):
            first, last = int(near[0, 0]), int(near[-1, 1])
            wanted = np.zeros(last - first + 1, np.int64)
            wanted[near[:, 0] - np.uint64(first)] += 1
            wanted[near[:, 1] - np.uint64(first)] -= 1
            rows = np.flatnonzero(np.cumsum(wanted[:-1]))
            parts.append(self.read(first, last, *names).rows(rows))
        return Edges.joined(parts)

    def to_pandas(self, first: int = 0, last: int | None = None, *names: str) -> pd.DataFrame:
        """What `read` gives as a table by the edges' numbers."""
        return self.read(first, last, *names).to_pandas()

    def __repr__(self) -> str:
        ends = f"{self.source_population!r} to {self.target_population!r}"
        return f"EdgePopulation({self.name!r}, {len(self)} edges from {ends})"


class Edges:
    """Some edges: their ends, types and attributes, an entry for each."""

    def __init__(
        self,
        ids: NDArray[np.uint64],
        source: NDArray[np.uint64],
        target: NDArray[np.uint64],
        type_id: NDArray[np.uint64],
        columns: dict[str, Column],
    ) -> None:
        #: The edges' numbers in their population.
        self.ids = ids
        #: Where they come from.
        self.source = source
        #: Where they go to.
        self.target = target
        #: Their types.
        self.type_id = type_id
        self._columns = columns

    @classmethod
    def joined(cls, parts: list[Edges]) -> Edges:
        """Several, one after another."""
        if len(parts) == 1:
            return parts[0]
        columns: dict[str, Column] = {
            name: np.concatenate([part[name] for part in parts]) for name in parts[0].names
        }
        return cls(
            np.concatenate([part.ids for part in parts]),
            np.concatenate([part.source for part in parts]),
            np.concatenate([part.target for part in parts]),
            np.concatenate([part.type_id for part in parts]),
            columns,
        )

    @property
    def names(self) -> list[str]:
        """The attributes that were read."""
        return list(self._columns)

    def rows(self, rows: NDArray[np.integer[Any]]) -> Edges:
        """Some of them."""
        columns: dict[str, Column] = {
            name: (one[0], np.asarray(one[1])[rows])
            if isinstance(one, tuple)
            else np.asarray(one)[rows]
            for name, one in self._columns.items()
        }
        return Edges(
            self.ids[rows], self.source[rows], self.target[rows], self.type_id[rows], columns
        )

    def __len__(self) -> int:
        return len(self.ids)

    def __getitem__(self, name: str) -> NDArray[Any]:
        if name not in self._columns:
            raise unknown("attribute was read as", name, self._columns)
        return array_of(self._columns[name])

    def to_pandas(self) -> pd.DataFrame:
        """A table by the edges' numbers; words are categories."""
        pd = pandas()
        columns: dict[str, Any] = {
            "source_node_id": self.source,
            "target_node_id": self.target,
            "edge_type_id": self.type_id,
        }
        columns.update((name, frame_column(pd, one)) for name, one in self._columns.items())
        return pd.DataFrame(columns, index=pd.Index(self.ids, name="edge_id"))
