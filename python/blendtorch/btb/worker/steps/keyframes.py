"""Moves all of an animation in time.

Owns what of a file goes by frames, and can be moved: curves' keys and modifiers, drivers that say
`frame`, strips of the NLA, markers, and the scene's own frames. What cannot be is named in a
warning.
"""

from collections.abc import Iterator
from typing import Any

import bpy

from ... import physics
from ...runtime import slotted
from .. import fcurves
from ..checks import LAST_FRAME, finite
from ..opened import Opened
from ..telling import some, warn
from .animation import set_range
from .moved import Move, move_curve, move_driver
from .table import step


@step()
def move_keyframes(opened: Opened, scale: float = 1.0, shift: float = 0.0) -> None:
    """Makes the animation `scale` times as long, and then begins it `shift` frames later.

    The shutter of motion blur is divided by `scale`, as VisionSim does. Called again, it goes on
    from what is there.

    Raises:
        ValueError: `scale` is not above 0.
        RuntimeError: frames would lie outside Blender's limits; nothing is changed.
    """
    move = Move(finite(scale, "scale"), finite(shift, "shift"))
    if move.scale <= 0:
        raise ValueError(f"scale must be above 0, not {scale!r}")
    if move == (1.0, 0.0):
        return
    scene = opened.scene
    first = round(move(scene.frame_start))
    last = max(first, round(move(scene.frame_end + 1)) - 1)
    if not 0 <= first <= last <= LAST_FRAME:
        raise RuntimeError(
            f"move_keyframes: the animation would be frames {first} to {last}, and Blender renders "
            f"0 to {LAST_FRAME}"
        )
    left = [*_move_actions(move), *_move_drivers(move), *_move_strips(move), *_unmoved(scene)]
    for marker in scene.timeline_markers:
        marker.frame = round(move(marker.frame))
    set_range(scene, first, last)
    scene.render.motion_blur_shutter /= move.scale
    eevee = getattr(scene, "eevee", None)
    if eevee is not None and hasattr(eevee, "motion_blur_shutter"):  # Before 4.2 EEVEE had its own.
        eevee.motion_blur_shutter /= move.scale
    now = min(max(round(move(scene.frame_current)), -LAST_FRAME), LAST_FRAME)
    scene.frame_set(now)
    if left:
        warn(f"move_keyframes does not move {some(left, 10)}")


def _move_actions(move: Move) -> Iterator[str]:
    for action in bpy.data.actions:
        for _, curve in slotted(action):
            if not move_curve(curve, move):
                yield f"a modifier of {action.name_full}.{curve.data_path}[{curve.array_index}]"
        if getattr(action, "use_frame_range", False):
            action.frame_start, action.frame_end = move(action.frame_start), move(action.frame_end)


def _move_drivers(move: Move) -> Iterator[str]:
    for owner, curve in fcurves.drivers():
        if not move_driver(curve.driver, move):
            yield f"the driver of {fcurves.named(owner, curve)}"


def _move_strips(move: Move) -> Iterator[str]:
    for owner in fcurves.animated():
        for track in owner.animation_data.nla_tracks:
            # A strip that is changed pushes its neighbours: what each is to be is said before.
            strips = [(strip, _goal(strip, move)) for strip in track.strips]
            moved = {
                strip.name: all([move_curve(curve, move) for curve in strip.fcurves])  # noqa: C419
                for strip, _ in strips
            }
            # Those first that move away from the others; and again, where one was in the way.
            later = bool(strips) and strips[-1][1]["frame_end"] > strips[-1][0].frame_end
            for strip, goal in 2 * (strips[::-1] if later else strips):
                _put_strip(strip, goal)
            for strip, goal in strips:
                there = all(abs(getattr(strip, name) - goal[name]) < 1e-2 for name in goal)
                if not (there and moved[strip.name]):
                    yield f"the NLA strip {strip.name!r} of {owner.name_full}"


def _goal(strip: Any, move: Move) -> dict[str, float]:
    """What a strip is to be."""
    ends = ("action_frame_start", "action_frame_end") if strip.type == "CLIP" else ()
    return {
        **{name: move(getattr(strip, name)) for name in (*ends, "frame_start", "frame_end")},
        **{name: getattr(strip, name) * move.scale for name in ("blend_in", "blend_out")},
    }


def _put_strip(strip: Any, goal: dict[str, float]) -> None:
    # From 3.5 on its ends can be set whatever the other is, and whatever is beside it.
    raw = "_raw" if hasattr(strip, "frame_start_raw") else ""
    for kind, suffix in (("action_frame", ""), ("frame", raw)):
        if f"{kind}_end" not in goal:
            continue
        start, end = goal[f"{kind}_start"], goal[f"{kind}_end"]
        order = ["start", "end"] if end < getattr(strip, f"{kind}_end") else ["end", "start"]
        for which in order:
            setattr(strip, f"{kind}_{which}{suffix}", start if which == "start" else end)
    strip.blend_in, strip.blend_out = goal["blend_in"], goal["blend_out"]


def _unmoved(scene: Any) -> Iterator[str]:
    """What goes by frames and is not moved."""
    if scene.rigidbody_world is not None and scene.rigidbody_world.enabled:
        yield f"the rigid bodies of scene {scene.name!r}"
    for obj in physics.simulated(scene):
        yield f"the simulations of {obj.name!r}"
    for cache in bpy.data.cache_files:
        if cache.users:
            yield f"the cache {cache.name!r}"
    for image in bpy.data.images:
        if image.source in ("SEQUENCE", "MOVIE") and image.users:
            yield f"the frames of image {image.name!r}"
    for clip in bpy.data.movieclips:
        if clip.users:
            yield f"the movie {clip.name!r}"
    editor = scene.sequence_editor
    strips = getattr(editor, "strips", None)  # From 4.4 on; the older name is gone in 5.0.
    if editor is not None and len(editor.sequences if strips is None else strips):
        yield f"the sequencer of scene {scene.name!r}"
    if scene.render.frame_map_old != scene.render.frame_map_new:
        yield f"the time remapping of scene {scene.name!r}"
    for name in ("grease_pencils_v3", "grease_pencils"):
        for pencil in getattr(bpy.data, name, ()):
            if any(len(layer.frames) > 1 for layer in pencil.layers):
                yield f"the drawings of grease pencil {pencil.name!r}"
