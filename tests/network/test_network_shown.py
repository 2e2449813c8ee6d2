"""What each key of a description does to the scene."""

from pathlib import Path
from typing import Any

import pytest
from support.networks import PRELUDE, reported_once
from support.runtimes import Runtime

SCRIPT = (
    PRELUDE
    + """
scene = bpy.context.scene
out = {}
def show(**more): return network.show(plain(**more))
def positions(made): return [at for one in made.populations.values() if not one.style.hidden
                             for at in one.shown_locations().tolist()]
def numbers(values): return [round(one, 4) for one in values]
def outside(made):
    bpy.context.view_layer.update()
    seen = [world_to_camera_view(scene, scene.camera, Vector(at)) for at in positions(made)]
    return sum(not (0 < x < 1 and 0 < y < 1 and z > 0) for x, y, z in seen)
# Time.
show(results=SPIKES, time={"fps": 29.97, "ms_per_s": 50, "stop_ms": 40})
out["time"] = [scene.frame_start, scene.frame_end, scene.render.fps / scene.render.fps_base]
# Settings of the scene.
made = show(engine="cycles", resolution="64x48", samples=3, background="#ff8000", name="mine")
out["settings"] = [scene.render.engine, scene.render.resolution_x, scene.render.resolution_y,
                   scene.render.resolution_percentage, scene.cycles.samples,
                   numbers(scene.world.node_tree.nodes["Background"].inputs[0].default_value),
                   sorted(one.name for one in scene.collection.children)]
def lights(): return [o.name for o in scene.objects if o.type == "LIGHT"]
out["sun"] = [lights()]
show(name="mine", light=False)
out["sun"].append(lights())
for one in list(scene.collection.children): bpy.data.collections.remove(one)
# Populations.
made = show(populations={"golgi_cell": {"color": [0, 1, 0], "radius": 20, "opacity": 0.5},
                         "stellate_cell": {"hidden": True}})
golgi = made.populations["golgi_cell"]
out["style"] = [golgi.colors[0].tolist(), golgi.radii.tolist()[:2],
                made.populations["stellate_cell"].collection.hide_render,
                made.populations["granule_cell"].collection.hide_render]
made = show(populations={"golgi_cell": {}}, only_named=True)
out["only named"] = [list(made.populations),
                     [o.name.partition(".")[0] for o in scene.objects if o.type == "MESH"],
                     made.populations["golgi_cell"].radii.tolist()[:1]]
out["unknown"] = error_of(lambda: show(populations={"golgi": {}}))
# Ways of showing, at 27 ms: golgi cells spike at 26 and 25 ms.
ways = {}
for how in ({"as": "pulsar", "floor": 0.1}, {"as": "flash", "duration_ms": 4},
            {"as": "decay", "tau_ms": 5}, {"as": "indicator"}, {"as": "rest"}):
    made = show(results=SPIKES, show=how, populations={"golgi_cell": {}}, only_named=True)
    scene.frame_set(65)
    values = made.populations["golgi_cell"].activity
    ways[how["as"]] = [round(float(values.min()), 4), round(float(values.max()), 4),
                       made.populations["golgi_cell"].look.way]
out["ways"] = ways
# As objects: the same values by keys.
made = show(results=SPIKES, show={"as": "decay"}, populations={"golgi_cell": {}}, only_named=True)
scene.frame_set(65)
values = made.populations["golgi_cell"].activity.copy()
made = show(results=SPIKES, show={"as": "decay"}, populations={"golgi_cell": {}}, only_named=True,
            draw_as="objects")
scene.frame_set(65)
keyed = [cell.object.color[0] for cell in made.populations["golgi_cell"].cells]
out["keyed"] = [float(np.abs(values - keyed).max()), float(max(keyed))]
# The BSB's v8, with spikes of Neo's.
made = show(network=folder + "/v8.hdf5", results=folder + "/v8.nio", show={"as": "pulsar"})
scene.frame_set(40)
out["v8"] = {name: [len(one), round(float(one.activity.max()), 2)]
             for name, one in made.populations.items()}
# A light is drawn again for another engine.
light = {"kind": "light", "coords": [[100, 100, 0]], "values": [1.0], "max_value": 2.0}
made = show(devices=[light])
def drawn():
    devices = [one for one in made.root.children if one.get("blendtorch_part") == "devices"][0]
    return sorted(one.name.partition(".")[0] for one in devices.objects)
out["engines"] = [drawn()]
scene.render.engine = "CYCLES"
network.settle(scene)
out["engines"].append(drawn())
# A colour map: its colours are in the picture, also in Cycles.
out["mapped"] = {}
for engine in ("workbench", "cycles"):
    made = show(results=SPIKES, show={"as": "decay"},
                colors={"map": "viridis", "low": 0, "high": 1}, engine=engine,
                populations={"golgi_cell": {"radius": 12}}, only_named=True)
    scene.frame_set(65)
    golgi = made.populations["golgi_cell"]
    picture = seen(engine)
    ids = network.cell_ids(scene)
    colors = circuit.colorize(golgi.activity, 0, 1, "viridis")[:, :3]
    errors = []
    for row in range(30):
        pixels = ids.of("golgi_cell", row)
        if pixels.sum() > 12:
            errors.append(float(np.abs(np.median(picture[pixels], 0) - colors[row]).max()))
    out["mapped"][engine] = [len(errors), sorted(errors)[-1]]
# Cameras.
out["cameras"] = {}
for name, view in {
    "auto": "auto", "angle": {"elevation": 10, "azimuth": 200},
    "below": {"elevation": -80, "azimuth": 0},
    "down": {"elevation": 30, "azimuth": -60, "up": "-z"},
    "target": {"elevation": 30, "azimuth": 30, "target": [0, 0, 0]},
    "flat": {"elevation": 90, "azimuth": -90, "orthographic": True}}.items():
    made = show(camera=view)
    out["cameras"][name] = outside(made)
show(camera={"location": [0, -500, 0], "look_at": [0, 0, 0], "lens": 24})
def pose():
    "Where the camera is, where it looks to, and what is up for it."
    at, turn, _ = scene.camera.matrix_world.decompose()
    return [[round(one, 3) for one in values]
            for values in (at, turn @ Vector((0, 0, -1)), turn @ Vector((0, 1, 0)))]
out["place"] = [*pose(), scene.camera.data.lens]
show(camera={"elevation": 0, "azimuth": 0, "distance": 700, "target": [1, 2, 3], "up": "-z"})
out["distance"] = pose()
# What is beside cells.
made = show(legend=True, axes=True, glare=True, devices=[
    {"kind": "light", "coords": [[100, 100, 0]], "values": [1.0], "max_value": 2.0},
    {"kind": "scope", "location": [100, 100, 0], "focus_depth": 80, "img_width": 100,
     "rois": [{"population": "golgi_cell", "cells": [0, 3]}]}])
root = made.root
out["beside"] = [sorted(one.name for one in root.children if one.objects), made.devices.names,
                 made.legend is not None, made.axes is not None]
for obj in [one for of in root.children for one in of.objects]: bpy.data.objects.remove(obj)
scene.frame_set(12)
out["deleted"] = scene.frame_current
made = show()
out["alone"] = [sorted(one.name for one in root.children if one.objects), made.devices, made.legend]
# A report: each cell's value is the report's, and cells without one are said.
cells = {"a": {"positions": [[0, 0, 0], [40, 0, 0], [0, 40, 0]], "radius": 8}}
out["inline"] = [len(network.show({"populations": cells, "resolution": "64x48"}).populations["a"])]
np.savez(folder + "/cells.npz", exc=np.random.default_rng(0).normal(0, 50, (25, 3)))
made = network.show({"populations": {"exc": {"positions": folder + "/cells.npz:exc"}},
                     "resolution": "64x48", "show": {"as": "flash"}, "draw_as": "mesh"})
out["npz"] = [len(made.populations["exc"]), made.populations["exc"].look.way, made.warnings]
made.populations["exc"].activity = np.linspace(0, 1, 25)
scene.frame_set(3)
out["by hand"] = made.populations["exc"].activity.tolist()[-1]
gone = {"populations": {"exc": {"positions": folder + "/cells.npz:inh"}}}
out["no array"] = error_of(lambda: network.show(gone))
report(**out)
"""
)


