"""What is drawn beside cells: devices, branches of cells, a box with ticks, a legend.

Owns which part is given what, and that all of them follow the frame. How each is drawn its own
module knows.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from . import activity, plotted, reading
from .looks import Look

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ... import circuit
    from .population import BlenderPopulation


MEASURED = "blendtorch_measured"
"""On a population's collection: what a bar of its colours is the scale of."""


ENGINE = "blendtorch_engine"
"""On a network's collection: the engine that devices were drawn for."""


@dataclass
class Extras:
    """What is drawn beside cells; None and nothing where it is not asked for."""

    devices: Any = None
    branches: list[Any] = field(default_factory=list)
    axes: Any = None
    legend: Any = None
    told: list[str] = field(default_factory=list)
    """What is to be said."""


def draw(
    scene: Any,
    root: Any,
    source: Any,
    populations: "Mapping[str, BlenderPopulation]",
    said: Mapping[str, Any],
    line: "circuit.Timeline",
) -> Extras:
    """Draws what a description asks for beside cells, in place of what was drawn before.

    Args:
        scene: with a camera.
        root: the network's collection.
        source: the network; None where no morphologies are asked for.
        populations: those that are drawn.
        said: the description.
        line: which time a frame shows.

    Raises:
        ValueError: a part cannot be as it is described.
    """
    activity.forget_followers(root)
    root[ENGINE] = plotted.engine_of(scene)
    made = Extras()
    made.devices = _devices(scene, root, populations, said, line)
    made.branches, made.told = _branches(scene, root, source, populations, said, line)
    made.axes = _axes(scene, root, populations, said)
    made.legend = _legend(scene, root, populations, said, line)
    for follower in (made.devices, *made.branches, made.legend):
        if follower is not None:
            activity.follow(root, follower)
    if made.axes is not None:  # Where the camera is then.
        activity.follow(root, made.axes, after=True)
    return made


def values_of(population: "BlenderPopulation") -> "NDArray[np.float32] | None":
    """The activity of a population now, 0 at the lowest that its look shows and 1 at the highest;
    None where it has none."""
    if population.as_objects or activity.playing(population.object) is None:
        return None
    look = population.look
    span = (look.high - look.low) if look.way in ("map", "glow") else 1.0
    low = look.low if look.way in ("map", "glow") else 0.0
    values = (population.activity - np.float32(low)) / np.float32(span or 1.0)
    return np.clip(values, 0.0, 1.0)


def _devices(scene: Any, root: Any, populations: Any, said: Any, line: Any) -> Any:
    from . import devices, parts

    if not said["devices"]:
        _remove(root, devices.COLLECTION, parts)
        return None

    def where(name: str, cells: Any) -> tuple[Any, Any]:
        if name not in populations:
            there = ", ".join(populations)
            raise ValueError(f"a microscope sees cells of {name!r}: there are only {there}")
        one = populations[name]
        rows = np.asarray(cells, np.int64)
        if len(rows) and not (rows.min() >= 0 and rows.max() < len(one)):
            raise ValueError(f"a microscope sees cell {rows.max()} of {name!r}, of {len(one)}")
        radii = np.full(len(one), one.radius) if one.as_objects else one.radii
        return one.shown_locations()[rows], radii[rows]

    def activity_of(name: str) -> "NDArray[np.float32] | None":
        return values_of(populations[name]) if name in populations else None

    return devices.draw(
        scene, root, said["devices"], line, where=where, read=reading.of_series,
        activity=activity_of,
    )  # fmt: skip


def _branches(
    scene: Any, root: Any, source: Any, populations: Any, said: Any, line: Any
) -> tuple[list[Any], list[str]]:
    from ... import circuit
    from . import morphologies, parts
    from .morphology_reports import compartments_of

    wanted = said["morphologies"]
    drawn: list[Any] = []
    told: list[str] = []
    if not wanted:
        _remove(root, morphologies.COLLECTION, parts)
        return drawn, told
    if not hasattr(source, "morphology"):
        return drawn, ["the network has no morphologies: they are not drawn"]
    morphologies.keep(root, list(wanted))
    for name, cells in wanted.items():
        if name not in populations:
            raise ValueError(f"morphologies of {name!r} are asked for: it is not drawn")
        one = populations[name]
        look = one.look
        bar = _bar(look) if look.way == "map" else None

        def values(_: float, of: Any = one) -> "NDArray[np.float32] | None":
            if of.as_objects or activity.playing(of.object) is None:
                return None
            if of.look.way == "map":
                return np.asarray(of.activity)
            return values_of(of)

        how: dict[str, Any] = {"color": one.color, "bar": bar, "values": values}
        playing = None if one.as_objects else activity.playing(one.object)
        if isinstance(playing, circuit.Traces):
            rows = range(len(one)) if isinstance(cells, str) else cells
            found = compartments_of(playing, rows)
            if found is not None:
                how |= {"values": playing.row, "compartments": found}
        made = morphologies.draw(scene, root, source, name, cells, **how)
        told += [str(problem) for problem in made.problems]
        drawn.append(made)
    return drawn, told


