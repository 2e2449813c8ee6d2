"""The caches of a scene's simulations: cloth, soft bodies, particles and hair, rigid bodies,
dynamic paint, fluids, simulation zones of geometry nodes.

Each cache has a range of frames of its own, by default 1 to 250: before it a simulation stands
still, after it too. Here they get the frames that are played. Caches in files lie beside the
`.blend`, where all instances that opened it would write: here each instance has its own. It must
never touch what a user has baked.
"""

import os
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
    for obj in simulated(scene):
        for cache in _point_caches(obj):
            _put(cache, first, last)
            _keep_in_memory(cache)
        for domain in _replayed(obj):
            _own_folder(domain)
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
    _forget(simulated(scene))


def begin(scene: Any, first: int, last: int) -> None:
    """Does both, before anything is played: what was evaluated so far, in whatever frame, counts
    no more either. Blender has to see that before the first frame comes."""
    follow(scene, first, last)
    objects = simulated(scene)
    if objects:
        _forget(objects)
        bpy.context.view_layer.update()


def _forget(objects: list[Any]) -> None:
    for obj in objects:
        for system in obj.particle_systems:
            system.settings.update_tag()
        # Not where there are particles alone: tagged so, they begin wrong in a frame 0 that
        # follows a frame 1.
        if any(modifier.type != "PARTICLE_SYSTEM" for modifier in obj.modifiers):
            obj.update_tag()


def _put(cache: Any, first: int, last: int) -> None:
    if _is_free(cache) and (cache.frame_start, cache.frame_end) != (first, last):
        cache.frame_start, cache.frame_end = first, last


def _keep_in_memory(cache: Any) -> None:
    # That of rigid bodies is left as it is.
    if cache.use_disk_cache and _is_free(cache):
        cache.use_disk_cache = False


def _is_free(cache: Any) -> bool:
    return not (cache.is_baked or cache.is_baking or cache.use_external)


def _own_folder(domain: Any) -> None:
    ours = bpy.app.tempdir
    if not bpy.path.abspath(domain.cache_directory).startswith(ours):
        name = os.path.basename(os.path.normpath(domain.cache_directory))
        domain.cache_directory = os.path.join(ours, name)


def simulated(scene: Any) -> list[Any]:
    """The objects with simulations that `scene` may show: its own and, as collections are
    instanced, those in no scene."""
    elsewhere: set[Any] = set()
    for other in bpy.data.scenes:
        if other != scene:
            elsewhere.update(other.objects)
    elsewhere.difference_update(scene.objects)
    zones: dict[str, bool] = {}
    return [o for o in bpy.data.objects if o not in elsewhere and _has_simulation(o, zones)]


_KINDS = ("CLOTH", "SOFT_BODY", "PARTICLE_SYSTEM", "DYNAMIC_PAINT", "FLUID")


def _has_simulation(obj: Any, zones: dict[str, bool]) -> bool:
    return any(
        modifier.type in _KINDS
        or (modifier.type == "NODES" and has_zone(modifier.node_group, zones))
        for modifier in obj.modifiers
    )


def has_zone(tree: Any, zones: dict[str, bool]) -> bool:
    """Whether nodes have a simulation zone; `zones` keeps that of each group."""
    if tree is None:
        return False
    if tree.name_full not in zones:
        zones[tree.name_full] = False  # A group cannot hold itself.
        zones[tree.name_full] = any(
            node.bl_idname == "GeometryNodeSimulationOutput"
            or (node.bl_idname == "GeometryNodeGroup" and has_zone(node.node_tree, zones))
            for node in tree.nodes
        )
    return zones[tree.name_full]


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
        elif modifier.type == "NODES":
            for bake in getattr(modifier, "bakes", ()):
                if bake.use_custom_simulation_frame_range:
                    yield bake, "frame_start", "frame_end"
    for domain in _replayed(obj):
        yield domain, "cache_frame_start", "cache_frame_end"


def _replayed(obj: Any) -> list[Any]:
    """The domains of fluids that are simulated as they are played; others are baked by hand."""
    domains = [
        modifier.domain_settings
        for modifier in obj.modifiers
        if modifier.type == "FLUID" and modifier.fluid_type == "DOMAIN"
    ]
    return [domain for domain in domains if domain.cache_type == "REPLAY"]
