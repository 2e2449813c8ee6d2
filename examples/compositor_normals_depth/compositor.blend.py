"""Tori and monkeys thrown together: publishes what the compositor makes of each render.

color    float32 height × width × 3, linear RGB, as bright as it is
depth    float32 height × width × 1, metres along the camera's −Z; 1e10 where nothing is
normals  float32 height × width × 3, unit vectors in world coordinates; 0 where nothing is

Cycles renders; the File Output node `Out` has a slot for each of the three.
"""

import argparse

import bpy
import numpy as np
from blendtorch import btb

btargs, remainder = btb.parse_blendtorch_args()
parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--width", type=int, default=320, help="of the image, in pixels")
parser.add_argument("--height", type=int, default=240, help="of the image, in pixels")
parser.add_argument("--samples", type=int, default=16, help="of each pixel")
parser.add_argument("--objects", type=int, default=12, help="how many")
opts = parser.parse_args(remainder)


def build(scene):
    """A floor, a sun, a camera, and objects of many colours."""
    for obj in list(bpy.data.objects):
        bpy.data.objects.remove(obj)
    bpy.ops.mesh.primitive_plane_add(size=40)
    bpy.context.active_object.data.materials.append(painted("floor", (0.35, 0.35, 0.33)))
    bpy.ops.object.light_add(type="SUN", rotation=(0.6, 0.3, 0))
    bpy.context.active_object.data.energy = 3
    bpy.ops.object.camera_add(location=(0, -9, 6.5))
    scene.camera = bpy.context.active_object
    btb.Camera().look_at((0, 0, 0.7))
    world = scene.world = bpy.data.worlds.new("sky")
    world.use_nodes = True
    world.node_tree.nodes["Background"].inputs["Color"].default_value = (0.25, 0.35, 0.5, 1)

    objects = []
    colors = np.random.default_rng(btargs.btseed).uniform(0.05, 0.8, (opts.objects, 3))
    for index, color in enumerate(colors):
        if index % 2:
            bpy.ops.mesh.primitive_monkey_add(size=1.6)
            bpy.context.active_object.modifiers.new("smooth", "SUBSURF").render_levels = 2
        else:
            bpy.ops.mesh.primitive_torus_add(major_radius=0.7, minor_radius=0.28)
        bpy.ops.object.shade_smooth()
        objects.append(bpy.context.active_object)
        objects[-1].data.materials.append(painted(f"color {index}", color))
    return objects


def painted(name, rgb):
    material = bpy.data.materials.new(name)
    material.use_nodes = True
    shader = material.node_tree.nodes["Principled BSDF"]
    shader.inputs["Base Color"].default_value = (*rgb, 1)
    shader.inputs["Roughness"].default_value = 0.5
    return material


def composite(scene, layer):
    """Render Layers → File Output, with a slot for each of image, depth and normals."""
    layer.use_pass_z = layer.use_pass_normal = True
    if hasattr(scene, "compositing_node_group"):  # Blender 5
        tree = scene.compositing_node_group = bpy.data.node_groups.new("c", "CompositorNodeTree")
    else:
        scene.use_nodes = True
        tree = scene.node_tree
        tree.nodes.clear()
    source = tree.nodes.new("CompositorNodeRLayers")
    out = tree.nodes.new("CompositorNodeOutputFile")
    out.name = "Out"
    slots = {
        "Color": ("Image", "RGBA"),
        "Depth": ("Depth", "FLOAT"),
        "Normals": ("Normal", "VECTOR"),
    }
    if hasattr(out, "file_output_items"):
        for name, (_, kind) in slots.items():
            out.file_output_items.new(kind, name)
    else:
        out.file_slots.clear()
        for name in slots:
            out.file_slots.new(name)
    for name, (render_pass, _) in slots.items():
        tree.links.new(source.outputs[render_pass], out.inputs[name])


scene = bpy.context.scene
scene.render.resolution_x, scene.render.resolution_y = opts.width, opts.height
scene.render.resolution_percentage = 100
scene.render.engine = "CYCLES"
scene.cycles.samples = opts.samples
scene.cycles.use_denoising = False
scene.render.threads_mode, scene.render.threads = "FIXED", 1  # Instances share the processor.
objects = build(scene)
composite(scene, bpy.context.view_layer)

pub = btb.DataPublisher(btargs.btsockets["DATA"], btargs.btid)
renderer = btb.CompositeRenderer(
    [
        btb.CompositeSelection("color", "Out", "Color", "RGB"),
        btb.CompositeSelection("depth", "Out", "Depth", "V"),
        btb.CompositeSelection("normals", "Out", "Normals", "XYZ"),
    ],
    btid=btargs.btid,
)


def throw(anim):
    rng = np.random.default_rng(anim.sample_seed)
    for obj in objects:
        obj.location = (*rng.uniform(-3.2, 3.2, 2), rng.uniform(0.5, 2))
        obj.rotation_euler = rng.uniform(-np.pi, np.pi, 3)


def publish(anim):
    pub.publish(frameid=anim.frameid, **renderer.render())


anim = btb.AnimationController()
anim.pre_frame.add(throw, anim)
anim.post_frame.add(publish, anim)
anim.post_play.add(pub.close)
anim.play(frame_range=(1, 100))
