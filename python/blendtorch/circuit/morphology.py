"""Shapes of cells: points with radii and parents, in branches.

Owns how they look in Python. Files are read in Rust.
"""

from __future__ import annotations

import os
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from .. import _blendtorch


class Morphology:
    """The shape of a cell, in µm: of an SWC file, or of a network (`CellNetwork.morphology`).

    ```python
    cell = Morphology.from_swc("cell.swc")
    for start, stop, parent in cell.branches:
        cell.points[start:stop]
    ```
    """

    def __init__(self, shape: _blendtorch.Shape) -> None:
        self._shape = shape

    @classmethod
    def from_swc(cls, path: str | os.PathLike[str]) -> Morphology:
        """Reads an SWC file. Points are put in the order of their branches.

        Raises:
            ValueError: A line is none of a point, a parent is missing, or parents go in a circle.
            OSError: It cannot be read.
        """
        return cls(_blendtorch.Shape.from_swc(os.fspath(path)))

    @property
    def name(self) -> str:
        """Its name."""
        return self._shape.name

    @cached_property
    def points(self) -> NDArray[np.float32]:
        """The points, n × 3; a parent stands before its children."""
        return np.asarray(self._shape.points())

    @cached_property
    def radii(self) -> NDArray[np.float32]:
        """The radius at each point."""
        return np.asarray(self._shape.radii())

    @cached_property
    def parents(self) -> NDArray[np.int32]:
        """The point that each goes on from; −1 for roots. The first point of a branch goes on from
        the last of the parent branch."""
        return np.asarray(self._shape.parents())

    @cached_property
    def branches(self) -> list[tuple[int, int, int]]:
        """The branches: first point, the point after the last, and the branch that it goes on from
        (−1 for roots). They cover all points in order."""
        return self._shape.branches()

    @cached_property
    def labels(self) -> list[str]:
        """What its parts are called: `soma`, `axon`, `dendrites`, `apical_dendrites` of SWC's types
        1 to 4, `type_7` of others; of BSB as the file has it."""
        return self._shape.labels()

    def labelled(self, label: str) -> NDArray[np.bool_]:
        """Which points have a label; none where nothing has it."""
        return np.asarray(self._shape.labelled(label)).astype(bool)

    def __repr__(self) -> str:
        return (
            f"Morphology({self.name!r}, {len(self.points)} points in {len(self.branches)} branches)"
        )
