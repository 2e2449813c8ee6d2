"""Blender's renders, those of one camera for a time.

Owns which of Blender's settings that takes; what the user had comes back.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import bpy

from .settings import changed
from .viewpoint import Viewpoint


@contextmanager
def still_of(camera: Viewpoint) -> Iterator[None]:
    """Makes the scene's renders those of `camera` at the current frame, whole and in its shape,
    for one eye.

    Raises:
        ValueError: Blender renders no images of that shape.
    """
    height, width = camera.shape
    scene = bpy.context.scene
    with (
        _seen_from(scene, camera.bpy_camera),
        changed(
            scene.render,
            resolution_x=width,
            resolution_y=height,
            resolution_percentage=100,
            use_border=False,
            use_multiview=False,
            use_single_layer=False,
        ),
        # The shutter opens and closes around the frame, wherever this version keeps that.
        changed(scene.render, motion_blur_position="CENTER"),
        changed(getattr(scene, "cycles", None), motion_blur_position="CENTER"),
        changed(getattr(scene, "eevee", None), motion_blur_position="CENTER"),
    ):
        if (scene.render.resolution_x, scene.render.resolution_y) != (width, height):
            raise ValueError(
                f"the camera's shape is {camera.shape}: Blender renders images of at least 4 and "
                "at most 65536 pixels a side"
            )
        yield


@contextmanager
def _seen_from(scene: Any, camera: Any) -> Iterator[None]:
    """Makes `camera` the scene's. A render takes the camera that a marker of the timeline binds
    before the scene's own: for that time they bind none."""
    before = scene.camera
    bound = [(marker, marker.camera) for marker in scene.timeline_markers]
    bound = [(marker, theirs) for marker, theirs in bound if theirs not in (None, camera)]
    try:
        # Each change of a marker makes Blender choose the scene's camera anew: that comes last.
        for marker, _ in bound:
            marker.camera = None
        _choose(scene, camera)
        yield
    finally:
        for marker, theirs in bound:
            marker.camera = theirs
        _choose(scene, before)


def _choose(scene: Any, camera: Any) -> None:
    if scene.camera != camera:
        scene.camera = camera
