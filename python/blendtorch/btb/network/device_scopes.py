"""Electrodes and microscopes in the scene.

Owns their shapes: a cross for each contact; an arrow along the direction, a disc at the focal plane
with what is seen there, and a ring around each region of interest, which glows with its cell. It
must never read activity.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from . import part_materials, parts
from .device_lights import places
from .device_picture import Picture
from .legend import ColorBar
from .turning import turned

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

DARK_GREY = (0.2118, 0.2157, 0.2157)
"""Of contacts, as Cleo's; on a dark ground `LIGHT_GREY`, which is seen there."""
LIGHT_GREY = (0.62, 0.62, 0.62)
GREEN = (0.0314, 1.0, 0.0314)
DISC, PLANE = 0.15, 0.06
"""The opacity of a disc, and of a plane with a picture where it shows nothing."""
RESTING = 0.15
"""The brightness of a cell at rest, of the largest, in the plane."""

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
            owner,
            self.parts[0],
            xyz,
            triangles,
            [part_materials.emission(owner, self.parts[0], color)],
        )
        obj.color = (*part_materials.linear(color), 1.0)

    def set(self, values: "ArrayLike | None") -> None:
        """A probe shows no values."""


class Scope:
    """A microscope: where it looks, and what it sees."""

    def __init__(
        self, owner: Any, device: "Mapping[str, Any]", where: Where | None, plain: bool
    ) -> None:
        """Draws it. `where` finds the cells of `rois`; without it `roi_coords` has their places.

        In its plane is the picture of its regions, or in Workbench (`plain`), where no corner of a
        mesh is see-through, a disc.
        """
        self.name = str(device["name"])
        at = places(device, "location")[0]
        direction = np.asarray(device.get("direction", (0, 0, 1)), float)
        depth, width = _length(device, "focus_depth", 0.0), _length(device, "img_width")
        self._color = np.asarray(device.get("color") or GREEN, float)[:3]
        self._low, self._high = (float(one) for one in device.get("range") or (0.0, 1.0))
        if not self._high > self._low:
            raise ValueError(f"the range of scope {self.name!r} is {self._low} to {self._high}")
        self.rois = [roi for one in device.get("rois") or () for roi in _rois(one)]
        coords, radii = self._cells(device, where)
        self.sources = len(coords)
        """How many regions it has."""
        self.parts: list[str] = []
        if depth > 0:
            part = self._part("arrow")
            corners, faces = _arrow(depth, width)
            solid = part_materials.emission(owner, part, self._color)
            xyz = turned(corners, direction) + at
            obj = parts.mesh(owner, part, xyz, faces, [solid])
            obj.color = (*part_materials.linear(self._color), 1.0)
        middle = turned(np.array([[0.0, 0.0, depth]]), direction) + at
        self._plane: Any = None
        if plain or not self.sources:
            self._draw_disc(owner, width, direction, middle)
        else:
            # Back from the scene to the plane's own axes.
            axes = turned(np.eye(3), direction)
            self._picture = Picture((coords - middle) @ axes.T, radii, width)
            self._draw_plane(owner, direction, middle)
        self._rings = self._draw_rings(owner, coords, radii, direction)
        self._values = np.empty(0)
        self.set(None)

    def _part(self, what: str) -> str:
        self.parts.append(f"scope {self.name} {what}")
        return self.parts[-1]

    def _draw_disc(self, owner: Any, width: float, direction: Any, middle: Any) -> None:
        part = self._part("plane")
        corners, faces = _disc(width / 2)
        sheer = part_materials.emission(owner, part, (*self._color, DISC))
        xyz = turned(corners, direction) + middle
        obj = parts.mesh(owner, part, xyz, faces, [sheer])
        obj.color = (*part_materials.linear(self._color), DISC)

    def _draw_plane(self, owner: Any, direction: Any, middle: Any) -> None:
        part = self._part("plane")
        xyz = turned(self._picture.corners(), direction) + middle
        lit = _plane_material(owner, part)
        self._plane = parts.mesh(owner, part, xyz, self._picture.triangles(), [lit])
        self._plane.color = (*part_materials.linear(self._color), DISC)

    def _draw_rings(self, owner: Any, coords: Any, radii: Any, direction: Any) -> Any:
        if not self.sources:
            return None
        part = self._part("rois")
        corners, faces = _ring()
        self._corners = len(corners)
        xyz = coords[:, None] + turned(corners, direction) * radii[:, None, None]
        triangles = np.arange(len(coords))[:, None, None] * len(corners) + faces
        glow = part_materials.glow_of(owner, part, "activity_color", 1.5)
        return parts.mesh(owner, part, xyz, triangles, [glow])

    def _cells(
        self, device: "Mapping[str, Any]", where: Where | None
    ) -> "tuple[NDArray[np.float64], NDArray[np.float64]]":
        """Places (k, 3) and radii (k,) of the regions."""
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
        """Lets the regions glow, and shows what is seen in the plane.

        Values are one a region, within the device's `range` (0 to 1; beyond it they are cut); NaN
        and None are silence.
        """
        if self._rings is None:
            return
        given = np.full(self.sources, self._low) if values is None else np.asarray(values, float)
        given = given.reshape(-1)
        if len(given) != self.sources:
            raise ValueError(
                f"scope {self.name!r} has {self.sources} regions, and {len(given)} values came"
            )
        share = (np.nan_to_num(given, nan=self._low) - self._low) / (self._high - self._low)
        bright = np.clip(share, 0, 1)
        if np.array_equal(bright, self._values):
            return
        self._values = bright
        rows = np.repeat(part_materials.glowing(self._color, bright), self._corners, axis=0)
        _show(self._rings, rows)
        if self._plane is not None:
            # Cells at rest are seen a little, as indicators have it.
            seen = self._picture.of(RESTING + (1 - RESTING) * bright)
            light = part_materials.lights(self._color + 0.5 * np.clip(seen, 0, 1)[:, None] ** 2)
            light[:, 3] = np.clip(PLANE + (1 - PLANE) * seen, 0, 1)
            _show(self._plane, light)


