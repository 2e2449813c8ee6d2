"""`show`: the scene that a description describes, whole.

Owns the order in which it is made, and which key of the description does what. It must never read
a file's format, nor draw.
"""

import os
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import bpy

from ... import circuit
from .. import screen
from . import (
    activity,
    animating,
    camera,
    extras,
    glare,
    kept,
    marked,
    plays,
    plotted,
    reading,
    removed,
    sources,
    timeline,
    views,
)
from .arrays import ArrayNetwork
from .blended import BlenderNetwork
from .population import BlenderPopulation


class Network:
    """A network as a scene."""

    def __init__(
        self,
        network: BlenderNetwork,
        timeline: circuit.Timeline,
        beside: extras.Extras,
        told: list[str],
    ) -> None:
        """What `show` has made."""
        self.network = network
        self.timeline = timeline
        self.devices, self.legend, self.axes = beside.devices, beside.legend, beside.axes
        self.warnings: list[str] = told
        """What is to be said: spikes of unknown cells, cells without a place, …"""

    @property
    def scene(self) -> Any:
        """Where it is."""
        return self.network.scene

    @property
    def populations(self) -> dict[str, BlenderPopulation]:
        """By their names."""
        return self.network.populations

    @property
    def root(self) -> Any:
        """The collection that has all of it."""
        return self.network.root

    def __repr__(self) -> str:
        return repr(self.network)


def show(description: str | os.PathLike[str] | Mapping[str, Any], scene: Any = None) -> Network:
    """Makes the scene of a description; again, it makes what is missing and sets what is declared.

    Args:
        description: the path of a `network.json`, or what would stand in one.
        scene: where; the current one.

    Raises:
        FileNotFoundError: a file of it is gone.
        ValueError: it cannot be.
    """
    said = description
    if not isinstance(said, circuit.Description):
        said = circuit.scene_description(said)
    scene = scene or bpy.context.scene
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        network, line, beside = _made(scene, said)
    told = kept.said(heard)
    kept.note_description(network.root, dict(said))
    return Network(network, line, beside, told)


def _made(
    scene: Any, said: Mapping[str, Any]
) -> tuple[BlenderNetwork, circuit.Timeline, extras.Extras]:
    source = source_of(said)
    for text in source.warnings:
        _say(text)
    _set_up(scene, said)
    network = BlenderNetwork(source)
    name = said["name"] or (Path(said["network"]).stem if said["network"] else "network")
    network.blend(scene, name, lit=said["light"])
    _populate(network, said)
    line = line_of(said)
    _animate(scene, network, said, line)
    eye = camera.ensure(scene, network.root)
    scene.camera = eye
    shown = [one for one in network.populations.values() if not one.style.hidden]
    if not any(len(one) for one in shown):
        _say("no cell is shown: populations are hidden, left out by `only_named`, or empty")
    seen = [(one.shown_locations(), one.largest) for one in shown]
    seen += extras.seen_box(network.populations, said)
    views.apply(scene, eye, said["camera"], seen)
    if said["glare"]:
        glare.ensure(scene)
    else:
        glare.remove(scene)
    scene.frame_set(scene.frame_start)
    beside = extras.draw(scene, network.root, source, network.populations, said, line)
    for text in beside.told:
        _say(text)
    activity.show(scene)
    return network, line, beside


def source_of(said: Mapping[str, Any]) -> Any:
    """The network of a description: that of its file, or of the arrays in it."""
    styles = said["populations"]
    if said["network"] is not None:
        return circuit.CellNetwork(said["network"])
    arrays: dict[str, Any] = {}
    for name, style in styles.items():
        given = style["positions"]
        arrays[name] = reading.named(given) if isinstance(given, str) else given
    return ArrayNetwork(arrays)


def line_of(said: Mapping[str, Any]) -> circuit.Timeline:
    """Which time a frame shows."""
    time = said["time"]
    return circuit.Timeline(time["fps"], time["ms_per_s"], time["start_ms"])


