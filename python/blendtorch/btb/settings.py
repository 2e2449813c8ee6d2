"""Blender's settings, changed for the time of a render and then as the user had them."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import bpy

if TYPE_CHECKING:
    from .camera import Camera


@contextmanager
def changed(owner: Any, **values: Any) -> Iterator[None]:
    """Sets attributes of `owner` in the order given, and sets them back in the same order: what
    decides about others, such as the kind of a file about its depth, comes first both times.

    Attributes that it has not (versions differ) and those that have the value already are left
    alone: setting a property makes Blender evaluate what depends on it.
    """

    def value_of(name: str) -> Any:
        value = getattr(owner, name)
        # Colours are views of what is about to change.
        return tuple(value) if isinstance(values[name], tuple) else value

    def put(wanted: dict[str, Any]) -> None:
        for name, value in wanted.items():
            if value_of(name) != value:
                setattr(owner, name, value)

    before = {name: value_of(name) for name in values if hasattr(owner, name)}
    try:
        put({name: values[name] for name in before})
        yield
    finally:
        put(before)


@contextmanager
def still_of(camera: "Camera") -> Iterator[None]:
    """Makes the scene's renders those of `camera`, whole and in its shape."""
    height, width = camera.shape
    scene = bpy.context.scene
    with (
        changed(scene, camera=camera.bpy_camera),
        changed(
            scene.render,
            resolution_x=width,
            resolution_y=height,
            resolution_percentage=100,
            use_border=False,
        ),
    ):
        yield