def fluorescence(
    low: float = 0.0, high: float = 1.0, label: str = "ΔF/F", color: "ArrayLike" = GREEN
) -> ColorBar:
    """The legend's bar for the regions of a microscope whose `range` is `low` to `high`."""
    share = np.linspace(0, 1, 64)[:, None]
    glow = (part_materials.REST + (1 - part_materials.REST) * share) * np.asarray(color)[:3]
    return ColorBar(np.clip(glow + 0.5 * share**2, 0, 1).astype(np.float32), low, high, label)


def _show(obj: Any, rows: "NDArray[np.float32]") -> None:
    parts.attribute(obj.data, "activity_color", "FLOAT_COLOR", rows)
    parts.show_colors(obj.data, "activity_color")
    obj.data.update_tag()


def _plane_material(owner: Any, part: str) -> Any:
    """Light of the attribute `activity_color`, as opaque as its alpha."""
    made, output = part_materials.material(owner, part)
    links = made.node_tree.links
    light = made.node_tree.nodes.new("ShaderNodeEmission")
    seen = part_materials.attribute_node(made, "activity_color")
    links.new(seen.outputs["Color"], light.inputs["Color"])
    surface = part_materials.mixed(made, light.outputs[0], seen.outputs["Alpha"])
    links.new(surface, output.inputs["Surface"])
    part_materials.blend(made, True)
    return made


def _length(device: "Mapping[str, Any]", key: str, default: float | None = None) -> float:
    given = device.get(key, default)
    try:
        length = float(given) if given is not None else float("nan")
    except (TypeError, ValueError):
        length = float("nan")
    if not (np.isfinite(length) and length >= 0):
        raise ValueError(f"{key!r} of device {device['name']!r} is {given!r}, not a length")
    return length


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
