"""Cells with their branches: one mesh of tubes for those of a population, coloured by values of
cells or of compartments.

Owns where a cell's branches are, as the BSB places and turns them, and which corner has which
value. It must never know where values come from.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import runtime
from . import part_materials, parts, picture_plane
from .legend import ColorBar
from .morphology_sections import Compartments, nearest
from .morphology_tubes import Morphology, Tubes, tubes

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

COLLECTION = "morphologies"
COLOR = "morphology_color"
"""The attribute that has what is seen."""
GREY = (0.5, 0.5, 0.5)
"""Of what has no value, and of populations that have no colour."""
FLOOR = 0.25
"""The least radius in µm where there is no camera; with one it is half a pixel's."""
MOST_CORNERS = 8_000_000
Values = Callable[[float], "ArrayLike | None"]
"""The values at a frame: of a population's cells by index, or of the compartments."""


@dataclass(frozen=True)
class Placed:
    """Cells with a shape and a place."""

    shapes: Sequence[tuple[str, Morphology]]
    shape_of: "NDArray[np.int64]"
    """(k,): of each cell, its shape."""
    positions: "NDArray[np.float64]"
    """(k, 3), µm."""
    rotations: "NDArray[np.float64] | None" = None
    """(k, 3), degrees about the fixed axes x, y, z, in this order."""
    y_is_up: bool = False
    """Whether y and z change places at last: networks of the BSB before version 4."""
    indices: "NDArray[np.int64] | None" = None
    """(k,): what values know them by; by default 0 to k - 1."""
    problems: list[str] = field(default_factory=list)


def draw(
    scene: Any,
    root: Any,
    network: Any,
    population: str,
    cells: "str | ArrayLike" = "all",
    **how: Any,
) -> "Morphologies":
    """Draws cells of a network with their branches, into the collection `morphologies` of `root`.

    Args:
        scene: whose camera says what is too thin to be seen.
        root: a collection of it.
        network: a `circuit.CellNetwork`.
        population: its name.
        cells: their indices, or "all".
        how: as of `draw_placed`.

    Raises:
        KeyError: there is no such population, or no such morphology.
        ValueError: there is no such cell, none has a morphology, or a shape makes no sense.
    """
    of = network.population(population)
    placed = placed_cells(of, network.morphology, cells)
    how.setdefault("color", of.color)
    return draw_placed(scene, root, population, placed, **how)


def draw_shape(
    scene: Any,
    root: Any,
    name: str,
    shape: Morphology,
    location: Sequence[float] = (0.0, 0.0, 0.0),
    rotation: Sequence[float] = (0.0, 0.0, 0.0),
    **how: Any,
) -> "Morphologies":
    """Draws one morphology, as of `circuit.Morphology.from_swc`; its value is the only one."""
    one = np.zeros(1, np.int64)
    placed = Placed([(name, shape)], one, np.array([location], float), np.array([rotation], float))
    return draw_placed(scene, root, name, placed, **how)


def keep(root: Any, names: Sequence[str]) -> None:
    """Removes what `draw` and `draw_shape` have drawn under other names."""
    parts.keep(parts.collection(root, COLLECTION), [_part(one) for one in names])


def placed_cells(
    population: Any, morphology: Callable[[str], Morphology], cells: "str | ArrayLike" = "all"
) -> Placed:
    """Where cells of a `circuit.CellPopulation` are; those that have no morphology or no place are
    left out, which is among the `problems`."""
    name, count = population.name, len(population.positions)
    if isinstance(cells, str):
        if cells != "all":
            raise ValueError(f"cells of population {name!r} are {cells!r}: 'all', or indices")
        asked = np.arange(count)
    else:
        asked = np.unique(np.asarray(cells, np.int64).reshape(-1))
        if len(asked) and not (asked[0] >= 0 and asked[-1] < count):
            wrong = asked[-1] if asked[0] >= 0 else asked[0]
            raise ValueError(f"population {name!r} has no cell {wrong}: there are {count}")
    if population.morphology_of is None:
        raise ValueError(f"no cell of population {name!r} has a morphology")
    of = np.asarray(population.morphology_of, np.int64)[asked]
    there = np.isfinite(np.asarray(population.positions)[asked]).all(axis=1)
    rotations = population.rotations
    if rotations is not None:
        there &= np.isfinite(np.asarray(rotations)[asked]).all(axis=1)
    problems = []
    for left_out, why in ((of < 0, "morphology"), ((of >= 0) & ~there, "place")):
        if left_out.any():
            problems.append(
                f"population {name!r}: {left_out.sum()} of {len(asked)} cells have no {why} and "
                "are not drawn with branches"
            )
    drawn = asked[(of >= 0) & there]
    if not len(drawn):
        raise ValueError(f"of population {name!r} no cell that was asked for has a morphology")
    used, shape_of = np.unique(
        np.asarray(population.morphology_of, np.int64)[drawn], return_inverse=True
    )
    names = [population.morphologies[one] for one in used]
    return Placed(
        [(one, morphology(one)) for one in names],
        shape_of.reshape(-1),
        np.asarray(population.positions, float)[drawn],
        None if rotations is None else np.asarray(rotations, float)[drawn],
        population.up == "y",
        drawn,
        problems,
    )


