"""`network.animate`: what cells do, on the frames of a scene.

    network.animate.pulsar(results, cells)                       as the BSB's module shows spikes
    network.animate.show("decay", results, cells, tau_ms=50)     flash, decay, indicator
    network.animate.show("report", cells=cells, report="v.h5")   a recorded variable

Owns which cells of which populations are meant, and the frames of the scene. It must never draw.
"""

import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ... import circuit
from . import activity, bake_nodes, extras, glare, kept, objects, plays, sources, timeline
from .cells import Cell, Cells
from .population import BlenderPopulation

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .blended import BlenderNetwork

Rows = "dict[str, tuple[BlenderPopulation, NDArray[Any] | None]]"


class Animate:
    """What the cells of a network do."""

    def __init__(self, network: "BlenderNetwork") -> None:
        """Of a network."""
        self._network = network
        self._ends: dict[str, float] = {}
        self._before: dict[str, _Part] = {}

    def pulsar(
        self,
        results: Any,
        cells: Any = None,
        fps: float = 60,
        ms_per_s: float = 25,
        spike_duration: float = 5,
        afterburn: float = 30,
        listener: Any = "devnull",
        **more: Any,
    ) -> None:
        """Shows spikes as light that comes and goes; sets fps, the range of frames and the glare.

        Args:
            results: a path, `circuit.Results`, a group of h5py, or a dict of `str(cell id)` to an
                array whose column 1 has ms.
            cells: cells, populations, or a dict of those; by default all that are loaded.
            fps: frames a second of the video.
            ms_per_s: simulated ms in a second of the video.
            spike_duration: how long a spike is lit, simulated ms.
            afterburn: how long the light fades at the end, simulated ms.
            listener: hears what happens: a callable, or the name of one of the network's.
            more: `start_ms`, the time of frame 0; `floor`, the value at rest; `glare`, whether
                bright cells glow (they do).
        """
        known = {"start_ms", "floor", "glare"}
        for name in sorted(set(more) - known):
            warnings.warn(f"pulsar has no argument {name!r}", RuntimeWarning, stacklevel=2)
        said = {"spike_duration": float(spike_duration), "afterburn": float(afterburn)}
        if more.get("floor") is not None:
            said["floor"] = float(more["floor"])
        line = _line(fps, ms_per_s, more.get("start_ms", 0.0))
        heard = self._listener(listener)
        self._play(plays.declared("pulsar", said), results, cells, line, None, heard)
        if more.get("glare", True):
            glare.ensure(self._network.scene)

    def show(
        self,
        kind: str,
        results: Any = None,
        cells: Any = None,
        *,
        fps: float = 60,
        ms_per_s: float = 25,
        start_ms: float = 0.0,
        colors: Any = None,
        **settings: Any,
    ) -> None:
        """Shows activity in one of our ways; sets fps and the range of frames.

        Args:
            kind: `pulsar`, `flash`, `decay`, `indicator` (of spikes), `report`, or `rest`.
            results: as `pulsar` takes them; a report has none.
            cells: as `pulsar` takes them.
            fps: frames a second of the video.
            ms_per_s: simulated ms in a second of the video.
            start_ms: the simulated time of frame 0.
            colors: the name of a colour map, or a dict of `map`, `low` and `high`.
            settings: those of the kind: docs/network-scenes.md has them.
        """
        said = plays.declared(kind, settings)
        if kind in plays.OF_SPIKES and results is None:
            raise ValueError(f"{kind} shows spikes: where are they? Give results")
        self._play(said, results, cells, _line(fps, ms_per_s, start_ms), colors, None)

    def stop(self, cells: Any = None) -> None:
        """Ends what plays; cells are at rest then."""
        for tag, (population, _) in self._rows(cells).items():
            put_to_rest(population, self._network.scene)
            kept.forget_play(population.collection)
            self._ends.pop(tag, None)
            self._before.pop(tag, None)

    def _play(
        self,
        said: dict[str, Any],
        results: Any,
        cells: Any,
        line: circuit.Timeline,
        colors: Any,
        heard: Any,
    ) -> None:
        network = self._network
        scene, rows = network.scene, self._rows(cells)
        if not rows:
            _say("no cells were given: nothing is animated")
            return
        taken: dict[str, sources.Taken] = {}
        origin = sources.Origin()
        if said["as"] in plays.OF_SPIKES:
            taken, origin, notes = sources.take(results, network.source, rows)
            for note in sources.summary(taken, notes):
                _say(note)
            taken = {
                tag: self._with_others(tag, said, line, rows, one) for tag, one in taken.items()
            }
        populations = {tag: population for tag, (population, _) in rows.items()}
        spikes = {tag: (one.index, one.times) for tag, one in taken.items()}
        chosen = {
            tag: _Chosen(some, self._before[tag].rows if tag in taken else some)
            for tag, (_, some) in rows.items()
        }
        ends = play(scene, populations, said, line, spikes, plays.Colors.of(colors), chosen)
        for tag, population in populations.items():
            kept.note_play(population, said, line, colors, origin, spikes.get(tag))
            if heard is not None:
                heard(f"{tag}: {said['as']} of {len(spikes.get(tag, ((), ()))[0])} spikes")
        self._ends.update(ends)
        last = max(self._ends.values(), default=None)
        timeline.set_range(scene, line.fps, last)
        kept.note_time(network.root, line)
        activity.show(scene)

    def _with_others(
        self, tag: str, said: dict[str, Any], line: circuit.Timeline, rows: Any, one: Any
    ) -> sources.Taken:
        """The spikes of cells, and those that other cells of the population were shown with in the
        same way before: a script may animate some after others."""
        population, some = rows[tag]
        own = np.arange(len(population)) if some is None else some
        before = self._before.get(tag)
        part = _Part(dict(said), line, population, one, own)
        if (
            before is not None
            and (before.said, before.line) == (part.said, line)
            and before.population is population
        ):
            others = ~np.isin(before.taken.index, own)
            earlier = replace(
                before.taken, index=before.taken.index[others], times=before.taken.times[others]
            )
            part.taken = sources.joined(earlier, one)
            part.rows = np.union1d(before.rows, own)
        self._before[tag] = part
        return part.taken

    def _listener(self, listener: Any) -> Any:
        if callable(listener):
            return listener
        found = getattr(self._network, str(listener), None)
        if not callable(found):
            raise ValueError(f"the network has no listener {listener!r}: devnull, print_debug")
        return found

    def _rows(self, cells: Any) -> Any:
        if cells is None:
            cells = self._network.populations
        return rows_of(cells)


