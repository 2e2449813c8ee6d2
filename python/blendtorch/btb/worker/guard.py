"""A scene's settings, which an error must not leave changed.

Whoever renders puts back what it changed, also where it fails; this is for what it cannot: a
render that Blender gave up midway, or somebody else's handler. VisionSim leaves a frame range of a
million frames behind then, which the next `render_animation` would render.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_SIMPLE = {"BOOLEAN", "INT", "FLOAT", "STRING", "ENUM"}
# Which frame it is, is what a run changes.
_NOT = {"frame_current", "frame_current_final", "frame_float", "frame_subframe"}

_names: dict[str, list[tuple[str, bool]]] = {}
"""The settings of each kind of owner, and whether each is several values."""


@contextmanager
def settings_kept(scene: Any) -> Iterator[None]:
    """Puts the scene's own settings, those of its render, engines and view layers back where an
    error leaves this."""
    before = [(owner, _values(owner)) for owner in _owners(scene)]
    camera = scene.camera
    try:
        yield
    except BaseException:
        for owner, values in before:
            _put(owner, values)
        if scene.camera != camera:
            scene.camera = camera
        raise


def _owners(scene: Any) -> list[Any]:
    render = scene.render
    engines = (getattr(scene, name, None) for name in ("cycles", "eevee", "display"))
    views = (scene.view_settings, scene.display_settings)
    owners = [scene, render, render.image_settings, *views, *engines, *scene.view_layers]
    return [owner for owner in owners if owner is not None]


def _values(owner: Any) -> dict[str, Any]:
    kind = owner.bl_rna.identifier
    if kind not in _names:
        _names[kind] = [
            (prop.identifier, bool(getattr(prop, "is_array", False)))
            for prop in owner.bl_rna.properties
            if not prop.is_readonly and prop.type in _SIMPLE and prop.identifier not in _NOT
        ]
    values = [(name, is_array, getattr(owner, name)) for name, is_array in _names[kind]]
    return {name: tuple(value) if is_array else value for name, is_array, value in values}


def _put(owner: Any, values: dict[str, Any]) -> None:
    # What decides which values others may have comes first or last, who knows: so twice.
    for _ in range(2):
        for name, value in values.items():
            now = getattr(owner, name)
            if (tuple(now) if isinstance(value, tuple) else now) != value:
                try:
                    setattr(owner, name, value)
                except (AttributeError, TypeError, ValueError):
                    continue
