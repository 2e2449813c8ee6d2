"""A cloud of points as one cylinder that a ray passes once, for Cycles.

Owns what a beam is made of a cloud: how dense its marks are along its axis and across, and the
material that adds that up along a ray. It must never know a light's value: that is the colour of
the object, as for clouds.

A ray through a cloud ends at dozens of points, and each costs as much as an opaque surface. What is
behind points of opacity A·T that are spread at random is seen by e^(-A·D), where D is the sum of T
over the marks that the ray passes, on average (Beer and Lambert). These are spread more evenly, and
veil more, the more opaque they are: A is A·(1 + EVEN·A·t), t their mean T.

Here D is the integral of a density over the ray's way in the cylinder: a table along the axis,
times a normal curve across it whose width is another; both are reckoned from the cloud's own
points. The way has two halves, which the ray adds up where it comes in and where it goes out: cells
between have light before them and behind them.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ...circuit.optics import OPAQUE
from . import nodes, part_materials

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ...circuit.optics import LightCloud

FEWEST = 200
"""Clouds of fewer points are drawn as points: they have no density."""
SIDES = 24
KEPT = 0.99
"""So much of the light is in the cylinder: what is farther out is not seen, and takes time."""
EVEN = 0.3
"""Of pictures of the clouds: 0 for points at random, about 0.5 for as many points on each ray."""
_STOPS = 32  # No more has a colour ramp.
# Where on half a way density is taken, and how much each counts (Gauss and Legendre).
_AT = (0.0694318442, 0.3300094782, 0.6699905218, 0.9305681558)
_WEIGHTS = (0.1739274226, 0.3260725774, 0.3260725774, 0.1739274226)


@dataclass(frozen=True)
class Beam:
    """How dense the marks of a cloud are around +z."""

    radius: float
    """Of the cylinder, µm."""
    low: float
    """Where the cylinder begins, and how long it is, µm."""
    length: float
    density: "NDArray[np.float64]"
    """At the axis, (32,) from the beginning to the end: the sum of T over marks that a ray passes,
    for each µm of its way."""
    fall: "NDArray[np.float64]"
    """(32,): the density r beside the axis is e^(-fall·(r/radius)²) of that."""
    mean: float
    """The mean T of a mark that a ray passes, by how much of the light it has."""


def beam_of(cloud: "LightCloud") -> Beam:
    """What a cloud is made of."""
    xyz, t, mark = cloud.points, cloud.transmittance, cloud.marker / 2
    # A mark is a disc to each ray. The body that looks so from everywhere has the density
    # 1/(pi sqrt(m² - r²)): a half circle along each axis.
    parts = np.linspace(-0.95, 0.95, 9)
    weights = np.sqrt(1 - parts**2)
    mass = np.outer(t * np.pi * mark**2, weights / weights.sum()).ravel()
    square = ((np.hypot(xyz[:, 0], xyz[:, 1])[:, None] + parts * mark) ** 2).ravel()
    z = (xyz[:, 2, None] + parts * mark).ravel()
    radius = float(np.sqrt(_share(square, mass, KEPT)))
    low, high = float(_share(z, mass, 1 - KEPT)), float(_share(z, mass, KEPT))
    length = high - low
    # Each part is shared by the two stops that it lies between.
    place = np.clip((z - low) / length * (_STOPS - 1), 0, _STOPS - 1 - 1e-9)
    stop = place.astype(int)
    across = np.minimum(square / radius**2, 1.0)

    def summed(what: "NDArray[np.float64]") -> "NDArray[np.float64]":
        near = np.bincount(stop, what * (stop + 1 - place), _STOPS)
        return np.asarray(near + np.bincount(stop + 1, what * (place - stop), _STOPS))

    total = summed(mass)
    fall = _fall(summed(mass * across) / np.maximum(total, 1e-12))
    step = np.full(_STOPS, length / (_STOPS - 1))
    step[[0, -1]] /= 2
    # The mean of e^(-fall·u) over the disc.
    mean = np.where(fall > 1e-6, -np.expm1(-fall) / np.maximum(fall, 1e-6), 1.0)
    density = total / (step * np.pi * radius**2 * mean)
    return Beam(radius, low, length, density, fall, float((t**2).sum() / t.sum()))


def _share(values: Any, weights: Any, share: float) -> Any:
    order = np.argsort(values)
    return np.interp(share, np.cumsum(weights[order]) / weights.sum(), values[order])


def _fall(mean: "NDArray[np.float64]") -> "NDArray[np.float64]":
    """Of densities e^(-fall·u), u from 0 to 1: that whose mean u is this; 0 where it is even."""
    falls = np.geomspace(1e-3, 60, 400)
    means = 1 / falls - 1 / np.expm1(falls)
    return np.where(mean >= 0.5, 0.0, np.interp(-mean, -means, falls))


def hull() -> "tuple[NDArray[np.float64], NDArray[np.int64]]":
    """Corners and triangles, outwards, of the cylinder: around one of radius 1 from z 0 to 1."""
    turn = 2 * np.pi * np.arange(SIDES) / SIDES
    ring = np.column_stack([np.cos(turn), np.sin(turn)]) / np.cos(np.pi / SIDES)
    corners = np.zeros((2 * SIDES, 3))
    corners[:SIDES, :2] = corners[SIDES:, :2] = ring
    corners[SIDES:, 2] = 1
    one = np.arange(SIDES)
    other = (one + 1) % SIDES
    fan = np.arange(1, SIDES - 1)
    faces = [
        np.column_stack([one, other, other + SIDES]),
        np.column_stack([one, other + SIDES, one + SIDES]),
        np.column_stack([0 * fan, fan + 1, fan]),
        np.column_stack([0 * fan, fan, fan + 1]) + SIDES,
    ]
    return corners, np.concatenate(faces)


def material(owner: Any, part: str, color: Any, beam: Beam) -> Any:
    """Emission whose opacity is that of half a ray's way through the cylinder."""
    made, output = part_materials.material(owner, part)
    tree = made.node_tree
    light = nodes.add(tree, "ShaderNodeEmission", {"Color": (*part_materials.linear(color), 1.0)})
    depth = _depth(tree, beam)
    a = nodes.add(tree, "ShaderNodeObjectInfo").outputs["Color"]
    more = nodes.math(tree, "MULTIPLY", a, EVEN * beam.mean)
    veil = nodes.math(tree, "MULTIPLY", a, nodes.math(tree, "ADD", more, 1.0))
    seen = nodes.math(tree, "POWER", float(np.exp(-1)), nodes.math(tree, "MULTIPLY", veil, depth))
    opacity = nodes.math(tree, "SUBTRACT", 1.0, seen)
    tree.links.new(part_materials.mixed(made, light.outputs[0], opacity), output.inputs["Surface"])
    part_materials.blend(made, True)
    made.diffuse_color = (*part_materials.linear(color), OPAQUE)
    return made


