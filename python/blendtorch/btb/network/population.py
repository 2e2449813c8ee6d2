"""A population in a scene: one object for all cells, or an object each.

Owns what of the file and of the script is declared (places, radii, colours), and that it is applied
again on every run. It must never read a file.
"""

import json
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from .. import alive, screen
from . import bake_nodes, marked, materials, objects, parts, points, removed, shapes
from .cells import Cells
from .looks import Look

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

DEFAULT_COLOR = (0.8, 0.8, 0.8, 1.0)
"""Of populations whose file says none."""
AS_OBJECTS, LOOK = "blendtorch_as_objects", "blendtorch_look"
"""On a population's collection: whether its cells are objects, and how activity is seen."""
_LARGEST_ID = 2**31 - 1


class Source(Protocol):
    """A population as a file has it: what `circuit.CellNetwork.population` gives."""

    @property
    def name(self) -> str: ...
    @property
    def ids(self) -> "NDArray[np.int64]": ...
    @property
    def positions(self) -> "NDArray[np.float32]": ...
    @property
    def locations(self) -> "NDArray[np.float32]": ...
    @property
    def rotations(self) -> "NDArray[np.float32] | None": ...
    @property
    def radius(self) -> float: ...
    @property
    def radii(self) -> "NDArray[np.float32] | None": ...
    @property
    def color(self) -> tuple[float, float, float, float] | None: ...
    @property
    def display_name(self) -> str: ...


@dataclass
class Style:
    """What a script declares of a population; None is what the file says."""

    color: tuple[float, ...] | None = None
    opacity: float | None = None
    radius: float | None = None
    hidden: bool | None = None
    material: Any = None
    draw_as: str = "auto"

    def __post_init__(self) -> None:
        """Checks them, before anything is made.

        Raises:
            ValueError: one cannot be.
        """
        if self.color is not None:
            self.color = _color(self.color)
        if self.opacity is not None and not 0 <= float(self.opacity) <= 1:
            raise ValueError(f"opacity must be from 0 to 1, not {self.opacity}")
        if self.radius is not None and not 0 < float(self.radius) < float("inf"):
            raise ValueError(f"radius must be above 0 µm, not {self.radius}")


