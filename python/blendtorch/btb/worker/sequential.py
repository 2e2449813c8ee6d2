"""Scenes whose state depends on the frames before: what says so, and how such a frame is reached.

Owns the reasons that a user is told, and the walk through frames that are not rendered. It must
never bake, or change what is baked.
"""

import os
from collections.abc import Callable, Iterator
from typing import Any

import bpy

from .. import physics
from . import fcurves
from .telling import some

# Handlers of Blender and of blendtorch are in these packages.
_NOT_A_SCENES = ("blendtorch", "bl_", "cycles", "addon_utils", "io_", "rna_")


def reasons(scene: Any, autoexec: bool) -> list[str]:
    """Why a frame of the scene may look otherwise where those before it were not played; empty
    where nothing says so."""
    found = [*_rigid_bodies(scene)]
    for obj in scene.objects:
        found += [f"{what} of {obj.name!r} {so}" for what, so in _of_object(obj)]
    found += _handlers()
    if autoexec:
        found += [
            f"the driver of {fcurves.named(owner, curve)} uses `self`, which may keep something"
            for owner, curve in fcurves.drivers()
            if curve.driver.use_self and not curve.mute
        ]
    return found


class Walk:
    """Plays a scene frame by frame, from its first, to the frames that are wanted."""

    def __init__(self, scene: Any) -> None:
        """Nothing is played yet."""
        self._scene = scene
        self._at: int | None = None

    def to(self, frame: int, gives_up: Callable[[], bool] = lambda: False) -> bool:
        """Evaluates `frame` as it is when every frame before it was played; whether it came there.

        Args:
            frame: where to.
            gives_up: asked before each frame; where it says True, this returns.
        """
        scene = self._scene
        if (
            self._at == frame
        ):  # Again, since a name had no id, say: handlers must not be called twice.
            return True
        if self._at is None or self._at > frame:
            self._start()
        first = min(scene.frame_start, frame) if self._at is None else self._at + 1
        for number in range(first, frame + 1):
            if gives_up():
                return False
            self._at = None  # Nobody knows, where a frame fails.
            scene.frame_set(number)
            self._at = number
        return True

    def _start(self) -> None:
        """What simulations hold of anything that was played before counts no more."""
        self._at = None
        physics.forget(self._scene)
        world = self._scene.rigidbody_world
        if world is not None and not world.point_cache.is_baked:
            # Its cache is emptied where it is changed, and only so.
            world.time_scale = world.time_scale
        bpy.context.view_layer.update()


def _rigid_bodies(scene: Any) -> list[str]:
    world = scene.rigidbody_world
    if world is None or not world.enabled or _baked(world.point_cache):
        return []
    bodies = world.collection.objects if world.collection else ()
    active = [
        obj.name for obj in bodies if obj.rigid_body is not None and obj.rigid_body.type == "ACTIVE"
    ]
    if not active:
        return []
    return [f"the rigid bodies of scene {scene.name!r} are not baked: {some(active)}"]


def _of_object(obj: Any) -> Iterator[tuple[str, str]]:
    for modifier in obj.modifiers:
        if not modifier.show_render:
            continue
        if modifier.type in ("CLOTH", "SOFT_BODY"):
            if not _baked(modifier.point_cache):
                yield f"{modifier.type.lower().replace('_', ' ')} {modifier.name!r}", "is not baked"
        elif modifier.type == "DYNAMIC_PAINT" and modifier.canvas_settings:
            for surface in modifier.canvas_settings.canvas_surfaces:
                if surface.is_active and not _baked(surface.point_cache):
                    yield f"dynamic paint {surface.name!r}", "is not baked"
        elif modifier.type == "FLUID" and modifier.fluid_type == "DOMAIN":
            domain = modifier.domain_settings
            if domain.cache_type == "REPLAY" or not domain.has_cache_baked_data:
                yield f"fluid {modifier.name!r}", "is not baked"
        elif modifier.type == "NODES" and _has_free_zone(modifier):
            yield f"simulation nodes {modifier.name!r}", "are not baked"
    for system in obj.particle_systems:
        settings = system.settings
        moves = settings.type == "EMITTER" and settings.physics_type != "NO"
        hangs = settings.type == "HAIR" and system.use_hair_dynamics
        if (moves or hangs) and not _baked(system.point_cache):
            yield f"particles {system.name!r}", "are not baked"


def _baked(cache: Any) -> bool:
    return bool(cache.is_baked or cache.use_external)


def _has_free_zone(modifier: Any) -> bool:
    return physics.has_zone(modifier.node_group, {}) and not _zones_are_baked(modifier)


def _zones_are_baked(modifier: Any) -> bool:
    """Whether the simulation zones of a modifier have been written to files."""
    bakes = list(getattr(modifier, "bakes", ()))
    for bake in bakes:
        if getattr(bake, "bake_target", "") == "PACKED":
            return False  # Whether anything is packed Blender does not say.
        folder = (
            bake.directory
            if bake.use_custom_path
            else os.path.join(modifier.bake_directory or "", str(bake.bake_id))
        )
        path = bpy.path.abspath(folder, library=modifier.id_data.library)
        if not os.path.isdir(os.path.join(path, "meta")):
            return False
    return bool(bakes)


def _handlers() -> list[str]:
    handlers = bpy.app.handlers
    found = []
    for name in ("frame_change_pre", "frame_change_post"):
        for function in getattr(handlers, name):
            module = getattr(function, "__module__", "") or ""
            if not module.startswith(_NOT_A_SCENES):
                what = getattr(function, "__qualname__", repr(function))
                found.append(
                    f"the handler {what} of {module or 'a script'} is called at each {name}"
                )
    return found
