"""What our VideoVisualizer keeps, and what a video is made of: without Cleo, Brian2 or Blender."""

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from blendtorch.circuit import Spikes, scene_description
from blendtorch.cleo import Animation, Group, Plot, Recording
from blendtorch.cleo import devices as cleo_devices
from blendtorch.cleo.plot import color, plot_of
from blendtorch.cleo.scene import described

CELLS = np.array([[0, 0, 300], [500, 0, 310], [0, 800, 320], [0, 0, 900]], np.float32)
FIBERS = {
    "kind": "light",
    "name": "fibers",
    "model": {"model": "fiber"},
    "coords": [[0.0, 0.0, 0.0], [700.0, 0.0, 0.0]],
    "wavelength_nm": 473.0,
    "max_value": 5.0,
}


def recorded(intervals: int = 5) -> Recording:
    """Cell k % 4 spikes in interval k, cell 0 of `inh` in the last."""
    recording = Recording(
        [Group("exc", CELLS), Group("inh", CELLS[:1] + 5)], 1.0, {"fibers": dict(FIBERS)}
    )
    for k in range(intervals):
        inh = [0] if k == intervals - 1 else []
        recording.add([[k % 4], inh], {"fibers": [0.5 * k, 5.0]})
    return recording


def test_each_interval_is_a_frame_first_to_last(tmp_path: Path) -> None:
    recording = recorded()
    animation = Animation(recording, Plot(), slowdown=10)
    assert (animation.frames, animation.fps) == (5, 100.0)
    path = animation.describe(tmp_path)
    scene = scene_description(path)
    time = scene["time"]
    # What is seen at a frame's time is what happened in the interval before it.
    at = [time["start_ms"] + k * time["ms_per_s"] / time["fps"] for k in range(5)]
    assert at == [1.0, 2.0, 3.0, 4.0, 5.0] and time["stop_ms"] == 5.0
    spikes = Spikes.read(tmp_path / "spikes.h5")
    for k in range(5):
        inside = [
            (name, int(cell))
            for name, train in spikes.items()
            for cell in train.node_ids[(train.timestamps >= k) & (train.timestamps < k + 1)]
        ]
        expected = [("exc", k % 4), *([("inh", 0)] if k == 4 else [])]
        assert inside == expected, k
    (light,) = scene["devices"]
    rows = np.load(light["values"]["file"])
    np.testing.assert_array_equal(rows, [[0.5 * k, 5.0] for k in range(5)])
    assert (light["values"]["dt_ms"], light["values"]["start_ms"]) == (1.0, 1.0)


def test_cells_outside_the_limits_are_left_out_with_their_spikes(tmp_path: Path) -> None:
    recording = recorded()
    recording.devices["scope"] = {  # type: ignore[index]
        "kind": "scope", "name": "scope", "location": [0.0, 0.0, 0.0], "focus_depth": 100.0,
        "img_width": 200.0, "rois": [{"population": "exc", "cells": [1, 2, 3]}],
    }  # fmt: skip
    plot = Plot(limits=[None, (-100.0, 100.0), (0.0, 600.0)])
    path = Animation(recording, plot).describe(tmp_path)
    scene = scene_description(path)
    places = np.load(tmp_path / "cells.npz")
    np.testing.assert_array_equal(places["group0"], CELLS[[0, 1]])
    train = Spikes.read(tmp_path / "spikes.h5")["exc"]
    assert train.node_ids.tolist() == [0, 1, 0] and train.timestamps.tolist() == [0.5, 1.5, 4.5]
    scope = next(one for one in scene["devices"] if one["kind"] == "scope")
    assert scope["rois"] == [{"population": "exc", "cells": [1]}]


def test_the_box_around_the_cells_goes_to_the_limits_that_are_given() -> None:
    """It was drawn about the cells whatever they were."""
    axes = described(recorded(), Plot(limits=[None, (-100.0, 100.0), (0.0, 600.0)]))["axes"]
    assert axes == {"y": [-100.0, 100.0], "z": [0.0, 600.0]}
    assert described(recorded(), Plot())["axes"] is True


def test_the_plots_arguments_are_cleos() -> None:
    plot = plot_of(
        {
            "colors": ["#ff0000", (0.0, 0.5, 1.0)],
            "zlim": (0, 600),
            "axis_scale_unit": 1e-6,
            "invert_z": False,
            "scatterargs": {"s": 20},
        },
        {"figsize": (3.2, 2.41), "dpi": 100, "facecolor": "#000000"},
        2,
    )
    assert plot.limits == [None, None, (0.0, 600.0)]
    assert plot.colors == [(1.0, 0.0, 0.0, 1.0), (0.0, 0.5, 1.0, 1.0)]
    assert not plot.invert_z and plot.marker == 20.0
    assert plot.size == (320, 240) and plot.background == (0.0, 0.0, 0.0, 1.0)
    in_mm = plot_of({"zlim": (0, 0.6), "axis_scale_unit": 1e-3}, {"facecolor": "#fff000"}, 1)
    assert in_mm.limits[2] == (0.0, 600.0)
    # A marker of 20 pt² is 4.47 pt across; 2258 µm are about 180 pt of a figure of 640 pixels.
    assert Plot(marker=20.0).radius(2258.0) == pytest.approx(28.1, abs=0.1)
    assert color("#20406080")[3] == pytest.approx(128 / 255)


