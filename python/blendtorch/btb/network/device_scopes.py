"""Electrodes and microscopes in the scene.

Owns their shapes: a cross for each contact; an arrow along the direction, a disc at the focal plane
and a ring around each region of interest, which glows with its cell. It must never read activity.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from . import light_cloud, parts
from .device_lights import places

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

DARK_GREY = (0.2118, 0.2157, 0.2157)
"""Of contacts, as Cleo's; on a dark ground `LIGHT_GREY`, which is seen there."""
LIGHT_GREY = (0.62, 0.62, 0.62)
GREEN = (0.0314, 1.0, 0.0314)
DISC = 0.2
"""The opacity of the focal plane."""

Where = Callable[[str, Any], tuple[Any, Any]]
"""Positions (k, 3) and radii (k,) of cells of a population, by their indices."""


class Probe:
    """The contacts of an electrode; nothing of them changes."""

    sources = 0

    def __init__(
        self, owner: Any, device: "Mapping[str, Any]", size: float, dark: bool, plain: bool
    ) -> None:
        """Draws them; `size` is the length of a cross where the device has none, µm."""
        self.name = str(device["name"])
        self.parts = [f"probe {self.name}"]
        coords = places(device, "coords")
        length = float(device.get("size") or size)
        bars = [_bar(axis, length) for axis in range(3)]
        corners = np.concatenate([one for one, _ in bars])
        faces = np.concatenate([one + 8 * n for n, (_, one) in enumerate(bars)])
        xyz = coords[:, None] + corners
        triangles = np.arange(len(coords))[:, None, None] * len(corners) + faces
        color = device.get("color") or (LIGHT_GREY if dark else DARK_GREY)
        obj = parts.mesh(
            owner, self.parts[0], xyz, triangles, [parts.emission(self.parts[0], color)]
        )
        obj.color = (*parts.linear(color), 1.0)

    def set(self, values: "ArrayLike | None") -> None:
        """A probe shows no values."""


class Scope:
    """A microscope: where it looks, and what it sees."""

    def __init__(
        self, owner: Any, device: "Mapping[str, Any]", where: Where | None, plain: bool
    ) -> None:
        """Draws it. `where` finds the cells of `rois`; without it `roi_coords` has their places."""
        self.name = str(device["name"])
        at = places(device, "location")[0]
        direction = np.asarray(device.get("direction", (0, 0, 1)), float)
        depth = float(device.get("focus_depth") or 0.0)
        width = float(device["img_width"])
        self._color = np.asarray(device.get("color") or GREEN, float)[:3]
        self.parts = [f"scope {self.name} {what}" for what in ("arrow", "plane")]
        if depth > 0:
            corners, faces = _arrow(depth, width)
            solid = parts.emission(self.parts[0], self._color)
            xyz = light_cloud.turned(corners, direction) + at
            obj = parts.mesh(owner, self.parts[0], xyz, faces, [solid])
            obj.color = (*parts.linear(self._color), 1.0)
        else:
            self.parts.pop(0)
        corners, faces = _disc(width / 2)
        xyz = light_cloud.turned(corners + np.array([0, 0, depth]), direction) + at
        sheer = parts.emission(self.parts[-1], (*self._color, DISC))
        obj = parts.mesh(owner, self.parts[-1], xyz, faces, [sheer])
        obj.color = (*parts.linear(self._color), DISC)
        self.rois = [roi for one in device.get("rois") or () for roi in _rois(one)]
        self._draw_rois(owner, device, where, direction)
        self.set(None)

    @property
    def sources(self) -> int:
        """How many regions it has."""
        return self._count

    def _draw_rois(
        self, owner: Any, device: "Mapping[str, Any]", where: Where | None, direction: Any
    ) -> None:
        coords, radii = self._cells(device, where)
        self._count = len(coords)
        self._rings: Any = None
        if not self._count:
            return
        self.parts.append(f"scope {self.name} rois")
        corners, faces = _ring()
        turned = light_cloud.turned(corners, direction)
        xyz = coords[:, None] + turned * radii[:, None, None]
        triangles = np.arange(len(coords))[:, None, None] * len(corners) + faces
        glow = parts.glow_of(self.parts[-1], "activity_color", 1.5)
        self._rings = parts.mesh(owner, self.parts[-1], xyz, triangles, [glow])
        self._corners = len(corners)
        self._values = np.empty(0, np.float32)

    def _cells(
        self, device: "Mapping[str, Any]", where: Where | None
    ) -> "tuple[NDArray[np.float64], NDArray[np.float64]]":
        if device.get("roi_coords") is not None:
            coords = places(device, "roi_coords")
            radius = np.asarray(device.get("roi_radius") or 8.0, float)
            return coords, np.broadcast_to(radius, (len(coords),))
        if not self.rois:
            return np.empty((0, 3)), np.empty(0)
        if where is None:
            raise ValueError(f"scope {self.name!r} has rois of cells, and no network is shown")
        found = [where(name, np.array([index])) for name, index in self.rois]
        return (
            np.concatenate([np.asarray(xyz, float) for xyz, _ in found]),
            np.concatenate([np.asarray(radius, float).reshape(-1) for _, radius in found]),
        )

    def set(self, values: "ArrayLike | None") -> None:
        """Lets the regions glow: a value of 0 to 1 each, beyond it is cut; None is silence."""
        if self._rings is None:
            return
        given = np.zeros(self._count) if values is None else np.asarray(values, float).reshape(-1)
        if len(given) != self._count:
            raise ValueError(
                f"scope {self.name!r} has {self._count} regions, and {len(given)} values came"
            )
        bright = np.clip(np.nan_to_num(given), 0, 1).astype(np.float32)
        if np.array_equal(bright, self._values):
            return
        self._values = bright
        rows = np.repeat(parts.glowing(self._color, bright), self._corners, axis=0)
        parts.attribute(self._rings.data, "activity_color", "FLOAT_COLOR", rows)
        parts.show_colors(self._rings.data, "activity_color")
        self._rings.data.update_tag()


