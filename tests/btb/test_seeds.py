"""What a seed that was given does to the generators that all code of a process shares."""

import dataclasses
import random
from pathlib import Path
from typing import Any

import numpy as np
from support.runtimes import Runtime

DRAW = """
import random
from mathutils import noise

def draw():
    return [random.random(), float(np.random.rand()), float(noise.random())]
"""

EPISODES = (
    DRAW
    + """
anim, seen = btb.AnimationController(), []
anim.pre_animation.add(lambda: seen.append(draw()))
anim.play((1, 2), num_episodes=3)
report(first=draw(), seen=seen)
"""
)


def drawn(runtime: Runtime, tmp_path: Path, code: str, *args: str) -> dict[str, Any]:
    """What a process reports that starts with these arguments."""
    return runtime.reported(tmp_path, code, *args, alone=True)


def test_the_same_seed_gives_the_same_random_numbers_and_another_instance_others(
    runtime: Runtime, tmp_path: Path
) -> None:
    once, again, other = (
        drawn(runtime, tmp_path, EPISODES, "-btid", btid, "-btseed", "7") for btid in "001"
    )
    assert once == again
    numbers = [n for run in (once, other) for episode in run["seen"] for n in episode]
    assert len(set(numbers)) == len(numbers) == 18, "each episode of each instance has its own"


def test_a_script_begins_with_the_seed_that_was_given(runtime: Runtime, tmp_path: Path) -> None:
    got = drawn(runtime, tmp_path, DRAW + "report(first=draw())", "-btid", "0", "-btseed", "7")
    generator = np.random.RandomState(7)
    assert got["first"][:2] == [random.Random(7).random(), generator.rand()]


def test_without_a_seed_nothing_is_seeded(runtime: Runtime, tmp_path: Path) -> None:
    """What a script has seeded itself goes on from episode to episode: also where the launcher drew
    a seed, since nobody had given one."""
    own = "import random, mathutils.noise\nrandom.seed(1); np.random.seed(1)\n" + EPISODES
    drawer = dataclasses.replace(runtime, env={**runtime.env, "BLENDTORCH_SEED": "drawn"})
    got = [
        drawn(runtime, tmp_path, own),
        drawn(drawer, tmp_path, own, "-btid", "0", "-btseed", "7"),
    ]
    python, generator = random.Random(1), np.random.RandomState(1)
    expected = [[python.random(), generator.rand()] for _ in range(4)]
    for run in got:
        assert [e[:2] for e in [*run["seen"], run["first"]]] == expected


def test_a_controller_can_be_given_a_seed_and_told_to_seed_nothing(
    bpy_runtime: Runtime, tmp_path: Path
) -> None:
    got = drawn(
        bpy_runtime,
        tmp_path,
        DRAW
        + """
def play(seeds_episodes=None, **kwargs):
    anim, seen = btb.AnimationController(**kwargs), []
    if seeds_episodes is not None:
        anim.seeds_episodes = seeds_episodes
    anim.pre_animation.add(lambda: seen.append(draw()))
    anim.play((1, 1), num_episodes=2)
    return seen

random.seed(1)
report(given=[play(btseed=2**63 - 5), play(btseed=2**63 - 5)], other=play(btseed=5),
       off=play(False, btseed=5))
""",
    )
    assert got["given"][0] == got["given"][1] != got["other"]
    assert got["off"] not in (got["other"], got["given"][0])


def test_a_reset_takes_the_random_numbers_over(bpy_runtime: Runtime, tmp_path: Path) -> None:
    """After `reset(seed)` all that follows depends on that seed, also the episodes after it."""
    code = (
        DRAW
        + """
class Enough(Exception): pass

class Env(btb.BaseEnv):
    def _env_reset(self): self.drawn = draw()
    def _env_prepare_step(self, action): pass
    def _env_post_step(self): return dict(obs=0, reward=0.0)

def agent(env, **_):
    seen.append(env.drawn)
    if len(seen) == 4: raise Enough
    if len(seen) == 2: env.restart(3, None)
    return env.CMD_RESTART, None

seen = []
try: Env(agent).run((1, 5))
except Enough: pass
report(seen=seen)
"""
    )
    one, two = (
        drawn(bpy_runtime, tmp_path, code, "-btid", "0", "-btseed", seed)["seen"] for seed in "12"
    )
    assert one[:2] != two[:2]
    assert one[2:] == two[2:], "the two that follow the reset"
    assert one[2] != one[3]
