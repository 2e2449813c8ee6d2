"""The producer side: what a scene script in Blender needs to stream what it renders.

    btargs, remainder = btb.parse_blendtorch_args()
    pub = btb.DataPublisher(btargs.btsockets["DATA"], btargs.btid)
    off = btb.OffScreenRenderer(btb.Camera())
    anim = btb.AnimationController()
    anim.post_frame.add(lambda: pub.publish(image=off.render(), frameid=anim.frameid))
    anim.play()

`parse_blendtorch_args`, `DataPublisher` and the seeds work in any Python; the rest needs `bpy`.
"""

from typing import TYPE_CHECKING, Any

from . import runtime
from .arguments import BlendtorchArgs, parse_blendtorch_args
from .publisher import DataPublisher
from .seeds import episode_seed, sample_seed
from .signal import Signal

if TYPE_CHECKING:
    from . import camera, paths, rendering, utils
    from .animation import AnimationController
    from .camera import Camera
    from .offscreen import OffScreenRenderer
    from .paths import add_scene_dir_to_path

__all__ = [
    "AnimationController",
    "BlendtorchArgs",
    "Camera",
    "DataPublisher",
    "OffScreenRenderer",
    "Signal",
    "add_scene_dir_to_path",
    "camera",
    "episode_seed",
    "parse_blendtorch_args",
    "paths",
    "rendering",
    "sample_seed",
    "utils",
]

runtime.settle()

# Imported when first asked for: these need bpy, which a producer without Blender does not have.
_NEEDS_BPY = {
    "AnimationController": "animation",
    "Camera": "camera",
    "OffScreenRenderer": "offscreen",
    "add_scene_dir_to_path": "paths",
    "camera": "",
    "paths": "",
    "rendering": "",
    "utils": "",
}


def __getattr__(name: str) -> Any:
    from importlib import import_module

    module = _NEEDS_BPY.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if module == "":
        return import_module(f".{name}", __name__)
    return getattr(import_module(f".{module}", __name__), name)