class BlenderPopulation:
    """The cells of one type in a scene, with the names of the BSB's module: `name`, `collection`,
    `cells`."""

    def __init__(self, source: Source, collection: Any, style: Style, as_objects: bool) -> None:
        """Of what the file says, in a collection; `apply` makes it."""
        self.name = source.name
        self.ids = source.ids
        self.positions = source.positions
        self.style = style
        self.as_objects = as_objects
        self.radius = float(style.radius if style.radius is not None else source.radius)
        self._source = source
        self._collection = alive.Kept(collection, f"the collection of population {self.name!r}")
        self._object: alive.Kept | None = None
        self._objects: dict[int, Any] = {}
        self.rows: Any = range(len(self.ids))
        self.label = source.display_name or source.name
        self.last: float | None = None
        """The frame where a pulsar's populations begin to fade."""

    @property
    def collection(self) -> Any:
        """The collection that has its objects."""
        return self._collection.get()

    @property
    def cells(self) -> Cells:
        """Its cells, one by one."""
        return Cells(self, self.rows)

    @property
    def object(self) -> Any:
        """The object that shows all its cells; None where each cell is an object."""
        return None if self._object is None else self._object.get()

    @property
    def color(self) -> tuple[float, float, float, float]:
        """Declared: red, green, blue as screens have them, and opacity; 0 to 1."""
        given = self.style.color or self._source.color or DEFAULT_COLOR
        r, g, b, a = (*map(float, given), *([1.0] if len(given) == 3 else []))
        return r, g, b, a if self.style.opacity is None else float(self.style.opacity)

    @property
    def look(self) -> Look:
        """How its activity is seen."""
        return look_of(self.collection)

    def __len__(self) -> int:
        return len(self.ids)

    def __repr__(self) -> str:
        kind = "objects" if self.as_objects else "points"
        return f"<population {self.name!r}: {len(self)} cells as {kind}>"

    def object_of(self, row: int) -> Any:
        """The object of a cell; None where there are none."""
        return self._objects.get(int(self.ids[row])) if self.as_objects else None

    @property
    def is_gone(self) -> bool:
        """Whether its collection, or the object of its cells, was deleted."""
        return self._collection.gone or (self._object is not None and self._object.gone)

    @property
    def largest(self) -> float:
        """The largest radius of its cells, µm."""
        radii = None if self.style.radius is not None else self._source.radii
        return float(np.max(radii)) if radii is not None and len(radii) else self.radius

    def shown_locations(self) -> "NDArray[np.float32]":
        """Where its cells are now, n × 3; of objects where the file has them."""
        if self.as_objects:
            return np.asarray(self._source.locations, np.float32).reshape(-1, 3)
        return points.places(self.object)

    def apply(self, scene: Any, fill: bool = True) -> None:
        """Makes what is missing, and sets what is declared.

        Args:
            scene: whose engine says how cells are drawn.
            fill: whether cells whose objects are gone get new ones.
        """
        collection = self.collection
        self._leave_other_kind()
        collection[AS_OBJECTS] = self.as_objects
        if self.style.material is not None:
            collection["blendtorch_given"] = self.style.material
        if self.style.hidden is not None:
            collection.hide_render = collection.hide_viewport = self.style.hidden
        if self.as_objects:
            self._apply_objects(fill)
        else:
            self._apply_points()
        self.dress(scene)

    def _leave_other_kind(self) -> None:
        """Removes objects of cells where all are one, and the other way round."""
        if self.as_objects:
            removed.points(self.collection)
        else:
            removed.cells(self.collection)

    def find(self) -> None:
        """Takes what is there, and makes nothing."""
        if self.as_objects:
            self._objects = objects.by_id(self.collection)
        elif found := marked.objects(self.collection, "points"):
            self._object = alive.Kept(found[0], f"the cells of population {self.name!r}")

    def dress(self, scene: Any, look: Look | None = None) -> None:
        """Sets how activity is seen, and draws the cells as the scene's engine can."""
        collection = self.collection
        if look is not None:
            collection[LOOK] = json.dumps(look.plain())
        look = self.look
        given = collection.get("blendtorch_given")
        if self.as_objects:
            material = given or materials.of_objects(collection, self.name, look, self.color)
            parts.wear(collection[objects.MESH], material)
            return
        collection["blendtorch_draw_as"] = self.style.draw_as
        material = given or materials.of_points(collection, self.name, look)
        shape = shapes.choose(scene, self.style.draw_as)
        dress(scene, collection, self.object, shape, material)

    def _apply_points(self) -> None:
        source, count = self._source, len(self.ids)
        there = marked.objects(self.collection, "points")
        if there and len(there[0].data.vertices) != count:
            bake_nodes.forget(self.collection)  # They are of other cells.
        obj = points.ensure(self.collection, self.name, count)
        self._object = alive.Kept(obj, f"the cells of population {self.name!r}")
        locations = np.array(source.locations, np.float32).reshape(-1, 3)
        radii = np.full(count, self.radius, np.float32)
        if source.radii is not None and self.style.radius is None:
            radii[:] = source.radii
        lost = ~np.isfinite(locations).all(1)
        if lost.any():
            there = locations[~lost]
            locations[lost] = there.mean(0) if len(there) else 0.0
            radii[lost] = 0.0
            _say(f"population {self.name!r}: {int(lost.sum())} of {count} cells have no place "
                 "(NaN or infinite): they are not drawn")  # fmt: skip
        points.place(obj, locations)
        ids = np.asarray(self.ids)
        if count and (ids.max() > _LARGEST_ID or ids.min() < -_LARGEST_ID):
            _say(f"population {self.name!r} has ids of more than 32 bits: the attribute cell_id "
                 "has the rows instead")  # fmt: skip
            ids = np.arange(count)
        points.put(obj, "cell_id", ids)
        points.put(obj, "radius", radii)
        points.put(obj, "cell_color", np.tile(screen.linear(self.color), (count, 1)))
        if source.rotations is not None:
            points.put(obj, "rotation", np.radians(source.rotations))

    def _apply_objects(self, fill: bool) -> None:
        mesh = objects.mesh_of(self.collection, self.name, self.radius)
        locations = np.asarray(self._source.locations, np.float32).reshape(-1, 3)
        placed = np.isfinite(locations).all(1)
        if not placed.all():
            _say(f"population {self.name!r}: {int((~placed).sum())} of {len(placed)} cells have "
                 "no place (NaN or infinite): they have no object")  # fmt: skip
        ids = np.asarray(self.ids)[placed]
        if not fill:
            there = objects.by_id(self.collection)
            placed[placed] = kept = np.isin(ids, list(there))
            ids = ids[kept]
        self._objects = objects.make(self.collection, self.name, mesh, ids, locations[placed])

    def restrict(self, partial: bool) -> None:
        """Looks which cells' objects are there.

        Raises:
            LookupError: one is not, and `partial` is false.
        """
        if not self.as_objects:
            return
        missing = [n for n, one in enumerate(self.ids) if int(one) not in self._objects]
        # Those without a place have no object to begin with.
        placed = np.isfinite(np.asarray(self._source.locations)).all(1)
        gone = [n for n in missing if placed[n]]
        if gone and not partial:
            more = f" (and {len(gone) - 1} more)" if len(gone) > 1 else ""
            raise LookupError(
                f"Cell {int(self.ids[gone[0]])}{more} missing from collection "
                f"{self.collection.name}: its object was deleted, or has no cell_id; take what is "
                f"there with partial=True, or make it again with load_population({self.name!r})"
            )
        lost = set(missing)
        self.rows = [n for n in range(len(self.ids)) if n not in lost] if lost else self.rows

    # All cells at once, as arrays.

    @property
    def locations(self) -> "NDArray[np.float32]":
        """Where Blender has the cells, n × 3, µm."""
        self._refuse_objects()
        return points.places(self.object)

    @locations.setter
    def locations(self, values: "ArrayLike") -> None:
        self._refuse_objects()
        points.place(self.object, np.asarray(values, np.float32).reshape(len(self), 3))

    @property
    def colors(self) -> "NDArray[np.float32]":
        """Linear colours and opacity, n × 4."""
        self._refuse_objects()
        return points.get(self.object, "cell_color")

    @colors.setter
    def colors(self, values: "ArrayLike") -> None:
        self._put("cell_color", values, (len(self), 4))

    @property
    def radii(self) -> "NDArray[np.float32]":
        """Of the cells, n, µm."""
        self._refuse_objects()
        return points.get(self.object, "radius")

    @radii.setter
    def radii(self, values: "ArrayLike") -> None:
        self._put("radius", values, (len(self),))

    @property
    def activity(self) -> "NDArray[np.float32]":
        """What is shown at the current frame, n values. Setting it shows others, until the next
        frame where something plays."""
        self._refuse_objects()
        return points.get(self.object, "activity")

    @activity.setter
    def activity(self, values: "ArrayLike") -> None:
        self._put("activity", values, (len(self),))

    def _put(self, attribute: str, values: "ArrayLike", shape: tuple[int, ...]) -> None:
        self._refuse_objects()
        given = np.asarray(values, np.float32)
        if given.shape != shape:
            raise ValueError(
                f"population {self.name!r} takes {attribute} of the shape {shape}, not "
                f"{given.shape}"
            )
        points.put(self.object, attribute, given)

    def _refuse_objects(self) -> None:
        if self.as_objects:
            raise TypeError(
                f"each cell of population {self.name!r} is an object: there are no arrays; load it "
                "with as_objects=False"
            )


