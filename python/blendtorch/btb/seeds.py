"""Seeds that make episodes and samples repeatable: see `AnimationController.sample_seed`."""

from .. import _blendtorch

__all__ = ["Seed", "episode_seed", "sample_seed"]


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
