"""The caches of a scene's simulations: cloth, soft bodies, particles and hair, rigid bodies, dynamic
paint, fluids, simulation zones of geometry nodes.

Each cache has a range of frames of its own, by default 1 to 250: before it a simulation stands
still, after it too. Here they get the frames that are played. It must never touch what a user has
baked.
"""

from collections.abc import Iterator
from typing import Any

import bpy


def follow(scene: Any, first: int, last: int) -> None:
    """Makes all simulations of `scene` begin in frame `first`, and go on until `last`."""
    # A cache has at least two frames; of a range of one frame the second is not played.
    last = max(last, first + 1)
    if scene.rigidbody_world:
        _put(scene.rigidbody_world.point_cache, first, last)
    if getattr(scene, "use_custom_simulation_range", False):
        scene.simulation_frame_start, scene.simulation_frame_end = first, last
    for obj in _simulated(scene):
        for cache in _point_caches(obj):
            _put(cache, first, last)
        for owner, start, end in _ranges(obj):
            if (getattr(owner, start), getattr(owner, end)) != (first, last):
                setattr(owner, start, first)
                setattr(owner, end, last)


def forget(scene: Any) -> None:
    """Makes all simulations of `scene` begin anew when their first frame comes: what a cache holds
    of an earlier run counts no more.

    Blender does that by itself where it notices that something changed. That a collider was moved
    within a change of frames it does not always notice.
    """
    for obj in _simulated(scene):
        obj.update_tag()


def _put(cache: Any, first: int, last: int) -> None:
    baked = cache.is_baked or cache.is_baking
    if not baked and (cache.frame_start, cache.frame_end) != (first, last):
        cache.frame_start, cache.frame_end = first, last


def _simulated(scene: Any) -> list[Any]:
    """The objects with simulations that `scene` may show: its own and, as collections are
    instanced, those in no scene."""
    elsewhere: set[Any] = set()
    for other in bpy.data.scenes:
        if other != scene:
            elsewhere.update(other.objects)
    elsewhere.difference_update(scene.objects)
    return [obj for obj in bpy.data.objects if _has_simulation(obj) and obj not in elsewhere]


_KINDS = {"CLOTH", "SOFT_BODY", "PARTICLE_SYSTEM", "DYNAMIC_PAINT", "FLUID", "NODES"}


def _has_simulation(obj: Any) -> bool:
    return any(modifier.type in _KINDS for modifier in obj.modifiers)


def _point_caches(obj: Any) -> Iterator[Any]:
    for modifier in obj.modifiers:
        if modifier.type in ("CLOTH", "SOFT_BODY"):
            yield modifier.point_cache
        elif modifier.type == "DYNAMIC_PAINT" and modifier.canvas_settings:
            for surface in modifier.canvas_settings.canvas_surfaces:
                yield surface.point_cache
    for system in obj.particle_systems:
        # The hair itself is no simulation.
        if system.settings.type == "EMITTER" or system.use_hair_dynamics:
            yield system.point_cache


def _ranges(obj: Any) -> Iterator[tuple[Any, str, str]]:
    """What has a range beside or instead of a point cache: its owner, and the names of its ends."""
    for modifier in obj.modifiers:
        if modifier.type == "DYNAMIC_PAINT" and modifier.canvas_settings:
            for surface in modifier.canvas_settings.canvas_surfaces:
                yield surface, "frame_start", "frame_end"
        elif modifier.type == "FLUID" and modifier.fluid_type == "DOMAIN":
            domain = modifier.domain_settings
            if domain.cache_type == "REPLAY":
                yield domain, "cache_frame_start", "cache_frame_end"
        elif modifier.type == "NODES":
            for bake in getattr(modifier, "bakes", ()):
                if bake.use_custom_simulation_frame_range:
                    yield bake, "frame_start", "frame_end"