def _color(said: Any) -> tuple[float, ...]:
    """A colour of a script: "#rrggbb" as files have it, or three or four numbers."""
    try:
        if isinstance(said, str):
            if len(said) != 7 or not said.startswith("#"):
                raise ValueError(said)
            return tuple(byte / 255 for byte in bytes.fromhex(said[1:]))
        made = tuple(float(one) for one in said)
    except (TypeError, ValueError):
        made = ()
    if len(made) not in (3, 4) or not np.isfinite(made).all():
        raise ValueError(
            f"{said!r} is no colour: give red, green and blue (and opacity) from 0 to 1, or "
            '"#rrggbb"'
        )
    return made


def look_of(collection: Any) -> Look:
    """How the activity of a population is seen, by its collection."""
    said = collection.get(LOOK)
    return Look(**json.loads(said)) if said else Look()


def dress(scene: Any, collection: Any, obj: Any, shape: shapes.Shape, material: Any = None) -> None:
    """Draws the points of a population in a shape, with its look and the keys that it has; without
    a material they keep theirs."""
    material = material or obj.material_slots[0].material
    shapes.dress(obj, shape, look_of(collection), material, bake_nodes.of(collection))
    if shape == "mesh":
        shapes.set_up_workbench(scene)


def _say(text: str) -> None:
    warnings.warn(text, RuntimeWarning, stacklevel=4)
