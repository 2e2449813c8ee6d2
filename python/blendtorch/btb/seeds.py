"""Seeds that make episodes and samples repeatable: see `AnimationController.sample_seed`.

Owns what is seeded besides: the generators that a script's libraries share. Knows no Blender where
there is none.
"""

import os
import random
import sys

from .. import _blendtorch
from .arguments import parse_blendtorch_args

__all__ = ["Seed", "begin", "episode_seed", "given", "sample_seed", "seed_shared"]

# How the launcher says where the seed on the command line comes from.
_ORIGIN = "BLENDTORCH_SEED"
_DRAWN = "drawn"

_begun = False


class Seed(int):
    """An int in [0, 2**64), which is published as a numpy array of rank 0 of uint64.

    Half of all seeds fit no int64, and an int has no type: in batches a field of seeds is uint64
    whatever their values are. `int(seed)` of what was received is the seed again.
    """

    __slots__ = ()

    # Read where values are made of what is published.
    travels_as = "uint64"


def episode_seed(run_seed: int, btid: int, episode: int) -> Seed:
    """The seed of an episode of an instance, in [0, 2**64)."""
    return Seed(_blendtorch.episode_seed(run_seed, btid, episode))


def sample_seed(episode_seed: int, index: int) -> Seed:
    """The seed of the sample at `index` within an episode, in [0, 2**64)."""
    return Seed(_blendtorch.sample_seed(episode_seed, index))


def given() -> int | None:
    """The seed that the user gave this instance, on the command line or in the launcher; None where
    there is none, or the launcher drew it."""
    if "--" not in sys.argv or os.environ.get(_ORIGIN) == _DRAWN:
        return None
    try:
        args, _ = parse_blendtorch_args()
    except ValueError:  # The script hears of it when it reads its arguments.
        return None
    return args.btseed


def begin() -> None:
    """Seeds, once a process and before its script, what scripts share: where a seed was given."""
    global _begun
    if not _begun and (seed := given()) is not None:
        seed_shared(seed)
    _begun = True


def seed_shared(seed: int) -> None:
    """Seeds the generators that all code of a process shares: Python's `random`, numpy's
    `numpy.random`, and in Blender its noise (`mathutils.noise`).

    Generators of one's own, as `numpy.random.default_rng()` makes, are not touched.
    """
    import numpy as np

    random.seed(seed)
    # These two take 32 and 31 bits; small numbers stay what they are.
    np.random.seed((seed ^ seed >> 32) % 2**32)
    if "bpy" in sys.modules:
        from mathutils import noise

        # 0 would mean the time of day.
        noise.seed_set((seed ^ seed >> 31 ^ seed >> 62) % 2**31 or 1)
