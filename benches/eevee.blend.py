"""Draws pictures with EEVEE, 640x480 and 1 sample, for `eevee.py`: prints `@@` and the processor
seconds of each. With `--large` the world's light is taken in a map as large as Blender has it."""

import json
import sys
import time

import bpy
from blendtorch import btb
from blendtorch.btb import world_light

PICTURES = 4


def material(name, colour):
    made = bpy.data.materials.new(name)
    made.use_nodes = True
    made.node_tree.nodes["Principled BSDF"].inputs["Base Color"].default_value = colour
    return made


def prepare(scene):
    for obj in list(bpy.data.objects):
        bpy.data.objects.remove(obj)
    render = scene.render
    render.resolution_x, render.resolution_y, render.resolution_percentage = 640, 480, 100
    bpy.ops.mesh.primitive_plane_add(size=20)
    bpy.context.active_object.data.materials.append(material("floor", (0.2, 0.8, 0.5, 1)))
    bpy.ops.mesh.primitive_uv_sphere_add(segments=64, ring_count=32, location=(-1.2, 0, 1))
    ball = bpy.context.active_object
    ball.data.materials.append(material("ball", (0.5, 0.5, 0.5, 1)))
    bpy.ops.mesh.primitive_cube_add(location=(1.2, 0.3, 1))
    bpy.context.active_object.data.materials.append(material("cube", (0.8, 0.2, 0.5, 1)))
    bpy.ops.object.light_add(type="SUN", rotation=(0.6, 0.3, 0))
    camera = bpy.data.objects.new("camera", bpy.data.cameras.new("camera"))
    scene.collection.objects.link(camera)
    scene.camera = camera
    btb.Camera().look_at((0, 0, 1), (0, -9, 4))
    return ball


def main():
    if "--large" in sys.argv:
        world_light.FINE_ENOUGH = 4096
    scene = bpy.context.scene
    ball = prepare(scene)
    shader = next(one for one in scene.world.node_tree.nodes if one.type == "BACKGROUND")
    renderer = btb.Renderer(("image",), engine="EEVEE", samples=1)
    seconds = []
    for number in range(PICTURES):
        begun = time.process_time()
        renderer.render()
        seconds.append(time.process_time() - begun)
        ball.location.x += 0.05
        shader.inputs["Color"].default_value = (0.1 * (number + 1), 0.2, 0.3, 1)
    print("@@" + json.dumps(seconds), flush=True)


main()
