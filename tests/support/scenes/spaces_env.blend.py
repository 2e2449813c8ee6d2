"""An environment of spaces that are no boxes; how its episodes end is said on the command line."""

import argparse

from blendtorch import btb

spaces = btb.spaces
SPACES = {
    "discrete": (spaces.Discrete(5), spaces.Discrete(3)),
    "multi": (spaces.MultiDiscrete([3, 4]), spaces.MultiDiscrete([2, 2])),
    "nested": (
        spaces.Dict({"place": spaces.Box(-1, 1, shape=(2,)), "n": spaces.Discrete(3, start=1)}),
        spaces.Tuple(spaces.Discrete(2), spaces.Dict({"force": spaces.Box(-1, 1, shape=(1,))})),
    ),
}


class SpacesEnv(btb.BaseEnv):
    """Observes random values; says of itself that it ended when the command line says so."""

    def __init__(self, agent, options):
        super().__init__(agent)
        self.given = options
        self.observation_space, self.action_space = SPACES[options.kind]

    def _env_reset(self):
        pass

    def _env_prepare_step(self, action):
        pass

    def _env_post_step(self):
        random = self.np_random
        observed = {
            "discrete": int(random.integers(5)),
            "multi": [int(random.integers(3)), 1],
            "nested": {"place": [float(random.uniform()), 0.0], "n": int(random.integers(1, 4))},
        }
        ends = {self.given.ends: self.events.frameid >= 3} if self.given.ends else {}
        return {"obs": observed[self.given.kind], "reward": 1, **ends}


parser = argparse.ArgumentParser()
parser.add_argument("--kind", choices=SPACES, default="discrete")
parser.add_argument("--ends", choices=["done", "terminated", "truncated"])
parser.add_argument("--last", type=int, default=10000)
btargs, remainder = btb.parse_blendtorch_args()
given = parser.parse_args(remainder)
SpacesEnv(btb.RemoteControlledAgent(btargs.btsockets["GYM"]), given).run((1, given.last))
