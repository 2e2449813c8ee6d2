"""Objects made of arrays: what devices, legends, axes and morphologies are drawn with.

Owns that a part is found again by what it stands for, whatever Blender has named it, and gets what
is declared now: to draw twice is to draw once. It must never touch what it has not made.
"""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import bpy
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

PART = "blendtorch_part"
"""The custom property that says what an object, a collection or a material stands for."""


def collection(parent: Any, part: str) -> Any:
    """The child of a collection that stands for `part`; made where there is none."""
    for child in parent.children:
        if child.get(PART) == part:
            return child
    made = bpy.data.collections.new(part)
    made[PART] = part
    parent.children.link(made)
    return made


def find(owner: Any, part: str) -> Any:
    """The object of a collection that stands for `part`, or None."""
    return next((obj for obj in owner.objects if obj.get(PART) == part), None)


def keep(owner: Any, parts: Iterable[str]) -> None:
    """Removes our objects of a collection that stand for anything else."""
    kept = set(parts)
    for obj in list(owner.objects):
        if PART in obj and obj[PART] not in kept:
            remove(obj)


def remove(obj: Any) -> None:
    """Removes an object, and what of its data, materials and nodes nothing else uses."""
    used = [obj.data, *(one.node_group for one in obj.modifiers if one.type == "NODES")]
    used += [slot.material for slot in obj.material_slots]
    bpy.data.objects.remove(obj)
    # Data and nodes use materials, which go after them.
    for one in used:
        if one is not None and one.users == 0:
            bpy.data.batch_remove([one])


def put(owner: Any, part: str, data: Any, name: str | None = None) -> Any:
    """The object of a collection that stands for `part`, with this data in place of its own."""
    obj = find(owner, part)
    if obj is None:
        obj = bpy.data.objects.new(name or part, data)
        obj[PART] = part
        owner.objects.link(obj)
    elif obj.data is not data:
        if obj.type != _type_of(data):
            remove(obj)
            return put(owner, part, data, name)
        old, obj.data = obj.data, data
        if old.users == 0:
            bpy.data.batch_remove([old])
    return obj


def _type_of(data: Any) -> str:
    return "MESH" if isinstance(data, bpy.types.Mesh) else "FONT"


def mesh(
    owner: Any,
    part: str,
    vertices: "ArrayLike",
    triangles: "ArrayLike | None" = None,
    materials: Sequence[Any] = (),
) -> Any:
    """An object that is a mesh of vertices (n, 3) and triangles (m, 3)."""
    xyz = np.ascontiguousarray(vertices, np.float32).reshape(-1, 3)
    faces = np.asarray([] if triangles is None else triangles, np.int32).reshape(-1, 3)
    data = bpy.data.meshes.new(part)
    data.vertices.add(len(xyz))
    data.vertices.foreach_set("co", xyz.ravel())
    if len(faces):
        data.loops.add(faces.size)
        data.loops.foreach_set("vertex_index", np.ascontiguousarray(faces.ravel()))
        data.polygons.add(len(faces))
        starts = np.arange(0, faces.size, 3, dtype=np.int32)
        data.polygons.foreach_set("loop_start", starts)
        if not bpy.types.MeshPolygon.bl_rna.properties["loop_total"].is_readonly:
            # Later versions know where the next one starts.
            data.polygons.foreach_set("loop_total", np.full(len(faces), 3, np.int32))
    data.update(calc_edges=True)
    for material in materials:
        data.materials.append(material)
    return put(owner, part, data)


def attribute(data: Any, name: str, kind: str, values: "NDArray[Any]") -> Any:
    """Writes an attribute of a mesh's vertices: `FLOAT`, `INT` or `FLOAT_COLOR`."""
    found = data.attributes.get(name)
    if found is None:
        found = data.attributes.new(name, kind, "POINT")
    field = "color" if kind == "FLOAT_COLOR" else "value"
    dtype = np.int32 if kind == "INT" else np.float32
    found.data.foreach_set(field, np.ascontiguousarray(values, dtype).ravel())
    return found


def show_colors(data: Any, name: str) -> None:
    """Makes Workbench show a colour attribute of a mesh."""
    index = next((i for i, one in enumerate(data.color_attributes) if one.name == name), -1)
    data.color_attributes.active_color_index = index
    data.color_attributes.render_color_index = index


def text(owner: Any, part: str, body: str, material: Any, align: tuple[str, str]) -> Any:
    """An object that is a text of height 1; `align` is its `align_x` and `align_y`."""
    obj = find(owner, part)
    if obj is None or obj.type != "FONT":
        obj = put(owner, part, bpy.data.curves.new(part, "FONT"))
    data = obj.data
    data.align_x, data.align_y = align
    wear(data, material)
    obj.color = material.diffuse_color
    say(obj, body)
    return obj


def say(obj: Any, body: str) -> None:
    """Changes the words of a text; costs nothing where they are the same."""
    if bpy.app.version < (4, 0, 0):
        # Its font has no Greek letter: nothing would stand there.
        body = body.replace("Δ", "d")
    if obj.data.body != body:
        obj.data.body = body


def as_points(obj: Any, radius: float, surface: Any) -> None:
    """Draws the vertices of a mesh as spheres, by geometry nodes: the same in all Blenders.

    Their attributes are those of the vertices. What is made once is not evaluated again as long as
    the mesh stays.
    """
    part = str(obj[PART])
    modifier = obj.modifiers.get("points") or obj.modifiers.new("points", "NODES")
    tree = modifier.node_group
    if tree is None or tree.get(PART) != part:
        tree = bpy.data.node_groups.new(part, "GeometryNodeTree")
        tree[PART] = part
        if hasattr(tree, "interface"):
            tree.interface.new_socket("Geometry", in_out="INPUT", socket_type="NodeSocketGeometry")
            tree.interface.new_socket("Geometry", in_out="OUTPUT", socket_type="NodeSocketGeometry")
        else:
            tree.inputs.new("NodeSocketGeometry", "Geometry")
            tree.outputs.new("NodeSocketGeometry", "Geometry")
    tree.nodes.clear()
    nodes = [
        tree.nodes.new(kind)
        for kind in (
            "NodeGroupInput",
            "GeometryNodeMeshToPoints",
            "GeometryNodeSetMaterial",
            "NodeGroupOutput",
        )
    ]
    for one, other in pairwise(nodes):
        tree.links.new(one.outputs[0], other.inputs[0])
    nodes[1].inputs["Radius"].default_value = radius
    nodes[2].inputs["Material"].default_value = surface
    modifier.node_group = tree
    # Cycles in 3.4 looks materials up in the object's own slots.
    wear(obj.data, surface)


def wear(data: Any, material: Any) -> None:
    """Gives a mesh or a text one material."""
    if list(data.materials) != [material]:
        data.materials.clear()
        data.materials.append(material)


def no_points(obj: Any) -> None:
    """Draws a mesh as it is, where it was drawn as points."""
    modifier = obj.modifiers.get("points")
    if modifier is not None:
        tree = modifier.node_group
        obj.modifiers.remove(modifier)
        if tree is not None and tree.users == 0:
            bpy.data.node_groups.remove(tree)


def seen_by_camera_only(obj: Any) -> None:
    """Keeps an object from lighting or shading others."""
    for ray in ("diffuse", "glossy", "transmission", "volume_scatter", "shadow"):
        setattr(obj, f"visible_{ray}", False)
    obj.visible_shadow = False
