"""Colours and materials of the parts: light that looks the same from everywhere.

Owns that a part's material is found again, and belongs to one network. It must never touch what it
has not made.
"""

from typing import TYPE_CHECKING, Any

import bpy
import numpy as np

from ..screen import linear as light_of
from .parts import PART

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

Color = Any
"""Three or four numbers: sRGB with alpha, 0 to 1, as files have it."""


def linear(color: Color) -> tuple[float, float, float]:
    """The light of an sRGB colour, as shaders want it."""
    r, g, b = (float(one) for one in light_of(color)[:3])
    return r, g, b


def lights(colors: "ArrayLike") -> "NDArray[np.float32]":
    """That of many (n, 3), as rows (n, 4) that are opaque."""
    rgb = light_of(np.asarray(colors)[:, :3])
    return np.column_stack([rgb, np.ones(len(rgb), np.float32)])


REST = 0.3
"""How much of its colour something that glows has at rest."""


def glowing(color: Color, values: "ArrayLike") -> "NDArray[np.float32]":
    """The light (n, 4) of a colour that glows with values of 0 to 1, cut beyond: part of it at
    rest, and towards white where it is brightest."""
    bright = np.clip(np.asarray(values, float), 0, 1)[:, None]
    return lights((REST + (1 - REST) * bright) * np.asarray(color, float)[:3] + 0.5 * bright**2)


def material(owner: Any, part: str) -> Any:
    """The material of a collection for `part`, its nodes removed but for the output, and the
    output."""
    mark = f"{owner.name}: {part}"
    found = next((one for one in bpy.data.materials if one.get(PART) == mark), None)
    if found is None:
        found = bpy.data.materials.new(part)
        found[PART] = mark
    if not _has_nodes(found):
        found.use_nodes = True
    found.node_tree.nodes.clear()
    return found, found.node_tree.nodes.new("ShaderNodeOutputMaterial")


def _has_nodes(block: Any) -> bool:
    # From 5.0 on all have; to ask for it will be an error.
    return bpy.app.version >= (5, 0, 0) or bool(block.use_nodes)


def emission(owner: Any, part: str, color: Color, strength: float = 1.0) -> Any:
    """A material that looks the same from everywhere in any light; alpha is its opacity."""
    made, output = material(owner, part)
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


def glow_of(owner: Any, part: str, name: str, strength: float = 1.0) -> Any:
    """A material whose light is the colour attribute `name`."""
    made, output = material(owner, part)
    light = made.node_tree.nodes.new("ShaderNodeEmission")
    light.inputs["Strength"].default_value = strength
    made.node_tree.links.new(attribute_node(made, name).outputs["Color"], light.inputs["Color"])
    made.node_tree.links.new(light.outputs[0], output.inputs["Surface"])
    return made


def attribute_node(made: Any, name: str) -> Any:
    """The node of a material that reads an attribute of the geometry."""
    node = made.node_tree.nodes.new("ShaderNodeAttribute")
    node.attribute_name = name
    return node


def mixed(made: Any, surface: Any, opacity: Any) -> Any:
    """The output of a surface with an opacity: a number, or the output of a node."""
    nodes, links = made.node_tree.nodes, made.node_tree.links
    mix = nodes.new("ShaderNodeMixShader")
    if isinstance(opacity, int | float):
        mix.inputs[0].default_value = opacity
    else:
        links.new(opacity, mix.inputs[0])
    links.new(nodes.new("ShaderNodeBsdfTransparent").outputs[0], mix.inputs[1])
    links.new(surface, mix.inputs[2])
    return mix.outputs[0]


def blend(made: Any, transparent: bool) -> None:
    """Tells EEVEE whether a material is seen through; from 4.2 on under another name."""
    if hasattr(made, "surface_render_method"):
        made.surface_render_method = "BLENDED" if transparent else "DITHERED"
    else:
        made.blend_method = "BLEND" if transparent else "OPAQUE"
        made.shadow_method = "NONE"


def see_through(owner: Any, part: str, color: Color | None, on_light: bool = False) -> Any:
    """A material whose light is added to what is behind it; without a colour that of the attribute
    `legend_color`.

    Cycles gives depth, ids and the like of the first surface that is opaque at least by half: this
    one is not. `on_light` ground nothing can be added: there it is opaque, and has them.
    """
    made, output = material(owner, part)
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


def ground_color(scene: Any) -> tuple[float, float, float]:
    """What is behind everything, as light from 0 to 1."""
    world = scene.world
    if world is None:
        return 0.0, 0.0, 0.0
    node = world.node_tree.nodes.get("Background") if _has_nodes(world) else None
    red, green, blue = (world.color if node is None else node.inputs["Color"].default_value)[:3]
    return float(red), float(green), float(blue)


def ground(scene: Any) -> float:
    """How light what is behind everything is, 0 to 1."""
    return float(np.mean(ground_color(scene)))


def is_light(scene: Any) -> bool:
    """Whether dark ink is read on it."""
    return ground(scene) > 0.4
