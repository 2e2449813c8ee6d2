"""Renders an ellipsoid with the radii that it is told, and publishes each image with its number.

What to render comes through the duplex channel `CTRL`, images leave through `DATA`.
"""

import bpy
from blendtorch import btb

SIZE = 64


def build():
    """A white ellipsoid before a camera."""
    for made in list(bpy.data.objects):
        bpy.data.objects.remove(made)
    scene = bpy.context.scene
    scene.render.resolution_x = scene.render.resolution_y = SIZE
    scene.render.resolution_percentage = 100
    bpy.ops.mesh.primitive_uv_sphere_add(segments=48, ring_count=24, radius=1)
    shape = bpy.context.object
    bpy.ops.object.shade_smooth()
    camera = bpy.data.objects.new("Camera", bpy.data.cameras.new("Camera"))
    scene.collection.objects.link(camera)
    camera.location, camera.rotation_euler = (0, -6, 0), (1.5707963, 0, 0)
    camera.data.type, camera.data.ortho_scale = "ORTHO", 5
    scene.camera = camera
    return shape


def main():
    btargs, _ = btb.parse_blendtorch_args()
    shape = build()
    off = btb.OffScreenRenderer(btb.Camera(), mode="rgb")
    off.set_render_style(shading="SOLID")
    with (
        btb.DuplexChannel(btargs.btsockets["CTRL"], btargs.btid) as control,
        btb.DataPublisher(btargs.btsockets["DATA"], btargs.btid) as publisher,
    ):
        # Nobody tells when it is over: who launched this ends it.
        while True:
            message = control.recv()
            for number, (across, up) in zip(message["numbers"], message["radii"], strict=True):
                shape.scale = (across, across, up)
                bpy.context.view_layer.update()
                publisher.publish(image=off.render(), number=number)


main()
