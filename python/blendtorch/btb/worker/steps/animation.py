"""Steps about which frames there are, and whether anything moves."""

from ..checks import LAST_FRAME, whole
from ..fcurves import keyed
from ..opened import Opened
from .table import step


@step()
def use_animations(opened: Opened, enable: bool) -> None:
    """Mutes all curves, or unmutes all but those that the file had muted."""
    for key, curve in keyed():
        mute = not enable or key in opened.muted
        if curve.mute != mute:
            curve.mute = mute
    opened.scene.frame_set(opened.scene.frame_current)


@step()
def set_current_frame(opened: Opened, frame_number: int) -> None:
    """Makes this the scene's frame.

    Raises:
        ValueError: Blender has no such frame.
    """
    opened.scene.frame_set(whole(frame_number, "the frame", -LAST_FRAME, LAST_FRAME))


@step()
def set_animation_range(
    opened: Opened, start: int | None = None, stop: int | None = None, step: int | None = None
) -> None:
    """The scene's frames: the first, the one behind the last, and the step. None keeps what is.

    Raises:
        ValueError: there would be no frame, or one that Blender does not render.
    """
    scene = opened.scene
    first = scene.frame_start if start is None else whole(start, "start", 0, LAST_FRAME)
    last = scene.frame_end if stop is None else whole(stop, "stop", 0, LAST_FRAME + 1) - 1
    every = scene.frame_step if step is None else whole(step, "step", 1, LAST_FRAME)
    if first > last:
        raise ValueError(
            f"set_animation_range: frames from {first} on, up to and without {last + 1}, are none"
        )
    set_range(scene, first, last)
    scene.frame_step = every


def set_range(scene: object, first: int, last: int) -> None:
    """Sets both ends, whichever is moved by the other."""
    for _ in range(2):
        scene.frame_start = first  # type: ignore[attr-defined]
        scene.frame_end = last  # type: ignore[attr-defined]
