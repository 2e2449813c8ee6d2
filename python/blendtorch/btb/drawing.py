"""The calls by which every renderer draws the 3D view into GPU memory and reads it from there."""

from typing import TYPE_CHECKING, Any

import bpy
import gpu

if TYPE_CHECKING:
    from .camera import Camera


def draw(offscreen: Any, space: Any, region: Any, camera: "Camera") -> None:
    """Draws the scene as it is now, by the camera's matrices as they are now, in linear light.

    `space` and `region` must be there: see `utils.find_first_view3d`.

    Raises:
        ReferenceError: the camera is gone.
    """
    camera.check_alive()
    context = bpy.context
    context.view_layer.update()  # Free where a frame was just set.
    offscreen.draw_view3d(
        context.scene,
        context.view_layer,
        space,
        region,
        camera.view_matrix,
        camera.proj_matrix,
        do_color_management=False,
    )


def read_color(offscreen: Any, kind: str, buffer: Any) -> None:
    """RGBA of what was drawn last into `buffer`, as `UBYTE` or `FLOAT`; the lowest row first."""
    with offscreen.bind():
        framebuffer: Any = gpu.state.active_framebuffer_get()
        framebuffer.read_color(0, 0, offscreen.width, offscreen.height, 4, 0, kind, data=buffer)


def read_depth(offscreen: Any, buffer: Any) -> None:
    """The depth buffer of what was drawn last into `buffer`, floats; the lowest row first."""
    with offscreen.bind():
        framebuffer: Any = gpu.state.active_framebuffer_get()
        framebuffer.read_depth(0, 0, offscreen.width, offscreen.height, data=buffer)
