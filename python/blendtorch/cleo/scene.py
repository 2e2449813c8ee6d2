"""A recording as files that Blender makes a scene of: a `network.json`, and arrays beside it.

Owns the frames: frame k shows interval k, its spikes and the light at its start, so that there are
as many frames as intervals and none is left out. It draws nothing.
"""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..circuit.as_json import plain
from .plot import Plot
from .recording import Recording

if TYPE_CHECKING:
    from numpy.typing import NDArray

REST = 0.2
"""The opacity of cells that do not spike, as Cleo's: plots mix the colours of a screen, as it
does."""
_TWENTY_MICRONS = 20.0


def described(recording: Recording, plot: Plot, slowdown: float = 10.0) -> dict[str, Any]:
    """How a recording is shown, without its arrays: what viewers are told while it is simulated.

    Raises:
        ValueError: pictures would follow each other too fast, or too slowly.
    """
    rate = frames_a_second(recording.dt_ms, slowdown)
    radius = plot.radius(span(recording, plot))
    populations = {
        group.name: {"color": list(plot.color(at)), "radius": radius}
        for at, group in enumerate(recording.groups)
    }
    return {
        "time": {"fps": rate, "ms_per_s": 1000.0 / slowdown},
        "show": {"as": "flash", "rest": REST},
        "populations": populations,
        "only_named": True,
        "devices": [plain(dict(one)) for one in recording.devices.values()],
        "camera": {
            "elevation": plot.elevation,
            "azimuth": plot.seen_from,
            "up": "-z" if plot.invert_z else "z",
        },
        "background": list(plot.background),
        "light": False,
        "legend": True,
        "axes": plot.axes,
        "resolution": f"{plot.size[0]}x{plot.size[1]}",
        "engine": "plot",
    }


def write(recording: Recording, plot: Plot, slowdown: float, folder: Path) -> Path:
    """Writes a recording into a folder, and says which file is the scene.

    Raises:
        ValueError: there is nothing to show, or it cannot be shown.
        OSError: the folder cannot be written to.
    """
    if not len(recording):
        raise ValueError("nothing was simulated: run the simulation first, then make the video")
    from ..circuit import Spikes

    scene = described(recording, plot, slowdown)
    dt, frames = recording.dt_ms, len(recording)
    # What is seen at a frame is what spiked in the interval before its time.
    scene["time"] |= {"start_ms": dt, "stop_ms": frames * dt}
    places: dict[str, NDArray[np.float32]] = {}
    trains: dict[str, tuple[Any, Any]] = {}
    rows: dict[str, NDArray[np.int64]] = {}
    for at, group in enumerate(recording.groups):
        kept = inside(group.positions, plot)
        rows[group.name] = np.where(kept, np.cumsum(kept) - 1, -1)
        places[f"group{at}"] = group.positions[kept]
        scene["populations"][group.name]["positions"] = f"cells.npz:group{at}"
        cells, times = recording.trains(at)
        seen = kept[cells]
        trains[group.name] = (rows[group.name][cells[seen]], times[seen])
    np.savez(folder / "cells.npz", **places)
    if any(len(times) for _, times in trains.values()):
        Spikes(trains).write(folder / "spikes.h5")
        scene["results"] = ["spikes.h5"]
    else:
        scene["show"] = {"as": "rest"}
    for at, device in enumerate(scene["devices"]):
        _add_values(device, recording, folder / f"device{at}.npy")
        for roi in device.get("rois", ()):
            cells = rows[roi["population"]][roi["cells"]]
            roi["cells"] = cells[cells >= 0].tolist()
    path = folder / "network.json"
    path.write_text(json.dumps(scene, indent=1), encoding="utf-8")
    return path


def frames_a_second(dt_ms: float, slowdown: float) -> float:
    """How fast pictures of intervals follow each other.

    Raises:
        ValueError: faster than 1000 a second, or slower than one.
    """
    if not slowdown > 0:
        raise ValueError(f"slowdown_factor must be more than 0, not {slowdown}")
    rate = 1000.0 / (dt_ms * slowdown)
    if not 1.0 <= rate <= 1000.0:
        what = "more" if rate > 1000 else "less"
        remedy = "greater" if rate > 1000 else "smaller"
        raise ValueError(
            f"dt of {dt_ms:g} ms with slowdown_factor={slowdown:g} are {rate:g} frames a second, "
            f"{what} than videos have: take a {remedy} dt or slowdown_factor"
        )
    return round(rate, 6)


def inside(positions: "NDArray[np.float32]", plot: Plot) -> "NDArray[np.bool_]":
    """Which cells are drawn."""
    kept: NDArray[np.bool_] = np.ones(len(positions), bool)
    # Axis by axis: along rows of three numbers numpy takes many times longer.
    for places, limits in zip(positions.T, plot.limits, strict=True):
        kept &= np.isfinite(places)
        if limits is not None:
            kept &= (places >= limits[0]) & (places <= limits[1])
    return kept


def span(recording: Recording, plot: Plot) -> float:
    """The longest side of what is seen, µm."""
    places = [group.positions for group in recording.groups]
    kept = [inside(one, plot) for one in places]
    seen = [one if some.all() else one[some] for one, some in zip(places, kept, strict=True)]
    seen = [one for one in seen if len(one)]
    longest = _TWENTY_MICRONS
    for axis, limits in enumerate(plot.limits):
        if limits is not None:
            longest = max(longest, limits[1] - limits[0])
        elif seen:
            low = min(one[:, axis].min() for one in seen)
            longest = max(longest, float(max(one[:, axis].max() for one in seen) - low))
    return longest


def _add_values(device: dict[str, Any], recording: Recording, file: Path) -> None:
    rows = recording.series(device["name"]) if device["kind"] == "light" else None
    if rows is None:
        return
    np.save(file, rows)
    dt = recording.dt_ms
    device["values"] = {"file": file.name, "dt_ms": dt, "start_ms": dt}