def draw_placed(
    scene: Any,
    root: Any,
    name: str,
    placed: Placed,
    *,
    color: Sequence[float] | None = None,
    bar: ColorBar | None = None,
    compartments: Compartments | None = None,
    values: Values | None = None,
    floor: float | None = None,
) -> "Morphologies":
    """Draws cells under a name, in place of those that it had.

    Args:
        scene: whose camera says what is too thin to be seen.
        root: a collection of it.
        name: of the object.
        placed: the cells.
        color: sRGB; it glows with values from 0 to 1.
        bar: a colour map with its ends, instead of that.
        compartments: what values are of; by default they are of the cells.
        values: the values at a frame, for `update`.
        floor: the least radius, µm.

    Raises:
        ValueError: a shape makes no sense, or it would be more than memory is for.
    """
    least = _floor(scene, placed) if floor is None else float(floor)
    shapes = [tubes(shape, least, label) for label, shape in placed.shapes]
    sizes = np.array([len(one.corners) for one in shapes])
    total = int(sizes[placed.shape_of].sum())
    if total > MOST_CORNERS:
        raise ValueError(
            f"{len(placed.shape_of)} cells of {name!r} have {total:,} corners, and {MOST_CORNERS:,}"
            " are the most: draw fewer `cells`, or give a larger `floor` (the least radius, µm; "
            f"it was {least:g})"
        )
    corners, triangles = _surface(placed, shapes)
    indices = np.arange(len(placed.shape_of)) if placed.indices is None else placed.indices
    value_of = np.repeat(indices, sizes[placed.shape_of])
    if compartments is not None:
        column_of = nearest(compartments, indices, placed.shape_of, placed.shapes)
        value_of = np.concatenate(
            [
                column_of[cell][shapes[number].point_of]
                for cell, number in enumerate(placed.shape_of)
            ]
        )
    owner = parts.collection(root, COLLECTION)
    obj = parts.mesh(owner, _part(name), corners, triangles, [_material(owner, _part(name))])
    smooth = np.ones(len(triangles), bool)
    obj.data.polygons.foreach_set("use_smooth", smooth)
    if runtime.engine_of(scene) == "WORKBENCH" and scene.display.shading.color_type == "MATERIAL":
        scene.display.shading.color_type = "VERTEX"
    return Morphologies(name, obj, value_of, color or (*GREY, 1.0), bar, values, placed.problems)


