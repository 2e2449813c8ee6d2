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

Color = Any
"""Three or four numbers: sRGB with alpha, 0 to 1, as files have it."""


def linear(color: Color) -> tuple[float, float, float]:
    """The light of an sRGB colour, as shaders want it (IEC 61966-2-1)."""
    rgb = np.asarray(color, float)[:3]
    light = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    return float(light[0]), float(light[1]), float(light[2])


def lights(colors: "ArrayLike") -> "NDArray[np.float32]":
    """That of many (n, 3), as rows (n, 4) that are opaque."""
    rgb = np.asarray(colors, float)[:, :3]
    made = np.ones((len(rgb), 4), np.float32)
    made[:, :3] = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    return made


REST = 0.3
"""How much of its colour something that glows has at rest."""


def glowing(color: Color, values: "ArrayLike") -> "NDArray[np.float32]":
    """The light (n, 4) of a colour that glows with values of 0 to 1, cut beyond: part of it at
    rest, and towards white where it is brightest."""
    bright = np.clip(np.asarray(values, float), 0, 1)[:, None]
    return lights((REST + (1 - REST) * bright) * np.asarray(color, float)[:3] + 0.5 * bright**2)


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
    """Removes an object, and its data if nothing else uses it."""
    data = obj.data
    bpy.data.objects.remove(obj)
    if data is not None and data.users == 0:
        bpy.data.batch_remove([data])


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
    if list(data.materials) != [material]:
        data.materials.clear()
        data.materials.append(material)
    obj.color = material.diffuse_color
    say(obj, body)
    return obj


def say(obj: Any, body: str) -> None:
    """Changes the words of a text; costs nothing where they are the same."""
    if obj.data.body != body:
        obj.data.body = body


def material(part: str) -> Any:
    """Our material for `part`, its nodes removed but for the output, and the output."""
    found = next((one for one in bpy.data.materials if one.get(PART) == part), None)
    if found is None:
        found = bpy.data.materials.new(part)
        found[PART] = part
    if not _has_nodes(found):
        found.use_nodes = True
    found.node_tree.nodes.clear()
    return found, found.node_tree.nodes.new("ShaderNodeOutputMaterial")


def _has_nodes(block: Any) -> bool:
    # From 5.0 on all have; to ask for it will be an error.
    return bpy.app.version >= (5, 0, 0) or bool(block.use_nodes)


def emission(part: str, color: Color, strength: float = 1.0) -> Any:
    """A material that looks the same from everywhere in any light; alpha is its opacity."""
    made, output = material(part)
    alpha = float(color[3]) if len(color) > 3 else 1.0
    made.diffuse_color = (*linear(color), alpha)
    light = made.node_tree.nodes.new("ShaderNodeEmission")
    light.inputs["Color"].default_value = (*linear(color), 1.0)
    light.inputs["Strength"].default_value = strength
    surface = light.outputs[0]
    if alpha < 1:
        surface = mixed(made, surface, alpha)
    made.node_tree.links.new(surface, output.inputs["Surface"])
    blend(made, alpha < 1)
    return made


def glow_of(part: str, name: str, strength: float = 1.0) -> Any:
    """A material whose light is the colour attribute `name`."""
    made, output = material(part)
    light = made.node_tree.nodes.new("ShaderNodeEmission")
    light.inputs["Strength"].default_value = strength
    made.node_tree.links.new(attribute_node(made, name).outputs["Color"], light.inputs["Color"])
    made.node_tree.links.new(light.outputs[0], output.inputs["Surface"])
    return made


def attribute_node(owner: Any, name: str) -> Any:
    """The node of a material that reads an attribute of the geometry."""
    node = owner.node_tree.nodes.new("ShaderNodeAttribute")
    node.attribute_name = name
    return node


def mixed(owner: Any, surface: Any, opacity: Any) -> Any:
    """The output of a surface with an opacity: a number, or the output of a node."""
    nodes, links = owner.node_tree.nodes, owner.node_tree.links
    mix = nodes.new("ShaderNodeMixShader")
    if isinstance(opacity, int | float):
        mix.inputs[0].default_value = opacity
    else:
        links.new(opacity, mix.inputs[0])
    links.new(nodes.new("ShaderNodeBsdfTransparent").outputs[0], mix.inputs[1])
    links.new(surface, mix.inputs[2])
    return mix.outputs[0]


def blend(owner: Any, transparent: bool) -> None:
    """Tells EEVEE whether a material is seen through; from 4.2 on under another name."""
    if hasattr(owner, "surface_render_method"):
        owner.surface_render_method = "BLENDED" if transparent else "DITHERED"
    else:
        owner.blend_method = "BLEND" if transparent else "OPAQUE"
        owner.shadow_method = "NONE"


def as_points(obj: Any, radius: float, surface: Any) -> None:
    """Draws the vertices of a mesh as spheres, by geometry nodes: the same in all Blenders.

    Their attributes are those of the vertices. What is made once is not evaluated again as long as
    the mesh stays.
    """
    part = str(obj[PART])
    tree = next((one for one in bpy.data.node_groups if one.get(PART) == part), None)
    if tree is None:
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
    modifier = obj.modifiers.get("points") or obj.modifiers.new("points", "NODES")
    modifier.node_group = tree
    # Cycles in 3.4 looks materials up in the object's own slots.
    if list(obj.data.materials) != [surface]:
        obj.data.materials.clear()
        obj.data.materials.append(surface)


def see_through(part: str, color: Color | None, on_light: bool = False) -> Any:
    """A material whose light is added to what is behind it; without a colour that of the attribute
    `legend_color`.

    Cycles gives depth, ids and the like of the first surface that is opaque at least by half: this
    one is not. `on_light` ground nothing can be added: there it is opaque, and has them.
    """
    made, output = material(part)
    nodes, links = made.node_tree.nodes, made.node_tree.links
    light = nodes.new("ShaderNodeEmission")
    behind = nodes.new("ShaderNodeBsdfTransparent")
    made.diffuse_color = (1.0, 1.0, 1.0, 1.0) if color is None else (*linear(color), 1.0)
    if color is None:
        links.new(attribute_node(made, "legend_color").outputs["Color"], light.inputs["Color"])
    else:
        light.inputs["Color"].default_value = (*linear(color), 1.0)
    if on_light:
        behind.inputs["Color"].default_value = (0.0, 0.0, 0.0, 1.0)
    add = nodes.new("ShaderNodeAddShader")
    links.new(light.outputs[0], add.inputs[0])
    links.new(behind.outputs[0], add.inputs[1])
    links.new(add.outputs[0], output.inputs["Surface"])
    blend(made, True)
    return made


def seen_by_camera_only(obj: Any) -> None:
    """Keeps an object from lighting or shading others."""
    for ray in ("diffuse", "glossy", "transmission", "volume_scatter", "shadow"):
        setattr(obj, f"visible_{ray}", False)
    obj.visible_shadow = False


def ground(scene: Any) -> float:
    """How light what is behind everything is, 0 to 1."""
    world = scene.world
    if world is None:
        return 0.0
    node = world.node_tree.nodes.get("Background") if _has_nodes(world) else None
    color = world.color if node is None else node.inputs["Color"].default_value
    return float(np.mean(color[:3]))


def is_light(scene: Any) -> bool:
    """Whether dark ink is read on it."""
    return ground(scene) > 0.4
