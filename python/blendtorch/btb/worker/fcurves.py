"""The curves that animate a file: its actions' and its drivers'.

Owns how actions are taken apart: until 4.3 one has a list of curves; from 4.4 on it has slots,
whose curves lie in layers, strips and channelbags, and 5.0 has no other way. No other file of the
worker knows of slots.
"""

from collections.abc import Iterable, Iterator
from typing import Any

import bpy

Key = tuple[str, str, str, int]


def iter_fcurves(actions: Iterable[Any] | None = None) -> Iterator[Any]:
    """The curves of the actions, by default of all in the file; those of all their slots."""
    for action in bpy.data.actions if actions is None else actions:
        for _, curve in slotted(action):
            yield curve


def slotted(action: Any) -> Iterator[tuple[str, Any]]:
    """The curves of an action, each with its slot's identifier; without slots that is empty."""
    layers = getattr(action, "layers", None)
    if layers is None:
        for curve in action.fcurves:
            yield "", curve
        return
    names = {slot.handle: str(slot.identifier) for slot in action.slots}
    for layer in layers:
        for strip in layer.strips:
            for bag in getattr(strip, "channelbags", ()):
                for curve in bag.fcurves:
                    yield names.get(bag.slot_handle, ""), curve


def keyed() -> Iterator[tuple[Key, Any]]:
    """All curves of all actions, each with what it is known by while the file is open."""
    for action in bpy.data.actions:
        for slot, curve in slotted(action):
            yield (action.name_full, slot, curve.data_path, curve.array_index), curve


def of_owner(owner: Any) -> Iterator[Any]:
    """The curves of the action that animates a datablock now."""
    data = owner.animation_data
    if data is None or data.action is None:
        return
    slot = getattr(data, "action_slot", None)
    for name, curve in slotted(data.action):
        if slot is None or name == slot.identifier:
            yield curve


def animated() -> Iterator[Any]:
    """Every datablock of the file that has animation data, node trees of its materials, worlds and
    scenes among them."""
    seen = set()
    for name in dir(bpy.data):
        group = getattr(bpy.data, name)
        if not isinstance(group, bpy.types.bpy_prop_collection):
            continue
        for owner in group:
            for one in (owner, getattr(owner, "node_tree", None)):
                if one is None or getattr(one, "animation_data", None) is None:
                    continue
                if one.as_pointer() not in seen:
                    seen.add(one.as_pointer())
                    yield one


def drivers() -> Iterator[tuple[Any, Any]]:
    """All drivers of the file: the datablock that has one, and its curve."""
    for owner in animated():
        for curve in owner.animation_data.drivers:
            yield owner, curve


def named(owner: Any, curve: Any) -> str:
    """How messages call a curve of a datablock."""
    return f"{owner.name_full}.{curve.data_path}[{curve.array_index}]"