@dataclass
class _Part:
    """What some cells of a population were last shown with."""

    said: dict[str, Any]
    line: circuit.Timeline
    population: BlenderPopulation
    taken: sources.Taken
    rows: "NDArray[Any]"


@dataclass
class _Chosen:
    """Which rows of a population are meant; None is all."""

    rows: Any
    playing: Any
    """Those, and the ones that were shown in the same way before."""


def play(
    scene: Any,
    populations: Mapping[str, BlenderPopulation],
    said: Mapping[str, Any],
    line: circuit.Timeline,
    spikes: Mapping[str, Any],
    colors: plays.Colors | None,
    chosen: "Mapping[str, _Chosen] | None" = None,
    last: float | None = None,
) -> dict[str, float]:
    """Lets populations show an activity; the last frame of each where something says it.

    All of them fade together at the end of a pulsar, from the frame `last` on if that is given.
    What they have played before ends, baked keys too.
    """
    made = {
        tag: plays.activity(said, tag, one.ids, line, spikes.get(tag), last)
        for tag, one in populations.items()
    }
    if said["as"] == "pulsar" and last is None:
        last = max(float(one.last_change) for one in made.values())
        made = {tag: one if one.last == last else one.ending(last) for tag, one in made.items()}
    ends: dict[str, float] = {}
    for tag, one in made.items():
        population = populations[tag]
        bake_nodes.forget(population.collection)
        population.last = last if said["as"] == "pulsar" else None
        population.dress(scene, plays.look(said, one, colors))
        population.collection[extras.MEASURED] = plays.measured(said, one)
        ended = plays.end(one, said, line, spikes.get(tag))
        if ended is not None:
            ends[tag] = ended
        for note in plays.notes(one):
            _say(f"{tag}: {note}")
        if one is None:
            put_to_rest(population, scene)
        elif said["as"] in plays.OF_SPIKES and spikes.get(tag) is None:
            _wait(population, one)
        elif population.as_objects:
            _key_objects(population, one, (chosen or {}).get(tag), ended)
        else:
            activity.play(population.object, one)
    return ends


