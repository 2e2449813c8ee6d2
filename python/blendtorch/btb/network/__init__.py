"""Networks of neurons as scenes: populations, their activity, devices, and what a file keeps of it.

    from blendtorch.btb import network

    network.show("network.json")                     a whole scene, as `blendtorch render` makes it
    net = network.from_file("net.hdf5")              or step by step, as the BSB's module does it
    net.for_blender().blend(bpy.context.scene, "scaffold")
    populations = net.get_populations()
    net.animate.pulsar("results.hdf5", populations)

Owns the names that scripts and the worker use. Importing it is light: what a name needs is loaded
when it is first asked for. It must never draw anything itself.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from .attaching import attach
    from .baking import bake, unbake
    from .blended import BlenderNetwork, from_arrays, from_file, from_hdf5, from_sonata
    from .cells import Cell, Cells
    from .live import LiveView
    from .numbered import CellIds, cell_ids
    from .population import BlenderPopulation
    from .showing import Network, show

__all__ = [
    "BlenderNetwork",
    "BlenderPopulation",
    "Cell",
    "CellIds",
    "Cells",
    "LiveView",
    "Network",
    "attach",
    "bake",
    "cell_ids",
    "files",
    "from_arrays",
    "from_file",
    "from_hdf5",
    "from_sonata",
    "is_in",
    "settle",
    "show",
    "unbake",
]

_LATER = {
    "BlenderNetwork": "blended",
    "BlenderPopulation": "population",
    "Cell": "cells",
    "Cells": "cells",
    "LiveView": "live",
    "Network": "showing",
    "attach": "attaching",
    "bake": "baking",
    "unbake": "baking",
    "CellIds": "numbered",
    "cell_ids": "numbered",
    "from_arrays": "blended",
    "from_file": "blended",
    "from_hdf5": "blended",
    "from_sonata": "blended",
    "show": "showing",
}


def is_in(scene: Any) -> bool:
    """Whether a scene has networks: collections that carry our mark."""
    return any(one.get("blendtorch") == "network" for one in scene.collection.children)


def settle(scene: Any) -> list[str]:
    """Draws cells as the scene's engine can, where that is left to us, and as they are at its
    current frame. To be called before rendering begins, after an engine was chosen.

    Returns: what is to be said of what was drawn anew: files that are gone, what cannot be drawn.
    """
    from . import activity, attaching

    activity.adapt(scene)
    told = attaching.redraw(scene)
    activity.show(scene)
    return told


def files(scene: Any) -> "list[Path]":
    """The files that the networks of a scene are made of, as absolute paths."""
    from . import kept

    return kept.files(scene)


def __getattr__(name: str) -> Any:
    from importlib import import_module

    module = _LATER.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{module}", __name__), name)
