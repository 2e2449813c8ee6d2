"""A Blender that draws a network while it is simulated, and publishes what it draws.

image      uint8 height × width × 3
ms         until when it shows what happened, in ms of simulated time
intervals  how many went into it
spikes     how many there were in them, by population
"""

import argparse

import bpy
from blendtorch import btb
from blendtorch.btb.network import plotted

btargs, remainder = btb.parse_blendtorch_args()
parser = argparse.ArgumentParser()
parser.add_argument("--azimuth", type=float, default=-60.0)
options = parser.parse_args(remainder)

bpy.ops.wm.read_factory_settings(use_empty=True)
scene = bpy.context.scene  # What the sender does not say of the picture:
plotted.choose(scene)
scene.render.resolution_x, scene.render.resolution_y = 640, 480
view = btb.network.LiveView(btargs.btsockets["ACTIVITY"], btargs.btid, azimuth=options.azimuth)
pub = btb.DataPublisher(btargs.btsockets["DATA"], btargs.btid, lingerms=10_000)
renderer = None
for shown in view.session():
    if renderer is None:  # The scene is made when the first interval comes.
        renderer = btb.Renderer(passes=("image",), srgb=True)
    image = renderer.render()["image"]
    pub.publish(image=image, ms=shown.stop_ms, intervals=shown.intervals, spikes=shown.spikes)
pub.close()
