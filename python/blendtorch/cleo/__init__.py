"""Cleo's videos of a simulation, drawn by Blender, and seen while it runs.

    from blendtorch.cleo import VideoVisualizer  # in place of cleo.viz.VideoVisualizer

`VideoVisualizer` needs Cleo and Brian2; what it makes videos of, `Recording` and `Animation`, does
not (docs/from-cleo.md).
"""

from typing import TYPE_CHECKING, Any

from .animation import Animation
from .plot import Plot
from .recording import Group, Recording

if TYPE_CHECKING:
    from .visualizer import VideoVisualizer

__all__ = ["Animation", "Group", "Plot", "Recording", "VideoVisualizer"]


def __getattr__(name: str) -> Any:
    if name != "VideoVisualizer":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        from .visualizer import VideoVisualizer
    except ModuleNotFoundError as error:
        if error.name not in ("cleo", "brian2", "attrs"):
            raise
        raise ModuleNotFoundError(
            f"blendtorch.cleo.VideoVisualizer is for simulations with Cleo, and there is no "
            f"{error.name}: pip install cleosim",
            name=error.name,
        ) from error
    return VideoVisualizer
