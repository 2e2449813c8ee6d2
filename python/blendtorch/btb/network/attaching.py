"""What a saved file shows of networks, attached again: activity plays, devices and legends follow.

Owns which files are opened for that, and what is said where one is gone or has changed: then cells
stay at rest. It must never change what is declared, nor where anything is.
"""

import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from ... import circuit
from . import activity, animating, bake_nodes, extras, kept, marked, plays, plotted, points, sources
from .arrays import ArrayNetwork
from .population import AS_OBJECTS, BlenderPopulation, Style


def attach(scene: Any) -> list[str]:
    """Lets the networks of a scene play again, after its file was opened; again, it changes
    nothing.

    Returns: what is to be said: files that are gone or have changed, results that do not fit.
    """
    told: list[str] = []
    with _heard(told):
        for root in marked.networks(scene):
            told += _Attached(scene, root).told
        activity.adapt(scene)
        activity.show(scene)
    return list(dict.fromkeys(told))


def redraw(scene: Any) -> list[str]:
    """Draws what is beside cells again where it was drawn for another engine; what is to be
    said."""
    told: list[str] = []
    with _heard(told):
        for root in marked.networks(scene):
            if root.get(extras.ENGINE) not in (None, plotted.engine_of(scene)):
                told += _Attached(scene, root, plays=False).told
    return list(dict.fromkeys(told))


@contextmanager
def _heard(told: list[str]) -> Iterator[None]:
    """What is warned of meanwhile is told."""
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        yield
    told += kept.said(heard)


class _Attached:
    """One network."""

    def __init__(self, scene: Any, root: Any, plays: bool = True) -> None:
        self._scene, self._root = scene, root
        self._said = kept.read(root, kept.NETWORK)
        self._source: Any = None
        self.told = kept.changed(self._said)
        self._populations = {
            str(one.get(marked.NAME)): self._population(one) for one in marked.populations(root)
        }
        if plays:
            self._play_all()
        self._draw_extras()

    def _population(self, collection: Any) -> BlenderPopulation:
        """A population of what the file has of it."""
        name = str(collection.get(marked.NAME))
        style = Style(**kept.read(collection, kept.STYLE))
        as_objects = bool(collection.get(AS_OBJECTS))
        found = marked.objects(collection, "points")
        arrays: dict[str, Any] = {"positions": []}
        if found and not as_objects:
            arrays = {
                "positions": points.places(found[0]),
                "ids": points.get(found[0], "cell_id"),
                "radii": points.get(found[0], "radius"),
            }
        if label := collection.get(kept.LABEL):
            arrays["display_name"] = label
        if (color := collection.get(kept.COLOR)) is not None:
            arrays["color"] = [float(one) for one in color]
        source = ArrayNetwork({name: arrays}).population(name)
        made = BlenderPopulation(source, collection, style, as_objects)
        made.find()
        return made

    def _play_all(self) -> None:
        for name, population in self._populations.items():
            collection = population.collection
            play = kept.read(collection, kept.PLAY)
            if not play or population.as_objects or bake_nodes.of(collection) is not None:
                continue  # Nothing plays, or its keys are in the file.
            if population.object is None:
                continue
            self.told += kept.changed(play)
            if play.get("lost"):
                self.told.append(f"{name}: the .blend does not keep {play['lost']}: cells rest")
                continue
            try:
                self._play(name, population, play)
            except (OSError, ValueError, KeyError, TypeError) as error:
                self.told.append(f"{name} stays at rest: {error}")

    def _play(self, name: str, population: BlenderPopulation, play: Mapping[str, Any]) -> None:
        line, said = circuit.Timeline(**play["time"]), dict(play["show"])
        if said["as"] == "report":
            said["report"] = str(kept.place(said["report"]))
        spikes = kept.spikes(population.collection)
        if spikes is None:
            spikes = self._spikes(name, population, play)
        colors = plays.Colors.of(play.get("colors"))
        animating.play(
            self._scene, {name: population}, said, line, {name: spikes}, colors,
            last=play.get("last"),
        )  # fmt: skip

    def _spikes(self, name: str, population: BlenderPopulation, play: Mapping[str, Any]) -> Any:
        if not play.get("results"):
            return None
        made: sources.Taken | None = None
        for path in play["results"]:
            taken, _, notes = sources.take(
                str(kept.place(path)), self.source, {name: (population, None)}, play.get("group")
            )
            self.told += notes
            made = sources.joined(made, taken[name])
        return None if made is None else (made.index, made.times)

    @property
    def source(self) -> Any:
        """The network; opened when it is needed."""
        if self._source is None:
            path = self._said.get("network")
            if path:
                self._source = circuit.CellNetwork(kept.place(path))
            else:
                arrays = {
                    name: {"positions": one.positions, "ids": one.ids}
                    for name, one in self._populations.items()
                }
                self._source = ArrayNetwork(arrays)
        return self._source

    def _draw_extras(self) -> None:
        said = self._said.get("description")
        if not said:
            return
        line = circuit.Timeline(**self._said["time"])
        said = {**said, "devices": [_there(one) for one in said["devices"]]}
        try:
            source = self.source if said["morphologies"] else None
            made = extras.draw(self._scene, self._root, source, self._populations, said, line)
            self.told += made.told
        except (OSError, ValueError, KeyError) as error:
            self.told.append(f"what is beside the cells does not follow frames: {error}")


def _there(device: Mapping[str, Any]) -> dict[str, Any]:
    """A device whose file is looked for where it is now."""
    values = device.get("values")
    if isinstance(values, Mapping):
        values = {**values, "file": str(kept.place(values["file"]))}
    return {**device, "values": values}
