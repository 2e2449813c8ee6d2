"""How finely EEVEE takes the light of a world that is the same in all directions.

From 4.2 on EEVEE draws the world into a map of 1024 pixels a side, from which surfaces are lit:
before the first picture, and again whenever the world has changed, as in a script that gives each
frame another background. Without a graphics card that takes longer than the picture itself. Of a
world that has one colour a smaller map says the same. Owns that choice, and what the user had
chosen. It must never touch a world that looks different in different directions, or that lights as
a sun.
"""

from typing import Any

from . import rendering

FINE_ENOUGH = 256
"""Pixels a side: no byte of a picture differs by more than 1. Fewer save next to nothing."""

_chosen: dict[int, str] = {}
"""What the user has chosen for worlds that have ours now."""


def fit(scene: Any) -> None:
    """Sees to it before the 3D view is drawn with EEVEE and the scene's own world."""
    world = scene.world
    if world is None or not hasattr(world, "probe_resolution") or not rendering.is_software():
        return
    ours = str(FINE_ENOUGH)
    if is_plain(world):
        if int(world.probe_resolution) > FINE_ENOUGH:
            _chosen[world.session_uid] = world.probe_resolution
            world.probe_resolution = ours
    elif world.session_uid in _chosen:
        chosen = _chosen.pop(world.session_uid)
        if world.probe_resolution == ours:
            world.probe_resolution = chosen


def is_plain(world: Any) -> bool:
    """Whether it certainly has one colour in all directions, and is no sun."""
    if not world.use_nodes or world.node_tree is None:
        return _is_dim(world, max(world.color))
    output = world.node_tree.get_output_node("EEVEE")
    if output is None or output.inputs["Volume"].is_linked:
        return False
    surface = output.inputs["Surface"]
    if not surface.is_linked:
        return True
    shader = surface.links[0].from_node
    if shader.type != "BACKGROUND" or shader.mute or any(one.is_linked for one in shader.inputs):
        return False
    colour, strength = shader.inputs["Color"], shader.inputs["Strength"]
    return _is_dim(world, max(colour.default_value[:3]) * strength.default_value)


def _is_dim(world: Any, brightest: float) -> bool:
    """Whether none of it is taken out of the map, as a sun is."""
    return bool(brightest < world.sun_threshold or world.sun_threshold == 0)
