"""What a client may change and ask of the scene that is open, each by its name.

Owns the list of steps and how one is called. Names, arguments and defaults are VisionSim's where
it has them; each file has those of one concern.
"""

from . import animation, camera, cycles, info, keyframes, scene
from .table import Step, apply, known

__all__ = ["Step", "animation", "apply", "camera", "cycles", "info", "keyframes", "known", "scene"]
