"""The scene of a network that is simulated now.

Owns that what a sender describes becomes a scene, in place of the one before, and that each
interval's values are what its cells and devices show. It reads no file that a sender names.
"""

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import bpy
import numpy as np

from ... import circuit
from ..limits import LAST_FRAME
from . import activity, removed
from .showing import Network, show

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .live import Hello, Shown

_OF_FILES = ("network", "results", "results_group", "morphologies")


class LiveActivity:
    """Values that come from a simulation, as an activity that plays: the same at each frame."""

    kind = "live"
    range = (0.0, 1.0)

    def __init__(self, cells: int) -> None:
        """All at rest."""
        self.n_cells = cells
        self.values: NDArray[np.float32] = np.zeros(cells, np.float32)

    def fill(self, frame: float, out: "NDArray[np.float32]") -> int:
        """Writes each cell's value, and says how many are not at rest."""
        out[:] = self.values
        return int(np.count_nonzero(out))


class SceneCanvas:
    """Draws in a scene of this Blender."""

    def __init__(self, scene: Any = None, azimuth: float | None = None) -> None:
        """In this scene, by default the current one; `azimuth` of the camera in place of the
        sender's, so that several Blenders see the network from several sides."""
        self._scene, self._azimuth = scene, azimuth
        self._cells: dict[str, LiveActivity] = {}
        self.network: Network | None = None
        """What is shown; None before the first network."""

    def begin(self, hello: "Hello") -> None:
        """Makes the scene of a network.

        Raises:
            ValueError: it cannot be shown.
        """
        with tempfile.TemporaryDirectory(prefix="blendtorch-live-") as folder:
            said = circuit.scene_description(_described(hello, Path(folder), self._azimuth), folder)
            before, self.network = self.network, show(said, self._scene or bpy.context.scene)
        if before is not None and before.root != self.network.root:
            removed.network(before.root)
        self._cells = {}
        for name, population in self.network.populations.items():
            self._cells[name] = LiveActivity(len(population))
            activity.play(population.object, self._cells[name])

    def apply(self, shown: "Shown") -> None:
        """Sets what cells and devices show, and goes to the frame of that time."""
        network = self.network
        if network is None:
            return
        for name, cells in self._cells.items():
            cells.values = shown.values[name]
        for name, values in shown.devices.items():
            if network.devices is not None and name in network.devices.names:
                network.devices.set(name, values)
        frame = min(max(float(network.timeline.frame(shown.stop_ms)), 0.0), float(LAST_FRAME))
        network.scene.frame_set(int(frame), subframe=frame - int(frame))


def _described(hello: "Hello", folder: Path, azimuth: float | None) -> dict[str, Any]:
    """A sender's description with its arrays, and without what is of files."""
    said = dict(hello.description)
    if named := [key for key in _OF_FILES if said.get(key)]:
        raise ValueError(f"{named[0]} is of files: what is live sends its network as arrays")
    styles = said.get("populations") or {}
    if not isinstance(styles, Mapping):
        raise ValueError("populations are no JSON object")
    populations: dict[str, Any] = {}
    places: dict[str, NDArray[np.float32]] = {}
    for at, (name, positions) in enumerate(hello.populations.items()):
        style = styles.get(name) or {}
        if not isinstance(style, Mapping):
            raise ValueError(f"population {name!r} is no JSON object")
        if style.get("draw_as", said.get("draw_as")) == "objects":
            raise ValueError("live cells are points or a mesh: draw_as cannot be objects")
        show = style.get("show", said.get("show"))
        if isinstance(show, Mapping) and show.get("as") == "report":
            raise ValueError("a report is of files: send values, and show them as rest")
        populations[name] = {**style, "positions": f"cells.npz:group{at}"}
        places[f"group{at}"] = positions
    np.savez(folder / "cells.npz", **places)
    devices = [{**one, "values": None} for one in said.get("devices") or [] if _is_device(one)]
    said |= {"populations": populations, "only_named": True, "devices": devices}
    if azimuth is not None:
        camera = said.get("camera")
        camera = dict(camera) if isinstance(camera, Mapping) else {"elevation": 25.0}
        if "elevation" in camera:
            said["camera"] = {**camera, "azimuth": azimuth}
    return said


def _is_device(one: Any) -> bool:
    if not isinstance(one, Mapping):
        raise ValueError("a device is no JSON object")
    return True