@pytest.fixture
def made(runtime: Runtime, tmp_path: Path) -> dict[str, Any]:
    """What the descriptions made, in each Blender once."""
    return reported_once(runtime, SCRIPT, tmp_path)


def test_time_sets_frames_and_their_rate(made: dict[str, Any]) -> None:
    start, end, fps = made["time"]
    assert (start, end) == (0, 24) and fps == pytest.approx(29.97, abs=1e-4)


def test_settings_of_the_scene(made: dict[str, Any]) -> None:
    orange = [1.0, 0.2159, 0.0, 1.0]
    assert made["settings"] == ["CYCLES", 64, 48, 100, 3, orange, ["mine", "net"]]
    assert made["sun"] == [["BSB Solar"], []]


def test_populations_have_their_style_and_lose_it_again(made: dict[str, Any]) -> None:
    assert made["style"] == [[0, 1, 0, 0.5], [20, 20], True, False]
    assert made["only named"] == [["golgi_cell"], ["golgi_cell"], [8]]
    assert "golgi_cell" in made["unknown"]


def test_activity_is_shown_in_each_way(made: dict[str, Any]) -> None:
    ways = made["ways"]
    assert ways["pulsar"][0] == pytest.approx(0.1) and ways["pulsar"][2] == "pulsar"
    assert ways["flash"] == [0, 1, "flash"]
    assert 0 < ways["decay"][1] <= 1 and ways["decay"][2] == "glow"
    assert ways["indicator"][1] > 0 and ways["indicator"][2] == "glow"
    assert ways["rest"] == [0, 0, "plain"]


