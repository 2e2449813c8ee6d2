"""Devices in the scene: lights, electrodes, microscopes, as Cleo draws them, and what they see.

Owns which device is drawn how, that to draw again re-applies what is declared, and the values at a
frame. It must never know where values come from, nor what a cell's activity is.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from . import part_materials, parts, plotted
from .device_lights import Light
from .device_scopes import Probe, Scope, Where
from .device_values import Read, Values, values_of

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

KINDS = ("light", "probe", "scope")
COLLECTION = "devices"
DARK = 0.2
"""On ground that is less light, contacts are light."""
Activity = Callable[[str], "NDArray[np.float32] | None"]
"""The activity of a population's cells at the frame that is drawn; None where it has none."""
Device = Light | Probe | Scope


def draw(
    scene: Any,
    root: Any,
    devices: Sequence[Mapping[str, Any]],
    timeline: Any = None,
    *,
    where: Where | None = None,
    read: Read | None = None,
    activity: Activity | None = None,
) -> "Devices":
    """Draws devices into the collection `devices` of `root`; what it drew before is replaced.

        {"kind": "light", "name": "fibers", "model": "fiber", "coords": [[0, 0, 0]],
         "direction": [0, 0, 1], "wavelength_nm": 473, "max_value": 5.0,
         "values": [[4.2], [5.0]], "values_ms": [0.0, 50.0]}
        {"kind": "probe", "coords": [[50, 50, 50], [50, 50, 90]]}
        {"kind": "scope", "location": [0, 0, 0], "direction": [0, 0, 1], "focus_depth": 150,
         "img_width": 300, "rois": [["exc", 3], ["exc", 17]]}

    Lengths are µm. In EEVEE and plots a light is a cloud of see-through points, in Cycles a beam
    that looks like it, in Workbench octahedra in classes of transmittance: draw again where the
    engine was changed.

    Args:
        scene: whose engine and ground say how.
        root: a collection of it.
        devices: as above. Without a `name` one is called by its kind, numbered if there are more.
        timeline: whose `ms(frame)` is the simulated time; without it a frame is a millisecond.
        where: places and radii of cells, for `rois`.
        read: reads `values` that are in a file.
        activity: what regions glow with.

    Raises:
        ValueError: a device is not one of the above; its name is in the message.
    """
    owner = parts.collection(root, COLLECTION)
    engine = plotted.engine_of(scene)
    plain = engine == "WORKBENCH"
    named = _named(devices)
    size, dark = _size(named), part_materials.ground(scene) < DARK
    drawn: dict[str, Device] = {}
    for device in named:
        kind = device["kind"]
        if kind == "light":
            drawn[device["name"]] = Light(owner, device, engine)
        elif kind == "probe":
            drawn[device["name"]] = Probe(owner, device, size, dark, plain)
        else:
            drawn[device["name"]] = Scope(owner, device, where, plain)
    parts.keep(owner, (part for one in drawn.values() for part in one.parts))
    if engine == "CYCLES" and any(isinstance(o, Light) for o in drawn.values()):
        # A ray passes more points of a cloud, or cells in a beam, than Cycles follows by itself,
        # and may end at any of them after the first few: black pixels, at one sample.
        for name, least in (("transparent_max_bounces", 128), ("min_transparent_bounces", 64)):
            setattr(scene.cycles, name, max(getattr(scene.cycles, name), least))
    values = {one["name"]: values_of(one, read) for one in named}
    for name, given in values.items():
        light = drawn[name]
        if given is not None and isinstance(light, Light):
            light.opacities(given.at(0.0))  # Says what is wrong with them now, not at each frame.
    return Devices(drawn, values, timeline, activity)


class Devices:
    """Devices that are drawn; `update` shows them at a frame."""

    def __init__(
        self,
        drawn: dict[str, Device],
        values: dict[str, Values | None],
        timeline: Any,
        activity: Activity | None,
    ) -> None:
        """As `draw` makes it."""
        self._drawn, self._values = drawn, values
        self._timeline, self._activity = timeline, activity
        self._live: set[str] = set()

    @property
    def names(self) -> list[str]:
        """What they are called."""
        return list(self._drawn)

    def set(self, name: str, values: "ArrayLike | None") -> None:
        """Shows values of a device that come from now on and not from its declaration; KeyError
        names those there are."""
        if name not in self._drawn:
            raise KeyError(f"no device {name!r}; there are {', '.join(self._drawn) or 'none'}")
        self._drawn[name].set(values)
        self._live.add(name)

    def update(self, frame: float) -> None:
        """Shows the declared values and the regions' activity at a frame."""
        ms = frame if self._timeline is None else self._timeline.ms(frame)
        activity: dict[str, Any] = {}
        for name, device in self._drawn.items():
            if name in self._live:
                continue
            if isinstance(device, Scope) and self._activity is not None and device.rois:
                for population in {one for one, _ in device.rois} - set(activity):
                    activity[population] = self._activity(population)
                device.set([_value(activity[one], index) for one, index in device.rois])
                continue
            values = self._values[name]
            if values is not None:
                device.set(values.at(ms))


def _value(values: Any, index: int) -> float:
    return 0.0 if values is None or not 0 <= index < len(values) else float(values[index])


def _named(devices: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    named: list[dict[str, Any]] = []
    taken = [str(one["name"]) for one in devices if one.get("name")]
    twice = sorted({name for name in taken if taken.count(name) > 1})
    if twice:
        raise ValueError(f"two devices are called {twice[0]!r}")
    for device in devices:
        kind = device.get("kind")
        if kind not in KINDS:
            raise ValueError(f"a device's kind is {kind!r}: there are {', '.join(KINDS)}")
        name, number = device.get("name") or kind, 1
        while not device.get("name") and name in taken:
            number += 1
            name = f"{kind} {number}"
        taken.append(str(name))
        named.append({**device, "name": str(name)})
    return named


def _size(devices: Sequence[Mapping[str, Any]]) -> float:
    """The length of a contact's cross: a third of what neighbours are apart, or 20 µm alone."""
    steps = [20.0]
    for device in devices:
        if device["kind"] == "probe":
            apart = np.diff(np.asarray(device.get("coords") or [], float).reshape(-1, 3), axis=0)
            lengths = np.linalg.norm(apart, axis=1)
            steps += (lengths[lengths > 0] / 3).tolist()
    return float(np.median(steps[1:] or steps))