def _rois(given: Any) -> list[tuple[str, int]]:
    """A population and an index, or as descriptions have it: a population and its cells."""
    if isinstance(given, Mapping):
        return [(str(given["population"]), int(index)) for index in given["cells"]]
    name, index = given
    return [(str(name), int(index))]


def _bar(axis: int, length: float) -> "tuple[NDArray[Any], NDArray[Any]]":
    size = np.full(3, length / 12)
    size[axis] = length / 2
    corners = np.array([(x, y, z) for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)]) * size
    quads = np.array(
        [(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)]
    )
    return corners, quads[:, [0, 1, 2, 0, 2, 3]].reshape(-1, 3)


def _disc(radius: float, sides: int = 64) -> "tuple[NDArray[Any], NDArray[Any]]":
    angle = np.arange(sides) * 2 * np.pi / sides
    rim = np.column_stack([np.cos(angle), np.sin(angle), 0 * angle]) * radius
    n = np.arange(sides)
    return np.vstack([rim, np.zeros(3)]), np.column_stack([n, (n + 1) % sides, 0 * n + sides])


def _ring(sides: int = 24, inner: float = 1.35, outer: float = 1.75) -> "tuple[Any, Any]":
    """A flat ring around a soma of radius 1."""
    angle = np.arange(sides) * 2 * np.pi / sides
    circle = np.column_stack([np.cos(angle), np.sin(angle), 0 * angle])
    n = np.arange(sides)
    m = (n + 1) % sides
    faces = np.vstack(
        [np.column_stack([n, m, n + sides]), np.column_stack([m, m + sides, n + sides])]
    )
    return np.vstack([circle * inner, circle * outer]), faces


def _arrow(length: float, width: float, sides: int = 16) -> "tuple[Any, Any]":
    """An arrow from the origin along +z: a shaft, and a head of a fifth of its length."""
    thick = min(width, length) / 40
    angle = np.arange(sides) * 2 * np.pi / sides
    circle = np.column_stack([np.cos(angle), np.sin(angle), 0 * angle])
    neck = (0, 0, 0.8 * length)
    corners = np.vstack(
        [circle * thick, circle * thick + neck, circle * 3 * thick + neck, [(0, 0, length)]]
    )
    n = np.arange(sides)
    m = (n + 1) % sides
    faces = [
        np.column_stack([n, m, n + sides]),
        np.column_stack([m, m + sides, n + sides]),
        np.column_stack([n + sides, m + sides, n + 2 * sides]),
        np.column_stack([m + sides, m + 2 * sides, n + 2 * sides]),
        np.column_stack([n + 2 * sides, m + 2 * sides, 0 * n + 3 * sides]),
    ]
    return corners, np.vstack(faces)