def test_cells_as_objects_have_the_same_values(made: dict[str, Any]) -> None:
    assert made["keyed"][0] < 1e-5 < made["keyed"][1]


def test_networks_of_the_bsbs_later_versions(made: dict[str, Any]) -> None:
    assert {name: one[0] for name, one in made["v8"].items()} == {
        "golgi_cell": 30,
        "granule_cell": 419,
        "stellate_cell": 50,
    }
    assert max(one[1] for one in made["v8"].values()) > 0.9


def test_devices_are_drawn_again_for_another_engine(made: dict[str, Any]) -> None:
    before, after = made["engines"]
    assert before and after and before != after


def test_a_colour_map_is_in_the_picture(made: dict[str, Any]) -> None:
    for engine, (cells, worst) in made["mapped"].items():
        # Blender's ramps have 32 stops of the map's 256.
        assert cells > 5 and worst < 0.02, engine


def test_cameras_see_all_cells(made: dict[str, Any]) -> None:
    assert made["cameras"] == dict.fromkeys(made["cameras"], 0)


def test_a_camera_is_put_where_it_is_said(made: dict[str, Any]) -> None:
    assert made["place"] == [[0, -500, 0], [0, 1, 0], [0, 0, 1], 24]
    assert made["distance"] == [[701, 2, 3], [-1, 0, 0], [0, 0, -1]]


def test_what_is_beside_cells_comes_and_goes(made: dict[str, Any]) -> None:
    parts, devices, legend, axes = made["beside"]
    assert [one for one in parts if one in ("axes", "devices", "legend")] == [
        "axes",
        "devices",
        "legend",
    ]
    assert devices == ["light", "scope"] and legend and axes
    assert not [one for one in made["alone"][0] if one in ("axes", "devices", "legend")]
    assert made["alone"][1:] == [None, None] and made["deleted"] == 12


def test_networks_of_arrays(made: dict[str, Any]) -> None:
    assert made["inline"] == [3] and made["npz"] == [25, "flash", []]
    assert made["by hand"] == 1
    assert "no array 'inh'" in made["no array"] and "exc" in made["no array"]