@pytest.mark.parametrize(
    ("plotargs", "error", "words"),
    [
        ({"color": ["r"]}, TypeError, "plotargs has 'color'"),
        ({"colors": ["#ff0000"]}, ValueError, "1 colors for 2 groups"),
        ({"xlim": (5, 5)}, ValueError, "xlim is from 5"),
        ({"colors": ["#ff0000", "no colour"]}, ValueError, "no colour"),
    ],
)
def test_arguments_that_cannot_be_are_said(
    plotargs: dict[str, object], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words.replace("(", "\\(")):
        plot_of(plotargs, {"facecolor": "#000000"}, 2)


def test_what_cannot_be_recorded_or_shown_is_said(tmp_path: Path) -> None:
    recording = recorded(1)
    with pytest.raises(IndexError, match="exc has no cell 4: it has 4"):
        recording.add([[4], []])
    with pytest.raises(IndexError, match="no cell -1"):
        recording.add([[-1], []])
    with pytest.raises(ValueError, match="whole numbers"):
        recording.add([[0.5], []])
    with pytest.raises(ValueError, match="spikes of 1 groups; there are 2"):
        recording.add([[0]])
    assert len(recording) == 1, "what cannot be leaves nothing"
    with pytest.raises(ValueError, match="two groups named 'exc'"):
        Recording([Group("exc", CELLS), Group("exc", CELLS)], 1.0)
    with pytest.raises(ValueError, match=r"cells, 3"):
        Group("exc", CELLS[:, :2])
    with pytest.raises(ValueError, match="nothing was simulated"):
        Animation(Recording([Group("exc", CELLS)], 1.0), Plot())
    with pytest.raises(ValueError, match="2000 frames a second"):
        Animation(recording, Plot(), slowdown=0.5)
    with pytest.raises(FileNotFoundError, match="there is no folder"):
        Animation(recording, Plot()).save(tmp_path / "nowhere/video.mp4")
    with pytest.raises(TypeError, match="'fsp'"):
        Animation(recording, Plot()).save(tmp_path / "video.mp4", fsp=3)


def test_intervals_that_were_left_out_are_empty_and_keep_the_light() -> None:
    recording = Recording([Group("exc", CELLS)], 1.0)
    recording.add([[1]], {"fibers": 3.0})
    recording.add([[2]], interval=3)
    recording.add([[0]], interval=3)
    assert [recording.spikes(k).tolist() for k in range(4)] == [[1], [], [], [2, 0]]
    series = recording.series("fibers")
    assert series is not None and series.tolist() == [[3.0]] * 4
    recording.cut(1)
    assert len(recording) == 1 and recording.series("none") is None


def test_silence_is_shown_too(tmp_path: Path) -> None:
    recording = Recording([Group("exc", CELLS)], 1.0)
    recording.add([[]])
    scene = json.loads(Animation(recording, Plot()).describe(tmp_path).read_text())
    assert scene["show"] == {"as": "rest"} and "results" not in scene


def test_devices_are_taken_by_what_they_have() -> None:
    fiber = SimpleNamespace(R0=100e-6, NAfib=0.37, K=125.0, S=7370.0, ntis=1.36, wavelength=473e-9)
    light = SimpleNamespace(
        light_model=fiber, coords=np.array([[0, 0, 0], [700e-6, 0, 0]]), direction=[0, 0, 1],
        value=np.array([5.0, 0.0]), max_value=None, max_value_viz=None,
    )  # fmt: skip
    keys = cleo_devices.described(light, "fibers", {})
    assert keys is not None
    assert keys["model"] == pytest.approx(
        {"model": "fiber", "r0": 100.0, "na": 0.37, "k": 0.125, "s": 7.37, "ntis": 1.36}
    )
    np.testing.assert_allclose(keys["coords"], [[0, 0, 0], [700, 0, 0]])
    assert keys["wavelength_nm"] == pytest.approx(473.0)
    assert cleo_devices.sources(light) == 2
    assert cleo_devices.values(light.value, 2).tolist() == [5.0, 0.0]
    light.value = 0  # as Cleo resets it
    assert cleo_devices.values(light.value, 2).tolist() == [0.0, 0.0]
    # Of a light without a limit the brightest is what it had.
    assert cleo_devices.brightest(light, np.array([[1.0, 4.5]], np.float32)) == 4.5
    light.max_value = 30.0
    assert cleo_devices.brightest(light, None) == 30.0
    probe = SimpleNamespace(coords=np.array([50e-6, 50e-6, 90e-6]), signals=[])
    described = cleo_devices.described(probe, "probe", {})
    assert described is not None and described["kind"] == "probe"
    np.testing.assert_allclose(described["coords"], [[50, 50, 90]])
    # What Cleo draws nothing of, as a setter of variables, is not drawn and has no values.
    setter = SimpleNamespace(value=3)
    assert cleo_devices.described(setter, "setter", {}) is None
    assert cleo_devices.sources(setter) == 0
    light.light_model = SimpleNamespace(wavelength=473e-9)
    with pytest.raises(ValueError, match="cannot be drawn: known are OpticFiber"):
        cleo_devices.described(light, "odd", {})
