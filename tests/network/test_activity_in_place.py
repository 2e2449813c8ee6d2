"""Activity that is reckoned in Blender's own memory: the values are those of an array that is set,
others who have had the array keep it, and where it cannot be, an array is set."""

from pathlib import Path
from typing import Any

import pytest
from support.circuits import GOLDEN
from support.networks import PRELUDE, reported_once
from support.runtimes import Runtime

SCRIPT = (
    PRELUDE
    + f"REPORT = {str(GOLDEN / 'b_ei_exp/expected/v.h5')!r}"
    + """
from blendtorch.btb.network import activity, in_place, points
scene = bpy.context.scene
out = {"works": in_place.works()}
CELLS = 700
net = network.from_arrays({"exc": np.random.default_rng(1).normal(0, 99, (CELLS, 3))})
net.blend(scene, "net")
net.load_populations(draw_as="mesh")
exc = net.get_population("exc")
random = np.random.default_rng(2)
# Nothing from 60 ms on.
spikes = circuit.SpikeIndex(CELLS, random.integers(0, CELLS, 900), random.uniform(0, 60, 900))
line = circuit.Timeline()
kinds = {"pulsar": circuit.Pulsar(spikes, line), "flash": circuit.Flash(spikes, line),
         "decay": circuit.Decay(spikes, line),
         "indicator": circuit.Indicator(spikes, line, noise=0.1)}
FRAMES = (0, 40, 41.5, 12, 400, 41, 139)
def shown(): return points.get(exc.object, "activity")
def evaluated():
    "The points come first."
    found = exc.object.evaluated_get(bpy.context.evaluated_depsgraph_get()).data
    values = np.empty(len(found.vertices), np.float32)
    found.attributes["activity"].data.foreach_get("value", values)
    return values[:CELLS]
def apart():
    "How far what is shown is from what it is, in each kind, over frames in any order."
    worst = {}
    for name, kind in kinds.items():
        activity.play(exc.object, kind)
        worst[name] = 0.0
        for frame in FRAMES:
            scene.frame_set(int(frame), subframe=frame % 1)
            right = kind.values(frame)
            for values in (shown(), evaluated()):
                worst[name] = max(worst[name], float(np.abs(values - right).max()))
    return worst
fills, asked = [], circuit.Activity.fill
circuit.Activity.fill = lambda self, *more: fills.append(self.kind) or asked(self, *more)
out["in place"] = [apart(), len(fills)]
# What others wrote is written over.
activity.play(exc.object, kinds["pulsar"])
scene.frame_set(40)
exc.activity = np.full(CELLS, 9, np.float32)
scene.frame_set(41)
out["by hand"] = bool((shown() == kinds["pulsar"].values(41)).all())
# Who has had the array keeps it: a copy, and what is evaluated, until it is evaluated again.
copy, before = exc.object.data.copy(), shown()
activity.show(scene, 47)
kept = np.empty(CELLS, np.float32)
copy.attributes["activity"].data.foreach_get("value", kept)
out["others"] = [bool((shown() != before).any()), bool((kept == before).all())]
scene.frame_set(47)
out["others"].append(bool((evaluated() == kinds["pulsar"].values(47)).all()))
bpy.data.meshes.remove(copy)
# A copy of the object keeps its values; the first one plays on.
other = exc.object.copy()
other.data = exc.object.data.copy()
scene.collection.objects.link(other)
scene.frame_set(50)
out["copied"] = [bool((shown() == kinds["pulsar"].values(50)).all()),
                 bool((points.get(other, "activity") == kinds["pulsar"].values(47)).all())]
bpy.data.objects.remove(other)
# A file has cells at rest, and who saved it goes on.
values = shown()
bpy.ops.wm.save_as_mainfile(filepath=folder + "/kept.blend", copy=True)
out["saved"] = bool((shown() == values).all())
with bpy.data.libraries.load(folder + "/kept.blend") as (there, into):
    into.meshes = [name for name in there.meshes if name == exc.object.data.name]
rest = np.empty(CELLS, np.float32)
into.meshes[0].attributes["activity"].data.foreach_get("value", rest)
out["at rest"] = sorted(set(rest.round(4).tolist()))
bpy.data.meshes.remove(into.meshes[0])
# Where no cell does anything, then and now, nothing is written, nor evaluated.
activity.play(exc.object, kinds["flash"])
scene.frame_set(300)
exc.activity = np.full(CELLS, 5, np.float32)
scene.frame_set(301)
out["dark"] = [float(shown()[0])]
scene.frame_set(41)
scene.frame_set(302)
out["dark"].append(float(shown()[0]))
# An attribute that somebody has made another one.
activity.play(exc.object, kinds["pulsar"])
attributes = exc.object.data.attributes
attributes.remove(attributes["activity"])
attributes.new("activity", "FLOAT_VECTOR", "POINT")
out["another"] = in_place.memory(exc.object.data, "activity", CELLS) is None
attributes.remove(attributes["activity"])
attributes.new("activity", "FLOAT", "POINT")
scene.frame_set(44)
out["anew"] = bool((shown() == kinds["pulsar"].values(44)).all())
out["other length"] = in_place.memory(exc.object.data, "activity", CELLS - 1) is None
# A report is read from a file: the attribute's memory is not asked for.
asked_for, true_memory = [], in_place.memory
in_place.memory = lambda *more: asked_for.append(more) or true_memory(*more)
traces = circuit.Traces(REPORT, "cortex", line, cells=CELLS)
activity.play(exc.object, traces)
for frame in (3, 40):
    scene.frame_set(frame)
out["report"] = [bool((shown() == traces.values(40)).all()), len(asked_for)]
in_place.memory = true_memory
# Where the trial fails, an array is set: another address, that of a copy of the values, or none.
def wrong(mesh, attribute, count):
    return np.zeros(count, np.float32)
def a_copy(mesh, attribute, count):
    values = np.empty(count, np.float32)
    mesh.attributes[attribute].data.foreach_get("value", values)
    return values
out["fails"] = []
for broken in (wrong, a_copy, lambda *_: None):
    in_place.memory, in_place._works = broken, None
    out["fails"].append(in_place.works())
del fills[:]
worst = apart()
out["by array"] = [worst, len(fills)]
in_place.memory, in_place._works = true_memory, None
circuit.Activity.fill = asked  # Other tests' scripts run in this Blender.
out["tried"] = [one.name for one in bpy.data.meshes if "tries" in one.name]
report(**out)
"""
)


