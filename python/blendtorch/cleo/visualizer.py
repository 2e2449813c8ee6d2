"""Cleo's VideoVisualizer: a device that is injected, keeps what a video shows, and publishes it.

Owns when in a simulation's step that is looked at, and when what was seen is taken. A snapshot is a
slice of what Brian2's monitors have and a copy of what devices are set to; nothing is done cell by
cell, and nothing is drawn.
"""

import time
import warnings
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import brian2 as b2
import numpy as np
from attrs import define, field
from cleo.base import InterfaceDevice

from .. import ending
from ..circuit.live import LiveSender, Policy, Targets
from . import devices as cleo_devices
from . import scene
from .animation import Animation
from .plot import plot_of, unknown_of_figure
from .recording import Group, Recording

if TYPE_CHECKING:
    from numpy.typing import NDArray

_LAST = 1_000_000
"""In its step a snapshot comes after whatever sets devices: Cleo's processor is at order 0."""
_NONE = np.zeros(0, np.uint32)
_CLOSE = 1e-6
"""Times nearer than this part of an interval are the same."""
_TOGETHER, _LATEST = 0.05, 0.25
"""So many seconds of the simulation's processor time intervals wait for each other where it does
not wait for who sees them, and so many on the clock at most: what is done now and then, between
other things, costs ten times what it costs in a row."""


class _Snapshots(b2.NetworkOperation):
    """Brian2's step of a visualizer; it also hears when a run begins and ends."""

    def __init__(self, owner: "VideoVisualizer", **kwargs: Any) -> None:
        super().__init__(owner._step, **kwargs)
        self._owner = owner

    def before_run(self, run_namespace: Any) -> None:
        super().before_run(run_namespace)
        self._owner._begin()

    def after_run(self) -> None:
        super().after_run()
        self._owner._look()
        self._owner._settle()


