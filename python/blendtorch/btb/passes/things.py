"""What can be seen in a render: objects, instances of them, and materials; each under a name that
stays.

An instance has no name in Blender. Owns the names that it gets here, docs/passes.md. It must never
keep anything of Blender's.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import bpy

from .. import looking
from ..drawn import drawable
from ..viewpoint import Viewpoint
from .kinds import Thing, Things

_NONE = 2**31 - 1


class Place(NamedTuple):
    """Something that is drawn somewhere."""

    number: int
    """Its place in the depsgraph's instances."""
    object: str
    """The original object that it shows."""
    thing: str
    """What it is called itself."""
    instancer: str
    """The original object that makes this instance; itself where it is none."""


def may_have_instances() -> bool:
    """Whether anything in the file makes instances; iterating them costs, where nothing does."""
    return any(
        obj.instance_type != "NONE"
        or len(obj.particle_systems)
        or any(one.type == "NODES" for one in obj.modifiers)
        for obj in bpy.data.objects
    )


def places(depsgraph: Any) -> list[Place]:
    """What a render with this depsgraph draws, in its order."""
    found: list[tuple[int, str, str, str, tuple[int, ...], bool]] = []
    for number, instance in enumerate(depsgraph.object_instances):
        obj = instance.object
        if not instance.show_self or not drawable(obj):
            continue
        shown = obj.original.name_full
        if not instance.is_instance or _is_itself(instance, depsgraph):
            found.append((number, shown, shown, shown, (), False))
            continue
        parent = instance.parent.original
        maker = parent.name_full
        counted = instance.particle_system is not None or parent.instance_type != "COLLECTION"
        # The innermost is first there, and what is not used is the largest integer.
        identity = tuple(n for n in reversed(instance.persistent_id) if n < _NONE)
        found.append((number, shown, f"{maker}/{shown}", maker, identity, counted))
    # Of a collection's instances the n-th is the n-th; particles and points have numbers.
    seen: dict[str, int] = {}
    named: list[Place] = []
    for number, shown, name, maker, identity, counted in sorted(found, key=lambda one: one[4]):
        if counted:
            name = f"{name}#{_numbered(identity)}"
        seen[name] = seen.get(name, 0) + 1
        if identity and seen[name] > 1:
            name += f".{seen[name]}" if counted else f"#{seen[name]}"
        named.append(Place(number, shown, name, maker))
    return sorted(named)


def _numbered(identity: tuple[int, ...]) -> str:
    """Numbers from 1 on, the outermost first; without what is the same for most: the first particle
    system, and the only part of what geometry nodes put on a point."""
    if len(identity) > 1 and identity[0] == 0:
        identity = identity[1:]
    elif identity[-1] == 0 and len(identity) == 2:
        identity = identity[:1]
    return ".".join(str(number + 1) for number in identity)


def all_things(scene: Any, layer: Any) -> Things:
    """What can be seen in renders of the scene: drawn now or not, as far as it has surfaces."""
    objects = {obj.name_full: obj for obj in layer.objects if drawable(obj)}
    there = {name: _thing(name, obj) for name, obj in objects.items()}
    shown = dict(objects)
    if may_have_instances():
        for place in looking.in_render(Viewpoint(), scene, layer, places):
            obj = find(place.object)
            shown[place.object] = obj
            there.setdefault(place.thing, _thing(place.thing, obj))
    materials = {
        slot.material.name_full
        for obj in shown.values()
        for slot in obj.material_slots
        if slot.material is not None
    }
    return Things(sorted(there.values()), sorted(materials))


def named(things: list[tuple[str, str]]) -> list[Thing]:
    """Those with a name, of the object of another, sorted."""
    return sorted(_thing(name, find(obj)) for name, obj in things)


def find(name_full: str) -> Any:
    """The object that is called so, those of libraries too; None where it is gone."""
    found = bpy.data.objects.get(name_full)
    if found is not None and found.name_full == name_full:
        return found
    return next((obj for obj in bpy.data.objects if obj.name_full == name_full), None)


def _thing(name: str, obj: Any) -> Thing:
    if obj is None:
        return Thing(name, None, "")
    category = obj.get("category_id")
    whole = isinstance(category, int) and not isinstance(category, bool)
    collections = [one.name for one in obj.users_collection]
    return Thing(name, category if whole else None, collections[0] if collections else "")


def _is_itself(instance: Any, depsgraph: Any) -> bool:
    """The surface of a text, a curve or a metaball comes as an instance of it in its own place."""
    original = instance.object.original
    if original.type == "MESH" or instance.parent.original != original:
        return False
    return bool(instance.matrix_world == original.evaluated_get(depsgraph).matrix_world)


def objects() -> Iterator[Any]:
    """All objects of the file that have surfaces, shown or not: instances may show any."""
    return (obj for obj in bpy.data.objects if drawable(obj))
