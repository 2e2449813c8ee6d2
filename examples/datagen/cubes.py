"""What the scenes of this folder share: an empty scene, cubes with coloured faces, a camera."""

import argparse

import bpy
from blendtorch import btb

# Corners of a cube from -1 to 1. `xy` is published in this order.
CORNERS = [(x, y, z) for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)]

# Each face has a colour of its own, so that no two corners look alike. Linear RGB.
FACES = {
    "left": ((0, 1, 3, 2), (0.02, 0.60, 0.60)),
    "right": ((4, 6, 7, 5), (0.80, 0.03, 0.03)),
    "front": ((0, 4, 5, 1), (0.03, 0.60, 0.05)),
    "back": ((2, 3, 7, 6), (0.60, 0.03, 0.60)),
    "bottom": ((0, 2, 6, 4), (0.80, 0.30, 0.02)),
    "top": ((1, 5, 7, 3), (0.05, 0.10, 0.90)),
}


def options(remainder, description):
    """The scene's own options: what the launcher's `instance_args` say."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--width", type=int, default=640, help="of the image, in pixels")
    parser.add_argument("--height", type=int, default=480, help="of the image, in pixels")
    parser.add_argument("--episodes", type=int, default=-1, help="how many; -1: without end")
    parser.add_argument(
        "--describe", action="store_true", help="also publish `blender` and `engine`"
    )
    return parser.parse_args(remainder)


def empty_scene(width, height):
    """The current scene with nothing in it; it renders with EEVEE on a GPU, else Workbench."""
    for obj in list(bpy.data.objects):
        bpy.data.objects.remove(obj)

    scene = bpy.context.scene
    scene.render.resolution_x, scene.render.resolution_y = width, height
    scene.render.resolution_percentage = 100
    btb.rendering.choose_engine()
    scene.display.shading.light = "FLAT"  # Workbench: a face's colour is its material's.
    scene.display.shading.color_type = "MATERIAL"
    scene.eevee.taa_samples = 1  # Nothing here is noisy: one sample will do.

    scene.world = bpy.data.worlds.new("background")
    scene.world.use_nodes = True
    return scene


def set_background(rgb):
    """Fills what no object covers."""
    world = bpy.context.scene.world
    world.color = rgb  # Workbench
    world.node_tree.nodes["Background"].inputs["Color"].default_value = (*rgb, 1)  # EEVEE


def camera(look_from, look_at):
    """A camera for the current scene."""
    bpy_camera = bpy.data.objects.new("camera", bpy.data.cameras.new("camera"))
    bpy.context.scene.collection.objects.link(bpy_camera)
    bpy.context.scene.camera = bpy_camera
    cam = btb.Camera()
    cam.look_at(look_at, look_from)
    return cam


def colored_cube(name):
    """A cube with edges of length 2 and six colours."""
    mesh = bpy.data.meshes.new(name)
    mesh.from_pydata(CORNERS, [], [corners for corners, _ in FACES.values()])
    for polygon, (face, (_, rgb)) in zip(mesh.polygons, FACES.items(), strict=True):
        mesh.materials.append(plain_material(f"{name} {face}", rgb))
        polygon.material_index = polygon.index
    cube = bpy.data.objects.new(name, mesh)
    bpy.context.scene.collection.objects.link(cube)
    return cube


def plain_material(name, rgb):
    """A material that looks the same from everywhere, in any light."""
    material = bpy.data.materials.new(name)
    material.diffuse_color = (*rgb, 1)  # Workbench
    material.use_nodes = True  # EEVEE
    nodes, links = material.node_tree.nodes, material.node_tree.links
    nodes.clear()
    emission = nodes.new("ShaderNodeEmission")
    emission.inputs["Color"].default_value = (*rgb, 1)
    links.new(emission.outputs[0], nodes.new("ShaderNodeOutputMaterial").inputs["Surface"])
    return material
