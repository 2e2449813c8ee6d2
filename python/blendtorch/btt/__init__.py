"""The consumer side: launch Blender instances, iterate what they publish, train on it.

    with btt.BlenderLauncher("", "cube.blend.py", named_sockets=["DATA"], background=True) as bl:
        dataset = btt.RemoteIterableDataset(bl.launch_info.addresses["DATA"], max_items=1000)
        for batch in btt.DataLoader(dataset, batch_size=8):
            batch["image"]  # a torch tensor

Works without torch, but for `DataLoader`'s tensors.
"""

from .._blendtorch import LaunchError, MalformedMessageError
from . import colors
from .dataset import RemoteIterableDataset
from .env_rendering import create_renderer
from .launcher import BlenderLauncher, LaunchInfo, discover_blender
from .loader import DataLoader
from .receipts import merge_receipts

__all__ = [
    "BlenderLauncher",
    "DataLoader",
    "LaunchError",
    "LaunchInfo",
    "MalformedMessageError",
    "RemoteIterableDataset",
    "colors",
    "create_renderer",
    "discover_blender",
    "merge_receipts",
]
