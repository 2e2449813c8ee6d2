"""The consumer side: launch Blender instances, iterate what they publish, train on it.

    with btt.BlenderLauncher("", "cube.blend.py", named_sockets=["DATA"], background=True) as bl:
        dataset = btt.RemoteIterableDataset(bl.launch_info.addresses["DATA"], max_items=1000)
        for batch in btt.DataLoader(dataset, batch_size=8):
            batch["image"]  # a torch tensor

What `RemoteIterableDataset(..., record_path_prefix="run")` yields is recorded, and
`FileDataset("run")` gives it again, without Blender.

Works without torch, but for `DataLoader`'s tensors.
"""

from .._blendtorch import LaunchError, MalformedMessageError, RecordingError
from .dataset import RemoteIterableDataset
from .file import FileReader, FileRecorder
from .launcher import BlenderLauncher, LaunchInfo, discover_blender
from .loader import DataLoader
from .receipts import merge_receipts
from .replay import FileDataset, SingleFileDataset

__all__ = [
    "BlenderLauncher",
    "DataLoader",
    "FileDataset",
    "FileReader",
    "FileRecorder",
    "LaunchError",
    "LaunchInfo",
    "MalformedMessageError",
    "RecordingError",
    "RemoteIterableDataset",
    "SingleFileDataset",
    "discover_blender",
    "merge_receipts",
]
