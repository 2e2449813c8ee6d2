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
    from . import camera, materials, rendering, utils
    from .animation import AnimationController
    from .camera import Camera
    from .compositor import CompositeRenderer, CompositeSelection
    from .offscreen import OffScreenRenderer
    from .renderer import Renderer

__all__ = [
    "AnimationController",
    "BlendtorchArgs",
    "Camera",
    "CompositeRenderer",
    "CompositeSelection",
    "DataPublisher",
    "OffScreenRenderer",
    "Renderer",
    "Signal",
    "camera",
    "episode_seed",
    "materials",
    "parse_blendtorch_args",
    "rendering",
    "sample_seed",
    "utils",
]

runtime.settle()

# Imported when first asked for: these need bpy, which a producer without Blender does not have.
_NEEDS_BPY = {
    "AnimationController": "animation",
    "Camera": "camera",
    "CompositeRenderer": "compositor",
    "CompositeSelection": "compositor",
    "OffScreenRenderer": "offscreen",
    "Renderer": "renderer",
    "camera": "",
    "materials": "",
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
