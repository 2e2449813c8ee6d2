"""A cell an object, with the names, meshes and keys that the BSB's module gives them.

For few cells: each costs some 30 kB of memory with its keys, and Blender slows down from some
20,000 on. Owns objects and their curves. It must never use operators: those act on what is selected
and active.
"""

import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import bmesh
import bpy
import numpy as np

from .. import runtime
from . import marked

if TYPE_CHECKING:
    from numpy.typing import NDArray

MESH = "blendtorch_mesh"
"""On a population's collection: the sphere that its objects share."""


def mesh_of(collection: Any, name: str, radius: float) -> Any:
    """The sphere that the objects of a population share: rounder where it is larger."""
    mesh = collection.get(MESH)
    if mesh is None:
        mesh = marked.mark(bpy.data.meshes.new(name), "mesh", name)
        collection[MESH] = mesh
    if mesh.get("blendtorch_radius") != radius:
        made = bmesh.new()
        fineness = max(math.ceil(math.sqrt(max(radius, 0.0))) - 1, 1)
        # Finer ones than this add nothing to see: 20,480 faces.
        bmesh.ops.create_icosphere(made, subdivisions=min(fineness, 6), radius=radius)
        made.to_mesh(mesh)
        made.free()
        mesh.polygons.foreach_set("use_smooth", np.ones(len(mesh.polygons), bool))
        mesh.update()
        mesh["blendtorch_radius"] = radius
    return mesh


def by_id(collection: Any) -> dict[int, Any]:
    """The objects of a population that are cells, by the ids of those."""
    return {
        int(obj["cell_id"]): obj for obj in collection.objects if obj.get("cell_id") is not None
    }


def make(
    collection: Any,
    name: str,
    mesh: Any,
    ids: "Sequence[int] | NDArray[Any]",
    locations: "NDArray[np.float32]",
) -> dict[int, Any]:
    """Makes the objects that there are not yet, and puts all where the cells are."""
    there = by_id(collection)
    for number, at in zip((int(one) for one in ids), locations, strict=True):
        obj = there.get(number)
        if obj is None:
            obj = bpy.data.objects.new(f"{name} #{number}", mesh)
            obj["cell_id"] = number
            collection.objects.link(obj)
            there[number] = obj
        elif obj.data != mesh:
            obj.data = mesh
        obj.location = at
    return there


def key(obj: Any, keys: Iterable[tuple[float, float]], interpolation: str = "BEZIER") -> None:
    """Replaces the keys of an object's colour: each value in all four channels, as the BSB's module
    has them, by default with Blender's usual interpolation."""
    pairs = np.array(list(keys), np.float32).reshape(-1, 2)
    if not len(pairs):
        return
    action = obj.animation_data.action if obj.animation_data else None
    curves = [] if action is None else _curves(action)
    if len(curves) != 4:
        obj.keyframe_insert("color", frame=float(pairs[0, 0]))
        curves = _curves(obj.animation_data.action)
    flat = np.ascontiguousarray(pairs).reshape(-1)
    for curve in curves:
        points = curve.keyframe_points
        if len(points) > len(pairs):  # Fewer than before: only `clear` exists in later ones.
            for _ in range(len(points) - len(pairs)):
                points.remove(points[-1], fast=True)
        elif len(points) < len(pairs):
            points.add(len(pairs) - len(points))
        points.foreach_set("co", flat)
        for prop in ("interpolation", "handle_left_type", "handle_right_type"):
            kind = {"interpolation": interpolation}.get(prop, "AUTO_CLAMPED")
            values = np.full(len(pairs), _number(points[0], prop, kind), np.int32)
            points.foreach_set(prop, values)
        curve.update()


def rest(found: "Iterable[Any]", value: float) -> None:
    """Ends what objects play: their colour is a value, in all four channels."""
    there = list(found)
    curves = actions(there)
    for obj in there:
        obj.animation_data_clear()
        obj.color = (value,) * 4
    left = [one for one in curves if one.users == 0]
    if left:
        bpy.data.batch_remove(left)


def actions(found: "Iterable[Any]") -> list[Any]:
    """What objects play, each once."""
    there = (obj.animation_data for obj in found)
    played = (data.action for data in there if data is not None and data.action is not None)
    return list({one.name_full: one for one in played}.values())


def _curves(action: Any) -> list[Any]:
    """The four curves of colour, in the order of the channels."""
    found = [curve for _, curve in runtime.slotted(action) if curve.data_path == "color"]
    return sorted(found, key=lambda curve: int(curve.array_index))


def _number(point: Any, prop: str, value: str) -> int:
    """Blender's number of an enumeration's value."""
    return int(point.bl_rna.properties[prop].enum_items[value].value)
