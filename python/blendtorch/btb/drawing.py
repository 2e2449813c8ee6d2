"""The calls by which every renderer draws the 3D view into GPU memory and reads it from there.

Owns that memory too, as far as it must be given back before a process ends.
"""

import atexit
import contextlib
import weakref
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Literal

import bpy
import gpu

from . import runtime
from .settings import changed

if TYPE_CHECKING:
    from .camera import Camera


_open: "weakref.WeakSet[Any]" = weakref.WeakSet()
# What was drawn into last, and whether its owner has given it back since.
_last: Any = None
_last_is_free = False


def memory(
    owner: Any, width: int, height: int, form: Literal["RGBA8", "RGBA16F"]
) -> "gpu.types.GPUOffScreen":
    """GPU memory to draw into, for a renderer that has `free`."""
    _open.add(owner)
    return gpu.types.GPUOffScreen(width, height, format=form)


def keep(owner: Any) -> None:
    """Has an owner of the graphics library's things give them back (`free`) before Blender ends."""
    _open.add(owner)


def free(offscreen: Any) -> None:
    """Gives GPU memory back; what was drawn into last only with the next drawing into another.

    Blender's list of draw calls (`GPUDrawList`; 3.4.1) still knows the address of the last batch of
    that drawing, one without vertices. If it were freed and an object that is new got its batch
    there, the list would take the one for the other, and draw nothing of the object.
    """
    global _last_is_free
    if offscreen is _last:
        _last_is_free = True
    else:
        offscreen.free()


def is_last(offscreen: Any) -> None:
    """Remembers what was drawn into, and gives back what waited for it."""
    global _last, _last_is_free
    if offscreen is _last:
        return
    before, was_free = _last, _last_is_free
    _last, _last_is_free = offscreen, False
    if was_free:
        before.free()


def _free_all() -> None:
    for owner in list(_open):
        with contextlib.suppress(Exception):  # It was freed before.
            owner.free()
    if _last is not None:
        with contextlib.suppress(Exception):
            _last.free()


if runtime.is_program():
    # Else a script that leaves by `sys.exit` ends its Blender by SIGSEGV (3.4.1): what it still has
    # is given back when there is no graphics context any more.
    atexit.register(_free_all)


def check(camera: "Camera") -> None:
    """Refuses cameras that the 3D view shows as if they were perspective.

    Raises:
        ValueError: the camera is panoramic, or of a kind of its own.
    """
    if camera.type not in ("PERSP", "ORTHO"):
        raise ValueError(
            f"camera {camera.bpy_camera.name!r} is of type {camera.type}: the 3D view draws only "
            "what PERSP and ORTHO cameras see; change its lens type, or take the image of a "
            'btb.Renderer with the engine "CYCLES"'
        )


def smooth_nothing() -> None:
    """As of images: smoothing mixes what lies along edges."""
    display, system = bpy.context.scene.display, bpy.context.preferences.system
    if system.viewport_aa != "OFF":
        system.viewport_aa = "OFF"
    if display.viewport_aa != "OFF":
        display.viewport_aa = "OFF"
        # Changes of display settings alone do not reach what is drawn.
        bpy.context.scene.update_tag()


def draw(
    offscreen: Any,
    space: Any,
    region: Any,
    camera: "Camera",
    background: bool = True,
    nothing: bool = False,
) -> None:
    """Draws the scene as it is now, by the camera's matrices as they are now, in linear light.

    Args:
        offscreen: what to draw into.
        space: the 3D view whose settings it has; see `utils.find_first_view3d`.
        region: of that.
        camera: what to see it from.
        background: whether to draw it; without it is black, with alpha 0. Only where
            `runtime.leaves_background_out`.
        nothing: draw the background alone.

    Raises:
        ValueError: the 3D view does not draw what such a camera sees.
        ReferenceError: the camera is gone.
    """
    camera.check_alive()
    check(camera)
    context = bpy.context
    context.view_layer.update()  # Free where a frame was just set.
    more = {} if background else {"draw_background": False}
    with (
        # EEVEE cuts what is outside a border of the 3D view's own.
        changed(space, use_render_border=False),
        # A view through a camera has the depth of field of that camera, whichever is drawn.
        changed(runtime.region_3d(space, region), view_perspective="PERSP"),
    ):
        offscreen.draw_view3d(
            context.scene,
            context.view_layer,
            space,
            region,
            camera.view_matrix,
            _of_nothing(camera.proj_matrix) if nothing else camera.proj_matrix,
            do_color_management=False,
            **more,
        )
    is_last(offscreen)


def _of_nothing(projection: Any) -> Any:
    """A projection that sees only what is between one and two millionths before the camera."""
    seen = projection.copy()
    perspective = projection[3][3] == 0
    seen[2][2], seen[2][3] = (-3.0, -4e-6) if perspective else (-2e6, -3.0)
    return seen


@contextlib.contextmanager
def state_kept() -> "Iterator[None]":
    """What of the graphics library's state drawings change is as it was afterwards."""
    state = gpu.state
    before = state.blend_get(), state.depth_test_get(), state.depth_mask_get()
    try:
        yield
    finally:
        state.program_point_size_set(False)
        state.front_facing_set(False)
        setters = (state.blend_set, state.depth_test_set, state.depth_mask_set)
        for back, value in zip(setters, before, strict=True):
            back(value)


def read_color(offscreen: Any, kind: str, buffer: Any, channels: int = 4) -> None:
    """RGBA, or the first channels of it, of what was drawn last into `buffer`, as `UBYTE` or
    `FLOAT`; the lowest row first."""
    with offscreen.bind():
        framebuffer: Any = gpu.state.active_framebuffer_get()
        framebuffer.read_color(
            0, 0, offscreen.width, offscreen.height, channels, 0, kind, data=buffer
        )


def read_depth(offscreen: Any, buffer: Any) -> None:
    """The depth buffer of what was drawn last into `buffer`, floats; the lowest row first."""
    with offscreen.bind():
        framebuffer: Any = gpu.state.active_framebuffer_get()
        framebuffer.read_depth(0, 0, offscreen.width, offscreen.height, data=buffer)
