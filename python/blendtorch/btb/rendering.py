"""What draws, and with which engine."""

from typing import Any, TypedDict

import bpy
import gpu

from . import instance, runtime, solid
from .network import plotted

SOFTWARE_RENDERERS = ("llvmpipe", "softpipe", "swrast", "swiftshader", "lavapipe")
"""How OpenGL and Vulkan name themselves when they draw on the CPU."""

_ready = False


class Description(TypedDict):
    """What draws here."""

    blender: str
    """Blender's version, as `4.5.15`."""
    engine: str
    """The scene's engine: `WORKBENCH`, `EEVEE`, `CYCLES`, a name of its own, or `PLOT` of networks
    of neurons that are drawn as plots."""
    drawn: str
    """What drew the last image of the 3D view: `blendtorch` where solid surfaces were drawn by
    ourselves, or `blender: ` and why it was not that; `nothing yet` before the first."""
    renderer: str
    """What the graphics library calls the device."""
    software: bool
    """Whether the device is the CPU."""


def ensure_gpu() -> None:
    """Makes drawing possible in background mode; does nothing where it already is.

    Raises:
        RuntimeError: no graphics context could be made.
    """
    global _ready
    if _ready:
        return
    if bpy.app.background:
        runtime.make_gpu_context()
    try:
        instance.tell(gpu=gpu.platform.renderer_get())
    except SystemError as error:
        raise RuntimeError(
            "Blender found no way to draw: install OpenGL for machines without a display "
            "(Debian: apt install libegl1 libgl1)"
        ) from error
    _ready = True


def is_software() -> bool:
    """Whether OpenGL draws on the CPU, as on a machine without a GPU."""
    ensure_gpu()
    return any(name in gpu.platform.renderer_get().lower() for name in SOFTWARE_RENDERERS)


def describe(scene: Any = None) -> Description:
    """What draws here: `{"blender": "4.5.15", "engine": "WORKBENCH", "renderer": …,
    "software": True, "drawn": "blendtorch"}`."""
    scene = scene or bpy.context.scene
    ensure_gpu()
    return {
        "blender": ".".join(map(str, bpy.app.version)),
        "engine": plotted.engine_of(scene),
        "drawn": solid.last(),
        "renderer": gpu.platform.renderer_get(),
        "software": is_software(),
    }


def choose_engine(scene: Any = None) -> str:
    """Sets the scene's engine to EEVEE where there is a GPU, otherwise to Workbench; returns it.

    What EEVEE takes without a GPU, and its first picture: docs/rendering.md.
    """
    scene = scene or bpy.context.scene
    scene.render.engine = "BLENDER_WORKBENCH" if is_software() else eevee()
    return str(scene.render.engine)


def eevee() -> str:
    """The name of EEVEE here: versions 4.2 to 4.5 call it otherwise."""
    return runtime.eevee()