@define(eq=False)
class VideoVisualizer(InterfaceDevice):
    """Keeps what a video of the simulation shows, and lets Blenders draw it while it runs.

        vv = VideoVisualizer(dt=1 * b2.ms, devices="all")
        sim.inject(vv, exc, inh)

    It is injected after all other devices, as Cleo's.
    """

    devices: Any = field(factory=list)
    """Devices that are shown, or pairs of one and what Cleo's plot is told of it; "all" are those
    that are injected by then."""

    dt: Any = 1 * b2.ms
    """How long an interval, and so a frame, is."""

    publish: Targets | None = field(default=None, kw_only=True)
    """Where Blenders draw it meanwhile: addresses, or a launch info (docs/live.md)."""

    policy: Policy = field(default="drop", kw_only=True)
    """Whether the simulation waits for them: "drop" or "slow"."""

    window: int = field(default=4, kw_only=True)
    """How many intervals they may be behind where it does."""

    await_viewers: float = field(default=0.0, kw_only=True)
    """How many seconds the first run waits, at most, until they are all there."""

    plotargs: Mapping[str, Any] = field(factory=dict, kw_only=True)
    """What they are told of how it is plotted; as `generate_Animation` takes it."""

    slowdown_factor: float = field(default=10, kw_only=True)
    """The same."""

    neuron_groups: list[Any] = field(init=False, factory=list)
    _spiked: list[tuple[Any, Any]] = field(init=False, factory=list, repr=False)
    """Which cells have spiked until now, and when, of each group."""
    _seen: list[int] = field(init=False, factory=list, repr=False)
    _recording: Recording | None = field(init=False, default=None, repr=False)
    _sender: LiveSender | None = field(init=False, default=None, repr=False)
    _names: dict[str, Any] = field(init=False, factory=dict, repr=False)
    _lights: list[tuple[str, Any, int]] = field(init=False, factory=list, repr=False)
    _seconds: float = field(init=False, default=0.0, repr=False)
    _start: float | None = field(init=False, default=None, repr=False)
    _values: list[Any] = field(init=False, factory=list, repr=False)
    """What the lights are set to in the interval that goes on. A device is given a new value, and
    its value no new content: a reference is enough."""
    _over: list[tuple[float, float, list[Any]]] = field(init=False, factory=list, repr=False)
    """Intervals that are over and not taken yet: begin, end, the values at the begin."""
    _due: tuple[float, float, float] = field(init=False, default=(0.0, 0.0, 0.0), repr=False)
    """When they are: not before, and at the latest, on the clock, and by processor time."""

    def init_for_simulator(self, simulator: Any) -> None:
        """Adds the step that takes snapshots."""
        if isinstance(self.devices, str) and self.devices != "all":
            raise ValueError(f'devices is {self.devices!r}; give "all", or a list of devices')
        if isinstance(self.devices, str):
            self.devices = [*simulator.recorders.values(), *simulator.stimulators.values()]
        self._names = dict(_named(self.devices))
        some = ((name, one, cleo_devices.sources(one)) for name, one in self._names.items())
        self._lights = [light for light in some if light[2]]
        self._seconds = float(self.dt)
        step = _Snapshots(self, dt=self.dt, when="start", order=_LAST, name="blendtorch_video*")
        simulator.network.add(step)

    def connect_to_neuron_group(self, neuron_group: Any, **kwparams: Any) -> None:
        """Shows one more group, and counts its spikes from now on."""
        for axis in "xyz":
            if not hasattr(neuron_group, axis):
                raise ValueError(
                    f"{neuron_group.name} has no {axis}: assign coordinates before it is shown, "
                    "as with cleo.coords"
                )
        self.neuron_groups.append(neuron_group)
        monitor = b2.SpikeMonitor(neuron_group)
        # Without a copy, and without Brian2's units.
        self._spiked.append((monitor.variables["i"].get_value, monitor.variables["t"].get_value))
        self._seen.append(0)
        self.brian_objects.add(monitor)

    def reset(self, **kwargs: Any) -> None:
        """Forgets what was recorded, with the simulator's `reset`."""
        self._close(("interrupted", None))
        self._recording, self._start, self._over = None, None, []
        self._seen = [0] * len(self._spiked)

    @property
    def recording(self) -> Recording:
        """What was recorded until now, which needs neither Brian2 nor Cleo."""
        self._settle()
        return self._recorded()

    @property
    def counts(self) -> list[dict[str, Any]]:
        """What is counted of each Blender that draws meanwhile."""
        return [] if self._sender is None else self._sender.counts()

    def generate_Animation(  # noqa: N802 - Cleo's name
        self, plotargs: Mapping[str, Any], slowdown_factor: float = 10, **figargs: Any
    ) -> Animation:
        """The video of what was recorded; it is drawn when it is saved or shown.

        Args:
            plotargs: as of `cleo.viz.plot`: `colors`, `xlim`, `ylim`, `zlim`, `axis_scale_unit`,
                `invert_z`, `scatterargs`, of which the marker's area `s` counts.
            slowdown_factor: how much slower than the simulated time it is.
            **figargs: `figsize`, `dpi`, `facecolor` as of a figure.

        Raises:
            TypeError: an argument that is not known.
            ValueError: nothing was simulated, or an argument cannot be.
        """
        if unknown := unknown_of_figure(figargs):
            text = f"{', '.join(unknown)} of the figure has no meaning where Blender draws"
            warnings.warn(text, stacklevel=2)
        plot = plot_of(plotargs, figargs, len(self.neuron_groups))
        recording = self.recording
        for name, device, _ in self._lights:
            most = cleo_devices.brightest(device, recording.series(name))
            recording.devices[name]["max_value"] = most
        self.close()
        return Animation(recording, plot, float(slowdown_factor))

    def close(self) -> None:
        """Tells Blenders that draw meanwhile that this was all. `generate_Animation` does, and the
        process when it ends."""
        self._close(ending.FINISHED)

    def _close(self, end: ending.End) -> None:
        if self._sender is not None:
            self._sender._close(end)
            self._sender = None

    def _recorded(self) -> Recording:
        if self._recording is None:
            groups = [Group(one.name, _places(one)) for one in self.neuron_groups]
            cells = {group.name: len(group) for group in groups}
            shown = {
                name: keys
                for name, device in self._names.items()
                if (keys := cleo_devices.described(device, name, cells)) is not None
            }
            self._recording = Recording(groups, self._seconds * 1e3, shown)
        return self._recording

    def _begin(self) -> None:
        """A run begins: at the end of the one before, or, after a restore, earlier."""
        recording, now = self._recorded(), float(self.sim.network.t_)
        if self._start is not None and now < self._start - _CLOSE * self._seconds:
            recording.cut(self._number(now))
            self._seen = [len(indices()) for indices, _ in self._spiked]
            self._start, self._over = None, []
        if self._start is None:
            self._start, self._values = now, self._set_now()
        if self.publish is not None and self._sender is None:
            plot = plot_of(self.plotargs, {}, len(self.neuron_groups))
            places = {group.name: group.positions for group in recording.groups}
            for name, device, _ in self._lights:
                recording.devices[name]["max_value"] = cleo_devices.brightest(device, None)
            self._sender = LiveSender(
                self.publish,
                places,
                description=scene.described(recording, plot, self.slowdown_factor),
                devices={name: len(one) for name, one in self._arrays(self._values).items()},
                policy=self.policy,
                window=self.window,
                await_viewers=self.await_viewers,
                before_close=self._settle,
            )

    def _step(self) -> None:
        """Brian2's step at k·dt: the interval before it is over, the next one begins."""
        self._look()
        self._values = self._set_now()

    def _look(self) -> None:
        """What was simulated since the last look is over."""
        now, start = float(self.sim.network.t_), self._start
        if start is None or now - start < _CLOSE * self._seconds:
            return
        self._over.append((start, now, self._values))
        self._start = now
        if self._sender is not None:
            earliest, latest, used = self._due
            clock = time.monotonic()
            if clock >= earliest and (clock >= latest or time.thread_time() >= used):
                self._settle()

    def _settle(self) -> None:
        """Takes what spiked in the intervals that are over, keeps and publishes it."""
        over, self._over = self._over, []
        if not over or self._recording is None:
            return
        stops = np.array([stop for _, stop, _ in over]) - _CLOSE * self._seconds
        spikes = [self._taken(at, stops) for at in range(len(self._spiked))]
        names, told = [group.name for group in self._recording.groups], []
        for at, (start, stop, set_then) in enumerate(over):
            number, some = self._number(start), [one[at] for one in spikes]
            values = self._arrays(set_then)
            self._recording.put(some, values, number)
            by_name = {name: one for name, one in zip(names, some, strict=True) if len(one)}
            told.append(((number, start * 1e3, stop * 1e3), by_name, values))
        if self._sender is not None:
            self._sender._send_all(told)
            if self.policy == "drop":
                clock, used = time.monotonic(), time.thread_time()
                self._due = (clock + _TOGETHER, clock + _LATEST, used + _TOGETHER)

    def _taken(self, at: int, stops: "NDArray[np.float64]") -> "Sequence[NDArray[np.uint32]]":
        """Which cells of a group spiked before each of the times, and after the one before."""
        indices, times = self._spiked[at]
        found, seen = indices(), self._seen[at]
        if len(found) == seen:
            return [_NONE] * len(stops)
        new = found[seen:].astype(np.uint32)
        ends = np.searchsorted(times()[seen:], stops).tolist()
        self._seen[at] = seen + ends[-1]
        return [new[a:b] for a, b in pairwise([0, *ends])]

    def _number(self, at: float) -> int:
        """The interval that a time is in."""
        return int(at / self._seconds + _CLOSE)

    def _set_now(self) -> list[Any]:
        return [device.value for _, device, _ in self._lights]

    def _arrays(self, values: list[Any]) -> "dict[str, NDArray[np.float32]]":
        lights = zip(self._lights, values, strict=True)
        return {name: cleo_devices.values(one, count) for (name, _, count), one in lights}


def _named(given: Iterable[Any]) -> Iterable[tuple[str, Any]]:
    for one in given:
        device = one[0] if isinstance(one, tuple) else one
        if not isinstance(device, InterfaceDevice):
            raise TypeError(f"a device, or a pair of a device and a dict, and not {one!r}")
        yield device.name, device


def _places(group: Any) -> Any:
    """Where its cells are, µm."""
    places = np.empty((len(group), 3), np.float32)
    for at, axis in enumerate("xyz"):
        places[:, at] = np.asarray(getattr(group, axis)[:], float) * 1e6
    return places