def _set_up(scene: Any, said: Mapping[str, Any]) -> None:
    """Resolution, engine, samples, and what is behind everything."""
    render = scene.render
    if said["resolution"] is not None:
        width, height = (int(one) for one in said["resolution"].split("x"))
        render.resolution_x, render.resolution_y = width, height
        render.resolution_percentage = 100
    if said["engine"] is not None:
        plotted.choose(scene, said["engine"].upper())
    if said["samples"] is not None:
        if hasattr(scene, "cycles"):
            scene.cycles.samples = said["samples"]
            # On in a new file; it takes fifty times as long as a sample of cells does.
            scene.cycles.use_denoising = False
        scene.eevee.taa_render_samples = said["samples"]
    if hasattr(scene, "cycles"):
        # It smears words and clouds of points, and takes longer than all the rest.
        scene.cycles.use_denoising = False
    # Colours are those that are declared, not those of a film.
    scene.view_settings.view_transform = "Standard"
    world = scene.world
    if world is None or world.get(marked.ROLE) != "world":
        world = marked.mark(bpy.data.worlds.new("network"), "world", "network")
        scene.world = world
    color = screen.linear(said["background"])[:3]
    world.color = color.tolist()
    if not world.use_nodes:
        world.use_nodes = True
    ground = world.node_tree.nodes.get("Background")
    if ground is not None:
        ground.inputs["Color"].default_value = (*color.tolist(), 1.0)


def _populate(network: BlenderNetwork, said: Mapping[str, Any]) -> None:
    styles, there = said["populations"], network.names
    for name in styles:
        if name not in network.source.names:
            network.source.population(name)  # Says which there are.
    wanted = [name for name in there if name in styles or not said["only_named"]]
    for collection in marked.populations(network.root):
        if collection.get(marked.NAME) not in wanted:
            removed.population(collection)
    for name in wanted:
        style = dict(styles.get(name) or {})
        draw_as = style.get("draw_as") or said["draw_as"]
        keys = ("color", "opacity", "radius")
        given: dict[str, Any] = {key: style[key] for key in keys if style.get(key) is not None}
        network.get_population(
            name,
            draw_as="auto" if draw_as == "objects" else draw_as,
            as_objects=draw_as == "objects",
            hidden=bool(style.get("hidden")),
            look=False,
            **given,
        )


def _animate(
    scene: Any, network: BlenderNetwork, said: Mapping[str, Any], line: circuit.Timeline
) -> None:
    populations, styles = network.populations, said["populations"]
    rows = {name: (one, None) for name, one in populations.items()}
    results = _results(said, network, rows)
    usual = said["show"] or {"as": "pulsar" if said["results"] else "rest"}
    # Those that are shown alike are shown together.
    alike: dict[str, tuple[Any, Any, list[str]]] = {}
    for name in populations:
        style = styles.get(name) or {}
        how, colors = style.get("show") or usual, style.get("colors") or said["colors"]
        alike.setdefault(repr((how, colors)), (how, colors, []))[2].append(name)
    ends: dict[str, float] = {}
    for how, colors, names in alike.values():
        some = {name: populations[name] for name in names}
        spikes = {name: (results[name].index, results[name].times) for name in names if results}
        drawn = plays.Colors.of(colors)
        ends |= animating.play(scene, some, how, line, spikes, drawn)
        for name in names:
            origin = sources.Origin([Path(one) for one in said["results"]], said["results_group"])
            kept.note_play(populations[name], how, line, colors, origin, spikes.get(name))
    stop = said["time"]["stop_ms"]
    last = line.frame(stop) if stop is not None else max(ends.values(), default=None)
    timeline.set_range(scene, line.fps, last)
    kept.note_time(network.root, line)


def _results(said: Mapping[str, Any], network: BlenderNetwork, rows: Any) -> Any:
    made: dict[str, sources.Taken] = {}
    notes: list[str] = []
    for path in said["results"]:
        taken, _, more = sources.take(path, network.source, rows, said["results_group"])
        notes += more
        made = {name: sources.joined(made.get(name), one) for name, one in taken.items()}
    for note in sources.summary(made, notes):
        _say(note)
    return made


def _say(text: str) -> None:
    warnings.warn(text, RuntimeWarning, stacklevel=3)
