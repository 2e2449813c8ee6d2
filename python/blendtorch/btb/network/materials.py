"""The materials of populations: one each, that reads colour and value of a cell from attributes,
or of an object from the object.

Owns that a material is built again only where its look has changed. It must never touch one that a
script gave.
"""

from typing import Any

import bpy

from . import marked, nodes
from .looks import Look, surface

MATERIAL = "blendtorch_material"
"""On a population's collection: the material that is ours."""


def of_points(collection: Any, name: str, look: Look) -> Any:
    """The material of a population's points."""
    material = _ours(collection, name)
    what = {"points": look.plain()}
    if not nodes.is_made_of(material, what):
        tree = _emptied(material)
        color = _attribute(tree, "cell_color")
        value = _attribute(tree, "activity")
        seen = surface(
            tree, look, color.outputs["Color"], color.outputs["Alpha"], value.outputs["Fac"]
        )
        _finish(tree, seen)
        see_through(material)
        nodes.made_of(material, what)
    material["pulsar"] = look.way == "pulsar"
    return material


def of_objects(
    collection: Any, name: str, look: Look, color: tuple[float, float, float, float]
) -> Any:
    """The material that the objects of a population share, as the BSB's module makes it: `color`
    is used as it is."""
    material = _ours(collection, name)
    what = {"objects": look.plain(), "color": list(color)}
    if not nodes.is_made_of(material, what):
        tree = _emptied(material)
        rgb = tree.nodes.new("ShaderNodeRGB")
        rgb.outputs[0].default_value = color
        if look.way == "plain":
            node = tree.nodes.new("ShaderNodeBsdfPrincipled")
            node.inputs["Base Color"].default_value = color
            node.inputs["Alpha"].default_value = color[3]
            tree.nodes.remove(rgb)
            seen = node.outputs[0]
        else:
            info = tree.nodes.new("ShaderNodeObjectInfo")
            seen = surface(tree, look, rgb.outputs[0], color[3], info.outputs["Color"])
        _finish(tree, seen)
        material.diffuse_color = color
        see_through(material)
        nodes.made_of(material, what)
    material["pulsar"] = look.way == "pulsar"
    return material


def see_through(material: Any) -> None:
    """EEVEE before 4.2 asks for it; later ones see it in the nodes."""
    if hasattr(material, "blend_method"):
        material.blend_method = "BLEND"


def emptied(material: Any) -> Any:
    """The tree of a material, without nodes."""
    return _emptied(material)


def _ours(collection: Any, name: str) -> Any:
    """The material of a population's collection, made where there is none."""
    found = collection.get(MATERIAL)
    if found is None:
        found = marked.mark(bpy.data.materials.new(name), "material", name)
        collection[MATERIAL] = found
    return found


def _emptied(material: Any) -> Any:
    if not material.use_nodes:  # From 5.0 on all do, and setting it warns.
        material.use_nodes = True
    material.node_tree.nodes.clear()
    return material.node_tree


def _attribute(tree: Any, name: str) -> Any:
    node = tree.nodes.new("ShaderNodeAttribute")
    node.attribute_name = name
    return node


def _finish(tree: Any, seen: Any) -> None:
    end = tree.nodes.new("ShaderNodeOutputMaterial")
    tree.links.new(seen, end.inputs["Surface"])