@pytest.fixture
def made(runtime: Runtime, tmp_path: Path) -> dict[str, Any]:
    """What came of it, in each Blender once."""
    return reported_once(runtime, SCRIPT, tmp_path)


def test_values_are_written_in_place_and_exact(made: dict[str, Any]) -> None:
    worst, arrays = made["in place"]
    assert made["works"] and arrays == 0
    assert set(worst.values()) == {0}


def test_what_somebody_set_by_hand_is_shown_until_the_next_frame(made: dict[str, Any]) -> None:
    assert made["by hand"]


def test_whoever_has_had_the_array_keeps_it(made: dict[str, Any]) -> None:
    assert made["others"] == [True, True, True] and made["copied"] == [True, True]


def test_a_file_has_cells_at_rest_and_who_saves_it_goes_on(made: dict[str, Any]) -> None:
    assert made["saved"] and made["at rest"] == [pytest.approx(0.3)]


def test_frames_without_activity_write_nothing(made: dict[str, Any]) -> None:
    assert made["dark"] == [5, 0]


def test_an_attribute_that_is_another_one_is_not_written_in_place(made: dict[str, Any]) -> None:
    assert made["another"] and made["other length"] and made["anew"]


def test_a_report_is_written_by_an_array(made: dict[str, Any]) -> None:
    assert made["report"] == [True, 0]


def test_where_it_cannot_be_an_array_is_set(made: dict[str, Any]) -> None:
    worst, arrays = made["by array"]
    assert made["fails"] == [False, False, False] and made["tried"] == []
    assert arrays == 28 and set(worst.values()) == {0}
