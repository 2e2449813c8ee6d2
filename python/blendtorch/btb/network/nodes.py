"""Small words for node trees, of shaders and of geometry, in every Blender from 3.4 on.

Owns that a socket is found by its name among those that are in use: a node of several types has a
socket of each, and which have the same name differs between versions.
"""

import json
from typing import Any

import bpy
import numpy as np

_SIGNATURE = "blendtorch_made_of"


def socket(sockets: Any, name: str | int) -> Any:
    """A socket in use: by its name, or the n-th of those in use."""
    used = [one for one in sockets if one.enabled]
    if isinstance(name, int):
        return used[name]
    return next(one for one in used if one.name == name)


def add(tree: Any, kind: str, inputs: "dict[str | int, Any] | None" = None, **settings: Any) -> Any:
    """A new node: its settings, then its inputs, each a value or an output socket to link."""
    node = tree.nodes.new(kind)
    for setting, value in settings.items():
        setattr(node, setting, value)
    for name, value in (inputs or {}).items():
        put(tree, socket(node.inputs, name), value)
    return node


def put(tree: Any, into: Any, value: Any) -> None:
    """Links an output, or sets a value."""
    if isinstance(value, bpy.types.NodeSocket):
        tree.links.new(value, into)
    else:
        into.default_value = value


def out(node: Any, name: str | int = 0) -> Any:
    """An output in use of a node."""
    return socket(node.outputs, name)


def math(tree: Any, operation: str, a: Any, b: Any = 0.0, clamp: bool = False) -> Any:
    """The output of a calculation with two values; `b` is not used where it takes one."""
    node = tree.nodes.new("ShaderNodeMath")
    node.operation, node.use_clamp = operation, clamp
    for into, value in zip(node.inputs, (a, b), strict=False):
        put(tree, into, value)
    return node.outputs[0]


def scaled(tree: Any, color: Any, by: Any) -> Any:
    """The output of a colour times a value."""
    node = tree.nodes.new("ShaderNodeVectorMath")
    node.operation = "SCALE"
    put(tree, node.inputs[0], color)
    put(tree, node.inputs["Scale"], by)
    return node.outputs[0]


def ramp(tree: Any, value: Any, colors: Any) -> Any:
    """The output of a colour map, linear colours n × 3, over 0 to 1. Blender's ramps have 32 stops
    at most."""
    node = tree.nodes.new("ShaderNodeValToRGB")
    elements = node.color_ramp.elements
    count = min(len(colors), 32)
    at = np.linspace(0, 1, count)
    rows = colors[np.rint(at * (len(colors) - 1)).astype(int)]
    while len(elements) < count:
        elements.new(1.0)
    for element, position, row in zip(elements, at, rows, strict=True):
        element.position, element.color = float(position), (*map(float, row[:3]), 1.0)
    put(tree, node.inputs[0], value)
    return node.outputs[0]


def geometry_tree(name: str) -> Any:
    """A new tree of geometry nodes with a geometry that comes in and one that goes out."""
    tree = bpy.data.node_groups.new(name, "GeometryNodeTree")
    if hasattr(tree, "interface"):
        for way in ("INPUT", "OUTPUT"):
            tree.interface.new_socket("Geometry", in_out=way, socket_type="NodeSocketGeometry")
    else:  # Before 4.0.
        tree.inputs.new("NodeSocketGeometry", "Geometry")
        tree.outputs.new("NodeSocketGeometry", "Geometry")
    return tree


def named(tree: Any, name: str, data_type: str) -> Any:
    """The output of a geometry's attribute."""
    node = tree.nodes.new("GeometryNodeInputNamedAttribute")
    node.data_type = data_type
    node.inputs["Name"].default_value = name
    return socket(node.outputs, "Attribute")


def stored(tree: Any, geometry: Any, name: str, data_type: str, value: Any) -> Any:
    """The output of a geometry whose points have one more attribute."""
    node = tree.nodes.new("GeometryNodeStoreNamedAttribute")
    node.data_type, node.domain = data_type, "POINT"
    node.inputs["Name"].default_value = name
    tree.links.new(geometry, node.inputs["Geometry"])
    put(tree, socket(node.inputs, "Value"), value)
    return node.outputs[0]


def is_made_of(block: Any, what: "dict[str, Any]") -> bool:
    """Whether a tree or a material was built of this; then it need not be built again."""
    return bool(block.get(_SIGNATURE) == json.dumps(what, sort_keys=True))


def made_of(block: Any, what: "dict[str, Any]") -> None:
    """Remembers what it was built of."""
    block[_SIGNATURE] = json.dumps(what, sort_keys=True)
