"""Flat surfaces of a plot: what a network's collections have beside cells, each as a batch that is
kept until its shape or its colours change.

Owns which colour a corner has: that of the attribute which its material shows, else the material's
own. It must never change what it draws.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ... import batches, meshes
from ...screen import on_screen
from .. import axes, parts

if TYPE_CHECKING:
    from numpy.typing import NDArray

SHAPES = ("MESH", "FONT", "CURVE", "SURFACE", "META")
"""The types of objects that have one."""
_SOLID = 0.999


@dataclass
class Surface:
    """An object's triangles."""

    batch: Any
    solid: bool
    """Whether nothing is seen through it."""
    middle: "NDArray[np.float64]"
    """Of its corners, in its own coordinates."""
    color: "tuple[float, ...] | None"
    """Its object's, where that is what is seen of it."""
    behind: bool
    """Whether it is the ground of a plot: behind everything, whatever its distance."""


def made(obj: Any, depsgraph: Any) -> Surface | None:
    """The surface of an object as it is now; None where it has none."""
    evaluated = obj.evaluated_get(depsgraph)
    with meshes.mesh_of(evaluated) as mesh:
        triangles = meshes.triangles(mesh)
        if not len(triangles):
            return None
        places = meshes.values(mesh.vertices, "co", 3)
        colors = _colors(mesh, obj)
    batch = batches.triangles(batches.vertices(place=places, color=colors), triangles)
    behind = any(one.get(parts.PART) == axes.COLLECTION for one in obj.users_collection)
    middle = (places.min(0) + places.max(0)) / 2
    solid = bool(colors[:, 3].min() >= _SOLID)
    return Surface(batch, solid, middle, color_of(obj), behind)


def color_of(obj: Any) -> "tuple[float, ...] | None":
    """The colour of an object without a material."""
    return None if any(slot.material for slot in obj.material_slots) else tuple(obj.color)


def _colors(mesh: Any, obj: Any) -> "NDArray[np.float32]":
    """Of each corner: red, green, blue as screens have them, and opacity."""
    material = next((slot.material for slot in obj.material_slots if slot.material), None)
    shown = None if material is None else _shown(material, mesh)
    if shown is not None:
        linear = meshes.values(shown.data, "color", 4)
    else:
        plain = obj.color if material is None else material.diffuse_color
        linear = np.tile(np.array(plain, np.float32), (len(mesh.vertices), 1))
    return on_screen(linear)


def _shown(material: Any, mesh: Any) -> Any:
    """The colours of vertices that a material shows; None where it shows none."""
    tree = material.node_tree
    for node in tree.nodes if tree is not None else ():
        if node.bl_idname == "ShaderNodeAttribute":
            found = mesh.attributes.get(node.attribute_name)
            if found is not None and found.data_type == "FLOAT_COLOR" and found.domain == "POINT":
                return found
    return None
