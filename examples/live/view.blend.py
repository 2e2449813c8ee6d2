"""A Blender that draws a network while it is simulated, and publishes what it draws."""

import argparse

import bpy
from blendtorch import btb

btargs, remainder = btb.parse_blendtorch_args()
parser = argparse.ArgumentParser()
parser.add_argument("--azimuth", type=float, default=-60.0)
parser.add_argument("--size", default="320x240")
options = parser.parse_args(remainder)

view = btb.network.LiveView(btargs.btsockets["ACTIVITY"], btargs.btid, azimuth=options.azimuth)
pub = btb.DataPublisher(btargs.btsockets["DATA"], btargs.btid, lingerms=5000)
scene = bpy.context.scene
scene.render.resolution_x, scene.render.resolution_y = map(int, options.size.split("x"))
scene.cycles.samples = 1
off = btb.OffScreenRenderer(mode="rgb")
for shown in view.session():
    pub.publish(
        image=off.render(), ms=shown.stop_ms, intervals=shown.intervals, spikes=shown.spikes
    )
pub.close()
