"""The consumer side: launch Blender instances, iterate what they publish, train on it.

    with btt.BlenderLauncher("", "cube.blend.py", named_sockets=["DATA"], background=True) as bl:
        dataset = btt.RemoteIterableDataset(bl.launch_info.addresses["DATA"], max_items=1000)
        for batch in btt.DataLoader(dataset, batch_size=8):
            batch["image"]  # a torch tensor

What `RemoteIterableDataset(..., record_path_prefix="run")` yields is recorded, and
`FileDataset("run")` gives it again, without Blender.

Works without torch, but for `DataLoader`'s tensors.
"""

from typing import TYPE_CHECKING, Any

from .._blendtorch import LaunchError, MalformedMessageError, RecordingError
from . import colors, constants, env, finder, launch_info, utils
from .dataset import RemoteIterableDataset
from .duplex import DuplexChannel
from .env import EnvTimeoutError, OpenAIRemoteEnv, RemoteEnv, RemoteEnvError, launch_env
from .env_rendering import create_renderer
from .errors import InstanceFailedError
from .file import FileReader, FileRecorder
from .fleet import Fleet
from .following import Following
from .launcher import BlenderLauncher, LaunchInfo, discover_blender
from .loader import DataLoader
from .receipts import merge_receipts
from .replay import FileDataset, SingleFileDataset
from .transform import ImageTransform

if TYPE_CHECKING:
    from .gymnasium_env import BlenderEnv
    from .gymnasium_vector import BlenderVectorEnv

__all__ = [
    "BlenderEnv",
    "BlenderLauncher",
    "BlenderVectorEnv",
    "DataLoader",
    "DuplexChannel",
    "EnvTimeoutError",
    "FileDataset",
    "FileReader",
    "FileRecorder",
    "Fleet",
    "Following",
    "ImageTransform",
    "InstanceFailedError",
    "LaunchError",
    "LaunchInfo",
    "MalformedMessageError",
    "OpenAIRemoteEnv",
    "RecordingError",
    "RemoteEnv",
    "RemoteEnvError",
    "RemoteIterableDataset",
    "SingleFileDataset",
    "colors",
    "constants",
    "create_renderer",
    "discover_blender",
    "env",
    "finder",
    "launch_env",
    "launch_info",
    "merge_receipts",
    "utils",
]

__version__ = "0.4.0"
"""The version of the original whose names these are."""

# Imported when first asked for: they need gymnasium.
_LATER = {"BlenderEnv": "gymnasium_env", "BlenderVectorEnv": "gymnasium_vector"}


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        module = import_module(f".{_LATER[name]}", __name__)
    except ModuleNotFoundError as error:
        raise ImportError(f"btt.{name} needs gymnasium: pip install gymnasium") from error
    return getattr(module, name)
