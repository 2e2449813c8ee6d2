"""Materials that show something other than light."""

from typing import Any

import bpy


def create_normal_material(name: str) -> Any:
    """A material whose colour is the normal in the camera's space: `n · (0.5, 0.5, −0.5) + 0.5`.

    The space is that of Blender's shaders: x to the right, y up, z away from the camera, so that a
    surface that faces the camera is (0.5, 0.5, 1). Back from a colour c, `(c − 0.5) · (2, 2, −2)`.
    It emits its colour, unlit, in Cycles and EEVEE. Workbench does not draw nodes.

    Args:
        name: of the new material; Blender adds a number where it is taken.
    """
    material = bpy.data.materials.new(name)
    material.use_nodes = True
    tree = material.node_tree
    tree.nodes.clear()
    geometry = tree.nodes.new("ShaderNodeNewGeometry")
    turn = tree.nodes.new("ShaderNodeVectorTransform")
    # NORMAL would scale by the inverse transpose; from world to camera there is no scale.
    turn.vector_type, turn.convert_from, turn.convert_to = "VECTOR", "WORLD", "CAMERA"
    shift = tree.nodes.new("ShaderNodeVectorMath")
    shift.operation = "MULTIPLY_ADD"
    shift.inputs[1].default_value = (0.5, 0.5, -0.5)
    shift.inputs[2].default_value = (0.5, 0.5, 0.5)
    emission = tree.nodes.new("ShaderNodeEmission")
    output = tree.nodes.new("ShaderNodeOutputMaterial")
    tree.links.new(geometry.outputs["Normal"], turn.inputs["Vector"])
    tree.links.new(turn.outputs["Vector"], shift.inputs[0])
    tree.links.new(shift.outputs["Vector"], emission.inputs["Color"])
    tree.links.new(emission.outputs["Emission"], output.inputs["Surface"])
    return material
