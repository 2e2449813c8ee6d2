"""The discs of a plot: cells, and the points of light in clouds.

Owns what a disc's colour is, by the look of its population or by the light that it is a point of.
Where they are is compared with where they were, since that says whether they must be sorted again.
"""

from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from ... import meshes
from ...screen import on_screen
from .. import points
from ..looks import REST, STRENGTH, Look, map_colors
from ..population import look_of
from . import DISC

if TYPE_CHECKING:
    from numpy.typing import NDArray

_STEPS = 1024
_LIGHTS = np.linspace(0, 1, 4096, dtype=np.float32)[:, None]
_CODES = (on_screen(_LIGHTS)[:, 0] * 255).round().astype(np.uint8)


class Discs(Protocol):
    """Those of one object, or of the objects of one population."""

    places: "NDArray[np.float32]"
    """In the world, n by 3."""
    radii: "NDArray[np.float32]"

    def colors(self) -> "NDArray[np.uint8]":
        """Red, green, blue and opacity now, n × 4."""
        ...


class OfPoints(Discs, Protocol):
    """Those of the points of one object, which are kept from picture to picture."""

    def look(self, obj: Any, collection: Any) -> bool:
        """Reads where they are now, of the object that has them now: Blender may have made it anew.
        Whether they were elsewhere, or larger or smaller."""
        ...


class Cells:
    """The cells of a population whose points are one object."""

    def __init__(self, obj: Any, collection: Any) -> None:
        """Of that object in the population's collection."""
        self._was: Any = None
        self._base: NDArray[np.float32] | None = None
        self.look(obj, collection)

    def look(self, obj: Any, collection: Any) -> bool:
        """As `OfPoints` has it."""
        self._obj, self._collection = obj, collection
        own, radii = points.places(obj), points.get(obj, "radius")
        matrix = np.array(obj.matrix_world, np.float32)
        base = points.get(obj, "cell_color")
        if self._base is None or not np.array_equal(base, self._base):
            self._base, self._mixer = base, _Mixer(base)
        if self._was is not None and all(map(np.array_equal, self._was, (own, radii, matrix))):
            return False
        self._was = own, radii, matrix
        self.places = _moved(own, matrix)
        self.radii = radii * np.float32(abs(float(np.linalg.det(matrix[:3, :3]))) ** (1 / 3))
        return True

    def colors(self) -> "NDArray[np.uint8]":
        """As `Discs` has it."""
        look = look_of(self._collection)
        return self._mixer.mixed(look, points.get(self._obj, "activity"))


class CellObjects:
    """The cells of a population that are an object each."""

    def __init__(self, objects: "list[Any]", collection: Any) -> None:
        """Of these objects in the population's collection."""
        self._objects, self._collection = objects, collection
        every = [obj.matrix_world for obj in objects]
        mesh = collection["blendtorch_mesh"]
        radius = float(mesh.get("blendtorch_radius", 1.0))
        self.places = np.array([one.translation for one in every], np.float32).reshape(-1, 3)
        self.radii = np.array([one.median_scale for one in every], np.float32) * radius
        material = mesh.materials[0] if mesh.materials else None
        color = (0.8, 0.8, 0.8, 1.0) if material is None else tuple(material.diffuse_color)
        self._mixer = _Mixer(np.tile(np.array(color, np.float32), (len(objects), 1)))

    def colors(self) -> "NDArray[np.uint8]":
        """As `Discs` has it."""
        values = np.array([obj.color[0] for obj in self._objects], np.float32)
        return self._mixer.mixed(look_of(self._collection), values)


class Cloud:
    """The points of a light: of the colour of its material, as opaque as A times what of the light
    gets there."""

    def __init__(self, obj: Any, collection: Any) -> None:
        """Of a light's object."""
        self._was: Any = None
        self.look(obj, collection)

    def look(self, obj: Any, collection: Any) -> bool:
        """As `OfPoints` has it."""
        self._obj = obj
        own, matrix = points.places(obj), np.array(obj.matrix_world, np.float32)
        if self._was is not None and all(map(np.array_equal, self._was, (own, matrix))):
            return False
        self._was = own, matrix
        self.places = _moved(own, matrix)
        self.radii = np.full(len(own), obj[DISC], np.float32)
        self._share = meshes.values(obj.data.attributes["transmittance"].data, "value")
        return True

    def colors(self) -> "NDArray[np.uint8]":
        """As `Discs` has it."""
        made = np.empty((len(self._share), 4), np.uint8)
        color = np.array(self._obj.data.materials[0].diffuse_color, np.float32)
        made[:, :3] = (on_screen(color)[:3] * 255).round()
        alpha = self._share * np.float32(self._obj.color[0] * 255)
        made[:, 3] = np.clip(alpha, 0, 255) + np.float32(0.5)
        return made


class _Mixer:
    """The colours of cells whose own are `base` (linear, n × 4)."""

    def __init__(self, base: "NDArray[np.float32]") -> None:
        self._base = base
        self._screen = (on_screen(base) * 255).round().astype(np.uint8)
        self._of: str | None = None
        self._table = np.zeros((0, 3), np.uint8)

    def mixed(self, look: Look, value: "NDArray[np.float32]") -> "NDArray[np.uint8]":
        """As `looks.surface` has them for rays, on a screen."""
        made = self._screen.copy()
        if look.way == "plain":
            return made
        value = np.nan_to_num(value)
        alpha = self._base[:, 3] * np.float32(255)
        if look.way == "pulsar":
            made[:, :3] = _coded(self._base[:, :3] * np.float32(STRENGTH))
            light = np.clip(value, 0, None) ** 4 * np.float32(look.max_intensity / 2)
            made[:, 3] = np.clip(light, 0, 1) * np.float32(255) + np.float32(0.5)
        elif look.way == "flash":
            seen = np.clip(look.low + value * np.float32(1 - look.low), 0, 1)
            made[:, 3] = seen * alpha + np.float32(0.5)
        elif look.way == "glow":
            bright = (REST + (1 - REST) * _part(look, value)).astype(np.float32)
            made[:, :3] = _coded(self._base[:, :3] * bright[:, None])
        else:
            row = (_part(look, value) * (_STEPS - 1) + 0.5).astype(np.intp)
            made[:, :3] = self._map(look)[row]
        return made

    def _map(self, look: Look) -> "NDArray[np.uint8]":
        name = str(look.map)
        if self._of != name:
            rows = on_screen(map_colors(look.map)[:, :3])
            at, there = np.linspace(0, len(rows) - 1, _STEPS), np.arange(len(rows))
            table = np.stack([np.interp(at, there, rows[:, part]) for part in range(3)], 1)
            self._of, self._table = name, (table * 255).round().astype(np.uint8)
        return self._table


def _part(look: Look, value: "NDArray[np.float32]") -> "NDArray[np.float32]":
    span = (look.high - look.low) or 1.0
    return np.clip((value - np.float32(look.low)) / np.float32(span), 0, 1)


def _coded(linear: "NDArray[np.float32]") -> "NDArray[np.uint8]":
    """Light from 0 to 1 as a screen's bytes; what is brighter is cut."""
    return _CODES[(np.clip(linear, 0, 1) * 4095 + 0.5).astype(np.intp)]


def _moved(own: "NDArray[np.float32]", matrix: "NDArray[np.float32]") -> "NDArray[np.float32]":
    return np.ascontiguousarray(own @ matrix[:3, :3].T + matrix[:3, 3], np.float32)
