"""The glow about bright cells: one Glare node before what the compositor gives out.

Owns that there is one, however often a script runs, and that the values which the BSB's module
means to set are set, as far as each Blender has them. It must never remove a link of the user's.
"""

from typing import Any

import bpy

from .. import runtime
from . import marked, nodes

THRESHOLD = 0.3


def ensure(scene: Any) -> Any:
    """The node, made where there is none."""
    tree = _tree(scene)
    there = [node for node in tree.nodes if node.get(marked.ROLE) == "glare"]
    glare = there[0] if there else tree.nodes.new("CompositorNodeGlare")
    glare[marked.ROLE] = "glare"
    _set(glare)
    if not glare.outputs[0].is_linked:
        _insert(scene, tree, glare)
    return glare


def remove(scene: Any) -> None:
    """Takes it out again."""
    tree = runtime.compositor_tree(scene)
    for glare in [n for n in tree.nodes if n.get(marked.ROLE) == "glare"] if tree else ():
        came = [link.from_socket for link in glare.inputs["Image"].links]
        goes = [link.to_socket for link in glare.outputs[0].links]
        tree.nodes.remove(glare)
        for socket in goes if came else ():
            tree.links.new(came[0], socket)


def adapt(scene: Any) -> None:
    """Leaves it out where Workbench draws: what it draws is no light, and a frame costs half more
    with it."""
    tree = runtime.compositor_tree(scene)
    for node in tree.nodes if tree is not None else ():
        if node.get(marked.ROLE) == "glare":
            wanted = scene.render.engine == "BLENDER_WORKBENCH"
            if node.mute != wanted:
                node.mute = wanted


def _tree(scene: Any) -> Any:
    tree = runtime.compositor_tree(scene)
    if tree is None and hasattr(scene, "compositing_node_group"):
        tree = bpy.data.node_groups.new(f"{scene.name} compositor", "CompositorNodeTree")
        tree.interface.new_socket("Image", in_out="OUTPUT", socket_type="NodeSocketColor")
        scene.compositing_node_group = tree
    elif tree is None:
        scene.use_nodes = True
        tree = scene.node_tree
    return tree


def _set(glare: Any) -> None:
    if hasattr(glare, "glare_type"):
        glare.glare_type, glare.quality = "FOG_GLOW", "HIGH"
    else:
        glare.inputs["Type"].default_value = "Fog Glow"
        glare.inputs["Quality"].default_value = "High"
    if "Threshold" in glare.inputs:
        glare.inputs["Threshold"].default_value = THRESHOLD
    else:  # Before 4.4; size 8 of 9 there is half the picture, as later ones have it at first.
        glare.threshold, glare.size = THRESHOLD, 8


def _insert(scene: Any, tree: Any, glare: Any) -> None:
    """Puts it before the node that gives the picture out."""
    ends = [n for n in tree.nodes if n.bl_idname in ("CompositorNodeComposite", "NodeGroupOutput")]
    end = ends[0] if ends else _new_end(scene, tree)
    into = end.inputs[0]
    if into.is_linked:
        came = into.links[0].from_socket
    else:
        renders = [n for n in tree.nodes if n.bl_idname == "CompositorNodeRLayers"]
        source = renders[0] if renders else tree.nodes.new("CompositorNodeRLayers")
        came = source.outputs["Image"]
    glare.location = (end.location[0] - 200, end.location[1])
    tree.links.new(came, glare.inputs["Image"])
    tree.links.new(nodes.out(glare), into)


def _new_end(scene: Any, tree: Any) -> Any:
    grouped = hasattr(scene, "compositing_node_group")
    return tree.nodes.new("NodeGroupOutput" if grouped else "CompositorNodeComposite")