def _wait(population: BlenderPopulation, one: Any) -> None:
    """Where there are no spikes, cells look as if there were none yet; somebody sets values."""
    if population.as_objects:
        objects.rest(_objects(population), float(one.rest(0.0)))
    else:
        activity.stop(population.object)
        population.activity = np.full(len(population), one.rest(0.0), np.float32)


def put_to_rest(population: BlenderPopulation, scene: Any) -> None:
    """Ends what a population plays, baked keys too."""
    bake_nodes.forget(population.collection)
    if population.as_objects:
        objects.rest(_objects(population), 1.0)
    else:
        activity.stop(population.object)
        population.activity = np.zeros(len(population), np.float32)
    population.dress(scene, plays.look({"as": "rest"}, None, None))


def rows_of(cells: Any) -> Any:
    """The populations of cells by their names, each with the rows that are meant, or None for all.

    Raises:
        TypeError: they are no cells of ours.
    """
    if isinstance(cells, BlenderPopulation | Cell | Cells):
        cells = [cells]
    elif isinstance(cells, Mapping):
        cells = cells.values()
    elif not isinstance(cells, Iterable):
        raise TypeError(f"cells must be cells, populations or a dict of them, not {cells!r}")
    found: dict[int, tuple[BlenderPopulation, list[int] | None]] = {}
    for one in cells:
        if isinstance(one, Cell):
            rows: Any = (one.index,)
            population = one.population
        elif isinstance(one, BlenderPopulation):
            rows, population = one.rows, one
        elif isinstance(one, Cells):
            rows, population = one.rows, one.population
        else:
            raise TypeError(
                f"{one!r} is no cell: take cells from network.get_populations(), as "
                "itertools.chain(*(p.cells for p in populations.values()))"
            )
        there = found.setdefault(id(population), (population, []))[1]
        if there is not None:
            there.extend(rows)
    made: dict[str, tuple[BlenderPopulation, Any]] = {}
    for population, there in found.values():
        rows = np.unique(np.asarray(there, np.int64))
        made[population.name] = (population, None if len(rows) == len(population) else rows)
    return made


def _objects(population: BlenderPopulation) -> Iterable[Any]:
    return objects.by_id(population.collection).values()


def _key_objects(
    population: BlenderPopulation, one: Any, chosen: _Chosen | None, ended: float | None
) -> None:
    rows: Any = population.rows
    if chosen is not None and chosen.rows is not None:
        rows = chosen.rows
        others = np.setdiff1d(np.asarray(population.rows), chosen.playing)
        found = (population.object_of(int(row)) for row in others)
        objects.rest((obj for obj in found if obj is not None), float(one.rest(0.0)))
    if hasattr(one, "keys"):
        for row in rows:
            obj = population.object_of(int(row))
            if obj is not None:
                objects.key(obj, zip(*one.keys(int(row)), strict=True))
        return
    from . import sampled

    keys = sampled.keys(one, 0, int(np.ceil(ended or 0.0)))
    for row in rows:
        obj = population.object_of(int(row))
        if obj is not None:
            objects.key(obj, keys[int(row)], "LINEAR")


def _line(fps: Any, ms_per_s: Any, start_ms: Any) -> circuit.Timeline:
    return circuit.Timeline(float(fps), float(ms_per_s), float(start_ms or 0.0))


def _say(text: str) -> None:
    warnings.warn(text, RuntimeWarning, stacklevel=4)
