# What `blendtorch setup` runs once in a Blender that it has made: EEVEE's first picture, whose
# shaders Mesa compiles and keeps. It prints one line.
import bpy
from blendtorch import btb


def material(name, build=None):
    made = bpy.data.materials.new(name)
    made.use_nodes = True
    if build is not None:
        build(made.node_tree)
    return made


def textured(tree):
    image = tree.nodes.new("ShaderNodeTexImage")
    image.image = bpy.data.images.new("blank", 4, 4)
    shader = tree.nodes["Principled BSDF"]
    tree.links.new(image.outputs["Color"], shader.inputs["Base Color"])


def prepare(scene):
    # What most scenes have: Blender's own material, another one with a picture, none at all.
    for place, made in enumerate([None, material("plain"), material("textured", textured)]):
        bpy.ops.mesh.primitive_cube_add(size=1, location=(2 * place - 2, 2, 0))
        if made is not None:
            bpy.context.active_object.data.materials.append(made)
    bpy.ops.object.light_add(type="SUN", rotation=(0.6, 0.3, 0))
    scene.render.resolution_x, scene.render.resolution_y = 640, 480
    scene.render.resolution_percentage = 100


def main():
    if not btb.rendering.is_software():
        return "nothing"  # A card's driver compiles, and keeps, its own.
    prepare(bpy.context.scene)
    for srgb in (False, True):
        btb.Renderer(("image",), engine="EEVEE", samples=1, srgb=srgb).render()
    return "EEVEE"


print("blendtorch-compiled", main(), flush=True)