def _axes(scene: Any, root: Any, populations: Any, said: Any) -> Any:
    from . import axes, parts

    low, high = box(populations, said["devices"], said["axes"])
    if low is None or high is None:
        _remove(root, axes.COLLECTION, parts)
        return None
    camera = said["camera"]
    up = camera.get("up", "z") if isinstance(camera, Mapping) else "z"
    return axes.draw(scene, root, low, high, up=up)


def _legend(scene: Any, root: Any, populations: Any, said: Any, line: Any) -> Any:
    from . import legend, parts

    if not said["legend"]:
        _remove(root, legend.COLLECTION, parts)
        return None
    shown = {name: one for name, one in populations.items() if not one.style.hidden}
    mapped = [(name, one) for name, one in shown.items() if one.look.way == "map"]
    named = [(one.label, one.color) for one in shown.values() if one.look.way != "map"]
    bar = None
    scopes = [one for one in said["devices"] if one["kind"] == "scope" and one["rois"]]
    if scopes and not mapped:
        from .device_scopes import fluorescence

        least, most = scopes[0].get("range") or (0.0, 1.0)
        kinds = {str(one.collection.get(MEASURED, "")) for one in shown.values()}
        bar = fluorescence(least, most, "ΔF/F" if "ΔF/F" in kinds else "activity")
    if mapped:
        bar = _bar(mapped[0][1].look, str(mapped[0][1].collection.get(MEASURED, "")))
    low, high = bounds(populations)
    target = [0.0, 0.0, 0.0] if low is None or high is None else list((low + high) / 2)
    moving = any(one.look.way != "plain" for one in shown.values())
    says = legend.Says(bar=bar, populations=named, time=moving, scale=True, target=tuple(target))
    return legend.draw(scene, root, says, line)


def bounds(populations: Any, devices: Any = ()) -> "tuple[Any, Any]":
    """The least and the largest coordinates of all cells, and of where devices are; None where
    there are no cells."""
    low, high = np.full(3, np.inf), np.full(3, -np.inf)
    for one in populations.values():
        at = one.shown_locations()
        at = at[np.isfinite(at).all(1)] if len(at) else at
        if len(at):
            low = np.minimum(low, at.min(0) - one.largest)
            high = np.maximum(high, at.max(0) + one.largest)
    if not np.isfinite(low).all():
        return None, None
    for device in devices:
        at = np.asarray(device.get("coords") or [device.get("location")], np.float64)
        low, high = np.minimum(low, at.min(0)), np.maximum(high, at.max(0))
    return low, high


def box(populations: Any, devices: Any, axes: "bool | Mapping[str, Any]") -> "tuple[Any, Any]":
    """The least and the largest coordinates of the box with ticks: around all that there is, and
    where limits are said, from one to the other. None where there is no box."""
    low, high = bounds(populations, devices) if axes else (None, None)
    if low is not None and high is not None and isinstance(axes, Mapping):
        for at, name in enumerate("xyz"):
            if limits := axes.get(name):
                low[at], high[at] = limits
    return low, high


def seen_box(
    populations: Any, said: Mapping[str, Any]
) -> "list[tuple[NDArray[np.float32], float]]":
    """The corners of a description's box, with room for its numbers, as what a camera is to see."""
    low, high = box(populations, said["devices"], said["axes"])
    if low is None or high is None:
        return []
    corners = np.array([[x, y, z] for x in (0, 1) for y in (0, 1) for z in (0, 1)], np.float32)
    at = (low + corners * (high - low)).astype(np.float32)
    return [(at, float(np.max(high - low)) * 0.3)]


def _bar(look: Look, label: str = "") -> Any:
    from ... import circuit
    from . import legend

    return legend.ColorBar(circuit.color_map(look.map or "viridis"), look.low, look.high, label)


def _remove(root: Any, name: str, parts: Any) -> None:
    for child in list(root.children):
        if child.get(parts.PART) == name:
            parts.keep(child, [])
