"""Keys of many cells that any Blender plays: the vertices of a mesh, and geometry nodes that find
for each cell the two keys about the current frame.

A vertex is a key: x its frame, y its value. Each cell of a population has the index of its first
key and of its last one as attributes; its keys are in the order of their frames. Owns that mesh and
those nodes. It must never know what the values are of.
"""

from typing import TYPE_CHECKING, Any

import bpy
import numpy as np

from . import marked, nodes

if TYPE_CHECKING:
    from numpy.typing import NDArray

FIRST, LAST = "key_first", "key_last"
"""The attributes of cells that say which keys are theirs."""
_KEYS = "blendtorch_keys"
"""On a population's collection: the object that keeps its keys."""


def make(name: str, keys: "NDArray[np.float32]", most: int, eased: bool) -> Any:
    """The object that keeps keys, n × 2: frames and values. It is in no scene.

    Args:
        name: of the object.
        keys: those of the first cell, then those of the next.
        most: how many a cell has at most.
        eased: whether values go from key to key as Blender's BEZIER does between two extremes, or
            straight.
    """
    mesh = bpy.data.meshes.new(name)
    mesh.vertices.add(len(keys))
    flat = np.zeros((len(keys), 3), np.float32)
    flat[:, :2] = keys
    mesh.vertices.foreach_set("co", flat.reshape(-1))
    obj = marked.mark(bpy.data.objects.new(name, mesh), "keys", name)
    obj["blendtorch_steps"] = max(int(most) - 1, 1).bit_length()
    obj["blendtorch_eased"] = eased
    return obj


def of(collection: Any) -> Any:
    """The keys of a population; None where it has none."""
    return collection.get(_KEYS)


def give(collection: Any, keys: Any) -> None:
    """Gives a population its keys, in place of those that it has."""
    forget(collection)
    collection[_KEYS] = keys


def forget(collection: Any) -> None:
    """Takes a population's keys out of the file; nodes that look them up are to be built anew."""
    old = collection.get(_KEYS)
    if old is not None:
        del collection[_KEYS]
        data = old.data
        bpy.data.objects.remove(old)
        bpy.data.meshes.remove(data)


def steps(keys: Any) -> int:
    """How many halvings find a cell's key."""
    return int(keys["blendtorch_steps"])


def value(tree: Any, keys: Any) -> Any:
    """The output of each cell's value at the current frame."""
    frame = nodes.out(tree.nodes.new("GeometryNodeInputSceneTime"), "Frame")
    info = nodes.add(tree, "GeometryNodeObjectInfo", {"Object": keys})
    key = _Keys(tree, info.outputs["Geometry"])
    low: Any = nodes.named(tree, FIRST, "INT")
    last = nodes.named(tree, LAST, "INT")
    high: Any = last
    # The last key that is not after the frame; frames before the first have the first one's.
    for _ in range(steps(keys)):
        middle = nodes.math(tree, "ADD", low, high)
        middle = nodes.math(tree, "CEIL", nodes.math(tree, "DIVIDE", middle, 2.0))
        after = nodes.math(tree, "GREATER_THAN", key.at(middle, "X"), frame)
        low, high = (
            _either(tree, after, low, middle),
            _either(tree, after, nodes.math(tree, "SUBTRACT", middle, 1.0), high),
        )
    following = nodes.math(tree, "MINIMUM", nodes.math(tree, "ADD", low, 1.0), last)
    start, end = key.at(low, "X"), key.at(following, "X")
    span = nodes.math(tree, "MAXIMUM", nodes.math(tree, "SUBTRACT", end, start), 1e-6)
    part = nodes.math(tree, "DIVIDE", nodes.math(tree, "SUBTRACT", frame, start), span, clamp=True)
    if keys["blendtorch_eased"]:
        # 3p² - 2p³, as the curve is between two keys with level handles.
        square = nodes.math(tree, "MULTIPLY", part, part)
        less = nodes.math(tree, "SUBTRACT", 3.0, nodes.math(tree, "MULTIPLY", part, 2.0))
        part = nodes.math(tree, "MULTIPLY", square, less)
    first, second = key.at(low, "Y"), key.at(following, "Y")
    change = nodes.math(tree, "MULTIPLY", nodes.math(tree, "SUBTRACT", second, first), part)
    return nodes.math(tree, "ADD", first, change)


class _Keys:
    """The keys, by their index."""

    def __init__(self, tree: Any, geometry: Any) -> None:
        self.tree, self.geometry = tree, geometry
        position = tree.nodes.new("GeometryNodeInputPosition").outputs[0]
        apart = nodes.add(tree, "ShaderNodeSeparateXYZ", {0: position})
        self.parts = {name: apart.outputs[name] for name in ("X", "Y")}

    def at(self, index: Any, part: str) -> Any:
        node = nodes.add(self.tree, "GeometryNodeSampleIndex", {"Geometry": self.geometry})
        nodes.put(self.tree, nodes.socket(node.inputs, "Value"), self.parts[part])
        nodes.put(self.tree, node.inputs["Index"], index)
        return nodes.socket(node.outputs, "Value")


def _either(tree: Any, which: Any, no: Any, yes_not: Any) -> Any:
    """`no` where `which` is 1, else `yes_not`: whole numbers, calculated exactly up to 2²⁴."""
    less = nodes.math(tree, "SUBTRACT", no, yes_not)
    return nodes.math(tree, "ADD", yes_not, nodes.math(tree, "MULTIPLY", which, less))