def _depth(tree: Any, beam: Beam) -> Any:
    """The output that is D over the half of the way next to where the ray meets the cylinder."""

    def math(operation: str, a: Any, b: Any = 0.0) -> Any:
        return nodes.math(tree, operation, a, b)

    def parted(vector: Any) -> Any:
        return nodes.add(tree, "ShaderNodeSeparateXYZ", {0: vector}).outputs

    def dot(a: Any, b: Any) -> Any:
        made = tree.nodes.new("ShaderNodeVectorMath")
        made.operation = "DOT_PRODUCT"
        nodes.put(tree, made.inputs[0], a)
        nodes.put(tree, made.inputs[1], b)
        return made.outputs["Value"]

    geometry = nodes.add(tree, "ShaderNodeNewGeometry")
    into = nodes.add(
        tree, "ShaderNodeVectorTransform", vector_type="VECTOR", convert_from="WORLD",
        convert_to="OBJECT",
    )  # fmt: skip
    tree.links.new(geometry.outputs["Incoming"], into.inputs[0])
    # Into the cylinder: against the way that the ray came, or along it where it goes out.
    sign = math("SUBTRACT", math("MULTIPLY", geometry.outputs["Backfacing"], 2.0), 1.0)
    way = nodes.scaled(tree, into.outputs[0], sign)
    at = tree.nodes.new("ShaderNodeTexCoord").outputs["Object"]
    p, d = parted(at), parted(way)
    across = nodes.add(tree, "ShaderNodeCombineXYZ", {"X": d["X"], "Y": d["Y"]}).outputs[0]
    # How far it is to the other side: to the wall, or to an end.
    a, b = math("MAXIMUM", dot(across, across), 1e-12), dot(across, at)
    x, y = math("MULTIPLY", p["X"], p["X"]), math("MULTIPLY", p["Y"], p["Y"])
    c = math("SUBTRACT", math("ADD", x, y), 1.0)
    root = math("SUBTRACT", math("MULTIPLY", b, b), math("MULTIPLY", a, c))
    root = math("SQRT", math("MAXIMUM", root, 0.0))
    wall = math("DIVIDE", math("SUBTRACT", root, b), a)
    ends = math("GREATER_THAN", d["Z"], 0.0)
    end = math("DIVIDE", math("SUBTRACT", ends, p["Z"]), d["Z"])
    # Along an end it is never reached: Cycles divides by 0 to 0.
    flat = math("LESS_THAN", math("ABSOLUTE", d["Z"]), 1e-9)
    end = math("ADD", end, math("MULTIPLY", flat, 1e9))
    half = math("MULTIPLY", math("MAXIMUM", math("MINIMUM", wall, end), 0.0), 0.5)

    most, fall = float(beam.density.max()), max(float(beam.fall.max()), 1e-6)
    table = np.zeros((_STOPS, 3))
    table[:, 0], table[:, 1] = beam.density / most, beam.fall / fall
    step = nodes.scaled(tree, way, half)
    total: Any = None
    for place, weight in zip(_AT, _WEIGHTS, strict=True):
        there = tree.nodes.new("ShaderNodeVectorMath")
        there.operation = "MULTIPLY_ADD"
        tree.links.new(step, there.inputs[0])
        there.inputs[1].default_value = (place,) * 3
        tree.links.new(at, there.inputs[2])
        q = parted(there.outputs[0])
        x, y = math("MULTIPLY", q["X"], q["X"]), math("MULTIPLY", q["Y"], q["Y"])
        row = parted(nodes.ramp(tree, q["Z"], table))
        u = math("MULTIPLY", math("ADD", x, y), row["Y"])
        dense = math("MULTIPLY", math("POWER", float(np.exp(-fall)), u), row["X"])
        weighted = math("MULTIPLY", dense, float(weight) * most)
        total = weighted if total is None else math("ADD", total, weighted)
    return math("MULTIPLY", total, half)
