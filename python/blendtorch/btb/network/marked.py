"""What in a .blend is ours, by custom properties: names alone do not say it, since Blender gives a
collection another name where one has it already.

Owns the names of those properties and how collections are found and made. It must never look at
what is selected or active, and never uses operators.
"""

from typing import Any

import bpy

ROLE = "blendtorch"
"""Says what a collection, an object or a node of ours is: `network`, `cells`, `population`, …"""
NAME = "blendtorch_name"
"""The name that a script has given it, whatever Blender calls it."""


def child(parent: Any, role: str, name: str) -> Any:
    """A collection of `parent` that is `name`; None where there is none.

    One without our mark counts where Blender calls it so: the BSB's module, or a person, made it.
    """
    unmarked = None
    for one in parent.children:
        if one.get(ROLE) == role and one.get(NAME) == name:
            return one
        if one.get(ROLE) is None and one.name == name:
            unmarked = one
    if unmarked is not None:
        mark(unmarked, role, name)
    return unmarked


def ensure_child(parent: Any, role: str, name: str) -> Any:
    """That, made where there is none. Nothing that is selected goes into it."""
    found = child(parent, role, name)
    if found is None:
        found = bpy.data.collections.new(name)
        mark(found, role, name)
        parent.children.link(found)
    return found


def mark(block: Any, role: str, name: str) -> Any:
    """Marks a data-block as ours."""
    block[ROLE], block[NAME] = role, name
    return block


def objects(collection: Any, role: str) -> list[Any]:
    """The objects of a collection that have a role."""
    return [obj for obj in collection.objects if obj.get(ROLE) == role]


def networks(scene: Any) -> list[Any]:
    """The root collections of the networks of a scene."""
    return [one for one in scene.collection.children if one.get(ROLE) == "network"]


def populations(root: Any) -> list[Any]:
    """The collections of the populations of a network, by its root collection."""
    cells = [one for one in root.children if one.get(ROLE) == "cells"]
    return [one for of in cells for one in of.children if one.get(ROLE) == "population"]