class Morphologies:
    """Cells that are drawn with their branches; `update` shows them at a frame."""

    def __init__(
        self,
        name: str,
        obj: Any,
        value_of: "NDArray[np.int64]",
        color: Sequence[float],
        bar: ColorBar | None,
        values: Values | None,
        problems: list[str],
    ) -> None:
        """As `draw_placed` makes it."""
        self.name, self.problems = name, problems
        self._object, self._value_of = obj, value_of
        self._most = int(value_of.max(initial=-1)) + 1
        self._color, self._bar, self._values = color, bar, values
        self.set(None)

    @property
    def object(self) -> Any:
        """The mesh."""
        return self._object

    def set(self, values: "ArrayLike | None") -> None:
        """Shows values, by the cells' indices or one a compartment; None is the plain colour.

        Where there is no value (NaN, or no compartment of a branch) it is grey.

        Raises:
            ValueError: there are too few.
        """
        if values is None:
            plain = self._color if self._bar is None else GREY
            light = np.tile(part_materials.lights([plain]), (self._most, 1))
        else:
            given = np.asarray(values, float).reshape(-1)
            if len(given) < self._most:
                raise ValueError(
                    f"the morphologies of {self.name!r} need {self._most} values, and {len(given)} "
                    "came"
                )
            light = self._lights(given)
        light = np.concatenate([light, part_materials.lights([GREY])])
        parts.attribute(self._object.data, COLOR, "FLOAT_COLOR", light[self._value_of])
        parts.show_colors(self._object.data, COLOR)
        self._object.data.update_tag()

    def update(self, frame: float) -> None:
        """Shows the values of a frame, where it was drawn with such."""
        if self._values is not None:
            self.set(self._values(frame))

    def _lights(self, given: "NDArray[np.float64]") -> "NDArray[np.float32]":
        if self._bar is None:
            made = part_materials.glowing(self._color, np.nan_to_num(given))
        else:
            colors, span = np.asarray(self._bar.colors, float), self._bar.high - self._bar.low
            share = np.clip((given - self._bar.low) / (span or 1.0), 0, 1)
            rows = np.rint(np.nan_to_num(share) * (len(colors) - 1)).astype(int)
            made = part_materials.lights(colors)[rows]
        made[np.isnan(given)] = part_materials.lights([GREY])[0]
        return made


def turned(rotations: "ArrayLike") -> "NDArray[np.float64]":
    """Matrices (k, 3, 3) of rotations (k, 3) in degrees about the fixed axes x, y, z, in this
    order: Blender's Euler `XYZ`."""
    angles = np.radians(np.asarray(rotations, float).reshape(-1, 3))
    made = np.broadcast_to(np.eye(3), (len(angles), 3, 3))
    for axis in range(3):
        one, other = (axis + 1) % 3, (axis + 2) % 3
        turn = np.tile(np.eye(3), (len(angles), 1, 1))
        cos, sin = np.cos(angles[:, axis]), np.sin(angles[:, axis])
        turn[:, one, one] = turn[:, other, other] = cos
        turn[:, one, other], turn[:, other, one] = -sin, sin
        made = turn @ made
    return made


def _surface(placed: Placed, shapes: Sequence[Tubes]) -> "tuple[NDArray[Any], NDArray[Any]]":
    corners, triangles, first = [], [], 0
    turns = None if placed.rotations is None else turned(placed.rotations).astype(np.float32)
    at = placed.positions.astype(np.float32)
    for cell, number in enumerate(placed.shape_of):
        shape = shapes[number]
        own = shape.corners if turns is None else shape.corners @ turns[cell].T
        corners.append(own + at[cell])
        triangles.append(shape.triangles + np.int32(first))
        first += len(own)
    xyz, faces = np.concatenate(corners), np.concatenate(triangles)
    if placed.y_is_up:
        # That mirrors, so what was outside of a triangle is inside.
        return xyz[:, [0, 2, 1]], faces[:, ::-1]
    return xyz, faces


def _floor(scene: Any, placed: Placed) -> float:
    """Half of a pixel where the cells are, µm."""
    if scene.camera is None:
        return FLOOR
    camera = picture_plane.settled(scene, scene.camera)
    plane = picture_plane.frame_of(scene, camera)
    middle = placed.positions.mean(axis=0)
    scale = plane.length_at(camera, middle[[0, 2, 1]] if placed.y_is_up else middle)
    return plane.height / plane.rows / scale / 2 if scale > 0 else FLOOR


def _part(name: str) -> str:
    return f"morphologies {name}"


def _material(owner: Any, part: str) -> Any:
    """Light of the attribute's colour, less towards edges: so tubes look round without lamps."""
    made, output = part_materials.material(owner, part)
    nodes, links = made.node_tree.nodes, made.node_tree.links
    light = nodes.new("ShaderNodeEmission")
    links.new(part_materials.attribute_node(made, COLOR).outputs["Color"], light.inputs["Color"])
    less = nodes.new("ShaderNodeMath")
    less.operation = "MULTIPLY_ADD"
    links.new(nodes.new("ShaderNodeLayerWeight").outputs["Facing"], less.inputs[0])
    less.inputs[1].default_value, less.inputs[2].default_value = -0.6, 1.0
    links.new(less.outputs[0], light.inputs["Strength"])
    links.new(light.outputs[0], output.inputs["Surface"])
    return made
