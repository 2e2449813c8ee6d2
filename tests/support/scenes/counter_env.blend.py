"""An environment with one moving object: its place is the observation, its action the place."""

import argparse

import bpy
import numpy as np
from blendtorch import btb


class CounterEnv(btb.BaseEnv):
    """Counts its frames; rewards places beyond one half."""

    observation_space = btb.spaces.Box(-10, 10, shape=(1,))
    action_space = btb.spaces.Box(-10, 10, shape=(1,))

    def __init__(self, agent, options):
        super().__init__(agent)
        self.cube = bpy.data.objects["Cube"]
        self.given = options
        self.count = 0

    def _env_reset(self):
        self.cube.location = (0.0, 0.0, 0.0)
        if self.given.random:
            self.cube.location[0] = self.np_random.uniform(0, 1)
        self.count = 0

    def _env_prepare_step(self, action):
        self.cube.location[0] = np.asarray(action).item()

    def _env_post_step(self):
        self.count += 1
        if self.given.raise_at == self.count:
            raise RuntimeError("the scene is broken")
        if self.given.odd_at == self.count:
            return {"obs": object(), "reward": 0.0}
        place = self.cube.matrix_world.translation[0]
        return {
            "obs": np.float32([place]),
            "reward": float(place > 0.5),
            "count": self.count,
            "options": self.options,
        }


parser = argparse.ArgumentParser()
parser.add_argument("--last", type=int, default=10000)
parser.add_argument("--render-every", type=int, default=None)
parser.add_argument("--size", type=int, default=64)
parser.add_argument("--raise-at", type=int, default=0)
parser.add_argument("--odd-at", type=int, default=0)
parser.add_argument("--real-time", action=argparse.BooleanOptionalAction, default=False)
parser.add_argument("--random", action=argparse.BooleanOptionalAction, default=False)

btargs, remainder = btb.parse_blendtorch_args()
given = parser.parse_args(remainder)
scene = bpy.context.scene
scene.render.resolution_x = scene.render.resolution_y = given.size
scene.render.engine = "BLENDER_WORKBENCH"  # EEVEE's first picture takes ten seconds
agent = btb.RemoteControlledAgent(btargs.btsockets["GYM"], real_time=given.real_time)
env = CounterEnv(agent, given)
if given.render_every is not None:
    env.attach_default_renderer(every_nth=given.render_every)
    env.renderer.set_render_style("SOLID")
env.run(frame_range=(1, given.last))
