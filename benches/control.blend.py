"""Publishes frames of the demo's kind, and last of all the processor time that a frame has taken.

    python -m blendtorch.bpy_main --background --python benches/control.blend.py -- -btid 0 \
        -btsockets DATA=ipc:///tmp/socket --width 64 --height 48 --frames 300
"""

import argparse
import time

import bpy
from blendtorch import btb

WARM = 20  # Before that, shaders are compiled and caches filled.

btargs, rest = btb.parse_blendtorch_args()
parser = argparse.ArgumentParser()
parser.add_argument("--width", type=int)
parser.add_argument("--height", type=int)
parser.add_argument("--frames", type=int)
opts = parser.parse_args(rest)

scene = bpy.context.scene
scene.render.engine = "BLENDER_WORKBENCH"
scene.render.resolution_x, scene.render.resolution_y = opts.width, opts.height
cube = bpy.data.objects["Cube"]
off = btb.OffScreenRenderer(btb.Camera(), mode="rgb")
pub = btb.DataPublisher(btargs.btsockets["DATA"], btargs.btid, lingerms=60_000)
anim = btb.AnimationController()
begun = 0.0


def turn():
    cube.rotation_euler.z += 0.1


def publish():
    global begun
    if anim.index == WARM:
        begun = time.process_time()
    with pub.begin(image=off.layout()) as draft:
        off.render(out=draft["image"])
        draft.publish(frameid=anim.frameid)


anim.pre_frame.add(turn)
anim.post_frame.add(publish)
anim.play((1, WARM + opts.frames), num_episodes=1)
pub.publish(cpu_ms=(time.process_time() - begun) * 1e3 / opts.frames)
pub.close()
