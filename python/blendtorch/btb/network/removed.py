"""What has shown cells and shows them no more, taken out of a file with all that only it used.

Owns that nothing of ours stays behind without a user: objects, their meshes, nodes, keys and
curves. It must never take out what somebody else uses, nor what we have not made.
"""

from typing import Any

import bpy

from . import activity, bake_nodes, marked, materials, objects, parts


def points(collection: Any) -> None:
    """Takes the points of a population out, and their keys."""
    bake_nodes.forget(collection)
    for obj in marked.objects(collection, "points"):
        parts.remove(obj)


def cells(collection: Any) -> None:
    """Takes the objects of a population's cells out, and their curves."""
    there = list(objects.by_id(collection).values())
    curves = objects.actions(there)
    if there:
        bpy.data.batch_remove(there)
    mesh = collection.get(objects.MESH)
    if mesh is not None:
        del collection[objects.MESH]
    _unused([*curves, mesh])


def population(collection: Any) -> None:
    """Takes a population out."""
    points(collection)
    cells(collection)
    material = collection.get(materials.MATERIAL)
    bpy.data.collections.remove(collection)
    _unused([material])


def network(root: Any) -> None:
    """Takes a network out, with all that is beside its cells."""
    for one in marked.populations(root):
        population(one)
    beside(root)
    for camera in marked.objects(root, "camera"):
        data = camera.data
        bpy.data.objects.remove(camera)
        _unused([data])
    for ours in [*(one for one in root.children if one.get(marked.ROLE) == "cells"), root]:
        bpy.data.collections.remove(ours)


def beside(root: Any) -> None:
    """Takes out what is drawn beside a network's cells: devices, branches, a box, a legend. Nothing
    of it follows frames any more."""
    activity.forget_followers(root)
    for child in [one for one in root.children if parts.PART in one]:
        parts.keep(child, [])
        bpy.data.collections.remove(child)


def _unused(blocks: "list[Any]") -> None:
    left = [one for one in blocks if one is not None and one.users == 0]
    if left:
        bpy.data.batch_remove(left)
