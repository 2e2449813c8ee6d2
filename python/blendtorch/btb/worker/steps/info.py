"""What a scene and its camera are: steps that ask, and change nothing."""

from typing import Any

import numpy as np

from ...passes.intrinsics import Intrinsics
from ...runtime import slotted
from ...viewpoint import Viewpoint
from ..opened import Opened
from .table import step


@step(timeless=True)
def original_fps(opened: Opened) -> int:
    """Frames a second, rounded, as VisionSim 0.1 has it."""
    return round(get_original_fps(opened))


@step(timeless=True)
def get_original_fps(opened: Opened) -> float:
    """Frames a second."""
    render = opened.scene.render
    return float(render.fps / render.fps_base)


@step(timeless=True)
def animation_range(opened: Opened) -> list[int]:
    """The arguments of a `range` over the scene's frames: first, one behind the last, step."""
    start, end, every = animation_range_tuple(opened)
    return [start, end + 1, every]


@step(timeless=True)
def animation_range_tuple(opened: Opened) -> list[int]:
    """First frame, last frame, and step."""
    scene = opened.scene
    return [scene.frame_start, scene.frame_end, scene.frame_step]


@step()
def camera_extrinsics(opened: Opened) -> list[list[float]]:
    """Camera to world, 4 × 4, in Blender's axes (x right, y up, −z forward), without scale."""
    pose = np.array(opened.camera.matrix_world, np.float64)
    pose[:3, :3] /= np.linalg.norm(pose[:3, :3], axis=0)
    return [list(row) for row in pose.tolist()]


@step("empty_transforms")
def camera_info(opened: Opened) -> dict[str, Any]:
    """The camera, as the transforms have it: its own values, the picture's size `w`, `h`, channels
    `c`, `fl_x`, `fl_y`, `cx`, `cy` in pixels, and `intrinsics`, 3 × 3.

    VisionSim's `fl_y` is wrong where a picture is not square, its `cx`, `cy` where the camera is
    shifted.
    """
    return camera_of(opened)


@step()
def camera_intrinsics(opened: Opened) -> list[list[float]]:
    """The matrix K, 3 × 3, of the picture in pixels; x to the right, y down."""
    intrinsics: list[list[float]] = camera_of(opened)["intrinsics"]
    return intrinsics


@step()
def iter_fcurves(opened: Opened, actions: list[str] | None = None) -> list[dict[str, Any]]:
    """The curves of the actions with these names, by default of all, as plain values: `action`,
    `slot`, `data_path`, `array_index`, `mute`, and `keyframes`, each a frame and a value.

    Raises:
        KeyError: there is no such action.
    """
    del opened
    import bpy

    if unknown := [name for name in actions or () if name not in bpy.data.actions]:
        raise KeyError(f"there is no action {unknown[0]!r}")
    chosen = bpy.data.actions if actions is None else [bpy.data.actions[name] for name in actions]
    return [
        {
            "action": action.name,
            "slot": slot,
            "data_path": curve.data_path,
            "array_index": curve.array_index,
            "mute": curve.mute,
            "keyframes": [list(point.co) for point in curve.keyframe_points],
        }
        for action in chosen
        for slot, curve in slotted(action)
    ]


def resolution(scene: Any) -> list[int]:
    """Height and width of its pictures, in pixels, as Blender rounds them."""
    height, width = Viewpoint.shape_from_bpy(scene.render)
    return [height, width]


def camera_of(opened: Opened) -> dict[str, Any]:
    """The camera's values, of the scene as it is evaluated now.

    Raises:
        ValueError: there is no camera, or a panoramic one.
    """
    opened.camera  # noqa: B018 (says more where there is none)
    lens = Intrinsics(opened.scene).lens()
    return {
        **lens,
        "c": {"BW": 1, "RGB": 3, "RGBA": 4}[opened.scene.render.image_settings.color_mode],
        "intrinsics": [
            [lens["fl_x"], 0.0, lens["cx"]],
            [0.0, lens["fl_y"], lens["cy"]],
            [0.0, 0.0, 1.0],
        ],
    }


@step()
def current_frame(opened: Opened) -> int:
    """The scene's current frame."""
    return int(opened.scene.frame_current)
