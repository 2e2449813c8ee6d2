"""An environment with one moving object, for the benches: reached as ours, or as the original's."""

import argparse
import sys

import bpy
from blendtorch import btb


class OriginalAgent:
    """The original's channel: pyzmq and pickle, REP over tcp."""

    def __init__(self, address, packages):
        # pyzmq of the Python that runs the bench: the same version of Python.
        sys.path.append(packages)
        import zmq

        self.socket = zmq.Context().socket(zmq.REP)
        self.socket.bind(address)
        self.owes = False

    def __call__(self, env, **ctx):
        if self.owes:
            self.socket.send_pyobj(ctx)
        command = self.socket.recv_pyobj()
        self.owes = True
        if command["cmd"] == "reset":
            return env.CMD_RESTART, None
        return env.CMD_STEP, command["action"]


class MovingCube(btb.BaseEnv):
    """Its place is what it is told to be."""

    observation_space = btb.spaces.Box(-10, 10, shape=(1,), dtype="float64")
    action_space = btb.spaces.Box(-10, 10, shape=(1,), dtype="float64")

    def __init__(self, agent):
        super().__init__(agent)
        self.cube = bpy.data.objects["Cube"]

    def _env_reset(self):
        self.cube.location[0] = 0.0

    def _env_prepare_step(self, action):
        self.cube.location[0] = action[0]

    def _env_post_step(self):
        return {"obs": [self.cube.matrix_world.translation[0]], "reward": 0.0}


parser = argparse.ArgumentParser()
parser.add_argument("--original", metavar="PACKAGES")
parser.add_argument("--images", action=argparse.BooleanOptionalAction, default=False)
btargs, remainder = btb.parse_blendtorch_args()
given = parser.parse_args(remainder)
address = btargs.btsockets["GYM"]
original = given.original
env = MovingCube(
    OriginalAgent(address, original) if original else btb.RemoteControlledAgent(address)
)
if given.images:
    render = bpy.context.scene.render
    render.resolution_x = render.resolution_y = 64
    env.attach_default_renderer(every_nth=1)
    env.renderer.set_render_style("SOLID")
# Episodes of an ordinary length: Blender's own `frame_set` takes the longer the higher the frame,
# 2 us at frame 1 and 57 at frame 40,000.
env.run(frame_range=(1, 1000))
