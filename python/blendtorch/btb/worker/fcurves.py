"""The curves that animate a file: its actions' and its drivers'.

Owns which curves a question is about. How an action holds them in each version is `runtime`'s.
"""

from collections.abc import Iterator
from typing import Any

import bpy

from ..runtime import slotted

Key = tuple[str, str, str, int]


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
