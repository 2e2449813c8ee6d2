"""The geometry nodes that draw a population: true spheres for Cycles and EEVEE, small surfaces with
vertex colours for Workbench, which shows nothing else of a cell.

Owns which of the two a scene gets. It must never change what is in the mesh: each is only another
view of the same points.
"""

from typing import Any, Literal

import bpy

from . import bake_nodes, nodes, plotted
from .looks import Look, shown

Shape = Literal["points", "mesh", "bare"]
"""Spheres, surfaces, or the points alone, which plots read."""

SHOWN = "shown"
"""The colour attribute that Workbench draws."""
_MODIFIER = "blendtorch cells"
# How round surfaces are: with more cells a frame costs what its corners cost.
_ROUND, _FAIR = 500, 10_000


def choose(scene: Any, wanted: str) -> Shape:
    """What a scene's engine can draw, where nothing else is asked for.

    Raises:
        ValueError: there is no such way to draw.
    """
    if wanted not in ("auto", "points", "mesh"):
        raise ValueError(f"draw_as must be auto, points, mesh or objects, not {wanted!r}")
    if wanted != "auto":
        return "points" if wanted == "points" else "mesh"
    if plotted.is_on(scene):
        return "bare"
    return "mesh" if scene.render.engine == "BLENDER_WORKBENCH" else "points"


def dress(obj: Any, shape: Shape, look: Look, material: Any, keys: Any = None) -> None:
    """Draws the points of an object so. With `keys`, an object of `bake_nodes`, their values come
    from it and not from the attribute."""
    modifier = obj.modifiers.get(_MODIFIER) or obj.modifiers.new(_MODIFIER, "NODES")
    if shape == "bare":
        # Its nodes stay, as they were, for an engine that draws them.
        modifier.show_viewport = modifier.show_render = False
        _wear(obj, material)
        return
    modifier.show_viewport = modifier.show_render = True
    count = len(obj.data.vertices)
    faces = "round" if count <= _ROUND else "fair" if count <= _FAIR else "coarse"
    what = {"shape": shape, "faces": faces, "look": look.plain(), "material": material.name_full}
    what["keys"] = keys.name_full if keys else None
    what["steps"] = bake_nodes.steps(keys) if keys else 0
    tree = modifier.node_group
    if tree is None or not nodes.is_made_of(tree, what):
        if tree is not None and tree.users <= 1:
            bpy.data.node_groups.remove(tree)
        tree = _tree(f"{obj.name} {shape}", shape, faces, look, material, keys)
        nodes.made_of(tree, what)
        modifier.node_group = tree
    if shape == "mesh":
        colors = obj.data.attributes
        colors.active_color_name = colors.default_color_name = SHOWN
    _wear(obj, material)


def _wear(obj: Any, material: Any) -> None:
    if not obj.material_slots:
        obj.data.materials.append(material)
    elif obj.material_slots[0].material != material:
        obj.data.materials[0] = material


def shape_of(obj: Any) -> Shape:
    """How it is drawn now."""
    modifier = obj.modifiers.get(_MODIFIER)
    if modifier is not None and not modifier.show_render:
        return "bare"
    tree = modifier and modifier.node_group
    return "mesh" if tree is not None and tree.get("blendtorch_shape") == "mesh" else "points"


def modifier_of(obj: Any) -> Any:
    """The modifier that draws it."""
    return obj.modifiers[_MODIFIER]


def set_up_workbench(scene: Any) -> None:
    """Lets Workbench show colours of vertices, where it shows those of materials."""
    if scene.display.shading.color_type == "MATERIAL":
        scene.display.shading.color_type = "VERTEX"


def surfaces(tree: Any, points: Any, faces: str) -> Any:
    """The output of one mesh of a small surface for each point, with the points' attributes."""
    if faces == "coarse":  # Octahedra.
        ball = nodes.add(
            tree, "GeometryNodeMeshUVSphere", {"Segments": 4, "Rings": 2, "Radius": 1.0}
        )
    else:
        fineness = 2 if faces == "round" else 1
        ball = nodes.add(
            tree, "GeometryNodeMeshIcoSphere", {"Radius": 1.0, "Subdivisions": fineness}
        )
    on = nodes.add(
        tree,
        "GeometryNodeInstanceOnPoints",
        {
            "Points": points,
            "Instance": ball.outputs[0],
            "Scale": nodes.named(tree, "radius", "FLOAT"),
        },
    )
    # The points come first: of what is joined, the first mesh says which colours are drawn.
    both = tree.nodes.new("GeometryNodeJoinGeometry")
    tree.links.new(on.outputs[0], both.inputs[0])
    tree.links.new(points, both.inputs[0])
    return nodes.add(tree, "GeometryNodeRealizeInstances", {0: both.outputs[0]}).outputs[0]


def spheres(tree: Any, points: Any) -> Any:
    """The output of a point cloud."""
    node = nodes.add(
        tree,
        "GeometryNodeMeshToPoints",
        {"Mesh": points, "Radius": nodes.named(tree, "radius", "FLOAT")},
    )
    return node.outputs[0]


def with_material(tree: Any, geometry: Any, material: Any) -> Any:
    """The output of a geometry of that material."""
    node = nodes.add(tree, "GeometryNodeSetMaterial", {"Geometry": geometry, "Material": material})
    return node.outputs[0]


def _tree(name: str, shape: Shape, faces: str, look: Look, material: Any, keys: Any) -> Any:
    tree = nodes.geometry_tree(name)
    tree["blendtorch_shape"] = shape
    came, goes = tree.nodes.new("NodeGroupInput"), tree.nodes.new("NodeGroupOutput")
    points = came.outputs[0]
    if keys is not None:
        points = nodes.stored(tree, points, "activity", "FLOAT", bake_nodes.value(tree, keys))
    if shape == "points":
        made = spheres(tree, points)
    else:
        smooth = nodes.add(tree, "GeometryNodeSetShadeSmooth", {0: surfaces(tree, points, faces)})
        color = nodes.named(tree, "cell_color", "FLOAT_COLOR")
        value = nodes.named(tree, "activity", "FLOAT")
        made = nodes.stored(
            tree, smooth.outputs[0], SHOWN, "FLOAT_COLOR", shown(tree, look, color, value)
        )
    tree.links.new(with_material(tree, made, material), goes.inputs[0])
    return tree
