"""Renders animations to disk over many Blenders, with ground truth beside each frame.

With the names that VisionSim's users know:

    from blendtorch.render import BlenderClients

    with BlenderClients.spawn(jobs=2, timeout=30, log="logs") as clients:
        clients.initialize("monkey.blend", "renders/monkey")
        clients.include_frames()
        clients.include_depths()
        clients.render_animation()

`RenderFleet` and `RenderJob` are what stands below, as in Rust: a job is the keys of `render.json`.
What is the same as in VisionSim, what is better and what has changed says docs/from-visionsim.md.
"""

from .client import BlenderClient
from .clients import BlenderClients
from .fleet import RenderFleet, RenderJob
from .gone import BlenderServer
from .pool import Pool
from .progress import PoolProgress
from .video import sequence

__all__ = [
    "BlenderClient",
    "BlenderClients",
    "BlenderServer",
    "Pool",
    "PoolProgress",
    "RenderFleet",
    "RenderJob",
    "sequence",
]
