"""The producer side: what a scene script in Blender needs to stream what it renders.

    btargs, remainder = btb.parse_blendtorch_args()
    pub = btb.DataPublisher(btargs.btsockets["DATA"], btargs.btid)
    off = btb.OffScreenRenderer(btb.Camera())
    anim = btb.AnimationController()
    anim.post_frame.add(lambda: pub.publish(image=off.render(), frameid=anim.frameid))
    anim.play()

`parse_blendtorch_args`, `DataPublisher`, `DuplexChannel`, `RemoteControlledAgent`, `spaces`,
`parameters`, `services`, `serve` and the seeds work in any Python; the rest needs `bpy`.
"""

from typing import TYPE_CHECKING, Any

from .. import drawing_threads, shader_cache
from . import constants, runtime
from .agent import RemoteControlledAgent
from .arguments import BlendtorchArgs, parse_blendtorch_args
from .asked import serve
from .draft import Draft
from .duplex import DuplexChannel
from .parameter import parameters
from .publisher import DataPublisher
from .seeds import episode_seed, sample_seed
from .service import services
from .signal import Signal

if TYPE_CHECKING:
    from . import (
        animation,
        camera,
        env,
        materials,
        network,
        offscreen,
        paths,
        renderer,
        rendering,
        spaces,
        utils,
    )
    from .animation import AnimationController
    from .camera import Camera
    from .compositor import CompositeRenderer, CompositeSelection
    from .env import BaseEnv
    from .offscreen import OffScreenRenderer
    from .paths import add_scene_dir_to_path
    from .renderer import Renderer

__all__ = [
    "AnimationController",
    "BaseEnv",
    "BlendtorchArgs",
    "Camera",
    "CompositeRenderer",
    "CompositeSelection",
    "DataPublisher",
    "Draft",
    "DuplexChannel",
    "OffScreenRenderer",
    "RemoteControlledAgent",
    "Renderer",
    "Signal",
    "add_scene_dir_to_path",
    "animation",
    "camera",
    "constants",
    "env",
    "episode_seed",
    "materials",
    "network",
    "offscreen",
    "parameters",
    "parse_blendtorch_args",
    "paths",
    "renderer",
    "rendering",
    "sample_seed",
    "serve",
    "services",
    "spaces",
    "utils",
]

__version__ = "0.4.0"
"""The version of the original whose names these are."""

drawing_threads.avoid()
shader_cache.keep()
runtime.settle()

# Imported when first asked for: nearly all need bpy, which not every producer has.
_LATER = {
    "AnimationController": "animation",
    "BaseEnv": "env",
    "Camera": "camera",
    "CompositeRenderer": "compositor",
    "CompositeSelection": "compositor",
    "OffScreenRenderer": "offscreen",
    "Renderer": "renderer",
    "add_scene_dir_to_path": "paths",
    "animation": "",
    "camera": "",
    "env": "",
    "materials": "",
    "network": "",
    "offscreen": "",
    "paths": "",
    "renderer": "",
    "rendering": "",
    "spaces": "",
    "utils": "",
}


def __getattr__(name: str) -> Any:
    from importlib import import_module

    module = _LATER.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if module == "":
        return import_module(f".{name}", __name__)
    return getattr(import_module(f".{module}", __name__), name)
