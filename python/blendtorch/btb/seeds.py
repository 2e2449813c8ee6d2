"""Seeds that make episodes and samples repeatable: see `AnimationController.sample_seed`."""

from .._blendtorch import episode_seed, sample_seed

__all__ = ["episode_seed", "sample_seed"]
