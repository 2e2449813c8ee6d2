"""The same seed gives the same samples, bit by bit: whoever consumes them, and however fast."""

import numpy as np
from blendtorch import btt
from support import SCENES
from support.fleets import launcher
from support.runtimes import Runtime
from support.samples import Samples, differences, expected, taken

INSTANCES, EPISODES, FRAMES = 2, 3, 3


def fleet(runtime: Runtime, seed: int = 7) -> btt.BlenderLauncher:
    """Instances that come to their end."""
    return launcher(
        SCENES / "reproducible.blend.py",
        runtime,
        num_instances=INSTANCES,
        named_sockets=["DATA"],
        instance_args=[["--episodes", str(EPISODES), "--frames", str(FRAMES)]] * INSTANCES,
        seed=seed,
    )


def test_the_same_seed_gives_the_same_bits_to_one_consumer_and_to_four(runtime: Runtime) -> None:
    runs: list[Samples] = []
    for consumers in (1, 4):
        with fleet(runtime) as bl:
            runs.append(taken(bl, consumers))
            assert bl.wait() == [0] * INSTANCES
    assert runs[0].keys() == runs[1].keys() == expected(INSTANCES, EPISODES, FRAMES)
    assert differences(*runs) == []
    # And they are random: no two are alike, and Cycles' are noisy.
    for name in ("drawn", "traced", "numbers"):
        assert len({item[name].tobytes() for item in runs[0].values()}) == len(runs[0]), name
    assert all(
        np.abs(np.diff(item["traced"][:8, :, 0])).mean() > 0.001 for item in runs[0].values()
    )
