"""The same seed gives the same samples, bit by bit: whoever consumes them, however fast, and
whether or not an instance is killed and started again."""

import os
import signal

import numpy as np
from blendtorch import btt
from support import SCENES
from support.fleets import launcher
from support.processes import eventually
from support.runtimes import Runtime
from support.samples import Samples, differences, expected, taken

INSTANCES, EPISODES, FRAMES = 2, 3, 3
# So many that an instance is certain not to have come to its end when it is killed.
MANY = 12


def fleet(runtime: Runtime, episodes: int = EPISODES) -> btt.BlenderLauncher:
    """Instances that come to their end."""
    return launcher(
        SCENES / "reproducible.blend.py",
        runtime,
        num_instances=INSTANCES,
        named_sockets=["DATA"],
        instance_args=[["--episodes", str(episodes), "--frames", str(FRAMES)]] * INSTANCES,
        seed=7,
    )


def kill_the_second(bl: btt.BlenderLauncher) -> None:
    """In the middle of its episodes."""

    def published() -> int:
        return int(bl.fleet.status(counters=False)["instances"][1]["messages"])

    eventually("the second one publishes", lambda: published() >= 2)
    os.kill(bl.status()[1]["pid"], signal.SIGKILL)


def test_the_same_seed_gives_the_same_bits_to_one_consumer_to_four_and_over_a_restart(
    runtime: Runtime,
) -> None:
    runs: list[Samples] = []
    for consumers in (1, 4):
        with fleet(runtime) as bl:
            runs.append(taken(bl, consumers))
            assert bl.wait() == [0] * INSTANCES
    assert runs[0].keys() == runs[1].keys() == expected(INSTANCES, EPISODES, FRAMES)
    assert differences(*runs) == []
    with fleet(runtime, MANY) as bl:
        restarted = taken(bl, meanwhile=kill_the_second)
        assert bl.wait() == [0] * INSTANCES
        assert [status["life"] for status in bl.status()] == [1, 2]
    assert differences(runs[0], restarted) == []
    # The second one went on with the episode behind the one that was cut off.
    every = expected(INSTANCES, MANY, FRAMES)
    assert restarted.keys() <= every
    lost = every - restarted.keys()
    assert len({(btid, episode) for btid, episode, _ in lost}) <= 1
    assert all(btid == 1 for btid, *_ in lost)
    # And they are random: no two are alike, and Cycles' are noisy.
    for name in ("drawn", "traced", "numbers"):
        assert len({item[name].tobytes() for item in runs[0].values()}) == len(runs[0]), name
    assert all(
        np.abs(np.diff(item["traced"][:8, :, 0])).mean() > 0.001 for item in runs[0].values()
    )
