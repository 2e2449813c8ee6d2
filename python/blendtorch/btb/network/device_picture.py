"""What a microscope sees of cells, as a grid of brightness over its focal plane.

Owns how light of a cell spreads: a spot as wide as the soma that is wider and weaker the farther
from the focal plane it is. It must never know Blender, nor what a cell's value means.

The width is that of a cone of light whose half angle is 14 degrees, a numerical aperture of 0.3 in
water; the light of a spot is the same at any width. That is a sketch for people to look at: it has
no diffraction, no scattering and no noise.
"""

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

SIDE = 96
"""How many places the grid has along a side."""
_CONE = 0.25
_SOMA = 0.6
"""The standard deviation of a soma in focus, of its radius."""
_REACH = 3.0


class Picture:
    """The grid; `of` fills it."""

    def __init__(self, places: "ArrayLike", radii: "ArrayLike", width: float) -> None:
        """Of cells at `places` (k, 3), in the plane's own coordinates: z is the distance from it;
        lengths in µm."""
        xyz, soma = np.asarray(places, float), np.asarray(radii, float)
        self.width = float(width)
        step = self.width / (SIDE - 1)
        at = np.arange(SIDE) * step - self.width / 2
        self._count = len(xyz)
        where, cell, weight = [], [], []
        for number, ((x, y, z), radius) in enumerate(zip(xyz, soma, strict=True)):
            # No spot is smaller than the grid can show.
            sharp = max(_SOMA * radius, 0.7 * step)
            sigma = float(np.hypot(sharp, _CONE * z))
            columns = np.flatnonzero(abs(at - x) < _REACH * sigma)
            rows = np.flatnonzero(abs(at - y) < _REACH * sigma)
            across, along = (at[columns] - x) / sigma, (at[rows] - y) / sigma
            spot = np.exp(-(along[:, None] ** 2 + across**2) / 2) * (sharp / sigma) ** 2
            where.append((rows[:, None] * SIDE + columns).ravel())
            weight.append(spot.ravel())
            cell.append(np.full(spot.size, number))
        self._where = np.concatenate([*where, np.empty(0, int)])
        self._cell = np.concatenate([*cell, np.empty(0, int)])
        self._weight = np.concatenate([*weight, np.empty(0)])

    def of(self, values: "NDArray[Any]") -> "NDArray[np.float64]":
        """The brightness (SIDE², row by row, y and x ascending) of cells with values (k,)."""
        light = self._weight * values[self._cell]
        return np.asarray(np.bincount(self._where, light, minlength=SIDE * SIDE), float)

    def corners(self) -> "NDArray[np.float64]":
        """The places of the grid (SIDE², 3), in the plane."""
        at = np.linspace(-self.width / 2, self.width / 2, SIDE)
        x, y = np.meshgrid(at, at)
        return np.column_stack([x.ravel(), y.ravel(), np.zeros(SIDE * SIDE)])

    def triangles(self) -> "NDArray[np.int64]":
        """The triangles of the grid that lie in the disc."""
        rows, columns = np.divmod(np.arange((SIDE - 1) ** 2), SIDE - 1)
        first = rows * SIDE + columns
        middle = (np.column_stack([rows, columns]) + 0.5) / (SIDE - 1) - 0.5
        first = first[np.hypot(*middle.T) <= 0.5][:, None]
        both = [first + np.array(more) for more in ((0, 1, SIDE + 1), (0, SIDE + 1, SIDE))]
        return np.concatenate(both)
