"""Networks of neurons in what a worker renders.

Owns what they have to do with opening and preparing a file: a description that is all of it, what a
saved file shows and is attached again, and which files all of that is made of. How a network is
drawn, `btb.network` knows.
"""

from pathlib import Path
from typing import Any

import bpy

SAMPLES = 4
"""A pixel's, where nobody says how many: edges are smooth, and cells have no noise."""

_OTHERS = {
    ".nio": "has the results of a simulation: give the network, and these with --results",
    ".swc": "has the morphology of a cell: name it in the network's own files",
    ".npz": "has arrays: name them in a network.json, as the `positions` of populations",
    ".npy": "has an array: name it in a network.json, as the `positions` of a population",
}


def refusal(path: Path) -> str | None:
    """What to do with a file that is no scene and no network; None for all others."""
    return _OTHERS.get(path.suffix.lower())


def is_description(path: Path) -> bool:
    """Whether a file is a `network.json`: Blender's own files end in another way."""
    return path.suffix == ".json"


def show(path: Path) -> list[str]:
    """Makes the scene that a description describes, in an empty file; what is to be said of it.

    What it does not say of the engine is Cycles with a few samples: it draws cells as spheres, and
    without a GPU sooner than EEVEE compiles.

    Raises:
        FileNotFoundError: a file of it is gone.
        ValueError: it cannot be.
    """
    from .. import network

    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.context.scene
    scene.render.engine = "CYCLES"
    scene.cycles.samples = SAMPLES
    return list(network.show(path).warnings)


def attach(scene: Any) -> list[str]:
    """Attaches again what a file shows of networks; what is to be said of it."""
    from .. import network

    return network.attach(scene) if network.is_in(scene) else []


def settle(scene: Any) -> list[str]:
    """Cells are what the engine draws, which may be another than the file's by now; what is to be
    said of it."""
    from .. import network

    return network.settle(scene) if network.is_in(scene) else []


def begin() -> None:
    """Forgets what frames before could not be shown for."""
    from ..network import activity

    activity.failure()


def check(frame: int) -> None:
    """Blender draws a frame also where what it shows could not be calculated.

    Raises:
        RuntimeError: that is so; its text has why.
    """
    from ..network import activity

    error = activity.failure()
    if error is not None:
        raise RuntimeError(f"the network cannot be shown at frame {frame}: {error}") from error


def engine(scene: Any) -> str:
    """By what a scene is drawn, as Blender calls it; of plots, `PLOT`."""
    from ..network import plotted

    return plotted.name_of(scene)


def files(scene: Any) -> list[str]:
    """The files that the networks of a scene are made of, as absolute paths."""
    from .. import network

    return [str(path) for path in network.files(scene)] if network.is_in(scene) else []
